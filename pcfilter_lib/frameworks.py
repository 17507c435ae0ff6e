"""Choosing Keras's backend, and starting it without its chatter."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from pcfilter_lib.errors import InputError, require

BACKENDS = ("tensorflow", "jax", "torch")

#: The extra of this package that installs each backend.
EXTRAS = {"tensorflow": "train", "jax": "jax", "torch": "torch"}


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
    if keras := sys.modules.get("keras"):
        return keras
    with _quietly(), _uncollected(), _without_jax(_configured()):
        return require("keras", "train")


def _configured() -> str | None:
    """Return the backend that Keras will take, from where it looks itself; None if that cannot be told."""
    if chosen := os.environ.get("KERAS_BACKEND"):
        return chosen
    home = Path.home()
    if "KERAS_HOME" not in os.environ and not os.access(home, os.W_OK):
        return None
    file = Path(os.environ.get("KERAS_HOME", home / ".keras")) / "keras.json"
    try:
        return json.loads(file.read_text()).get("backend", "tensorflow")
    except FileNotFoundError:
        return "tensorflow"
    except (OSError, ValueError, AttributeError):
        return None


@contextmanager
def _quietly() -> Iterator[None]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorFlow uses oneDNN's kernels by itself only on processors with AVX-512 VNNI; on others they train a U-Net
    # almost twice as fast, too, and the same kernels everywhere round alike.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
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
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking through what is imported, now and later.

    Half a million objects that stay: to look through them again and again is a fifth of the time that TensorFlow takes
    to start, and a third of a second each time that the collector makes a full round later.
    """
    known, collects = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
        if collects:
            gc.enable()


@contextmanager
def _without_jax(backend: str | None) -> Iterator[None]:
    """Let TensorFlow not import JAX, unless that is there already.

    Where JAX is installed, TensorFlow imports it for a converter that nobody uses here: a sixth of its own time to
    start, and a second framework in the process, for which every benchmark would have to wait.
    """
    if backend != "tensorflow" or "jax" in sys.modules:
        yield
        return
    sys.modules["jax"] = None  # Python's own way to say: not installed
    try:
        yield
    finally:
        del sys.modules["jax"]


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
    with _quietly(), _uncollected(), _without_jax(backend):
        require(backend, EXTRAS[backend])
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = backend
    keras = import_keras()
    if keras.backend.backend() != backend:
        raise InputError(
            "backend",
            "",
            f"Keras already runs on {keras.backend.backend()}",
            "restart, and call this before Keras is used",
        )
    os.environ["KERAS_BACKEND"] = backend  # for the processes that this one starts
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
