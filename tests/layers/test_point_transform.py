import keras
import numpy as np
import pytest
from isolation import seeded
from keras import ops
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import PointTransform

pytestmark = pytest.mark.backend
SMALL = {"widths": (6, 8), "head": (5,)}


def clouds(points=20, channels=3):
    return np.random.default_rng(0).normal(size=(4, points, channels)).astype("float32")


def test_contract(tmp_path):
    assert_layer_contract(lambda: PointTransform(**SMALL), (7,), other_size=(4,), tmp_path=tmp_path)
    assert_trains(PointTransform(**SMALL), (7,))


@pytest.mark.parametrize("channels", [3, 8])
def test_it_starts_as_the_identity_and_costs_nothing_then(channels):
    layer, x = PointTransform(**SMALL), clouds(channels=channels)
    for training in (False, True):
        np.testing.assert_array_equal(ops.convert_to_numpy(layer(x, training=training)), x)
        assert float(ops.convert_to_numpy(layer.losses[0])) == 0
    assert layer.transform(x).shape == (4, channels, channels)


def test_without_the_penalty_it_may_collapse_and_with_it_it_does_not():
    x = clouds(12)
    left = {}
    for penalty in (0.0, 1.0):
        with seeded(0):
            inputs = keras.Input((None, 3))
            layer = PointTransform(**SMALL, penalty=penalty)
            model = keras.Model(inputs, layer(inputs))
        model.compile(keras.optimizers.Adam(0.03), "mse")
        for _ in range(60):
            model.train_on_batch(x, 0 * x)  # a loss that a collapse would please
        matrices = ops.convert_to_numpy(layer.transform(x, training=True))
        left[penalty] = np.linalg.svd(matrices, compute_uv=False).mean()
    assert left[0.0] < 0.3 and left[1.0] > 0.6


def test_the_order_of_the_points_does_not_matter():
    layer, x = PointTransform(**SMALL), clouds()
    layer(x)
    layer._matrix.kernel.assign(np.random.default_rng(1).normal(size=layer._matrix.kernel.shape))
    order = np.random.default_rng(2).permutation(20)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x[:, order])), ops.convert_to_numpy(layer(x))[:, order], atol=1e-5
    )
    assert np.abs(ops.convert_to_numpy(layer(x)) - x).max() > 0.1


@pytest.mark.parametrize("arguments", [{"widths": (4, 0)}, {"head": (-1,)}, {"penalty": -0.1}])
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        PointTransform(**arguments)
