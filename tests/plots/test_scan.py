import numpy as np
import pytest

from pcfilter_lib import data, plots
from pcfilter_lib.errors import InputError


@pytest.fixture
def scan():
    x, y = np.meshgrid(np.arange(20.0), np.arange(10.0))
    xyz = np.dstack([x, y, 1 + 0 * x]).astype(np.float32)
    xyz[0] = np.nan
    label = np.ones((10, 20), np.uint8)
    label[3, 4:6] = 0
    return data.OrganizedScan(xyz=xyz, label=label)


def test_the_scans_own_labels_are_its_mask(scan):
    kept, removed = plots.scan(scan, names=("true geometry", "artefact")).data
    assert (len(kept.x), len(removed.x)) == (178, 2)
    assert (kept.name, removed.name) == ("true geometry: 178", "artefact: 2")


def test_a_given_mask_comes_before_the_labels(scan):
    keep = np.zeros((10, 20), bool)
    keep[5, 5] = True
    kept, removed = plots.scan(scan, keep).data
    assert (len(kept.x), len(removed.x)) == (1, 179)


def test_what_is_removed_is_not_thinned_away():
    x, y = np.meshgrid(np.arange(300.0), np.arange(300.0))
    keep = np.ones((300, 300), bool)
    keep[7, 10:60] = False
    figure = plots.scan(data.OrganizedScan(xyz=np.dstack([x, y, 1 + 0 * x])), keep)
    assert [len(trace.x) for trace in figure.data] == [plots.MAX_POINTS - 50, 50]
    assert "showing 30,000 of 90,000 points" in figure.layout.title.text.lower()


def test_without_any_mask_there_is_one_group_coloured_by_depth(scan):
    plain = data.OrganizedScan(xyz=scan.xyz)
    (trace,) = plots.scan(plain).data
    np.testing.assert_array_equal(trace.marker.color, trace.z)
    assert "180 of 200 pixels measured" in plots.scan(plain).alt


def test_the_first_view_is_the_cameras(scan):
    camera = plots.scan(scan).layout.scene.camera
    assert camera.up.y == -1 and camera.eye.z < 0, "y runs down, and the camera looks along z"


def test_a_scan_without_points_can_be_drawn():
    empty = data.OrganizedScan(xyz=np.full((2, 3, 3), np.nan))
    assert "0 of 6 pixels measured" in plots.scan(empty).alt
    plots.scan(empty, np.ones((2, 3), bool))


def test_a_mask_of_another_shape_is_refused(scan):
    with pytest.raises(InputError, match="one value per pixel"):
        plots.scan(scan, np.ones((20, 10), bool))
