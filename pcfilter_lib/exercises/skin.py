"""The checks of the chapter *Skin*."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of

CLOSE = 1e-5  # of features that have to be the same


@exercise(solved="three cotangents, each for the side opposite to its angle.")
def check_stiffness(answer: Callable) -> None:
    """Check ``answer(corners)``, the stiffness matrix of one triangle."""
    compare_on(
        _TRIANGLES,
        answer,
        reference=_stiffness,
        mistakes=[
            (
                "each weight is half a cotangent: an edge inside of a surface gets one half from each of its two "
                "triangles.",
                lambda corners: 2 * _stiffness(corners),
            ),
            (
                "the signs are reversed: the diagonal is positive where all angles are acute, so that the energy is "
                "not negative.",
                lambda corners: -_stiffness(corners),
            ),
            (
                "these are tangents; the weights are cotangents, large where the angle is small.",
                lambda corners: _stiffness(corners, lambda dot, cross: cross / dot),
            ),
            (
                "these are cosines; a cotangent is the cosine divided by the sine.",
                lambda corners: _stiffness(corners, lambda dot, cross: dot / np.hypot(dot, cross)),
            ),
            (
                "this is the cotangent divided by the area: the lengths of the two vectors cancel, if the scalar "
                "product is divided by the length of the cross product.",
                lambda corners: _stiffness(corners) / _doubled(corners),
            ),
            (
                "the diagonal is missing: each row has to add up to 0, so that a constant has no energy.",
                lambda corners: _stiffness(corners) - np.diag(np.diag(_stiffness(corners))),
            ),
            (
                "the diagonal has the wrong sign: each row has to add up to 0.",
                lambda corners: _stiffness(corners) - 2 * np.diag(np.diag(_stiffness(corners))),
            ),
            (
                "the weight of an angle belongs to the side opposite to it; here it went to the side that begins at "
                "its corner.",
                lambda corners: _stiffness(corners, shift=1),
            ),
            (
                "the weight of an angle belongs to the side opposite to it; here it went to the side that ends at its "
                "corner.",
                lambda corners: _stiffness(corners, shift=2),
            ),
        ],
        shapes=[("a matrix with a row and a column for each corner is expected.", lambda corners: (3,))],
    )


@exercise(solved="zero first, and ellipses of whole numbers after it.")
def check_eigenvalues(answer: Callable) -> None:
    """Check ``answer(width, height, count)``, the first eigenvalues of a rectangle."""
    compare_on(
        [
            {"width": width, "height": height, "count": count}
            for width, height, count in ((3.0, 2.0, 4), (1.0, 1.4, 9), (1.0, 1.0, 5), (30.0, 1.0, 20), (0.4, 5.0, 12))
        ],
        answer,
        reference=_eigenvalues,
        mistakes=[
            (
                "p and q begin at 0 here. From 1 on they belong to a surface that is held at its boundary, as a drum.",
                lambda width, height, count: _eigenvalues(width, height, count, first=1),
            ),
            (
                "the first eigenvalue is 0, that of a constant.",
                lambda width, height, count: _eigenvalues(width, height, count + 1)[1:],
            ),
            (
                "these are frequencies; an eigenvalue is a squared frequency.",
                lambda width, height, count: np.sqrt(_eigenvalues(width, height, count)),
            ),
            ("the factor of pi squared is missing.", lambda w, h, count: _eigenvalues(w, h, count) / np.pi**2),
            ("pi has to be squared.", lambda width, height, count: _eigenvalues(width, height, count) / np.pi),
            (
                "the factor is that of a closed curve: a rectangle needs only half a period.",
                lambda width, height, count: 4 * _eigenvalues(width, height, count),
            ),
            (
                "the sides have to be squared, too.",
                lambda width, height, count: _eigenvalues(np.sqrt(width), np.sqrt(height), count),
            ),
            (
                "the sides divide; here they multiply.",
                lambda width, height, count: _eigenvalues(1 / width, 1 / height, count),
            ),
            (
                "the values are not sorted: the next one may have a larger p or a larger q.",
                lambda width, height, count: _grid(width, height, count).ravel()[:count],
            ),
            (
                "the values are not sorted: the next one may have a larger p or a larger q.",
                lambda width, height, count: _grid(width, height, count).T.ravel()[:count],
            ),
            ("ascending order is expected.", lambda w, h, count: _eigenvalues(w, h, count)[::-1]),
            (
                "each value is listed once here; where two pairs of p and q give the same, it counts twice.",
                lambda width, height, count: np.unique(_grid(width, height, count + 9).round(9))[:count],
            ),
            *(
                (
                    f"p and q went only up to {most - 1}. In a long rectangle one of them gets larger before the other "
                    f"leaves 0.",
                    lambda width, height, count, most=most: np.sort(_grid(width, height, most).ravel())[:count],
                )
                for most in range(2, 20)
            ),
        ],
    )


@exercise(solved="two vectors are kept, and no eigenvector is needed.")
def check_filter(answer: Callable) -> None:
    """Check ``answer(L, x, c)``, a sum of Chebyshev polynomials of a matrix, applied to a vector."""
    compare_on(
        _FILTERS,
        answer,
        reference=_filter,
        mistakes=[
            (
                "these are powers of L; Chebyshev's polynomials follow from the two before.",
                lambda L, x, c: sum(a * np.linalg.matrix_power(L, n) @ x for n, a in enumerate(c)),
            ),
            (
                "the recursion has a factor of 2: T_2 is 2 L L - I.",
                lambda L, x, c: _recursion(L, x, c, factor=1),
            ),
            (
                "the second vector before is subtracted, not added.",
                lambda L, x, c: _recursion(L, x, c, sign=1),
            ),
            (
                "the second vector before has to be subtracted; it is missing.",
                lambda L, x, c: _recursion(L, x, c, sign=0),
            ),
            (
                "T_1 is L itself; the factor of 2 comes from T_2 on. (With it from the beginning, these are the "
                "polynomials of the second kind.)",
                lambda L, x, c: _recursion(L, x, c, first=2),
            ),
            (
                "some authors halve the first coefficient; equation (6) does not.",
                lambda L, x, c: _filter(L, x, c) - c[0] * np.asarray(x) / 2,
            ),
            (
                "the first coefficient belongs to T_0 = I, not to T_1.",
                lambda L, x, c: _filter(L, x, [0, *c]),
            ),
            (
                "the coefficients are used from the last to the first.",
                lambda L, x, c: _filter(L, x, c[::-1]),
            ),
            (
                "this applies the polynomials to each entry of L; a polynomial of a matrix is made of matrix products.",
                lambda L, x, c: np.polynomial.chebyshev.chebval(L, c) @ x,
            ),
        ],
        shapes=[("a vector like x is expected, not a matrix.", lambda L, x, c: np.shape(L))],
    )


@exercise(solved="and after three rounds the hexagon and the two triangles are still the same.")
def check_round(answer: Callable) -> None:
    """Check ``answer(x, table, own, neighbour)``, one round of message passing."""
    compare_on(
        _ROUNDS,
        answer,
        reference=_round,
        mistakes=[
            (
                "where the table holds -1 there is no neighbour; NumPy takes it for the last row.",
                lambda x, table, own, neighbour: np.tanh(x @ own + x[table].sum(axis=1) @ neighbour),
            ),
            (
                "where the table holds -1 there is no neighbour; here it became row 0.",
                lambda x, table, own, neighbour: np.tanh(x @ own + x[np.maximum(table, 0)].sum(axis=1) @ neighbour),
            ),
            (
                "the neighbours are averaged here; a sum is expected.",
                lambda x, table, own, neighbour: _round(
                    x, table, own, neighbour / np.maximum((table >= 0).sum(axis=1), 1)[:, None, None]
                ),
            ),
            (
                "this takes the largest of the neighbours' features; a sum is expected.",
                lambda x, table, own, neighbour: np.tanh(
                    x @ own + _gathered(x, table, -np.inf).max(axis=1, initial=-1e9) @ neighbour
                ),
            ),
            ("np.tanh is missing.", lambda *inputs: np.arctanh(_round(*inputs))),
            (
                "a vertex is not its own neighbour: its features come in by the matrix own alone.",
                lambda x, table, own, neighbour: _round(x, table, own + neighbour, neighbour),
            ),
            (
                "the two matrices have changed places.",
                lambda x, table, own, neighbour: _round(x, table, neighbour, own),
            ),
            (
                "the vertex's own features are missing.",
                lambda x, table, own, neighbour: _round(x, table, 0 * own, neighbour),
            ),
            (
                "np.tanh is applied to each neighbour; it comes last, after the sum.",
                lambda x, table, own, neighbour: (
                    np.tanh(x @ own) + np.tanh(_gathered(x, table, 0) @ neighbour).sum(axis=1)
                ),
            ),
        ],
    )
    found = []
    for table in _PAIRS[0]:
        x = np.ones((6, 1))
        for own, neighbour in _WEIGHTS:
            x = as_numbers(call(answer, x=x, table=table, own=own, neighbour=neighbour), name_of(answer))
        found.append(x)
    if not np.allclose(*found):
        raise NotYet("a hexagon and two triangles give different features: the result depends on the rows' numbers.")


@exercise(solved="all three pairs are told apart, however the vertices are numbered.")
def check_features(answer: Callable) -> None:
    """Check ``answer(table)``, features that distinguish what message passing cannot."""
    random, name = np.random.default_rng(5), name_of(answer)
    equal = []
    for pair in _PAIRS:
        sides = []
        for table in pair:
            found = _features(answer, table, name)
            if np.abs(_features(answer, table, name) - found).max() > CLOSE:
                raise NotYet(f"{name} gives other features when it is called again. Chance is no description.")
            order = random.permutation(len(table))
            moved = _features(answer, _relabelled(table, order, random), name)
            if moved.shape != found.shape or np.abs(moved - found[order]).max() > CLOSE * max(1, np.abs(found).max()):
                raise NotYet("after the vertices were renumbered, some have other features: they depend on numbers.")
            sides.append(found)
        equal.append(_same(*sides))
    if all(equal):
        raise NotYet(
            "none of the three pairs is told apart. Numbers of neighbours, and whatever messages make of them, are the "
            "same in both graphs of a pair."
        )
    if equal == [False, False, True]:
        raise NotYet(
            "the first two pairs are told apart, the third is not: both of its graphs are connected, and have no "
            "triangles or squares. Look farther than that."
        )
    if any(equal):
        which = " and ".join(each for each, same in zip(_NAMES, equal, strict=True) if same)
        raise NotYet(f"not told apart yet: {which}.")


def _doubled(corners: np.ndarray) -> float:
    return float(np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0])))


def _stiffness(corners: np.ndarray, weigh: Callable = lambda dot, cross: dot / cross, shift: int = 0) -> np.ndarray:
    matrix = np.zeros((3, 3))
    for k in range(3):
        a, b = corners[(k + 1) % 3] - corners[k], corners[(k + 2) % 3] - corners[k]
        weight = weigh(a @ b, _doubled(corners)) / 2
        # Opposite to corner k lie k + 1 and k + 2; the mistakes take a side that ends at it.
        i, j = ((k + 1) % 3, (k + 2) % 3) if not shift else (k, (k + shift) % 3)
        matrix[[i, j], [j, i]] -= weight
        matrix[[i, j], [i, j]] += weight
    return matrix


def _grid(width: float, height: float, most: int, first: int = 0) -> np.ndarray:
    p, q = np.mgrid[first : first + most, first : first + most]
    return np.pi**2 * ((p / width) ** 2 + (q / height) ** 2)


def _eigenvalues(width: float, height: float, count: int, first: int = 0) -> np.ndarray:
    return np.sort(_grid(width, height, count, first).ravel())[:count]


def _filter(L: np.ndarray, x: np.ndarray, c: Iterable[float]) -> np.ndarray:
    values, vectors = np.linalg.eigh(L)
    return vectors @ (np.polynomial.chebyshev.chebval(values, c) * (vectors.T @ x))


def _recursion(L, x, c, factor: float = 2, sign: float = -1, first: float = 1) -> np.ndarray:
    before, now, total = x, first * (L @ x), c[0] * x
    for coefficient in c[1:]:
        total = total + coefficient * now
        before, now = now, factor * (L @ now) + sign * before
    return total


def _gathered(x: np.ndarray, table: np.ndarray, missing: float) -> np.ndarray:
    return np.where((table >= 0)[..., None], x[table], missing)


def _round(x, table, own, neighbour) -> np.ndarray:
    heard = _gathered(x, table, 0).sum(axis=1)
    return np.tanh(x @ own + (heard[:, None] @ neighbour)[:, 0] if neighbour.ndim == 3 else x @ own + heard @ neighbour)


def _features(answer: Callable, table: np.ndarray, name: str) -> np.ndarray:
    found = as_numbers(call(answer, table=table), f"{name}(table)").astype(float)
    if found.ndim != 2 or len(found) != len(table) or not found.shape[1]:
        raise NotYet(f"{name} gives the shape {found.shape} for {len(table)} vertices; (N, C) is expected.")
    if not np.isfinite(found).all():
        raise NotYet(f"{name} gives numbers that are NaN or infinite.")
    return found


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Tell whether two graphs have the same features, in any order."""
    if one.shape != other.shape:
        return False
    mixed = np.random.default_rng(0).normal(size=(one.shape[1], 4))
    gap = np.abs(np.sort(one @ mixed, axis=0) - np.sort(other @ mixed, axis=0)).max()
    return bool(gap <= CLOSE * max(1, np.abs(one).max(), np.abs(other).max()))


def _relabelled(table: np.ndarray, order: np.ndarray, random: np.random.Generator) -> np.ndarray:
    place = np.argsort(order)
    moved = np.where(table < 0, -1, place[table])[order]
    return random.permuted(moved, axis=1)


def _table(count: int, edges: Iterable[tuple[int, int]]) -> np.ndarray:
    neighbours = [[] for _ in range(count)]
    for i, j in edges:
        neighbours[i].append(j)
        neighbours[j].append(i)
    width = max(map(len, neighbours))
    return np.array([sorted(each) + [-1] * (width - len(each)) for each in neighbours])


def _rings(*sizes: int, bridges: Iterable[tuple[int, int]] = ()) -> np.ndarray:
    starts = np.cumsum([0, *sizes])
    edges = [(a + k, a + (k + 1) % n) for a, n in zip(starts, sizes, strict=False) for k in range(n)]
    return _table(int(starts[-1]), [*edges, *bridges])


_NAMES = ("hexagon and two triangles", "octagon and two squares", "the connected pair")
_PAIRS = (
    (_rings(6), _rings(3, 3)),
    (_rings(8), _rings(4, 4)),
    (_rings(10, bridges=[(0, 5)]), _rings(5, 5, bridges=[(0, 5)])),  # decalin and bicyclopentyl, to chemists
)
_TRIANGLES = [
    {"corners": np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])},
    {"corners": np.array([[0.0, 0.0, 1.0], [4.0, 0.5, 0.0], [1.0, 1.0, 2.0]])},
    {"corners": np.random.default_rng(71).normal(size=(3, 3))},
]


def _symmetric(size: int, seed: int) -> np.ndarray:
    matrix = np.random.default_rng(seed).normal(size=(size, size))
    matrix = matrix + matrix.T
    return matrix / np.abs(np.linalg.eigvalsh(matrix)).max()


_FILTERS = [
    {"L": np.array([[0.0, 0.5], [0.5, 0.0]]), "x": np.array([1.0, 0.0]), "c": np.array([0.0, 1.0, 4.0])},
    {"L": _symmetric(6, 72), "x": np.random.default_rng(73).normal(size=6), "c": np.array([1.0, -2.0, 3.0, 0.5, 2.0])},
    {"L": _symmetric(5, 74), "x": np.random.default_rng(75).normal(size=5), "c": np.array([2.0, 1.0])},
    {"L": _symmetric(4, 76), "x": np.random.default_rng(77).normal(size=4), "c": np.array([3.0])},
]
_RANDOM = np.random.default_rng(78)
_ROUNDS = [
    {
        "x": np.array([[1.0], [2.0], [-1.0]]),
        "table": np.array([[1, -1], [0, 2], [1, -1]]),
        "own": np.array([[0.5]]),
        "neighbour": np.array([[0.25]]),
    },
    {
        "x": _RANDOM.normal(size=(10, 3)),
        "table": _PAIRS[2][0],
        "own": _RANDOM.normal(size=(3, 4)),
        "neighbour": _RANDOM.normal(size=(3, 4)),
    },
]
_WEIGHTS = [(_RANDOM.normal(size=(a, 4)), _RANDOM.normal(size=(a, 4))) for a in (1, 4, 4)]
