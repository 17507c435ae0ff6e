"""Heat that spreads over a surface, for a learned time."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import number_within


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Diffusion(keras.layers.Layer):
    r"""Diffuse each channel over a surface, each for a time of its own, which is learned.

    With eigenfunctions :math:`\Phi`, eigenvalues :math:`\lambda` and areas M on a diagonal, the channel c becomes

    .. math:: y_c = \Phi \, e^{-\lambda t_c} \, \Phi^T M x_c .

    That is the solution of the heat equation at time :math:`t_c`, as far as the eigenfunctions express it. A short time
    averages over a small neighbourhood, a long one over the whole surface. The signs of the eigenfunctions cancel, and
    so does the choice of a basis where eigenvalues are equal.

    Parameters
    ----------
    initial_time : float, default 0.0
        Where the times begin, 0 or more, in the squared unit of the mesh. They never become negative.

    Shapes
    ------
    Inputs: features (B, N, C), eigenfunctions (B, N, K), eigenvalues (B, K) and areas (B, N), as from
    :func:`pcfilter_lib.geometry.spectrum`. Output (B, N, C). N and K may be unknown. Rows without area do not count, so
    that meshes of different sizes are padded with zeros. It is computed in single precision whatever the layer's type.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Sharp, N., Attaiki, S., Crane, K. and Ovsjanikov, M. (2022). DiffusionNet: discretization agnostic learning on
    surfaces. ACM Transactions on Graphics 41(3). Section 3.1.
    """

    def __init__(self, initial_time: float = 0.0, **kwargs):
        super().__init__(**{"autocast": False, **kwargs})
        self.initial_time = number_within(
            "Diffusion", "initial_time", initial_time, 0, float("inf"), high_included=False
        )

    def build(self, input_shape):
        """Make the times."""
        start = keras.initializers.Constant(self.initial_time)
        self.times = self.add_weight(
            (input_shape[0][-1],), start, name="times", constraint=keras.constraints.NonNeg(), autocast=False
        )

    def call(self, inputs):
        """Return the features after diffusion."""
        features, functions, values, areas = (ops.cast(each, "float32") for each in inputs)
        coefficients = ops.matmul(ops.swapaxes(functions, 1, 2), areas[..., None] * features)
        decay = ops.exp(-values[..., None] * ops.cast(self.times, "float32"))
        return ops.cast(ops.matmul(functions, decay * coefficients), self.compute_dtype)

    def compute_output_spec(self, inputs):
        """Return the output's shape and type."""
        return keras.KerasTensor(inputs[0].shape, dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "initial_time": self.initial_time}
