"""The checks of the chapter *Edges that move*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from pcfilter_lib.data import Mesh, sample_surface, unit_sphere
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of
from pcfilter_lib.synthesis import FURNITURE_PIECES, make_furniture

NEIGHBOURS = 8  # of a point, itself not counted
TO_OTHER_LEGS, ELSEWHERE = 0.4, 0.25  # the targets of exercise 4


@exercise(solved="the result is the same as edge by edge.")
def check_rows(answer: Callable) -> None:
    """Check ``answer(x, table, A, B)``, the largest value of each feature over the edges of each point."""
    compare_on(
        _GRAPHS,
        answer,
        reference=_rows,
        mistakes=[
            (
                "A and B have changed places: x_j occurs only in the difference, so B multiplies it.",
                lambda x, table, A, B: x @ B + (x @ A)[table].max(axis=1),
            ),
            (
                "the point itself occurs in the difference as well, with a minus: its matrix is A - B, not A.",
                lambda x, table, A, B: x @ A + (x @ B)[table].max(axis=1),
            ),
            (
                "the difference contains the point itself with a minus: its matrix is A - B, not A + B.",
                lambda x, table, A, B: x @ (A + B) + (x @ B)[table].max(axis=1),
            ),
            (
                "the term of the point itself is missing.",
                lambda x, table, A, B: (x @ B)[table].max(axis=1),
            ),
            (
                "the point itself is left out of its neighbours here; it is the first of them.",
                lambda x, table, A, B: x @ (A - B) + (x @ B)[table[:, 1:]].max(axis=1),
            ),
            (
                "take the maximum over axis 1: axis 0 runs over the points, axis 1 over the neighbours.",
                lambda x, table, A, B: x @ (A - B) + (x @ B)[table].max(axis=0),
            ),
            (
                "the sign of the point's own matrix is reversed: it is A - B.",
                lambda x, table, A, B: x @ (B - A) + (x @ B)[table].max(axis=1),
            ),
            (
                "the maximum must come after the product with B: a negative weight prefers the smallest number.",
                lambda x, table, A, B: x @ (A - B) + x[table].max(axis=1) @ B,
            ),
            (
                "this is the mean over the neighbours; EdgeConv takes the maximum.",
                lambda x, table, A, B: x @ (A - B) + (x @ B)[table].mean(axis=1),
            ),
            (
                "this adds the neighbours up; EdgeConv takes the maximum.",
                lambda x, table, A, B: x @ (A - B) + (x @ B)[table].sum(axis=1),
            ),
            (
                "these are the products with A alone: look up the neighbours in the table.",
                lambda x, table, A, B: x @ A,
            ),
        ],
        shapes=[("the edges are all still there: take the maximum over axis 1.", _edges_shape)],
    )


@exercise(solved="only A multiplies a position; the differences stay the same.")
def check_change(answer: Callable) -> None:
    """Check ``answer(A, B, offset)``, the change of every edge feature when the whole cloud moves by `offset`."""
    compare_on(
        _OFFSETS,
        answer,
        reference=_change,
        mistakes=[
            (
                "B is multiplied by a difference of two points, and both of them move.",
                lambda A, B, offset: offset @ B,
            ),
            (
                "the neighbour moves as well: its B^T offset cancels the -B^T offset of the point.",
                lambda A, B, offset: offset @ (A - B),
            ),
            (
                "the difference x_j - x_i does not change, so B must not appear.",
                lambda A, B, offset: offset @ (A + B),
            ),
            (
                "the difference of two points stays the same, but x_i itself does not.",
                lambda A, B, offset: np.zeros(A.shape[1]),
            ),
            ("the sign is reversed: subtract the value before from the value after.", lambda A, B, offset: -offset @ A),
        ],
        shapes=[("one number for each feature is expected, that is, for each column of A.", _offset_shape)],
    )


@exercise(solved="you measured how far the graph has moved.")
def check_kept(answer: Callable) -> None:
    """Check ``answer(space, features)``, the fraction of the neighbours in space that are neighbours in features."""
    compare_on(
        _TABLES,
        answer,
        reference=_kept,
        mistakes=[
            (
                "each point is counted as its own neighbour, and is always kept: leave it out.",
                lambda space, features: _overlap(space, features) / space.size,
            ),
            (
                "divide by the k - 1 other neighbours of each point, not by k.",
                lambda space, features: (_overlap(space, features) - len(space)) / space.size,
            ),
            (
                "the two tables are compared place by place; a neighbour may come earlier or later in the other one.",
                lambda space, features: np.mean(space == features),
            ),
            (
                "the two tables are compared place by place; a neighbour may come earlier or later in the other one.",
                lambda space, features: np.mean(space[:, 1:] == features[:, 1:]),
            ),
            (
                "a neighbour of one point is looked for among the neighbours of all points: compare row by row.",
                lambda space, features: np.isin(space[:, 1:], features).mean(),
            ),
            (
                "this divides by all neighbours that occur in either graph; divide by those in space.",
                _jaccard,
            ),
            ("this is the fraction that is lost.", lambda space, features: 1 - _kept(space, features)),
            (
                "this is a number of edges; divide it by how many edges there are in space.",
                lambda space, features: _kept(space, features) * (space.size - len(space)),
            ),
        ],
        shapes=[("this is a number for each point; average over the points.", lambda space, features: (len(space),))],
    )


@exercise(solved="the legs of your tables have found each other.")
def check_features(answer: Callable) -> None:
    """Check ``answer(points)``: features in which the neighbours of a leg's points lie on the other legs."""
    name, found = name_of(answer), []
    for points, legs in _tables():
        features = as_numbers(call(answer, points=points), f"{name}(points)").astype(float)
        if features.ndim != 2 or len(features) != len(points):
            raise NotYet(
                f"{name}(points) has the shape {features.shape}; it needs a row for each of {len(points)} points."
            )
        if not np.isfinite(features).all():
            raise NotYet(f"{name}(points) holds NaN or infinity.")
        found.append(_ends(features, legs))
    own, other, elsewhere = np.mean(found, axis=0)
    report = f"Of the edges, {own:.0%} stay on their leg, {other:.0%} reach another leg, {elsewhere:.0%} go elsewhere."
    if own > 0.6:
        raise NotYet(f"nearness in these features is still nearness in space.\n{report}")
    if elsewhere > ELSEWHERE:
        raise NotYet(
            f"these features do not tell legs from the rest; at most {ELSEWHERE:.0%} may go elsewhere.\n{report}"
        )
    if other < TO_OTHER_LEGS:
        raise NotYet(f"at least {TO_OTHER_LEGS:.0%} have to reach another leg.\n{report}")


def _rows(x: np.ndarray, table: np.ndarray, A: np.ndarray, B: np.ndarray) -> np.ndarray:
    edges = x[:, None] @ A + (x[table] - x[:, None]) @ B
    return edges.max(axis=1)


def _edges_shape(x: np.ndarray, table: np.ndarray, A: np.ndarray, B: np.ndarray) -> tuple[int, ...]:
    return (*table.shape, A.shape[1])


def _change(A: np.ndarray, B: np.ndarray, offset: np.ndarray) -> np.ndarray:
    return offset @ A


def _offset_shape(A: np.ndarray, B: np.ndarray, offset: np.ndarray) -> tuple[int, ...]:
    return offset.shape


def _overlap(space: np.ndarray, features: np.ndarray) -> int:
    return int(np.count_nonzero((space[:, :, None] == features[:, None, :]).any(axis=2)))


def _kept(space: np.ndarray, features: np.ndarray) -> float:
    return (_overlap(space, features) - len(space)) / (space.size - len(space))


def _jaccard(space: np.ndarray, features: np.ndarray) -> float:
    rows = []
    for i, (one, other) in enumerate(zip(space, features, strict=True)):
        one, other = set(one) - {i}, set(other) - {i}
        rows.append(len(one & other) / len(one | other))
    return float(np.mean(rows))


@functools.cache
def _tables() -> list[tuple[np.ndarray, np.ndarray]]:
    """Return four tables as clouds, rotated at random, and the leg that each point is on: -1 elsewhere."""
    generator, found = np.random.default_rng(11), []
    while len(found) < 4:
        solid = make_furniture("table", generator)
        points, faces = sample_surface(Mesh(solid.vertices, solid.faces), 512, seed=generator, return_faces=True)
        ends = np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]]])
        size = (len(solid.vertices),) * 2
        shell = connected_components(coo_matrix((np.ones(len(ends)), ends.T), size), directed=False)[1]
        of_leg = solid.pieces[faces] == FURNITURE_PIECES["table"].index("leg")
        numbers, counts = np.unique(shell[solid.faces[faces, 0]][of_leg], return_counts=True)
        if len(numbers) == 4 and counts.min() > 2 * NEIGHBOURS:
            legs = np.full(512, -1)
            legs[of_leg] = np.searchsorted(numbers, shell[solid.faces[faces, 0]][of_leg])
            rotation = np.linalg.qr(generator.normal(size=(3, 3)))[0]
            found.append((unit_sphere(points).astype(float) @ rotation, legs))
    return found


def _ends(features: np.ndarray, legs: np.ndarray) -> tuple[float, float, float]:
    """Return which fractions of the edges from legs end on the same leg, on another one, and elsewhere."""
    features = features + 1e-9 * np.random.default_rng(0).normal(size=features.shape)  # equal rows in no order
    places = np.flatnonzero(legs >= 0)
    table = cKDTree(features).query(features[places], k=NEIGHBOURS + 1)[1]
    there = legs[table[:, 1:]]
    own = np.mean(there == legs[places, None])
    return float(own), float(np.mean(there >= 0) - own), float(np.mean(there < 0))


def _graph(points: int, channels: int, units: int, k: int, seed: int) -> dict:
    random = np.random.default_rng(seed)
    x = random.integers(-9, 10, size=(points, channels)) / 2
    kernels = random.integers(-5, 6, size=(2, channels, units)) / 2
    return {"x": x, "table": cKDTree(x).query(x, k=k)[1], "A": kernels[0], "B": kernels[1]}


def _pair(points: int, k: int, seed: int) -> dict:
    random = np.random.default_rng(seed)
    cloud = random.normal(size=(points, 3))
    moved = cloud * [1.0, 0.3, 1.5] + 0.2 * random.normal(size=cloud.shape)
    return {name: cKDTree(each).query(each, k=k)[1] for name, each in (("space", cloud), ("features", moved))}


_GRAPHS = [
    {
        "x": np.array([[0.0, 1.0], [2.0, 0.0], [5.0, 3.0]]),
        "table": np.array([[0, 1], [1, 0], [2, 1]]),
        "A": np.array([[1.0, 0.0, 2.0], [0.0, -1.0, 1.0]]),
        "B": np.array([[2.0, -1.0, 0.5], [1.0, 3.0, -2.0]]),
    },
    _graph(60, channels=3, units=5, k=6, seed=31),
]
_OFFSETS = [
    {
        "A": np.array([[1.0, 0.0], [0.0, 2.0], [1.0, -1.0]]),
        "B": np.array([[3.0, 1.0], [1.0, 0.0], [0.0, 4.0]]),
        "offset": np.array([1.0, 2.0, 4.0]),
    },
    {
        "A": np.random.default_rng(32).normal(size=(3, 7)),
        "B": np.random.default_rng(33).normal(size=(3, 7)),
        "offset": np.array([0.5, -2.0, 1.5]),
    },
]
_TABLES = [
    {
        "space": np.array([[0, 1, 2], [1, 0, 2], [2, 1, 3], [3, 2, 1]]),
        "features": np.array([[0, 3, 1], [1, 2, 0], [2, 3, 0], [3, 1, 0]]),
    },
    _pair(80, k=9, seed=34),
]
