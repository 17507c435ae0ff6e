"""The right answers pass; each known mistake is met with its own explanation."""

import lzma
import math
import zlib

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import cubes as exercises


def inside(crossings):
    return np.max(crossings % 2, axis=0)


def inside_one_by_one(crossings):
    return [any(count % 2 for count in column) for column in crossings.T.tolist()]


def whole_bytes(states, side):
    each = max(k for k in range(1, 9) if states**k <= 256)
    return math.ceil(side**3 / each)


def whole_bits(states):
    return math.ceil(math.log2(states))


def side(memory, channels, batch):
    found = 1
    while 4 * batch * sum(channels) * (found + 1) ** 3 <= memory:
        found += 1
    return found


def side_by_rounding(memory, channels, batch):
    return float(np.floor(np.cbrt(memory / 4 / batch / np.sum(channels)) + 1e-9))


def root(memory, channels, batch):
    return (memory / (4 * batch * sum(channels))) ** (1 / 3)


def packed(grid):
    return np.packbits(grid)


def as_code(text):
    return np.frombuffer(text, np.uint8)


def unpacked(bits, shape):
    return np.unpackbits(bits)[: np.prod(shape)].reshape(shape).astype(bool)


def runs(grid, squeeze=zlib.compress, expand=zlib.decompress):
    """Store the lengths of runs, 255 at most each; an empty run of the other value joins two of them."""
    lengths, value, count = [], False, 0
    for voxel in grid.ravel().tolist():
        if voxel != value:
            lengths.append(count)
            value, count = voxel, 0
        if count == 255:
            lengths += [255, 0]
            count = 0
        count += 1
    lengths.append(count)

    def decode(code, shape):
        counts = as_code(expand(code.tobytes()))
        return np.repeat(np.arange(len(counts)) % 2 == 1, counts).reshape(shape)

    return as_code(squeeze(bytes(lengths))), decode


def by_lzma(grid):
    return runs(grid, lzma.compress, lzma.decompress)


def plain(grid):
    return packed(grid), unpacked


def by_byte(grid):
    return grid.ravel().astype(np.uint8), lambda code, shape: code.reshape(shape)


def zipped(grid):
    return as_code(zlib.compress(packed(grid), 9)), lambda code, shape: unpacked(
        as_code(zlib.decompress(code.tobytes())), shape
    )


def zipped_otherwise(grid):
    return as_code(lzma.compress(packed(grid))), lambda code, shape: unpacked(
        as_code(lzma.decompress(code.tobytes())), shape
    )


def positions(grid):
    def decode(code, shape):
        found = np.zeros(np.prod(shape), bool)
        found[code.view(np.int32)] = True
        return found.reshape(shape)

    return np.flatnonzero(grid).astype(np.int32).view(np.uint8), decode


def remembered(grid):
    return np.zeros(1, np.uint8), lambda code, shape: grid


def upside_down(grid):
    code, decode = runs(grid)
    return code, lambda code, shape: decode(code, shape)[::-1]


def flat(grid):
    code, decode = runs(grid)
    return code, lambda code, shape: decode(code, shape).ravel()


SOLUTIONS = [
    (exercises.check_inside, inside),
    (exercises.check_inside, inside_one_by_one),
    (exercises.check_bytes, whole_bytes),
    (exercises.check_bytes, lambda states, side: -(-(side**3) // int(math.log(256.5) / math.log(states)))),
    (exercises.check_side, side),
    (exercises.check_side, side_by_rounding),
    (exercises.check_codec, runs),
    (exercises.check_codec, by_lzma),
]
MISTAKES = [
    (exercises.check_inside, lambda c: c.sum(axis=0) % 2 == 1, "before the parity is taken"),
    (exercises.check_inside, lambda c: (c > 0).any(axis=0), "and crosses it twice"),
    (exercises.check_inside, lambda c: (c % 2 == 1).all(axis=0), "here all of them have to"),
    (exercises.check_inside, lambda c: (c % 2 == 0).all(axis=0), "this is true outside"),
    (exercises.check_inside, lambda c: (c == 1).any(axis=0), "but three mean inside"),
    (exercises.check_inside, lambda c: (c % 2).sum(axis=0), "how many shells enclose each point"),
    (exercises.check_inside, lambda c: (c % 2 == 1).any(axis=1), "not for each shell."),
    (exercises.check_inside, lambda c: c % 2 == 1, "not for each shell and point"),
    (exercises.check_bytes, lambda n, s: math.ceil(s**3 * whole_bits(n) / 8), "whole bits here"),
    (exercises.check_bytes, lambda n, s: math.ceil(s**3 / (8 // whole_bits(n))), "whole bits here"),
    (exercises.check_bytes, lambda n, s: math.ceil(s**3 * math.log2(n) / 8), "the limit that log2 gives"),
    (exercises.check_bytes, lambda n, s: s**3 * math.log2(n) / 8, "the limit that log2 gives"),
    (exercises.check_bytes, lambda n, s: s**3, "a byte of its own"),
    (exercises.check_bytes, lambda n, s: s**3 // int(math.log(256.5, n)), "round up"),
    (exercises.check_bytes, lambda n, s: s**3 / int(math.log(256.5, n)), "a number of bytes is whole"),
    (exercises.check_bytes, lambda n, s: math.ceil(s**3 / (256 // n)), "states to the power of k"),
    (exercises.check_bytes, lambda n, s: 4 * s**3, "the bytes of floats"),
    (exercises.check_bytes, lambda n, s: math.ceil(s**3 * math.log2(n)), "these are bits"),
    (exercises.check_bytes, lambda n, s: whole_bytes(n, s ** (2 / 3)), "the grid is a cube"),
    (exercises.check_side, lambda m, c, b: int(root(m, c, b)), "a hair too small"),
    (exercises.check_side, lambda m, c, b: side(4 * m, c, b), "a number takes four bytes"),
    (exercises.check_side, lambda m, c, b: side(8 * m, c, b), "not in bits"),
    (exercises.check_side, lambda m, c, b: side(m, c, 1), "maps of its own"),
    (exercises.check_side, lambda m, c, b: side(m, [max(c)], b), "not only the largest"),
    (exercises.check_side, lambda m, c, b: side(m, c[:1], b), "maps of all layers"),
    (exercises.check_side, lambda m, c, b: side(m, [len(c)], b), "the number of layers is not enough"),
    (exercises.check_side, lambda m, c, b: side(m, [math.prod(c)], b), "they do not multiply"),
    (exercises.check_side, lambda m, c, b: math.ceil(root(m, c, b) - 1e-9), "does not fit any more"),
    (exercises.check_side, lambda m, c, b: round(root(m, c, b), 9), "round down to a whole number"),
    (exercises.check_side, lambda m, c, b: int((m / (4 * b * sum(c))) ** 0.5), "not the second"),
    (exercises.check_side, lambda m, c, b: m // (4 * b * sum(c)), "how many voxels fit"),
    (exercises.check_codec, packed, "should return two things"),
    (exercises.check_codec, lambda grid: (packed(grid), 3), "should return two things"),
    (exercises.check_codec, lambda grid: (grid, unpacked), "a one-dimensional uint8 array is expected"),
    (exercises.check_codec, plain, "these are the plain bits"),
    (exercises.check_codec, by_byte, "a byte for each voxel"),
    (exercises.check_codec, zipped, "what zlib makes of the plain bits"),
    (exercises.check_codec, zipped_otherwise, "another compressor alone"),
    (exercises.check_codec, positions, "the positions of the occupied voxels"),
    (exercises.check_codec, remembered, "Everything that decode needs has to be in the code"),
    (exercises.check_codec, upside_down, "voxels wrong"),
    (exercises.check_codec, flat, "decode returns the shape"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
