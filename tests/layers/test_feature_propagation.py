import sys

import brute_force
import keras
import numpy as np
import pytest
from keras import ops

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import FeaturePropagation
from pcfilter_lib.layers.feature_propagation import interpolate

pytestmark = pytest.mark.backend
RNG = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_numbers(monkeypatch):
    """Every test draws the same numbers, whatever ran before: central differences meet a kink for few of them only."""
    monkeypatch.setattr(sys.modules[__name__], "RNG", np.random.default_rng(0))


def clouds(points=15, channels=3, count=2):
    return RNG.uniform(-1, 1, (count, points, channels)).astype("float32")


def inputs(points=15, few=6):
    x = clouds(points)
    return [x, x[:, :few].copy(), clouds(few, 4), clouds(points, 2)]


def reference(points, few, features, own, first, *rest):
    """Return feature propagation in training; `rest` are gamma, beta, and kernel, gamma, beta of each further layer."""
    handed = [brute_force.three_nearest(*each) for each in zip(points, few, features, strict=True)]
    maps = np.concatenate([np.stack(handed), own], axis=-1) @ first
    maps = brute_force.normalised(maps, *rest[:2])
    for place in range(2, len(rest), 3):
        kernel, gamma, beta = rest[place : place + 3]
        maps = brute_force.normalised(maps @ kernel, gamma, beta)
    return maps


def ordered_weights(layer):
    """Return the layer's variables in the order in which `reference` takes them."""
    return [each for shared in layer.shared for each in (shared.kernel, shared.gamma, shared.beta)]


def varied(layer, x):
    layer(x)
    return brute_force.vary(layer, RNG)


def numbers(variables):
    return [ops.convert_to_numpy(each).astype(float) for each in variables]


def test_three_nearest_equal_brute_force():
    x = clouds(40), clouds(9), clouds(9, 5)
    wanted = [brute_force.three_nearest(*each) for each in zip(*(a.astype(float) for a in x), strict=True)]
    brute_force.assert_near(ops.convert_to_numpy(interpolate(*map(ops.convert_to_tensor, x))), wanted)


def test_a_point_that_is_one_of_the_few_takes_its_feature():
    x = clouds(8)
    features = clouds(5, 4)
    found = ops.convert_to_numpy(interpolate(*map(ops.convert_to_tensor, (x, x[:, :5], features))))
    np.testing.assert_allclose(found[:, :5], features, atol=1e-5)


@pytest.mark.parametrize("few", [1, 2])
def test_fewer_than_three(few):
    x = inputs(few=few)
    found = ops.convert_to_numpy(interpolate(*map(ops.convert_to_tensor, x[:3])))
    assert np.isfinite(found).all()
    if few == 1:
        np.testing.assert_allclose(found, np.broadcast_to(x[2], found.shape), atol=1e-6)
    else:
        low, high = x[2].min(axis=1, keepdims=True), x[2].max(axis=1, keepdims=True)
        assert ((low - 1e-6 <= found) & (found <= high + 1e-6)).all()


@pytest.mark.parametrize("widths", [(5,), (5, 3)])
def test_it_equals_brute_force_with_its_gradients(widths):
    x = inputs()
    layer = varied(FeaturePropagation(widths), x)
    wanted = reference(*(each.astype(float) for each in x), *numbers(ordered_weights(layer)))
    brute_force.assert_near([ops.convert_to_numpy(layer(x, training=True))], [wanted])

    # By features and weights: the weights of the interpolation pass no gradient to the points.
    upstream, before = RNG.normal(size=wanted.shape), ordered_weights(layer)
    wanted = brute_force.central_differences(
        lambda *arrays: reference(x[0], x[1], *arrays), [*x[2:], *numbers(before)], upstream
    )
    _, _, *found = brute_force.gradients(layer, x, upstream)
    names = [id(each) for each in layer.trainable_weights]
    found = found[:2] + [found[2 + names.index(id(each))] for each in before]
    brute_force.assert_near(found, wanted)


def test_without_own_features():
    x = inputs()[:3]
    layer = FeaturePropagation((4,))
    assert tuple(layer(x).shape) == (2, 15, 4)
    points, few, features, _ = brute_force.gradients(FeaturePropagation((4,)), x, RNG.normal(size=(2, 15, 4)))[:4]
    assert not points.any() and not few.any() and features.any()


def test_a_model_with_unknown_numbers_is_saved_and_loaded(tmp_path):
    entries = [keras.Input((None, channels)) for channels in (3, 3, 4, 2)]
    output = FeaturePropagation((6, 5))(entries)
    assert output.shape == (None, None, 5)
    model = keras.Model(entries, output)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for sizes in ((15, 6), (7, 2)):
        x = inputs(*sizes)
        np.testing.assert_allclose(model.predict(x, verbose=0), loaded.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("widths", [(), (0,), (4, 2.5)])
def test_wrong_widths_are_named(widths):
    with pytest.raises(InputError, match="FeaturePropagation"):
        FeaturePropagation(widths)


def test_config():
    layer = FeaturePropagation((6, 5), momentum=0.8)
    assert FeaturePropagation.from_config(layer.get_config()).get_config() == layer.get_config()
