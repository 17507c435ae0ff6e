"""Keras initializers that Keras lacks, on any backend."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Bilinear(keras.initializers.Initializer):
    r"""Weights with which a transposed convolution enlarges an image bilinearly, each channel by itself.

    For an enlargement by f take ``strides=f``, ``kernel_size=2 * f - f % 2`` and ``padding="same"``. Away from the
    border, by the width of a kernel, the result is then that of ``keras.ops.image.resize`` with ``"bilinear"``.

    Along an axis of k weights, the weight at place i is ``1 - |i - (k - 1) / 2| / g``, ``g = (k + 1) // 2``. It is 0
    between two different channels. There are no arguments: the kernel's size decides. The kernel has the shape
    (\*size, channels, channels) of a `Conv1DTranspose`, `Conv2DTranspose` or `Conv3DTranspose`.

    Raises
    ------
    InputError
        When the weights are made, if there are not as many channels out as in.

    References
    ----------
    Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR 2015, section 3.3.

    Examples
    --------
    >>> twice = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", kernel_initializer=Bilinear())
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        r"""Return a kernel (\*size, channels out, channels in)."""
        *size, outputs, inputs = shape
        if not size or outputs != inputs:
            problem = f"a kernel of shape {tuple(shape)} has {outputs} channels out and {inputs} in"
            raise InputError(
                "Bilinear", "", problem, "pass as many filters as there are channels: each is enlarged alone"
            )
        kernel = np.eye(inputs)
        for length in reversed(size):
            kernel = np.multiply.outer(_tent(length), kernel)
        return keras.ops.convert_to_tensor(kernel, dtype=dtype or keras.backend.floatx())


def _tent(length: int) -> np.ndarray:
    """Return weights that fall evenly from the middle: 0.25, 0.75, 0.75, 0.25 for four of them."""
    places = np.arange(length) - (length - 1) / 2
    return 1 - np.abs(places) / ((length + 1) // 2)
