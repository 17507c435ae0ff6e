import keras
import numpy as np
import pytest

from pcfilter_lib.layers import CropLike, PadToMultiple

pytestmark = pytest.mark.backend


def test_it_takes_away_what_was_padded(tmp_path):
    # A layer with two inputs: held to the contract by a model that pads, works and crops.
    inputs = keras.Input((None, None, 3))
    model = keras.Model(inputs, CropLike()([PadToMultiple(8)(inputs), inputs]))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for size in ((5, 7), (8, 16), (1, 9)):
        x = np.random.default_rng(0).normal(size=(2, *size, 3)).astype("float32")
        np.testing.assert_array_equal(model.predict(x, verbose=0), x)
        np.testing.assert_array_equal(loaded.predict(x, verbose=0), x)


def test_shapes():
    promised = CropLike().compute_output_spec([keras.KerasTensor((2, 8, 8, 5)), keras.KerasTensor((2, 5, 7, 3))])
    assert promised.shape == (2, 5, 7, 5)
    real = CropLike()([np.zeros((2, 8, 8, 5), "float32"), np.zeros((2, 5, 7, 3), "float32")])
    assert tuple(real.shape) == (2, 5, 7, 5)
    unknown = CropLike().compute_output_spec(
        [keras.KerasTensor((None, None, None, 5)), keras.KerasTensor((2, None, 7, 3))]
    )
    assert unknown.shape[1:] == (None, 7, 5)


def test_volumes():
    x = np.random.default_rng(0).normal(size=(2, 5, 6, 7, 3)).astype("float32")
    inputs = keras.Input((None, None, None, 3))
    model = keras.Model(inputs, CropLike()([PadToMultiple(8)(inputs), inputs]))
    np.testing.assert_array_equal(model.predict(x, verbose=0), x)
