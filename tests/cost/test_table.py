"""The counts of multiplications, held to loops that multiply two numbers at a time and count."""

import itertools
import math

import keras
import numpy as np
import pytest

from pcfilter_lib import cost
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import BilinearUpsampling2D, InvertedResidualBlock, ResidualBlock
from pcfilter_lib.models import FCN, SegNet, UNet
from pcfilter_lib.models.fcn import EnlargeBilinearly

pytestmark = pytest.mark.backend
L = keras.layers


class Counter:
    """Multiplies, and counts."""

    def __init__(self):
        self.multiplications = 0

    def product(self, a, b):
        self.multiplications += 1
        return a * b


def convolve(x, kernel, bias, counter, *, strides=1, dilation=1, groups=1, padding="valid"):
    """The literal convolution in any number of dimensions: x (*size, C), kernel (*window, C / groups, O)."""
    window, (depth, filters) = kernel.shape[:-2], kernel.shape[-2:]
    reach = [(k - 1) * dilation + 1 for k in window]
    if padding == "same":
        missing = [max((-(-n // strides) - 1) * strides + r - n, 0) for n, r in zip(x.shape, reach, strict=False)]
        x = np.pad(x, [(m // 2, m - m // 2) for m in missing] + [(0, 0)])
    positions = [(n - r) // strides + 1 for n, r in zip(x.shape, reach, strict=False)]
    y = np.zeros((*positions, filters)) + bias
    for place in np.ndindex(*positions):
        for offset in np.ndindex(*window):
            at = tuple(p * strides + o * dilation for p, o in zip(place, offset, strict=True))
            for c, o in itertools.product(range(depth), range(filters)):
                group = o // (filters // groups)
                y[(*place, o)] += counter.product(x[(*at, group * depth + c)], kernel[(*offset, c, o)])
    return y


def depthwise(x, kernel, bias, counter, **how):
    """One kernel for each channel: as many groups as channels."""
    *window, channels, multiplier = kernel.shape
    return convolve(x, kernel.reshape(*window, 1, channels * multiplier), bias, counter, groups=channels, **how)


def convolve_transposed(x, kernel, bias, counter, *, strides):
    """Each input pixel is spread over a window: x (H, W, C), kernel (h, w, O, C)."""
    h, w, filters, channels = kernel.shape
    y = np.zeros(((x.shape[0] - 1) * strides + h, (x.shape[1] - 1) * strides + w, filters)) + bias
    for i, j, a, b, o, c in np.ndindex(*x.shape[:2], h, w, filters, channels):
        y[i * strides + a, j * strides + b, o] += counter.product(x[i, j, c], kernel[a, b, o, c])
    return y


def normalise(x, counter, gamma, beta, mean, variance, epsilon):
    scale = gamma / np.sqrt(variance + epsilon)  # ready before the first example comes
    y = np.zeros_like(x)
    for at in np.ndindex(*x.shape):
        y[at] = counter.product(x[at] - mean[at[-1]], scale[at[-1]]) + beta[at[-1]]
    return y


def assert_counted(layer, x, by_loops):
    """The loops give the layer's own output, and the table gives the loops' count."""
    layer.build((None, *x.shape))
    random = np.random.default_rng(1)
    layer.set_weights([random.uniform(0.5, 2, size=weight.shape) for weight in layer.weights])
    counter = Counter()
    expected = by_loops(x, [np.asarray(weight, dtype=float) for weight in layer.get_weights()], counter)
    got = keras.ops.convert_to_numpy(layer(x[None].astype("float32")))[0]
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)
    (row,) = cost.table(layer, x.shape).rows
    assert row.multiplications == counter.multiplications > 0
    assert row.parameters == layer.count_params()
    assert row.output == expected.shape
    assert row.memory == expected.size * 4


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("shape", [(5,), (3, 5), (2, 3, 5)])
def test_dense(shape):
    def loops(x, weights, counter):
        y = np.zeros((*x.shape[:-1], 4)) + weights[1]
        for *at, c, o in np.ndindex(*x.shape, 4):
            y[(*at, o)] += counter.product(x[(*at, c)], weights[0][c, o])
        return y

    assert_counted(L.Dense(4), numbers(*shape), loops)


@pytest.mark.parametrize(
    ("dimensions", "how"),
    [
        (1, {}),
        (1, {"strides": 2}),
        (1, {"dilation_rate": 3}),
        (1, {"groups": 2}),
        (2, {}),
        (2, {"padding": "same"}),
        (2, {"strides": 2}),
        (2, {"strides": 3, "padding": "same"}),
        (2, {"dilation_rate": 2}),
        (2, {"dilation_rate": 2, "padding": "same"}),
        (2, {"groups": 2, "strides": 2}),
        (3, {}),
        (3, {"strides": 2, "padding": "same"}),
        (3, {"groups": 4}),
    ],
)
def test_convolutions(dimensions, how):
    if how.get("groups") and dimensions == 3 and keras.backend.backend() == "tensorflow":
        pytest.skip("TensorFlow has no grouped 3-D convolutions on CPUs")
    layer = getattr(L, f"Conv{dimensions}D")(4, (3, 2, 2)[:dimensions], **how)
    same = {"strides": "strides", "dilation_rate": "dilation", "groups": "groups", "padding": "padding"}
    literal = {same[key]: value for key, value in how.items()}
    x = numbers(*(8, 7, 5)[:dimensions], 4)
    assert_counted(layer, x, lambda x, weights, counter: convolve(x, *weights, counter, **literal))


@pytest.mark.parametrize("how", [{}, {"strides": 2}, {"padding": "same"}])
@pytest.mark.parametrize("multiplier", [1, 3])
def test_depthwise_convolution(how, multiplier):
    assert_counted(
        L.DepthwiseConv2D((3, 2), depth_multiplier=multiplier, **how),
        numbers(6, 5, 3),
        lambda x, weights, counter: depthwise(x, *weights, counter, **how),
    )


@pytest.mark.parametrize("how", [{}, {"strides": 2}])
def test_separable_convolution(how):
    def loops(x, weights, counter):
        return convolve(depthwise(x, weights[0], 0, counter, **how), *weights[1:], counter)

    assert_counted(L.SeparableConv2D(5, 3, depth_multiplier=2, **how), numbers(6, 5, 3), loops)


@pytest.mark.parametrize("strides", [1, 2])
def test_transposed_convolution(strides):
    assert_counted(
        L.Conv2DTranspose(2, (3, 2), strides=strides, padding="valid"),
        numbers(3, 4, 3),
        lambda x, weights, counter: convolve_transposed(x, *weights, counter, strides=strides),
    )


def test_bilinear_upsampling():
    def double(x, counter):
        """Along the first axis: each number is mixed with its neighbour before, and with the one after."""
        y = np.zeros((2 * len(x), *x.shape[1:]))
        for i, *rest in np.ndindex(*y.shape):
            neighbour = np.clip(i // 2 + (1 if i % 2 else -1), 0, len(x) - 1)
            y[(i, *rest)] = counter.product(0.75, x[(i // 2, *rest)]) + counter.product(0.25, x[(neighbour, *rest)])
        return y

    def loops(x, weights, counter):
        return double(double(x, counter).swapaxes(0, 1), counter).swapaxes(0, 1)

    assert_counted(BilinearUpsampling2D(), numbers(3, 4, 2), loops)


def test_enlarging_bilinearly():
    def loops(x, weights, counter):
        bordered = np.pad(x, [(1, 1), (1, 1), (0, 0)], mode="edge")
        whole = convolve_transposed(bordered, weights[0], 0, counter, strides=2)
        return whole[3:-3, 3:-3]  # one pixel of "same", and two of the border

    assert_counted(EnlargeBilinearly(2, 2), numbers(3, 4, 2), loops)


@pytest.mark.parametrize("model", [FCN, SegNet, UNet])
def test_no_layer_of_our_models_is_unknown(model):
    counted = cost.table(model(2, 3, base_filters=2), (32, 64, 2))
    assert counted.multiplications > 0
    assert counted.multiplications == sum(row.multiplications for row in counted.rows)


def test_batch_normalisation():
    layer = L.BatchNormalization(epsilon=0.1)
    assert_counted(layer, numbers(3, 4, 2), lambda x, weights, counter: normalise(x, counter, *weights, 0.1))


def test_the_thesis_example():
    """Six kernels of 2x2x3 over 4x4 positions: 1,152 multiplications; separated, 192 + 288 = 480."""
    assert cost.table(L.Conv2D(6, 2), (5, 5, 3)).multiplications == 1152
    assert cost.table(L.DepthwiseConv2D(2), (5, 5, 3)).multiplications == 192
    assert cost.table(L.Conv2D(6, 1), (4, 4, 3)).multiplications == 288
    assert cost.table(L.SeparableConv2D(6, 2), (5, 5, 3)).multiplications == 480


@pytest.mark.parametrize(
    ("block", "kernels"),
    [
        (ResidualBlock(8, 2, normalise=False), [9 * 4 * 8, 9 * 8 * 8, 4 * 8]),
        (ResidualBlock(4, normalise=False), [9 * 4 * 4, 9 * 4 * 4]),
        (InvertedResidualBlock(8, 3, normalise=False), [4 * 12, 9 * 12, 12 * 8]),
    ],
)
def test_blocks_are_opened(block, kernels):
    table = cost.table(block, (6, 6, 4))
    positions = (6 // block.strides) ** 2
    assert [row.multiplications for row in table.rows] == [positions * kernel for kernel in kernels]
    assert table.multiplications == positions * sum(kernels)
    assert table.parameters == block.count_params()
    assert all(row.name.startswith(f"{block.name}/") for row in table.rows)


def nested_model():
    inner = keras.Sequential([keras.Input((None, None, 4)), L.Conv2D(4, 1, name="one"), L.ReLU()], name="inner")
    image = keras.Input((None, None, 3))
    y = L.Conv2D(4, 3, padding="same", name="first")(image)
    y = ResidualBlock(4, name="block")(inner(inner(y)))
    y = L.Add()([y, inner(y)])
    return keras.Model(image, L.Dense(10, name="last")(L.GlobalMaxPooling2D()(y)))


def test_nested_models():
    model = nested_model()
    table = cost.table(model, (5, 7, 3))
    assert [row.name for row in table.rows].count("inner/one") == 3
    assert table.parameters == model.count_params()  # the shared layer's weights count once
    assert table.multiplications == 35 * (27 * 4 + 3 * 16 + 2 * (9 * 16 + 4)) + 40
    assert table.unknown == ()
    assert table.memory == sum(4 * math.prod(row.output) for row in table.rows)


def test_the_model_is_left_as_it_was():
    model = nested_model()
    x = numbers(1, 5, 7, 3).astype("float32")
    before = keras.ops.convert_to_numpy(model(x))
    assert str(cost.table(model, (5, 7, 3))) == str(cost.table(model, (5, 7, 3)))
    assert all("call" not in vars(layer) for layer in model._flatten_layers())
    np.testing.assert_array_equal(before, keras.ops.convert_to_numpy(model(x)))


def test_a_model_is_built_where_it_is_not():
    model = keras.Sequential([L.Conv2D(2, 3), L.Flatten(), L.Dense(3)])
    assert cost.table(model, (4, 4, 1)).parameters == model.count_params() == 9 * 2 + 2 + 8 * 3 + 3


def test_several_inputs():
    a, b = keras.Input((4,)), keras.Input((3,))
    model = keras.Model([a, b], L.Multiply()([L.Dense(2)(a), L.Dense(2)(b)]))
    assert cost.table(model, [(4,), (3,)]).multiplications == 8 + 6 + 2


class Doubled(L.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


class Around(L.Layer):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def build(self, input_shape):
        self.layer.build(input_shape)

    def call(self, inputs):
        return inputs * self.layer(inputs)


@pytest.mark.parametrize(
    "layer", [L.LayerNormalization(), Doubled(4), Around(L.Dense(4)), L.TimeDistributed(L.Dense(3))]
)
def test_what_is_not_known_is_reported(layer):
    model = keras.Sequential([keras.Input((5, 4)), layer, L.Dense(2, name="known")])
    table = cost.table(model, (5, 4))
    assert layer.name in table.unknown
    assert "known" not in table.unknown
    assert table.multiplications is None
    assert "at least" in str(table).splitlines()[-1]
    assert table.parameters == model.count_params()


def test_operations_between_layers_are_reported():
    x = keras.Input((4,))
    y = L.Dense(4)(x)
    table = cost.table(keras.Model(x, keras.ops.relu(y * y + x)), (4,))
    assert len(table.unknown) == 1
    assert "multiply" in table.unknown[0]


def test_a_layer_that_is_not_called():
    class Branch(keras.Model):
        def __init__(self):
            super().__init__()
            self.used, self.spare = L.Dense(2, name="used"), L.Dense(3, name="spare")
            self.spare.build((None, 4))

        def call(self, x):
            return self.used(x)

    table = cost.table(Branch(), (4,))
    assert ("spare (not called)", 15, 0) in [(row.name, row.parameters, row.multiplications) for row in table.rows]
    assert len(table.unknown) == 1  # a model's own call may do anything


def test_text():
    lines = str(cost.table(keras.Sequential([L.Conv2D(64, 3, name="conv"), L.ReLU(name="relu")]), (28, 28, 1)))
    assert [line.split() for line in lines.splitlines()] == [
        ["layer", "kind", "output", "parameters", "multiplications", "output", "bytes"],
        ["conv", "Conv2D", "26", "x", "26", "x", "64", "640", "389,376", "173,056"],
        ["relu", "ReLU", "26", "x", "26", "x", "64", "0", "0", "173,056"],
        ["total", "640", "389,376", "346,112"],
    ]


def test_half_precision_takes_half_the_memory():
    full, half = (cost.table(L.Dense(4, dtype=dtype), (3,)).memory for dtype in ("float32", "float16"))
    assert (full, half) == (16, 8)


@pytest.mark.parametrize("shape", [(0, 4), (None, 4), (2.5, 4), (-3, 4), 4])
def test_wrong_shapes(shape):
    with pytest.raises(InputError, match="input_shape"):
        cost.table(L.Dense(2), shape)
