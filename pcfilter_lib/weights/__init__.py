"""The trained networks that ship with the library: the one registry of their names and files.

Each has a ``.json`` with its origin and licence, and its weights as ``.keras``, as ``.onnx`` (which needs no
deep-learning framework), or as both.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pcfilter_lib._arguments import one_of

__all__ = ["FOLDER", "names", "origin", "path"]

#: The folder of the weights and their origins.
FOLDER = Path(__file__).resolve().parent


def names(suffix: str = ".json") -> tuple[str, ...]:
    """Return the names of the networks that have a file of this kind, in alphabetical order.

    Parameters
    ----------
    suffix : {".json", ".keras", ".onnx"}
        ``".json"`` lists all of them.

    Returns
    -------
    tuple of str
    """
    return tuple(sorted(file.stem for file in FOLDER.glob(f"*{suffix}")))


def path(name: str, suffix: str) -> Path:
    """Return the path of one of a network's files.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    suffix : {".json", ".keras", ".onnx"}

    Returns
    -------
    pathlib.Path

    Raises
    ------
    InputError
        If there is no such network, or it does not come in this form.
    """
    return FOLDER / f"{one_of('weights', 'name', name, names(suffix))}{suffix}"


def origin(name: str) -> dict[str, Any]:
    """Return where a network's weights come from: data, training, scores, versions, licence.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Returns
    -------
    dict
    """
    return json.loads(path(name, ".json").read_text(encoding="utf-8"))
