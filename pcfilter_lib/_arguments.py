"""What layers, optimisers and models ask of their arguments. Each check names what is allowed."""

from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

from pcfilter_lib.errors import InputError


def whole_number(owner: str, name: str, value: Any, *, at_least: int = 1) -> int:
    """Return `value` as an int, or raise :class:`InputError` if it is not a whole number of at least `at_least`."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < at_least:
        raise InputError(owner, name, f"{value!r} is not allowed", f"pass a whole number of {at_least} or more")
    return int(value)


def whole_numbers(owner: str, name: str, value: Any, rank: int, *, at_least: int = 1) -> tuple[int, ...]:
    """Return one whole number for each of `rank` axes; a single one counts for all of them."""
    several = isinstance(value, Sequence) and not isinstance(value, str)
    values = tuple(value) if several else (value,) * rank
    if len(values) != rank:
        raise InputError(owner, name, f"{value!r} is not allowed", f"pass one whole number, or {rank} of them")
    return tuple(whole_number(owner, name, each, at_least=at_least) for each in values)


def number_within(
    owner: str, name: str, value: Any, low: float, high: float, *, low_included: bool = True, high_included: bool = True
) -> float:
    """Return `value` as a float, or raise :class:`InputError` if it lies outside the interval."""
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    above = real and (value >= low if low_included else value > low)
    below = real and (value <= high if high_included else value < high)
    if not (above and below):
        brackets = "[" if low_included else "(", "]" if high_included else ")"
        interval = f"{brackets[0]}{low:g}, {high:g}{brackets[1]}"
        raise InputError(owner, name, f"{value!r} is not allowed", f"pass a number in {interval}")
    return float(value)


def one_of(owner: str, name: str, value: Any, allowed: Sequence[Any]) -> Any:
    """Return `value`, or raise :class:`InputError` if it is none of `allowed`."""
    if value not in allowed:
        raise InputError(owner, name, f"{value!r} is not allowed", f"pass one of {', '.join(map(repr, allowed))}")
    return value
