"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import put_to_the_test as exercises


def shapes(share, error):
    return math.ceil(round(share * (1 - share) / error**2, 9))


def shapes_by_counting(share, error):
    """Add shapes until the standard error is small enough."""
    n = 1
    while math.sqrt(share * (1 - share) / n) > error * (1 + 1e-12):
        n += 1
    return n


def surest(p):
    return p.max(axis=0).argmax(axis=1)


def surest_view_by_view(p):
    best = p.max(axis=2).argmax(axis=0)
    return np.array([p[view, shape].argmax() for shape, view in enumerate(best)])


def surest_of_all(p):
    return p.transpose(1, 0, 2).reshape(p.shape[1], -1).argmax(axis=1) % p.shape[2]


def far(cloud, factor, middle=np.median, typical=np.median):
    distances = np.linalg.norm(cloud - middle(cloud, axis=0), axis=1)
    return distances > factor * typical(distances)


def put(cloud, gone, by):
    return np.where(gone[:, None], by, cloud)


def without_strays(cloud, factor):
    gone = far(cloud, factor)
    return put(cloud, gone, cloud[~gone][0])


def without_strays_in_a_loop(cloud, factor):
    gone = far(cloud, factor)
    first = next(point for point, stray in zip(cloud, gone, strict=True) if not stray)
    return np.array([first if stray else point for point, stray in zip(cloud, gone, strict=True)])


def kept_first(cloud, factor):
    kept = cloud[~far(cloud, factor)]
    return np.concatenate([kept, np.repeat(kept[:1], len(cloud) - len(kept), axis=0)])


SOLUTIONS = [
    (exercises.check_shapes_needed, shapes),
    (exercises.check_shapes_needed, shapes_by_counting),
    (exercises.check_surest, surest),
    (exercises.check_surest, surest_view_by_view),
    (exercises.check_surest, surest_of_all),
    (exercises.check_without_strays, without_strays),
    (exercises.check_without_strays, without_strays_in_a_loop),
]
MISTAKES = [
    (exercises.check_shapes_needed, lambda p, e: math.ceil(round(p * (1 - p) / e, 9)), "without its square"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(p / e**2), "both shares stand"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(round(p * p / e**2, 9)), "p squared"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(math.sqrt(p * (1 - p)) / e), "square it, too"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(4 * p * (1 - p) / e**2), "not twice"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(0.25 / e**2), "one half"),
    (exercises.check_shapes_needed, lambda p, e: int(p * (1 - p) / e**2), "round up"),
    (exercises.check_shapes_needed, lambda p, e: int(round(p * (1 - p) / e**2, 9)) + 1, "one too many"),
    (exercises.check_shapes_needed, lambda p, e: math.ceil(p * (1 - p) / e**2), "nine digits"),
    (exercises.check_shapes_needed, lambda p, e: p * (1 - p) / e**2, "whole number"),
    (exercises.check_surest, lambda p: p.mean(axis=0).argmax(axis=1), "the other way to vote"),
    (exercises.check_surest, lambda p: p[0].argmax(axis=1), "first view alone"),
    (exercises.check_surest, lambda p: p.max(axis=2).argmax(axis=0), "what does it say"),
    (
        exercises.check_surest,
        lambda p: np.array([np.bincount(shape).argmax() for shape in p.argmax(axis=2).T]),
        "however uncertain",
    ),
    (
        exercises.check_surest,
        lambda p: p.transpose(1, 0, 2).reshape(p.shape[1], -1).argmax(axis=1),
        "take the class out of it",
    ),
    (
        exercises.check_surest,
        lambda p: p.transpose(1, 0, 2).reshape(p.shape[1], -1).argmax(axis=1) % len(p),
        "the number of classes",
    ),
    (exercises.check_surest, lambda p: p.reshape(p.shape[1], -1).argmax(axis=1) % p.shape[2], "mixes the shapes"),
    (
        exercises.check_surest,
        lambda p: p[p.max(axis=2).argmin(axis=0), np.arange(p.shape[1])].argmax(axis=1),
        "least certain",
    ),
    (exercises.check_surest, lambda p: p.min(axis=0).argmax(axis=1), "smallest probability"),
    (exercises.check_surest, lambda p: p.argmax(axis=2), "not one for each view"),
    (exercises.check_surest, lambda p: p.max(axis=0), "not its probabilities"),
    (exercises.check_surest, lambda p: p.max(axis=(1, 2)), "one for each view"),
    (
        exercises.check_without_strays,
        lambda c, f: put(c, far(c, f, middle=np.mean), c[~far(c, f, middle=np.mean)][0]),
        "draws it towards it",
    ),
    (
        exercises.check_without_strays,
        lambda c, f: put(c, far(c, f, typical=np.mean), c[~far(c, f, typical=np.mean)][0]),
        "it looks less far",
    ),
    (
        exercises.check_without_strays,
        lambda c, f: put(c, far(c, f, lambda c, axis: np.zeros(3)), c[~far(c, f, lambda c, axis: np.zeros(3))][0]),
        "not the origin",
    ),
    (exercises.check_without_strays, lambda c, f: put(c, far(c, f), c[0]), "the first that is none"),
    (exercises.check_without_strays, lambda c, f: put(c, ~far(c, f), c[0]), "all others"),
    (
        exercises.check_without_strays,
        lambda c, f: without_strays(c, f / np.median(np.linalg.norm(c - np.median(c, axis=0), axis=1))),
        "in units of the median",
    ),
    (exercises.check_without_strays, lambda c, f: put(c, far(c, f), np.median(c, axis=0)), "became the middle"),
    (exercises.check_without_strays, lambda c, f: put(c, far(c, f), 0), "were set to 0"),
    (exercises.check_without_strays, kept_first, "moved to the front"),
    (exercises.check_without_strays, lambda c, f: c.copy(), "nothing was replaced"),
    (exercises.check_without_strays, lambda c, f: c[~far(c, f)], "do not leave them out"),
    (exercises.check_without_strays, lambda c, f: far(c, f), "not which points"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
