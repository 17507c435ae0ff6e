"""Twice the height and width, by bilinear interpolation."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class BilinearUpsampling2D(keras.layers.Layer):
    """Maps of twice the height and width, interpolated between the centres of pixels.

    An output pixel lies a quarter of a pixel beside an input pixel: it is three quarters of that one and one quarter of
    the neighbour on the other side; at the border a pixel is its own neighbour. That is what
    ``keras.layers.UpSampling2D(interpolation="bilinear")`` computes, which on TensorFlow fails as soon as one model
    meets a second image size (Keras 3.15).

    Shapes
    ------
    Input (B, H, W, C), output (B, 2 H, 2 W, C). Sizes may be unknown.
    """

    def call(self, inputs):
        """Return the interpolated maps."""
        _, height, width, _ = ops.shape(inputs)
        if isinstance(height, int) and isinstance(width, int):  # with the gradient, in a quarter of the time below
            size = 2 * height, 2 * width
            return ops.image.resize(inputs, size, interpolation="bilinear", data_format="channels_last")
        # TensorFlow cannot compile a resizing to a size that only the running graph knows.
        return _double(_double(inputs, 1), 2)

    def compute_output_shape(self, input_shape):
        """Return the shape with both sizes doubled."""
        batch, *sizes, channels = input_shape
        return batch, *(None if size is None else 2 * size for size in sizes), channels

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)


def _double(maps, axis: int):
    """Interpolate along one axis, 1 or 2."""

    def part(start, stop):
        return maps[(slice(None),) * axis + (slice(start, stop),)]

    before = ops.concatenate([part(0, 1), part(0, -1)], axis=axis)
    after = ops.concatenate([part(1, None), part(-1, None)], axis=axis)
    pairs = ops.stack([0.75 * maps + 0.25 * before, 0.75 * maps + 0.25 * after], axis=axis + 1)
    batch, height, width, channels = ops.shape(maps)
    doubled = (2 * height, width) if axis == 1 else (height, 2 * width)
    return ops.reshape(pairs, (batch, *doubled, channels))
