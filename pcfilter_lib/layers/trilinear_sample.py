"""Trilinear interpolation of volumes at points."""

from __future__ import annotations

from itertools import product

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class TrilinearSample(keras.layers.Layer):
    """Trilinear interpolation of volumes.

    The weighted mean of the eight values nearest to each point. Each value's weight is the volume of the box between
    the point and the opposite voxel's centre, so that the result is continuous, and its gradient reaches the values and
    the points. It is 0 beyond the outermost centres. With the transform of a camera between voxels and pixels, this
    carries features between pictures and volumes.

    Shapes
    ------
    Inputs: volumes (B, X, Y, Z, C), and points (B, N, 3) in voxels, whole numbers at the centres, as from
    :meth:`pcfilter_lib.data.VoxelGrid.to_index`. Output (B, N, C). All sizes may be unknown.
    """

    def call(self, inputs):
        """Return the interpolated values."""
        volume, points = inputs
        batch, *sizes, channels = ops.shape(volume)
        flat = ops.reshape(volume, (batch, sizes[0] * sizes[1] * sizes[2], channels))
        low = ops.floor(points)
        fraction, low = points - ops.stop_gradient(low), ops.cast(low, "int32")
        total, inside = 0.0, True
        for axis, size in enumerate(sizes):
            last = ops.cast(size - 1, points.dtype)
            here = ops.logical_and(points[..., axis] >= 0, points[..., axis] <= last)
            inside = ops.logical_and(inside, here)
        for corner in product((0, 1), repeat=3):
            index, weight = 0, 1.0
            for axis, (step, size) in enumerate(zip(corner, sizes, strict=True)):
                # On the last plane the next one is not there, and has the weight 0.
                index = index * size + ops.clip(low[..., axis] + step, 0, size - 1)
                weight = weight * (fraction[..., axis] if step else 1 - fraction[..., axis])
            total = total + weight[..., None] * ops.take_along_axis(flat, index[..., None], axis=1)
        return ops.where(inside[..., None], total, 0)

    def compute_output_shape(self, input_shape):
        """Return (B, N, C)."""
        volume, points = input_shape
        return volume[0], points[1], volume[-1]

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        volume, points = inputs
        return keras.KerasTensor(self.compute_output_shape((volume.shape, points.shape)), dtype=self.compute_dtype)
