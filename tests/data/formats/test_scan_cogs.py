import struct

import numpy as np
import pytest
from fuzz import assert_survives
from real_data import REAL, needs_real_data
from scan_files import cogs_bytes, surface

from pcfilter_lib.data.scan_geometry import project
from pcfilter_lib.data.scan_io import load_scan, save_scan
from pcfilter_lib.errors import InputError

N = int(np.isfinite(surface()).all(axis=2).sum())
ARRAYS = 108  # where the first array begins, as in the device's own files
SCAN = ARRAYS + 28 * N
PIXELS = SCAN + 20 + 84


def write(tmp_path, content):
    path = tmp_path / "a.cogs"
    path.write_bytes(content)
    return path


def test_points_in_the_camera_frame_on_the_crop(tmp_path):
    xyz = surface()
    xyz[:2] = np.nan  # so that the crop starts further down
    scan = load_scan(write(tmp_path, cogs_bytes(xyz, start=(5, 3))))
    assert scan.offset == (5, 5) and scan.shape == (4, 8)
    assert np.allclose(scan.xyz, xyz[2:], atol=1e-6, equal_nan=True)
    assert scan.intrinsics.tolist() == [[40, 0, 3.5], [0, 42, 0.5], [0, 0, 1]], "they belong to the crop"
    assert np.allclose(scan.distortion, [0.1, 0.02, 0.0004, 5e-5, 0.003]), "k1 k2 p1 p2 k3"
    assert np.allclose(scan.normals[scan.valid], [0, 0, -1])
    row, column = np.nonzero(scan.valid)
    assert np.allclose(scan.intensity[scan.valid], ((row + 2) * 8 + column) / 64)
    assert scan.extras["sensor_shape"].tolist() == [32, 64]


def test_removing_points_shortens_every_array(tmp_path):
    path = write(tmp_path, cogs_bytes(surface()))
    scan = load_scan(path)
    kept = scan.with_points_removed(np.random.default_rng(0).random(scan.shape) < 0.3)
    save_scan(kept, tmp_path / "b.cogs")
    count, gone = kept.valid.sum(), (scan.valid & ~kept.valid).sum()
    before, after = path.read_bytes(), (tmp_path / "b.cogs").read_bytes()
    assert len(before) - len(after) == gone * (12 + 12 + 4 + 8)
    assert (
        struct.unpack_from("<I", after, 21)[0] == struct.unpack_from("<I", after, ARRAYS + 28 * count + 8)[0] == count
    )
    assert struct.unpack_from("<Q", after, 13)[0] == len(after) - 60
    assert struct.unpack_from("<Q", after, len(after) - 8)[0] == ARRAYS + 28 * count
    # the points that stay keep their bits and their order
    old = [before[ARRAYS + 12 * i :][:12] for i in range(N)]
    new = [after[ARRAYS + 12 * i :][:12] for i in range(count)]
    pixels = np.frombuffer(before, "<u4", 2 * N, PIXELS).reshape(-1, 2)
    stays = kept.valid[pixels[:, 1] - scan.offset[1], pixels[:, 0] - scan.offset[0]]
    assert new == [point for point, stay in zip(old, stays, strict=True) if stay]


def packed(content: bytes, at: int, layout: str, *values) -> bytes:
    out = bytearray(content)
    struct.pack_into("<" + layout, out, at, *values)
    return bytes(out)


GOOD = cogs_bytes(surface())
EMPTY = cogs_bytes(np.full((6, 8, 3), np.nan))


@pytest.mark.parametrize(
    "content, place, words",
    [
        (b"COGS", "header", "does not begin with"),
        (GOOD[:18], "byte", "8 bytes"),
        (packed(GOOD, 21, "I", 0), "scan block", "pixels for 0 points"),
        (packed(GOOD, 21, "I", N + 1), "", "."),
        (packed(GOOD, 21, "I", 2**32 - 1), "header", "claims 4294967295 points"),
        (packed(GOOD, 21, "Q", 2**63), "header", "0 points with 2147483648 properties"),
        (packed(GOOD, 25, "Q", 2**63), "header", "9223372036854775808 properties"),
        (packed(GOOD, 33, "I", 2**31), "byte", "2147483648 bytes"),
        (packed(GOOD, 50, "Q", 2**63), "property 'positions'", "9223372036854775808 bytes a point"),
        (packed(GOOD, 50, "Q", 16), "property 'positions'", "16 bytes a point"),
        (GOOD.replace(b"positions", b"position5"), "properties", "no positions"),
        (packed(GOOD, ARRAYS + 12, "f", np.nan), "positions", "not finite"),
        (packed(GOOD, SCAN + 8, "I", 3), "scan block", "3 pixels"),
        (packed(GOOD, SCAN + 20, "f", np.inf), "basis", "not finite"),
        (packed(GOOD, SCAN + 20 + 48, "f", np.nan), "intrinsics", "not finite"),
        (packed(GOOD, SCAN + 20 + 48, "f", -1.0), "intrinsics", "camera matrix"),
        (packed(GOOD, PIXELS + 8 * 7, "I", 64), "point 7", "outside the sensor of 64 x 32"),
        (packed(GOOD, PIXELS + 8 * 7, "Q", struct.unpack_from("<Q", GOOD, PIXELS)[0]), "point 7", "the same pixel"),
        (GOOD[:-60], "byte", "."),
        (packed(GOOD, 13, "Q", 2**63), "directory", "does not agree"),
        (packed(GOOD, len(GOOD) - 8, "Q", 0), "directory", "does not agree"),
        (GOOD.replace(b"ScanDataBlock", b"ScamDataBlock"), "directory", "does not agree"),
        (GOOD + b"0", "byte", "more than the directory names"),
    ],
)  # fmt: skip
def test_what_is_refused(tmp_path, content, place, words):
    with pytest.raises(InputError, match=words) as caught:
        load_scan(write(tmp_path, content))
    assert caught.value.place.startswith(place) and "a.cogs" in str(caught.value)


def test_points_spread_over_a_huge_sensor_are_refused(tmp_path):
    content = packed(GOOD, SCAN + 12, "II", 2**32 - 1, 2**32 - 1)
    content = packed(content, PIXELS, "II", 2**31, 2**31)
    with pytest.raises(InputError, match="points lie spread over"):
        load_scan(write(tmp_path, content))


def test_a_file_without_points_is_the_whole_sensor(tmp_path):
    scan = load_scan(write(tmp_path, EMPTY))
    assert scan.shape == (32, 64) and scan.offset == (0, 0) and not scan.valid.any()
    assert scan.intrinsics.tolist() == [[40, 0, 8.5], [0, 42, 5.5], [0, 0, 1]]
    unknown = EMPTY.replace(b"positions", b"thickness", 1)
    with pytest.raises(InputError, match="9223372036854775808 bytes a point"):
        load_scan(write(tmp_path, packed(unknown, 50, "Q", 2**63)))
    for sensor, words in [((0, 32), "the sensor is 0 x 32"), ((2**32 - 1, 2**32 - 1), "points lie spread over")]:
        with pytest.raises(InputError, match=words):
            load_scan(write(tmp_path, packed(EMPTY, ARRAYS + 12, "II", *sensor)))


def test_mutated_files():
    assert_survives(
        "pcfilter_lib.data.scan_io:load_scan",
        [GOOD, EMPTY],
        ".cogs",
        check="scan_files:check_scan",
        warns=["AmbiguousUnitWarning"],
    )


@needs_real_data
def test_the_real_scan_equals_its_twin():
    scan, twin = load_scan(REAL / "phoxi" / "gpu_004_dirty.cogs"), load_scan(REAL / "phoxi" / "phoxi_gpu_004.npz")
    assert scan.offset == twin.offset and np.array_equal(scan.valid, twin.valid)
    for name in ("xyz", "intensity", "normals"):
        assert np.abs(getattr(scan, name)[scan.valid] - getattr(twin, name)[scan.valid]).max() <= 1e-5, name
    assert np.allclose(scan.intrinsics, twin.intrinsics, atol=1e-5)
    assert np.allclose(scan.distortion, twin.distortion, atol=1e-5)
    row, column = np.indices(scan.shape)
    seen = project(scan.xyz, scan.intrinsics, scan.distortion)[scan.valid]
    assert np.abs(seen - np.stack([column, row], axis=-1)[scan.valid]).max() < 0.002


@needs_real_data
def test_the_real_pair_gives_the_labels_and_is_reproduced(tmp_path):
    dirty, clean = (load_scan(REAL / "phoxi" / f"gpu_004_{name}.cogs") for name in ("dirty", "clean"))
    left, top = np.subtract(clean.offset, dirty.offset)
    stays = np.zeros(dirty.shape, bool)
    stays[top : top + clean.shape[0], left : left + clean.shape[1]] = clean.valid
    twin = load_scan(REAL / "phoxi" / "phoxi_gpu_004.npz")
    assert np.array_equal(np.where(dirty.valid, stays, 255), twin.label)
    save_scan(dirty.keep(stays), tmp_path / "a.cogs")
    ours, theirs = (tmp_path / "a.cogs").read_bytes(), (REAL / "phoxi" / "gpu_004_clean.cogs").read_bytes()
    assert len(ours) == len(theirs) and ours[:ARRAYS] == theirs[:ARRAYS] and ours[-60:] == theirs[-60:]
    again = load_scan(tmp_path / "a.cogs")
    assert np.array_equal(again.xyz, clean.xyz, equal_nan=True)
