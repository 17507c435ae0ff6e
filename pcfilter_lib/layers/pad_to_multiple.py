"""Padding to a size that can be halved some times without a rest."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import whole_number


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PadToMultiple(keras.layers.Layer):
    """Zeros below and to the right of images, until height and width are multiples of a number.

    A network that halves its maps `d` times and doubles them again gives back the size that it got only for multiples
    of ``2**d``. :class:`CropLike` takes the zeros away at the end.

    Parameters
    ----------
    multiple : int
        1 or more.

    Shapes
    ------
    Input (B, H, W, C), output (B, H', W', C) with H' and W' the next multiples. Sizes may be unknown.

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
        _, height, width, _ = ops.shape(inputs)
        missing = [-height % self.multiple, -width % self.multiple]
        if all(isinstance(number, int) and number == 0 for number in missing):
            return inputs
        return ops.pad(inputs, [[0, 0], [0, missing[0]], [0, missing[1]], [0, 0]])

    def compute_output_shape(self, input_shape):
        """Return the shape with both sizes rounded up."""
        batch, *sizes, channels = input_shape
        return batch, *(None if size is None else size + -size % self.multiple for size in sizes), channels

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "multiple": self.multiple}
