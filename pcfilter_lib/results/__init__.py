"""Results of experiments and benchmarks: what was measured once, where, when and with which versions.

The book's text and figures read them, and the scripts in ``experiments/`` and ``benchmarks/`` write them. Each is one
JSON file; ``machines/`` holds one record of ``pcfilter bench`` per machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pcfilter_lib.errors import InputError

__all__ = ["FOLDER", "load", "path"]

#: The folder of the committed results.
FOLDER = Path(__file__).resolve().parent


def path(name: str) -> Path:
    """Return the path of a results file, whether it exists or not.

    Parameters
    ----------
    name : str
        The file's name without ``.json``, for example ``"leaderboard"``.

    Returns
    -------
    pathlib.Path
    """
    return FOLDER / f"{name}.json"


def load(name: str) -> dict[str, Any]:
    """Load the results of an experiment or a benchmark.

    Parameters
    ----------
    name : str
        The file's name without ``.json``, for example ``"leaderboard"``.

    Returns
    -------
    dict

    Raises
    ------
    InputError
        If there are no results of this name.

    Examples
    --------
    >>> from pcfilter_lib import results
    >>> sorted(results.load("history_2020"))
    ['columns', 'note', 'printed', 'source']
    """
    file = path(name)
    if not file.is_file():
        known = ", ".join(sorted(file.stem for file in FOLDER.glob("*.json")))
        raise InputError(name, "", "there are no results of this name", f"use one of {known}")
    return json.loads(file.read_text(encoding="utf-8"))
