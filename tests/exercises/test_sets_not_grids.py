"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import sets_not_grids as exercises


def voxels(areas, normals, side):
    return np.sum(areas[:, None] * np.abs(normals)) * side**2


def voxels_by_corners(areas, normals, side):
    """Take the thickness of the slab from the eight corners of a cube."""
    corners = np.stack(np.meshgrid([-0.5, 0.5], [-0.5, 0.5], [-0.5, 0.5]), axis=-1).reshape(-1, 3) / side
    thickness = 2 * (normals @ corners.T).max(axis=1)
    return (areas * thickness).sum() / (1 / side) ** 3


def twin(points):
    free = ~np.isin(np.arange(len(points)), points.argmax(axis=0))
    other = points.copy()
    other[free] = 0.9 * points[free] + 0.1 * points[free].mean(axis=0)
    return other


def twin_by_pairs(points):
    """Move two inner points towards each other, then the next two."""
    other = points.copy()
    rows = [row for row in range(len(points)) if row not in points.argmax(axis=0)]
    for one, two in zip(rows[::2], rows[1::2], strict=False):
        step = (points[two] - points[one]) / 4
        other[one] += step
        other[two] -= step
    return other


def one_pair(points):
    rows = [row for row in range(len(points)) if row not in points.argmax(axis=0)][:2]
    other = points.copy()
    other[rows] = points[rows].mean(axis=0)
    return other


def around_the_whole(points):
    """Shrink the free points towards the mean of all points instead of their own."""
    free = ~np.isin(np.arange(len(points)), points.argmax(axis=0))
    other = points.copy()
    other[free] = (points[free] + points.mean(axis=0)) / 2
    return other


def two(p1, p2):
    return np.sort(np.roots([1, -p1, (p1**2 - p2) / 2]).real)


def two_by_difference(p1, p2):
    difference = (2 * p2 - p1**2) ** 0.5
    return [(p1 - difference) / 2, (p1 + difference) / 2]


def matrix(kernel, count):
    width, features = kernel.shape
    large = np.zeros((width * count, features * count))
    for n in range(count):
        large[n * width : (n + 1) * width, n * features : (n + 1) * features] = kernel
    return large


def matrix_by_trying(kernel, count):
    """Send one number after the other through the shared layer."""
    return np.array([(one.reshape(count, -1) @ kernel).ravel() for one in np.eye(count * len(kernel))])


SOLUTIONS = [
    (exercises.check_voxels, voxels),
    (exercises.check_voxels, voxels_by_corners),
    (exercises.check_twin, twin),
    (exercises.check_twin, twin_by_pairs),
    (exercises.check_twin, lambda p: twin(p)[::-1]),
    (exercises.check_two, two),
    (exercises.check_two, two_by_difference),
    (exercises.check_matrix, matrix),
    (exercises.check_matrix, matrix_by_trying),
]
MISTAKES = [
    (exercises.check_voxels, lambda a, n, s: a.sum() * s**2, "as if it lay along the grid"),
    (exercises.check_voxels, lambda a, n, s: 3**0.5 * a.sum() * s**2, "as if its normal were a diagonal"),
    (exercises.check_voxels, lambda a, n, s: 1.5 * a.sum() * s**2, "has its own direction"),
    (exercises.check_voxels, lambda a, n, s: (a * n.sum(axis=1)).sum() * s**2, "normals may point backwards"),
    (exercises.check_voxels, lambda a, n, s: np.abs(a @ n).sum() * s**2, "face by face"),
    (exercises.check_voxels, lambda a, n, s: voxels(a, n, s) / 2, "half of its thickness"),
    (exercises.check_voxels, lambda a, n, s: (a * np.abs(n).max(axis=1)).sum() * s**2, "from its best side"),
    (exercises.check_voxels, lambda a, n, s: voxels(a, n, s) * s, "not side**3"),
    (exercises.check_voxels, lambda a, n, s: voxels(a, n, s) / s**3, "this is the share of the grid"),
    (exercises.check_voxels, lambda a, n, s: np.abs(n).sum() * s**2, "the area is missing"),
    (exercises.check_voxels, lambda a, n, s: a * np.abs(n).sum(axis=1) * s**2, "a number for each face"),
    (exercises.check_twin, lambda p: p, "the same points as they are"),
    (exercises.check_twin, lambda p: p[::-1], "that is the same set"),
    (exercises.check_twin, lambda p: np.concatenate([p, p]), "as many points are wanted"),
    (exercises.check_twin, lambda p: -p, "mirrored at the origin"),
    (exercises.check_twin, lambda p: 2 * p.mean(axis=0) - p, "mirrored at its mean"),
    (exercises.check_twin, lambda p: (p + p.mean(axis=0)) / 2, "those with the maxima too"),
    (exercises.check_twin, lambda p: p + 1, "the mean of coordinate 0 is"),
    (exercises.check_twin, lambda p: p * np.nan, "holds NaN"),
    (exercises.check_twin, around_the_whole, "have a mean of their own"),
    (exercises.check_twin, one_pair, "only 2 of 8 points are new"),
    (exercises.check_two, lambda p1, p2: two(p1, p2)[::-1], "the smaller number comes first"),
    (exercises.check_two, lambda p1, p2: p1 / 2 + (p2 / 2) ** 0.5 * np.array([-1, 1]), "away first"),
    (exercises.check_two, lambda p1, p2: p1 / 2 + (2 * p2 - p1**2) ** 0.5 * np.array([-1, 1]), "the whole distance"),
    (exercises.check_two, lambda p1, p2: p1 / 2 + (p2 - p1**2 / 4) ** 0.5 * np.array([-1, 1]), "two squares in p2"),
    (exercises.check_two, lambda p1, p2: (p1 + np.sqrt(p1**2 - 2.0 * p2) * np.array([-1, 1])) / 2, "a negative number"),
    (exercises.check_two, lambda p1, p2: two(p1, p2) + p1 / 2, "around their mean"),
    (exercises.check_two, lambda p1, p2: p1 / 2 + (p2 / 2 - p1**2 / 4) * np.array([-1, 1]), "the variance is here"),
    (exercises.check_two, lambda p1, p2: [p1 / 2, np.ptp(two(p1, p2)) / 2], "mean and standard deviation"),
    (exercises.check_two, lambda p1, p2: p1 / 2, "return two numbers"),
    (exercises.check_matrix, lambda k, n: np.kron(k, np.eye(n)), "became a block here"),
    (exercises.check_matrix, lambda k, n: np.tile(k, (n, n)), "it may reach its own only"),
    (exercises.check_matrix, lambda k, n: matrix(k, n).T, "this is transposed"),
    (exercises.check_matrix, lambda k, n: matrix(k, n) * (np.arange(n * len(k)) < len(k))[:, None], "first point has"),
    (exercises.check_matrix, lambda k, n: np.kron(np.eye(n)[::-1], k), "in the reverse order"),
    (exercises.check_matrix, lambda k, n: np.tile(k, (n, 1)), "not added up"),
    (exercises.check_matrix, lambda k, n: np.tile(k, (1, n)), "the numbers of one point"),
    (exercises.check_matrix, lambda k, n: k, "this is the kernel itself"),
    (exercises.check_matrix, lambda k, n: np.stack([k] * n), "the blocks are stacked here"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
