"""Writing a trained network into this folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pcfilter_lib.files import replacing
from pcfilter_lib.weights import FOLDER
from pcfilter_lib.weights._half import to_float16


def ship(model: Any, name: str, origin: dict[str, Any]) -> Path:
    """Write a network with weights rounded to float16, and its origin beside it.

    Parameters
    ----------
    model : keras.Model
        The network.
    name : str
        Its name, as for ``models.load_pretrained``.
    origin : dict
        Description, script, recipe, provenance and scores.

    Returns
    -------
    pathlib.Path
        The ``.keras`` file.
    """
    file = FOLDER / f"{name}.keras"
    with replacing(file) as path:
        model.save(path)
        to_float16(path)
    with replacing(file.with_suffix(".json")) as path:
        path.write_text(json.dumps(origin, indent=1) + "\n")
    return file
