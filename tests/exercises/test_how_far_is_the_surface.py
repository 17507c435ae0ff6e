"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import how_far_is_the_surface as exercises


def unit(gradients):
    return gradients / np.sqrt((gradients**2).sum(axis=1))[:, None]


def step(points, values, gradients):
    return points - values[:, None] * unit(gradients)


def step_one_by_one(points, values, gradients):
    return [p - v * g / math.hypot(*g) for p, v, g in zip(points, values, gradients, strict=True)]


def changes(values):
    return np.flatnonzero(np.diff(np.sign(values)))


def crossings(values):
    first = changes(values)
    near, far = np.abs(values[first]), np.abs(values[first + 1])
    return first + near / (near + far)


def crossings_by_interp(values):
    """Turn each pair so that its values rise, and let NumPy interpolate."""
    found = []
    for first in changes(values):
        pair = sorted([(values[first], first), (values[first + 1], first + 1)])
        found.append(np.interp(0, [pair[0][0], pair[1][0]], [pair[0][1], pair[1][1]]))
    return np.array(found)


def other_ratio(values, formula):
    first = changes(values)
    return first + formula(values[first], values[first + 1])


def resolution(size, thickness, boards, chance):
    side = 1
    while min(side * thickness / size, 1) ** boards < chance:
        side += 1
    return side


def side(size, thickness, boards, chance):
    return size / thickness * chance ** (1 / boards)


def hit(distance, origin, direction):
    travelled, near = 0.0, distance(origin)
    while near > 2e-4:
        travelled += near
        if travelled > 10:
            return float("inf")
        near = distance(origin + travelled * direction)
    return travelled


def hit_more_boldly(distance, origin, direction):
    """Take longer steps, and go back where the two balls do not touch."""
    travelled, radius = 0.0, distance(origin)
    step = radius
    while travelled < 10:
        ahead = distance(origin + (travelled + step) * direction)
        if ahead + radius < step:
            step = radius
            continue
        travelled, radius = travelled + step, ahead
        if radius < 1e-4:
            return np.float32(travelled)
        step = radius * (1 if radius < 0.1 else 1.3)
    return np.inf


def hit_in_steps(size, most=10):
    def my_hit(distance, origin, direction):
        for travelled in np.arange(0, most, size):
            if distance(origin + travelled * direction) < 1.5 * size:
                return travelled
        return np.inf

    return my_hit


def hit_loosely(distance, origin, direction):
    travelled = 0.0
    while travelled < 10:
        near = distance(origin + travelled * direction)
        if near < 0.03:
            return travelled
        travelled += near
    return np.inf


def hit_too_boldly(distance, origin, direction):
    travelled = 0.0
    while travelled < 10:
        near = distance(origin + travelled * direction)
        if near < 1e-4:
            return travelled
        travelled += 1.5 * near
    return np.inf


def hit_without_inf(value):
    def my_hit(distance, origin, direction):
        found = hit(distance, origin, direction)
        return found if np.isfinite(found) else value

    return my_hit


def hit_forever(distance, origin, direction):
    while True:
        distance(origin)


SOLUTIONS = [
    (exercises.check_step, step),
    (exercises.check_step, step_one_by_one),
    (exercises.check_crossings, crossings),
    (exercises.check_crossings, crossings_by_interp),
    (exercises.check_resolution, resolution),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(side(s, t, n, p))),
    (exercises.check_hit, hit),
    (exercises.check_hit, hit_more_boldly),
]
MISTAKES = [
    (exercises.check_step, lambda p, v, g: p + v[:, None] * unit(g), "walk against it"),
    (exercises.check_step, lambda p, v, g: p - v[:, None] * g, "divide each gradient by its own length"),
    (exercises.check_step, lambda p, v, g: p + v[:, None] * g, "by its length times the distance"),
    (exercises.check_step, lambda p, v, g: p - abs(v)[:, None] * unit(g), "leave its sign as it is"),
    (exercises.check_step, lambda p, v, g: p - v[:, None] * g / np.linalg.norm(g), "divided by one number"),
    (exercises.check_step, lambda p, v, g: p - v[:, None] * g / np.linalg.norm(g, axis=0), "axis=1"),
    (exercises.check_step, lambda p, v, g: p - unit(g), "this one has the length 1"),
    (exercises.check_step, lambda p, v, g: -v[:, None] * unit(g), "the point and the step together"),
    (exercises.check_step, lambda p, v, g: v[:, None] * unit(g), "the point minus this"),
    (exercises.check_step, lambda p, v, g: np.linalg.norm(step(p, v, g), axis=1), "not a number"),
    (exercises.check_crossings, lambda v: changes(v) + 0.5, "all that bits know"),
    (exercises.check_crossings, lambda v: other_ratio(v, lambda a, b: b / (b - a)), "the nearer centre"),
    (exercises.check_crossings, lambda v: other_ratio(v, lambda a, b: a / (a + b)), "the difference of the two values"),
    (exercises.check_crossings, lambda v: other_ratio(v, lambda a, b: a / (b - a)), "has the wrong sign"),
    (exercises.check_crossings, lambda v: crossings(v) % 1, "add the position of the centre before"),
    (exercises.check_crossings, changes, "the centres before the surface"),
    (exercises.check_crossings, lambda v: changes(v) + 1, "the centres after the surface"),
    (exercises.check_crossings, lambda v: crossings(v)[::2] if v[0] > 0 else crossings(v)[1::2], "only ways in"),
    (exercises.check_crossings, lambda v: crossings(v)[1::2] if v[0] > 0 else crossings(v)[::2], "only ways out"),
    (exercises.check_crossings, lambda v: crossings(v)[:1], "only the first crossing"),
    (exercises.check_crossings, lambda v: v[:-1] / (v[:-1] - v[1:]), "not a number for each pair"),
    (exercises.check_resolution, lambda s, t, n, p: int(side(s, t, n, p)), "a little too coarse"),
    (exercises.check_resolution, side, "a number of voxels is whole"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / t * p), "right for one board"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / t * (1 - (1 - p) ** (1 / n))), "at least one of"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / (n * t) * p), "not stacked"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / t), "the chance is left out"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(2 * side(s, t, n, p)), "one centre inside is enough"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / t * p**n), "not the power"),
    (exercises.check_resolution, lambda s, t, n, p: math.ceil(s / t / p ** (1 / n)), "multiply by it"),
    (exercises.check_hit, hit_in_steps(0.05), "the ray stops too early"),
    (exercises.check_hit, hit_in_steps(0.0005), "at most 150 are allowed"),
    (exercises.check_hit, hit_loosely, "the ray stops too early"),
    (exercises.check_hit, hit_too_boldly, "the ray went through a surface"),
    (exercises.check_hit, hit_without_inf(np.nan), "return np.inf"),
    (exercises.check_hit, hit_without_inf(10.0), "how far the ray was followed"),
    (exercises.check_hit, hit_without_inf(4.0), "passes a surface closely and goes on"),
    (exercises.check_hit, hit_forever, "has not come to an end"),
    (exercises.check_hit, lambda d, o, v: o + hit(d, o, v) * v, "gives a point"),
    (exercises.check_hit, lambda d, o, v: [hit(d, o, v)], "one number is expected"),
    (exercises.check_hit, lambda d, o, v: 3.0, "did not ask for a single distance"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
