"""The Laplacian as a table of neighbours with weights, scaled for Chebyshev polynomials."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import eigsh

from pcfilter_lib._arguments import number_within
from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry.cotangents import Laplacian, cotangent_laplacian
from pcfilter_lib.geometry.spectra import symmetric

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh

_TOLERANCE = 1e-3  # of the largest eigenvalue


class ScaledLaplacian(NamedTuple):
    """A Laplacian whose eigenvalues lie between -1 and 1, as a table of neighbours with weights.

    Parameters
    ----------
    table : numpy.ndarray of int32, shape (V, K)
        Rows of each vertex itself, in the first column, and of its neighbours, ascending, filled up with -1.
    weights : numpy.ndarray of float64, shape (V, K)
        What each of them is multiplied by; 0 where the table holds -1.
    largest : float
        The eigenvalue that becomes 1. An eigenvalue v becomes 2 v / largest - 1.
    """

    table: np.ndarray
    weights: np.ndarray
    largest: float


def scaled_laplacian(surface: Mesh | Laplacian, largest: float | None = None) -> ScaledLaplacian:
    r"""Return :math:`2 M^{-1} S / \lambda - I`, for :class:`pcfilter_lib.layers.ChebyshevConv`.

    S is the stiffness matrix, M has the areas on its diagonal, and :math:`\lambda` is the largest eigenvalue, or more.

    Parameters
    ----------
    surface : Mesh or Laplacian
        A mesh, or what :func:`cotangent_laplacian` makes of it.
    largest : float, optional
        Which eigenvalue becomes 1, in one over the squared unit of the mesh. By default the largest of this surface,
        increased by one per cent. A polynomial means the same filter on several surfaces only if all have the same
        number here, which has to be at least the largest eigenvalue of each.

    Returns
    -------
    ScaledLaplacian

    Raises
    ------
    InputError
        If `largest` is smaller than the largest eigenvalue, or the mesh has no Laplacian.

    References
    ----------
    Defferrard, M., Bresson, X. and Vandergheynst, P. (2016). Convolutional neural networks on graphs with fast
    localized spectral filtering. NeurIPS. Section 2.1.

    Examples
    --------
    >>> from pcfilter_lib import data, geometry
    >>> mug = geometry.merge_vertices(data.load_mesh(data.example_path("mug.off")))
    >>> scaled = geometry.scaled_laplacian(mug)
    >>> scaled.table.shape == scaled.weights.shape, scaled.weights.sum(axis=1).round(6).min().item()
    (True, -1.0)
    """
    laplacian = surface if isinstance(surface, Laplacian) else cotangent_laplacian(surface)
    matrix, _ = symmetric(laplacian)
    found = _largest(matrix)
    if largest is None:
        largest = 1.01 * found
    elif number_within("scaled_laplacian", "largest", largest, 0, float("inf"), low_included=False) < found:
        problem = f"{largest:g} is smaller than the largest eigenvalue, {found:g}"
        raise InputError("scaled_laplacian", "largest", problem, f"pass {1.01 * found:.6g} or more, or leave it out")
    count = len(laplacian.areas)
    links = sparse.csr_matrix(laplacian.stiffness)
    links.sort_indices()
    rows = np.repeat(np.arange(count), np.diff(links.indptr))
    scaled = 2 / largest * links.data / laplacian.areas[rows]
    own = links.indices == rows
    rows, columns, scaled = rows[~own], links.indices[~own], scaled[~own]
    degrees = np.bincount(rows, minlength=count)
    places = 1 + np.arange(len(rows)) - np.repeat(np.cumsum(degrees) - degrees, degrees)
    table = np.full((count, 1 + degrees.max(initial=0)), -1, np.int32)
    weights = np.zeros(table.shape)
    table[:, 0], weights[:, 0] = np.arange(count), 2 / largest * links.diagonal() / laplacian.areas - 1
    table[rows, places], weights[rows, places] = columns, scaled
    return ScaledLaplacian(table, weights, float(largest))


def _largest(matrix: sparse.csc_matrix) -> float:
    """Return the largest eigenvalue."""
    count = matrix.shape[0]
    if count <= 200:
        return float(np.linalg.eigvalsh(matrix.toarray())[-1])
    start = np.random.default_rng(0).normal(size=count)
    return float(eigsh(matrix, 1, which="LA", tol=_TOLERANCE, v0=start, return_eigenvectors=False)[0])
