"""Loading a saved model, with this library's own classes known to Keras."""

from __future__ import annotations

import os
from pathlib import Path

import keras

from pcfilter_lib.errors import InputError


def load(path: str | os.PathLike, *, compile: bool = True) -> keras.Model:
    """Load a model from a ``.keras`` file, whatever classes of this library it holds.

    Parameters
    ----------
    path : str or os.PathLike
        The file that ``model.save`` wrote.
    compile : bool
        Restore the optimiser and the loss, too, so that training can go on.

    Returns
    -------
    keras.Model

    Raises
    ------
    InputError
        If there is no such file, or it is no Keras model.
    """
    import pcfilter_lib.register  # noqa: F401  Keras looks classes up by name: they must be registered first

    path = Path(path)
    if not path.is_file():
        raise InputError(path, "", "there is no such file", "give the path of a file that model.save wrote")
    try:
        return keras.saving.load_model(path, compile=compile)
    except Exception as error:  # a broken archive fails in many ways: zip, json, h5py, unknown classes
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            path,
            "",
            f"Keras cannot load it ({reason})",
            "give a .keras file, and import your own classes",
        ) from error
