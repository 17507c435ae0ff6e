"""Convolution in three dimensions over a table of neighbours."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers._neighbours import flat_rows

#: The neighbours of so many outputs are looked up at once: what they hold stays in the processor's cache.
HELD = 1024


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
        channels, columns = features.shape[-1], self.kernel_size**3
        samples, rows = ops.shape(table)[:2]
        if features.shape[0] != 1:  # rows of all samples, one after the other; -1 stays
            table = ops.where(table < 0, table, flat_rows(table, ops.shape(features)[1]))
        # Neighbours that are not there have the number -1: the last row, which is zero.
        flat = ops.pad(ops.reshape(features, (-1, channels)), [[0, 1], [0, 0]])
        table, kernel = ops.reshape(table, (-1, columns)), ops.reshape(self.kernel, (-1, self.filters))

        def product(some):
            near = ops.take(flat, some, axis=0)
            return ops.matmul(ops.reshape(near, (-1, columns * channels)), kernel)

        if isinstance(rows, int) and isinstance(samples, int) and samples * rows <= HELD:
            values = product(table)
        else:
            values = _in_pieces(product, table, self.filters)
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


def _in_pieces(product, table, filters: int):
    """Return a product for each row of a table, for a few rows at a time."""
    number = ops.shape(table)[0]
    size = min(max(number, 1), HELD) if isinstance(number, int) else ops.minimum(ops.maximum(number, 1), HELD)
    pieces = ops.reshape(ops.pad(table, [[0, -number % size], [0, 0]]), (-1, size, table.shape[-1]))
    return ops.reshape(_one_by_one(product, pieces), (-1, filters))[:number]


def _one_by_one(product, pieces):
    """Return ``ops.map``, whose pieces TensorFlow would hold ten at a time."""
    if keras.backend.backend() != "tensorflow":
        return ops.map(product, pieces)
    import tensorflow as tf

    kind = tf.TensorSpec.from_tensor(product(pieces[0]))
    return tf.map_fn(product, pieces, parallel_iterations=1, fn_output_signature=kind)
