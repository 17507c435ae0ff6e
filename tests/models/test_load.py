import subprocess
import sys

import keras
import numpy as np
import pytest
from isolation import seeded
from one_step import EAGERLY

from pcfilter_lib import models
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import DropBlock2D, MaxPoolingWithIndices2D, MaxUnpooling2D, ResidualBlock
from pcfilter_lib.optimizers import Ranger
from pcfilter_lib.regularizers import SumRegularizer

pytestmark = pytest.mark.backend


@pytest.fixture(scope="module")
@seeded(0)
def saved(tmp_path_factory):
    """A model with custom classes of several parts of the library, trained for a step."""
    inputs = keras.Input((None, None, 2))
    x = ResidualBlock(4)(inputs)
    x = keras.layers.Conv2D(3, 1, kernel_regularizer=SumRegularizer(1.0, strength=0.1))(x)
    pooled, places = MaxPoolingWithIndices2D(2)(x)
    outputs = MaxUnpooling2D()(DropBlock2D(0.1, 2)(pooled), places, x)
    model = keras.Model(inputs, outputs)
    model.compile(Ranger(0.01), "mse", run_eagerly=EAGERLY)  # so will whoever loads it
    data = np.random.default_rng(0).normal(size=(2, 9, 7, 2)).astype("float32")
    model.train_on_batch(data, np.zeros((2, 9, 7, 3), "float32"))
    path = tmp_path_factory.mktemp("models") / "model.keras"
    model.save(path)
    return path, data, keras.ops.convert_to_numpy(model(data))


@pytest.mark.parametrize(
    "code",
    [
        "from pcfilter_lib import models; model = models.load(path)",
        "import pcfilter_lib.register, keras; model = keras.saving.load_model(path)",
    ],
)
def test_a_fresh_process_loads_what_the_library_made(saved, tmp_path, code):
    path, data, expected = saved
    np.save(tmp_path / "data.npy", data)
    program = (
        "import sys, numpy as np; path, data, out = sys.argv[1:]; data = np.load(data);"
        f"{code}; import keras; np.save(out, keras.ops.convert_to_numpy(model(data)));"
        "model.train_on_batch(data, np.zeros((2, 9, 7, 3), 'float32'))"
    )
    run = [sys.executable, "-c", program, str(path), str(tmp_path / "data.npy"), str(tmp_path / "out.npy")]
    subprocess.run(run, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "out.npy"), expected, rtol=1e-4, atol=1e-5)


def test_without_its_optimiser(saved):
    model = models.load(saved[0], compile=False)
    assert not model.compiled


def test_a_file_that_is_missing_or_broken_is_named(tmp_path):
    with pytest.raises(InputError, match="no.keras: there is no such file"):
        models.load(tmp_path / "no.keras")
    (tmp_path / "broken.keras").write_bytes(b"PK\x03\x04 and then nothing")
    with pytest.raises(InputError, match="broken.keras: Keras cannot load it"):
        models.load(tmp_path / "broken.keras")
