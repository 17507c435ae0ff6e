import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from pcfilter_lib import synthesis
from pcfilter_lib.data import load_scan

pytest.importorskip("open3d")

SCRIPT = Path(__file__).resolve().parents[2] / "data_scripts" / "make_scans.py"
SMALL = [
    "--set",
    "width=48",
    "--set",
    "height=36",
    "--set",
    "footprint=1",
    "--set",
    "parts=1,2",
    "--set",
    "kinds=box,cup",
]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("make_scans", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_command_writes_a_set_and_says_what_is_in_it(tmp_path):
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path / "set"), "--count", "2", "--keep", "object", *SMALL]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "2 scans" in result.stdout and "artefacts" in result.stdout
    scan = load_scan(tmp_path / "set" / "scan_00001.npz")
    assert scan.valid.shape == (36, 48) and "object" in scan.extras and "distance" not in scan.extras
    recipe = synthesis.Recipe.from_json(str(scan.extras["recipe"]))
    assert recipe.kinds == ("box", "cup") and recipe.parts in (1, 2)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("parts=3", "parts", 3),
        ("parts=3,9", "parts", (3, 9)),
        ("baseline=-0.15", "baseline", -0.15),
        ("tolerance=1e-3", "tolerance", 0.001),
        ("support=bin", "support", "bin"),
        ("kinds=box,cup", "kinds", ("box", "cup")),
        ("kinds=", "kinds", ()),
        ("mesh_folder=a=b", "mesh_folder", "a=b"),
        ("noise=False", "noise", False),
    ],
)
def test_an_option_is_read_as_its_kind(script, text, name, value):
    assert script.option(text) == (name, value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "part=3"], "parts is one"),
        (["--set", "parts"], "OPTION=VALUE"),
        (["--set", "parts=many"], "a number, or a range"),
        (["--set", "noise=1"], "true or false"),
        (["--set", "baseline=0"], "baseline"),
        (["--set", "kinds=gear"], "gear"),
        (["--preset", "none such"], "none such"),
    ],
)
def test_wrong_options_end_with_2_and_are_named(script, tmp_path, capsys, arguments, words):
    with pytest.raises(SystemExit) as caught:
        script.main(["--out", str(tmp_path / "set"), *arguments])
    assert caught.value.code == 2 and words in capsys.readouterr().err
    assert not (tmp_path / "set").exists()


def test_a_set_that_cannot_be_made_ends_with_1_and_one_sentence(script, tmp_path, capsys):
    (tmp_path / "set.json").write_text("{}")
    assert script.main(["--out", str(tmp_path), "--count", "1"]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_an_interruption_ends_with_130_and_says_how_to_go_on(script, tmp_path, capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(script.synthesis, "write_set", interrupted)
    assert script.main(["--out", str(tmp_path)]) == 130
    assert "goes on from here" in capsys.readouterr().err


def test_presets_and_options_are_listed(script, capsys):
    assert script.main(["--list-presets"]) == 0
    out = capsys.readouterr().out
    assert all(f"{name}: " in out for name in synthesis.PRESETS)
    assert script.main(["--list-options"]) == 0
    out = capsys.readouterr().out
    assert "Largest extent of a part, m." in out and "period 16" in out and "Raises" not in out


def test_a_folder_must_be_given(script, capsys):
    with pytest.raises(SystemExit):
        script.main([])
    assert "--out" in capsys.readouterr().err
