"""XYZ and its kin: text files with a point on each line.

There is no one definition. Read here: numbers separated by spaces, tabs, commas or semicolons; blank lines, and what
follows ``#`` or ``//``, are passed over; a line of column names before the first point (``x,y,z,intensity``) says where
x, y and z are; ``.pts`` files begin with the number of points alone. Further columns are ignored.
"""

from __future__ import annotations

import os
import re

import numpy as np

from pcfilter_lib.data.formats._text import parse_rows
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_COMMENT = re.compile(r"(#|//).*")
_SEPARATORS = str.maketrans(",;", "  ")


def read_xyz(path: str | os.PathLike) -> np.ndarray:
    """Read the points of a text file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.

    Returns
    -------
    numpy.ndarray, shape (N, 3), float64
        As the file has them, ``nan`` included.

    Raises
    ------
    InputError
        If a line does not begin with three numbers; the message names the line.
    """
    text = read_bytes(path).decode("latin-1").removeprefix("ï»¿")  # a byte order mark
    if "\0" in text:
        raise InputError(path, "", "it is not a text file", "give the file the extension of its format")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if "," in text or ";" in text:
        lines = [line.translate(_SEPARATORS) for line in lines]
    if "#" in text or "//" in text:
        lines = [_COMMENT.sub("", line) for line in lines]
    numbered = [(number, line) for number, line in enumerate(lines, 1) if line and not line.isspace()]
    columns = (0, 1, 2)
    if numbered:
        words = numbered[0][1].replace('"', "").lower().split()
        if set("xyz") <= set(words):
            columns = tuple(words.index(name) for name in "xyz")
            numbered = numbered[1:]
        elif len(words) == 1 and words[0].isdigit():
            numbered = numbered[1:]
    numbers, rows = [number for number, _ in numbered], [line for _, line in numbered]
    if columns == (0, 1, 2):
        return parse_rows(rows, 3, path, more=True, first_line=numbers, what="point")
    return parse_rows(rows, max(columns) + 1, path, more=True, first_line=numbers, what="point")[:, columns]
