"""Training that can be interrupted at any time and goes on as if nothing had happened."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from pcfilter_lib import models
from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data.batches import ShuffledBatches
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


def fit_resumable(
    build: Callable[[], keras.Model],
    batches: ShuffledBatches,
    folder: str | os.PathLike,
    *,
    epochs: int,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    **fit_options,
) -> tuple[keras.Model, dict[str, list[float]]]:
    """Train a model, keeping it on disk after each epoch; if it lies there already, go on from it.

    Weights, the optimiser's state, the epoch, the order of the examples and the state of the random layers are
    continued: a training that was interrupted ends with the same bits as one that was not, where the backend's own
    operations are deterministic.

    Parameters
    ----------
    build : callable
        Returns a new, compiled model. It is called only if `folder` holds none.
    batches : ShuffledBatches
        The training data. Its epoch is set.
    folder : str or os.PathLike
        Where ``epoch-0007.keras`` and ``progress.json`` are kept; made if need be. Only the last epoch's model stays.
    epochs : int
        The epoch to end with, counted from the very beginning.
    callbacks : sequence of keras.callbacks.Callback
        Called as by ``model.fit``. What they remember themselves (a patience) begins anew.
    **fit_options
        As for ``model.fit``, for example ``validation_data``.

    Returns
    -------
    model : keras.Model
    history : dict of str to list of float
        As ``model.fit(...).history``, from the first epoch on.

    Raises
    ------
    InputError
        If a file in the folder cannot be read, or the model is not compiled.

    Notes
    -----
    Files are written beside and renamed: an interruption while writing leaves the epoch before. A ``.keras`` file does
    not hold the state of random layers (Keras 3.15): after loading, a dropout would repeat its first masks. So the
    states are kept in ``progress.json``, beside the history.
    """
    whole_number("fit_resumable", "epochs", epochs)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    newest, done = _newest(folder)
    model = models.load(newest) if newest else build()
    if not getattr(model, "compiled", False):
        raise InputError("fit_resumable", "build", "the model is not compiled", "call model.compile in build")
    progress = _read_progress(folder / "progress.json", done) if done else {"history": {}, "random": {}}
    for variable, value in zip(_random_states(model), progress["random"].get(str(done), []), strict=bool(done)):
        variable.assign(value)
    batches.epoch = done
    if done < epochs:
        keeper = _Keeper(folder, progress)
        model.fit(
            batches, shuffle=False, initial_epoch=done, epochs=epochs, callbacks=[*callbacks, keeper], **fit_options
        )
    return model, progress["history"]


class _Keeper(keras.callbacks.Callback):
    def __init__(self, folder: Path, progress: dict):
        super().__init__()
        self.folder, self.progress = folder, progress

    def on_epoch_end(self, epoch, logs=None):
        history, random = self.progress["history"], self.progress["random"]
        for name, value in (logs or {}).items():
            history.setdefault(name, []).append(float(value))
        if hasattr(self.model, "jax_state_sync"):  # on JAX, fit works on copies of the variables until it is told
            self.model.jax_state_sync()
        states = [keras.ops.convert_to_numpy(variable).tolist() for variable in _random_states(self.model)]
        random.update({str(epoch + 1): states})
        # Progress first: if it is ahead of the model, it can be cut to the model's epoch.
        self.progress["random"] = {at: kept for at, kept in random.items() if int(at) >= epoch}
        with replacing(self.folder / "progress.json") as path:
            path.write_text(json.dumps(self.progress, indent=1))
        newest = self.folder / f"epoch-{epoch + 1:04d}.keras"
        with replacing(newest) as path:
            self.model.save(path)
        for older in self.folder.glob("epoch-*.keras"):
            if older != newest:
                older.unlink()


def _random_states(model: keras.Model) -> list[keras.Variable]:
    """Return the variables that are no weights: the states of dropout and its kind."""
    weights = {id(variable) for variable in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _newest(folder: Path) -> tuple[Path | None, int]:
    """Return the file of the last epoch and its number, or (None, 0)."""
    found = [(int(match[1]), path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]
    if not found:
        return None, 0
    number, path = max(found)
    return path, number


def _read_progress(path: Path, epochs: int) -> dict:
    try:
        progress = json.loads(path.read_text())
        history = {name: [float(value) for value in values[:epochs]] for name, values in progress["history"].items()}
        return {"history": history, "random": {str(epochs): progress["random"][str(epochs)]}}
    except (OSError, ValueError, TypeError, AttributeError, LookupError):
        problem = "it is missing, or does not belong to the model beside it"
        raise InputError(path, "", problem, "restore it, or remove the folder to begin anew") from None


_NAME = re.compile(r"epoch-(\d{4,})\.keras")
