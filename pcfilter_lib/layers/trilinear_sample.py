"""The values of volumes between the centres of their voxels."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class TrilinearSample(keras.layers.Layer):
    """The mean of the eight values nearest to each place, weighted by how near they are.

    Each value's weight is the volume of the box between the place and the opposite voxel's centre, so that the result
    is continuous, and its gradient reaches the values and the places. It is 0 beyond the outermost centres. With the
    transform of a camera between voxels and pixels, this carries features between pictures and volumes.

    Shapes
    ------
    Inputs: volumes (B, X, Y, Z, C), and places (B, N, 3) in voxels, whole numbers at the centres, as from
    :meth:`pcfilter_lib.data.VoxelGrid.to_index`. Output (B, N, C). All sizes may be unknown.
    """

    def call(self, inputs):
        """Return the values at the places."""
        volume, places = inputs
        batch, x, y, z, channels = ops.shape(volume)
        flat = ops.reshape(volume, (batch, x * y * z, channels))
        low = ops.floor(places)
        share = places - ops.stop_gradient(low)
        low = ops.cast(low, "int32")
        total = 0.0
        for corner in ((i, j, k) for i in (0, 1) for j in (0, 1) for k in (0, 1)):
            index, weight, inside = 0, 1.0, True
            for axis, (step, size) in enumerate(zip(corner, (x, y, z), strict=True)):
                place = low[..., axis] + step
                inside = ops.logical_and(inside, ops.logical_and(place >= 0, place < size))
                index = index * size + ops.clip(place, 0, size - 1)
                weight = weight * (share[..., axis] if step else 1 - share[..., axis])
            value = ops.take_along_axis(flat, index[..., None], axis=1)
            total = total + ops.where(inside, weight, 0)[..., None] * value
        return ops.where(self._within(places, (x, y, z))[..., None], total, 0)

    @staticmethod
    def _within(places, sizes):
        inside = True
        for axis, size in enumerate(sizes):
            last = ops.cast(size - 1, places.dtype)
            here = ops.logical_and(places[..., axis] >= 0, places[..., axis] <= last)
            inside = ops.logical_and(inside, here)
        return inside

    def compute_output_shape(self, input_shape):
        """Return (B, N, C)."""
        volume, places = input_shape
        return volume[0], places[1], volume[-1]

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        volume, places = inputs
        return keras.KerasTensor(self.compute_output_shape((volume.shape, places.shape)), dtype=self.compute_dtype)
