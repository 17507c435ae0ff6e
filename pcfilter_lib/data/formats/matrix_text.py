"""Square matrices in text files, as data sets keep poses and cameras: one row a line."""

from __future__ import annotations

import os

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes


def read_matrix(path: str | os.PathLike, size: int) -> np.ndarray:
    """Read a square matrix of text.

    Parameters
    ----------
    path : str or os.PathLike
        The file. Blank lines and lines that begin with ``#`` are ignored.
    size : int
        How many rows and columns.

    Returns
    -------
    ndarray of float64, shape (size, size)
        May hold NaN and infinity, also as Windows writes them (``-1.#IND``): a tracker's way to say that it was lost.

    Raises
    ------
    InputError
        If it does not hold that many numbers.
    """
    text = read_bytes(path).decode("utf-8-sig", "replace")
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    lines = [(number, line) for number, line in lines if not line.lstrip().startswith("#")]
    return matrix_of(lines, size, path)


def matrix_of(lines: list[tuple[int, str]], size: int, path: str | os.PathLike) -> np.ndarray:
    """Return the matrix that numbered lines hold; see :func:`read_matrix`."""
    remedy = f"write {size} rows of {size} numbers"
    if len(lines) != size:
        place = f"line {lines[0][0]}" if lines else ""
        raise InputError(path, place, f"{len(lines)} rows of a matrix of {size} x {size} are there", remedy)
    matrix = np.empty((size, size))
    for row, (number, line) in enumerate(lines):
        matrix[row] = numbers_of(line, size, path, number, remedy)
    return matrix


def numbers_of(line: str, count: int, path: str | os.PathLike, number: int, remedy: str) -> list[float]:
    """Return the numbers of a line, or raise an :class:`InputError` that names it."""
    words = line.replace(",", " ").split()
    if len(words) != count:
        problem = f"{count} numbers are expected, and the line holds {len(words)}"
        raise InputError(path, f"line {number}", problem, remedy)
    return [_number(word, path, number, remedy) for word in words]


def _number(word: str, path: str | os.PathLike, number: int, remedy: str) -> float:
    if "#" in word:  # 1.#QNAN, -1.#IND, 1.#INF
        return float("inf") if "INF" in word.upper() else float("nan")
    try:
        return float(word)
    except ValueError:
        raise InputError(path, f"line {number}", f"{word[:40]!r} is no number", remedy) from None
