import numpy as np
from surfaces import bumpy, together

from pcfilter_lib.data import Mesh
from pcfilter_lib.geometry import icosphere, mesh_graph, sheet


def by_hand(mesh):
    """Edges with the triangles that have them, and the neighbours, in sets."""
    triangles, neighbours = {}, [set() for _ in mesh.vertices]
    for number, face in enumerate(mesh.faces.tolist()):
        for i, j in zip(face, [*face[1:], face[0]], strict=True):
            if i != j:
                triangles.setdefault((min(i, j), max(i, j)), set()).add(number)
                neighbours[i].add(j)
                neighbours[j].add(i)
    return triangles, neighbours


def assert_right(mesh):
    graph = mesh_graph(mesh)
    triangles, neighbours = by_hand(mesh)
    assert list(map(tuple, graph.edges.tolist())) == sorted(triangles)
    assert graph.triangles.tolist() == [len(triangles[edge]) for edge in sorted(triangles)]
    width = max(map(len, neighbours))
    assert graph.neighbours.tolist() == [sorted(each) + [-1] * (width - len(each)) for each in neighbours]
    assert {each.dtype for each in graph} == {np.dtype(np.int32)}
    return graph


def test_against_sets():
    random = np.random.default_rng(0)
    for mesh in (bumpy(), icosphere(2), sheet(5, 3), together(icosphere(0), bumpy(3, 3))):
        assert_right(mesh)
    for count in (3, 10, 40):  # edges with many triangles, triangles that name a vertex twice, vertices without any
        assert_right(Mesh(random.normal(size=(12, 3)), random.integers(0, 11, (count, 3))))


def test_euler_and_boundary():
    for mesh, characteristic, length in ((icosphere(2), 2, 0), (sheet(5, 3), 1, 2 * (4 + 2))):
        graph = mesh_graph(mesh)
        assert len(mesh.vertices) - len(graph.edges) + len(mesh.faces) == characteristic
        assert graph.boundary.shape == (length, 2)
    ends = np.sort(graph.boundary.ravel())
    assert (np.bincount(ends)[np.unique(ends)] == 2).all(), "the boundary is one loop"


def test_a_triangle_without_edges():
    graph = mesh_graph(Mesh(np.zeros((2, 3)), [[0, 0, 0]]))
    assert graph.edges.shape == (0, 2) and graph.neighbours.shape == (2, 0) and graph.boundary.shape == (0, 2)
