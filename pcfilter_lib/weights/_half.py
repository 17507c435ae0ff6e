"""Weights in half as many bytes."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np

from pcfilter_lib.files import replacing

_WEIGHTS = "model.weights.h5"


def to_float16(path: str | os.PathLike) -> None:
    """Round the weights in a ``.keras`` file to float16; Keras restores them to the type of its variables.

    Parameters
    ----------
    path : str or os.PathLike
        From ``model.save``. It is replaced.

    Raises
    ------
    OverflowError
        If a weight is larger than float16 can hold.
    """
    import h5py  # comes with Keras

    path = Path(path)
    with zipfile.ZipFile(path) as file:
        members = {info: file.read(info) for info in file.infolist()}
    with replacing(path) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as file:
            for info, content in members.items():
                file.writestr(info.filename, _rounded(content, h5py) if info.filename == _WEIGHTS else content)


def _rounded(content: bytes, h5py) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as old, h5py.File(buffer, "w") as new:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                new.require_group(name).attrs.update(item.attrs)
                return
            values = item[()]
            if values.dtype == np.float32:
                with np.errstate(over="ignore"):
                    short = values.astype(np.float16)
                if not np.isfinite(short[np.isfinite(values)] if values.ndim else short).all():
                    raise OverflowError(f"{name} holds weights that float16 cannot")
                values = short
            new.create_dataset(name, data=values).attrs.update(item.attrs)

        old.visititems(copy)
        new.attrs.update(old.attrs)
    return buffer.getvalue()
