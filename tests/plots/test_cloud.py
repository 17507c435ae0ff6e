import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_points_and_their_values_stay_together_when_thinned():
    points = np.random.default_rng(0).normal(size=(50_000, 3))
    trace = plots.cloud(points, points[:, 2]).data[0]
    assert len(trace.x) == plots.MAX_POINTS
    np.testing.assert_array_equal(trace.marker.color, trace.z)


def test_the_figure_says_what_it_left_out():
    figure = plots.cloud(np.zeros((50_000, 3)), title="Bag")
    assert figure.layout.title.text == "Bag (showing 30,000 of 50,000 points)"
    assert "50,000 points" in figure.alt


def test_points_that_were_not_measured_are_left_out():
    points = np.array([[0, 0, 0], [1, np.nan, 0], [1, 2, 3.0]])
    figure = plots.cloud(points, np.array([7, 8, 9.0]))
    assert list(figure.data[0].marker.color) == [7, 9]
    assert "2 points, extent 1 x 2 x 3" in figure.alt


def test_units_are_equal_on_the_three_axes():
    assert plots.cloud(np.eye(3)).layout.scene.aspectmode == "data"


def test_an_empty_cloud_can_be_drawn():
    assert "0 points, extent no points" in plots.cloud(np.empty((0, 3))).alt


def test_what_is_no_cloud_is_refused():
    with pytest.raises(InputError, match="no point cloud"):
        plots.cloud(np.zeros((3, 2)))
    with pytest.raises(InputError, match="one value per point"):
        plots.cloud(np.zeros((3, 3)), np.zeros(2))


@pytest.mark.parametrize(("along", "across"), [("x", "y"), ("y", "x")])
def test_a_long_row_is_seen_from_its_side_and_a_compact_cloud_from_a_corner(along, across):
    cloud = np.random.default_rng(0).random((50, 3))
    assert plots.cloud(cloud).layout.scene.camera.eye.x == 1.4
    eye = plots.cloud(cloud * (8 if along == "x" else 1, 8 if along == "y" else 1, 1)).layout.scene.camera.eye
    assert eye[along] == 0 and abs(eye[across]) > 2
    assert plots.cloud(np.array([[0.0, 0, 0], [9, 0, 0]])).layout.scene.camera.eye.x == 1.4  # a line has no room
