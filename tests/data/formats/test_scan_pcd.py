import numpy as np
import pytest
from fuzz import assert_survives
from real_data import REAL, needs_real_data
from scan_files import pcd_bytes, surface

from pcfilter_lib.data.formats.pcd import read_pcd
from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

ENCODINGS = ["ascii", "binary", "binary_compressed"]


def write(tmp_path, content):
    path = tmp_path / "a.pcd"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_header_fields_and_padding_stay(tmp_path, encoding):
    path = write(tmp_path, pcd_bytes(surface(), encoding))
    scan = load_scan(path)
    assert scan.extras["rgb"].dtype == np.uint32 and "_" not in scan.extras
    mask = np.zeros(scan.shape, bool)
    mask[2] = True
    save_scan(scan.with_points_removed(mask), tmp_path / "b.pcd")
    before, after = read_pcd(path), read_pcd(tmp_path / "b.pcd")
    for name in ("fields", "width", "height", "viewpoint", "data", "version", "comments"):
        assert getattr(before, name) == getattr(after, name), name
    gone = (mask & scan.valid).reshape(-1)
    for name in ("rgb", "intensity", "_"):
        assert np.array_equal(before.points[name], after.points[name]), f"{name} is no coordinate and must stay"
    assert np.isnan(after.points["x"][gone]).all()
    assert np.array_equal(before.points["x"][~gone], after.points["x"][~gone], equal_nan=True)


def test_other_lines_keep_their_text(tmp_path):
    path = write(tmp_path, pcd_bytes(surface(), "ascii"))
    scan = load_scan(path)
    mask = np.zeros(scan.shape, bool)
    mask[3, 4] = True
    assert scan.valid[3, 4]
    save_scan(scan.with_points_removed(mask), tmp_path / "b.pcd")
    before, after = path.read_bytes().split(b"\n"), (tmp_path / "b.pcd").read_bytes().split(b"\n")
    changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
    assert changed == [11 + 3 * 8 + 4]
    assert after[changed[0]].split() == [b"nan"] * 3 + before[changed[0]].split()[3:]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_zeros_stay_zeros(tmp_path, encoding):
    xyz = np.nan_to_num(surface(), nan=0.0)
    scan = load_scan(write(tmp_path, pcd_bytes(xyz, encoding)))
    assert scan.valid.sum() == (xyz != 0).any(axis=2).sum()
    save_scan(scan.keep(np.zeros(scan.shape, bool)), tmp_path / "b.pcd")
    points = read_pcd(tmp_path / "b.pcd").points
    assert (points["x"] == 0).all() and (points["z"] == 0).all()


def test_integers_get_zeros_and_full_grids_nan(tmp_path):
    head = "VERSION 0.7\nFIELDS z y x\nSIZE 2 2 2\nTYPE I I I\nCOUNT 1 1 1\nWIDTH 2\nHEIGHT 2\nPOINTS 4\nDATA ascii\n"
    path = write(tmp_path, (head + "500 2 1\n501 2 1\n502 2 1\n503 2 1\n").encode())
    scan = load_scan(path, unit="mm")
    assert np.allclose(scan.xyz[0, 0], [0.001, 0.002, 0.5])
    save_scan(scan.keep(np.array([[True, False], [True, True]])), path)
    assert path.read_bytes().endswith(b"DATA ascii\n500 2 1\n0 0 0\n502 2 1\n503 2 1\n")
    scan = load_scan(write(tmp_path, pcd_bytes(surface(holes=False), "binary")))
    save_scan(scan.keep(np.eye(6, 8) == 0), path)
    assert np.isnan(read_pcd(path).points["y"]).sum() == 6


def test_millimetres_warn_and_are_converted(tmp_path):
    path = write(tmp_path, pcd_bytes(surface() * 1000, "binary"))
    with pytest.warns(AmbiguousUnitWarning, match=r"a\.pcd: the unit is ambiguous"):
        scan = load_scan(path)
    assert np.allclose(scan.xyz, surface(), equal_nan=True)
    assert np.allclose(load_scan(path, unit="m").xyz, surface() * 1000, equal_nan=True)


def test_a_flat_file_needs_its_shape(tmp_path):
    content = pcd_bytes(surface(), "binary").replace(b"WIDTH 8\nHEIGHT 6", b"WIDTH 48\nHEIGHT 1")
    path = write(tmp_path, content)
    with pytest.raises(InputError, match=r"its 48 points are in no grid.*give shape"):
        load_scan(path)
    assert load_scan(path, shape=(6, 8)).shape == (6, 8)
    with pytest.raises(InputError, match="48 points, not 7 x 7"):
        load_scan(path, shape=(7, 7))


def test_what_is_refused(tmp_path):
    with pytest.raises(InputError, match="no field 'y'"):
        load_scan(write(tmp_path, pcd_bytes(surface(), "binary").replace(b"FIELDS x y z", b"FIELDS x Y z")))
    with pytest.raises(InputError, match="holds 0 points"):
        load_scan(write(tmp_path, pcd_bytes(np.zeros((6, 0, 3)), "binary")))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_mutated_files(encoding):
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        [pcd_bytes(surface(), encoding)],
        ".pcd",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )


@needs_real_data
def test_real_file(tmp_path):
    path = REAL / "formats" / "pcd" / "organised_binary_compressed.pcd"
    scan = load_scan(path)
    assert scan.shape == (480, 640) and scan.valid.sum() == 249_647
    mask = np.random.default_rng(0).random(scan.shape) < 0.3
    save_scan(scan.with_points_removed(mask), tmp_path / "b.pcd")
    assert np.array_equal(load_scan(tmp_path / "b.pcd").xyz, scan.with_points_removed(mask).xyz, equal_nan=True)
