"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib import data, geometry
from pcfilter_lib.exercises import skin as exercises


def stiffness(corners):
    return geometry.cotangent_laplacian(data.Mesh(corners, [[0, 1, 2]])).stiffness.toarray()


def angles(corners):
    sides = [corners[(k + 2) % 3] - corners[(k + 1) % 3] for k in range(3)]
    lengths = [np.linalg.norm(side) for side in sides]
    return np.array(
        [
            np.arccos(-sides[(k + 1) % 3] @ sides[(k + 2) % 3] / lengths[(k + 1) % 3] / lengths[(k + 2) % 3])
            for k in range(3)
        ]
    )


def weighted(weigh, sides=((1, 2), (2, 0), (0, 1))):
    def answer(corners):
        matrix = np.zeros((3, 3))
        for angle, (i, j) in zip(angles(corners), sides, strict=True):
            weight = weigh(angle) / 2
            matrix[[i, j], [j, i]] -= weight
            matrix[[i, j], [i, j]] += weight
        return matrix

    return answer


def cotangent(angle):
    return np.cos(angle) / np.sin(angle)


def by_two(corners):
    matrix = stiffness(corners)
    return matrix - np.diag(np.diag(matrix))


def eigenvalues(width, height, count):
    found = [(p / width) ** 2 + (q / height) ** 2 for p in range(count) for q in range(count)]
    return np.pi**2 * np.array(sorted(found)[:count])


def up_to(most, first=0):
    def answer(width, height, count):
        found = [(p / width) ** 2 + (q / height) ** 2 for p in range(first, most) for q in range(first, most)]
        return np.pi**2 * np.array(sorted(found)[:count])

    return answer


def unsorted(width, height, count):
    found = [(p / width) ** 2 + (q / height) ** 2 for p in range(count) for q in range(count)]
    return np.pi**2 * np.array(found[:count])


def recursion(L, x, c, factor=2, first=1, sign=-1):
    polynomials = [np.eye(len(L)), first * L]
    while len(polynomials) < len(c):
        polynomials.append(factor * L @ polynomials[-1] + sign * polynomials[-2])
    return sum(a * T @ x for a, T in zip(c, polynomials, strict=False))


def changed(**options):
    return lambda L, x, c: recursion(L, x, c, **options)


def rounds(combine=sum, after=np.tanh, self_too=False):
    def answer(x, table, own, neighbour):
        result = []
        for row, neighbours in enumerate(table):
            heard = [x[j] for j in neighbours if j >= 0] + ([x[row]] if self_too else [])
            result.append(after(x[row] @ own + combine(heard) @ neighbour))
        return np.array(result)

    return answer


def mean(rows):
    return np.mean(rows, axis=0)


def largest(rows):
    return np.max(rows, axis=0)


def adjacency(table):
    matrix = np.zeros((len(table), len(table)))
    for row, neighbours in enumerate(table):
        matrix[row, neighbours[neighbours >= 0]] = 1
    return matrix


def closed_walks(lengths):
    def answer(table):
        return np.stack([np.diag(np.linalg.matrix_power(adjacency(table), n)) for n in lengths], axis=1)

    return answer


def heat(table):
    matrix = adjacency(table)
    values, vectors = np.linalg.eigh(np.diag(matrix.sum(axis=1)) - matrix)
    return vectors**2 @ np.exp(-np.outer(values, [0.5, 2.0]))


def spectrum(table):
    matrix = adjacency(table)
    values = np.linalg.eigvalsh(np.diag(matrix.sum(axis=1)) - matrix)
    return np.tile(values, (len(table), 1))


def size_of_part(table):
    reach = np.linalg.matrix_power(adjacency(table) + np.eye(len(table)), 12) > 0
    return reach.sum(axis=1, keepdims=True)


def degrees(table):
    return (table >= 0).sum(axis=1, keepdims=True)


def first_eigenvectors(table):
    matrix = adjacency(table)
    return np.linalg.eigh(np.diag(matrix.sum(axis=1)) - matrix)[1][:, :3]


SOLUTIONS = [
    (exercises.check_stiffness, stiffness),
    (exercises.check_stiffness, weighted(cotangent)),
    (exercises.check_eigenvalues, eigenvalues),
    (exercises.check_eigenvalues, up_to(60)),
    (exercises.check_filter, recursion),
    (exercises.check_round, rounds()),
    (exercises.check_features, heat),
    (exercises.check_features, spectrum),
    (exercises.check_features, closed_walks((2, 3, 4, 5))),
    (exercises.check_features, closed_walks((3, 8, 10))),
]

MISTAKES = [
    (exercises.check_stiffness, lambda corners: 2 * stiffness(corners), "half a cotangent"),
    (exercises.check_stiffness, lambda corners: -stiffness(corners), "the signs are reversed"),
    (exercises.check_stiffness, weighted(np.cos), "these are cosines"),
    (exercises.check_stiffness, by_two, "the diagonal is missing"),
    (
        exercises.check_stiffness,
        lambda corners: by_two(corners) * 2 - stiffness(corners),
        "each row has to add up to 0",
    ),
    (exercises.check_stiffness, weighted(cotangent, ((0, 1), (1, 2), (2, 0))), "that begins at its corner"),
    (exercises.check_stiffness, weighted(cotangent, ((0, 2), (1, 0), (2, 1))), "that ends at its corner"),
    (exercises.check_stiffness, lambda corners: cotangent(angles(corners)), "a row and a column for each corner"),
    (
        exercises.check_stiffness,
        lambda c: stiffness(c) / np.linalg.norm(np.cross(c[1] - c[0], c[2] - c[0])),
        "divided by the area",
    ),
    (exercises.check_eigenvalues, up_to(60, first=1), "as a drum"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(w, h, n + 1)[1:], "that of a constant"),
    (exercises.check_eigenvalues, lambda w, h, n: np.sqrt(eigenvalues(w, h, n)), "a squared frequency"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(w, h, n) / np.pi**2, "pi squared is missing"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(w, h, n) / np.pi, "pi has to be squared"),
    (exercises.check_eigenvalues, lambda w, h, n: 4 * eigenvalues(w, h, n), "half a period"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(w**0.5, h**0.5, n), "have to be squared"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(1 / w, 1 / h, n), "the sides divide"),
    (exercises.check_eigenvalues, unsorted, "not sorted"),
    (exercises.check_eigenvalues, lambda w, h, n: unsorted(h, w, n), "not sorted"),
    (exercises.check_eigenvalues, lambda w, h, n: eigenvalues(w, h, n)[::-1], "ascending order"),
    (exercises.check_eigenvalues, lambda w, h, n: np.unique(eigenvalues(w, h, 3 * n).round(9))[:n], "counts twice"),
    (exercises.check_eigenvalues, up_to(6), "only up to 5"),
    (exercises.check_filter, lambda L, x, c: np.polyval(c[::-1], 1.0) * x, "is expected"),
    (
        exercises.check_filter,
        lambda L, x, c: sum(a * np.linalg.matrix_power(L, n) @ x for n, a in enumerate(c)),
        "these are powers of L",
    ),
    (exercises.check_filter, changed(factor=1), "a factor of 2"),
    (exercises.check_filter, changed(sign=1), "subtracted, not added"),
    (exercises.check_filter, changed(sign=0), "it is missing"),
    (exercises.check_filter, changed(first=2), "of the second kind"),
    (exercises.check_filter, lambda L, x, c: recursion(L, x, np.r_[c[0] / 2, c[1:]]), "halve the first coefficient"),
    (exercises.check_filter, lambda L, x, c: recursion(L, x, np.r_[0, c]), "belongs to T_0"),
    (exercises.check_filter, lambda L, x, c: recursion(L, x, c[::-1]), "from the last to the first"),
    (
        exercises.check_filter,
        lambda L, x, c: sum(a * np.cos(n * np.arccos(L)) for n, a in enumerate(c)) @ x,
        "to each entry of L",
    ),
    (exercises.check_filter, lambda L, x, c: L, "not a matrix"),
    (
        exercises.check_round,
        lambda x, table, own, neighbour: np.tanh(x @ own + x[table].sum(1) @ neighbour),
        "the last row",
    ),
    (
        exercises.check_round,
        lambda x, table, own, neighbour: np.tanh(x @ own + x[table.clip(0)].sum(1) @ neighbour),
        "became row 0",
    ),
    (exercises.check_round, rounds(mean), "averaged here"),
    (exercises.check_round, rounds(largest), "the largest of the neighbours"),
    (exercises.check_round, rounds(after=lambda values: values), "np.tanh is missing"),
    (exercises.check_round, rounds(self_too=True), "not its own neighbour"),
    (exercises.check_round, lambda x, t, own, neighbour: rounds()(x, t, neighbour, own), "changed places"),
    (
        exercises.check_round,
        lambda x, t, own, neighbour: rounds()(x, t, 0 * own, neighbour),
        "own features are missing",
    ),
    (
        exercises.check_round,
        lambda x, table, own, neighbour: np.array(
            [
                np.tanh(x[row] @ own) + sum(np.tanh(x[j] @ neighbour) for j in members if j >= 0)
                for row, members in enumerate(table)
            ]
        ),
        "it comes last",
    ),
    (exercises.check_features, degrees, "none of the three pairs"),
    (exercises.check_features, lambda table: np.ones((len(table), 2)), "none of the three pairs"),
    (exercises.check_features, size_of_part, "the first two pairs are told apart"),
    (exercises.check_features, closed_walks((3, 4)), "the first two pairs are told apart"),
    (exercises.check_features, closed_walks((10,)), "not told apart yet: hexagon and two triangles."),
    (exercises.check_features, closed_walks((3,)), "octagon and two squares and the connected pair"),
    (exercises.check_features, lambda table: np.arange(len(table))[:, None], "they depend on numbers"),
    (exercises.check_features, first_eigenvectors, "they depend on numbers"),
    (exercises.check_features, lambda table: table.astype(float), "they depend on numbers"),
    (exercises.check_features, lambda table: np.random.default_rng().normal(size=(len(table), 2)), "called again"),
    (exercises.check_features, lambda table: np.ones(len(table)), "(N, C) is expected"),
    (exercises.check_features, lambda table: np.full((len(table), 1), np.nan), "NaN or infinite"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_pairs_fool_message_passing_and_differ():
    for one, other in exercises._PAIRS:
        assert one.shape == other.shape
        colours = [np.zeros(len(table), int) for table in (one, other)]
        for _ in range(len(one)):  # colour refinement
            keys = [
                [(c[i], *sorted(c[j] for j in row if j >= 0)) for i, row in enumerate(table)]
                for c, table in zip(colours, (one, other), strict=True)
            ]
            names = {key: number for number, key in enumerate(sorted({*keys[0], *keys[1]}))}
            colours = [np.array([names[key] for key in each]) for each in keys]
        assert sorted(colours[0]) == sorted(colours[1])
        a, b = (np.linalg.eigvalsh(adjacency(table)) for table in (one, other))
        assert np.abs(a - b).max() > 0.1


def test_tangents_are_named_where_they_are_finite():
    acute = np.array([[0.0, 0, 0], [2, 0, 0], [0.9, 1.5, 0]])
    expected = weighted(np.tan)(acute)
    np.testing.assert_allclose(exercises._stiffness(acute, lambda dot, cross: cross / dot), expected)
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(exercises._stiffness(acute), expected)
