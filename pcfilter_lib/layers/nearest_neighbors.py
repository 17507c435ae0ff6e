"""The nearest rows of each row, in the space of its features."""

from __future__ import annotations

import keras

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.layers._neighbours import nearest


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class NearestNeighbors(keras.layers.Layer):
    """Which k rows have the features nearest to those of each row; it is its own first neighbour.

    Parameters
    ----------
    k : int
        Neighbours of each row, itself among them.

    Shapes
    ------
    Input (B, N, C), output (B, N, k) of int32: rows, from the nearest on. N may be unknown; if it is below k, the
    nearest row is repeated. No gradient passes.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Wang, Y., Sun, Y., Liu, Z., Sarma, S. E., Bronstein, M. M. and Solomon, J. M. (2019). Dynamic graph CNN for learning
    on point clouds. ACM Transactions on Graphics 38(5). Section 3.
    """

    def __init__(self, k: int, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})
        self.k = whole_number("NearestNeighbors", "k", k)

    def call(self, inputs):
        """Return the table of neighbours."""
        return nearest(inputs, self.k)

    def compute_output_spec(self, inputs):
        """Return shape and kind of the table."""
        return keras.KerasTensor((*inputs.shape[:2], self.k), dtype="int32")

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "k": self.k}
