import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError

X, Y = np.linspace(0, 1, 3), np.linspace(-1, 1, 5)
Z = np.add.outer(Y**2, X)


def test_paths_lie_over_the_contours_and_begin_with_a_dot():
    figure = plots.contours(X, Y, Z, paths={"down": [(1, 1), (0.5, 0.2), (0, 0)]}, title="Bowl")
    contour, path = figure.data
    assert np.array_equal(contour.z, Z.astype(np.float32))
    assert list(path.x) == [1, 0.5, 0] and list(path.y) == [1, 0.2, 0]
    assert path.marker.size[0] > path.marker.size[1]
    assert figure.alt == "Bowl: values from 0 to 2. down goes from (1, 1) to (0, 0)."


def test_a_path_that_leaves_does_not_change_the_view():
    figure = plots.contours(X, Y, Z, paths={"away": [(1, 1), (99, 99)]})
    assert tuple(figure.layout.xaxis.range) == (0, 1) and tuple(figure.layout.yaxis.range) == (-1, 1)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="x has 3 and y 5"):
        plots.contours(X, Y, Z.T)
    with pytest.raises(InputError, match="path 'a'"):
        plots.contours(X, Y, Z, paths={"a": np.zeros((2, 3))})
