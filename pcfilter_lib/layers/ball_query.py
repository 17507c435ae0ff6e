"""The points within a ball about each centre."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.layers._neighbours import smallest, squared_distances


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class BallQuery(keras.layers.Layer):
    """Which points lie within a radius of each centre: as many as asked for, those that come first in the cloud.

    Where a ball holds fewer, its first point is repeated, which a maximum over the ball does not notice; where it holds
    none, the nearest point stands in. Points that come first are not the nearest ones: if the points lie in
    farthest-point order (:func:`pcfilter_lib.data.farthest_order`), they are spread over the whole ball.

    Parameters
    ----------
    radius : float
        In the unit of the points. A point at exactly this distance lies outside, as in the published code.
    max_nn : int
        How many points of each ball.

    Shapes
    ------
    Input: points (B, N, 3) and centres (B, M, 3). Output (B, M, max_nn) of int32: rows of the points, ascending until
    they repeat. N and M may be unknown; no gradient passes.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++: deep hierarchical feature learning on point sets in
    a metric space. NeurIPS. Section 3.2.
    """

    def __init__(self, radius: float, max_nn: int, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})  # half precision would move the points
        self.radius = number_within("BallQuery", "radius", radius, 0, float("inf"), low_included=False)
        self.max_nn = whole_number("BallQuery", "max_nn", max_nn)

    def call(self, inputs):
        """Return the table of the balls."""
        points, centres = inputs
        distances = squared_distances(centres, points) / self.radius**2
        number = ops.shape(points)[1]
        place = ops.cast(ops.arange(number), distances.dtype) / ops.cast(number, distances.dtype)
        # Inside, what counts is the place in the cloud, from 0 to below 1; outside, the distance, from 1 on.
        found, table = smallest(ops.where(distances < 1, place, distances), self.max_nn)
        return ops.where(found < 1, table, table[..., :1])

    def compute_output_spec(self, inputs):
        """Return shape and kind of the table."""
        shape = (*inputs[1].shape[:2], self.max_nn)
        return keras.KerasTensor(shape, dtype="int32")

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "radius": self.radius, "max_nn": self.max_nn}
