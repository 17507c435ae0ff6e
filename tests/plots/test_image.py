import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_a_grey_picture_keeps_its_values_and_its_rows_run_down():
    pixels = np.arange(12.0).reshape(3, 4)
    figure = plots.image(pixels, title="Ramp")
    assert np.array_equal(figure.data[0].z, pixels)
    assert figure.layout.yaxis.autorange == "reversed" and figure.layout.yaxis.scaleanchor == "x"
    assert figure.alt == "Ramp: 3 rows by 4 columns, values 0 to 11."


def test_floats_and_bytes_give_the_same_colour_picture():
    bytes_ = np.array([[[0, 128, 255]]], dtype=np.uint8)
    assert np.array_equal(plots.image(bytes_).data[0].z, plots.image(bytes_ / 255).data[0].z)


def test_limits_choose_black_and_white():
    figure = plots.image(np.zeros((2, 2)), limits=(-2, 2))
    assert (figure.data[0].zmin, figure.data[0].zmax) == (-2, 2)


@pytest.mark.parametrize("shape", [(3,), (2, 2, 4), (0, 3), (1, 2, 3, 3)])
def test_what_is_no_picture_is_refused(shape):
    with pytest.raises(InputError, match="no picture"):
        plots.image(np.zeros(shape))


def test_a_depth_map_leaves_holes_blank_and_counts_them():
    depth = np.array([[0.5, np.nan], [1.0, 0.75]])
    figure = plots.depth_map(depth)
    assert np.isnan(figure.data[0].z[0, 1])
    assert "0.5 to 1 m" in figure.alt and "75.0% of the pixels are measured" in figure.alt


def test_one_far_ghost_does_not_flatten_the_part():
    depth = np.full((100, 100), 0.5) + np.linspace(0, 0.01, 100)
    depth[0, 0] = 80
    assert plots.depth_map(depth).data[0].zmax < 0.52


def test_a_scan_without_any_point_can_be_drawn():
    assert "nothing measured" in plots.depth_map(np.full((4, 4), np.nan)).alt
    with pytest.raises(InputError, match="no depth map"):
        plots.depth_map(np.zeros((2, 2, 3)))
