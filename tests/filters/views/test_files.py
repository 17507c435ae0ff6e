import dataclasses
import subprocess
import sys
import time

import numpy as np
import pytest
from view_scans import room

from pcfilter_lib.cli import main
from pcfilter_lib.data import find_views, load_scan, save_scan
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import _machine
from pcfilter_lib.filters import label_files

NAMES = [f"view-{number}.npz" for number in range(5)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("views")
    for name, scan in zip(NAMES, room(views=5, artefacts=0.02), strict=True):
        save_scan(dataclasses.replace(scan, label=None), folder / name)
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.npz")}


def test_the_command_labels_and_goes_on(folder, tmp_path, capsys):
    assert main(["label", str(folder), "--out", str(tmp_path)]) == 0
    assert f"5 views labelled in {tmp_path}" in capsys.readouterr().out
    first = contents(tmp_path)
    assert sorted(first) == NAMES
    labelled = load_scan(tmp_path / NAMES[2])
    assert {0, 1} <= set(np.unique(labelled.label)) and labelled.pose is not None
    (tmp_path / NAMES[1]).unlink()
    (tmp_path / NAMES[3]).write_bytes(first[NAMES[3]][:1000])  # as after a crash
    assert main(["label", str(folder), "--out", str(tmp_path)]) == 0
    assert "3 were there already" in capsys.readouterr().out
    assert contents(tmp_path) == first


def test_other_settings_are_not_taken_for_done(folder, tmp_path, capsys):
    assert main(["label", str(folder), "--out", str(tmp_path)]) == 0
    assert main(["label", str(folder), "--out", str(tmp_path), "--tolerance", "0.02"]) == 1
    said = capsys.readouterr().err
    assert "tolerance" in said and "--overwrite" in said
    assert main(["label", str(folder), "--out", str(tmp_path), "--tolerance", "0.02", "--overwrite"]) == 0


def test_a_run_that_is_killed_ends_with_the_same_files(folder, tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    assert main(["label", str(folder), "--out", str(whole)]) == 0
    command = [sys.executable, "-c", "import sys; from pcfilter_lib.cli import main; sys.exit(main(sys.argv[1:]))"]
    command += ["label", str(folder), "--out", str(killed)]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while running.poll() is None and not list(killed.glob("view*.npz")):
        time.sleep(0.01)
    running.kill()
    running.wait()
    (killed / f".view-4~pcfilter-{_machine()}-{running.pid}-x.npz").write_text("half")  # as if killed while writing
    assert main(["label", str(folder), "--out", str(killed)]) == 0
    assert contents(killed) == contents(whole)


def test_an_output_that_is_a_file(folder, tmp_path, capsys):
    target = tmp_path / "labels"
    target.write_text("mine")
    assert main(["label", str(folder), "--out", str(target)]) == 1
    assert "it is no folder" in capsys.readouterr().err and target.read_text() == "mine"


def test_views_are_not_overwritten(folder, tmp_path):
    before = contents(folder)
    with pytest.raises(InputError, match="would be overwritten"):
        list(label_files(find_views(folder), folder))
    assert contents(folder) == before


def test_one_view_only(folder, tmp_path, capsys):
    save_scan(load_scan(folder / NAMES[0]), tmp_path / "only.npz")
    assert main(["label", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "error: " in capsys.readouterr().err and not (tmp_path / "out").exists()
