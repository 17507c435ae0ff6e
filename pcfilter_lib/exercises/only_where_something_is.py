"""The checks of the chapter *Only where something is*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.data import Mesh, sample_surface
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text
from pcfilter_lib.synthesis import make_furniture

LONGEST = 1.8  # slots looked at, on average


@exercise(solved="keys are found behind others, and missing ones are not looked for for ever.")
def check_find(answer: Callable) -> None:
    """Check ``answer(slots, key)``, the slot of a key in a table that was filled by linear probing."""
    few, full = _filled([3, 11, 19, 7, 15], 8), _filled([2, 9, 16, 4], 4)
    compare_on(
        [
            {"slots": few, "key": 3},
            {"slots": few, "key": 19},
            {"slots": few, "key": 15},
            {"slots": few, "key": 27},
            {"slots": few, "key": 10},
            {"slots": full, "key": 16},
            {"slots": full, "key": 6},
        ],
        answer,
        reference=_find,
        mistakes=[
            (
                "after the last slot comes the first one.",
                lambda slots, key: next((at for at in range(key % len(slots), len(slots)) if slots[at] == key), -1),
            ),
            (
                "the first slot may hold another key: go on to the next one.",
                lambda slots, key: key % len(slots) if slots[key % len(slots)] == key else -1,
            ),
            (
                "this is where the key would be written first; other keys may have pushed it on.",
                lambda slots, key: key % len(slots),
            ),
            (
                "return the slot, not how far the key was pushed.",
                lambda slots, key: (_find(slots, key) - key) % len(slots) if _find(slots, key) >= 0 else -1,
            ),
            (
                "an empty slot ends the search: the key is not there. Return -1.",
                lambda slots, key: _find(slots, key) if _find(slots, key) >= 0 else _free(slots, key),
            ),
        ],
    )


@exercise(solved="each coarse voxel knows its fine ones.")
def check_children(answer: Callable) -> None:
    """Check ``answer(voxels)``, the coarse voxels and their table of children."""
    draw = np.random.default_rng(0)
    cases = [
        np.array([[0, 0, 0], [0, 0, 1], [5, 4, 2]]),
        draw.permutation(np.argwhere(draw.random((5, 4, 6)) < 0.3)),
        draw.permutation(np.argwhere(draw.random((3, 7, 5)) < 0.6)) + [4, 0, 9],
    ]
    for voxels in cases:
        what, result = call_text(answer, {"voxels": voxels}), call(answer, voxels=voxels)
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise NotYet(f"{what} should return two things: the coarse voxels and the table.")
        coarse, table = _children(voxels)
        compare(
            result[0],
            coarse,
            what=f"{what}[0]",
            mistakes=[
                ("each coarse voxel occurs once: use np.unique.", lambda: voxels // 2),  # noqa: B023
                ("divide by 2 and round down.", lambda: np.unique((voxels + 1) // 2, axis=0)),  # noqa: B023
            ],
        )
        compare(
            result[1],
            table,
            what=f"{what}[1]",
            mistakes=[
                (
                    "the columns are in another order: z changes fastest, so the column is 4 a + 2 b + c.",
                    lambda: _children(voxels, (1, 2, 4))[1],  # noqa: B023
                ),
                (
                    "the table holds rows of the fine voxels, not whether one is there.",
                    lambda: table >= 0,  # noqa: B023
                ),
                ("where there is no voxel, the table holds -1: row 0 is a voxel.", lambda: table.clip(0)),  # noqa: B023
                (
                    "the rows of the table are in the order of the coarse voxels, not of the fine ones.",
                    lambda: table[_first_seen(voxels)],  # noqa: B023
                ),
            ],
        )


@exercise(solved="that is the level on which they meet.")
def check_level(answer: Callable) -> None:
    """Check ``answer(u, v)``, the first level on which two voxels are neighbours."""
    draw = np.random.default_rng(0)
    pairs = [((7, 2, 9), (7, 2, 9)), ((3, 0, 0), (6, 0, 0)), ((4, 4, 4), (5, 5, 3)), ((2, 0, 0), (5, 0, 0))]
    pairs += [((15, 3, 0), (17, 2, 1)), ((0, 0, 0), (0, 0, 40))]
    pairs += [(tuple(draw.integers(0, 200, 3).tolist()), tuple(draw.integers(0, 200, 3).tolist())) for _ in range(4)]
    compare_on(
        [{"u": u, "v": v} for u, v in pairs],
        answer,
        reference=_level,
        mistakes=[
            (
                "the distance alone does not decide: halve both places, and compare again.",
                lambda u, v: int(np.ceil(np.log2(max(_apart(u, v), 1)))),
            ),
            (
                "the distance alone does not decide: halve both places, and compare again.",
                lambda u, v: int(np.floor(np.log2(max(_apart(u, v), 1)))),
            ),
            (
                "they need not fall into the same voxel; a convolution reaches the next one.",
                lambda u, v: _level(u, v, reach=0),
            ),
            (
                "a corner touches, too: the largest difference of the three coordinates counts, not the distance.",
                lambda u, v: _level(u, v, distance=lambda a, b: float(np.linalg.norm(np.subtract(a, b)))),
            ),
            ("level 0 is the resolution of the input.", lambda u, v: _level(u, v) + 1),
        ],
    )


@exercise(solved="walls, boards, a chair, posts and a diagonal are spread over the table.")
def check_slots(answer: Callable) -> None:
    """Check ``answer(voxels, bits)``, a hash function for voxels. Any that spreads surfaces passes."""
    for name, voxels in _surfaces().items():
        bits = int(np.ceil(np.log2(2 * len(voxels))))
        what = call_text(answer, {"voxels": voxels, "bits": bits})
        slots = as_numbers(call(answer, voxels=voxels, bits=bits), what)
        if slots.shape != (len(voxels),):
            raise NotYet(
                f"for {name}, the shape is {slots.shape}; {(len(voxels),)} is expected, a slot for each voxel."
            )
        if slots.dtype.kind not in "iu" or slots.min() < 0 or slots.max() >= 1 << bits:
            raise NotYet(f"for {name}, slots are whole numbers from 0 to {(1 << bits) - 1:,} with {bits} bits.")
        looked_at = _looked_at(slots.astype(np.int64), 1 << bits)
        if looked_at > LONGEST:
            apart = len(np.unique(slots)) / len(voxels)
            problem = f"for {name}, a lookup examines {looked_at:,.1f} slots; at most {LONGEST} are expected."
            raise NotYet(f"{problem}\nThe {len(voxels):,} voxels have {apart:.0%} as many different slots.")


@functools.cache
def _surfaces() -> dict[str, np.ndarray]:
    """Return sets of voxels that lie together as those of surfaces do."""
    x, y = (each.ravel() for each in np.indices((90, 90)))
    flat, line = np.full_like(x, 300), np.arange(4000)
    piece = make_furniture("chair", np.random.default_rng(0))
    points = sample_surface(Mesh(piece.vertices, piece.faces), 60_000, seed=0)
    points = points - points.min(axis=0)
    sets = {
        "a chair": np.unique((points / np.ptp(points, axis=0).max() * 64).astype(int), axis=0),
        "a wall across x": np.stack([flat, x, y], axis=1),
        "a wall across y": np.stack([x, flat, y], axis=1),
        "a wall across z": np.stack([x, y, flat], axis=1),
        "a board that is tilted": np.stack([x, y, 400 - x - y], axis=1),
        "a board far away": np.stack([x + 900_000, 800_000 + y, 500_000 + (x + 2 * y) // 3], axis=1),
        "a diagonal": np.stack([line, line, line], axis=1),
        "a grid of posts": np.stack([64 * (x // 9), 64 * (y % 81), x % 9 + 9 * (y // 81)], axis=1),
    }
    for voxels in sets.values():
        voxels.flags.writeable = False
    return sets


def _looked_at(slots: np.ndarray, size: int) -> float:
    """Return how many slots a question looks at on average, after linear probing in the order of the keys."""
    order = np.sort(slots)
    places, free = np.empty(len(order), np.int64), 0
    for number, slot in enumerate(order.tolist()):  # the sum of all walks does not depend on the order
        free = max(free, slot)
        places[number] = free
        free += 1
    over = places >= size  # go on from the beginning: as if the first ones were moved on
    return float((places - order + 1 + over * (places - size)).mean())


def _filled(keys: list[int], size: int) -> list[int]:
    slots = [-1] * size
    for key in keys:
        slots[_free(slots, key)] = key
    return slots


def _free(slots: list[int], key: int) -> int:
    """Return the first empty slot for a key, the key's own if there is none."""
    at = ((key + step) % len(slots) for step in range(len(slots)))
    return next((place for place in at if slots[place] < 0), key % len(slots))


def _find(slots: list[int], key: int) -> int:
    for step in range(len(slots)):
        at = (key + step) % len(slots)
        if slots[at] < 0:
            return -1
        if slots[at] == key:
            return at
    return -1


def _children(voxels: np.ndarray, weights: tuple[int, int, int] = (4, 2, 1)) -> tuple[np.ndarray, np.ndarray]:
    coarse, parents = np.unique(voxels // 2, axis=0, return_inverse=True)
    table = np.full((len(coarse), 8), -1)
    table[np.ravel(parents), voxels % 2 @ weights] = np.arange(len(voxels))
    return coarse, table


def _first_seen(voxels: np.ndarray) -> np.ndarray:
    """Return the coarse voxels in the order in which the fine ones name them."""
    parents = np.ravel(np.unique(voxels // 2, axis=0, return_inverse=True)[1])
    return np.array(list(dict.fromkeys(parents.tolist())))


def _apart(u: tuple[int, ...], v: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(u, v, strict=True))


def _level(u: tuple[int, ...], v: tuple[int, ...], reach: int = 1, distance: Callable = _apart) -> int:
    level = 0
    while distance(u, v) > reach:
        u, v = [a // 2 for a in u], [b // 2 for b in v]
        level += 1
    return level
