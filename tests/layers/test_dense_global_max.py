import sys

import keras
import numpy as np
import pytest
from keras import layers, ops
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib import frameworks
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import DenseGlobalMax

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)


def clouds(count=4, points=30, channels=5):
    return RNG.normal(1, 2, (count, points, channels)).astype("float32")


class FourLayers(keras.layers.Layer):
    """The same as a dense layer, batch normalisation, ReLU and maximum, one after the other."""

    def __init__(self, units, momentum):
        super().__init__()
        self.dense, self.norm = layers.Dense(units, use_bias=False), layers.BatchNormalization(momentum=momentum)

    def call(self, inputs, training=False):
        return ops.max(ops.relu(self.norm(self.dense(inputs), training=training)), axis=1)


def pair(units=12, momentum=0.8):
    """Both, with equal weights, some of the scales negative."""
    ours, four = DenseGlobalMax(units, momentum=momentum), FourLayers(units, momentum)
    ours(clouds()), four(clouds())
    ours.kernel.assign(four.dense.get_weights()[0])
    for name in ("gamma", "beta"):
        for layer in (ours, four.norm):
            getattr(layer, name).assign(np.random.default_rng(1).normal(size=units))
    return ours, four


def test_contract(tmp_path):
    assert_layer_contract(lambda: DenseGlobalMax(7), (5,), other_size=(8,), tmp_path=tmp_path)
    assert_layer_contract(lambda: DenseGlobalMax(7), (5,), tmp_path=tmp_path, training=True)
    assert_trains(DenseGlobalMax(7), (5,))


def test_it_equals_the_four_layers_in_training_and_afterwards():
    ours, four = pair()
    assert (ops.convert_to_numpy(ours.gamma) < 0).any() and (ops.convert_to_numpy(ours.gamma) > 0).any()
    for training in (True, True, False):  # the running statistics follow alike, too
        x = clouds()
        np.testing.assert_allclose(
            ops.convert_to_numpy(ours(x, training=training)),
            ops.convert_to_numpy(four(x, training=training)),
            atol=2e-5,
        )
    np.testing.assert_allclose(
        ops.convert_to_numpy(ours.moving_mean), ops.convert_to_numpy(four.norm.moving_mean), atol=1e-5
    )
    variances = ours.moving_variance, four.norm.moving_variance
    np.testing.assert_allclose(*map(ops.convert_to_numpy, variances), rtol=1e-4)


def test_a_step_of_training_moves_all_weights_as_the_four_layers_would():
    x, y = clouds(6), RNG.normal(size=(6, 1)).astype("float32")
    moved = []
    for layer in pair():
        inputs = keras.Input((None, 5))
        first = layers.Dense(5, kernel_initializer=keras.initializers.RandomNormal(seed=3))
        last = layers.Dense(1, kernel_initializer=keras.initializers.RandomNormal(seed=4))
        model = keras.Model(inputs, last(layer(first(inputs))))
        model.compile(keras.optimizers.SGD(0.1), "mse")
        before = first.get_weights()[0], first.get_weights()[1], last.get_weights()[0]
        model.train_on_batch(x, y)
        after = first.get_weights()[0], first.get_weights()[1], last.get_weights()[0]
        moved.append([b - a for a, b in zip(before, after, strict=True)])
        kernel, gamma = (
            (layer.kernel, layer.gamma) if hasattr(layer, "kernel") else (layer.dense.kernel, layer.norm.gamma)
        )
        moved[-1] += [ops.convert_to_numpy(kernel), ops.convert_to_numpy(gamma)]
    for ours, theirs in zip(*moved, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-5)
    assert np.abs(moved[0][0]).max() > 1e-4


@pytest.mark.parametrize("training", [False, True])
def test_neither_the_order_of_the_points_nor_repeated_ones_change_anything(training):
    layer, x = DenseGlobalMax(9), clouds()
    expected = ops.convert_to_numpy(layer(x, training=training))
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x[:, RNG.permutation(30)], training=training)), expected, atol=1e-5
    )
    if not training:
        np.testing.assert_allclose(ops.convert_to_numpy(layer(np.tile(x, (1, 2, 1)))), expected, atol=1e-6)


def test_the_critical_points_alone_give_the_same():
    ours, _ = pair()
    x = clouds()
    places = ops.convert_to_numpy(ours.critical_points(x))
    assert places.shape == (4, 12)
    alone = np.stack([cloud[rows] for cloud, rows in zip(x, places, strict=True)])
    np.testing.assert_allclose(ops.convert_to_numpy(ours(alone)), ops.convert_to_numpy(ours(x)), atol=1e-5)


@pytest.mark.parametrize("arguments", [{"units": 0}, {"units": 4, "momentum": 1.0}, {"units": 4, "epsilon": 0}])
def test_impossible_arguments(arguments):
    with pytest.raises(InputError, match=list(arguments)[-1]):
        DenseGlobalMax(**arguments)


def test_cloud_by_cloud_as_on_processors_or_all_at_once_as_elsewhere_makes_no_difference(monkeypatch):
    ours, _ = pair()
    x = clouds()
    monkeypatch.setattr(sys.modules[DenseGlobalMax.__module__], "CACHED", 1)
    one_by_one = [ops.convert_to_numpy(each) for each in (ours(x), ours.critical_points(x))]
    asked = []
    monkeypatch.setattr(frameworks, "device", lambda: asked.append(1) or "gpu")
    at_once = [ops.convert_to_numpy(each) for each in (ours(x), ours.critical_points(x))]
    assert asked
    np.testing.assert_allclose(one_by_one[0], at_once[0], atol=1e-5)
    np.testing.assert_array_equal(one_by_one[1], at_once[1])
