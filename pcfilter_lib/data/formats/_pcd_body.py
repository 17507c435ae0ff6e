"""The bodies of PCD files: the points as text or bytes, once the header is known."""

from __future__ import annotations

import struct

import numpy as np

from pcfilter_lib.data.formats import lzf
from pcfilter_lib.data.formats._text import parse_rows, shortest
from pcfilter_lib.errors import InputError


def check_size(held: int, itemsize: int, count: int, source) -> None:
    if itemsize * count > held:
        problem = f"the header promises {count} points of {itemsize} bytes, and the file holds {held} bytes of them"
        raise InputError(source, "body", problem, "fetch or export the file again; it seems to be cut off")


def read_compressed(body: memoryview, dtype: np.dtype, count: int, source) -> np.ndarray:
    """Decompress a body, in which all values of the first field come first, then all of the second, and so on."""
    if count == 0:
        return np.empty(0, dtype)
    if len(body) < 8:
        raise InputError(source, "body", "the compressed data is cut off", "fetch or export the file again")
    held, promised = struct.unpack("<II", body[:8])
    if promised != dtype.itemsize * count:
        problem = f"the body promises {promised} bytes, and {count} points of {dtype.itemsize} bytes need more or less"
        raise InputError(source, "body", problem, "export the file again")
    check_size(len(body) - 8, 1, held, source)
    try:
        raw = lzf.decompress(bytes(body[8 : 8 + held]), promised)
    except ValueError as error:
        raise InputError(source, "body", str(error), "fetch or export the file again") from None
    points, offset = np.empty(count, dtype), 0
    for name in dtype.names:
        kind = dtype[name]
        points[name] = np.frombuffer(raw, kind, count, offset)
        offset += kind.itemsize * count
    return points


def read_ascii(body: memoryview, dtype: np.dtype, count: int, first_line: int, source) -> np.ndarray:
    columns = sum(int(np.prod(dtype[name].shape)) for name in dtype.names)
    numbered = [
        (number, line)
        for number, line in enumerate(bytes(body).decode("latin-1").replace("\r\n", "\n").split("\n"), first_line)
        if line and not line.isspace()
    ]
    if len(numbered) != count:
        problem = f"the header promises {count} points, and {len(numbered)} lines follow it"
        raise InputError(source, "body", problem, "correct POINTS and WIDTH, or fetch the file again")
    numbers, lines = [number for number, _ in numbered], [line for _, line in numbered]
    values = parse_rows(lines, columns, source, first_line=numbers, what="point")
    points, column = np.empty(count, dtype), 0
    for name in dtype.names:
        kind, width = dtype[name].base, int(np.prod(dtype[name].shape))
        part = values[:, column : column + width]
        if kind.kind == "f":
            with np.errstate(over="ignore"):  # 1e39 in a float32 field is infinite, as in C
                part = part.astype(kind)
        else:
            part = _integers(lines, part, column, kind, numbers, source)
        points[name] = part.reshape(count, *dtype[name].shape)
        column += width
    return points


def _integers(lines, values: np.ndarray, column: int, kind: np.dtype, numbers, source) -> np.ndarray:
    """Check that values fit an integer type; read those beyond 2**53, where float64 has gaps, from text."""
    limits = np.iinfo(kind)
    with np.errstate(invalid="ignore"):
        bad = ~((values == np.floor(values)) & (values >= float(limits.min)) & (values <= float(limits.max)))
    if not bad.any() and (kind.itemsize < 8 or np.abs(values).max(initial=0) < 2**53):
        return values.astype(kind)
    if not bad.any():
        words = [line.split()[column : column + values.shape[1]] for line in lines]
        try:
            return np.array([[int(word) for word in row] for row in words], kind).reshape(values.shape)
        except (ValueError, OverflowError):
            pass  # 1e17, or one beyond the type's end: told below
        bad = np.abs(values) >= 2**53
    row, at = (int(index[0]) for index in np.nonzero(bad))
    word = lines[row].split()[column + at]
    problem = f"{word[:40]!r} does not fit a whole number from {limits.min} to {limits.max}"
    raise InputError(source, f"line {numbers[row]}", problem, "correct TYPE and SIZE, or export the file again")


def ascii_rows(points: np.ndarray) -> bytes:
    columns = []
    for name in points.dtype.names:
        for values in points[name].reshape(len(points), -1).T if len(points) else ():
            columns.append(shortest(values))
    return "".join(" ".join(row) + "\n" for row in zip(*columns, strict=True)).encode("ascii")
