"""The layer against loops over every window, and against Keras's own max pooling."""

import keras
import numpy as np
import pytest
from layer_contract import assert_layer_contract, assert_trains

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import MaxPoolingWithIndices2D
from pcfilter_lib.receptive_field import output_size, same_padding

pytestmark = pytest.mark.backend

WINDOWS = [
    {"pool_size": 2},
    {"pool_size": 2, "padding": "same"},
    {"pool_size": 3, "padding": "same"},
    {"pool_size": 3, "strides": 2},
    {"pool_size": 3, "strides": 2, "padding": "same"},
    {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"},
    {"pool_size": 1, "strides": 2},
    {"pool_size": 2, "strides": 3, "padding": "same"},
]


def slow_pooling(x, pool_size=2, strides=None, padding="valid"):
    """Look at every pixel of every window, in reading order."""
    pool = pool_size if isinstance(pool_size, tuple) else (pool_size,) * 2
    stride = pool if strides is None else strides if isinstance(strides, tuple) else (strides,) * 2
    batch, *size, channels = x.shape
    steps = list(zip(size, pool, stride, strict=True))
    count = [output_size(n, k, stride=s, padding=padding) for n, k, s in steps]
    before = [same_padding(n, k, stride=s)[0] if padding == "same" else 0 for n, k, s in steps]
    best = np.full((batch, *count, channels), np.nan, x.dtype)
    where = np.zeros(best.shape, "int32")
    for n, i, j, c in np.ndindex(best.shape):
        for a, b in np.ndindex(*pool):
            row, column = i * stride[0] + a - before[0], j * stride[1] + b - before[1]
            if 0 <= row < size[0] and 0 <= column < size[1] and not x[n, row, column, c] <= best[n, i, j, c]:
                best[n, i, j, c] = x[n, row, column, c]
                where[n, i, j, c] = row * size[1] + column
    return best, where


def pooled(x, **window):
    return [keras.ops.convert_to_numpy(each) for each in MaxPoolingWithIndices2D(**window)(x)]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("size", [(7, 9), (8, 6)])
def test_equals_the_loops(window, size):
    x = np.random.default_rng(0).normal(size=(2, *size, 3)).astype("float32")
    x[1] = x[1].round()  # ties
    assert len(np.unique(x[1])) < 10
    best, where = pooled(x, **window)
    slow_best, slow_where = slow_pooling(x, **window)
    np.testing.assert_array_equal(best, slow_best)
    np.testing.assert_array_equal(where, slow_where)
    assert where.dtype == np.int32


@pytest.mark.parametrize("window", WINDOWS)
def test_the_maxima_are_those_of_keras(window):
    x = np.random.default_rng(0).normal(size=(2, 9, 11, 3)).astype("float32")
    theirs = keras.ops.convert_to_numpy(keras.layers.MaxPooling2D(**window)(x))
    np.testing.assert_array_equal(pooled(x, **window)[0], theirs)


def test_the_indices_find_the_maxima():
    x = np.random.default_rng(0).normal(size=(3, 7, 9, 4)).astype("float32")
    best, where = pooled(x, pool_size=3, padding="same")
    flat = x.reshape(3, 63, 4)
    np.testing.assert_array_equal(np.take_along_axis(flat, where.reshape(3, -1, 4), 1).reshape(best.shape), best)


def test_the_example_of_the_book():
    x = np.float32([[1, 2, 6, 3], [3, 5, 2, 1], [1, 2, 2, 1], [7, 3, 4, 8]])[None, :, :, None]
    best, where = pooled(x)
    assert best[0, :, :, 0].tolist() == [[5, 6], [7, 8]]
    assert where[0, :, :, 0].tolist() == [[5, 2], [12, 15]]


@pytest.mark.parametrize("window", WINDOWS)
def test_a_place_lies_in_the_image_even_where_all_is_minus_infinity(window):
    _, where = pooled(np.full((1, 5, 7, 1), -np.inf, "float32"), **window)
    assert where.min() >= 0 and where.max() < 35
    np.testing.assert_array_equal(where, slow_pooling(np.full((1, 5, 7, 1), -np.inf, "float32"), **window)[1])


@pytest.mark.parametrize("window", WINDOWS[:5])
def test_contract(window, tmp_path):
    assert_layer_contract(lambda: MaxPoolingWithIndices2D(**window), (7, 9), other_size=(12, 5), tmp_path=tmp_path)
    assert_trains(MaxPoolingWithIndices2D(**window), (7, 9))


def test_shapes_of_unknown_sizes():
    best, where = MaxPoolingWithIndices2D(padding="same")(keras.Input((None, 9, 3)))
    assert best.shape == where.shape == (None, None, 5, 3)
    assert where.dtype == "int32"


def test_half_precision():
    x = np.random.default_rng(0).normal(size=(1, 6, 6, 2)).astype("float16")
    best, where = MaxPoolingWithIndices2D(dtype="mixed_float16")(x)
    assert keras.backend.standardize_dtype(best.dtype) == "float16"
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(where), slow_pooling(x)[1])


def test_the_gradient_goes_to_the_first_maximum_alone():
    """A weight for each pixel, one step of gradient descent: the step is the gradient."""

    class Image(keras.layers.Layer):
        def build(self, _):
            self.image = self.add_weight(shape=(1, 4, 4, 1), initializer="ones")

        def call(self, x):
            return x[:, :1, :1] * 0 + self.image

    inputs = keras.Input((4, 4, 1))
    best, _ = MaxPoolingWithIndices2D()(Image()(inputs))
    model = keras.Model(inputs, keras.layers.Flatten()(best))
    model.compile(keras.optimizers.SGD(1.0), loss=lambda _, y: keras.ops.sum(y, axis=-1))
    model.train_on_batch(np.zeros((1, 4, 4, 1)), np.zeros((1, 4)))
    step = 1 - model.get_weights()[0][0, :, :, 0]
    np.testing.assert_array_equal(step, [[1, 0, 1, 0], [0, 0, 0, 0], [1, 0, 1, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        ({"pool_size": 0}, "pool_size: 0 is not allowed. Remedy: pass a whole number of 1 or more"),
        ({"strides": (1, -2)}, "strides: -2 is not allowed"),
        ({"padding": "full"}, "pass one of 'valid', 'same'"),
        ({"pool_size": (2, 2, 2)}, "pass one whole number, or 2 of them"),
    ],
)
def test_wrong_arguments_are_refused(arguments, allowed):
    with pytest.raises(InputError, match=allowed):
        MaxPoolingWithIndices2D(**arguments)


def test_a_window_larger_than_the_image_is_refused():
    with pytest.raises(InputError, match="does not fit into 3"):
        MaxPoolingWithIndices2D(4)(np.zeros((1, 3, 8, 1), "float32"))
    with pytest.raises(InputError, match="does not fit into 3"):
        MaxPoolingWithIndices2D(4)(keras.Input((8, 3, 1)))
