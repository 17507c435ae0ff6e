"""Padding to a size that can be halved some times without a rest."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import whole_number


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PadToMultiple(keras.layers.Layer):
    """Zeros at the end of each axis of images or volumes, until its size is a multiple of a number.

    A network that halves its maps `d` times and doubles them again gives back the size that it got only for multiples
    of ``2**d``. :class:`CropLike` takes the zeros away at the end.

    Parameters
    ----------
    multiple : int
        1 or more.

    Shapes
    ------
    Input (B, H, W, C), output (B, H', W', C) with H' and W' the next multiples; the same for (B, X, Y, Z, C). Sizes may
    be unknown.

    Raises
    ------
    InputError
        If `multiple` is not a whole number of 1 or more.
    """

    def __init__(self, multiple: int, **kwargs):
        super().__init__(**kwargs)
        self.multiple = whole_number("PadToMultiple", "multiple", multiple)
        self.supports_masking = True

    def call(self, inputs):
        """Return the padded images."""
        missing = [-size % self.multiple for size in ops.shape(inputs)[1:-1]]
        if all(isinstance(number, int) and number == 0 for number in missing):
            return inputs
        if len(inputs.shape) == 4:
            return ops.pad(inputs, [[0, 0], *([0, rest] for rest in missing), [0, 0]])
        # TensorFlow 2.21 with oneDNN fuses a padding with the 3-D convolution behind it, and then forgets that this one
        # pads, too. What is joined, it leaves alone.
        for axis, rest in enumerate(missing, start=1):
            shape = list(ops.shape(inputs))
            shape[axis] = rest
            inputs = ops.concatenate([inputs, ops.zeros(shape, inputs.dtype)], axis=axis)
        return inputs

    def compute_output_shape(self, input_shape):
        """Return the shape with all sizes rounded up."""
        batch, *sizes, channels = input_shape
        return batch, *(None if size is None else size + -size % self.multiple for size in sizes), channels

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "multiple": self.multiple}
