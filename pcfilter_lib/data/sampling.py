"""Points from surfaces, and few points from many."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import InputError


def sample_surface(
    mesh: Mesh, count: int, *, seed: int | np.random.Generator = 0, return_faces: bool = False
) -> np.ndarray | tuple[np.ndarray, np.ndarray]:
    r"""Draw points at random from a mesh, each part of the surface as likely as its area says.

    A triangle is drawn by its share of the area; in it, with two uniform numbers :math:`r_1, r_2`, the point is
    :math:`(1 - \sqrt{r_1}) A + \sqrt{r_1} (1 - r_2) B + \sqrt{r_1} r_2 C`.

    Parameters
    ----------
    mesh : Mesh
        The surface.
    count : int
        How many points.
    seed : int or numpy.random.Generator, optional
        The same seed gives the same points.
    return_faces : bool, optional
        Whether to return the face of each point too.

    Returns
    -------
    points : numpy.ndarray, shape (count, 3), float32
        In the unit of the mesh.
    faces : numpy.ndarray, shape (count,), int64
        The row of ``mesh.faces`` that each point lies on; only with `return_faces`.

    Raises
    ------
    InputError
        If the mesh has no area, or `count` is negative.

    References
    ----------
    R. Osada, T. Funkhouser, B. Chazelle, D. Dobkin. Shape distributions. ACM Transactions on Graphics 21(4), 2002,
    section 3.2.
    """
    count = _check_count("count", count)
    cumulative = mesh.cumulative_areas()
    if not 0 < cumulative[-1] < np.inf:
        problem = f"its surface has the area {cumulative[-1]:g}, so no point can be drawn from it"
        raise InputError(mesh.source or "mesh", "", problem, "check the mesh and its unit")
    pick, r1, r2 = np.random.default_rng(seed).random((3, count))
    # "right": a triangle without area is never drawn; rounding must not lead beyond the last that has one.
    order = np.argsort(pick)  # searched in order is twice as fast
    faces = np.empty(count, np.int64)
    faces[order] = np.searchsorted(cumulative, pick[order] * cumulative[-1], side="right")
    faces = np.minimum(faces, np.searchsorted(cumulative, cumulative[-1]))
    root = np.sqrt(r1)
    weights = np.stack([1 - root, root * (1 - r2), root * r2], axis=1)
    corners = mesh.vertices.take(mesh.faces.take(faces, axis=0), axis=0)
    points = np.einsum("nk,nkc->nc", weights, corners).astype(np.float32)
    return (points, faces) if return_faces else points


def farthest_point_sampling(
    points: np.ndarray, count: int, *, seed: int | np.random.Generator = 0, start: int | None = None
) -> np.ndarray:
    """Choose points that cover a cloud evenly: each next one is the farthest from all chosen so far.

    No `count` points of the cloud could cover it within less than half the distance at which these do (Gonzalez).

    Parameters
    ----------
    points : numpy.ndarray, shape (N, 3)
        The cloud; any number of coordinates will do. Distances are computed in float32.
    count : int
        How many points, at most N.
    seed : int or numpy.random.Generator, optional
        Chooses the first point where `start` does not.
    start : int, optional
        The first point.

    Returns
    -------
    numpy.ndarray, shape (count,), int64
        Rows of `points`, all different, in the order in which they were chosen; a shorter run gives the beginning of a
        longer one.

    Raises
    ------
    InputError
        If `count` or `start` does not fit the number of points, or a point is not finite.

    References
    ----------
    T. F. Gonzalez. Clustering to minimize the maximum intercluster distance. Theoretical Computer Science 38, 1985.
    Y. Eldar, M. Lindenbaum, M. Porat, Y. Y. Zeevi. The farthest point strategy for progressive image sampling. IEEE
    Transactions on Image Processing 6(9), 1997.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] == 0 or not np.isfinite(points).all():
        raise InputError("points", "", f"finite points of shape (N, 3) are expected, not {points.shape}", "check them")
    count = _check_count("count", count, most=len(points))
    if count == 0:
        return np.empty(0, np.int64)
    if start is None:
        start = int(np.random.default_rng(seed).integers(len(points)))
    elif not 0 <= start < len(points):
        raise InputError("start", "", f"{start} is no row of {len(points)} points", "give a row of the points")
    # Around the first point and to size 1, so that float32 neither loses digits nor overflows; coordinate by coordinate
    # is quicker than point by point.
    centred = points.astype(np.float64) - points[start]
    columns = np.ascontiguousarray(centred.T / (np.abs(centred).max() or 1), np.float32)
    chosen = np.empty(count, np.int64)
    chosen[0] = start
    nearest = np.full(len(points), np.inf, np.float32)  # the squared distance to the nearest chosen point
    distance, term = np.empty_like(nearest), np.empty_like(nearest)
    for index in range(1, count):
        last = chosen[index - 1]
        for axis, column in enumerate(columns):
            out = term if axis else distance
            np.subtract(column, column[last], out=out)
            np.multiply(out, out, out=out)
            if axis:
                distance += term
        np.minimum(nearest, distance, out=nearest)
        nearest[last] = -1  # below any distance: equal points do not bring a chosen one back
        chosen[index] = nearest.argmax()
    return chosen


def farthest_order(
    points: np.ndarray, count: int | None = None, *, seed: int | np.random.Generator = 0, start: int | None = None
) -> np.ndarray:
    """Order a cloud such that its first M points are what farthest-point sampling would choose, for every M.

    What a network needs that samples on several levels (:class:`pcfilter_lib.layers.SetAbstraction`): once a cloud lies
    in this order, each sample is a slice of it. Turning, moving, mirroring and scaling it as a whole keep the order.

    Parameters
    ----------
    points : numpy.ndarray, shape (N, 3)
        The cloud.
    count : int, optional
        How many points come in this order, at most N; the others follow as they were. All, if not given: the time grows
        with their number times N.
    seed, start
        Choose the first point, as for :func:`farthest_point_sampling`.

    Returns
    -------
    numpy.ndarray, shape (N,), int64
        All rows of `points`.

    Raises
    ------
    InputError
        As :func:`farthest_point_sampling`.
    """
    first = farthest_point_sampling(points, len(points) if count is None else count, seed=seed, start=start)
    others = np.ones(len(points), bool)
    others[first] = False
    return np.concatenate([first, np.flatnonzero(others)])


def _check_count(name: str, count: int, most: int | None = None) -> int:
    if count != int(count) or count < 0 or (most is not None and count > most):
        limit = "" if most is None else f" to {most}"
        raise InputError(name, "", f"a whole number from 0{limit} is expected, not {count}", "ask for fewer points")
    return int(count)
