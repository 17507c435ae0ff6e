"""Numbers in text files: rows of them, parsed in C, with the line named when one is bad."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import InputError


def parse_rows(
    lines: Sequence[str],
    columns: int,
    source,
    *,
    dtype=np.float64,
    more: bool = False,
    first_line: int | Sequence[int] = 1,
    what: str = "row",
) -> np.ndarray:
    """Parse lines of whitespace-separated numbers.

    Parameters
    ----------
    lines : sequence of str
        One row each; none may be blank.
    columns : int
        How many numbers to take from each line.
    source : str or os.PathLike
        The file, for the message.
    dtype : data-type, optional
        ``float64`` or ``int64``.
    more : bool, optional
        Whether a line may hold further words after its `columns` numbers; they are ignored.
    first_line : int or sequence of int, optional
        The number of the first line in the file, or of each line.
    what : str, optional
        What a row is, for the message: ``"vertex"``.

    Returns
    -------
    numpy.ndarray, shape (len(lines), columns)

    Raises
    ------
    InputError
        If a line holds too few or too many words, or something that is no number; the message names the line.
    """
    if not lines:
        return np.empty((0, columns), dtype)
    try:
        # With `comments=None` and a list of lines this is one pass in C, and stricter than numpy.fromstring.
        usecols = range(columns) if more else None
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # older NumPy takes 2.5 for a whole number, with one
            rows = np.loadtxt(lines, dtype, comments=None, usecols=usecols, ndmin=2)
        if rows.shape == (len(lines), columns):
            return rows
    except (ValueError, OverflowError, DeprecationWarning):
        pass
    for number, line in enumerate(lines):  # slow, but only once something is known to be wrong
        place = f"line {first_line + number if isinstance(first_line, int) else first_line[number]}"
        words = line.split()
        if len(words) < columns or (len(words) > columns and not more):
            problem = f"a {what} of {columns} numbers is expected, and the line holds {len(words)}"
            raise InputError(source, place, problem, "export the file again, or mend this line")
        for word in words[:columns]:
            if not _is_number(word, dtype):
                kind = "number" if dtype == np.float64 else "whole number"
                raise InputError(
                    source, place, f"{word[:40]!r} is no {kind}", "export the file again, or mend this line"
                )
    raise InputError(source, "", f"its {what} lines cannot be read as numbers", "export the file again")


def _is_number(word: str, dtype) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", DeprecationWarning)  # as above
            return np.loadtxt([word], dtype, comments=None).size == 1
    except (ValueError, OverflowError, DeprecationWarning):
        return False


def whole_number(word: str, source, place: str, what: str, *, most: int = 2**63 - 1) -> int:
    """Return a count from a header, or raise an :class:`InputError` when it is not one.

    Parameters
    ----------
    word : str
        What the header says.
    source, place, what : str
        The file, the place in it, and what is counted, for the message.
    most : int, optional
        The largest count that makes sense.

    Returns
    -------
    int
        Between 0 and `most`.

    Raises
    ------
    InputError
        If the word is no whole number, negative, or larger than `most`.
    """
    if not (word.isascii() and word.isdigit()):
        problem = f"{what} must be a whole number that is not negative, and it is {word[:40]!r}"
        raise InputError(source, place, problem, "correct the header or export the file again")
    if len(word) > 4000 or int(word) > most:
        raise InputError(source, place, f"{what} is impossibly large ({word[:40]})", "export the file again")
    return int(word)


def shortest(values: np.ndarray) -> list[str]:
    """Write numbers with as many digits as bring the same number back.

    Parameters
    ----------
    values : numpy.ndarray, shape (N,)
        Floats or whole numbers.

    Returns
    -------
    list of str, length N
    """
    if values.dtype.kind != "f" or values.dtype.itemsize == 8:
        return [repr(value).removesuffix(".0") for value in values.tolist()]
    words = [f"{value:.7g}" for value in values.tolist()]
    with np.errstate(over="ignore"):  # 3.4028235e38 rounds up, beyond the last float
        back = np.array(words, np.float64).astype(np.float32)
    for index in np.flatnonzero((back != values) & ~np.isnan(values)):
        words[index] = f"{values[index]:.9g}"
    return words
