"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib.exercises import shadows as exercises

pytest.importorskip("open3d")


def iou(size, shift):
    grids = np.zeros((2, 60, 60, 60), bool)
    for grid, at in zip(grids, ((20, 20, 20), np.add(20, shift)), strict=True):
        grid[tuple(slice(a, a + n) for a, n in zip(at, size, strict=True))] = True
    return (grids[0] & grids[1]).sum() / (grids[0] | grids[1]).sum()


def hull(front, side, top):
    found = np.zeros((len(front), len(side), front.shape[1]), bool)
    for x, y, z in np.ndindex(*found.shape):
        found[x, y, z] = front[x, z] and side[y, z] and top[x, y]
    return found


def expected(probability, threshold):
    inside = [p for p in probability if p >= threshold]
    return sum(inside) / (len(inside) + sum(p for p in probability if p < threshold))


def unclipped(size, shift):
    both = np.prod([n - abs(s) for n, s in zip(size, shift, strict=True)])
    return both / (2 * np.prod(size) - both)


def signed(size, shift):
    both = np.prod([max(n - s, 0) for n, s in zip(size, shift, strict=True)])
    return both / (2 * np.prod(size) - both)


SOLUTIONS = [
    (exercises.check_iou, iou),
    (exercises.check_hull, hull),
    (exercises.check_expected, expected),
    (exercises.check_views, lambda: [(0, 0), (90, 0), (0, 85)]),
    (exercises.check_views, lambda: np.array([[180, 0], [-90, 0], [45, 60]])),
]
MISTAKES = [
    (exercises.check_iou, lambda a, b: 1 / (1 + 1 / iou(a, b)) if iou(a, b) else 0.0, "count once"),
    (exercises.check_iou, unclipped, "no voxel in common"),
    (exercises.check_iou, signed, "may be negative"),
    (exercises.check_iou, lambda a, b: 2 * iou(a, b) / (1 + iou(a, b)), "not by one of the boxes"),
    (exercises.check_hull, lambda f, s, t: f[:, None] | s[None] | t[:, :, None], "not in any"),
    (exercises.check_hull, lambda f, s, t: hull(f, np.ones_like(s), t), "all x"),
    (exercises.check_hull, lambda f, s, t: hull(f, s, np.ones_like(t)), "all z"),
    (exercises.check_hull, lambda f, s, t: hull(np.ones_like(f), s, t), "all y"),
    (exercises.check_hull, lambda f, s, t: hull(f, s, t).transpose(2, 1, 0), "return (X, Y, Z)"),
    (exercises.check_expected, lambda p, t: expected(p, np.nextafter(t, 1)), "is the threshold is occupied"),
    (exercises.check_expected, lambda p, t: p[p >= t].mean(), "belongs to the union"),
    (exercises.check_expected, lambda p, t: p[p >= t].sum() / p.sum(), "counts whole"),
    (exercises.check_views, lambda: [(0, 20), (120, 20), (240, 20)], "at least 0.41"),
    (exercises.check_views, lambda: [0, 90, 180], "azimuth and elevation"),
    (exercises.check_views, lambda: [(0, 0), (90, 0), (0, 90)], "elevations from"),
]
test_solutions, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_usual_views_are_as_good_as_the_message_says():
    assert exercises._mean_iou(((0.0, 20.0), (120.0, 20.0), (240.0, 20.0))) == pytest.approx(exercises.USUAL, abs=5e-3)
