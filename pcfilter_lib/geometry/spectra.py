"""Eigenvalues and eigenfunctions of a surface."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg, sparse
from scipy.sparse.linalg import LinearOperator, eigsh, splu

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.geometry.cotangents import Laplacian, cotangent_laplacian

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh


class Spectrum(NamedTuple):
    """The lowest frequencies of a surface.

    Parameters
    ----------
    values : numpy.ndarray of float64, shape (K,)
        Eigenvalues, ascending, in one over the squared unit of the mesh. There is one zero for each connected part.
    functions : numpy.ndarray of float64, shape (V, K)
        Eigenfunctions, one a column, orthonormal with respect to area: ``functions.T @ (areas[:, None] * functions)``
        is the identity. The sign of each is arbitrary, and where eigenvalues are equal, so is the basis.
    areas : numpy.ndarray of float64, shape (V,)
        The area that belongs to each vertex.
    """

    values: np.ndarray
    functions: np.ndarray
    areas: np.ndarray


def spectrum(surface: Mesh | Laplacian, count: int = 64) -> Spectrum:
    r"""Return the smallest eigenvalues of a surface's Laplacian, and their eigenfunctions.

    They solve :math:`S \varphi = \lambda M \varphi`, with the stiffness matrix S and the areas M on a diagonal. Lanczos
    iterations find the largest eigenvalues of the inverse, shifted so that it exists.

    Parameters
    ----------
    surface : Mesh or Laplacian
        A mesh, or what :func:`cotangent_laplacian` makes of it.
    count : int, default 64
        How many, at most as many as there are vertices.

    Returns
    -------
    Spectrum

    Raises
    ------
    InputError
        If there are fewer vertices than `count`, a vertex has no area, or the mesh has no Laplacian.

    References
    ----------
    Vallet, B. and Lévy, B. (2008). Spectral geometry processing with manifold harmonics. Computer Graphics Forum 27(2).

    Examples
    --------
    >>> from pcfilter_lib import data, geometry
    >>> mug = geometry.merge_vertices(data.load_mesh(data.example_path("mug.off")))
    >>> found = geometry.spectrum(mug, 10)
    >>> found.values.shape, found.functions.shape
    ((10,), (1072, 10))
    """
    count = whole_number("spectrum", "count", count)
    laplacian = surface if isinstance(surface, Laplacian) else cotangent_laplacian(surface)
    number = len(laplacian.areas)
    if count > number:
        raise InputError("spectrum", "count", f"{count} of {number} vertices", f"ask for at most {number}")
    matrix, roots = symmetric(laplacian)
    if number <= 200 or 3 * count > number:
        values, vectors = linalg.eigh(matrix.toarray(), subset_by_index=(0, count - 1))
    else:
        values, vectors = _lowest(matrix, count, 1 / laplacian.areas.sum())
    return Spectrum(np.maximum(values, 0), vectors / roots[:, None], laplacian.areas)


def symmetric(laplacian: Laplacian) -> tuple[sparse.csc_matrix, np.ndarray]:
    """Return a symmetric matrix with the same eigenvalues, and by what its eigenvectors have to be divided, (V,)."""
    bad = np.flatnonzero(~(laplacian.areas > 0))
    if len(bad):
        problem = f"its area is {laplacian.areas[bad[0]]:g}"
        raise InputError("Laplacian", f"vertex {bad[0]}", problem, "remove it, or give it an area")
    roots = np.sqrt(laplacian.areas)
    scale = sparse.diags(1 / roots)
    return sparse.csc_matrix(scale @ laplacian.stiffness @ scale), roots


def _lowest(matrix: sparse.csc_matrix, count: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest eigenvalues of a positive semidefinite matrix, ascending, and their eigenvectors."""
    number = matrix.shape[0]
    shifted = sparse.csc_matrix(matrix + shift * sparse.identity(number))
    # Positive definite: no pivoting, and an ordering for symmetric matrices, which fills far fewer places.
    factors = splu(shifted, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    inverse = LinearOperator(matrix.shape, factors.solve, dtype=float)
    start = np.random.default_rng(0).normal(size=number)  # by chance it is orthogonal to none of them
    values, vectors = eigsh(matrix, count, sigma=-shift, OPinv=inverse, v0=start)
    order = np.argsort(values)
    return values[order], vectors[:, order]
