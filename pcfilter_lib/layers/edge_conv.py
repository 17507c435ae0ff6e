"""EdgeConv: a maximum over what a point and each of its neighbours make of each other."""

from __future__ import annotations

import functools

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.layers._neighbours import flat_rows, gather, nearest
from pcfilter_lib.layers._normalised import Normalised

#: So many neighbours' features are looked up at once: fewer take more calls, more of them more memory.
HELD = 5


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class EdgeConv(Normalised):
    r"""The largest feature of all edges that lead from a point to its k nearest, without a map of the edges.

    With kernels :math:`A` and :math:`B`, a leaky rectifier :math:`\rho` and batch normalisation :math:`\nu` over all
    edges,

    .. math:: y_i = \max_{j \in N(i)} \rho\left(\nu\left(A^T x_i + B^T (x_j - x_i)\right)\right) .

    It is a dense layer of N k edges with 2 C features each, if computed as it is written. But:

    * :math:`A^T x_i + B^T (x_j - x_i) = (A - B)^T x_i + B^T x_j`: two dense layers of N rows do, k times less work;
    * the first term is the same for all neighbours, and normalisation and rectifier are monotone: the maximum of
      :math:`B^T x_j` is enough (its minimum where the normalisation's scale is negative);
    * mean and variance over all edges follow from the covariances of :math:`x_i`, of :math:`x_j` and between both,
      which are of size C x C;
    * the gradient of a maximum reaches one neighbour for each feature. Only which one is kept.

    Parameters
    ----------
    units : int
        Features of the output.
    k : int, default 20
        Neighbours of each point, itself among them: those nearest in the space of its features, found anew in each
        call. A table of neighbours as second input takes their place.
    negative_slope : float, default 0.2
        Of the leaky rectifier, from 0 to 1.
    momentum : float, default 0.9
        Of the running mean and variance.
    epsilon : float, default 1e-3
        Added to the variance.

    Shapes
    ------
    Input (B, N, C), and perhaps a table (B, N, k) of int32; output (B, N, units). N may be unknown.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Wang, Y., Sun, Y., Liu, Z., Sarma, S. E., Bronstein, M. M. and Solomon, J. M. (2019). Dynamic graph CNN for learning
    on point clouds. ACM Transactions on Graphics 38(5). Equations 7 and 8.
    """

    def __init__(
        self,
        units: int,
        k: int = 20,
        negative_slope: float = 0.2,
        momentum: float = 0.9,
        epsilon: float = 1e-3,
        **kwargs,
    ):
        super().__init__(momentum, epsilon, **kwargs)
        self.units = whole_number("EdgeConv", "units", units)
        self.k = whole_number("EdgeConv", "k", k)
        self.negative_slope = number_within("EdgeConv", "negative_slope", negative_slope, 0, 1)

    def build(self, input_shape):
        """Make the kernel, of a point's features and of the differences, and the normalisation."""
        channels = features_of(input_shape)[-1]
        self.kernel = self.add_weight((2 * channels, self.units), "he_normal", name="kernel", autocast=False)
        self.add_normalisation(self.units)

    def call(self, inputs, training=False):
        """Return the largest normalised and rectified feature over the neighbours."""
        inputs, table = inputs if isinstance(inputs, list | tuple) else (inputs, nearest(inputs, self.k))
        of_point, of_difference = ops.split(self.kernel, 2, axis=0)
        both = ops.cast(ops.concatenate([of_point - of_difference, of_difference * self.side()], axis=1), inputs.dtype)
        own, others = ops.split(ops.matmul(inputs, both), 2, axis=-1)
        largest = _chosen(others, table) if training else _maximum(others, table)
        values = own + largest * ops.cast(self.side(), inputs.dtype)
        values = self.normalised(values, *self._moments(inputs, table, training))
        return ops.cast(ops.leaky_relu(values, self.negative_slope), self.compute_dtype)

    def _moments(self, inputs, table, training):
        if not self.follows_batch(training):
            return self.moving_mean, self.moving_variance
        of_point, of_difference = ops.split(self.kernel, 2, axis=0)
        channels, k = inputs.shape[-1], table.shape[-1]
        inputs = ops.cast(inputs, "float32")
        centre = ops.mean(inputs, axis=(0, 1))
        around = inputs - centre
        # Rows x_i, and for each the sum over its neighbours; how often each is a neighbour itself.
        sums = ops.reshape(ops.sum(gather(around, table), axis=2), (-1, channels))
        around = ops.reshape(around, (-1, channels))
        rows = ops.shape(around)[0]
        wanted = ops.reshape(flat_rows(table, ops.shape(inputs)[1]), (-1,))
        times = ops.segment_sum(ops.ones_like(wanted, dtype="float32"), wanted, num_segments=rows)[:, None]
        points, edges = ops.cast(rows, "float32"), ops.cast(rows * k, "float32")
        shift = ops.sum(around * times, axis=0) / edges  # of the neighbours' mean from the points'
        own = ops.matmul(ops.transpose(around), around) / points
        other = ops.matmul(ops.transpose(around * times), around) / edges - shift[:, None] * shift
        between = ops.matmul(ops.transpose(around), sums) / edges
        rest = of_point - of_difference
        mean = ops.matmul(centre[None], of_point)[0] + ops.matmul(shift[None], of_difference)[0]
        variance = rest * ops.matmul(own, rest) + of_difference * ops.matmul(other, of_difference)
        variance = ops.sum(variance + 2 * rest * ops.matmul(between, of_difference), axis=0)
        return self.remembered(mean, variance)

    def compute_output_shape(self, input_shape):
        """Return the points' shape, with other features."""
        return *features_of(input_shape)[:-1], self.units

    def get_config(self):
        """Return the arguments."""
        own = {"units": self.units, "k": self.k, "negative_slope": self.negative_slope}
        return {**super().get_config(), **own}


def features_of(input_shape):
    """Return the first of several shapes, or the only one."""
    return input_shape[0] if isinstance(input_shape[0], list | tuple) else input_shape


def _maximum(values, table):
    """Return the largest value of the neighbours, a few of which are held at a time."""
    parts = [
        ops.max(gather(values, table[..., first : first + HELD]), axis=2) for first in range(0, table.shape[-1], HELD)
    ]
    return functools.reduce(ops.maximum, parts)


def _chosen(values, table):
    """Return the same, such that a gradient needs to know only which neighbour has it."""
    number, units = ops.shape(values)[1], values.shape[-1]
    rows = ops.reshape(ops.stop_gradient(values), (-1, units))
    columns = ops.moveaxis(flat_rows(table, number), -1, 0)

    def compare(place, best):
        largest, row = best
        column = columns[place]
        other = ops.take(rows, column, axis=0)
        better = other > largest
        return ops.where(better, other, largest), ops.where(better, column[..., None], row)

    start = ops.take(rows, columns[0], axis=0), columns[0][..., None] + ops.zeros((units,), dtype="int32")
    _, row = ops.fori_loop(1, table.shape[-1], compare, start)
    return ops.take(ops.reshape(values, (-1,)), row * units + ops.arange(units, dtype="int32"), axis=0)
