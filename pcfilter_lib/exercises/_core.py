"""What the checks of all chapters are made of.

A check is a plain function under :func:`exercise`. Its body calls the reader's answer on chosen inputs and compares;
whatever is wrong is raised as :class:`NotYet` and printed, so that a check never ends in a traceback::

    @exercise(solved="The kernel is flipped along both axes.")
    def check_convolve(answer):
        compare_on(CASES, answer, reference=convolve, mistakes={"This is correlation.": correlate})

The printed lines are compared by nbval when the book is tested. They hold nothing that changes from run to run.
"""

from __future__ import annotations

import copy
import functools
import textwrap
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

LONGEST_LINE = 600  # characters, however much the reader's error message holds
LINE_WIDTH = 100  # longer lines are wrapped


class NotYet(Exception):
    """The answer is wrong; the message says what differs."""


class Untouched(NotYet):
    """The answer is still the starter."""


def exercise(solved: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a check that prints its verdict from a function that raises :class:`NotYet` on a wrong answer.

    Parameters
    ----------
    solved : str
        The sentence that is printed after ``Solved:``. It says what the reader has got right.

    Returns
    -------
    callable
        The decorator. The check it makes returns None, so that a notebook shows the printed verdict and no more.
    """

    def decorate(examine: Callable[[Any], None]) -> Callable[[Any], None]:
        @functools.wraps(examine)
        def check(answer: Any) -> None:
            try:
                if answer is None or answer is ...:
                    raise Untouched("there is no answer here. Fill in the cell above and run both cells again.")
                examine(answer)
                report = f"Solved: {solved}"
            except Untouched as reason:
                report = f"Not solved yet: {reason}"
            except NotYet as reason:
                report = f"Not yet: {reason}"
            for line in report.splitlines():
                print(textwrap.fill(shorten(line, LONGEST_LINE), LINE_WIDTH, break_long_words=False))

        return check

    return decorate


def call(answer: Callable, **inputs: Any) -> Any:
    """Call the reader's function on copies of `inputs`, in their order, and return what it returns.

    Raises
    ------
    Untouched
        If it returns nothing.
    NotYet
        If it is no function, stops with an error, or changes its inputs.
    """
    if not callable(answer):
        raise NotYet(f"a function is expected here, but this is {_kind(answer)}.")
    name, given = name_of(answer), copy.deepcopy(inputs)
    try:
        result = answer(*given.values())
    except NotImplementedError:
        result = None
    except (Exception, SystemExit) as error:
        raise NotYet(f"{name} stopped with {_what_stopped(error, answer)}") from None
    if result is None or result is ...:
        raise Untouched(f"{name} still returns nothing. Fill it in, end it with return, and run both cells again.")
    for key, value in inputs.items():
        if not np.array_equal(value, given[key], equal_nan=True):
            raise NotYet(f"{name} changes its input {key}. Work on a copy instead: {key} = {key}.copy().")
    return result


def compare_on(
    cases: Iterable[Mapping[str, Any]],
    answer: Callable,
    *,
    reference: Callable,
    mistakes: Mapping[str, Callable] | None = None,
    shapes: Mapping[str, Callable] | None = None,
) -> None:
    """Compare the reader's function with a reference on each case.

    Parameters
    ----------
    cases : iterable of mapping
        The inputs of each call by name, in the order of the function's parameters. The first case should be small
        enough to work out by hand: it is printed in full.
    answer, reference : callable
        The reader's function, and one that is right.
    mistakes : mapping from str to callable, optional
        Plausible wrong functions, each under the sentence that explains it.
    shapes : mapping from str to callable, optional
        Functions that return the shape of a plausible result of the wrong size, each under its explanation.
    """
    for inputs in cases:
        compare(
            call(answer, **inputs),
            reference(*inputs.values()),
            what=_call_text(answer, inputs),
            mistakes={text: functools.partial(wrong, *inputs.values()) for text, wrong in (mistakes or {}).items()},
            shapes={text: shape(*inputs.values()) for text, shape in (shapes or {}).items()},
        )


def compare(
    got: Any,
    expected: Any,
    *,
    what: str,
    mistakes: Mapping[str, Callable[[], Any]] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> None:
    """Compare a result with the expected numbers. The tolerance lets float32 results pass.

    Parameters
    ----------
    got : array_like
        The reader's result: a number, an array, nested lists, or a tensor of any framework.
    expected : array_like
        What is right.
    what : str
        Names the result in the report: ``"my_conv(image, kernel)"``.
    mistakes : mapping from str to callable, optional
        Calls that make plausible wrong results, each under the sentence that explains it.
    shapes : mapping from str to tuple of int, optional
        Shapes of plausible results of the wrong size, each under its explanation.

    Raises
    ------
    NotYet
        If they differ. The message says where and by how much, after the explanation where the mistake is known.
    """
    got, expected = as_numbers(got, what), np.asarray(expected, dtype=float)
    close = functools.partial(_all_close, rtol=rtol, atol=atol)
    if close(got, expected):
        return
    difference = _difference(got, expected, what, rtol, atol)
    for explanation, wrong in (mistakes or {}).items():
        with np.errstate(all="ignore"):  # a mistake may well divide by zero
            plausible = np.asarray(wrong(), dtype=float)
        if close(got, plausible):
            raise NotYet(f"{explanation}\n{difference}")
    if got.shape != expected.shape:
        for explanation, shape in (shapes or {}).items():
            if got.shape == tuple(shape):
                raise NotYet(f"{explanation}\n{difference}")
    elif got.dtype.kind in "biu" and close(got, np.trunc(expected)):
        raise NotYet(f"the result has the type {got.dtype.name}, which cuts the decimals off: use float.\n{difference}")
    raise NotYet(difference)


def as_numbers(value: Any, what: str) -> np.ndarray:
    """Return the reader's result as an array of real numbers, or raise :class:`NotYet`."""
    try:
        array = np.asarray(value.toarray() if hasattr(value, "toarray") else value)  # SciPy's sparse matrices
    except Exception as error:  # ragged lists, tensors that refuse: the reader's objects may raise anything
        raise NotYet(f"{what} gives {_kind(value)} that does not turn into an array: {_text_of(error)}") from None
    if array.dtype.kind not in "biuf":
        inside = "" if array.dtype.hasobject else f" of type {array.dtype.name}"
        raise NotYet(f"{what} gives {_kind(value)}{inside}; real numbers are expected.")
    return array


def name_of(answer: Any) -> str:
    """Return the name by which a report calls the answer."""
    name = getattr(answer, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else "your answer"


def number(value: float) -> str:
    """Return a number as a report shows it: six digits, and no ``-0``."""
    return f"{value + 0.0:.6g}"


def shorten(text: str, limit: int) -> str:
    """Return `text` on one line, cut to `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 4]} ..."


def _all_close(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> bool:
    return got.shape == expected.shape and np.allclose(got, expected, rtol=rtol, atol=atol)


def _difference(got: np.ndarray, expected: np.ndarray, what: str, rtol: float, atol: float) -> str:
    """Say what differs first: the shape, non-finite values, or the values."""
    if got.shape != expected.shape:
        return f"{what} has the shape {got.shape}; {expected.shape} is expected."
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    at = f" at {list(first)}" if first else ""
    values = f"{what} gives {number(got[first])}{at}; {number(expected[first])} is expected"
    if not first:
        return f"{values}."
    gaps = np.abs(got.astype(float) - expected)
    strange = np.count_nonzero(~np.isfinite(gaps))
    extent = f"{strange} are not finite" if strange else f"the largest difference is {number(gaps.max())}"
    return f"{values}.\n{np.count_nonzero(wrong)} of {wrong.size} values differ; {extent}."


def _call_text(answer: Callable, inputs: Mapping[str, Any]) -> str:
    """Write a call down so that the reader can repeat it: small inputs in full, large ones by their shape."""
    texts = []
    for key, value in inputs.items():
        value = np.asarray(value)
        if value.ndim == 0:
            texts.append(f"{key}={number(value[()])}")
        elif value.size <= 9 and np.array_equal(value, np.round(value, 2)):
            texts.append(f"{key}={' '.join(np.array2string(value, separator=', ').split())}")
        else:
            texts.append(f"{key} of shape {value.shape}")
    return f"{name_of(answer)}({', '.join(texts)})"


def _what_stopped(error: BaseException, answer: Any) -> str:
    """Say which error it was, and on which line of the reader's own code."""
    code = getattr(answer, "__code__", None)
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if code and frame.filename == code.co_filename]
    where = f"\nThe line is: {shorten(own[-1].line, 120)}" if own and own[-1].line else ""
    return f"{type(error).__name__}: {_text_of(error)}.{where}"


def _text_of(error: BaseException) -> str:
    try:
        return shorten(str(error), 300).rstrip(".") or "no message"
    except Exception:  # an exception class of the reader's own
        return "no message"


def _kind(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"
