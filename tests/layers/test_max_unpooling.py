"""Putting back against loops over every value, and the round trip with the pooling."""

import keras
import numpy as np
import pytest
from isolation import seeded

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import MaxPoolingWithIndices2D, MaxUnpooling2D

pytestmark = pytest.mark.backend


def slow_unpooling(values, indices, size):
    result = np.zeros((len(values), *size, values.shape[-1]), values.dtype)
    for n, i, j, c in np.ndindex(values.shape):
        row, column = divmod(indices[n, i, j, c], size[1])
        result[n, row, column, c] += values[n, i, j, c]
    return result


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.mark.parametrize("window", [{}, {"padding": "same"}, {"pool_size": 3, "strides": 2}, {"pool_size": (1, 3)}])
@pytest.mark.parametrize("size", [(7, 9), (6, 8)])
def test_equals_the_loops(window, size):
    random = np.random.default_rng(0)
    x = random.normal(size=(3, *size, 4)).astype("float32")
    best, where = MaxPoolingWithIndices2D(**window)(x)
    values = random.normal(size=best.shape).astype("float32")
    slow = slow_unpooling(values, numpy(where), size)
    np.testing.assert_allclose(numpy(MaxUnpooling2D()(values, where, x)), slow, rtol=1e-6)
    np.testing.assert_allclose(numpy(MaxUnpooling2D(size)(values, where)), slow, rtol=1e-6)
    # Any tensor of the right rows and columns will do as a reference, whatever its channels.
    np.testing.assert_allclose(numpy(MaxUnpooling2D()(values, where, x[..., :1])), slow, rtol=1e-6)


@pytest.mark.parametrize("padding", ["valid", "same"])
@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
def test_round_trip(size, padding):
    """The maxima are back at their places, all else is zero; pooling it again gives the same."""
    x = np.random.default_rng(0).uniform(1, 2, size=(2, *size, 3)).astype("float32")
    pooling = MaxPoolingWithIndices2D(padding=padding)
    best, where = pooling(x)
    back = numpy(MaxUnpooling2D()(best, where, x))
    assert np.count_nonzero(back) == numpy(best).size
    np.testing.assert_array_equal(back[back > 0], x[back > 0])
    again, where_again = pooling(back)
    np.testing.assert_array_equal(numpy(again), numpy(best))
    np.testing.assert_array_equal(numpy(where_again), numpy(where))


def test_the_example_of_the_book():
    x = np.float32([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])[None, :, :, None]
    _, where = MaxPoolingWithIndices2D()(x)
    back = numpy(MaxUnpooling2D()(np.float32([[1, 2], [3, 4]])[None, :, :, None], where, x))[0, :, :, 0]
    assert back.tolist() == [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]


def test_values_that_share_a_place_are_added():
    x = np.zeros((1, 5, 5, 1), "float32")
    x[0, 2, 2] = 1
    best, where = MaxPoolingWithIndices2D(3, strides=2)(x)
    assert numpy(MaxUnpooling2D()(best, where, x))[0, 2, 2, 0] == 4


def segnet(channels=2):
    """Two poolings deep, for images of unknown size: what the layers are for."""
    inputs = keras.Input((None, None, 3))
    first = keras.layers.Conv2D(channels, 3, padding="same", activation="relu")(inputs)
    half, where_1 = MaxPoolingWithIndices2D(padding="same")(first)
    second = keras.layers.Conv2D(channels, 3, padding="same", activation="relu")(half)
    quarter, where_2 = MaxPoolingWithIndices2D(padding="same")(second)
    back = MaxUnpooling2D()(quarter, where_2, second)
    back = keras.layers.Conv2D(channels, 3, padding="same")(back)
    back = MaxUnpooling2D()(back, where_1, first)
    return keras.Model(inputs, keras.layers.Conv2D(1, 3, padding="same")(back))


@seeded(0)
def test_a_model_for_any_size_is_saved_predicts_and_trains(tmp_path):
    model = segnet()
    assert model.output_shape == (None, None, None, 1)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    model.compile("sgd", "mse")
    random = np.random.default_rng(0)
    for size in [(7, 9), (12, 5)]:
        x = random.normal(size=(2, *size, 3)).astype("float32")
        assert model.predict(x, verbose=0).shape == (2, *size, 1)
        np.testing.assert_allclose(numpy(model(x)), numpy(loaded(x)), atol=1e-6)
    before = model.get_weights()
    for size in [(7, 9), (12, 5)]:
        x = random.normal(size=(2, *size, 3)).astype("float32")
        assert np.isfinite(model.train_on_batch(x, random.normal(size=(2, *size, 1)).astype("float32")))
    changed = [not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)]
    assert all(changed), "a gradient is lost on the way through the layers"


def test_the_gradient_of_a_value_is_that_of_its_place():
    """One step of gradient descent on a loss that weighs each place of the output by its number."""

    class Values(keras.layers.Layer):
        def build(self, _):
            self.values = self.add_weight(shape=(1, 2, 2, 1), initializer="ones")

        def call(self, x):
            return x * 0 + self.values

    x = np.float32([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])[None, :, :, None]
    _, where = MaxPoolingWithIndices2D()(x)
    inputs, indices = keras.Input((2, 2, 1)), keras.Input((2, 2, 1), dtype="int32")
    model = keras.Model([inputs, indices], keras.layers.Flatten()(MaxUnpooling2D((4, 4))(Values()(inputs), indices)))
    model.compile(keras.optimizers.SGD(1.0), loss=lambda weight, y: keras.ops.sum(weight * y, axis=-1))
    model.train_on_batch([np.zeros((1, 2, 2, 1), "float32"), numpy(where)], np.arange(16, dtype="float32")[None])
    step = 1 - model.get_weights()[0][0, :, :, 0]
    np.testing.assert_array_equal(step, [[5, 2], [12, 15]])


def test_config_and_promised_shapes():
    layer = MaxUnpooling2D((6, 7))
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
    values, where = keras.Input((None, 4, 3)), keras.Input((None, 4, 3), dtype="int32")
    assert layer(values, where).shape == (None, 6, 7, 3)
    assert MaxUnpooling2D()(values, where, keras.Input((None, 8, 5))).shape == (None, None, 8, 3)


def test_half_precision():
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 2)).astype("float16")
    best, where = MaxPoolingWithIndices2D(dtype="float16")(x)
    back = MaxUnpooling2D(dtype="float16")(best, where, x)
    assert keras.backend.standardize_dtype(back.dtype) == "float16"
    np.testing.assert_array_equal(numpy(back), slow_unpooling(numpy(best), numpy(where), (6, 6)))


def test_what_is_not_allowed_is_named():
    values, where = np.zeros((1, 2, 2, 1), "float32"), np.zeros((1, 2, 2, 1), "int32")
    with pytest.raises(InputError, match=r"pass MaxUnpooling2D\(size=\(rows, columns\)\), or a reference"):
        MaxUnpooling2D()(values, where)
    with pytest.raises(InputError, match="size: -4 is not allowed. Remedy: pass a whole number of 1 or more"):
        MaxUnpooling2D((4, -4))
    with pytest.raises(InputError, match=r"\(1, 2, 1, 1\) does not fit inputs of \(1, 2, 2, 1\)"):
        MaxUnpooling2D((4, 4))(values, where[:, :, :1])
    with pytest.raises(InputError, match="the output would have"):
        MaxUnpooling2D((65536, 65536))(values, where)
