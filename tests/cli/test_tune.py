"""From labelled scans to filtered ones, with three commands."""

import json

import numpy as np
import pytest

from pcfilter_lib.cli import main
from pcfilter_lib.data import OrganizedScan, backproject, load_scan, save_scan
from pcfilter_lib.filters.tuning import learners

for module in ("sklearn", "onnx"):
    pytest.importorskip(module)

CAMERA = np.array([[50.0, 0, 24.5], [0, 50, 19.5], [0, 0, 1]])


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners, "_ROUNDS", 15)
        yield


def made(seed):
    generator = np.random.default_rng(seed)
    depth = 1 + 0.3 * np.arange(50) / 50 + 1e-4 * generator.normal(size=(40, 50))
    wrong = generator.random(depth.shape) < 0.04
    depth[wrong] += generator.uniform(0.1, 0.3, wrong.sum())
    return OrganizedScan(
        backproject(depth, CAMERA).astype(np.float32), intrinsics=CAMERA, label=(~wrong).astype(np.uint8)
    )


@pytest.fixture
def folder(tmp_path):
    for seed in range(8):
        scan = made(seed)
        for name, content in (
            ("labelled", scan),
            ("bare", OrganizedScan(scan.xyz, intrinsics=CAMERA)),
            ("clean", OrganizedScan(scan.keep(scan.label == 1).xyz, intrinsics=CAMERA)),
        ):
            (tmp_path / name).mkdir(exist_ok=True)
            save_scan(content, tmp_path / name / f"{seed}.npz")
    return tmp_path


def test_tune_evaluate_filter(folder, capsys):
    mine = str(folder / "mine.filter")
    assert main(["tune", str(folder / "labelled"), "--out", mine]) == 0
    out, err = capsys.readouterr()
    assert "tuned on 8 scans" in out and "balanced accuracy" in out and "artefacts removed" in out
    assert err.count("warning: ") == 1 and "of one scene" in err
    options = ["--filter", mine, "--filter", "keep-all", "--json", str(folder / "e.json")]
    assert main(["evaluate", str(folder / "labelled"), *options, "--curves", str(folder / "e.html")]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[0][1:] == ["kept", "found", "balanced", "AUC", "AP"]
    assert float(rows[1][3]) > 0.9 and rows[2][:4] == ["keep-all", "1.000", "0.000", "0.500"]
    result = json.loads((folder / "e.json").read_text())
    assert result["filters"]["keep-all"]["balanced_accuracy"] == 0.5
    curve = result["filters"][mine]["curve"]
    assert len(curve["kept"]) == len(curve["found"]) == 101 and curve["kept"][0] == 1
    assert (folder / "e.html").read_text().count("its threshold") == 2
    assert main(["filter", str(folder / "bare"), "--filter", mine, "--out", str(folder / "out")]) == 0
    kept, scan = load_scan(folder / "out" / "3.npz"), made(3)
    assert kept.valid[scan.label == 1].mean() > 0.9 and kept.valid[scan.label == 0].mean() < 0.1


def test_cleaned_copies_are_labels(folder, capsys):
    for name, more in (("one", ["labelled"]), ("two", ["bare", "--clean", str(folder / "clean")])):
        paths = [str(folder / more[0]), *more[1:]]
        assert main(["tune", *paths, "--out", str(folder / f"{name}.filter"), "--keep", "0.99"]) == 0
    assert (folder / "one.filter").read_bytes() == (folder / "two.filter").read_bytes()


def test_errors_name_what_is_wrong_and_write_nothing(folder, capsys):
    before = sorted(folder.rglob("*"))
    (folder / "clean" / "5.npz").rename(folder / "clean" / "x.npz")
    out = ["--out", str(folder / "a.filter")]
    for arguments, message in (
        (["tune", str(folder / "bare"), *out], "0.npz, label: it has no labels"),
        (["tune", str(folder / "bare"), "--clean", str(folder / "clean"), *out], "there is no cleaned copy of"),
        (["tune", str(folder / "labelled" / "1.npz"), *out], "one labelled scan teaches nothing"),
        (["tune", str(folder / "labelled"), "--out", str(folder)], "it is a folder"),
        (["tune", str(folder / "labelled"), "--out", str(folder / "a.onnx")], "call it a.filter"),
        (["tune", str(folder / "none"), *out], "none"),
        (["evaluate", str(folder / "labelled"), "--filter", "mine.filter"], "mine.filter"),
        (["filter", str(folder / "bare"), "--filter", "no.filter", "--out", str(folder / "o")], "no.filter"),
    ):
        assert main(arguments) == 1, arguments
        err = capsys.readouterr().err
        assert err.count("error: ") == 1 and message in err, err
    (folder / "clean" / "x.npz").rename(folder / "clean" / "5.npz")
    assert sorted(folder.rglob("*")) == before


def test_cleaned_copies_have_to_fit(folder, capsys):
    scan = made(2)
    save_scan(OrganizedScan(scan.xyz[:30], intrinsics=CAMERA), folder / "clean" / "2.npz")
    arguments = ["tune", str(folder / "bare"), "--clean", str(folder / "clean"), "--out", str(folder / "a.filter")]
    assert main(arguments) == 1
    assert "2.npz, shape: it has (40, 50) pixels, and its cleaned copy (30, 50)" in capsys.readouterr().err


def test_wrong_options_end_with_2(folder, capsys):
    for share in ("1.5", "all"):
        with pytest.raises(SystemExit, match="2"):
            main(["tune", str(folder / "labelled"), "--out", "a.filter", "--keep", share])
        assert "is no share between 0 and 1" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["evaluate", str(folder / "labelled"), "--filter", "mine"])
    assert "'mine' is neither a file that ends in .filter nor one of artefact-unet" in capsys.readouterr().err
