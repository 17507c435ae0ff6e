"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib import synthesis
from pcfilter_lib.exercises import pictures_of_a_shape as exercises


def depth(direction, centre, radius, sign=-1, missed=np.nan, factor=1.0):
    """By the roots of a polynomial."""
    square = direction @ direction
    roots = np.roots([square, -2 * (direction @ centre), centre @ centre - radius**2])
    if np.abs(roots.imag).max() > 1e-9:
        return missed
    return factor * (np.sort(roots.real)[0] if sign < 0 else np.sort(roots.real)[1])


def test_the_depth_is_what_the_library_draws():
    camera = synthesis.turntable(1, size=16)[0]
    point = np.array([[0.1, -0.2, 0.3]])
    drawn = synthesis.splat(point, [camera], 0.3).depth[0]
    centre = camera.pose[:3, :3] @ point[0] + camera.pose[:3, 3]
    expected = [[depth(direction, centre, 0.3) for direction in row] for row in camera.rays]
    np.testing.assert_allclose(drawn, expected, atol=1e-5)
    assert np.isnan(drawn).any() and np.isfinite(drawn).any()


def credit(features):
    counts = [0] * len(features)
    for column in features.T:
        if column.max() > 0:
            counts[list(column).index(column.max())] += 1
    return counts


def order(seen):
    result, covered = [], set()
    views = [set(np.flatnonzero(view).tolist()) for view in seen]
    for _ in views:
        gains = [len(view - covered) if number not in result else -1 for number, view in enumerate(views)]
        result.append(gains.index(max(gains)))
        covered |= views[result[-1]]
    return result


def widths(silhouettes):
    return silhouettes.mean(axis=2).mean(axis=0)


def crossings(silhouettes):
    return np.abs(np.diff(silhouettes.astype(float), axis=2)).sum(axis=2).mean(axis=0)


SOLUTIONS = [
    (exercises.check_depth, depth),
    (exercises.check_credit, credit),
    (exercises.check_order, order),
    (exercises.check_descriptor, lambda silhouettes: np.concatenate([widths(silhouettes), crossings(silhouettes)])),
]
MISTAKES = [
    (exercises.check_depth, lambda d, c, r: depth(d, c, r, sign=1), "the far side"),
    (exercises.check_depth, lambda d, c, r: (d @ c) / (d @ d), "nearest to the centre"),
    (exercises.check_depth, lambda d, c, r: depth(d, c, r, missed=0), "return NaN"),
    (exercises.check_depth, lambda d, c, r: depth(d, c, r, factor=np.linalg.norm(d)), "the way along the ray"),
    (exercises.check_depth, lambda d, c, r: depth(d, c, r, factor=d @ d), "divide by its square"),
    (exercises.check_credit, lambda x: np.bincount(x.argmax(axis=0), minlength=len(x)), "counts for nobody"),
    (
        exercises.check_credit,
        lambda x: np.bincount(x.argmax(axis=1), minlength=len(x))[: len(x)],
        "the best view of each feature",
    ),
    (exercises.check_credit, lambda x: ((x == x.max(axis=0)) & (x > 0)).sum(axis=1), "the first one counts"),
    (exercises.check_credit, lambda x: x.sum(axis=1), "this adds up values"),
    (exercises.check_order, lambda seen: np.argsort(-seen.sum(axis=1), kind="stable"), "count again"),
    (exercises.check_order, lambda seen: np.argsort(seen.sum(axis=1), kind="stable"), "sees the least"),
    (exercises.check_order, lambda seen: np.argsort(order(seen)), "the places of the views"),
    (exercises.check_descriptor, lambda s: s.mean(axis=(1, 2)), "in another order"),
    (exercises.check_descriptor, lambda s: np.sort(s.mean(axis=(1, 2))), "has the right class for"),
    (exercises.check_descriptor, widths, "has the right class for"),
    (exercises.check_descriptor, lambda s: s.mean(axis=0), "with at most 200"),
    (exercises.check_descriptor, lambda s: [np.nan], "not finite"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_is_that_of_the_check(seed):
    seen = np.random.default_rng(seed).random((7, 40)) < 0.3
    assert exercises._order(seen).tolist() == order(seen)
