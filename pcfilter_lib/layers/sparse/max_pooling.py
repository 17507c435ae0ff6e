"""The maximum over the cells that a table names."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib.layers._neighbours import gather


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SparseMaxPooling(keras.layers.Layer):
    """The largest feature of the rows that a table names, 0 where it names none.

    With the `children` of :func:`pcfilter_lib.sparse.coarsen` or :meth:`pcfilter_lib.sparse.Octree.children` it is a
    pooling of size and stride 2.

    Shapes
    ------
    Inputs: features (B, N, C), and a table (B, M, K) of whole numbers, -1 for no row. Output (B, M, C). N and M may be
    unknown.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs):
        """Return the maxima."""
        features, table = inputs
        there = (table >= 0)[..., None]
        values = ops.where(there, gather(features, ops.maximum(table, 0)), float("-inf"))
        return ops.where(ops.any(there, axis=2), ops.max(values, axis=2), 0)

    def compute_mask(self, inputs, previous_mask):
        """Return no mask: the table says what counts."""
        return

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor((*inputs[1].shape[:2], inputs[0].shape[-1]), dtype=self.compute_dtype)
