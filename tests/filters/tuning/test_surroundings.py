import numpy as np
import pytest
from filter_scans import CAMERA, bumpy, scan_of
from scipy import ndimage

from pcfilter_lib import filters
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.filters import SURROUNDINGS, scan_surroundings


def images(scan):
    """Return each feature as an image, NaN where nothing was measured."""
    result = {}
    for name, values in zip(SURROUNDINGS, scan_surroundings(scan).T, strict=True):
        result[name] = np.full(scan.shape, np.nan)
        result[name][scan.valid] = values
    return result


@pytest.fixture
def scan():
    return scan_of(bumpy()[0])


def expected(scan, other):
    """Return how much nearer another inverse depth is than each point, compressed as the features are."""
    footprints = (scan.depth * other - 1) / float(
        filters.pixel_footprint(scan)[scan.valid][0] / scan.depth[scan.valid][0]
    )
    return np.sign(footprints) * np.log2(1 + 4 * np.abs(footprints))


def test_pixels_to_the_sides_by_hand(scan):
    found, inverse = images(scan), np.nan_to_num(1 / scan.depth)
    for far in (1, 4):
        for name, axis, step in (("left", 1, far), ("right", 1, -far), ("above", 0, far), ("below", 0, -far)):
            there = np.roll(inverse, step, axis)
            edge = np.s_[:far] if step > 0 else np.s_[-far:]
            there[edge if axis == 0 else (slice(None), edge)] = 0
            known = scan.valid & (there > 0)
            np.testing.assert_allclose(
                found[f"{name} {far}"][known], expected(scan, there)[known], rtol=2e-3, atol=2e-3
            )
            assert (found[f"{name} {far}"][scan.valid & ~known] == 0).all()


@pytest.mark.parametrize("window", [3, 7, 15, 31])
def test_extremes_are_those_of_scipy(scan, window):
    found, inverse = images(scan), np.nan_to_num(1 / scan.depth)
    nearest = ndimage.maximum_filter(inverse, window, mode="constant", cval=0)
    farthest = ndimage.minimum_filter(np.where(scan.valid, inverse, 1e6), window, mode="constant", cval=1e6)
    for name, image in (("nearest", nearest), ("farthest", farthest)):
        here = scan.valid
        np.testing.assert_allclose(found[f"{name} {window}"][here], expected(scan, image)[here], rtol=2e-3, atol=2e-3)


def test_a_plane_has_nothing_across_and_a_point_beside_it_has():
    depth = 1 / (1 - 0.005 * np.arange(32)[None] + 0.003 * np.arange(24)[:, None])
    flat = images(scan_of(depth))
    assert np.abs(flat["across 2"]).max() < 0.02 and np.abs(flat["down 1"]).max() < 0.02
    depth[10, 12] *= 1.2
    assert images(scan_of(depth))["across 2"][10, 12] > 3


def test_holes_are_counted_to_each_side():
    depth = np.ones((24, 32))
    depth[7, 5] = np.nan
    found = images(scan_of(depth))
    for name, place, pixels in (
        ("hole left", (7, 8), 3),  # the third pixel to the left
        ("hole right", (7, 2), 3),
        ("hole above", (9, 5), 2),
        ("hole below", (6, 5), 1),
        ("hole left", (0, 0), 1),  # beyond the border
        ("hole below", (0, 0), 24),
    ):
        assert found[name][place] == pytest.approx(np.log2(1 + pixels), rel=1e-6), name


def test_units_do_not_matter(scan):
    larger = scan_of(bumpy()[0], scale=1000)
    np.testing.assert_allclose(scan_surroundings(larger), scan_surroundings(scan), rtol=1e-3, atol=1e-3)


def test_a_mirrored_scan_swaps_left_and_right(scan):
    camera = CAMERA.copy()
    camera[0, 2] = 31 - camera[0, 2]
    mirrored = images(OrganizedScan(scan.xyz[:, ::-1] * [-1, 1, 1], intrinsics=camera))
    found = images(scan)
    for one, other in (
        ("left 2", "right 2"),
        ("above 4", "above 4"),
        ("hole left", "hole right"),
        ("across 1", "across 1"),
    ):
        np.testing.assert_allclose(mirrored[one][:, ::-1], found[other], rtol=1e-3, atol=1e-3)


def test_brightness_is_that_of_the_channels():
    shades = np.random.default_rng(0).uniform(10, 200, (24, 32)).astype(np.float32)
    scan = scan_of(bumpy()[0], intensity=shades)
    channels = dict(zip(filters.CHANNELS, np.moveaxis(filters.scan_channels(scan), -1, 0), strict=True))
    for name in ("brightness", "contrast", "measured 5", "measured 17", "measured 65"):
        np.testing.assert_allclose(images(scan)[name][scan.valid], channels[name][scan.valid], atol=1e-6)


def test_no_points_and_points_behind_the_camera(scan):
    empty = OrganizedScan(np.full((24, 32, 3), np.nan, np.float32), intrinsics=CAMERA)
    assert scan_surroundings(empty).shape == (0, len(SURROUNDINGS))
    with pytest.raises(ValueError, match="behind the camera"):
        scan_surroundings(OrganizedScan(-scan.xyz, intrinsics=CAMERA))
