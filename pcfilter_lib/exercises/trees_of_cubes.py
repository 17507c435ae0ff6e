"""The checks of the chapter *Trees of cubes*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of

SAVED = 1 / 6  # of the cells that the bounding box needs, on average


@exercise(solved="every code leads to its cell.")
def check_cells(answer: Callable) -> None:
    """Check ``answer(codes, depth)``, the coordinates that Morton codes stand for."""
    draw = np.random.default_rng(0)
    compare_on(
        [
            {"codes": np.array([279]), "depth": 3},
            {"codes": np.arange(8), "depth": 1},
            {"codes": draw.integers(0, 8**5, 20), "depth": 5},
            {"codes": draw.integers(0, 8**15, 20), "depth": 15},
        ],
        answer,
        reference=_cells,
        mistakes=[
            (
                "x and z are exchanged: the first bit of a group of three belongs to x.",
                lambda codes, depth: _cells(codes, depth)[:, ::-1],
            ),
            (
                "the groups are read from the wrong end: the last three bits are the last bits of x, y and z.",
                lambda codes, depth: _cells(codes, depth, from_left=True),
            ),
            (
                "the bits of a coordinate do not lie side by side in the code; take every third one.",
                lambda codes, depth: np.stack(
                    [codes >> 2 * depth, (codes >> depth) & (2**depth - 1), codes & (2**depth - 1)], axis=1
                ),
            ),
            (
                "this is the way down the tree, from one part to the next; it still has to become coordinates.",
                lambda codes, depth: np.stack([(codes >> 3 * k) & 7 for k in range(depth)], axis=1)[:, :3],
            ),
        ],
        shapes=[("return one row of coordinates for each code, not one column.", lambda codes, depth: (3, len(codes)))],
    )


@exercise(solved="two counts of bits lead to the leaf.")
def check_place(answer: Callable) -> None:
    """Check ``answer(split, path)``, the place of a leaf among the values of a shallow octree."""
    draw, cases = np.random.default_rng(1), []
    for chance in (0, 0.3, 0.6, 1):
        split = draw.random(73) < chance
        split[0] = chance > 0
        split[9:] &= split[1:9].repeat(8)
        cases += [{"split": split, "path": draw.integers(0, 8, 3).tolist()} for _ in range(4)]
    compare_on(
        cases,
        answer,
        reference=_place,
        mistakes=[
            ("the cells that are cut hold no value: take them off.", lambda s, p: _place(s, p, less_cut=False)),
            (
                "only some families exist: a family of eight for each cell that is cut.",
                lambda s, p: _cell(s, p) - int(np.sum(s[: _cell(s, p)])),
            ),
            ("this is the number of the cell; the leaf's place is asked.", _cell),
            (
                "a cell that is not cut has no children: stop there.",
                lambda s, p: _place(np.asarray(s) | True, p),
            ),
            (
                "the root comes before all other cells: add 1.",
                lambda s, p: _place(s, p) - (1 if _cell(s, p) else 0),
            ),
            (
                "of the eight siblings those that come before the cell count, too.",
                lambda s, p: _place(s, p) - ((_cell(s, p) - 1) % 8 if _cell(s, p) else 0),
            ),
        ],
    )


@exercise(solved="so many cells, on every level.")
def check_wall(answer: Callable) -> None:
    """Check ``answer(depth, tilted)``, how many cells a plane touches."""
    compare_on(
        [{"depth": depth, "tilted": tilted} for tilted in (False, True) for depth in (3, 1, 2, 20)],
        answer,
        reference=_wall,
        mistakes=[
            ("this counts all cells of the cube; a plane touches few of them.", lambda depth, tilted: 8**depth),
            (
                "a tilted plane meets more than one cell in a column: three sums of indices count, not one.",
                lambda depth, tilted: 2**depth * (2**depth + 1) // 2 if tilted else 4**depth,
            ),
            (
                "an index ends at 2^d - 1: three of the triples with the sum 2^d are outside.",
                lambda depth, tilted: _wall(depth, tilted) + (3 if tilted else 0),
            ),
            (
                "the plane lies a little further than 1: cells with the sum 2^d - 3 are touched no more.",
                lambda depth, tilted: _wall(depth, tilted) + ((2**depth - 2) * (2**depth - 1) // 2 if tilted else 0),
            ),
            (
                "a cell is touched with the sum 2^d as well: the plane lies a little beyond its nearest corner.",
                lambda depth, tilted: 4**depth,
            ),
        ],
    )


@exercise(solved="a good sixth fewer cells, and no point is outside.")
def check_placement(answer: Callable) -> None:
    """Check ``answer(points, h)``, how a cube lies around points. Any placement with few cells passes."""
    saved, size = [], 0.02
    for points in _boards():
        what = call_text(answer, {"points": points, "h": size})
        result = call(answer, points=points, h=size)
        if not isinstance(result, tuple | list) or len(result) != 3:
            raise NotYet(f"{what} should return three things: a rotation, an origin and a depth.")
        rotation, origin = (as_numbers(result[k], f"{what}[{k}]") for k in (0, 1))
        depth = as_numbers(result[2], f"{what}[2]")
        if rotation.shape != (3, 3) or origin.shape != (3,) or depth.shape != ():
            found = f"{rotation.shape}, {origin.shape} and {depth.shape}"
            raise NotYet(f"the shapes are {found}; (3, 3), (3,) and () are expected.")
        if not np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6):
            raise NotYet("the first result is no rotation: R times its transpose should be the unit matrix.")
        if np.linalg.det(rotation) < 0:
            raise NotYet("the first result is a reflection: its determinant is -1. Reverse one row.")
        if depth != np.round(depth) or not 1 <= depth <= 12:
            raise NotYet(f"the depth is {depth}; a whole number from 1 to 12 is expected.")
        cells = np.floor((points @ rotation.T - origin) / size).astype(int)
        outside = ((cells < 0) | (cells >= 2 ** int(depth))).any(axis=1).sum()
        if outside:
            raise NotYet(f"{outside:,} of {len(points):,} points lie outside of the cube from 0 to 2^depth h.")
        saved.append(1 - _count(cells) / _count(np.floor((points - points.min(axis=0)) / size).astype(int)))
    if np.mean(saved) < SAVED:
        share = (
            f"{name_of(answer)} saves {np.mean(saved):.1%} of the cells on average; at least {SAVED:.1%} is expected."
        )
        if abs(np.mean(saved)) < 0.02:
            share = f"the cube still lies like the bounding box: turn it.\n{share}"
        raise NotYet(share)


@functools.cache
def _boards() -> list[np.ndarray]:
    """Return points on the faces of boards that are turned at random."""
    boards, draw = [], np.random.default_rng(2)
    for _ in range(6):
        extent = np.array([draw.uniform(0.8, 1.2), draw.uniform(0.5, 0.8), draw.uniform(0.03, 0.05)])
        points = draw.uniform(-0.5, 0.5, (40_000, 3))
        axis = draw.choice(3, size=len(points), p=extent**-1 / (extent**-1).sum())
        points[np.arange(len(points)), axis] = draw.choice([-0.5, 0.5], size=len(points))
        turn = np.linalg.qr(draw.normal(size=(3, 3)))[0]
        boards.append((points * extent) @ turn)
        boards[-1].flags.writeable = False
    return boards


def _count(cells: np.ndarray) -> int:
    """Return the number of cells on all levels, the root's own not counted."""
    total, codes = 0, np.unique(cells @ [1 << 40, 1 << 20, 1])
    cells = np.stack([codes >> 40, (codes >> 20) & 0xFFFFF, codes & 0xFFFFF], axis=1)
    while cells.any():
        total += len(cells)
        cells = np.unique(cells // 2, axis=0)
    return total


def _cells(codes: np.ndarray, depth: int, from_left: bool = False) -> np.ndarray:
    found = np.zeros((len(codes), 3), np.int64)
    for level in range(depth):
        group = (codes >> 3 * level) & 7
        for axis in range(3):
            found[:, axis] |= ((group >> (2 - axis)) & 1) << (depth - 1 - level if from_left else level)
    return found


def _cell(split: np.ndarray, path: list[int]) -> int:
    """Return the number of the cell where a path ends."""
    cell = 0
    for child in path:
        if cell >= 73 or not split[cell]:
            break
        cell = 8 * cell + 1 + child
    return cell


def _place(split: np.ndarray, path: list[int], less_cut: bool = True) -> int:
    cell = _cell(split, path)
    before = 1 + 8 * int(np.sum(split[: (cell - 1) // 8])) + (cell - 1) % 8 if cell else 0
    return before - (int(np.sum(split[:cell])) if less_cut else 0)


def _wall(depth: int, tilted: bool) -> int:
    side = 2**depth
    if not tilted:
        return side * side
    return sum((s + 1) * (s + 2) // 2 for s in (side - 2, side - 1, side)) - 3
