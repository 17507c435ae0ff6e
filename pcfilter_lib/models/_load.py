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
        problem = f"Keras cannot load it ({first_line(error)})"
        raise InputError(path, "", problem, "give a .keras file, and import your own classes") from error


def first_line(error: Exception) -> str:
    """Return the first line of another library's error, or its class where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__
