"""Choosing Keras's backend, and starting it without its chatter."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from types import ModuleType

from pcfilter_lib.errors import InputError, require

BACKENDS = ("tensorflow", "jax", "torch")

#: The extra of this package that installs each backend.
_EXTRAS = {"tensorflow": "train", "jax": "jax", "torch": "torch"}


def import_keras() -> ModuleType:
    """Import Keras with the backend that the user's environment or ``keras.json`` names, without start-up messages.

    Every part of the library that needs Keras imports it here first.

    Returns
    -------
    types.ModuleType

    Raises
    ------
    MissingExtraError
        If Keras is not installed.
    """
    with _quietly():
        return require("keras", "train")


@contextmanager
def _quietly() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _stderr_to(os.devnull):
        yield


@contextmanager
def _stderr_to(target: str) -> Iterator[None]:
    """Send what C++ code writes to the error stream elsewhere: Python's own redirection does not reach it."""
    sys.stderr.flush()
    kept = os.dup(2)
    sink = os.open(target, os.O_WRONLY)
    try:
        os.dup2(sink, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(sink)
        os.close(kept)


@contextmanager
def _hidden(name: str) -> Iterator[None]:
    """Let nothing import a package meanwhile, unless it is there already.

    TensorFlow imports JAX, where it is installed, for a converter that nobody uses here: a sixth of its own time to
    start, and a second framework in the process, for which every benchmark would have to wait.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # Python's own way to say: not installed
    try:
        yield
    finally:
        del sys.modules[name]


def start(backend: str | None = None) -> str:
    """Import Keras with a backend, without the messages that the backend prints as it starts.

    Call it before the first ``import keras``: the choice cannot be changed later in the same process.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}, optional
        By default the environment variable ``KERAS_BACKEND``, or TensorFlow, which this book shows.

    Returns
    -------
    str
        The name of the backend in use.

    Raises
    ------
    InputError
        If there is no such backend, or Keras already runs on another one.
    MissingExtraError
        If the backend is not installed.
    """
    backend = backend or os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend not in BACKENDS:
        raise InputError("backend", "", f"{backend!r} is none of Keras's backends", f"use one of {', '.join(BACKENDS)}")
    os.environ["KERAS_BACKEND"] = backend
    with _quietly(), _hidden("jax") if backend == "tensorflow" else nullcontext():
        require(backend, _EXTRAS[backend])
    keras = import_keras()
    if keras.backend.backend() != backend:
        raise InputError(
            "backend",
            "",
            f"Keras already runs on {keras.backend.backend()}",
            "restart, and call this before Keras is used",
        )
    return backend


def device() -> str:
    """Return the kind of device that Keras computes on.

    Returns
    -------
    str
        "cpu", "gpu", or what else the backend calls it, such as "tpu" or "mps".
    """
    keras = import_keras()
    if keras.backend.backend() == "jax":
        import jax

        return jax.default_backend()
    if keras.backend.backend() == "torch":
        from keras.src.backend.torch.core import get_device  # Keras's own choice; there is no public name for it

        kind = get_device().partition(":")[0]
        return "gpu" if kind == "cuda" else kind
    import tensorflow as tf

    return "gpu" if tf.config.list_physical_devices("GPU") else "cpu"
