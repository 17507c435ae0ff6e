"""What every filter promises, whatever it looks at."""

import numpy as np
import pytest
from filter_scans import CAMERA, bumpy, scan_of

from pcfilter_lib import data, filters
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError

FILTERS = [
    filters.KeepAll(),
    filters.MedianResidual(),
    filters.ModulationThreshold(),
    filters.ErosionDilation(),
    filters.StatisticalOutliers(),
    filters.RadiusOutliers(),
    filters.ViewAngle(),
    filters.ShadowPoints(),
]


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_scores_are_there_for_measured_points_and_decide(each):
    scan = scan_of(bumpy()[0])
    score, keep, probability = each.score(scan), each.keep(scan), each.probability(scan)
    assert score.dtype == np.float32 and score.shape == keep.shape == probability.shape == scan.shape
    np.testing.assert_array_equal(np.isfinite(score), scan.valid)
    np.testing.assert_array_equal(keep, scan.valid & (np.nan_to_num(score, nan=-np.inf) >= np.float32(each.threshold)))
    np.testing.assert_array_equal(np.isnan(probability), ~scan.valid)
    assert np.nanmin(probability) >= 0 and np.nanmax(probability) <= 1
    np.testing.assert_array_equal(keep[scan.valid], probability[scan.valid] >= 0.5)
    assert not scan.valid[~keep & ~scan.valid].any() and each.keep(scan)[scan.valid].any()


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_the_threshold_moves_from_keeping_all_to_keeping_none(each):
    scan = scan_of(bumpy()[0])
    np.testing.assert_array_equal(each.with_threshold(-np.inf).keep(scan), scan.valid)
    assert not each.with_threshold(np.inf).keep(scan).any()
    assert type(each.with_threshold(0.5)) is type(each) and each.with_threshold(0.5).threshold == 0.5


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_the_size_of_the_world_does_not_matter(each):
    depth, _ = bumpy()
    near, far = scan_of(depth), scan_of(depth, scale=7.5)
    np.testing.assert_allclose(each.score(near), each.score(far), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
@pytest.mark.parametrize("measured", [0, 1])
def test_an_empty_scan_and_a_single_point_are_no_accident(each, measured):
    depth = np.full((24, 32), np.nan)
    depth.flat[:measured] = 1.0
    keep = each.keep(scan_of(depth))
    assert keep.shape == (24, 32) and keep.sum() <= measured


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_mirrored_scans_get_mirrored_scores(each):
    depth, _ = bumpy()
    camera = CAMERA.copy()
    camera[0, 2] = depth.shape[1] - 1 - camera[0, 2]
    plain = each.score(scan_of(depth))
    xyz = data.backproject(depth[:, ::-1], camera).astype(np.float32)
    modulation = np.full(depth.shape, 0.2)
    mirrored = each.score(OrganizedScan(xyz=np.nan_to_num(xyz), intrinsics=camera, extras={"modulation": modulation}))
    np.testing.assert_allclose(mirrored[:, ::-1], plain, rtol=1e-3, atol=1e-3)


def test_a_scan_without_modulation_is_refused_with_a_remedy():
    with pytest.raises(InputError, match="extras.*modulation"):
        filters.ModulationThreshold().keep(scan_of(bumpy()[0], extras={}))


@pytest.mark.parametrize(
    "wrong",
    [
        filters.MedianResidual(window=4),
        filters.ErosionDilation(erosion=2),
        filters.ErosionDilation(dilation=0),
        filters.StatisticalOutliers(neighbours=0),
        filters.RadiusOutliers(radius=0),
        filters.ShadowPoints(reach=0),
    ],
    ids=lambda wrong: str(wrong),
)
def test_impossible_options_are_named(wrong):
    with pytest.raises(InputError, match=type(wrong).__name__):
        wrong.score(scan_of(bumpy()[0]))
