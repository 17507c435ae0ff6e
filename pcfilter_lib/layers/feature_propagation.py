"""Features of a few points, handed on to many."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers._neighbours import gather, smallest, squared_distances
from pcfilter_lib.layers._normalised import SharedDense


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class FeaturePropagation(keras.layers.Layer):
    r"""Features for each point from the three nearest of a few that have some, and from its own.

    With squared distances :math:`d_j^2` to the three nearest,

    .. math:: f = \sum_j \frac{w_j}{\sum_m w_m} f_j, \qquad w_j = \frac{1}{\max(d_j^2, \epsilon)} ;

    beside the point's own features, these pass dense layers, each with batch normalisation and a rectifier. The first
    of them is linear before its normalisation, and so is the interpolation: its product is computed for the few, and
    then handed on.

    Parameters
    ----------
    widths : sequence of int
        How many features each dense layer has; one layer or more.
    momentum : float, default 0.9
        Of the running means and variances.

    Shapes
    ------
    Input: points (B, N, 3), few points (B, M, 3), their features (B, M, C), and perhaps the points' own (B, N, D).
    Output (B, N, F), F the last width. N and M may be unknown; of fewer than three points, the nearest counts again. No
    gradient passes through the weights :math:`w_j` to the points, as in the published code.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++: deep hierarchical feature learning on point sets in
    a metric space. NeurIPS. Section 3.4, equation 2.
    """

    #: Squared distances are not taken for smaller, in the square of the points' unit: a point may be one of the few.
    EPSILON = 1e-10

    def __init__(self, widths: Sequence[int], momentum: float = 0.9, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})  # half precision would move the points
        self.widths = tuple(whole_number("FeaturePropagation", "widths", width) for width in widths)
        if not self.widths:
            raise InputError("FeaturePropagation", "widths", "there are none", "pass one layer's or more")
        self.momentum = number_within("FeaturePropagation", "momentum", momentum, 0, 1, high_included=False)

    def build(self, input_shape):
        """Make the layers."""
        self.shared = [SharedDense(width, self.momentum, dtype=self.dtype_policy) for width in self.widths]
        shape = (None, None, sum(shape[-1] for shape in input_shape[2:]))
        for layer in self.shared:
            layer.build(shape)
            shape = (*shape[:-1], layer.units)

    def call(self, inputs, training=False):
        """Return the features of all points."""
        points, few, features, *own = inputs
        first, *others = self.shared
        kernel, shift = first.kernel_and_shift(training, "float32")
        channels = features.shape[-1]
        maps = interpolate(points, few, ops.matmul(ops.cast(features, "float32"), kernel[:channels]))
        if own:
            maps = maps + ops.matmul(ops.cast(own[0], "float32"), kernel[channels:])
        maps = first.finished(maps if shift is None else maps + shift, training)
        for layer in others:
            maps = layer(maps, training=training)
        return maps

    def compute_output_spec(self, inputs, training=False):
        """Return shape and kind of the features."""
        return keras.KerasTensor((*inputs[0].shape[:2], self.widths[-1]), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "widths": list(self.widths), "momentum": self.momentum}


def interpolate(points, few, features):
    """Return features of the points: those of the three nearest of a few, weighted by inverse squared distance.

    Parameters
    ----------
    points : (B, N, 3)
    few : (B, M, 3)
    features : (B, M, C)

    Returns
    -------
    (B, N, C)
    """
    distances, table = smallest(squared_distances(points, few), 3)
    nearest = ops.where(distances == float("inf"), distances[..., :1], distances)
    weights = 1 / ops.maximum(nearest, FeaturePropagation.EPSILON)
    weights = ops.cast(weights / ops.sum(weights, axis=-1, keepdims=True), features.dtype)
    return sum(weights[..., each : each + 1] * gather(features, table[..., each]) for each in range(3))
