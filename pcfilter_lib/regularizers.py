"""Penalties on weights that Keras lacks."""

from __future__ import annotations

import math
from typing import Any

from pcfilter_lib._arguments import number_within
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SumRegularizer(keras.regularizers.Regularizer):
    """Pull the sum of a layer's weights towards a number: ``strength * |sum(w) - target|``.

    Its gradient is ``strength`` or ``-strength`` for every weight alike, however far the sum is away. So near the
    target the sum jumps to and fro by ``learning_rate * strength`` times the number of weights: let the learning rate
    become small.

    Parameters
    ----------
    target : float
        What the weights shall add up to.
    strength : float
        How much a distance of 1 adds to the loss, 0 or more.

    Raises
    ------
    InputError
        If `target` is not finite, or `strength` negative.

    Examples
    --------
    >>> layer = keras.layers.Dense(1, kernel_regularizer=SumRegularizer(42.0, strength=0.1))
    """

    def __init__(self, target: float = 42.0, strength: float = 0.01):
        ends = {"low_included": False, "high_included": False}
        self.target = number_within("SumRegularizer", "target", target, -math.inf, math.inf, **ends)
        self.strength = number_within("SumRegularizer", "strength", strength, 0, math.inf, high_included=False)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of the weights `x`, a number."""
        gap = keras.ops.sum(x) - self.target
        # Not abs: where the gap is 0 its gradient is 1 on JAX and 0 elsewhere.
        return self.strength * gap * keras.ops.stop_gradient(keras.ops.sign(gap))

    def get_config(self) -> dict:
        """Return what makes an equal regulariser."""
        return {"target": self.target, "strength": self.strength}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Orthogonality(keras.regularizers.Regularizer):
    r"""How far matrices are from orthogonal ones: the mean over the batch of :math:`\lVert I - A A^T \rVert_F^2`.

    It is exactly 0 for the identity, and 0 but for rounding for every rotation and reflection, whatever the size of the
    batch. A matrix that shrinks everything to a point pays K.

    Parameters
    ----------
    strength : float, default 0.001
        Factor, 0 or more.

    Raises
    ------
    InputError
        If `strength` is negative or not finite.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR. Equation 2.
    """

    def __init__(self, strength: float = 0.001):
        self.strength = number_within("Orthogonality", "strength", strength, 0, math.inf, high_included=False)

    def __call__(self, x: Any) -> Any:
        """Return the penalty of matrices of shape (..., K, K), a number."""
        # A product for each matrix. The product of all with all, as some implementations have it, is 0 for no batch.
        product = keras.ops.matmul(x, keras.ops.swapaxes(x, -1, -2))
        distance = keras.ops.sum(keras.ops.square(product - keras.ops.eye(x.shape[-1], dtype=x.dtype)), axis=(-1, -2))
        return self.strength * keras.ops.mean(distance)

    def get_config(self) -> dict:
        """Return what makes an equal regulariser."""
        return {"strength": self.strength}
