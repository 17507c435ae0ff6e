"""The right answers pass; each known mistake is met with its own explanation."""

import cmath
import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import how_a_scanner_fails as exercises


def worst_error(ratio, period, angle=math.asin, beyond=0.5, turn=2 * math.pi):
    return beyond * period if ratio > 1 else period * angle(ratio) / turn


def worst_by_trying(ratio, period):
    turns = np.linspace(0, 2 * np.pi, 400_001)
    return period / (2 * np.pi) * max(abs(cmath.phase(z)) for z in 1 + ratio * np.exp(1j * turns[::20]))


def ghost(x, z, mirror, baseline):
    seen, lit = np.array([2 * mirror - x, z]), np.array([x - baseline, z])
    t, _ = np.linalg.solve(np.column_stack([seen, -lit]), [baseline, 0])
    return t * seen


def ghost_by_slopes(x, z, mirror, baseline):
    """Each line as x = start + slope z."""
    depth = baseline / ((2 * mirror - x) / z - (x - baseline) / z)
    return [(2 * mirror - x) / z * depth, depth]


def meet(seen, start, lit):
    """Where the camera's line through `seen` meets the line from (start, 0) along `lit`."""
    t, _ = np.linalg.solve(np.column_stack([seen, -np.array(lit)]), [start, 0])
    return t * np.array(seen)


def swapped_ghost(x, z, mirror, baseline):
    return ghost(2 * mirror - x, z, mirror, baseline)


def causes(depths, truth, tolerance, wrong=lambda error, tolerance: np.abs(error) > tolerance, order=(1, 2, 3)):
    result = []
    for point in range(len(truth)):
        bad = [bool(wrong(run[point] - truth[point], tolerance[point])) for run in depths]
        gone = [number for number in order if not bad[number]]
        result.append(0 if not bad[0] else gone[0] if gone else 4)
    return np.array(result)


def causes_by_select(depths, truth, tolerance):
    everything, no_gloss, no_bounce, neither = np.abs(depths - truth) > tolerance
    return np.select([~everything, ~no_gloss, ~no_bounce, ~neither], [0, 1, 2, 3], default=4)


def without_the_first_question(depths, truth, tolerance):
    fine = ~(np.abs(depths - truth) > tolerance)
    return np.select([fine[1], fine[2], fine[3]], [1, 2, 3], default=4)


def none_gone_by_a_hole(depths, truth, tolerance, runs=slice(1, None)):
    wrong = np.abs(depths - truth) > tolerance
    wrong[runs] |= np.isnan(depths[runs])
    return np.select(list(~wrong), [0, 1, 2, 3], default=4)


def first_gone(depths, truth, tolerance):
    """The first run without an artefact, by argmin, which says 1 where there is none."""
    wrong = np.abs(depths - truth) > tolerance
    return np.where(wrong[0], 1 + np.argmin(wrong[1:], axis=0), 0)


def by_change(depths, truth, tolerance):
    changed = ~(np.abs(depths - depths[0]) <= tolerance)
    right = ~(np.abs(depths[0] - truth) > tolerance)
    return np.select([right, changed[1], changed[2], changed[3]], [0, 1, 2, 3], default=4)


def labels(depth, true_depth, rays, normals, tolerance, distance=None, low=1 / 1.5, high=1.5, missing=255):
    result = np.empty(len(depth), int)
    for i in range(len(depth)):
        measured, true = depth[i] * rays[i], true_depth[i] * rays[i]
        far = distance(measured - true, normals[i]) if distance else abs(measured @ normals[i] - true @ normals[i])
        result[i] = 1 if far <= tolerance[i] else 0
        if low * tolerance[i] < far < high * tolerance[i]:
            result[i] = 255
        if np.isnan(depth[i]):
            result[i] = missing
    return result


def labels_at_once(depth, true_depth, rays, normals, tolerance):
    distance = np.abs(((depth - true_depth)[:, None] * rays * normals).sum(axis=1))
    label = np.where(distance > tolerance, 0, 1).astype(np.uint8)
    label[np.isnan(depth) | ((distance > tolerance / 1.5) & (distance < tolerance * 1.5))] = 255
    return label


def unit_rays(depth, true_depth, rays, *rest):
    return labels(depth, true_depth, rays / np.linalg.norm(rays, axis=1)[:, None], *rest)


def over_the_cosine(depth, true_depth, rays, normals, tolerance):
    far = np.abs((depth - true_depth) / (rays * normals).sum(axis=1))
    label = np.where(far > tolerance, 0, 1)
    label[np.isnan(depth) | ((far > tolerance / 1.5) & (far < tolerance * 1.5))] = 255
    return label


SOLUTIONS = [
    (exercises.check_worst_error, worst_error),
    (exercises.check_worst_error, worst_by_trying),
    (exercises.check_ghost, ghost),
    (exercises.check_ghost, ghost_by_slopes),
    (exercises.check_causes, causes),
    (exercises.check_causes, causes_by_select),
    (exercises.check_labels, labels),
    (exercises.check_labels, labels_at_once),
]
NO_IMAGE = "as far beyond the line x = m as x before it"
MISTAKES = [
    (exercises.check_worst_error, lambda *i: worst_error(*i, angle=math.atan), "stands at a right angle to the first"),
    (exercises.check_worst_error, lambda *i: worst_error(*i, angle=float), "short second arrows only"),
    (exercises.check_worst_error, lambda r, p: worst_error(r, 2 * math.pi), "the angle in radians"),
    (exercises.check_worst_error, lambda r, p: worst_error(r, 360), "the angle in degrees"),
    (exercises.check_worst_error, lambda r, p: worst_error(r, 1), "a share of a turn"),
    (exercises.check_worst_error, lambda *i: worst_error(*i, turn=math.pi), "a whole turn is 2 pi, not pi"),
    (exercises.check_worst_error, lambda r, p: p / 2 / np.pi * np.arcsin(r), "has no arcsine"),
    (exercises.check_worst_error, lambda *i: worst_error(*i, beyond=0.25), "can even point backwards"),
    (exercises.check_worst_error, lambda *i: worst_error(*i, beyond=1), "not a whole one"),
    (exercises.check_worst_error, lambda *i: worst_error(*i) + 1, "gives 2.63866; 1.63866 is expected"),
    (exercises.check_ghost, swapped_ghost, "this is the chapter's kind of ghost"),
    (exercises.check_ghost, lambda x, z, m, b: [2 * m - x, z], "this is the mirror image"),
    (exercises.check_ghost, lambda x, z, m, b: [x, z], "this is the real point"),
    (exercises.check_ghost, lambda *i: ghost(*i)[::-1], "x and z are in the other order"),
    (exercises.check_ghost, lambda x, z, m, b: ghost(x, z, 0, b), NO_IMAGE),
    (exercises.check_ghost, lambda x, z, m, b: ghost(x, z, m / 2, b), NO_IMAGE),
    (exercises.check_ghost, lambda x, z, m, b: swapped_ghost(x, z, m, b) * 0 + [m, z * m / (2 * m - x)], "stops where"),
    (exercises.check_ghost, lambda x, z, m, b: np.array([2 * m - x, z]) * b / (b - 2 * m + 2 * x), "on the left of"),
    (exercises.check_ghost, lambda x, z, m, b: meet([2 * m - x, z], b, [x, z]), "the point less this start"),
    (exercises.check_ghost, lambda x, z, m, b: meet([2 * m - x, z], 2 * m - b, [x - 2 * m + b, z]), "only the camera"),
    (exercises.check_ghost, lambda *i: ghost(*i)[1], "this is one number; return x and z"),
    (exercises.check_ghost, lambda *i: ghost(*i) + 1, "is expected"),
    (exercises.check_causes, lambda *i: causes(*i, wrong=lambda e, t: not abs(e) <= t), "a NaN counts as one"),
    (exercises.check_causes, lambda *i: causes(*i, order=(2, 1, 3)), "glossy light comes first"),
    (exercises.check_causes, lambda *i: causes(*i, wrong=lambda e, t: e > t), "take the absolute value"),
    (exercises.check_causes, without_the_first_question, "they get 0"),
    (exercises.check_causes, by_change, "compare with the truth"),
    (exercises.check_causes, lambda *i: causes(*i, order=(3, 2, 1)), "the last question to hold counts here"),
    (exercises.check_causes, none_gone_by_a_hole, "an artefact is gone, too"),
    (exercises.check_causes, lambda *i: none_gone_by_a_hole(*i, runs=0), "with all light there is no artefact: 0"),
    (exercises.check_causes, lambda d, t, tolerance: causes(d, t, np.full(len(t), 0.001)), "each has its own"),
    (exercises.check_causes, first_gone, "still wrong with both taken away gets 4"),
    (exercises.check_causes, lambda *i: np.minimum(causes(*i), 3), "still wrong with both taken away gets 4"),
    (exercises.check_causes, lambda depths, *i: np.zeros(depths.shape), "not for each run"),
    (exercises.check_causes, lambda *i: causes(*i) + 1, "is expected"),
    (exercises.check_labels, lambda *i: labels(*i, distance=lambda v, n: abs(v[2])), "this is the error of the depth"),
    (
        exercises.check_labels,
        lambda *i: labels(*i, distance=lambda v, n: np.linalg.norm(v)),
        "this is the error along the ray",
    ),
    (exercises.check_labels, over_the_cosine, "divides by the dot product"),
    (exercises.check_labels, unit_rays, "do not divide the ray by its length"),
    (exercises.check_labels, lambda *i: labels(*i, distance=lambda v, n: v @ n), "on the far side of the plane"),
    (exercises.check_labels, lambda *i: labels(*i, distance=lambda v, n: abs(v[2] * n[2])), "only the normal's z"),
    (exercises.check_labels, lambda *i: labels(*i, low=1, high=1), "borderline points get 255"),
    (exercises.check_labels, lambda *i: labels(*i, low=0.5), "not from a half"),
    (exercises.check_labels, lambda *i: labels(*i, low=1), "the band begins below the tolerance"),
    (exercises.check_labels, lambda *i: labels(*i, high=1), "the band ends beyond the tolerance"),
    (exercises.check_labels, lambda *i: labels(*i[:4], np.full(len(i[4]), 0.001)), "each has its own"),
    (exercises.check_labels, lambda *i: labels(*i, missing=0), "where nothing is measured the label is 255"),
    (exercises.check_labels, lambda *i: labels(*i, missing=1), "where nothing is measured the label is 255"),
    (exercises.check_labels, lambda *i: np.array([1, 0, 255])[np.minimum(labels(*i), 2)], "0 and 1 are swapped"),
    (exercises.check_labels, lambda d, t, rays, *i: np.ones_like(rays), "one label for each pixel"),
    (exercises.check_labels, lambda *i: labels(*i) + 1, "is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_labels_stay_clear_of_their_borders():
    """A rounding error must not decide whether an answer is right."""
    for inputs in exercises._PLANES:
        offset = (inputs["depth"] - inputs["true_depth"])[:, None] * inputs["rays"]
        ratio = np.abs((offset * inputs["normals"]).sum(axis=1)) / inputs["tolerance"]
        for border in (1 / 1.5, 1, 1.5):
            assert np.nanmin(np.abs(ratio - border)) > 0.05
