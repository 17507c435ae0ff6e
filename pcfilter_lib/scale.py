"""One knob for size: ``PCFILTER_SCALE`` chooses how much a notebook computes."""

from __future__ import annotations

import os
from typing import TypeVar

from pcfilter_lib.errors import InputError

T = TypeVar("T")

SCALES = ("ci", "laptop", "gpu")


def current() -> str:
    """Return the scale in force: ``"ci"`` (the default), ``"laptop"`` or ``"gpu"``.

    Raises
    ------
    InputError
        If the environment variable ``PCFILTER_SCALE`` holds anything else.
    """
    scale = os.environ.get("PCFILTER_SCALE", "ci")
    if scale not in SCALES:
        raise InputError("PCFILTER_SCALE", "", f"{scale!r} is no scale", f"set it to one of {', '.join(SCALES)}")
    return scale


def choose(*, ci: T, laptop: T, gpu: T) -> T:
    """Return the argument that belongs to the scale in force.

    Examples
    --------
    >>> epochs = choose(ci=1, laptop=20, gpu=200)
    """
    return {"ci": ci, "laptop": laptop, "gpu": gpu}[current()]


def banner() -> str:
    """Return the line that each notebook prints first: the scale, and how to change it."""
    return f"Scale: {current()} (set PCFILTER_SCALE to ci, laptop or gpu before starting to change it)"
