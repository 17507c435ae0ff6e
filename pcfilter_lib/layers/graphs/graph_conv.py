"""Message passing over a table of neighbours."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers.graphs._products import row_product
from pcfilter_lib.layers.sparse._rows import gather_or_zero


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class GraphConv(keras.layers.Layer):
    r"""One round of message passing: a vertex hears its neighbours, and combines it with its own features.

    With the rows :math:`t_{ik} \ge 0` of a table as neighbours N(i),

    .. math:: y_i = b + W^T x_i + V^T \operatorname{aggregate}_{j \in N(i)} x_j .

    If the vertices are renumbered, the output is renumbered along, bit for bit as long as each row of the table keeps
    its order.

    Parameters
    ----------
    units : int
        Features of the output.
    aggregate : {"mean", "sum", "max"}, default "mean"
        How the neighbours' features are combined; without any neighbour, they are 0. Only the sum notices how many
        neighbours there are.
    use_bias : bool, default True

    Shapes
    ------
    Inputs: features (B, N, C), and a table (B, N, K) of whole numbers, -1 for no neighbour, as from
    :func:`pcfilter_lib.geometry.mesh_graph`. Output (B, N, units). N may be unknown.

    Raises
    ------
    InputError
        If an argument is not allowed.

    References
    ----------
    Gilmer, J., Schoenholz, S. S., Riley, P. F., Vinyals, O. and Dahl, G. E. (2017). Neural message passing for quantum
    chemistry. ICML. Morris, C., Ritzert, M., Fey, M., Hamilton, W. L., Lenssen, J. E., Rattan, G. and Grohe, M. (2019).
    Weisfeiler and Leman go neural: higher-order graph neural networks. AAAI. Equation 5, with a sum.
    """

    def __init__(self, units: int, aggregate: str = "mean", use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.units = whole_number("GraphConv", "units", units)
        self.aggregate = one_of("GraphConv", "aggregate", aggregate, ("mean", "sum", "max"))
        self.use_bias = one_of("GraphConv", "use_bias", use_bias, (True, False))

    def build(self, input_shape):
        """Make the two kernels and the bias."""
        shape = (input_shape[0][-1], self.units)
        self.own_kernel = self.add_weight(shape, "glorot_uniform", name="own_kernel")
        self.neighbour_kernel = self.add_weight(shape, "glorot_uniform", name="neighbour_kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias") if self.use_bias else None

    def call(self, inputs):
        """Return the features after one round."""
        features, table = inputs
        heard = self._aggregated(features, table)
        values = row_product(features, self.own_kernel) + row_product(heard, self.neighbour_kernel)
        return values if self.bias is None else values + self.bias

    def _aggregated(self, features, table):
        there = (table >= 0)[..., None]
        values = gather_or_zero(features, table)
        if self.aggregate == "max":
            values = ops.max(ops.where(there, values, float("-inf")), axis=2)
            return ops.where(ops.any(there, axis=2), values, 0)
        total = ops.sum(values, axis=2)
        if self.aggregate == "sum":
            return total
        return total / ops.maximum(ops.sum(ops.cast(there, total.dtype), axis=2), 1)

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor((*inputs[0].shape[:2], self.units), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        own = {"units": self.units, "aggregate": self.aggregate, "use_bias": self.use_bias}
        return {**super().get_config(), **own}
