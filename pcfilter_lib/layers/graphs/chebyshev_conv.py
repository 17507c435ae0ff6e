"""Spectral convolution without a spectrum: polynomials of the Laplacian."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers.graphs._products import row_product
from pcfilter_lib.layers.sparse._rows import gather_or_zero


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class ChebyshevConv(keras.layers.Layer):
    r"""A learned polynomial of a surface's Laplacian, applied by passing messages to neighbours.

    With the scaled Laplacian :math:`\tilde{L}` as a table of neighbours with weights,

    .. math::

        y = b + \sum_{n=0}^{\text{degree}} T_n(\tilde{L}) x W_n, \qquad
        T_0(\tilde{L}) x = x, \quad T_1(\tilde{L}) x = \tilde{L} x, \quad
        T_n(\tilde{L}) x = 2 \tilde{L} T_{n-1}(\tilde{L}) x - T_{n-2}(\tilde{L}) x .

    It equals the spectral filter that multiplies each eigenfunction by :math:`\sum_n W_n T_n(\tilde{\lambda})`, but
    needs no eigenfunction. An output depends on vertices at most `degree` edges away. If the vertices are renumbered,
    the output is renumbered along, bit for bit as long as each row of the table keeps its order.

    Parameters
    ----------
    units : int
        Features of the output.
    degree : int
        Of the polynomial; 0 is a dense layer.
    use_bias : bool, default True

    Shapes
    ------
    Inputs: features (B, N, C), a table (B, N, K) of whole numbers, -1 for no neighbour, and its weights (B, N, K), as
    from :func:`pcfilter_lib.geometry.scaled_laplacian`. Output (B, N, units). N may be unknown. The kernel has the
    shape (degree + 1, C, units). Polynomials are computed in single precision whatever the layer's type.

    Raises
    ------
    InputError
        If an argument is not allowed.

    References
    ----------
    Defferrard, M., Bresson, X. and Vandergheynst, P. (2016). Convolutional neural networks on graphs with fast
    localized spectral filtering. NeurIPS. Equations 4 and 5.
    """

    def __init__(self, units: int, degree: int, use_bias: bool = True, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})  # half precision would spoil the recurrence
        self.units = whole_number("ChebyshevConv", "units", units)
        self.degree = whole_number("ChebyshevConv", "degree", degree, at_least=0)
        self.use_bias = one_of("ChebyshevConv", "use_bias", use_bias, (True, False))

    def build(self, input_shape):
        """Make the kernel and the bias."""
        channels = input_shape[0][-1]
        limit = (6 / ((self.degree + 1) * channels + self.units)) ** 0.5  # glorot_uniform of all polynomials together
        start = keras.initializers.RandomUniform(-limit, limit)
        self.kernel = self.add_weight((self.degree + 1, channels, self.units), start, name="kernel")
        self.bias = self.add_weight((self.units,), "zeros", name="bias") if self.use_bias else None

    def call(self, inputs):
        """Return the filtered features."""
        features, table, weights = inputs
        weights = ops.cast(weights, "float32")[..., None]

        def neighbours(values):
            return ops.sum(weights * gather_or_zero(values, table), axis=2)

        kernel = ops.cast(self.kernel, "float32")
        before, now = None, ops.cast(features, "float32")
        total = row_product(now, kernel[0])
        for number in range(1, self.degree + 1):
            after = neighbours(now) if before is None else 2 * neighbours(now) - before
            before, now = now, after
            total = total + row_product(now, kernel[number])
        if self.bias is not None:
            total = total + ops.cast(self.bias, "float32")
        return ops.cast(total, self.compute_dtype)

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor((*inputs[0].shape[:2], self.units), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        own = {"units": self.units, "degree": self.degree, "use_bias": self.use_bias}
        return {**super().get_config(), **own}
