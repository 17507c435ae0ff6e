"""How large a convolution's result is, and which inputs one of its outputs sees: computed, and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number, whole_numbers
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

if TYPE_CHECKING:
    import keras


class ReceptiveField(NamedTuple):
    """Which inputs the outputs of a stack of layers see, along one axis.

    Output number ``i`` sees the `size` inputs around ``first_centre + i * jump``.
    """

    size: int
    """How many inputs lie between the first and the last that an output sees, these two included."""

    jump: int
    """How far apart, in inputs, the fields of two neighbouring outputs are: the product of the strides."""

    first_centre: float
    """Where the middle of the first output's field lies, in inputs from 0; below 0 where it begins in the border."""


def same_padding(size: int, kernel: int, *, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Return how many zeros TensorFlow and Keras put before and after an axis for ``padding="same"``.

    The result has ceil(size / stride) entries. Where the border cannot be divided by two, the longer part comes last.

    Parameters
    ----------
    size : int
        The length of the axis.
    kernel, stride, dilation : int
        Of the convolution, along this axis.

    Returns
    -------
    (int, int)
        Zeros before, zeros after.

    Raises
    ------
    InputError
        If an argument is not a whole number of 1 or more.
    """
    size = whole_number("same_padding", "size", size)
    kernel, stride, dilation = _step("same_padding", (kernel, stride, dilation))
    outputs = -(-size // stride)
    border = max((outputs - 1) * stride + _extent(kernel, dilation) - size, 0)
    return border // 2, border - border // 2


def output_size(
    size: int, kernel: int, *, stride: int = 1, dilation: int = 1, padding: str | Sequence[int] = "valid"
) -> int:
    """Return how many outputs a convolution or a pooling gives along an axis.

    With an extent of ``e = dilation * (kernel - 1) + 1`` and p zeros added in all, the window fits
    ``floor((size + p - e) / stride) + 1`` times (Dumoulin and Visin, 2016, relationship 15).

    Parameters
    ----------
    size : int
        The length of the axis.
    kernel, stride, dilation : int
        Of the convolution, along this axis.
    padding : {"valid", "same"} or (int, int)
        Nothing, Keras's border of zeros (the result is then ``ceil(size / stride)``), or the zeros before and after.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If an argument is not allowed, or the window does not fit even once.
    """
    size = whole_number("output_size", "size", size)
    kernel, stride, dilation = _step("output_size", (kernel, stride, dilation))
    if isinstance(padding, str):
        one_of("output_size", "padding", padding, ("valid", "same"))
        border = same_padding(size, kernel, stride=stride, dilation=dilation) if padding == "same" else (0, 0)
    else:
        border = whole_numbers("output_size", "padding", padding, 2, at_least=0)
    room = size + sum(border) - _extent(kernel, dilation)
    if room < 0:
        wide = f"a kernel of {kernel} with dilation {dilation} spans {_extent(kernel, dilation)}"
        raise InputError(
            "output_size", "size", f"{wide} and does not fit into {size + sum(border)}", "pass a larger size"
        )
    return room // stride + 1


def receptive_field(layers: Iterable[Sequence[int]]) -> ReceptiveField:
    """Compute which inputs an output of a stack of layers sees, along one axis.

    From the input upwards, with r the size and j the jump, a layer with kernel k, stride s, dilation d and p zeros
    before the axis makes ``r + d (k - 1) j`` of r, moves the first centre by ``(d (k - 1) / 2 - p) j``, and makes
    ``j s`` of j (Araujo, Norris and Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019).

    Parameters
    ----------
    layers : iterable of (kernel, stride, dilation) or (kernel, stride, dilation, zeros before)
        Convolutions and poolings in the order in which the input meets them. Zeros before are 0 where not given.

    Returns
    -------
    ReceptiveField
        The size that the wiring allows: holes between dilated weights count as seen, and pixels outside the image too.

    Raises
    ------
    InputError
        If a layer is not made of three or four whole numbers that are allowed.

    Examples
    --------
    >>> receptive_field([(3, 1, 1), (3, 2, 1), (3, 1, 2)])
    ReceptiveField(size=13, jump=2, first_centre=6.0)
    """
    field = ReceptiveField(size=1, jump=1, first_centre=0.0)
    for layer in layers:
        layer = tuple(layer) if isinstance(layer, Sequence) and not isinstance(layer, str) else (layer,)
        if len(layer) not in (3, 4):
            remedy = (
                "pass (kernel, stride, dilation), and the zeros before the axis as a fourth number if there are any"
            )
            raise InputError("receptive_field", "layers", f"{layer!r} is not allowed", remedy)
        kernel, stride, dilation = _step("receptive_field", layer[:3])
        before = whole_number("receptive_field", "zeros before", layer[3], at_least=0) if len(layer) == 4 else 0
        reach = dilation * (kernel - 1)
        field = ReceptiveField(
            size=field.size + reach * field.jump,
            jump=field.jump * stride,
            first_centre=field.first_centre + (reach / 2 - before) * field.jump,
        )
    return field


def measured_receptive_field(
    model: keras.Model,
    size: int | Sequence[int],
    *,
    at: int | Sequence[int] | None = None,
    samples: int = 8,
    seed: int = 0,
) -> np.ndarray:
    r"""Measure how strongly each input pulls at one output: the absolute gradient, averaged over random inputs.

    Exactly 0 marks an input without an effect. A ReLU or a maximum hides some inputs of some samples, so take several
    samples, or give the network positive weights; the shape of the values is the *effective* receptive field (Luo, Li,
    Urtasun and Zemel, 2016).

    Parameters
    ----------
    model : keras.Model
        One input (batch, \*size, channels) and one output (batch, \*size', channels'), on any of Keras's backends
        TensorFlow, JAX and PyTorch. It is called as in inference, and left as it is.
    size : int or sequence of int
        The input's size along its one, two or three axes; one number counts for all of them.
    at : int or sequence of int, optional
        Which output; by default the middle one, ``n // 2`` along each axis.
    samples : int
        How many standard normal inputs are averaged.
    seed : int
        Of the inputs.

    Returns
    -------
    (\*size) ndarray of float
        The absolute derivative of the output (the sum of its channels), summed over the input's channels.

    Raises
    ------
    InputError
        If an argument is not allowed, or there is no such output.
    """
    owner, shape = "measured_receptive_field", model.input_shape
    if not isinstance(shape, tuple) or not 3 <= len(shape) <= 5 or shape[-1] is None:
        remedy = "pass a model with one input (batch, one to three axes, a known number of channels)"
        raise InputError(owner, "model", f"its input is {shape}", remedy)
    size = whole_numbers(owner, "size", size, len(shape) - 2)
    samples = whole_number(owner, "samples", samples)
    x = np.random.default_rng(seed).normal(size=(samples, *size, shape[-1])).astype("float32")
    outputs = tuple(model(x[:1], training=False).shape[1:-1])
    if at is None:
        at = tuple(n // 2 for n in outputs)
    at = whole_numbers(owner, "at", at, len(outputs), at_least=0)
    if any(place >= n for place, n in zip(at, outputs, strict=True)):
        raise InputError(owner, "at", f"{at} is not allowed", f"the output has the size {outputs}; count from 0")
    gradient = _gradient(lambda x: model(x, training=False)[(slice(None), *at)], x)
    return np.abs(gradient).mean(axis=0).sum(axis=-1)


def _gradient(function: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """Return the derivative of the sum of `function`'s values: the one thing that Keras does not wrap itself."""
    keras = import_keras()
    backend, ops = keras.backend.backend(), keras.ops
    if backend == "jax":
        import jax

        gradient = jax.grad(lambda x: ops.sum(function(x)))(ops.convert_to_tensor(x))
    elif backend == "torch":
        import torch

        x = ops.convert_to_tensor(x).requires_grad_()
        (gradient,) = torch.autograd.grad(ops.sum(function(x)), x)
    else:
        import tensorflow as tf

        x = tf.convert_to_tensor(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = ops.sum(function(x))
        gradient = tape.gradient(total, x)
    return ops.convert_to_numpy(gradient)


def _extent(kernel: int, dilation: int) -> int:
    return dilation * (kernel - 1) + 1


def _step(owner: str, step: Sequence[Any]) -> tuple[int, int, int]:
    names = ("kernel", "stride", "dilation")
    kernel, stride, dilation = (whole_number(owner, name, value) for name, value in zip(names, step, strict=True))
    return kernel, stride, dilation
