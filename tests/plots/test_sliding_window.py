import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError

IMAGE = np.arange(20.0).reshape(4, 5)
KERNEL = np.array([[1.0, 0, -1], [2, 0, -2]])


@pytest.fixture
def figure():
    return plots.sliding_window(IMAGE, KERNEL)


def test_there_is_a_step_for_each_position(figure):
    assert len(figure.frames) == len(figure.layout.sliders[0].steps) == 3 * 3


def test_the_last_frame_shows_the_whole_correlation(figure):
    expected = [[(KERNEL * IMAGE[i : i + 2, j : j + 3]).sum() for j in range(3)] for i in range(3)]
    assert np.array_equal(figure.frames[-1].data[0].z, expected)


def test_an_early_frame_hides_what_is_not_computed_yet(figure):
    z = np.asarray(figure.frames[3].data[0].z)
    assert np.isfinite(z.ravel()[:4]).all() and np.isnan(z.ravel()[4:]).all()


def test_the_outline_lies_over_the_window_whose_sum_is_written(figure):
    window = figure.frames[5].layout.shapes[0]  # the position (1, 2)
    assert (window.x0, window.x1, window.y0, window.y1) == (1.5, 4.5, 0.5, 2.5)
    assert "(−1)·8" in figure.frames[4].layout.annotations[0].text
    assert figure.frames[4].layout.annotations[0].text.endswith("= -6</b>")


def test_what_does_not_fit_is_refused():
    with pytest.raises(InputError, match="does not fit"):
        plots.sliding_window(KERNEL, IMAGE)
    with pytest.raises(InputError, match="too many"):
        plots.sliding_window(np.zeros((20, 20)), np.zeros((3, 3)))
