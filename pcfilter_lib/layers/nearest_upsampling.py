"""Twice the size of volumes, each voxel eight times."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class NearestUpsampling3D(keras.layers.Layer):
    """Volumes of twice the size along each axis, in which each voxel stands eight times.

    What ``keras.layers.UpSampling3D`` computes, which on TensorFlow fails where the running graph alone knows the size
    (Keras 3.15).

    Shapes
    ------
    Input (B, X, Y, Z, C), output (B, 2 X, 2 Y, 2 Z, C). Sizes may be unknown.
    """

    def call(self, inputs):
        """Return the larger volumes."""
        batch, *sizes, channels = ops.shape(inputs)
        for axis in range(3):
            sizes[axis] = 2 * sizes[axis]
            inputs = ops.reshape(ops.stack([inputs, inputs], axis=axis + 2), (batch, *sizes, channels))
        return inputs

    def compute_output_shape(self, input_shape):
        """Return the shape with all sizes doubled."""
        batch, *sizes, channels = input_shape
        return batch, *(None if size is None else 2 * size for size in sizes), channels

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)
