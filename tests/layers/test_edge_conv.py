import sys

import brute_force
import keras
import numpy as np
import pytest
from keras import ops
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import EdgeConv, NearestNeighbors

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)
N, C, UNITS, K = 14, 3, 5, 4


@pytest.fixture(autouse=True)
def same_numbers(monkeypatch):
    """Every test draws the same numbers, whatever ran before: central differences meet a kink for few of them only."""
    monkeypatch.setattr(sys.modules[__name__], "RNG", np.random.default_rng(0))


def clouds(count=2, points=N, channels=C):
    return RNG.normal(1, 1, (count, points, channels)).astype("float32")


def tables(x, k=K):
    distances = ((x[:, :, None].astype(float) - x[:, None]) ** 2).sum(-1)
    return np.argsort(distances, axis=-1, kind="stable")[..., :k].astype("int32")


def mixed_layer(**options):
    """A layer with scales of both signs, and shifts."""
    layer = EdgeConv(UNITS, K, **options)
    layer(clouds())
    return brute_force.vary(layer, RNG)


def reference(x, kernel, gamma, beta, table, slope=0.2):
    return brute_force.edge_conv(x, table, kernel, gamma, beta, slope)


def weights(layer):
    return [ops.convert_to_numpy(each).astype(float) for each in (layer.kernel, layer.gamma, layer.beta)]


def test_contract(tmp_path):
    assert_layer_contract(lambda: EdgeConv(7, 3), (9,), other_size=(12,), tmp_path=tmp_path)
    assert_layer_contract(lambda: EdgeConv(7, 3), (9,), tmp_path=tmp_path, training=True)
    assert_trains(EdgeConv(7, 3), (9,))


def test_neighbours_are_those_of_brute_force():
    x = clouds(3, 40, 6)
    np.testing.assert_array_equal(ops.convert_to_numpy(NearestNeighbors(7)(x)), tables(x, 7))


def test_of_fewer_points_the_nearest_is_repeated():
    table = ops.convert_to_numpy(NearestNeighbors(5)(clouds(1, 3)))
    assert (table[..., 3:] == table[..., :1]).all() and (np.sort(table[..., :3]) == np.arange(3)).all()
    assert table.dtype == np.int32


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_it_equals_brute_force_in_training(slope):
    x, layer = clouds(), mixed_layer(negative_slope=slope)
    wanted = reference(x.astype(float), *weights(layer), tables(x), slope)
    brute_force.assert_near([ops.convert_to_numpy(layer(x, training=True))], [wanted])


def test_its_gradients_equal_those_of_brute_force():
    x, layer = clouds(), mixed_layer()
    upstream = RNG.normal(size=(2, N, UNITS))
    wanted = brute_force.central_differences(
        lambda *arrays: reference(*arrays, tables(x)), [x, *weights(layer)], upstream
    )
    brute_force.assert_near(brute_force.gradients(layer, [x], upstream), wanted)


def test_a_table_takes_the_place_of_the_nearest():
    x, layer = clouds(), mixed_layer()
    table = RNG.integers(0, N, (2, N, 6)).astype("int32")
    wanted = reference(x.astype(float), *weights(layer), table)
    brute_force.assert_near([ops.convert_to_numpy(layer([x, table], training=True))], [wanted])
    upstream = RNG.normal(size=(2, N, UNITS))
    wanted = brute_force.central_differences(lambda *arrays: reference(*arrays, table), [x, *weights(layer)], upstream)
    brute_force.assert_near(brute_force.gradients(layer, [x, table], upstream), wanted)


def test_running_moments_are_those_of_all_edges():
    x, layer = clouds(4), mixed_layer(momentum=0.0)
    layer(x, training=True)
    kernel, table = weights(layer)[0], tables(x)
    neighbours = np.stack([cloud[rows] for cloud, rows in zip(x.astype(float), table, strict=True)])
    own = np.broadcast_to(x[:, :, None], neighbours.shape)
    edges = np.concatenate([own, neighbours - own], axis=-1) @ kernel
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_mean), edges.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(ops.convert_to_numpy(layer.moving_variance), edges.var((0, 1, 2)), rtol=1e-5)
    # The same batch, after training: the same numbers, by another way.
    brute_force.assert_near([ops.convert_to_numpy(layer(x))], [ops.convert_to_numpy(layer(x, training=True))])


def test_points_far_from_the_origin_cost_few_digits():
    layer = mixed_layer()
    x = clouds()
    near, far = (ops.convert_to_numpy(layer(cloud, training=True)) for cloud in (x, x + 100))
    np.testing.assert_allclose(far, near, atol=2e-3)


def test_the_order_of_points_goes_along():
    x, layer = clouds(), mixed_layer()
    order = RNG.permutation(N)
    np.testing.assert_allclose(
        ops.convert_to_numpy(layer(x[:, order])), ops.convert_to_numpy(layer(x))[:, order], atol=1e-5
    )


def test_unknown_numbers_of_points_in_a_model():
    points, table = keras.Input((None, C)), keras.Input((None, K), dtype="int32")
    model = keras.Model([points, table], EdgeConv(UNITS, K)([points, table]))
    for number in (5, 9):
        x = clouds(2, number)
        assert model.predict([x, tables(x)], verbose=0).shape == (2, number, UNITS)


def test_half_precision():
    layer = EdgeConv(UNITS, K, dtype="mixed_bfloat16")
    result = layer(clouds(), training=True)
    assert keras.backend.standardize_dtype(result.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(layer.moving_mean.dtype) == "float32"


@pytest.mark.parametrize(
    "options", [{"units": 0}, {"units": 3, "k": 0}, {"units": 3, "negative_slope": 1.5}, {"units": 3, "momentum": 1}]
)
def test_wrong_arguments_are_named(options):
    with pytest.raises(InputError, match="EdgeConv"):
        EdgeConv(**options)
