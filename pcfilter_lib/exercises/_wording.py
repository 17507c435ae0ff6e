"""How a report writes down names, numbers and calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

LARGEST_PRINTED = 24  # numbers; a larger array is described by its shape


def name_of(answer: Any) -> str:
    """Return the name by which a report calls the answer."""
    name = getattr(answer, "__name__", None)
    return name if isinstance(name, str) and name.isidentifier() else "your function"


def number(value: float) -> str:
    """Return a number as a report shows it: six digits, and no ``-0``."""
    return f"{value + 0.0:.6g}".replace("nan", "NaN")


def shorten(text: str, limit: int) -> str:
    """Return `text` on one line, cut to `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 4]} ..."


def call_text(answer: Callable, inputs: Mapping[str, Any]) -> str:
    """Write a call down so that the reader can repeat it: small inputs in full, large ones by name and shape."""
    texts, large = [], []  # by position: the reader may have renamed the parameters
    for key, value in inputs.items():
        if not isinstance(value, np.ndarray):
            texts.append(repr(value))
        elif value.size <= LARGEST_PRINTED and _is_short(value):
            numbers = re.sub(r"\.0(?=[,\]])", ".", str(value.tolist()))  # as NumPy prints them
            numbers = numbers.replace("nan", "np.nan")
            texts.append(f"np.array({numbers})")
        elif value.size > LARGEST_PRINTED and (value == value.flat[0]).all():
            texts.append(f"np.full({value.shape}, {float(value.flat[0])})")
        else:
            texts.append(key)
            large.append(f"{key} of shape {value.shape}")
    where = f"with {' and '.join(large)}, " if large else ""
    return f"{where}{name_of(answer)}({', '.join(texts)})"


def _is_short(value: np.ndarray) -> bool:
    """Return whether all numbers have three decimals at most."""
    if value.dtype.kind != "f":
        return True
    return np.array_equal(value, np.round(value, 3), equal_nan=True)
