import sys

import brute_force
import keras
import numpy as np
import pytest
from keras import ops

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import SetAbstraction

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)
ONE = ((0.7, 4, (4, 5)),)
TWO = ((0.5, 3, (4, 3)), (0.9, 6, (3, 4, 5)))


@pytest.fixture(autouse=True)
def same_numbers(monkeypatch):
    """Every test draws the same numbers, whatever ran before: central differences meet a kink for few of them only."""
    monkeypatch.setattr(sys.modules[__name__], "RNG", np.random.default_rng(0))


def clouds(count=2, points=16, channels=3):
    return RNG.uniform(-1, 1, (count, points, channels)).astype("float32")


def varied(layer):
    """The layer, built, its scales of both signs and its shifts not 0."""
    layer([clouds(), clouds(channels=2)])
    return brute_force.vary(layer, RNG)


def parts(weights, scales):
    """Return kernels and normalisations of each scale from the layer's weights, in the order in which they pass."""
    found, weights = [], list(weights)
    for _, _, widths in scales:
        own, weights = weights[: 3 * len(widths)], weights[3 * len(widths) :]
        kernels = [each for each in own if each.ndim == 2]
        rest = [each for each in own if each.ndim == 1]
        found.append((kernels, list(zip(rest[::2], rest[1::2], strict=True))))
    return found


def reference(layer, points, features, *weights, tables):
    scales = zip(parts(weights, layer.scales), tables, strict=True)
    found = [
        brute_force.set_abstraction(points, features, table, layer.centres, kernels, norms)
        for (kernels, norms), table in scales
    ]
    return np.concatenate(found, axis=-1)


def balls(layer, points):
    points = points.astype(float)
    return [
        [brute_force.ball(cloud, cloud[: layer.centres], radius, max_nn) for cloud in points]
        for radius, max_nn, _ in layer.scales
    ]


@pytest.mark.parametrize("scales", [ONE, TWO])
def test_it_equals_brute_force_in_training(scales):
    points, features = clouds(), clouds(channels=2)
    layer = varied(SetAbstraction(6, scales))
    centres, found = layer([points, features], training=True)
    np.testing.assert_array_equal(ops.convert_to_numpy(centres), points[:, :6])
    weights = [ops.convert_to_numpy(each).astype(float) for each in layer.trainable_weights]
    wanted = reference(layer, points.astype(float), features.astype(float), *weights, tables=balls(layer, points))
    brute_force.assert_near([ops.convert_to_numpy(found)], [wanted])


@pytest.mark.parametrize("scales", [ONE, TWO])
def test_its_gradients_equal_those_of_brute_force(scales):
    points, features = clouds(), clouds(channels=2)
    layer = varied(SetAbstraction(6, scales))
    weights = [ops.convert_to_numpy(each).astype(float) for each in layer.trainable_weights]
    upstream = RNG.normal(size=(2, 6, sum(widths[-1] for _, _, widths in scales)))
    tables = balls(layer, points)
    wanted = brute_force.central_differences(
        lambda *arrays: reference(layer, *arrays, tables=tables), [points, features, *weights], upstream
    )
    brute_force.assert_near(brute_force.gradients(layer, [points, features], upstream, output=1), wanted)


def test_after_training_the_running_moments_count():
    points, features = clouds(), clouds(channels=2)
    layer = varied(SetAbstraction(6, TWO, momentum=0.0))
    trained = layer([points, features], training=True)[1]
    brute_force.assert_near([ops.convert_to_numpy(layer([points, features])[1])], [ops.convert_to_numpy(trained)])


def test_it_does_not_notice_repeated_points_or_the_order_after_the_centres():
    points = clouds(1, 20)
    layer = SetAbstraction(6, ((0.7, 40, (4, 5)),))
    whole = ops.convert_to_numpy(layer(points)[1])
    order = np.concatenate([np.arange(6), 6 + RNG.permutation(14), [3, 3, 9]])
    np.testing.assert_allclose(ops.convert_to_numpy(layer(points[:, order])[1]), whole, atol=1e-5)


def test_a_cloud_smaller_than_the_centres():
    points = clouds(2, 4)
    centres, features = SetAbstraction(6, ONE)(points)
    assert tuple(centres.shape) == (2, 4, 3) and tuple(features.shape) == (2, 4, 5)


def test_a_model_with_unknown_numbers_of_points_is_saved_and_loaded(tmp_path):
    inputs, own = keras.Input((None, 3)), keras.Input((None, 2))
    centres, features = SetAbstraction(6, TWO)([inputs, own])
    assert centres.shape == (None, None, 3) and features.shape == (None, None, 8)
    last = SetAbstraction(3, ONE)([centres, features])
    model = keras.Model([inputs, own], [*last])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for number in (5, 16):
        x = [clouds(2, number), clouds(2, number, 2)]
        for ours, theirs in zip(model.predict(x, verbose=0), loaded.predict(x, verbose=0), strict=True):
            assert ours.shape[1] == 3
            np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_points_keep_their_precision_where_features_are_half():
    centres, features = SetAbstraction(6, ONE, dtype="mixed_bfloat16")([clouds() + 100, clouds(channels=2)])
    assert keras.backend.standardize_dtype(centres.dtype) == "float32"
    assert keras.backend.standardize_dtype(features.dtype) == "bfloat16"


@pytest.mark.parametrize(
    "scales", [(), ((0.2, 8),), (0.2, 8, (4, 4)), ((0, 8, (4, 4)),), ((0.2, 0, (4, 4)),), ((0.2, 8, (4,)),)]
)
def test_wrong_scales_are_named(scales):
    with pytest.raises(InputError, match="SetAbstraction, scales"):
        SetAbstraction(6, scales)


def test_config():
    layer = SetAbstraction(6, TWO, momentum=0.8)
    twin = SetAbstraction.from_config(layer.get_config())
    assert twin.get_config() == layer.get_config() and twin.scales == layer.scales
