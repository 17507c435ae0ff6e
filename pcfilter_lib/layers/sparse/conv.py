"""Convolution in three dimensions over a table of neighbours."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers._neighbours import flat_rows
from pcfilter_lib.layers.sparse._products import neighbour_product


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SparseConv3D(keras.layers.Layer):
    r"""A convolution that computes outputs, and reads inputs, only where the table says.

    With a table of rows :math:`t_{ik}` and a kernel matrix :math:`W_k` for each of its columns,

    .. math:: y_i = b + \sum_{k: t_{ik} \ge 0} W_k^T x_{t_{ik}} .

    Which convolution that is depends on the table alone:

    * :func:`pcfilter_lib.sparse.kernel_map`: a submanifold convolution, which equals ``keras.layers.Conv3D`` with
      padding "same" on a volume of zeros elsewhere, at the active voxels;
    * `children` of :func:`pcfilter_lib.sparse.coarsen`, with a kernel of 2: a convolution of stride 2;
    * :meth:`pcfilter_lib.sparse.Octree.kernel_map`: the convolution of O-CNN.

    Parameters
    ----------
    filters : int
        Features of the output.
    kernel_size : int, default 3
        The table has kernel_size ** 3 columns.
    use_bias : bool, default True

    Shapes
    ------
    Inputs: features (B, N, C), and a table (B, M, kernel_size ** 3) of whole numbers, -1 for no neighbour. Output
    (B, M, filters). N and M may be unknown. The kernel, of shape (kernel_size ** 3, C, filters), is that of ``Conv3D``,
    (kernel_size, kernel_size, kernel_size, C, filters), reshaped.

    Raises
    ------
    InputError
        If an argument is not allowed.

    References
    ----------
    Graham, B., Engelcke, M. and van der Maaten, L. (2018). 3D semantic segmentation with submanifold sparse
    convolutional networks. CVPR.
    """

    def __init__(self, filters: int, kernel_size: int = 3, use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.filters = whole_number("SparseConv3D", "filters", filters)
        self.kernel_size = whole_number("SparseConv3D", "kernel_size", kernel_size)
        self.use_bias = one_of("SparseConv3D", "use_bias", use_bias, (True, False))

    def build(self, input_shape):
        """Make the kernel and the bias."""
        shape = (self.kernel_size**3, input_shape[0][-1], self.filters)
        self.kernel = self.add_weight(shape, "he_normal", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias") if self.use_bias else None

    def call(self, inputs):
        """Return the sums over the neighbours."""
        features, table = inputs
        samples, rows = ops.shape(table)[:2]
        if features.shape[0] != 1:  # rows of all samples, one after the other; -1 stays
            table = ops.where(table < 0, table, flat_rows(table, ops.shape(features)[1]))
        values = neighbour_product(
            ops.reshape(features, (-1, features.shape[-1])),
            ops.reshape(table, (-1, self.kernel_size**3)),
            ops.reshape(self.kernel, (-1, self.filters)),
        )
        values = ops.reshape(values, (samples, rows, self.filters))
        return values if self.bias is None else values + self.bias

    def compute_mask(self, inputs, previous_mask):
        """Return no mask: the table says what counts."""
        return

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor((*inputs[1].shape[:2], self.filters), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        own = {"filters": self.filters, "kernel_size": self.kernel_size, "use_bias": self.use_bias}
        return {**super().get_config(), **own}
