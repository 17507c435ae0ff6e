"""The checks of the chapter *Meshes, clouds and scans*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise, name_of


@exercise(solved="your points lie in the triangle, and each part of it gets its fair share.")
def check_sample_triangle(answer: Callable) -> None:
    """Check ``answer(a, b, c, u, v)``: points (N, 3) of a triangle from uniform numbers u and v (N,) in [0, 1).

    Any uniform mapping passes: the points are counted in 16 congruent triangles, not compared with a formula.
    """
    a, b, c = _TRIANGLE
    u, v = np.random.default_rng(4).random((2, 16_000))
    inputs = {"a": a, "b": b, "c": c, "u": u, "v": v}
    what = f"{name_of(answer)}(a, b, c, u, v)"
    points = as_numbers(call(answer, **inputs), what)
    expected = (len(u), 3)
    if points.shape != expected:
        hint = " It is transposed: each row is one point." if points.shape == expected[::-1] else ""
        raise NotYet(f"{what} has the shape {points.shape}; {expected} is expected.{hint}")
    if not np.isfinite(points).all():
        raise NotYet(f"{what} gives points that are not finite.")
    if not np.allclose(points, as_numbers(call(answer, **inputs), what)):
        raise NotYet("the same u and v gave other points the second time: draw no random numbers of your own.")
    weights = _inside_weights(points, what)
    _check_even(weights, what)


@exercise(solved="the centroid is at the origin and the farthest point at distance 1, with the shape unchanged.")
def check_unit_sphere(answer: Callable) -> None:
    """Check ``answer(points)``: points (N, 3), centred at their centroid, the farthest at distance 1."""
    compare_on(
        _CLOUDS,
        answer,
        reference=lambda points: _scaled(_centred(points)),
        mistakes={
            "you centre on the middle of the bounding box: the centroid is the mean of the points.": (
                lambda points: _scaled(points - (points.min(axis=0) + points.max(axis=0)) / 2)
            ),
            "you divide by the largest coordinate: divide by the largest distance from the centroid.": (
                lambda points: _centred(points) / np.abs(_centred(points)).max()
            ),
            "you divide by the standard deviation: divide by the largest distance from the centroid.": (
                lambda points: _centred(points) / _centred(points).std()
            ),
            "you divide by the standard deviation of each axis: one number for all axes keeps the shape.": (
                lambda points: _centred(points) / _centred(points).std(axis=0)
            ),
            "you scale each axis by itself, which stretches the shape: divide by one number.": (
                lambda points: _centred(points) / np.abs(_centred(points)).max(axis=0)
            ),
            "you divide each point by its own distance, which puts all on the sphere: divide by the largest.": (
                lambda points: _centred(points) / np.linalg.norm(_centred(points), axis=1, keepdims=True)
            ),
            "the points are scaled but not centred: subtract the centroid first.": lambda points: _scaled(points),
            "the points are centred but not scaled.": lambda points: _centred(points),
            "you measure the distance before you centre: subtract the centroid first.": (
                lambda points: _centred(_scaled(points))
            ),
            "you subtract one mean of all coordinates: the centroid has a mean for each axis.": (
                lambda points: _scaled(points - points.mean())
            ),
        },
    )


@exercise(solved="each pixel is back at its place in space, with x from its column and y from its row.")
def check_backproject(answer: Callable) -> None:
    """Check ``answer(depth, fx, fy, cx, cy)``: the points (H, W, 3) of a depth map (H, W) of a pinhole camera."""
    compare_on(
        _DEPTH_MAPS,
        answer,
        reference=_backproject,
        mistakes={
            "row and column are swapped: x comes from the column, y from the row.": (
                lambda depth, fx, fy, cx, cy: _backproject(depth.T, fx, fy, cx, cy).swapaxes(0, 1)
            ),
            "x and y are swapped in the result: x comes first.": (
                lambda *inputs: _backproject(*inputs)[..., [1, 0, 2]]
            ),
            "the factor z is missing in x and y: what is twice as far away is twice as far from the axis.": (
                lambda depth, *camera: np.dstack([_backproject(np.ones_like(depth), *camera)[..., :2], depth])
            ),
            "you take depth as the distance along the ray: here it is z, the distance along the camera's axis.": (
                lambda depth, *camera: depth[..., None] * _directions(_backproject(np.ones_like(depth), *camera))
            ),
            "the principal point is missing: subtract cx from the column and cy from the row.": (
                lambda depth, fx, fy, cx, cy: _backproject(depth, fx, fy, 0, 0)
            ),
            "cx and cy are swapped: cx belongs to the column.": (
                lambda depth, fx, fy, cx, cy: _backproject(depth, fx, fy, cy, cx)
            ),
            "fx and fy are swapped: fx belongs to the column.": (
                lambda depth, fx, fy, cx, cy: _backproject(depth, fy, fx, cx, cy)
            ),
            "y points up: in this book's camera frame it points down, as the rows do.": (
                lambda *inputs: _backproject(*inputs) * [1, -1, 1]
            ),
        },
        shapes={
            "these are the points in a list: keep the grid of the scan.": lambda depth, *camera: (depth.size, 3),
            "the three coordinates come first: put them on the last axis.": lambda depth, *camera: (3, *depth.shape),
        },
    )


def _inside_weights(points: np.ndarray, what: str) -> np.ndarray:
    """Return the barycentric weights (N, 3) of points in the triangle, or say that some lie outside."""
    a, b, c = _TRIANGLE
    edges = np.stack([b - a, c - a], axis=1)
    along = (points - a) @ np.linalg.pinv(edges).T
    if not np.allclose(a + along @ edges.T, points, atol=1e-4):
        raise NotYet(f"{what} gives points outside the plane of the triangle: the weights of a, b, c must add up to 1.")
    weights = np.column_stack([1 - along.sum(axis=1), along])
    outside = np.count_nonzero((weights < -1e-4).any(axis=1))
    if outside:
        beyond = np.count_nonzero(weights[:, 0] < -1e-4) == outside
        hint = " They lie beyond the edge b c: reflect those with u + v > 1, or use a square root." if beyond else ""
        raise NotYet(f"{outside} of {len(points)} points lie outside the triangle.{hint}")
    return weights


def _check_even(weights: np.ndarray, what: str) -> None:
    """Count the points in 16 congruent triangles and say where there are too many or too few."""
    places = np.clip((weights[:, 1:] * 4).astype(int), 0, 3)
    upper = (weights[:, 1:] * 4 - places).sum(axis=1) > 1  # each cell of the grid is two triangles
    counts = np.zeros((4, 4, 2))
    np.add.at(counts, (*places.T, upper.astype(int)), 1)
    share = len(weights) / 16
    corners = {"a": counts[0, 0, 0], "b": counts[3, 0, 0], "c": counts[0, 3, 0]}
    dense = max(corners, key=corners.get)
    if corners[dense] > 2 * share:
        raise NotYet(
            f"the points crowd at the corner {dense}: the sixteenth of the triangle there has {int(corners[dense])} "
            f"points, and its fair share is {int(share)}. Is a square root missing?"
        )
    if max(corners.values()) < share / 2:
        raise NotYet(
            f"the points crowd in the middle: the sixteenths at the three corners have {int(sum(corners.values()))} "
            f"points, and their fair share is {int(3 * share)}. Weights divided by their sum are not uniform."
        )
    inside = np.add.outer(np.arange(4), np.arange(4))[..., None] + [0, 1] < 4
    chi_square = np.sum((counts[inside] - share) ** 2) / share
    # 15 degrees of freedom: uniform points exceed 60 once in some millions of draws.
    if chi_square > 60:
        fewest, most = int(counts[inside].min()), int(counts[inside].max())
        raise NotYet(
            f"{what} is not uniform: the sixteenths of the triangle have from {fewest} to {most} points, "
            f"and the fair share of each is {int(share)}."
        )


def _centred(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=0)


def _scaled(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=1).max()


def _backproject(depth: np.ndarray, fx: float, fy: float, cx: float, cy: float) -> np.ndarray:
    row, column = np.indices(depth.shape)
    return np.dstack([(column - cx) * depth / fx, (row - cy) * depth / fy, depth])


def _directions(points: np.ndarray) -> np.ndarray:
    return points / np.linalg.norm(points, axis=-1, keepdims=True)


_random = np.random.default_rng(21)
_TRIANGLE = np.array([[0.0, 0.0, 1.0], [4.0, 1.0, 0.0], [1.0, 3.0, 2.0]])
_CLOUDS = [
    {"points": np.array([[1.0, 2.0, 3.0], [5.0, 2.0, 4.0], [3.0, 8.0, 11.0]])},
    {"points": _random.gamma(1.0, size=(200, 3)) * [1.0, 2.0, 0.5] + [3.0, -1.0, 10.0]},
]
_DEPTH_MAPS = [
    {"depth": np.array([[1.0, 2.0, 4.0], [1.0, 3.0, 0.0]]), "fx": 2.0, "fy": 4.0, "cx": 1.0, "cy": 0.5},
    {"depth": _random.uniform(0.4, 2.0, size=(12, 17)), "fx": 21.0, "fy": 19.0, "cx": 8.2, "cy": 5.1},
]
