import numpy as np
import pytest
from surfaces import bumpy

from pcfilter_lib.data import Mesh, example_path, load_mesh
from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry import icosphere, merge_vertices, mesh_graph, spectrum


def soup(mesh):
    """The same triangles, each with vertices of its own."""
    return Mesh(mesh.vertices[mesh.faces].reshape(-1, 3), np.arange(mesh.faces.size).reshape(-1, 3))


def test_a_soup_becomes_a_surface_again():
    mesh = icosphere(3)
    merged = merge_vertices(soup(mesh))
    assert len(merged.vertices) == len(mesh.vertices)
    np.testing.assert_array_equal(merged.vertices[merged.faces], mesh.vertices[mesh.faces])
    np.testing.assert_allclose(spectrum(merged, 9).values, spectrum(mesh, 9).values, atol=1e-9)
    assert len(mesh_graph(soup(mesh)).boundary) == mesh.faces.size and not len(mesh_graph(merged).boundary)


def test_what_is_merged_already_stays():
    mesh = bumpy()
    merged = merge_vertices(mesh)
    np.testing.assert_array_equal(merged.vertices, mesh.vertices)
    np.testing.assert_array_equal(merged.faces, mesh.faces)


def test_triangles_and_vertices_that_are_left_out():
    mesh = Mesh([[9, 9, 9], [0, 0, 0], [1, 0, 0], [0, 1, 0], [-0.0, 0, 0]], [[1, 2, 3], [1, 4, 2], [4, 3, 2]], "a.off")
    merged = merge_vertices(mesh)
    assert merged.vertices.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0]]
    assert merged.faces.tolist() == [[0, 1, 2], [0, 2, 1]] and merged.source == "a.off"


def test_tolerance():
    mesh = load_mesh(example_path("mug.off"))
    shaken = Mesh(mesh.vertices + np.random.default_rng(0).uniform(0, 1e-9, mesh.vertices.shape), mesh.faces)
    assert len(merge_vertices(shaken).vertices) == 1088
    for kept in (merge_vertices(shaken, 1e-4), merge_vertices(mesh, 1e-4)):
        assert len(kept.vertices) == 1072
    chain = Mesh([[0, 0, 0], [0.9, 0, 0], [1.8, 0, 0], [9, 0, 0], [0, 9, 0]], [[0, 3, 4], [1, 3, 4], [0, 1, 3]])
    assert merge_vertices(chain, 1).vertices.tolist() == [[0, 0, 0], [9, 0, 0], [0, 9, 0]]
    assert merge_vertices(chain, 0.8).vertices.tolist() == np.delete(chain.vertices, 2, axis=0).tolist()
    with pytest.raises(InputError, match="smaller tolerance"):
        merge_vertices(mesh, 1e3)
    with pytest.raises(InputError, match="tolerance"):
        merge_vertices(mesh, -1)
