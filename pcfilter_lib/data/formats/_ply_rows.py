"""The rows of PLY elements, as text or bytes, once the header is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import plyfile

from pcfilter_lib.data.formats._text import parse_rows, shortest
from pcfilter_lib.errors import InputError

_FETCH_AGAIN = "fetch or export the file again"


@dataclass
class Property:
    name: str
    kind: str  # the type of the values, as NumPy names it
    length_kind: str = ""  # the type of a list's length; empty for a scalar


@dataclass
class Element:
    name: str
    count: int
    properties: list[Property] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def _place(element: Element, row: int) -> str:
    return f"element {element.name!r}, row {row + 1}"


def _assemble(element: Element, columns: list) -> np.ndarray:
    """Put the columns of an element, arrays of shape (rows,) or (rows, length) or lists of arrays, into one array."""
    layout = []
    for prop, column in zip(element.properties, columns, strict=True):
        if isinstance(column, list):
            layout.append((prop.name, "O"))
        else:
            layout.append((prop.name, prop.kind, column.shape[1:]) if prop.length_kind else (prop.name, prop.kind))
    array = np.empty(element.count, layout)
    for prop, column in zip(element.properties, columns, strict=True):
        if isinstance(column, list):
            for row, values in enumerate(column):
                array[prop.name][row] = values
        else:
            array[prop.name] = column
    return array


def _same_length(columns: list, element: Element) -> list:
    """Turn the lists of equal-length arrays among the columns into arrays of shape (rows, length)."""
    out = []
    for prop, column in zip(element.properties, columns, strict=True):
        if prop.length_kind:
            lengths = {len(values) for values in column}
            out.append(np.array(column) if len(lengths) == 1 and lengths != {0} else column)
        else:
            out.append(np.array(column, prop.kind))
    return out


def read_binary(body: memoryview, elements: list[Element], order: str, source) -> Iterator[np.ndarray]:
    """Yield the rows of each element."""
    offset = 0
    for element in elements:
        array, offset = _read_binary_rows(body, offset, element, order, source)
        yield array


def _read_binary_rows(body, offset: int, element: Element, order: str, source) -> tuple[np.ndarray, int]:
    """Read one element at once, as if all its lists were as long as in its first row; row by row when they are not."""
    layout, place = [], offset
    for prop in element.properties:
        if prop.length_kind and element.count:
            length = _binary_length(body, place, prop, order, source, _place(element, 0))
            layout += [(f"{prop.name}\nlength", order + prop.length_kind), (prop.name, order + prop.kind, (length,))]
        else:
            length = 0
            layout.append((prop.name, order + prop.kind))
        place += sum(np.dtype(kind).itemsize for kind in [prop.length_kind] if kind)
        place += np.dtype(prop.kind).itemsize * (length if prop.length_kind else 1)
    if element.count == 0:
        return _assemble(element, [[] if p.length_kind else np.empty(0, p.kind) for p in element.properties]), offset
    rows = np.dtype(layout)
    lists = [prop for prop in element.properties if prop.length_kind]
    fits = rows.itemsize * element.count <= len(body) - offset
    if fits:
        packed = np.frombuffer(body, rows, element.count, offset)
        if all((packed[f"{p.name}\nlength"] == rows[p.name].shape[0]).all() and rows[p.name].shape[0] for p in lists):
            columns = [packed[prop.name] for prop in element.properties]
            return _assemble(element, columns), offset + rows.itemsize * element.count
    if not lists:
        problem = f"{element.count} rows are promised, and the file is too short for them"
        raise InputError(source, f"element {element.name!r}", problem, _FETCH_AGAIN)
    return _read_ragged_rows(body, offset, element, order, source)


def _binary_length(body, place: int, prop: Property, order: str, source, where: str) -> int:
    kind = np.dtype(order + prop.length_kind)
    left = len(body) - place - kind.itemsize
    length = int(np.frombuffer(body, kind, 1, place)[0]) if left >= 0 else 0
    if left < 0 or not 0 <= length * np.dtype(prop.kind).itemsize <= left:
        problem = f"the list {prop.name!r} is cut off, or longer than the file ({length})"
        raise InputError(source, where, problem, _FETCH_AGAIN)
    return length


def _read_ragged_rows(body, offset: int, element: Element, order: str, source) -> tuple[np.ndarray, int]:
    columns: list[list] = [[] for _ in element.properties]
    for row in range(element.count):
        for prop, column in zip(element.properties, columns, strict=True):
            kind, length = np.dtype(order + prop.kind), 1
            if prop.length_kind:
                length = _binary_length(body, offset, prop, order, source, _place(element, row))
                offset += np.dtype(prop.length_kind).itemsize
            elif len(body) - offset < kind.itemsize:
                raise InputError(source, _place(element, row), "the file ends here", _FETCH_AGAIN)
            values = np.frombuffer(body, kind, length, offset).astype(prop.kind)
            column.append(values if prop.length_kind else values[0])
            offset += values.nbytes
    return _assemble(element, _same_length(columns, element)), offset


def read_ascii(body: bytes, elements: list[Element], first_line: int, source) -> Iterator[np.ndarray]:
    """Yield the rows of each element; what follows the last promised row is ignored, as other readers do."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError as error:
        line = first_line + body.count(b"\n", 0, error.start)
        raise InputError(source, f"line {line}", "the body is not ASCII text", _FETCH_AGAIN) from None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    numbered = [(number, line) for number, line in enumerate(lines, first_line) if line and not line.isspace()]
    promised = sum(element.count for element in elements)
    if len(numbered) < promised:
        problem = f"the header promises {promised} rows, and {len(numbered)} follow it"
        raise InputError(source, "body", problem, "correct the header, or fetch the file again")
    start = 0
    for element in elements:
        rows = numbered[start : start + element.count]
        start += element.count
        yield _read_ascii_rows([line for _, line in rows], [number for number, _ in rows], element, source)


def _read_ascii_rows(lines: list[str], numbers: list[int], element: Element, source) -> np.ndarray:
    """Read one element at once, as if all its lists were as long as in its first row; row by row when they are not."""
    if not lines:
        return _assemble(element, [[] if p.length_kind else np.empty(0, p.kind) for p in element.properties])
    first, lengths, place = lines[0].split(), [], 0
    for prop in element.properties:
        length = first[place] if prop.length_kind and place < len(first) else ""
        lengths.append(int(length) if length.isdigit() and len(length) < 10 else 0)
        place += 1 + lengths[-1]
    if place == len(first) and all(n for n, p in zip(lengths, element.properties, strict=True) if p.length_kind):
        table = _table_or_none(lines, place)
        columns = None if table is None else _split_table(table, lengths, element)
        if columns is not None:
            checked = zip(columns, element.properties, strict=True)
            columns = [_cast(column, prop, numbers, element, source) for column, prop in checked]
            return _assemble(element, columns)
    if not any(prop.length_kind for prop in element.properties):
        parse_rows(lines, len(element.properties), source, first_line=numbers, what=f"row of {element.name!r}")
    return _read_ragged_ascii(lines, numbers, element, source)


def _table_or_none(lines: list[str], columns: int) -> np.ndarray | None:
    try:
        table = np.loadtxt(lines, comments=None, ndmin=2)
    except ValueError:
        return None
    return table if table.shape == (len(lines), columns) else None


def _split_table(table: np.ndarray, lengths: list[int], element: Element) -> list[np.ndarray] | None:
    columns, place = [], 0
    for prop, length in zip(element.properties, lengths, strict=True):
        if prop.length_kind:
            if (table[:, place] != length).any():
                return None
            columns.append(table[:, place + 1 : place + 1 + length])
        else:
            columns.append(table[:, place])
        place += 1 + length
    return columns


def _cast(values: np.ndarray, prop: Property, numbers: list[int], element: Element, source) -> np.ndarray:
    """Convert to a property's type, whose whole numbers all fit float64 exactly."""
    if prop.kind[0] == "f":
        with np.errstate(over="ignore"):  # 1e39 in a float32 property is infinite, as in C
            return values.astype(prop.kind)
    limits = np.iinfo(prop.kind)
    bad = ~((values == np.floor(values)) & (values >= limits.min) & (values <= limits.max))
    if bad.any():
        row = int(np.nonzero(bad)[0][0])
        problem = f"{prop.name!r} of {element.name!r} holds a value that is no {np.dtype(prop.kind).name}"
        raise InputError(source, f"line {numbers[row]}", problem, "correct the value or the property's type")
    return values.astype(prop.kind)


def _read_ragged_ascii(lines: list[str], numbers: list[int], element: Element, source) -> np.ndarray:
    columns: list[list] = [[] for _ in element.properties]
    for number, line in zip(numbers, lines, strict=True):
        values = parse_rows([line], len(line.split()), source, first_line=number)[0]
        place = 0
        for prop, column in zip(element.properties, columns, strict=True):
            length = 1
            if prop.length_kind:
                length = values[place] if place < len(values) else -1.0
                place += 1
                if not (0 <= length <= len(values) - place and length == int(length)):
                    problem = f"the list {prop.name!r} is cut off, or its length is wrong"
                    raise InputError(source, f"line {number}", problem, "correct the line, or export the file again")
            part = values[place : place + int(length)]
            place += int(length)
            column.append(_cast(part, prop, [number] * len(part), element, source))
        if place != len(values) or any(
            len(c[-1]) != 1 for c, p in zip(columns, element.properties, strict=True) if not p.length_kind
        ):
            problem = f"the row holds {len(values)} numbers, and {place} are expected"
            raise InputError(source, f"line {number}", problem, "correct the line, or export the file again")
    flat = [
        column if prop.length_kind else [values[0] for values in column]
        for column, prop in zip(columns, element.properties, strict=True)
    ]
    return _assemble(element, _same_length(flat, element))


def ascii_rows(element: plyfile.PlyElement) -> bytes:
    """Return the rows of an element as text that reads back to the same numbers."""
    columns = []
    for prop in element.properties:
        values = element.data[prop.name]
        if not isinstance(prop, plyfile.PlyListProperty):
            columns.append(shortest(values.astype(prop.val_dtype)))
            continue
        rows = [np.asarray(row, prop.val_dtype) for row in values]
        words = iter(shortest(np.concatenate([*rows, np.empty(0, prop.val_dtype)])))
        columns.append([" ".join([str(len(row)), *(next(words) for _ in row)]) for row in rows])
    return "".join(" ".join(row) + "\n" for row in zip(*columns, strict=True)).encode("ascii")
