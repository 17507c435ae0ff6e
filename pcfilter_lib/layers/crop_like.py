"""Cropping to the size of another image."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class CropLike(keras.layers.Layer):
    """The upper left part of an image, as large as another one; what :class:`PadToMultiple` added goes.

    Shapes
    ------
    Input: a pair of (B, H, W, C) and of (B, h, w, D) with h <= H and w <= W. Output (B, h, w, C). Sizes may be unknown.
    """

    def call(self, inputs):
        """Return the cropped first image."""
        image, like = inputs
        _, height, width, _ = ops.shape(like)
        return image[:, :height, :width]

    def compute_output_shape(self, input_shape):
        """Return the second input's size with the first one's channels."""
        image, like = input_shape
        return image[0], *like[1:3], image[3]

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        image, like = inputs
        return keras.KerasTensor(self.compute_output_shape((image.shape, like.shape)), dtype=self.compute_dtype)
