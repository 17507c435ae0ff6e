"""``pcfilter filter`` says what is wrong with a scan before it removes anything."""

import json

import numpy as np
import pytest

from pcfilter_lib.cli import main
from pcfilter_lib.data import OrganizedScan, example_path, load_scan, save_scan
from pcfilter_lib.data.formats.scan_png import encode
from pcfilter_lib.errors import InputError


@pytest.fixture
def folder(tmp_path):
    """A PCD that is right, one whose rows and columns are swapped, a mirrored one, a depth image and its camera."""
    (tmp_path / "in").mkdir()
    scan = load_scan(example_path("mug_scan.pcd"))
    save_scan(OrganizedScan(scan.xyz[::3, ::3]), tmp_path / "in" / "right.pcd")
    save_scan(OrganizedScan(scan.xyz[::3, ::3].swapaxes(0, 1)), tmp_path / "in" / "swapped.pcd")
    save_scan(OrganizedScan(scan.xyz[::3, ::-3]), tmp_path / "in" / "mirrored.pcd")
    depth = 800 + np.arange(64)[None] + 3 * np.arange(48)[:, None]
    (tmp_path / "in" / "depth.png").write_bytes(encode(depth.astype(np.uint16)))
    camera = {"width": 64, "height": 48, "intrinsic_matrix": [70, 0, 0, 0, 70, 0, 31.5, 23.5, 1]}
    (tmp_path / "camera.json").write_text(json.dumps(camera))
    return tmp_path


def command(folder, *options, chosen="median-residual"):
    return ["filter", str(folder / "in"), "--out", str(folder / "out"), "--filter", chosen, *options]


def test_warnings_come_once_a_file_and_are_counted(folder, capsys):
    (folder / "in" / "depth.png").unlink()
    assert main(command(folder)) == 1
    out, err = capsys.readouterr()
    assert err.count("error: ") == 1 and "swapped.pcd: rows and columns are swapped. Remedy: " in err
    assert "--force filters it all the same" in err and "force=True" not in err
    assert err.count("warning: ") == 1 and "mirrored.pcd: it is mirrored left to right" in err
    assert "1 not quite as their camera should have measured them: see the warnings" in err
    assert "2 filtered" in out and "1 failed" in out and not (folder / "out" / "swapped.pcd").exists()


def test_force_filters_what_is_refused(folder, capsys):
    (folder / "in" / "depth.png").unlink()
    assert main(command(folder, "--force")) == 0
    err = capsys.readouterr().err
    assert "warning: " in err and "swapped.pcd: rows and columns are swapped" in err
    assert (folder / "out" / "swapped.pcd").exists()
    assert "2 not quite as their camera" in err


def test_a_filter_of_distances_in_space_asks_for_no_camera(folder, capsys):
    (folder / "in" / "depth.png").unlink()
    assert main(command(folder, chosen="statistical-outliers")) == 0
    assert capsys.readouterr().err == ""


def test_the_learned_filter_counts_what_it_does_not_know(folder, capsys):
    noisy = load_scan(folder / "in" / "right.pcd").xyz
    noisy = noisy * (1 + 1e-2 * np.random.default_rng(0).normal(size=(*noisy.shape[:2], 1)))
    save_scan(OrganizedScan(noisy), folder / "in" / "noisy.pcd")
    for name in ("swapped.pcd", "mirrored.pcd", "depth.png"):
        (folder / "in" / name).unlink()
    assert main(command(folder, chosen="artefact-unet")) == 0
    err = capsys.readouterr().err
    assert "noisy.pcd: it lies outside of what the filter was fitted to: " in err
    assert "outside of what the filter was fitted to: see the warnings" in err


def test_options_for_depth_images_leave_other_files_of_a_mixed_folder_alone(folder, capsys):
    for name in ("swapped.pcd", "mirrored.pcd"):
        (folder / "in" / name).unlink()
    camera = ("--intrinsics", str(folder / "camera.json"), "--depth-scale", "1000")
    assert main(command(folder, *camera)) == 0
    assert capsys.readouterr().err == ""
    mixed = (folder / "out" / "right.pcd").read_bytes()
    (folder / "in" / "depth.png").unlink()
    assert main(["filter", str(folder / "in"), "--out", str(folder / "alone"), "--filter", "median-residual"]) == 0
    assert (folder / "alone" / "right.pcd").read_bytes() == mixed
    capsys.readouterr()
    assert main(command(folder, *camera, "--overwrite")) == 1  # with no image about, the camera is meant for the scans
    assert "right.pcd: its camera has 64 x 48 pixels, but the scan has" in capsys.readouterr().err


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_camera_of_another_size_is_refused_with_both_sizes(folder, capsys, wrapped):
    camera = {"width": 1920, "height": 1080, "intrinsic_matrix": [70, 0, 0, 0, 70, 0, 31.5, 23.5, 1]}
    file = folder / "big.json"
    file.write_text(json.dumps({"intrinsic": camera} if wrapped else camera))
    depth = str(folder / "in" / "depth.png")
    for name in ("info", "filter"):
        out = ["--out", str(folder / "out")] if name == "filter" else []
        assert main([name, depth, *out, "--intrinsics", str(file), "--depth-scale", "1000"]) == 1
        assert "depth.png: its camera has 1920 x 1080 pixels, but the scan has 64 x 48" in capsys.readouterr().err
    assert load_scan(folder / "in" / "depth.png", intrinsics=folder / "camera.json", unit="mm").shape == (48, 64)
    for size in ({"width": "wide"}, {"height": -3}, {"width": 1e9}, {"height": None}):
        file.write_text(json.dumps(camera | size))
        with pytest.raises(InputError, match=rf"big\.json, {next(iter(size))}"):
            load_scan(depth, intrinsics=file, unit="mm")


def test_errors_of_filters_carry_the_files_name(folder, capsys):
    assert main(command(folder, "--unit", "mm", "--intrinsics", str(folder / "camera.json"), chosen="modulation")) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 4
    for name, line in zip(("depth.png", "mirrored.pcd", "right.pcd", "swapped.pcd"), lines, strict=True):
        assert name in line and "pattern" in line
