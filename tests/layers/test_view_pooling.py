import keras
import numpy as np
import pytest
from gradients import gradient

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import PerView, ViewPooling

pytestmark = pytest.mark.backend


def views(*shape):
    return np.random.default_rng(shape).normal(size=shape).astype("float32")


def pooled(x, mask=None, mode="max"):
    return keras.ops.convert_to_numpy(ViewPooling(mode)(x if mask is None else [x, mask]))


@pytest.mark.parametrize("rest", [(7,), (3, 5, 2)])
def test_order_and_duplicates_change_not_a_bit(rest):
    x, draw = views(2, 6, *rest), np.random.default_rng(0)
    expected = pooled(x)
    np.testing.assert_array_equal(expected, x.max(axis=1))
    np.testing.assert_array_equal(pooled(x[:, draw.permutation(6)]), expected)
    np.testing.assert_array_equal(pooled(np.concatenate([x, x[:, [1, 1, 4]]], axis=1)), expected)
    assert not np.array_equal(pooled(x[:, :5]), expected), "a view that is missing is noticed"


def test_the_mean_is_numpys():
    x = views(2, 5, 3)
    np.testing.assert_allclose(pooled(x, mode="mean"), x.mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("mode", ["max", "mean"])
def test_masked_views_do_not_count(mode):
    x = views(3, 4, 2, 2) - 5  # all negative: a zero in place of what is masked would win
    mask = np.array([[1, 0, 1, 0], [1, 1, 1, 1], [0, 0, 0, 0]], bool)
    found = pooled(x, mask, mode)
    of = np.max if mode == "max" else np.mean
    np.testing.assert_allclose(found[0], of(x[0, [0, 2]], axis=0), rtol=1e-6)
    np.testing.assert_allclose(found[1], of(x[1], axis=0), rtol=1e-6)
    assert (found[2] == 0).all()
    np.testing.assert_array_equal(pooled(x, mask.astype("int32"), mode), found)


@pytest.mark.parametrize("mode", ["max", "mean"])
def test_the_gradient_reaches_only_views_that_count(mode):
    x = views(2, 4, 3)
    mask = np.array([[1, 0, 1, 1], [0, 0, 0, 0]], bool)
    layer, kept = ViewPooling(mode), keras.ops.convert_to_tensor(mask)
    slope = gradient(lambda each: keras.ops.sum(layer([each, kept])), x)
    expected = np.zeros_like(x)
    if mode == "mean":
        expected[0, [0, 2, 3]] = 1 / 3
    else:
        best = np.where(mask[0, :, None], x[0], -np.inf).argmax(axis=0)
        expected[0, best, range(3)] = 1
    np.testing.assert_allclose(slope, expected, atol=1e-6)


def test_unknown_numbers_of_views_saved_and_loaded(tmp_path):
    inputs = [keras.Input((None, 3)), keras.Input((None,), dtype="bool")]
    model = keras.Model(inputs, ViewPooling("mean")(inputs))
    assert model.output_shape == (None, 3)
    assert ViewPooling().compute_output_shape((None, 4, 3, 2)) == (None, 3, 2)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for count in (1, 5):
        x, mask = views(2, count, 3), np.ones((2, count), bool)
        np.testing.assert_allclose(loaded.predict_on_batch([x, mask]), x.mean(axis=1), atol=1e-6)


def test_other_modes_are_refused():
    with pytest.raises(InputError, match="mode"):
        ViewPooling("median")


def small_network():
    picture = keras.Input((None, None, 2))
    maps = keras.layers.Conv2D(4, 3, activation="relu")(picture)
    maps = keras.layers.BatchNormalization()(maps)
    return keras.Model(picture, keras.layers.Dropout(0.5)(keras.layers.GlobalMaxPooling2D()(maps)))


def test_each_view_is_what_the_network_makes_of_it_alone(tmp_path):
    network = small_network()
    inputs = keras.Input((None, None, None, 2))
    model = keras.Model(inputs, PerView(network)(inputs))
    assert model.output_shape == (None, None, 4)
    assert len(model.trainable_variables) == 4 and model.count_params() == network.count_params()
    x = views(2, 3, 6, 5, 2)
    expected = np.stack([network.predict_on_batch(x[:, view]) for view in range(3)], axis=1)
    np.testing.assert_allclose(model.predict_on_batch(x), expected, atol=1e-6)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.predict_on_batch(x), expected, atol=1e-6)
    assert loaded.predict_on_batch(x[:1, :1]).shape == (1, 1, 4)


def test_a_single_layer_and_training_reach_the_view():
    x = views(2, 3, 8)
    dropped = keras.ops.convert_to_numpy(PerView(keras.layers.Dropout(0.5, seed=0))(x, training=True))
    assert (dropped == 0).any() and not (dropped == 0).all()
    dense = PerView(keras.layers.Dense(2))
    assert tuple(dense(x).shape) == (2, 3, 2) and len(dense.trainable_variables) == 2
    assert dense.compute_output_shape((None, None, 8)) == (None, None, 2)
    with pytest.raises(InputError, match="layer"):
        PerView("dense")
