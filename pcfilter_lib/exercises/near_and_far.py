"""The checks of the chapter *Near and far*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of, number

FEWEST, MOST = 11, 23  # points that the balls of exercise 4 may hold on average; 16 are asked for


@exercise(solved="the sample is a slice of the order, and no distance was computed.")
def check_centres(answer: Callable) -> None:
    """Check ``answer(points, order, count)``, the first points in farthest-point order."""
    compare_on(
        _ORDERED,
        answer,
        reference=_centres,
        mistakes=[
            (
                "these are the first rows of the cloud as it was measured; look up the first rows of `order`.",
                lambda points, order, count: points[:count],
            ),
            (
                "these are the last points of the order, which fill the smallest gaps; the first ones are expected.",
                lambda points, order, count: points[order[-count:]],
            ),
            (
                "the points are the right ones, but sorting their rows has lost the order in which they are chosen.",
                lambda points, order, count: points[np.sort(order[:count])],
            ),
            (
                "the first point of the order is missing; start with `order[0]`.",
                lambda points, order, count: points[order[1 : count + 1]],
            ),
            (
                "`order` is read as ranks here (argsort inverts it); it holds rows, ready to be looked up.",
                lambda points, order, count: points[np.argsort(order)[:count]],
            ),
            (
                "`order` is read as ranks here; it holds rows, ready to be looked up.",
                lambda points, order, count: points[order < count],
            ),
            (
                "the points come in reverse order.",
                lambda points, order, count: points[order[:count]][::-1],
            ),
        ],
        shapes=[
            ("these are the rows of the points; look up their coordinates.", lambda points, order, count: (count,)),
            ("this is the whole cloud, reordered; keep the first `count`.", lambda points, order, count: points.shape),
        ],
    )


@exercise(solved="the first points of the ball are kept, and the first one is repeated where there are too few.")
def check_ball(answer: Callable) -> None:
    """Check ``answer(points, centre, radius, count)``, the rows that a ball query finds around one centre."""
    compare_on(
        _BALLS,
        answer,
        reference=_ball,
        mistakes=[
            (
                "where the ball is empty, the nearest point of the cloud is expected.",
                lambda *inputs: _ball(*inputs, where_empty=0),
            ),
            (
                "the ball is empty here: use the nearest point of the cloud.",
                _without_empty_balls,
            ),
            (
                "these are the nearest points, also those outside the ball; a point outside must never be used "
                "while there is one inside.",
                _nearest,
            ),
            (
                "the points in the ball are sorted by distance here; keep them in the order of the cloud.",
                lambda *inputs: _ball(*inputs, by_distance=True),
            ),
            (
                "the last point of the ball is repeated here; repeat the first one instead.",
                lambda *inputs: _ball(*inputs, repeated=-1),
            ),
            (
                "all points of the ball are repeated in turn here; repeat only the first one.",
                lambda *inputs: np.resize(_ball_rows(*inputs[:3]), inputs[3]),
            ),
            (
                "row 0 of the cloud fills up the rest, which may lie outside; repeat the first point of the ball.",
                lambda *inputs: _filled(*inputs, with_row=0),
            ),
            (
                "-1 fills up the row here; as an index it would mean the last point of the cloud.",
                lambda *inputs: _filled(*inputs, with_row=-1),
            ),
            (
                "a point at exactly the radius lies outside.",
                lambda points, centre, radius, count: _ball(points, centre, np.nextafter(radius, np.inf), count),
            ),
            (
                "squared distances are compared with the radius here; square the radius, too.",
                lambda points, centre, radius, count: _ball(points, centre, np.sqrt(radius), count),
            ),
        ],
        shapes=[
            (
                "the points of the ball are not padded, or not cut: return `count` rows.",
                lambda points, centre, radius, count: _ball_rows(points, centre, radius).shape,
            ),
            (
                "these are coordinates; return the rows of the points.",
                lambda points, centre, radius, count: (count, 3),
            ),
        ],
    )


@exercise(solved="near centres have the largest weights, and a distance of zero is handled.")
def check_weights(answer: Callable) -> None:
    """Check ``answer(squared)``, the weights of inverse squared distances, each row adding up to 1."""
    compare_on(
        _SQUARED,
        answer,
        reference=_weights,
        mistakes=[
            (
                "1/0 is infinite, and infinity divided by infinity is NaN: set small squared distances to 1e-10 "
                "before you divide.",
                lambda squared: _shares(1 / squared),
            ),
            (
                "NaN has become 0 here, so the one centre at distance zero does not count; it must count alone.",
                lambda squared: np.nan_to_num(_shares(1 / squared)),
            ),
            (
                "the weights are inverse to the distance here; they must be inverse to its square.",
                lambda squared: _shares(1 / np.sqrt(np.maximum(squared, 1e-10))),
            ),
            (
                "the squared distances are squared again here.",
                lambda squared: _shares(1 / np.maximum(squared, 1e-10) ** 2),
            ),
            (
                "the weights grow with the distance here.",
                lambda squared: _shares(squared),
            ),
            (
                "the rows do not add up to 1: divide each by its sum.",
                lambda squared: 1 / np.maximum(squared, 1e-10),
            ),
            (
                "the sums have lost an axis: use keepdims=True.",
                lambda squared: 1 / np.maximum(squared, 1e-10) / np.sum(1 / np.maximum(squared, 1e-10), axis=1),
            ),
            (
                "the columns add up to 1 here; each row must.",
                lambda squared: _weights(squared.T).T,
            ),
            (
                "all weights together add up to 1 here; each row must.",
                lambda squared: (1 / np.maximum(squared, 1e-10)) / np.sum(1 / np.maximum(squared, 1e-10)),
            ),
            (
                "1 is added to the squared distance here, which flattens the weights; the limit is 1e-10.",
                lambda squared: _shares(1 / (squared + 1)),
            ),
        ],
    )


@exercise(solved="the balls hold about 16 points each, however dense the cloud and however large.")
def check_radius(answer: Callable) -> None:
    """Check ``answer(points)``, a radius whose balls hold about 16 points on average."""
    name, radii = name_of(answer), {}
    for shape, points in _SURFACES.items():
        radii[shape] = _one_radius(answer, points, f"{name}(points) for {shape}")
    if np.ptp(list(radii.values())) < 1e-9:
        raise NotYet(
            f"{name} gives {number(radii[_MANY])} for every cloud. One radius suits one density: with fewer points the "
            "balls run empty."
        )
    points = _SURFACES[_FEW]
    for factor in (2.0, 0.5):
        scaled = _one_radius(answer, factor * points, f"{name}(points) for {_FEW}, scaled by {factor}")
        if not np.isclose(scaled, factor * radii[_FEW], rtol=0.02):
            raise NotYet(
                f"scaled by {factor}, a cloud needs a radius scaled by {factor}: {number(factor * radii[_FEW])} for "
                f"{_FEW}; {name} gives {number(scaled)}."
            )
    for shape, points in _SURFACES.items():
        held = _held(points, radii[shape])
        if not FEWEST <= held <= MOST:
            volume = 2.2 < radii[_FEW] / radii[_MANY] < 2.8  # the cube root of 16 is 2.5, the square root 4
            why = "points on a surface thin out with the square of the radius, not with its cube. " if volume else ""
            raise NotYet(
                f"{why}for {shape}, the radius {number(radii[shape])} gives balls with {held:.1f} points on average; "
                f"{FEWEST} to {MOST} are accepted."
            )


def _one_radius(answer: Callable, points: np.ndarray, what: str) -> float:
    radius = as_numbers(call(answer, points=points), what)
    if radius.size != 1:
        raise NotYet(f"{what} has the shape {radius.shape}; one radius for the whole cloud is expected.")
    radius = float(radius.reshape(()))
    if not 0 < radius < np.inf:
        raise NotYet(f"{what} gives {number(radius)}; a radius is positive and finite.")
    return radius


def _held(points: np.ndarray, radius: float) -> float:
    """Return how many points the balls around all points hold on average."""
    return float((np.linalg.norm(points[:, None] - points, axis=-1) < radius).sum(axis=1).mean())


def _centres(points: np.ndarray, order: np.ndarray, count: int) -> np.ndarray:
    return points[order[:count]]


def _ball_rows(points: np.ndarray, centre: np.ndarray, radius: float) -> np.ndarray:
    return np.flatnonzero(np.linalg.norm(points - centre, axis=1) < radius)


def _ball(
    points: np.ndarray,
    centre: np.ndarray,
    radius: float,
    count: int,
    *,
    by_distance: bool = False,
    repeated: int = 0,
    where_empty: int | None = None,
) -> np.ndarray:
    distances = np.linalg.norm(points - centre, axis=1)
    rows = _ball_rows(points, centre, radius)
    if len(rows) == 0:
        rows = np.array([distances.argmin() if where_empty is None else where_empty])
    if by_distance:
        rows = rows[np.argsort(distances[rows], kind="stable")]
    return np.concatenate([rows, np.repeat(rows[repeated], count)])[:count]


def _without_empty_balls(points: np.ndarray, centre: np.ndarray, radius: float, count: int) -> np.ndarray:
    rows = _ball_rows(points, centre, radius)
    return np.concatenate([rows, np.full(count, rows[0])])[:count]


def _nearest(points: np.ndarray, centre: np.ndarray, radius: float, count: int) -> np.ndarray:
    return np.argsort(np.linalg.norm(points - centre, axis=1), kind="stable")[:count]


def _filled(points: np.ndarray, centre: np.ndarray, radius: float, count: int, with_row: int) -> np.ndarray:
    rows = _ball_rows(points, centre, radius)
    return np.concatenate([rows, np.full(count, with_row)])[:count]


def _shares(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


def _weights(squared: np.ndarray) -> np.ndarray:
    return _shares(1 / np.maximum(squared, 1e-10))


def _farthest_first(points: np.ndarray) -> np.ndarray:
    """Return the farthest-point order, so that the module needs nothing but NumPy."""
    order, gap = [1], np.linalg.norm(points - points[1], axis=1)
    while len(order) < len(points):
        order.append(int(gap.argmax()))
        gap = np.minimum(gap, np.linalg.norm(points - points[order[-1]], axis=1))
    return np.array(order)


def _on_sphere(count: int, size: float, random: np.random.Generator) -> np.ndarray:
    points = random.normal(size=(count, 3))
    return size * points / np.linalg.norm(points, axis=1, keepdims=True)


def _on_box(count: int, sides: tuple[float, float, float], random: np.random.Generator) -> np.ndarray:
    """Draw points uniformly from the surface of a box."""
    sides = np.array(sides)
    points = random.uniform(size=(count, 3)) * sides
    areas = sides.prod() / sides
    axis = random.choice(3, size=count, p=areas / areas.sum())
    points[np.arange(count), axis] = random.integers(2, size=count) * sides[axis]
    return points


_random = np.random.default_rng(41)
_line = np.array([[4.0, 0, 0], [0.0, 0, 0], [1.0, 0, 0], [9.0, 0, 0], [6.0, 0, 0]])
_cloud = _random.normal(size=(40, 3))
_ORDERED = [
    {"points": _line, "order": _farthest_first(_line), "count": 3},
    {"points": _cloud, "order": _farthest_first(_cloud), "count": 12},
]
_few = np.array([[3.0, 0, 0], [0.5, 0, 0], [0.25, 0, 0], [1.0, 0, 0], [0.0, 0, 0]])
_BALLS = [
    {"points": _few, "centre": np.zeros(3), "radius": 1.0, "count": 5},
    {"points": _few, "centre": np.zeros(3), "radius": 1.0, "count": 2},
    {"points": _few, "centre": np.array([5.0, 0.0, 0.0]), "radius": 0.5, "count": 3},
    {"points": _few[::-1].copy(), "centre": np.array([6.0, 0.0, 0.0]), "radius": 0.5, "count": 3},
    {"points": _cloud, "centre": _cloud[7], "radius": 1.3, "count": 6},
    {"points": _cloud / 4, "centre": _cloud[9] / 4, "radius": 0.25, "count": 8},
]
_SQUARED = [
    {"squared": np.array([[1.0, 4.0, 4.0], [0.0, 1.0, 2.0]])},
    {"squared": np.concatenate([np.sort(_random.uniform(0.01, 1, size=(6, 3))), [[0.0, 0.0, 0.3]]])},
]
_MANY, _FEW = "1,024 points of a sphere", "64 points of a sphere"
_SURFACES = {
    _MANY: _on_sphere(1024, 1.0, _random),
    _FEW: _on_sphere(64, 1.0, _random),
    "256 points of a cube": _on_box(256, (0.5, 0.5, 0.5), _random),
    "512 points of a large, flat box": _on_box(512, (6.0, 4.0, 1.0), _random),
}
