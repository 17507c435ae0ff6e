"""The checks of the chapter *Trees that grow*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of
from pcfilter_lib.sparse import EMPTY, FULL, MIXED, SolidOctree

FIRST = 2  # the coarsest level of the trees that are counted
KEPT, ENOUGH = 0.6, 0.87  # of the cells; mean IoU


@exercise(solved="from eight children to their parent, on every level.")
def check_parents(answer: Callable) -> None:
    """Check ``answer(labels)``, what is in the cells of the level above."""
    draw = np.random.default_rng(0)
    fine = draw.choice([EMPTY, FULL, MIXED], (8, 8, 8), p=[0.5, 0.4, 0.1]).astype(np.uint8)
    fine[:4, :4], fine[4:, :4] = FULL, EMPTY
    fine[:2, 4:6, :2] = MIXED
    all_mixed = np.full((2, 2, 2), MIXED, np.uint8)
    one_mixed = np.full((2, 2, 2), EMPTY, np.uint8)
    one_mixed[1, 0, 1] = MIXED
    compare_on(
        [{"labels": each} for each in (fine, all_mixed, one_mixed, np.full((4, 4, 4), FULL, np.uint8))],
        answer,
        reference=_parents,
        mistakes=[
            (
                "a cell with one full child is not full: the other seven would be lost.",
                lambda x: _eight(x).max(axis=-1),
            ),
            (
                "a vote of the children loses thin parts; a cell is empty or full only if all its children are.",
                _vote,
            ),
            (
                "a mixed child is neither empty nor full, so its parent is mixed, whatever the others are.",
                lambda x: np.where(
                    (_eight(x) == FULL).any(axis=-1),
                    np.where((_eight(x) == EMPTY).any(axis=-1), MIXED, FULL),
                    EMPTY,
                ),
            ),
            (
                "eight mixed children do not cancel: their parent is mixed.",
                lambda x: np.where(_eight(x).min(axis=-1) == MIXED, FULL, _parents(x)),
            ),
        ],
    )


@exercise(solved="no voxel is counted twice.")
def check_lost(answer: Callable) -> None:
    """Check ``answer(missed, depth)``, the number of voxels that lie in missed cells."""
    compare_on(
        [
            {"missed": [(3, 0, 4, 7)], "depth": 7},
            {"missed": [(3, 0, 4, 7), (5, 31, 2, 9)], "depth": 7},
            {"missed": [(3, 1, 2, 3), (4, 2, 5, 6), (6, 15, 0, 0)], "depth": 7},
            {"missed": [(2, 3, 3, 3), (5, 24, 31, 27), (4, 15, 15, 15), (4, 0, 15, 15)], "depth": 6},
            {"missed": [(4, 1, 1, 1), (4, 1, 1, 1)], "depth": 5},
            {"missed": [], "depth": 5},
        ],
        answer,
        reference=_lost,
        mistakes=[
            (
                "a cell inside a missed one was never computed; its voxels are counted already.",
                lambda missed, depth: sum(8 ** (depth - cell[0]) for cell in missed),
            ),
            (
                "each level halves a cell along three axes: 8 times as many voxels, not twice.",
                lambda missed, depth: sum(2 ** (depth - cell[0]) for cell in _outermost(missed)),
            ),
            (
                "this counts the cells; the voxels in them are what is lost.",
                lambda missed, depth: len(_outermost(missed)),
            ),
            (
                "a cell on level 3 is larger than one on level 5: the exponent is the number of levels below it.",
                lambda missed, depth: sum(8 ** cell[0] for cell in _outermost(missed)),
            ),
        ],
    )


@exercise(solved="split if that is cheaper, on average, than not to.")
def check_threshold(answer: Callable) -> None:
    """Check ``answer(probability, lost, work)``, which cells to split."""
    draw = np.random.default_rng(1)
    compare_on(
        [
            {"probability": np.array([0.05, 0.2, 0.6, 0.7]), "lost": np.array([400.0, 50.0, 4.0, 30.0]), "work": 8.0},
            {"probability": draw.random(40), "lost": draw.uniform(1, 60, 40), "work": 8.0},
            {"probability": draw.random(40), "lost": draw.uniform(1, 60, 40), "work": 20.0},
        ],
        answer,
        reference=lambda probability, lost, work: probability * lost > work,
        mistakes=[
            (
                "one half is right only if a missed cell costs just twice as much as a split one.",
                lambda probability, lost, work: probability > 0.5,
            ),
            (
                "the cells that are split for nothing are not the only ones that cost work: mixed ones do, too.",
                lambda probability, lost, work: probability * lost > (1 - probability) * work,
            ),
            (
                "the loss occurs only if the cell is mixed: weigh it with the probability.",
                lambda probability, lost, work: lost > work,
            ),
            (
                "this is the wrong way round: these are the cells that are better left alone.",
                lambda probability, lost, work: probability * lost <= work,
            ),
        ],
    )


@exercise(solved="three fifths of the cells, and most of the shape.")
def check_smaller(answer: Callable) -> None:
    """Check ``answer(occupied)``, a similar solid whose octree has fewer cells. Any that is similar enough passes."""
    overlaps = []
    for occupied in _solids():
        what = call_text(answer, {"occupied": occupied})
        result = as_numbers(call(answer, occupied=occupied), what)
        if result.shape != occupied.shape:
            raise NotYet(f"the shape of {what} is {result.shape}; {occupied.shape} is expected.")
        if not np.isin(result, (0, 1)).all():
            raise NotYet("the voxels of the result should be True or False.")
        result = result.astype(bool)
        cells, allowed = _cells(result), int(KEPT * _cells(occupied))
        if cells > allowed:
            raise NotYet(f"the octree of the result has {cells:,} cells; at most {allowed:,} are allowed.")
        overlaps.append((result & occupied).sum() / (result | occupied).sum())
    if np.mean(overlaps) < ENOUGH:
        found = f"the mean IoU of {name_of(answer)} is {np.mean(overlaps):.2f}; at least {ENOUGH:.2f} is expected."
        if np.allclose(overlaps, [_iou(_halved(solid), solid) for solid in _solids()]):
            found = f"this drops the finest level everywhere, although {KEPT:.0%} of the cells may stay.\n{found}"
        raise NotYet(found)


def _eight(labels: np.ndarray) -> np.ndarray:
    """Return the eight children of each parent, (n, n, n, 8)."""
    half = len(labels) // 2
    return labels.reshape(half, 2, half, 2, half, 2).transpose(0, 2, 4, 1, 3, 5).reshape(half, half, half, 8)


def _parents(labels: np.ndarray) -> np.ndarray:
    low, high = _eight(labels).min(axis=-1), _eight(labels).max(axis=-1)
    return np.where(low == high, low, MIXED)


def _vote(labels: np.ndarray) -> np.ndarray:
    children = _eight(labels)
    return np.stack([(children == kind).sum(axis=-1) for kind in (EMPTY, FULL, MIXED)]).argmax(axis=0)


def _outermost(missed: list[tuple]) -> set[tuple]:
    """Return the cells that lie in no other."""
    cells = set(missed)

    def covered(cell: tuple) -> bool:
        level, *place = cell
        return any((level - up, *(each >> up for each in place)) in cells for up in range(1, level + 1))

    return {cell for cell in cells if not covered(cell)}


def _lost(missed: list[tuple], depth: int) -> int:
    return sum(8 ** (depth - cell[0]) for cell in _outermost(missed))


@functools.cache
def _solids() -> tuple[np.ndarray, ...]:
    """Return tilted boards and shells, 32 voxels a side."""
    steps, draw, solids = np.indices((32,) * 3).reshape(3, -1).T - 15.5, np.random.default_rng(3), []
    for number in range(6):
        axes = np.linalg.qr(draw.normal(size=(3, 3)))[0]
        local = np.abs(steps @ axes)
        if number % 2:
            radius = np.linalg.norm(local / [1, 0.8, 1.1], axis=1)
            solid = (radius < 12) & (radius > 9)
        else:
            solid = (local < [13, 9, 2]).all(axis=1) | (local < [2, 2.5, 11]).all(axis=1)
        solids.append(solid.reshape(32, 32, 32))
        solids[-1].flags.writeable = False
    return tuple(solids)


def _cells(occupied: np.ndarray) -> int:
    return sum(map(len, SolidOctree.from_voxels(occupied, FIRST).labels))


def _halved(occupied: np.ndarray) -> np.ndarray:
    """Return the solid with the finest level replaced by a vote."""
    return (_eight(occupied).mean(axis=-1) >= 0.5).repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)


def _iou(one: np.ndarray, other: np.ndarray) -> float:
    return (one & other).sum() / (one | other).sum()
