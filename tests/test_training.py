import json
import subprocess
import sys

import keras
import numpy as np
import pytest

from pcfilter_lib.data.batches import ShuffledBatches
from pcfilter_lib.errors import InputError
from pcfilter_lib.training import fit_resumable

pytestmark = pytest.mark.backend
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 6)).astype("float32")
Y = (X[:, :1] > X[:, 1:2]).astype("float32")

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()


def build():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.3, seed=5), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def batches():
    return ShuffledBatches(X, Y, batch_size=16, seed=7)


class Interrupt(keras.callbacks.Callback):
    """Pull the plug in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.at = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.at and batch == 1:
            raise KeyboardInterrupt


def weights(model):
    return [keras.ops.convert_to_numpy(v) for v in [*model.variables, *model.optimizer.variables]]


def test_an_interrupted_training_ends_with_the_same_bits(tmp_path):
    whole, history = fit_resumable(build, batches(), tmp_path / "whole", epochs=6, verbose=0)
    for at in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            fit_resumable(build, batches(), tmp_path / "parts", epochs=6, verbose=0, callbacks=[Interrupt(at)])
        assert [path.name for path in (tmp_path / "parts").glob("*.keras")] == [f"epoch-{at:04d}.keras"]
    resumed, resumed_history = fit_resumable(build, batches(), tmp_path / "parts", epochs=6, verbose=0)
    for one, two in zip(weights(whole), weights(resumed), strict=True):
        assert np.array_equal(one, two)
    assert history == resumed_history and len(history["loss"]) == 6


def test_a_fresh_process_goes_on_as_well(tmp_path):
    _, history = fit_resumable(build, batches(), tmp_path / "whole", epochs=3, verbose=0)
    fit_resumable(build, batches(), tmp_path / "parts", epochs=1, verbose=0)
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import test_training as t;"
        "print(json.dumps(t.fit_resumable(None, t.batches(), sys.argv[2], epochs=3, verbose=0)[1]))"
    )
    folder = str(__file__).rpartition("/")[0]
    run = [sys.executable, "-c", code, folder, str(tmp_path / "parts")]
    printed = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert json.loads(printed.splitlines()[-1]) == history


def test_what_is_finished_is_not_trained_again(tmp_path):
    first, history = fit_resumable(build, batches(), tmp_path, epochs=2, verbose=0)
    again, same = fit_resumable(None, batches(), tmp_path, epochs=2, verbose=0)
    assert history == same
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), again.get_weights(), strict=True))


def test_progress_that_is_ahead_of_the_model_is_cut(tmp_path):
    """The plug was pulled between the two files."""
    whole, whole_history = fit_resumable(build, batches(), tmp_path / "whole", epochs=3, verbose=0)
    parts = tmp_path / "parts"
    fit_resumable(build, batches(), parts, epochs=2, verbose=0)
    model = (parts / "epoch-0002.keras").read_bytes()
    fit_resumable(build, batches(), parts, epochs=3, verbose=0)
    (parts / "epoch-0003.keras").unlink()
    (parts / "epoch-0002.keras").write_bytes(model)
    again, history = fit_resumable(build, batches(), parts, epochs=3, verbose=0)
    assert history == whole_history
    assert all(np.array_equal(a, b) for a, b in zip(weights(whole), weights(again), strict=True))


def test_broken_files_are_named_and_left_alone(tmp_path):
    fit_resumable(build, batches(), tmp_path, epochs=1, verbose=0)
    kept = (tmp_path / "progress.json").read_text()
    for broken in ("{", "[]", kept.replace('"random"', '"r"')):
        (tmp_path / "progress.json").write_text(broken)
        with pytest.raises(InputError, match="progress.json.*begin anew"):
            fit_resumable(build, batches(), tmp_path, epochs=2, verbose=0)
        assert (tmp_path / "progress.json").read_text() == broken
    (tmp_path / "epoch-0001.keras").write_bytes(b"no archive")
    with pytest.raises(InputError, match="epoch-0001.keras"):
        fit_resumable(build, batches(), tmp_path, epochs=2, verbose=0)
    assert (tmp_path / "epoch-0001.keras").read_bytes() == b"no archive"


def test_a_model_that_is_not_compiled_is_refused(tmp_path):
    with pytest.raises(InputError, match="call model.compile in build"):
        fit_resumable(lambda: keras.Sequential([keras.Input((6,))]), batches(), tmp_path, epochs=1)
    with pytest.raises(InputError, match="epochs.*1 or more"):
        fit_resumable(build, batches(), tmp_path, epochs=0)
