"""One ``.onnx`` file a filter: the network, and in its metadata the threshold, the channels and the origin."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

#: The key of the filter's description in the metadata of an ONNX model.
KEY = "pcfilter"


class OnnxNetwork:
    """A network in an ``.onnx`` file, on ONNX Runtime.

    Pickled, it is its path: it is opened again where it arrives.

    Parameters
    ----------
    path : str or os.PathLike

    Attributes
    ----------
    description : dict
        What :func:`described` wrote into the file; empty for a file that holds nothing but a network.

    Raises
    ------
    InputError
        If the file is missing, or ONNX Runtime cannot open it.
    """

    def __init__(self, path: str | os.PathLike):
        import onnxruntime

        self.path = Path(path)
        content = read_bytes(path)
        try:
            self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
            (image,), _ = self.session.get_inputs(), self.session.get_outputs()
        except Exception as error:  # ONNX Runtime raises classes of its own
            problem = f"ONNX Runtime cannot open it ({str(error).splitlines()[0]})"
            raise InputError(path, "", problem, "copy it anew, or write it with filters.save_filter") from None
        self.input = image.name
        try:
            self.description = dict(json.loads(self.session.get_modelmeta().custom_metadata_map.get(KEY, "{}")))
        except (ValueError, TypeError, RecursionError):
            self.description = {}

    def __call__(self, channels: np.ndarray) -> np.ndarray:
        """Return the logits of channels, (1, H, W, C) to (1, H, W, 1)."""
        return self.session.run(None, {self.input: channels})[0]

    def __reduce__(self) -> tuple:
        return OnnxNetwork, (self.path,)


def described(content: bytes, description: dict[str, Any]) -> bytes:
    """Return an ONNX model with a description in its metadata.

    Parameters
    ----------
    content : bytes
        The model as a file.
    description : dict
        Anything that JSON can hold. A fingerprint of the network is added as ``"network"``.

    Returns
    -------
    bytes
    """
    from pcfilter_lib.errors import require

    onnx = require("onnx", "onnx")
    model = onnx.load_model_from_string(content)
    properties = {entry.key: entry.value for entry in model.metadata_props if entry.key != KEY}
    text = json.dumps({**description, "network": hashlib.sha256(content).hexdigest()[:16]})
    onnx.helper.set_model_props(model, {**properties, KEY: text})
    return model.SerializeToString(deterministic=True)


def redescribed(content: bytes, **changes: Any) -> bytes:
    """Return a filter's file with entries of its description changed; the network and its fingerprint stay.

    Parameters
    ----------
    content : bytes
        The file, as :func:`described` made it.
    **changes
        Anything that JSON can hold.

    Returns
    -------
    bytes
    """
    from pcfilter_lib.errors import require

    onnx = require("onnx", "onnx")
    model = onnx.load_model_from_string(content)
    properties = {entry.key: entry.value for entry in model.metadata_props}
    text = json.dumps({**json.loads(properties[KEY]), **changes})
    onnx.helper.set_model_props(model, {**properties, KEY: text})
    return model.SerializeToString(deterministic=True)
