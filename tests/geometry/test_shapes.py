import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import icosphere, mesh_graph, sheet


@pytest.mark.parametrize("levels", [0, 1, 3])
def test_icosphere(levels):
    mesh = icosphere(levels, 2.5)
    assert len(mesh.vertices) == 10 * 4**levels + 2 and len(mesh.faces) == 20 * 4**levels
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices, axis=1), 2.5)
    graph = mesh_graph(mesh)
    assert (graph.triangles == 2).all()
    assert sorted((graph.neighbours >= 0).sum(axis=1))[:13] == [5] * 12 + [6] * (levels > 0)
    middles = mesh.vertices[mesh.faces].mean(axis=1)
    outwards = np.einsum("fc,fc->f", mesh.normals(), middles / np.linalg.norm(middles, axis=1, keepdims=True))
    assert (outwards > 0.99).all()
    areas = mesh.areas()
    assert areas.max() < 1.5 * areas.min() and 0.7 < areas.sum() / (4 * np.pi * 2.5**2) < 1


def test_sheet():
    mesh = sheet(4, 6, 1.5, 2.0)
    np.testing.assert_array_equal(mesh.bounds, [[0, 0, 0], [1.5, 2, 0]])
    np.testing.assert_allclose(mesh.vertices[3 * 6 + 1], [1.5, 0.4, 0])
    np.testing.assert_allclose(mesh.areas(), 0.5 * 0.4 / 2)
    assert (mesh.normals() == [0, 0, 1]).all() and len(mesh.faces) == 2 * 3 * 5


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: icosphere(-1), "levels"),
        (lambda: icosphere(1, 0), "radius"),
        (lambda: sheet(1, 2), "rows"),
        (lambda: sheet(2, 1.5), "columns"),
        (lambda: sheet(2, 2, -1), "width"),
        (lambda: sheet(2, 2, 1, float("inf")), "height"),
    ],
)
def test_arguments_are_checked(make, named):
    with pytest.raises(InputError, match=named):
        make()
