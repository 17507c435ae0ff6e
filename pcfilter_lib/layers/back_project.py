"""Features of pictures onto voxels."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of
from pcfilter_lib.layers.view_pooling import masked_maximum, masked_mean


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class BackProject(keras.layers.Layer):
    """Carry the features of pictures to the voxels that they show, and pool them over the views.

    Which pixel shows a voxel does not depend on weights, so it is computed beforehand
    (:func:`pcfilter_lib.data.voxel_pixels`). Only views that see a voxel are pooled: a view that does not is no
    evidence, not even a zero. Where none sees it, the result is 0. The gradient of a voxel reaches only pixels that
    it was made of.

    Parameters
    ----------
    mode : {"max", "mean"}, default "max"
        Of the views that see a voxel.

    Shapes
    ------
    Inputs: features of the views (B, V, H, W, C), and pixels of int32, (B, ..., V): for each voxel (or point) and view
    a number, row by row, or -1. Output (B, ..., C). All sizes may be unknown.

    Raises
    ------
    InputError
        If `mode` is another one.

    References
    ----------
    Dai, A. and Niessner, M. (2018). 3DMV: joint 3D-multi-view prediction for 3D semantic scene segmentation. ECCV.
    Section 4.2.
    """

    def __init__(self, mode: str = "max", **kwargs):
        super().__init__(**kwargs)
        self.mode = one_of("BackProject", "mode", mode, ("max", "mean"))

    def call(self, inputs):
        """Return the features of each voxel."""
        features, pixels = inputs
        batch, views, rows, columns, channels = ops.shape(features)
        pixels = ops.cast(pixels, "int32")
        place = ops.shape(pixels)
        flat = ops.reshape(features, (batch, views * rows * columns, channels))
        seen = pixels >= 0
        # All views of an example are one long list of pixels.
        index = ops.maximum(pixels, 0) + ops.arange(views, dtype="int32") * (rows * columns)
        index = ops.reshape(index, (batch, -1))
        found = ops.reshape(ops.take_along_axis(flat, index[..., None], axis=1), (*place, channels))
        pool = masked_maximum if self.mode == "max" else masked_mean
        return pool(found, seen[..., None], len(place) - 1)

    def compute_output_shape(self, input_shape):
        """Return (B, ..., C)."""
        features, pixels = input_shape
        return (*pixels[:-1], features[-1])

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        features, pixels = inputs
        return keras.KerasTensor(self.compute_output_shape((features.shape, pixels.shape)), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "mode": self.mode}
