"""The checks of the chapter *How far is the surface?*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of, number

FAR = 10.0
MOST = 150  # distances that may be asked for along a ray


@exercise(solved="from both sides, each point ends on the surface.")
def check_step(answer: Callable) -> None:
    """Check ``answer(points, values, gradients)``, the nearest points of the surface."""
    compare_on(
        _STEPS,
        answer,
        reference=_step,
        mistakes=[
            (
                "the gradient points away from the surface: walk against it.",
                lambda points, values, gradients: 2 * points - _step(points, values, gradients),
            ),
            (
                "the lengths of the gradients are used here; divide each gradient by its own length.",
                lambda points, values, gradients: points - values[:, None] * gradients,
            ),
            (
                "this walks along the gradient, by its length times the distance; walk against it, by the distance.",
                lambda points, values, gradients: points + values[:, None] * gradients,
            ),
            (
                "inside, the value is negative, and the step goes outwards: leave its sign as it is.",
                lambda points, values, gradients: _step(points, np.abs(values), gradients),
            ),
            (
                "each gradient has a length of its own; here all are divided by one number.",
                lambda points, values, gradients: points - values[:, None] * gradients / np.linalg.norm(gradients),
            ),
            (
                "the length of a vector is the root of the sum of squares along its own axis: axis=1.",
                lambda points, values, gradients: (
                    points - values[:, None] * gradients / np.linalg.norm(gradients, axis=0)
                ),
            ),
            (
                "a step has the length of the distance; this one has the length 1.",
                lambda points, values, gradients: _step(points, np.ones(len(values)), gradients),
            ),
            (
                "this is the step alone; the place is the point and the step together.",
                lambda points, values, gradients: _step(points, values, gradients) - points,
            ),
            (
                "this is the step alone; the place is the point minus this.",
                lambda points, values, gradients: points - _step(points, values, gradients),
            ),
        ],
        shapes=[("return a place for each point, not a number.", lambda points, values, gradients: values.shape)],
    )


@exercise(solved="each change of sign has its place, by the two values around it.")
def check_crossings(answer: Callable) -> None:
    """Check ``answer(values)``, the zero crossings along a row of signed distances."""
    compare_on(
        [{"values": values} for values in _ROWS],
        answer,
        reference=_crossings,
        mistakes=[
            (
                "this is the middle between the two centres, which is all that bits know.",
                lambda values: _changes(values) + 0.5,
            ),
            (
                "the nearer centre is the one with the smaller distance: a / (a - b) of the way, not b / (b - a).",
                lambda values: _changes(values) + 1 - (_crossings(values) - _changes(values)),
            ),
            (
                "the denominator is the difference of the two values, a - b; their sum may even be zero.",
                lambda values: _changes(values) + _ratio(values, lambda a, b: a / (a + b)),
            ),
            (
                "a / (b - a) has the wrong sign: the surface lies after the first centre.",
                lambda values: _changes(values) - (_crossings(values) - _changes(values)),
            ),
            (
                "these are parts of the way; add the position of the centre before.",
                lambda values: _crossings(values) - _changes(values),
            ),
            ("these are the centres before the surface; interpolate between the two.", _changes),
            ("these are the centres after the surface; interpolate between the two.", lambda v: _changes(v) + 1),
            (
                "only ways in are found here; the surface is also where the sign changes from minus to plus.",
                lambda values: _crossings(values)[values[_changes(values)] > 0],
            ),
            (
                "only ways out are found here; the surface is also where the sign changes from plus to minus.",
                lambda values: _crossings(values)[values[_changes(values)] < 0],
            ),
            ("only the first crossing is found here.", lambda values: _crossings(values)[:1]),
        ],
        shapes=[("return the crossings only, not a number for each pair.", lambda values: (len(values) - 1,))],
    )


@exercise(solved="no coarser grid finds all of the boards that often.")
def check_resolution(answer: Callable) -> None:
    """Check ``answer(size, thickness, boards, chance)``, how fine a grid has to be to find thin boards."""
    compare_on(
        [
            {"size": 2.0, "thickness": 0.018, "boards": 1, "chance": 1.0},
            {"size": 2.0, "thickness": 0.018, "boards": 1, "chance": 0.5},
            {"size": 2.0, "thickness": 0.018, "boards": 12, "chance": 0.5},
            {"size": 900.0, "thickness": 7.0, "boards": 5, "chance": 0.9},
        ],
        answer,
        reference=_resolution,
        mistakes=[
            (
                "a grid with this many voxels a side is a little too coarse: round up.",
                lambda size, thickness, boards, chance: int(size / thickness * chance ** (1 / boards)),
            ),
            (
                "a number of voxels is whole: round up.",
                lambda size, thickness, boards, chance: size / thickness * chance ** (1 / boards),
            ),
            (
                "this is right for one board; all of them have to be found.",
                lambda size, thickness, boards, chance: np.ceil(size / thickness * chance),
            ),
            (
                "this finds at least one of the boards that often; all of them have to be found.",
                lambda size, thickness, boards, chance: np.ceil(size / thickness * (1 - (1 - chance) ** (1 / boards))),
            ),
            (
                "the boards are not stacked: each has to be found by itself, and is thin by itself.",
                lambda size, thickness, boards, chance: np.ceil(size / (boards * thickness) * chance),
            ),
            (
                "the chance is left out: a coarser grid finds the boards sometimes.",
                lambda size, thickness, boards, chance: np.ceil(size / thickness),
            ),
            (
                "two voxels a board are not needed: one centre inside is enough.",
                lambda size, thickness, boards, chance: np.ceil(2 * size / thickness * chance ** (1 / boards)),
            ),
            (
                "the probability of all is the product of the probabilities, so the root is taken, not the power.",
                lambda size, thickness, boards, chance: np.ceil(size / thickness * chance**boards),
            ),
            (
                "a higher chance needs a finer grid: multiply by it.",
                lambda size, thickness, boards, chance: np.ceil(size / thickness / chance ** (1 / boards)),
            ),
        ],
    )


@exercise(solved="no board is missed, and few distances were needed.")
def check_hit(answer: Callable) -> None:
    """Check ``answer(distance, origin, direction)``, how far a ray goes until it meets a surface."""
    name = name_of(answer)
    for title, field, origin, direction, expected in _rays():
        asked = 0

        def distance(point: np.ndarray, field: Callable = field) -> float:
            nonlocal asked
            asked += 1
            if asked > 100_000:
                raise NotYet(f"{name} asked for more than 100,000 distances and has not come to an end.")
            point = np.asarray(point, float)
            if point.shape != (3,):
                raise ValueError(f"distance takes one point (3,), not {point.shape}")
            return float(field(point))

        @functools.wraps(answer)
        def along(origin: np.ndarray, direction: np.ndarray, ask: Callable = distance) -> object:
            return answer(ask, origin, direction)

        try:
            result = call(along, origin=origin, direction=direction)
        except NotYet as reason:
            raise reason.error if isinstance(reason.error, NotYet) else reason from None
        what = f"{name}(distance, np.array({origin.tolist()}), np.array({direction.round(3).tolist()}))"
        found = as_numbers(result, what)
        if found.shape == (3,):
            raise NotYet(f"{what} gives a point; how far it is along the ray is expected.")
        if found.shape != ():
            raise NotYet(f"{what} has the shape {found.shape}; one number is expected.")
        _examine_hit(float(found), expected, asked, title, what)


def _examine_hit(found: float, expected: float, asked: int, title: str, what: str) -> None:
    if asked == 0:
        raise NotYet(f"{what} did not ask for a single distance.")
    difference = f"{what} gives {number(found)} for {title}; {number(expected)} is expected."
    if np.isinf(expected):
        if np.isnan(found):
            raise NotYet(f"for a ray that meets nothing, return np.inf.\n{difference}")
        if np.isfinite(found) and found > FAR - 1:
            raise NotYet(f"this is how far the ray was followed; if it has met nothing, return np.inf.\n{difference}")
        if np.isfinite(found):
            raise NotYet(f"the ray passes a surface closely and goes on: stop only where it is reached.\n{difference}")
    elif not abs(found - expected) <= 0.001:
        if np.isinf(found) or found > expected + 0.01:
            raise NotYet(f"the ray went through a surface: no step may be longer than the distance.\n{difference}")
        raise NotYet(f"the ray stops too early: go on until the distance is below 0.001.\n{difference}")
    if asked > MOST:
        remedy = "Where the surface is far away, a step can be long."
        raise NotYet(f"{what} asked for {asked:,} distances; at most {MOST} are allowed. {remedy}")


def _step(points: np.ndarray, values: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return points - values[:, None] * gradients / np.linalg.norm(gradients, axis=1, keepdims=True)


def _random_steps(count: int, seed: int) -> dict:
    random = np.random.default_rng(seed)
    gradients = random.normal(size=(count, 3))
    gradients *= random.uniform(0.8, 1.1, size=(count, 1)) / np.linalg.norm(gradients, axis=1, keepdims=True)
    return {"points": random.normal(size=(count, 3)), "values": random.normal(size=count), "gradients": gradients}


_STEPS = [
    {
        "points": np.array([[3.0, 0.0, 0.0], [0.0, 0.25, 0.0]]),
        "values": np.array([2.0, -0.5]),
        "gradients": np.array([[0.8, 0.0, 0.0], [0.0, 1.25, 0.0]]),
    },
    _random_steps(30, seed=41),
]


def _changes(values: np.ndarray) -> np.ndarray:
    return np.flatnonzero((values[:-1] < 0) != (values[1:] < 0))


def _ratio(values: np.ndarray, formula: Callable) -> np.ndarray:
    first = _changes(values)
    return formula(values[first], values[first + 1])


def _crossings(values: np.ndarray) -> np.ndarray:
    return _changes(values) + _ratio(values, lambda a, b: a / (a - b))


_ROWS = [
    np.array([3.0, 1.0, -3.0, -2.0, 0.5, 2.0, -2.0]),
    np.array([-0.25, 0.75, -0.5, -0.125, 1.0, 3.0, 1.5, -1.0]),
    np.random.default_rng(42).normal(size=60),
    np.array([2.0, 0.5, 0.25, 1.0]),
]


def _resolution(size: float, thickness: float, boards: int, chance: float) -> int:
    return int(np.ceil(size / thickness * chance ** (1 / boards)))


def _box(middle: tuple, half: tuple) -> Callable:
    def field(point: np.ndarray) -> float:
        beyond = np.abs(point - middle) - half
        return float(np.linalg.norm(beyond.clip(0)) + min(beyond.max(), 0))

    return field


def _union(*fields: Callable) -> Callable:
    return lambda point: min(field(point) for field in fields)


def _ball(point: np.ndarray) -> float:
    return float(np.linalg.norm(point - np.array([0.0, 0.0, 4.0]))) - 1


def _rays() -> list[tuple[str, Callable, np.ndarray, np.ndarray, float]]:
    """Return fields, rays, and where they meet a surface."""
    ahead = np.array([0.0, 0.0, 1.0])
    slanted = np.array([0.1, 0.2, 1.0]) / np.sqrt(1.05)
    board = _box((0, 0, 3), (2, 2, 0.002))
    wall = _box((0, 0, 6), (5, 5, 0.5))
    close = np.array([1.02, 0.0, 0.0])  # passes the ball at a distance of 0.02
    return [
        ("a ball ahead", _ball, np.zeros(3), ahead, 3.0),
        ("a thin board before a wall", _union(board, wall), np.zeros(3), ahead, 2.998),
        ("the same, met slantwise", _union(board, wall), np.zeros(3), slanted, 2.998 * np.sqrt(1.05)),
        ("a ray that passes a ball closely, and then meets a wall", _union(_ball, wall), close, ahead, 5.5),
        ("a ray that passes a ball closely, and meets nothing", _ball, close, ahead, np.inf),
        ("a ray that looks away", _ball, np.zeros(3), -ahead, np.inf),
    ]
