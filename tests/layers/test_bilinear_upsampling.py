import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.layers import BilinearUpsampling2D
from pcfilter_lib.layers.bilinear_upsampling import _double

pytestmark = pytest.mark.backend


def test_contract(tmp_path):
    assert_layer_contract(BilinearUpsampling2D, (5, 7), other_size=(8, 3), tmp_path=tmp_path)
    assert_trains(BilinearUpsampling2D(), (5, 7))


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 4, 6, 3), (1, 7, 1, 2)])
def test_it_is_keras_interpolation(shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    ours = keras.ops.convert_to_numpy(BilinearUpsampling2D()(x))
    theirs = keras.ops.convert_to_numpy(keras.layers.UpSampling2D(interpolation="bilinear")(x))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_ramp_stays_a_ramp():
    ramp = np.arange(6, dtype="float32").reshape(1, 1, 6, 1)
    doubled = keras.ops.convert_to_numpy(BilinearUpsampling2D()(ramp))[0, 0, :, 0]
    np.testing.assert_allclose(np.diff(doubled[1:-1]), 0.5, atol=1e-6)
    np.testing.assert_allclose(doubled[[0, -1]], [0, 5])


@pytest.mark.parametrize("shape", [(1, 1, 1, 1), (2, 4, 6, 3), (1, 7, 1, 2)])
def test_sizes_that_only_the_running_graph_knows_give_the_same(shape):
    x = keras.ops.convert_to_tensor(np.random.default_rng(0).normal(size=shape).astype("float32"))
    unknown = keras.ops.convert_to_numpy(_double(_double(x, 1), 2))
    np.testing.assert_allclose(unknown, keras.ops.convert_to_numpy(BilinearUpsampling2D()(x)), atol=1e-5)
