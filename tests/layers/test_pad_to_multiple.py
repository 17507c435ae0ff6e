import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import PadToMultiple

pytestmark = pytest.mark.backend


@pytest.mark.parametrize("multiple", [1, 4, 7])
def test_contract(tmp_path, multiple):
    assert_layer_contract(lambda: PadToMultiple(multiple), (5, 7), other_size=(8, 4), tmp_path=tmp_path)
    assert_trains(PadToMultiple(multiple), (5, 7))


def test_zeros_below_and_to_the_right():
    x = np.random.default_rng(0).normal(size=(2, 5, 8, 3)).astype("float32")
    padded = keras.ops.convert_to_numpy(PadToMultiple(4)(x))
    assert padded.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(padded[:, :5], x)
    assert not padded[:, 5:].any()


@pytest.mark.parametrize("multiple", [0, -2, 1.5, True])
def test_impossible_multiples(multiple):
    with pytest.raises(InputError, match="multiple"):
        PadToMultiple(multiple)


@pytest.mark.parametrize("layer", [None, keras.layers.Conv3D(2, 3, padding="same", use_bias=False)])
def test_volumes_alone_and_before_a_convolution(layer):
    x = np.random.default_rng(1).normal(size=(2, 5, 6, 7, 3)).astype("float32")
    whole = np.pad(x, [(0, 0), (0, 3), (0, 2), (0, 1), (0, 0)])
    inputs = keras.Input((None, None, None, 3))
    padded = PadToMultiple(4)(inputs)
    model = keras.Model(inputs, padded if layer is None else layer(padded))
    expected = whole if layer is None else keras.ops.convert_to_numpy(layer(whole))
    found = model.predict(x, verbose=0)
    assert found.shape == (2, 8, 8, 8, 3 if layer is None else 2)
    np.testing.assert_allclose(found, expected, atol=1e-5)
