import numpy as np
import pytest

from pcfilter_lib import data, plots
from pcfilter_lib.errors import InputError


def grid(n):
    """A flat square of n x n vertices."""
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    vertices = np.stack([x.ravel(), y.ravel(), np.zeros(n * n)], axis=1).astype(np.float32)
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    below = np.stack([corner, corner + 1, corner + n], axis=1)
    above = np.stack([corner + 1, corner + n + 1, corner + n], axis=1)
    return data.Mesh(vertices, np.concatenate([below, np.roll(above, 2, axis=1)]))  # in no order of the indices


def test_a_small_mesh_is_drawn_as_it_is():
    mesh = grid(4)
    trace = plots.mesh(mesh).data[0]
    assert np.array_equal(np.stack([trace.i, trace.j, trace.k], axis=1), mesh.faces)
    assert "16 vertices, 18 triangles, extent 3 x 3 x 0" in plots.mesh(mesh).alt


def test_values_colour_the_vertices():
    for size in (4, 220):  # drawn as it is, and merged
        mesh = grid(size)
        trace = plots.mesh(mesh, mesh.vertices[:, 0] + 2 * mesh.vertices[:, 1], label="height").data[0]
        np.testing.assert_array_equal(trace.intensity, np.add(trace.x, 2 * trace.y))
        assert trace.colorbar.title.text == "height" and trace.color is None
    assert plots.mesh(grid(4)).data[0].intensity is None
    with pytest.raises(InputError, match="one value per vertex"):
        plots.mesh(grid(4), np.zeros(15))


def test_edges_go_round_each_triangle_and_lift_the_pen_between_them():
    figure = plots.mesh(grid(2), edges=True)
    x = np.reshape(figure.data[1].x, (-1, 5))
    assert np.isnan(x[:, 4]).all() and (x[:, 0] == x[:, 3]).all()


def test_a_large_mesh_is_clustered_without_holes():
    mesh = grid(220)
    figure = plots.mesh(mesh, title="Sheet")
    trace = figure.data[0]
    assert 3_000 < len(trace.x) <= plots.MAX_POINTS
    assert "of 48,400 vertices" in figure.layout.title.text
    corners = np.stack([trace.x, trace.y], axis=1)[np.stack([trace.i, trace.j, trace.k], axis=1)]
    first, second = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = np.abs(first[0] * second[1] - first[1] * second[0]).sum() / 2
    assert area > 0.95 * np.ptp(trace.x) * np.ptp(trace.y), "the merged triangles still cover the square"
