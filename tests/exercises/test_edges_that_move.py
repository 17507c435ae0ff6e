"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import edges_that_move as exercises


def rows(x, table, A, B):
    return x @ (A - B) + (x @ B)[table].max(axis=1)


def rows_edge_by_edge(x, table, A, B):
    return [
        np.max([A.T @ x[i] + B.T @ (x[j] - x[i]) for j in neighbours], axis=0) for i, neighbours in enumerate(table)
    ]


def change(A, B, offset):
    return A.T @ offset


def change_by_trying(A, B, offset):
    """Move two points, and look at what becomes of the edge between them."""
    one, other = np.random.default_rng(0).normal(size=(2, 3))
    before = one @ A + (other - one) @ B
    moved, other = one + offset, other + offset
    return moved @ A + (other - moved) @ B - before


def kept(space, features):
    fractions = [
        np.isin([j for j in row if j != i], other).mean()
        for i, (row, other) in enumerate(zip(space, features, strict=True))
    ]
    return np.mean(fractions)


def kept_in_sets(space, features):
    edges = [{(i, j) for i, row in enumerate(table) for j in row if i != j} for table in (space, features)]
    return len(edges[0] & edges[1]) / len(edges[0])


def mirrored(points):
    """Take the magnitudes of the coordinates along the cloud's own axes."""
    around = points - points.mean(axis=0)
    return np.abs(around @ np.linalg.svd(around, full_matrices=False)[2].T)


def by_distances(points):
    """Take the distances to all points of the cloud, in ascending order."""
    return np.sort(np.linalg.norm(points[:, None] - points, axis=2), axis=1)[:, 16::32]


def half_in_space(points):
    return np.concatenate([by_distances(points), 0.2 * points], axis=1)


def jaccard(space, features):
    pairs = [(set(a) - {i}, set(b) - {i}) for i, (a, b) in enumerate(zip(space, features, strict=True))]
    return np.mean([len(a & b) / len(a | b) for a, b in pairs])


def kept_with_itself(space, features):
    return np.mean([np.isin(row, other).mean() for row, other in zip(space, features, strict=True)])


SOLUTIONS = [
    (exercises.check_rows, rows),
    (exercises.check_rows, rows_edge_by_edge),
    (exercises.check_change, change),
    (exercises.check_change, change_by_trying),
    (exercises.check_kept, kept),
    (exercises.check_kept, kept_in_sets),
    (exercises.check_features, mirrored),
    (exercises.check_features, by_distances),
]
MISTAKES = [
    (exercises.check_rows, lambda x, t, A, B: x @ B + (x @ A)[t].max(axis=1), "have changed places"),
    (exercises.check_rows, lambda x, t, A, B: x @ A + (x @ B)[t].max(axis=1), "its matrix is A - B, not A"),
    (exercises.check_rows, lambda x, t, A, B: x @ (B - A) + (x @ B)[t].max(axis=1), "sign of the point's own"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A - B) + x[t].max(axis=1) @ B, "after the product with B"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A - B) + (x @ B)[t].mean(axis=1), "this is the mean"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A - B) + (x @ B)[t].sum(axis=1), "adds the neighbours up"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A + B) + (x @ B)[t].max(axis=1), "A - B, not A + B"),
    (exercises.check_rows, lambda x, t, A, B: (x @ B)[t].max(axis=1), "term of the point itself is missing"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A - B) + (x @ B)[t[:, 1:]].max(axis=1), "left out of its"),
    (exercises.check_rows, lambda x, t, A, B: x @ (A - B) + (x @ B)[t].max(axis=0), "axis 1 over the neighbours"),
    (exercises.check_rows, lambda x, t, A, B: x @ A, "look up the neighbours"),
    (exercises.check_rows, lambda x, t, A, B: (x @ (A - B))[:, None] + (x @ B)[t], "maximum over axis 1"),
    (exercises.check_change, lambda A, B, o: B.T @ o, "both of them move"),
    (exercises.check_change, lambda A, B, o: (A - B).T @ o, "the neighbour moves as well"),
    (exercises.check_change, lambda A, B, o: (A + B).T @ o, "B must not appear"),
    (exercises.check_change, lambda A, B, o: 0 * A[0], "but x_i itself does not"),
    (exercises.check_change, lambda A, B, o: -(A.T @ o), "the sign is reversed"),
    (exercises.check_change, lambda A, B, o: o, "one number for each feature"),
    (exercises.check_kept, kept_with_itself, "counted as its own neighbour"),
    (exercises.check_kept, lambda s, f: kept(s, f) * (s.size - len(s)) / s.size, "not by k"),
    (exercises.check_kept, lambda s, f: (s == f).mean(), "place by place"),
    (exercises.check_kept, lambda s, f: (s == f)[:, 1:].mean(), "place by place"),
    (exercises.check_kept, lambda s, f: np.isin(s[:, 1:], f).mean(), "row by row"),
    (exercises.check_kept, jaccard, "divide by those in space"),
    (exercises.check_kept, lambda s, f: 1 - kept(s, f), "that is lost"),
    (exercises.check_kept, lambda s, f: kept(s, f) * (s.size - len(s)), "this is a number of edges"),
    (exercises.check_kept, lambda s, f: [kept(s, f)] * len(s), "average over the points"),
    (exercises.check_features, lambda p: p, "still nearness in space"),
    (exercises.check_features, lambda p: p[:, 2:], "do not tell legs from the rest"),
    (exercises.check_features, lambda p: p[:, 2], "a row for each of 512 points"),
    (exercises.check_features, lambda p: p * np.nan, "NaN or infinity"),
    (exercises.check_features, half_in_space, "have to reach another leg"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
