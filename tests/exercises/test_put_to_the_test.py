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


def product_vote(p):
    return np.log(p).sum(axis=0).argmax(axis=1)


def product_vote_that_is_scaled_as_it_goes(p):
    product = np.ones(p.shape[1:])
    for view in p:
        product *= view
        product /= product.max(axis=1, keepdims=True)
    return product.argmax(axis=1)


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
    (exercises.check_product_vote, product_vote),
    (exercises.check_product_vote, product_vote_that_is_scaled_as_it_goes),
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
    (exercises.check_product_vote, lambda p: p.prod(axis=0).argmax(axis=1), "Add logarithms"),
    (exercises.check_product_vote, lambda p: p.sum(axis=0).argmax(axis=1), "the mean of the views"),
    (exercises.check_product_vote, lambda p: p.max(axis=0).argmax(axis=1), "most certain view"),
    (exercises.check_product_vote, lambda p: p.min(axis=0).argmax(axis=1), "largest of the smallest"),
    (exercises.check_product_vote, lambda p: p[0].argmax(axis=1), "first view alone"),
    (
        exercises.check_product_vote,
        lambda p: np.array([np.bincount(shape).argmax() for shape in p.argmax(axis=2).T]),
        "however certain",
    ),
    (exercises.check_product_vote, lambda p: (-np.log(p).sum(axis=0)).argmax(axis=1), "smallest product"),
    (exercises.check_product_vote, lambda p: np.log(1 - p).sum(axis=0).argmax(axis=1), "asked for nowhere"),
    (exercises.check_product_vote, lambda p: p.argmax(axis=2), "each view and shape"),
    (exercises.check_product_vote, lambda p: np.log(p).sum(axis=0), "for each of its classes"),
    (exercises.check_product_vote, lambda p: np.log(p).sum(axis=(1, 2)), "one for each view."),
    (exercises.check_product_vote, lambda p: np.log(p).sum(axis=1).argmax(axis=0), "the first axis is the views"),
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
