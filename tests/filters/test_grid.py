import numpy as np
from filter_scans import bumpy, scan_of
from scipy import ndimage

from pcfilter_lib import filters


def test_median_residuals_are_those_of_a_loop_in_footprints():
    scan = scan_of(bumpy()[0])
    depth = np.where(scan.valid, scan.xyz[..., 2], np.nan)
    expected = np.full(scan.shape, np.nan)
    for row, column in np.argwhere(scan.valid):
        window = depth[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        expected[row, column] = -abs(depth[row, column] - np.nanmedian(window)) / (depth[row, column] / 40)
    np.testing.assert_allclose(filters.MedianResidual(window=3).score(scan), expected, atol=1e-3)


def test_a_spike_is_removed_and_the_plane_kept():
    depth = np.full((24, 32), 1.0)
    depth[10, 12] += 0.5
    keep = filters.MedianResidual().keep(scan_of(depth))
    assert not keep[10, 12] and keep.sum() == keep.size - 1


def test_rows_at_once_do_not_show(monkeypatch):
    scan = scan_of(bumpy()[0])
    whole = filters.MedianResidual().score(scan)
    monkeypatch.setattr("pcfilter_lib.filters.grid._ROWS_AT_ONCE", 5)
    np.testing.assert_array_equal(filters.MedianResidual().score(scan), whole)


def test_erosion_and_dilation_are_those_of_morphology():
    depth = np.full((24, 32), np.nan)
    depth[2:14, 3:20] = 1.0  # a large piece
    depth[18:21, 24:27] = 1.0  # an island
    depth[8, 20:26] = 1.0  # a wire that hangs on the piece
    depth[21:, 5:15] = 1.0  # what can be seen of a piece that goes on beyond the border
    scan = scan_of(depth)
    eroded = ndimage.binary_erosion(scan.valid, np.ones((5, 5)), border_value=1)
    dilated = ndimage.binary_dilation(eroded, np.ones((7, 7)))
    keep = filters.ErosionDilation().keep(scan)
    np.testing.assert_array_equal(keep, scan.valid & dilated)
    assert (
        keep[2:14, 3:20].all() and keep[21:, 5:15].all() and not keep[18:21, 24:27].any() and not keep[8, 22:26].any()
    )


def test_modulation_is_handed_on():
    modulation = np.random.default_rng(0).random((24, 32))
    scan = scan_of(bumpy()[0], extras={"modulation": modulation})
    keep = filters.ModulationThreshold(threshold=0.25).keep(scan)
    np.testing.assert_array_equal(keep, scan.valid & (modulation >= 0.25))
