"""Transposed convolution of size and stride 2, from coarse cells to their children."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers.sparse._rows import gather_or_zero


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SparseConv3DTranspose(keras.layers.Layer):
    r"""Features of fine voxels from those of the coarse voxels that hold them.

    .. math:: y_i = b + W_{c(i)}^T x_{p(i)}

    where :math:`p(i)` is the coarse voxel that holds voxel i, and :math:`c(i)` says which of its eight children i is.
    It equals ``keras.layers.Conv3DTranspose`` of size and stride 2, at the active voxels, with the kernel's last two
    axes exchanged.

    Parameters
    ----------
    filters : int
        Features of the output.
    use_bias : bool, default True

    Shapes
    ------
    Inputs: features (B, M, C); `parents` and `positions` (B, N) of whole numbers, as from
    :func:`pcfilter_lib.sparse.coarsen`, -1 for rows without a parent, which are 0 but for the bias. Output
    (B, N, filters). M and N may be unknown.

    Raises
    ------
    InputError
        If an argument is not allowed.
    """

    def __init__(self, filters: int, use_bias: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.filters = whole_number("SparseConv3DTranspose", "filters", filters)
        self.use_bias = one_of("SparseConv3DTranspose", "use_bias", use_bias, (True, False))

    def build(self, input_shape):
        """Make the kernel and the bias."""
        shape = (input_shape[0][-1], 8 * self.filters)
        self.kernel = self.add_weight(shape, "he_normal", name="kernel")
        self.bias = self.add_weight((self.filters,), "zeros", name="bias") if self.use_bias else None

    def call(self, inputs):
        """Return the features of the children."""
        features, parents, positions = inputs
        of_children = ops.matmul(features, self.kernel)  # all eight of each, side by side
        of_children = ops.reshape(of_children, (ops.shape(features)[0], -1, self.filters))
        rows = ops.where(parents < 0, parents, 8 * parents + positions)
        values = gather_or_zero(of_children, rows)
        return values if self.bias is None else values + self.bias

    def compute_mask(self, inputs, previous_mask):
        """Return no mask: the table says what counts."""
        return

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor((*inputs[1].shape, self.filters), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "filters": self.filters, "use_bias": self.use_bias}
