"""Sizes are what Keras gives; the computed field is the measured one."""

import itertools

import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib.errors import InputError
from pcfilter_lib.receptive_field import (
    ReceptiveField,
    measured_receptive_field,
    output_size,
    receptive_field,
    same_padding,
)

GRID = list(itertools.product([7, 8, 9, 12], [1, 2, 3, 4], [1, 2, 3], [1, 2, 3]))


def places(size, kernel, stride, dilation, before, after):
    """Walk with the window, and count where it fits."""
    return sum(1 for start in range(-before, size + after, stride) if start + dilation * (kernel - 1) < size + after)


@pytest.mark.parametrize(("before", "after"), [(0, 0), (1, 1), (0, 3), (2, 1)])
def test_the_size_is_the_number_of_places(before, after):
    for size, kernel, stride, dilation in GRID:
        if size + before + after > dilation * (kernel - 1):
            counted = places(size, kernel, stride, dilation, before, after)
            got = output_size(size, kernel, stride=stride, dilation=dilation, padding=(before, after))
            assert got == counted, (size, kernel, stride, dilation)


def test_same_is_the_rounded_up_quotient():
    for size, kernel, stride, dilation in GRID:
        got = output_size(size, kernel, stride=stride, dilation=dilation, padding="same")
        before, after = same_padding(size, kernel, stride=stride, dilation=dilation)
        assert got == -(-size // stride)
        assert 0 <= before <= after <= before + 1


@pytest.mark.backend
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_sizes_and_borders_are_those_of_keras(padding):
    import keras

    random = np.random.default_rng(0)
    for size, kernel, stride, dilation in GRID[::3]:
        if (stride > 1 and dilation > 1) or dilation * (kernel - 1) >= size:
            continue  # Keras allows only one of the two to be above 1
        x, k = random.normal(size=(1, size, 1)).astype("float32"), random.normal(size=(kernel, 1, 1)).astype("float32")
        real = keras.ops.conv(x, k, strides=stride, padding=padding, dilation_rate=dilation)
        assert real.shape[1] == output_size(size, kernel, stride=stride, dilation=dilation, padding=padding)
        if padding == "same":
            border = same_padding(size, kernel, stride=stride, dilation=dilation)
            bordered = np.pad(x, ((0, 0), border, (0, 0)))
            by_hand = keras.ops.conv(bordered, k, strides=stride, padding="valid", dilation_rate=dilation)
            real, by_hand = keras.ops.convert_to_numpy(real), keras.ops.convert_to_numpy(by_hand)
            np.testing.assert_allclose(real, by_hand, atol=1e-5, err_msg=f"{size, kernel, stride, dilation}")


def test_known_fields():
    assert receptive_field([]) == ReceptiveField(1, 1, 0.0)
    assert receptive_field([(3, 1, 1)] * 3) == ReceptiveField(7, 1, 3.0)
    assert receptive_field([(3, 1, 2**n) for n in range(4)]).size == 31  # doubling dilations
    assert receptive_field([(3, 2, 1), (3, 1, 1)]) == ReceptiveField(7, 2, 3.0)
    assert receptive_field([(3, 1, 1, 1), (3, 2, 1, 1)]) == ReceptiveField(5, 2, 0.0)
    # The stem of ResNet-50: a 7x7 convolution and a 3x3 pooling, both with stride 2.
    assert receptive_field([(7, 2, 1, 3), (3, 2, 1, 1)]) == ReceptiveField(11, 4, 0.0)


STACKS = [
    [(3, 1, 1), (3, 1, 1)],
    [(3, 2, 1), (3, 1, 1), (2, 2, 1)],
    [(3, 1, 2), (2, 1, 3)],
    [(5, 3, 1), (3, 1, 2)],
]


def stack(layers, rank=1, padding="valid", activation=None, initializer="ones", channels=1):
    import keras

    conv = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}[rank]
    return keras.Sequential(
        [
            keras.Input((*[None] * rank, channels)),
            *(
                conv(
                    2,
                    kernel,
                    strides=stride,
                    dilation_rate=dilation,
                    padding=padding,
                    activation=activation,
                    kernel_initializer=initializer,
                )
                for kernel, stride, dilation in layers
            ),
        ]
    )


@pytest.mark.backend
@pytest.mark.parametrize("layers", STACKS)
@pytest.mark.parametrize("at", [0, 2])
def test_the_computed_field_is_the_measured_one(layers, at):
    seen = np.flatnonzero(measured_receptive_field(stack(layers), 41, at=at, samples=1))
    field = receptive_field(layers)
    assert seen[-1] - seen[0] + 1 == field.size
    assert (seen[0] + seen[-1]) / 2 == field.first_centre + at * field.jump


@pytest.mark.backend
@pytest.mark.parametrize("size", [32, 33])
def test_the_centre_with_a_border(size):
    layers, length, padded = [(3, 2, 1), (5, 2, 1)], size, []
    for kernel, stride, dilation in layers:
        padded.append((kernel, stride, dilation, same_padding(length, kernel, stride=stride, dilation=dilation)[0]))
        length = output_size(length, kernel, stride=stride, dilation=dilation, padding="same")
    field = receptive_field(padded)
    seen = np.flatnonzero(measured_receptive_field(stack(layers, padding="same"), size, at=3, samples=1))
    assert (seen[0] + seen[-1]) / 2 == field.first_centre + 3 * field.jump


@pytest.mark.backend
@pytest.mark.parametrize(("rank", "size"), [(1, 15), (2, (15, 11)), (3, (9, 8, 7))])
def test_measured_in_one_two_and_three_dimensions(rank, size):
    field = measured_receptive_field(stack([(3, 1, 1), (3, 1, 1)], rank, padding="same", channels=3), size, samples=1)
    size = (size,) if rank == 1 else size
    assert field.shape == size
    middle = tuple(slice(n // 2 - 2, n // 2 + 3) for n in size)
    assert (field[middle] > 0).all()
    assert np.count_nonzero(field) == 5**rank


@pytest.mark.backend
def test_paths_are_counted_exactly():
    """With kernels of ones the gradient is the number of ways from an input to the output."""
    import keras

    convolutions = [keras.layers.Conv1D(1, 3, kernel_initializer="ones") for _ in range(3)]
    model = keras.Sequential([keras.Input((None, 1)), *convolutions])
    np.testing.assert_array_equal(measured_receptive_field(model, 7, samples=2), [1, 3, 6, 7, 6, 3, 1])


@pytest.mark.backend
@seeded(0)
def test_samples_uncover_what_relu_and_maximum_hide():
    import keras

    model = stack([(3, 1, 1), (3, 1, 1)], activation="relu", initializer="glorot_uniform")
    model.add(keras.layers.MaxPooling1D(2))
    assert np.count_nonzero(measured_receptive_field(model, 15, samples=64)) == 6
    assert np.count_nonzero(measured_receptive_field(model, 15, samples=1)) < 6


@pytest.mark.backend
def test_the_model_is_left_as_it_is():
    import keras

    model = keras.Sequential(
        [
            keras.Input((None, 2)),
            keras.layers.Conv1D(3, 3),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.5),
        ]
    )
    before = [np.array(weight) for weight in model.get_weights()]
    first, second = (measured_receptive_field(model, 9) for _ in range(2))
    np.testing.assert_array_equal(first, second)  # no dropout, no batch statistics
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize(
    ("call", "allowed"),
    [
        (lambda: output_size(0, 3), "size: 0 is not allowed. Remedy: pass a whole number of 1 or more"),
        (lambda: output_size(8, 3, dilation=-2), "dilation: -2 is not allowed. Remedy: pass a whole number of 1 or"),
        (lambda: output_size(8, 3, stride=0), "stride: 0 is not allowed"),
        (lambda: output_size(8, 3, padding="full"), "pass one of 'valid', 'same'"),
        (lambda: output_size(8, 3, padding=(-1, 1)), "padding: -1 is not allowed. Remedy: pass a whole number of 0"),
        (lambda: output_size(8, 3, padding=(1, 1, 1)), "pass one whole number, or 2 of them"),
        (lambda: output_size(8, 5, dilation=2), "spans 9 and does not fit into 8"),
        (lambda: same_padding(8, 2.5), "kernel: 2.5 is not allowed"),
        (lambda: receptive_field([(3, 1)]), r"\(3, 1\) is not allowed. Remedy: pass \(kernel, stride, dilation\)"),
        (lambda: receptive_field([3, 3]), r"\(3,\) is not allowed"),
        (lambda: receptive_field([(3, 1, -1)]), "dilation: -1 is not allowed"),
        (lambda: receptive_field([(3, 1, 1, -1)]), "zeros before: -1 is not allowed"),
    ],
)
def test_what_is_not_allowed_is_named(call, allowed):
    with pytest.raises(InputError, match=allowed):
        call()


@pytest.mark.backend
def test_wrong_measurements_are_refused():
    import keras

    model = stack([(3, 1, 1)])
    with pytest.raises(InputError, match=r"\(9,\) is not allowed. Remedy: the output has the size \(9,\)"):
        measured_receptive_field(model, 11, at=9)
    with pytest.raises(InputError, match="samples"):
        measured_receptive_field(model, 11, samples=0)
    with pytest.raises(InputError, match="size"):
        measured_receptive_field(model, (11, 11))
    flat = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    with pytest.raises(InputError, match="one input"):
        measured_receptive_field(flat, 4)
