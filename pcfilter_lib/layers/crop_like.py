"""Cropping to the size of another image."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class CropLike(keras.layers.Layer):
    """The upper left part of an image or volume, as large as another one; what :class:`PadToMultiple` added goes.

    Shapes
    ------
    Input: a pair of (B, H, W, C) and of (B, h, w, D) with h <= H and w <= W. Output (B, h, w, C). The same for volumes.
    Sizes may be unknown.
    """

    def call(self, inputs):
        """Return the cropped first image."""
        image, like = inputs
        return image[(slice(None), *(slice(size) for size in ops.shape(like)[1:-1]))]

    def compute_output_shape(self, input_shape):
        """Return the second input's size with the first one's channels."""
        image, like = input_shape
        return image[0], *like[1:-1], image[-1]

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        image, like = inputs
        return keras.KerasTensor(self.compute_output_shape((image.shape, like.shape)), dtype=self.compute_dtype)
