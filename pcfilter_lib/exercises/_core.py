"""What the checks of all chapters are made of.

A check is a plain function under :func:`exercise`. Its body calls the reader's answer on chosen inputs and compares;
whatever is wrong is raised as :class:`NotYet` and printed, so that a check never ends in a traceback::

    @exercise(solved="The kernel is flipped along both axes.")
    def check_convolve(answer):
        compare_on(CASES, answer, reference=convolve, mistakes=[("this is correlation.", correlate)])

The printed lines are compared by nbval when the book is tested. They hold nothing that changes from run to run.
"""

from __future__ import annotations

import copy
import functools
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pcfilter_lib.exercises._wording import call_text, name_of, number, shorten

LONGEST_LINE = 600  # characters, however much the reader's error message holds; the page wraps them


class NotYet(Exception):
    """The answer is wrong; the message says what differs. `error` is what the reader's code stopped with, if it did."""

    def __init__(self, message: str, error: BaseException | None = None):
        super().__init__(message)
        self.error = error


class Untouched(NotYet):
    """The answer is still the starter."""


def exercise(solved: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    """Make a check that prints its verdict from a function that raises :class:`NotYet` on a wrong answer.

    Parameters
    ----------
    solved : str
        The sentence that is printed after ``Solved:``. It says what the reader has got right, but not how: the book
        shows it to those, too, who have not solved the exercise yet.

    Returns
    -------
    callable
        The decorator. The check it makes returns None, so that a notebook shows the printed verdict and no more.
    """

    def decorate(examine: Callable[[Any], None]) -> Callable[[Any], None]:
        @functools.wraps(examine)
        def check(answer: Any) -> None:
            try:
                examine(answer)
                report = f"Solved: {solved}"
            except Untouched as reason:
                report = f"Not solved yet: {reason}"
            except NotYet as reason:
                report = f"Not yet: {reason}"
            for line in report.splitlines():
                print(shorten(line, LONGEST_LINE))

        return check

    return decorate


def call(answer: Callable, **inputs: Any) -> Any:
    """Call the reader's function on copies of `inputs`, in their order, and return what it returns.

    Warnings are kept from the reader: where a division by zero matters, the check says so in its own words.

    Raises
    ------
    Untouched
        If it returns the starter's three dots.
    NotYet
        If it is no function, stops with an error, returns None, or changes its inputs.
    """
    if not callable(answer):
        raise NotYet(f"a function is expected here, but this is {_kind(answer)}. Give its name without brackets.")
    name, given = name_of(answer), copy.deepcopy(inputs)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = answer(*given.values())
    except (Exception, SystemExit) as error:
        raise NotYet(f"{name} stopped with {_what_stopped(error, answer)}", error) from None
    if result is ...:
        raise Untouched(f"replace the three dots in {name} by your answer, and run both cells again.")
    if result is None:
        raise NotYet(f"{name} returns None. It should end with return and your result.")
    for key, value in inputs.items():
        if not np.array_equal(value, given[key], equal_nan=True):
            raise NotYet(f"{name} changes its input {key}. Work on a copy instead: {key} = {key}.copy().")
    return result


def compare_on(
    cases: Iterable[Mapping[str, Any]],
    answer: Callable,
    *,
    reference: Callable,
    mistakes: Iterable[tuple[str, Callable]] = (),
    shapes: Iterable[tuple[str, Callable]] = (),
) -> None:
    """Compare the reader's function with a reference on each case.

    Parameters
    ----------
    cases : iterable of mapping
        The inputs of each call by name, in the order of the function's parameters. The first case should be small
        enough to work out by hand: it is printed in full, so that it can be pasted into a cell.
    answer, reference : callable
        The reader's function, and one that is right.
    mistakes : iterable of (str, callable), optional
        Plausible wrong functions, each after the sentence that explains it. One may stop with an error: if the
        reader's function stops with the same, the sentence is added.
    shapes : iterable of (str, callable), optional
        Functions that return the shape of a plausible result of the wrong size, each after its explanation.
    """
    for inputs in cases:
        values = inputs.values()
        wrong_here = [(text, functools.partial(wrong, *values)) for text, wrong in mistakes]
        try:
            result = call(answer, **inputs)
        except NotYet as reason:
            for text, wrong in wrong_here if reason.error else ():
                stopped = _outcome(wrong)
                if type(stopped) is type(reason.error) and _text_of(stopped) == _text_of(reason.error):
                    raise NotYet(f"{reason}\nPerhaps {text}") from None
            raise
        compare(
            result,
            reference(*values),
            what=call_text(answer, inputs),
            mistakes=wrong_here,
            shapes=[(text, shape(*values)) for text, shape in shapes],
        )


def compare(
    got: Any,
    expected: Any,
    *,
    what: str,
    mistakes: Iterable[tuple[str, Callable[[], Any]]] = (),
    shapes: Iterable[tuple[str, tuple[int, ...]]] = (),
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> None:
    """Compare a result with the expected numbers. The tolerance lets float32 results pass; NaN equals NaN.

    Parameters
    ----------
    got : array_like
        The reader's result: a number, an array, nested lists, or a tensor of any framework.
    expected : array_like
        What is right.
    what : str
        Names the result in the report: ``"my_conv(image, kernel)"``.
    mistakes : iterable of (str, callable), optional
        Calls that make plausible wrong results, each after the sentence that explains it.
    shapes : iterable of (str, tuple of int), optional
        Shapes of plausible results of the wrong size, each after its explanation.

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
    for explanation, wrong in mistakes:
        plausible = _outcome(wrong)
        if not isinstance(plausible, Exception) and close(got, np.asarray(plausible, dtype=float)):
            raise NotYet(f"{explanation}\n{difference}")
    if got.shape != expected.shape:
        for explanation, shape in shapes:
            if got.shape == tuple(shape):
                raise NotYet(f"{explanation}\n{difference}")
    elif got.dtype.kind in "biu" and close(got, np.trunc(expected)):
        raise NotYet(f"the result has the type {got.dtype.name}, which cuts the decimals off: use float.\n{difference}")
    elif got.dtype == np.float16 and _all_close(got, expected, rtol=1e-2, atol=1e-2 * np.nanmax(np.abs(expected))):
        raise NotYet(f"the differences look like the rounding of float16, a short type: use float.\n{difference}")
    raise NotYet(difference)


def as_numbers(value: Any, what: str) -> np.ndarray:
    """Return the reader's result as an array of real numbers, or raise :class:`NotYet`."""
    if np.ma.is_masked(value):
        raise NotYet(f"{what} gives a masked array: return a plain array.")
    try:
        array = np.asarray(value.toarray() if hasattr(value, "toarray") else value)  # SciPy's sparse matrices
    except Exception as error:  # ragged lists, tensors that refuse: the reader's objects may raise anything
        raise NotYet(f"{what} gives {_kind(value)} that does not turn into an array: {_text_of(error)}") from None
    if array.dtype.kind not in "biuf":
        found = {"U": "text", "S": "text", "c": "complex numbers"}.get(array.dtype.kind, _kind(value))
        raise NotYet(f"{what} gives {found}; real numbers are expected.")
    return array


def _all_close(got: np.ndarray, expected: np.ndarray, rtol: float, atol: float) -> bool:
    return got.shape == expected.shape and np.allclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)


def _difference(got: np.ndarray, expected: np.ndarray, what: str, rtol: float, atol: float) -> str:
    """Say what differs first: the shape, or the values."""
    if got.shape != expected.shape:
        return f"{what} has the shape {got.shape}; {expected.shape} is expected."
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
    first = tuple(int(i) for i in np.argwhere(wrong)[0])
    at = f" at {list(first)}" if first else ""
    values = f"{what} gives {number(got[first])}{at}; {number(expected[first])} is expected"
    if not first:
        return f"{values}."
    got, expected = got[wrong].astype(float), expected[wrong]
    strange, missing = np.isfinite(expected) & ~np.isfinite(got), np.isnan(expected)
    extents = []
    if count := np.count_nonzero(strange):
        extents.append(f"{count} {'is' if count == 1 else 'are'} NaN or infinite where a number is expected")
    if count := np.count_nonzero(missing):
        extents.append(f"{count} {'is a number' if count == 1 else 'are numbers'} where NaN is expected")
    gaps = np.abs(got - expected)
    if np.isfinite(gaps).any():
        extents.append(f"the largest difference is {number(gaps[np.isfinite(gaps)].max())}")
    verb = "differs" if len(gaps) == 1 else "differ"
    return f"{values}.\n{len(gaps)} of {wrong.size} values {verb}: {', '.join(extents)}."


def _outcome(wrong: Callable[[], Any]) -> Any:
    """Return what a plausible mistake gives: its result, or the error that it stops with."""
    try:
        with np.errstate(all="ignore"):  # a mistake may well divide by zero
            return wrong()
    except Exception as error:
        return error


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
    if value is None or value is ...:
        return str(value)
    if isinstance(value, np.ndarray):
        return "an array"
    name = type(value).__name__
    return f"an {name}" if name[0].lower() in "aeiou" else f"a {name}"
