"""The checks of the chapter *Cubes*."""

from __future__ import annotations

import functools
import lzma
import zlib
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of

SMALL_ENOUGH = 0.75  # of the bytes that zlib needs for the plain bits


@exercise(solved="what any shell encloses is inside, however many others enclose it too.")
def check_inside(answer: Callable) -> None:
    """Check ``answer(crossings)``, which points are inside a union of shells, from the crossings of their rays."""
    compare_on(
        _CROSSINGS,
        answer,
        reference=_inside,
        mistakes=[
            (
                "the crossings of all shells are added before the parity is taken: what two shells enclose is lost.",
                lambda crossings: crossings.sum(axis=0) % 2 == 1,
            ),
            (
                "a ray from outside may pass through a shell, and crosses it twice; only an odd number means inside.",
                lambda crossings: (crossings > 0).any(axis=0),
            ),
            (
                "a point is inside if any shell encloses it; here all of them have to.",
                lambda crossings: (crossings % 2 == 1).all(axis=0),
            ),
            (
                "this is true outside: an odd number of crossings means inside.",
                lambda crossings: ~_inside(crossings),
            ),
            (
                "a single crossing counts here, but three mean inside, too.",
                lambda crossings: (crossings == 1).any(axis=0),
            ),
            (
                "this is how many shells enclose each point; the question is whether one does.",
                lambda crossings: (crossings % 2).sum(axis=0),
            ),
            (
                "two shells that enclose a point must not cancel: take `any`, not the parity of the parities.",
                lambda crossings: np.logical_xor.reduce(crossings % 2 == 1, axis=0),
            ),
        ],
        shapes=[
            ("return one answer for each point, not for each shell.", lambda crossings: crossings.shape[:1]),
            ("return one answer for each point, not for each shell and point.", lambda crossings: crossings.shape),
        ],
    )


@exercise(solved="as many voxels share a byte as it can tell apart.")
def check_bytes(answer: Callable) -> None:
    """Check ``answer(states, side)``, the bytes of a grid whose voxels have a number of states."""
    compare_on(
        [
            {"states": states, "side": side}
            for states, side in ((3, 3), (3, 10), (2, 32), (6, 16), (16, 5), (17, 5), (256, 4), (2, 3))
        ],
        answer,
        reference=_bytes,
        mistakes=[
            (
                "each voxel takes whole bits here. A byte with its 256 values holds more: 3 to the power of 5 is 243.",
                lambda states, side: -(-(side**3) * _whole_bits(states) // 8),
            ),
            (
                "each voxel takes whole bits here. A byte with its 256 values holds more: 3 to the power of 5 is 243.",
                lambda states, side: -(-(side**3) // (8 // _whole_bits(states))),
            ),
            (
                "this is the limit that log2 gives for all voxels together; a byte holds a whole number of voxels.",
                lambda states, side: np.ceil(side**3 * np.log2(states) / 8),
            ),
            (
                "this is the limit that log2 gives for all voxels together; a byte holds a whole number of voxels.",
                lambda states, side: side**3 * np.log2(states) / 8,
            ),
            ("each voxel has a byte of its own here; several fit.", lambda states, side: side**3),
            (
                "the last byte may be partly used, but it is needed: round up.",
                lambda states, side: side**3 // _in_a_byte(states),
            ),
            (
                "k voxels have states to the power of k values together, not k times states.",
                lambda states, side: -(-(side**3) // (256 // states)),
            ),
            ("a number of bytes is whole: round up.", lambda states, side: side**3 / _in_a_byte(states)),
            ("these are the bytes of floats.", lambda states, side: 4 * side**3),
            ("these are bits, not bytes.", lambda states, side: np.ceil(side**3 * np.log2(states))),
            ("this counts the voxels of a square; the grid is a cube.", lambda s, side: -(-(side**2) // _in_a_byte(s))),
        ],
    )


@exercise(solved="it fits, and one voxel more a side does not.")
def check_side(answer: Callable) -> None:
    """Check ``answer(memory, channels, batch)``, the finest grid whose feature maps fit into a memory."""
    compare_on(
        [
            {"memory": 1_000, "channels": [2], "batch": 1},
            {"memory": 2**30, "channels": [16, 32, 8], "batch": 6},
            {"memory": 24_000_000_000, "channels": [32] * 10, "batch": 32},
            {"memory": 4 * 3 * 96 * 64**3, "channels": [32, 64], "batch": 3},
            {"memory": 4 * 3 * 96 * 64**3 - 1, "channels": [32, 64], "batch": 3},
        ],
        answer,
        reference=_side,
        mistakes=[
            (
                "a cube root can come out a hair too small, as 4.999... for 125: see whether one voxel more fits.",
                lambda memory, channels, batch: int((memory / (4 * batch * sum(channels))) ** (1 / 3)),
            ),
            ("a number takes four bytes.", lambda memory, channels, batch: _side(4 * memory, channels, batch)),
            (
                "memory is in bytes, not in bits; a number takes four bytes.",
                lambda memory, channels, batch: _side(8 * memory, channels, batch),
            ),
            (
                "each example of the batch has maps of its own.",
                lambda memory, channels, batch: _side(memory, channels, 1),
            ),
            (
                "training keeps the maps of all layers, not only the largest.",
                lambda memory, channels, batch: _side(memory, [max(channels)], batch),
            ),
            (
                "training keeps the maps of all layers, not only the first.",
                lambda memory, channels, batch: _side(memory, channels[:1], batch),
            ),
            (
                "training keeps the maps of all layers, not only the last.",
                lambda memory, channels, batch: _side(memory, channels[-1:], batch),
            ),
            (
                "the channels add up, layer by layer; the number of layers is not enough.",
                lambda memory, channels, batch: _side(memory, [len(channels)], batch),
            ),
            (
                "the channels of the layers add up; they do not multiply.",
                lambda memory, channels, batch: _side(memory, [int(np.prod(channels))], batch),
            ),
            (
                "a grid with this many voxels a side does not fit any more: round down.",
                lambda memory, channels, batch: int(np.ceil((memory / (4 * batch * sum(channels))) ** (1 / 3) - 1e-9)),
            ),
            (
                "round down to a whole number of voxels.",
                lambda memory, channels, batch: np.cbrt(memory / (4 * batch * sum(channels))),
            ),
            (
                "a grid is a cube: take the third root, not the second.",
                lambda memory, channels, batch: int((memory / (4 * batch * sum(channels))) ** 0.5),
            ),
            (
                "this is how many voxels fit; its third root is the number a side.",
                lambda memory, channels, batch: memory // (4 * batch * sum(channels)),
            ),
        ],
    )


@exercise(solved="every grid comes back exactly, and the codes are small enough.")
def check_codec(answer: Callable) -> None:
    """Check ``answer(grid)``, a code for an occupancy grid and the function that decodes it. Any good code passes."""
    coded = []
    for grid in _grids():
        what = call_text(answer, {"grid": grid})
        result = call(answer, grid=grid)
        if not isinstance(result, tuple | list) or len(result) != 2 or not callable(result[1]):
            raise NotYet(f"{what} should return two things: a code, and a function that decodes it.")
        code = as_numbers(result[0], f"{what}[0]")
        if code.dtype != np.uint8 or code.ndim != 1:
            found = f"has the type {code.dtype.name} and the shape {code.shape}"
            raise NotYet(f"the code {found}; a one-dimensional uint8 array is expected: np.frombuffer(..., np.uint8).")
        coded.append((grid, code, result[1]))
    for grid, code, decode in coded:
        _examine_decoded(decode, code, grid, "")
    # A decoder that holds the grid itself would need no code at all.
    for (grid, code, _), (_, _, decode) in zip(coded, coded[1:] + coded[:1], strict=True):
        _examine_decoded(decode, code, grid, " of another grid than the one that it came with")
    used = sum(code.size for _, code, _ in coded)
    plain = sum(len(zlib.compress(np.packbits(grid).tobytes(), 9)) for grid, _, _ in coded)
    allowed = int(SMALL_ENOUGH * plain)
    if used > allowed:
        difference = f"the codes of {name_of(answer)} take {used:,} bytes together; at most {allowed:,} are expected."
        for explanation, code in _POOR_CODES:
            poor = sum(code(grid) for grid, _, _ in coded)
            if 0.99 * poor < used < 1.01 * poor:
                raise NotYet(f"{explanation}\n{difference}")
        raise NotYet(difference)


def _examine_decoded(decode: Callable, code: np.ndarray, grid: np.ndarray, whose: str) -> None:
    decoded = as_numbers(call(decode, code=code, shape=grid.shape), "decode(code, shape)")
    if decoded.shape != grid.shape:
        raise NotYet(f"for a code{whose}, decode returns the shape {decoded.shape}; {grid.shape} is expected.")
    wrong = np.count_nonzero(decoded != grid)
    if wrong:
        remedy = " Everything that decode needs has to be in the code." if whose else ""
        raise NotYet(f"for a code{whose}, decode returns {wrong:,} of {grid.size:,} voxels wrong.{remedy}")


_POOR_CODES = [
    ("these are the plain bits; make use of what neighbours say about each other.", lambda grid: grid.size // 8),
    ("this is a byte for each voxel: np.packbits makes bits of them.", lambda grid: grid.size),
    (
        "this is what zlib makes of the plain bits. Give it something that is easier to compress.",
        lambda grid: len(zlib.compress(np.packbits(grid).tobytes(), 9)),
    ),
    (
        "another compressor alone saves about a fifth. Give it something that is easier to compress than the bits.",
        lambda grid: len(lzma.compress(np.packbits(grid).tobytes())),
    ),
    (
        "the positions of the occupied voxels take more than their bits.",
        lambda grid: 4 * np.count_nonzero(grid),
    ),
]


def _inside(crossings: np.ndarray) -> np.ndarray:
    return (crossings % 2 == 1).any(axis=0)


_CROSSINGS = [
    {"crossings": np.array([[1, 0, 1, 2, 3, 0], [0, 1, 1, 0, 2, 0]])},
    {"crossings": np.random.default_rng(31).integers(0, 5, size=(4, 50))},
    {"crossings": np.random.default_rng(32).integers(0, 3, size=(1, 20))},
]


def _in_a_byte(states: int) -> int:
    return max(k for k in range(1, 9) if states**k <= 256)


def _bytes(states: int, side: int) -> int:
    return -(-(side**3) // _in_a_byte(states))


def _whole_bits(states: int) -> int:
    return (states - 1).bit_length()


def _side(memory: int, channels: list[int], batch: int) -> int:
    each = 4 * batch * sum(channels)
    side = round((memory / each) ** (1 / 3))
    return side if each * side**3 <= memory else side - 1


@functools.cache
def _grids() -> tuple[np.ndarray, ...]:
    """Return a tilted table and a ring, as solids and as skins."""
    grids = []
    for side, thing, solid in ((64, _table, True), (64, _table, False), (64, _ring, False), (40, _ring, True)):
        centres = (np.indices((side,) * 3).reshape(3, -1).T + 0.5) / side - 0.5
        distance = thing(centres).reshape((side,) * 3)
        grids.append(distance < 0 if solid else np.abs(distance) < 0.6 / side)
    return tuple(grids)


def _tilted(points: np.ndarray) -> np.ndarray:
    return points @ np.linalg.qr(np.random.default_rng(33).normal(size=(3, 3)))[0]


def _table(points: np.ndarray) -> np.ndarray:
    points = _tilted(points)
    boxes = [((0, 0, 0.16), (0.36, 0.27, 0.03))]
    boxes += [((x, y, -0.06), (0.025, 0.025, 0.22)) for x in (-0.3, 0.3) for y in (-0.22, 0.22)]
    distances = []
    for middle, half in boxes:
        beyond = np.abs(points - middle) - half
        distances.append(np.linalg.norm(beyond.clip(0), axis=1) + beyond.max(axis=1).clip(max=0))
    return np.min(distances, axis=0)


def _ring(points: np.ndarray) -> np.ndarray:
    points = _tilted(points)
    return np.hypot(np.hypot(points[:, 0], points[:, 1]) - 0.3, points[:, 2]) - 0.12
