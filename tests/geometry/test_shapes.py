import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import icosphere, merge_vertices, mesh_graph, roll, sheet, spectrum


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


@pytest.mark.parametrize(("turns", "angle"), [(0.1, 0.0), (0.9, 0.7), (1.0, -2.0)])
def test_rolling_keeps_distances_within_the_surface(turns, angle):
    flat = sheet(41, 51, 1.0, 1.25)
    bent = roll(flat, turns, angle)
    edges = mesh_graph(flat).edges
    before, after = (np.linalg.norm(np.diff(mesh.vertices[edges], axis=1), axis=2) for mesh in (flat, bent))
    assert (after <= before + 1e-12).all() and (after > 0.995 * before).all()
    np.testing.assert_allclose(spectrum(bent, 9).values, spectrum(flat, 9).values, rtol=0.01, atol=1e-9)
    axis = np.array([-np.sin(angle), np.cos(angle), 0])
    np.testing.assert_allclose(
        bent.vertices @ axis, flat.vertices @ axis, atol=1e-12
    )  # along the cylinder nothing moves
    distances = np.linalg.norm(np.cross(bent.vertices - np.array([0, 0, _radius(flat, turns, angle)]), axis), axis=1)
    np.testing.assert_allclose(distances, _radius(flat, turns, angle))


def _radius(flat, turns, angle):
    return np.ptp(flat.vertices @ [np.cos(angle), np.sin(angle), 0]) / (2 * np.pi * turns)


def test_a_whole_turn_closes_when_it_is_merged():
    tube = merge_vertices(roll(sheet(41, 51, 1.0, 1.25), 1), 1e-9)
    assert len(tube.vertices) == 40 * 51
    p, q = np.mgrid[-9:10, :9]
    exact = np.sort((np.pi**2 * ((2 * p) ** 2 + (q / 1.25) ** 2)).ravel())[:9]
    np.testing.assert_allclose(spectrum(tube, 9).values, exact, rtol=0.01, atol=1e-9)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: icosphere(-1), "levels"),
        (lambda: icosphere(1, 0), "radius"),
        (lambda: roll(sheet(3, 3), 0), "turns"),
        (lambda: roll(sheet(3, 3), 1.1), "turns"),
        (lambda: roll(sheet(3, 3), 0.5, float("nan")), "angle"),
        (lambda: roll(icosphere(1), 0.5), "their z is not 0"),
        (lambda: sheet(1, 2), "rows"),
        (lambda: sheet(2, 1.5), "columns"),
        (lambda: sheet(2, 2, -1), "width"),
        (lambda: sheet(2, 2, 1, float("inf")), "height"),
    ],
)
def test_arguments_are_checked(make, named):
    with pytest.raises(InputError, match=named):
        make()
