"""A PointNet for the surroundings of each of a few centres."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers._neighbours import gather
from pcfilter_lib.layers._normalised import SharedDense, SharedDenseMaximum
from pcfilter_lib.layers.ball_query import BallQuery


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SetAbstraction(keras.layers.Layer):
    r"""Fewer points with more features: a small PointNet looks at the ball about each centre.

    The centres are the first points of each cloud: these lie in farthest-point order
    (:func:`pcfilter_lib.data.farthest_order`), whose beginning is the sample that farthest-point sampling would draw.
    The points :math:`x_j` in the ball about a centre :math:`c_i`, seen from it, and their features :math:`f_j` pass
    dense layers, each with batch normalisation and a rectifier, and a maximum is taken. With several scales, several
    such balls are looked at, and what they say is put side by side.

    The first layer's product :math:`W^T [x_j - c_i, f_j] = W^T [x_j, f_j] - W_x^T c_i` is computed once for each point,
    not once for each ball that holds it; the last layer's maximum is taken before normalisation, as in
    :class:`DenseGlobalMax`.

    Parameters
    ----------
    centres : int
        How many. Of a smaller cloud all points are centres.
    scales : sequence of (float, int, sequence of int)
        Of each ball: its radius, how many of its points are looked at (:class:`BallQuery`), and how many features
        each dense layer has, two layers or more.
    momentum : float, default 0.9
        Of the running means and variances.

    Shapes
    ------
    Input: points (B, N, 3), and perhaps features (B, N, C). Output: centres (B, M, 3) and their features (B, M, F): the
    last widths of all scales, added up. N may be unknown; M is `centres`, or N if that is smaller.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++: deep hierarchical feature learning on point sets in
    a metric space. NeurIPS. Sections 3.2 and 3.3 (multi-scale grouping).
    """

    def __init__(
        self,
        centres: int,
        scales: Sequence[tuple[float, int, Sequence[int]]],
        momentum: float = 0.9,
        **kwargs,
    ):
        super().__init__(**{"autocast": False, **kwargs})  # half precision would move the points
        self.centres = whole_number("SetAbstraction", "centres", centres)
        self.momentum = number_within("SetAbstraction", "momentum", momentum, 0, 1, high_included=False)
        self.scales = tuple(_scale(number, each) for number, each in enumerate(scales))
        if not self.scales:
            raise InputError("SetAbstraction", "scales", "there are none", "pass (radius, max_nn, widths) for each")

    def build(self, input_shape):
        """Make the layers of each scale."""
        several = isinstance(input_shape[0], list | tuple)
        channels = 3 + (input_shape[1][-1] if several and len(input_shape) > 1 else 0)
        self.balls = [
            _Ball(*each, momentum=self.momentum, dtype=self.dtype_policy, name=f"scale_{number}")
            for number, each in enumerate(self.scales)
        ]
        for ball in self.balls:
            ball.build((None, None, channels))

    def call(self, inputs, training=False):
        """Return the centres, and what the points around each say."""
        points, *features = inputs if isinstance(inputs, list | tuple) else (inputs,)
        centres = points[:, : self.centres]
        rows = ops.concatenate([points, *(ops.cast(each, points.dtype) for each in features)], axis=-1)
        found = [ball([points, centres, rows], training=training) for ball in self.balls]
        return centres, found[0] if len(found) == 1 else ops.concatenate(found, axis=-1)

    def compute_output_spec(self, inputs, training=False):
        """Return shapes and kinds of the centres and their features."""
        points = inputs[0] if isinstance(inputs, list | tuple) else inputs
        batch, number, size = points.shape
        number = None if number is None else min(number, self.centres)
        features = sum(widths[-1] for _, _, widths in self.scales)
        return (
            keras.KerasTensor((batch, number, size), dtype=points.dtype),
            keras.KerasTensor((batch, number, features), dtype=self.compute_dtype),
        )

    def get_config(self):
        """Return the arguments."""
        scales = [[radius, max_nn, list(widths)] for radius, max_nn, widths in self.scales]
        return {**super().get_config(), "centres": self.centres, "scales": scales, "momentum": self.momentum}


def _scale(number: int, scale) -> tuple[float, int, tuple[int, ...]]:
    owner, name = "SetAbstraction", f"scales[{number}]"
    try:
        radius, max_nn, widths = scale
        widths = tuple(widths)
    except (TypeError, ValueError) as error:
        raise InputError(owner, name, f"{scale!r} is not allowed", "pass (radius, max_nn, widths)") from error
    if len(widths) < 2:
        raise InputError(owner, name, f"the widths {widths!r} are not allowed", "pass two layers' or more")
    return (
        number_within(owner, f"{name}: radius", radius, 0, float("inf"), low_included=False),
        whole_number(owner, f"{name}: max_nn", max_nn),
        tuple(whole_number(owner, f"{name}: widths", width) for width in widths),
    )


class _Ball(keras.layers.Layer):
    """One scale: the dense layers of the points in a ball, and the maximum."""

    def __init__(self, radius: float, max_nn: int, widths: Sequence[int], momentum: float, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})
        self.widths, self.momentum = widths, momentum
        self.query = BallQuery(radius, max_nn)

    def build(self, input_shape):
        """Make the layers."""
        kinds = [SharedDense] * (len(self.widths) - 1) + [SharedDenseMaximum]
        own = {"momentum": self.momentum, "dtype": self.dtype_policy}
        self.first, *self.others = [kind(width, **own) for kind, width in zip(kinds, self.widths, strict=True)]
        shape = (None, None, None, input_shape[-1])
        for layer in (self.first, *self.others):
            layer.build(shape)
            shape = (*shape[:-1], layer.units)

    def call(self, inputs, training=False):
        """Return what the points in the ball about each centre say."""
        points, centres, rows = inputs
        table = self.query([points, centres])
        kernel, shift = self.first.kernel_and_shift(training, rows.dtype)
        origin = ops.matmul(centres, kernel[: centres.shape[-1]])
        origin = origin if shift is None else origin - shift
        features = gather(ops.matmul(rows, kernel), table) - origin[:, :, None]
        features = self.first.finished(features, training)
        for layer in self.others:
            features = layer(features, training=training)
        return features
