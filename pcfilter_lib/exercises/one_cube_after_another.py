"""The checks of the chapter *One cube after another*."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of

MOST_GROUPS = 16  # of exercise 4
_SIDES = (2, 3)  # of the tops


@exercise(solved="three bits, one for each axis.")
def check_groups(answer: Callable) -> None:
    """Check ``answer(shape)``, the number of each voxel's group."""
    compare_on(
        [{"shape": (2, 2, 2)}, {"shape": (4, 3, 5)}],
        answer,
        reference=_groups,
        mistakes=[
            (
                "the axes have changed places: z is the fastest, it decides between group 0 and 1.",
                lambda shape: _bits(shape, (1, 2, 4)),
            ),
            (
                "the groups are numbered from 0.",
                lambda shape: _groups(shape) + 1,
            ),
            (
                "these are blocks of neighbours; a group takes every second voxel along each axis.",
                lambda shape: _blocks(shape),
            ),
            (
                "this numbers the voxels in the order of memory; a group takes every second voxel along each axis.",
                lambda shape: np.arange(np.prod(shape)).reshape(shape) % 8,
            ),
            (
                "this has two groups, as on a chessboard; each of the three axes has to distinguish by itself.",
                lambda shape: np.indices(shape).sum(axis=0) % 2,
            ),
            (
                "this adds the three remainders up; groups such as 1 and 2 become the same.",
                lambda shape: _bits(shape, (1, 1, 1)),
            ),
            (
                "y and z have changed places: group 1 begins at volume[0, 0, 1].",
                lambda shape: _bits(shape, (4, 1, 2)),
            ),
        ],
        shapes=[("a number for each voxel is expected, in the shape of the volume.", lambda shape: (8,))],
    )


@exercise(solved="the head sees the groups before its own, and nothing of its own.")
def check_context(answer: Callable) -> None:
    """Check ``answer(voxels, number)``, what a head is given by teacher forcing."""
    compare_on(
        _VOLUMES,
        answer,
        reference=_context,
        mistakes=[
            (
                "the head sees its own group here, and would only have to copy it. The groups before are smaller than "
                "its number.",
                lambda voxels, number: _context(voxels, number + 1),
            ),
            (
                "these are the groups after its own; it is given those before.",
                lambda voxels, number: np.where(_groups(voxels.shape) > number, 2 * voxels - 1, 0),
            ),
            (
                "the whole truth is given here, the answer included.",
                lambda voxels, number: 2 * voxels - 1,
            ),
            (
                "this is its own group alone: the answer.",
                lambda voxels, number: np.where(_groups(voxels.shape) == number, 2 * voxels - 1, 0),
            ),
            (
                "an empty voxel is -1; as 0 it looks like one that is hidden from the head.",
                lambda voxels, number: np.where(_groups(voxels.shape) < number, voxels, 0),
            ),
            (
                "a voxel that is hidden from the head is 0; as -1 it looks like an empty one.",
                lambda voxels, number: np.where(_groups(voxels.shape) < number, 2 * voxels - 1, -1),
            ),
            (
                "the signs are reversed: an occupied voxel is +1.",
                lambda voxels, number: -_context(voxels, number),
            ),
            (
                "the groups are numbered in another order: z is the fastest axis.",
                lambda voxels, number: np.where(_bits(voxels.shape, (1, 2, 4)) < number, 2 * voxels - 1, 0),
            ),
        ],
    )


@exercise(solved="one blind draw in a group is harmless, two are not.")
def check_chance(answer: Callable) -> None:
    """Check ``answer(counts)``, the probability that exactly one leg is drawn."""
    compare_on(
        [{"counts": counts} for counts in ([2, 2], [4], [1, 1, 1, 1], [1, 2, 1], [3, 0, 2], [1, 0, 0, 1], [6, 3, 3])],
        answer,
        reference=_chance,
        mistakes=[
            (
                "after a group without a leg fewer places are left, and each of them is more likely than at first.",
                lambda counts: _chance(counts, renormalise=False),
            ),
            (
                "this is the probability that the first group draws exactly one leg. If it draws none, the next one "
                "may.",
                lambda counts: _first(counts),
            ),
            (
                "this is the sum over the groups, as if each came first. A group draws only if none before it did.",
                lambda counts: _chance(counts, undecided=False),
            ),
            (
                "this is the probability that at least one leg is drawn; two legs are one too many.",
                lambda counts: _at_least_one(counts),
            ),
            (
                "this treats all places as one group; places in a later group know what was drawn.",
                lambda counts: _chance([sum(counts)]),
            ),
            (
                "there are n ways to draw exactly one of n; here is only one of them.",
                lambda counts: _chance(counts, ways=False),
            ),
            (
                "that would be so if all groups held one place; where two are drawn blindly, it goes wrong.",
                lambda counts: 1.0,
            ),
        ],
    )


@exercise(solved="no two corners of a top are in one group.")
def check_order(answer: Callable) -> None:
    """Check ``answer(shape)``, groups in which no two corners of a top meet."""
    name = name_of(answer)
    for shape in ((8, 8), (11, 9)):
        order = as_numbers(call(answer, shape=shape), f"{name}({shape})")
        if order.shape != shape:
            raise NotYet(f"{name}({shape}) has the shape {order.shape}; a number for each pixel is expected.")
        if not np.array_equal(order, np.round(order)) or order.min() < 0:
            raise NotYet(f"{name}({shape}) holds {order.min():g} to {order.max():g}: use whole numbers from 0.")
        count = len(np.unique(order))
        worst, top = min(_tops(order), key=lambda each: each[0])
        if worst < 1 - 1e-9:
            sides, corner = top
            raise NotYet(
                f"two corners of a top of {sides[0]} x {sides[1]} at {list(corner)} are in one group: "
                f"only {worst:.0%} of such tables stand.{_parity_hint(order)}"
            )
        if count > MOST_GROUPS:
            raise NotYet(
                f"all tables stand, but there are {count} groups for {shape[0]} x {shape[1]} pixels; "
                f"at most {MOST_GROUPS} are allowed. Let the numbers repeat."
            )


def _bits(shape: tuple[int, ...], worth: tuple[int, ...]) -> np.ndarray:
    return np.tensordot(worth, np.indices(shape) % 2, axes=1)


def _groups(shape: tuple[int, ...]) -> np.ndarray:
    return _bits(shape, (4, 2, 1))


def _blocks(shape: tuple[int, ...]) -> np.ndarray:
    halves = [2 * index >= length for index, length in zip(np.indices(shape), shape, strict=True)]
    return np.tensordot((4, 2, 1), np.array(halves, int), axes=1)


def _context(voxels: np.ndarray, number: int) -> np.ndarray:
    return np.where(_groups(voxels.shape) < number, 2 * voxels - 1, 0)


def _chance(counts: Sequence[int], *, renormalise: bool = True, undecided: bool = True, ways: bool = True) -> float:
    left, none, chance = sum(counts), 1.0, 0.0
    for n in counts:
        if n:
            p = 1 / (left if renormalise else sum(counts))
            chance += (none if undecided else 1.0) * (n if ways else 1) * p * (1 - p) ** (n - 1)
            none *= (1 - p) ** n
            left -= n
    return chance


def _first(counts: Sequence[int]) -> float:
    p = 1 / sum(counts)
    return counts[0] * p * (1 - p) ** (counts[0] - 1)


def _at_least_one(counts: Sequence[int]) -> float:
    left, none = sum(counts), 1.0
    for n in counts:
        if n:
            none *= (1 - 1 / left) ** n
            left -= n
    return 1 - none


def _tops(order: np.ndarray):
    """Yield, for each top on the floor, how often it gets exactly one leg, its sides and its place."""
    height, width = order.shape
    for a in _SIDES:
        for b in _SIDES:
            for x in range(height - a + 1):
                for y in range(width - b + 1):
                    corners = order[[x, x, x + a - 1, x + a - 1], [y, y + b - 1, y, y + b - 1]]
                    yield _chance(np.unique(corners, return_counts=True)[1].tolist()), ((a, b), (x, y))


def _parity_hint(order: np.ndarray) -> str:
    again = np.array_equal(order[2:], order[:-2]) and np.array_equal(order[:, 2:], order[:, :-2])
    return " Your groups repeat after two pixels, and the corners of a top of 3 are two apart." if again else ""


_VOLUMES = [
    {"voxels": np.array([[[1, 0], [0, 1]], [[1, 1], [0, 0]]]), "number": 3},
    {"voxels": np.random.default_rng(61).integers(0, 2, (4, 3, 5)), "number": 5},
    {"voxels": np.random.default_rng(62).integers(0, 2, (4, 4, 4)), "number": 0},
]
