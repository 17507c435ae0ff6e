"""A triangle mesh as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh


class MeshGraph(NamedTuple):
    """The edges of a mesh, and who is connected to whom.

    Parameters
    ----------
    edges : numpy.ndarray of int32, shape (E, 2)
        The ends of each edge, each edge once, the smaller number first, in lexicographic order.
    triangles : numpy.ndarray of int32, shape (E,)
        How many triangles each edge has: 1 at the boundary, 2 inside, more where the surface is not a manifold.
    neighbours : numpy.ndarray of int32, shape (V, K)
        Rows of the vertices that each vertex is connected to, ascending, filled up with -1.
    """

    edges: np.ndarray
    triangles: np.ndarray
    neighbours: np.ndarray

    @property
    def boundary(self) -> np.ndarray:
        """The edges with one triangle, shape (B, 2)."""
        return self.edges[self.triangles == 1]


def mesh_graph(mesh: Mesh) -> MeshGraph:
    """Return the edges of a mesh, and a table of neighbours for :class:`pcfilter_lib.layers.GraphConv`.

    Parameters
    ----------
    mesh : Mesh
        Vertices at the same place are connected only if they were merged (:func:`merge_vertices`). A triangle may name
        a vertex twice: nothing is its own neighbour.

    Returns
    -------
    MeshGraph

    Examples
    --------
    >>> from pcfilter_lib import data, geometry
    >>> square = data.Mesh([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]], [[0, 1, 2], [0, 2, 3]])
    >>> graph = geometry.mesh_graph(square)
    >>> graph.neighbours.tolist(), graph.triangles.tolist()
    ([[1, 2, 3], [0, 2, -1], [0, 1, 3], [0, 2, -1]], [1, 2, 1, 1, 1])
    """
    count = len(mesh.vertices)
    sides = np.sort(mesh.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 3, 2), axis=2)
    keys = sides[..., 0] * count + sides[..., 1]
    keys.sort(axis=1)
    once = np.concatenate([np.ones((len(keys), 1), bool), keys[:, 1:] != keys[:, :-1]], axis=1)  # of each triangle
    keys, triangles = np.unique(keys[once], return_counts=True)
    edges = np.stack(np.divmod(keys, count), axis=1)
    real = edges[:, 0] != edges[:, 1]
    edges, triangles = edges[real], triangles[real]
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    degrees = np.bincount(both[:, 0], minlength=count)
    places = np.arange(len(both)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
    neighbours = np.full((count, degrees.max(initial=0)), -1, np.int32)
    neighbours[both[:, 0], places] = both[:, 1]
    return MeshGraph(edges.astype(np.int32), triangles.astype(np.int32), neighbours)
