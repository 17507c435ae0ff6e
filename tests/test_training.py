import hashlib
import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.data.batches import ShuffledBatches
from pcfilter_lib.errors import InputError
from pcfilter_lib.training import fit_resumable

pytestmark = pytest.mark.backend
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(50, 6)).astype("float32")
Y = (X[:, :1] > X[:, 1:2]).astype("float32")


@seeded(3)
def build():
    layers = [keras.layers.Dense(16, activation="relu"), keras.layers.Dropout(0.3, seed=5), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((6,)), *layers])
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def batches():
    return ShuffledBatches(X, Y, batch_size=16, seed=7)


def fit(folder, epochs, make=build, **options):
    return fit_resumable(make, batches(), folder, epochs=epochs, verbose=0, **options)


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


def ended(model, history):
    """What a training ended with, to the bit."""
    values = [keras.ops.convert_to_numpy(v) for v in [*model.variables, *model.optimizer.variables]]
    return [history, [hashlib.sha256(np.ascontiguousarray(value)).hexdigest() for value in values]]


def train(folder):
    """The trainings that the tests compare, whole and in parts."""
    found = {"whole": ended(*fit(folder / "whole", 6)), "short": ended(*fit(folder / "short", 3)), "kept": []}
    for at in (2, 4):
        try:
            fit(folder / "parts", 6, callbacks=[Interrupt(at)])
        except KeyboardInterrupt:
            found["kept"].append([path.name for path in (folder / "parts").glob("*.keras")])
    found["parts"] = ended(*fit(folder / "parts", 6))

    ahead = folder / "ahead"  # the plug was pulled between the two files: the model is from the epoch before
    fit(ahead, 2)
    model = (ahead / "epoch-0002.keras").read_bytes()
    fit(ahead, 3)
    (ahead / "epoch-0003.keras").unlink()
    (ahead / "epoch-0002.keras").write_bytes(model)
    found["ahead"] = ended(*fit(ahead, 3))

    fit(folder / "fresh", 1)
    return found


def go_on(folder):
    """Finish, in a process of its own, what `train` began."""
    return ended(*fit(folder / "fresh", 3, make=None))


def in_a_process(what, folder):
    """Call `train` or `go_on` where TensorFlow's determinism is on: it is a switch for a whole process."""
    run = [sys.executable, __file__, what, str(folder)]
    done = subprocess.run(run, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    return folder, in_a_process("train", folder)


def test_an_interrupted_training_ends_with_the_same_bits(trained):
    _, found = trained
    assert found["kept"] == [["epoch-0002.keras"], ["epoch-0004.keras"]]
    assert found["parts"] == found["whole"] != found["short"] and len(found["whole"][0]["loss"]) == 6


def test_a_fresh_process_goes_on_as_well(trained):
    folder, found = trained
    assert in_a_process("go_on", folder) == found["short"]


def test_progress_that_is_ahead_of_the_model_is_cut(trained):
    _, found = trained
    assert found["ahead"] == found["short"]


def test_what_is_finished_is_not_trained_again(tmp_path):
    first, history = fit(tmp_path, 2)
    again, same = fit(tmp_path, 2, make=None)
    assert history == same
    assert all(np.array_equal(a, b) for a, b in zip(first.get_weights(), again.get_weights(), strict=True))


def test_broken_files_are_named_and_left_alone(tmp_path):
    fit(tmp_path, 1)
    kept = (tmp_path / "progress.json").read_text()
    for broken in ("{", "[]", kept.replace('"random"', '"r"')):
        (tmp_path / "progress.json").write_text(broken)
        with pytest.raises(InputError, match="progress.json.*begin anew"):
            fit(tmp_path, 2)
        assert (tmp_path / "progress.json").read_text() == broken
    (tmp_path / "epoch-0001.keras").write_bytes(b"no archive")
    with pytest.raises(InputError, match="epoch-0001.keras"):
        fit(tmp_path, 2)
    assert (tmp_path / "epoch-0001.keras").read_bytes() == b"no archive"


def test_a_model_that_is_not_compiled_is_refused(tmp_path):
    with pytest.raises(InputError, match="call model.compile in build"):
        fit_resumable(lambda: keras.Sequential([keras.Input((6,))]), batches(), tmp_path, epochs=1)
    with pytest.raises(InputError, match="epochs.*1 or more"):
        fit_resumable(build, batches(), tmp_path, epochs=0)


if __name__ == "__main__":
    if keras.backend.backend() == "tensorflow":
        import tensorflow

        tensorflow.config.experimental.enable_op_determinism()
    print(json.dumps({"train": train, "go_on": go_on}[sys.argv[1]](Path(sys.argv[2]))))
