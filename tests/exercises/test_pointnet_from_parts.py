"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import pointnet_from_parts as exercises


def learners(z):
    alive = z.max(axis=0) > 0
    return len(np.unique(z.argmax(axis=0)[alive]))


def learners_by_moving_each_value(z):
    """Move each value a little, and see whether the sum of the features moves."""
    found = set()
    for index in np.ndindex(z.shape):
        moved = z.copy()
        moved[index] += 1e-9
        sums = [np.maximum(0, each).max(axis=0).sum() for each in (moved, z)]
        if sums[0] - sums[1] > 1e-10:
            found.add(index[0])
    return len(found)


def late_abs(high, low, a, b):
    return np.maximum(np.abs(a * high + b), np.abs(a * low + b))


def late_abs_by_the_middle(high, low, a, b):
    """Half the width of the range, and how far its middle is from zero."""
    return np.abs(a) * (high - low) / 2 + np.abs(a * (high + low) / 2 + b)


def nearest(matrix):
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def nearest_by_newton(matrix):
    """Average the matrix and the transposed of its inverse, again and again."""
    for _ in range(60):
        matrix = (matrix + np.linalg.inv(matrix).T) / 2
    return matrix


def turned_only(left, _, right):
    """The nearest rotation, without reflections."""
    sign = np.ones(len(left))
    sign[-1] = np.linalg.det(left) * np.linalg.det(right)
    return left @ np.diag(sign) @ right


SOLUTIONS = [
    (exercises.check_learners, learners),
    (exercises.check_learners, learners_by_moving_each_value),
    (exercises.check_late_abs, late_abs),
    (exercises.check_late_abs, late_abs_by_the_middle),
    (exercises.check_nearest, nearest),
    (exercises.check_nearest, nearest_by_newton),
]
MISTAKES = [
    (exercises.check_learners, lambda z: len(set(z.argmax(axis=0))), "its ReLU is closed"),
    (exercises.check_learners, lambda z: (z.max(axis=0) > 0).sum(), "a point that wins several is one point"),
    (exercises.check_learners, lambda z: z.shape[1], "this is the number of features"),
    (exercises.check_learners, lambda z: len(z), "this is the number of points"),
    (exercises.check_learners, lambda z: (z.max(axis=1) > 0).sum(), "go down the columns"),
    (exercises.check_learners, lambda z: (z > 0).sum(), "the values that get through ReLU"),
    (exercises.check_learners, lambda z: learners(z.T), "columns"),
    (exercises.check_learners, lambda z: np.unique(z.argmax(axis=0)[z.max(axis=0) > 0]), "not which"),
    (exercises.check_learners, lambda z: z.max(axis=1) > 0, "not a mark for each"),
    (exercises.check_learners, lambda z: 10 + learners(z), "gives 11; 1 is expected"),
    (exercises.check_late_abs, lambda h, w, a, b: np.abs(a * h + b), "only the largest z is used"),
    (exercises.check_late_abs, lambda h, w, a, b: np.abs(a * w + b), "only the smallest z is used"),
    (exercises.check_late_abs, lambda h, w, a, b: np.abs(a * np.where(a > 0, h, w) + b), "as for ReLU"),
    (exercises.check_late_abs, lambda h, w, a, b: np.maximum(a * h + b, a * w + b), "the absolute value is missing"),
    (exercises.check_late_abs, lambda h, w, a, b: np.abs(a * np.maximum(abs(h), abs(w)) + b), "is taken first here"),
    (exercises.check_late_abs, lambda h, w, a, b: np.maximum(abs(a * h), abs(a * w)) + b, "it belongs inside"),
    (
        exercises.check_late_abs,
        lambda h, w, a, b: abs(a) * np.maximum(abs(h), abs(w)) + abs(b),
        "a bound that may not be reached",
    ),
    (exercises.check_late_abs, lambda h, w, a, b: abs(a * np.where(abs(h) > abs(w), h, w) + b), "farther from zero"),
    (
        exercises.check_late_abs,
        lambda h, w, a, b: np.maximum(0, a * np.where(a > 0, h, w) + b),
        "this is what ReLU gives",
    ),
    (exercises.check_late_abs, lambda h, w, a, b: late_abs(h, w, a, b).max(), "this is a single number"),
    (exercises.check_late_abs, lambda h, w, a, b: [abs(a * h + b), abs(a * w + b)], "these are both ends"),
    (
        exercises.check_late_abs,
        lambda h, w, a, b: np.minimum(abs(a * h + b), abs(a * w + b)),
        "the smaller of the two ends",
    ),
    (exercises.check_nearest, lambda m: np.linalg.svd(m)[0] @ np.linalg.svd(m)[2].T, "it is transposed once more"),
    (exercises.check_nearest, lambda m: nearest(m).T, "which turns the other way"),
    (exercises.check_nearest, lambda m: np.linalg.svd(m)[0], "this is U alone"),
    (exercises.check_nearest, lambda m: np.linalg.svd(m)[2], "this is V (transposed) alone"),
    (exercises.check_nearest, lambda m: np.linalg.svd(m)[2] @ np.linalg.svd(m)[0], "in the other order"),
    (exercises.check_nearest, lambda m: m / np.linalg.norm(m, axis=0), "the columns have length 1"),
    (exercises.check_nearest, lambda m: m / np.linalg.norm(m, axis=1)[:, None], "the rows have length 1"),
    (exercises.check_nearest, lambda m: m / np.linalg.svd(m)[1].max(), "divides by the largest singular value"),
    (exercises.check_nearest, lambda m: m / np.linalg.det(m) ** (1 / 3), "this makes the determinant 1"),
    (exercises.check_nearest, lambda m: np.linalg.qr(m)[0], "from the QR decomposition"),
    (exercises.check_nearest, lambda m: turned_only(*np.linalg.svd(m)), "this is a rotation"),
    (exercises.check_nearest, lambda m: m / np.linalg.norm(m), "divided by one number"),
    (exercises.check_nearest, lambda m: m * (len(m) / (m**2).sum()) ** 0.5, "divided by one number"),
    (exercises.check_nearest, lambda m: m, "this is the matrix itself"),
    (exercises.check_nearest, lambda m: np.eye(len(m)), "the identity is orthogonal"),
    (exercises.check_nearest, lambda m: np.linalg.svd(m)[1], "these are three singular values"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
