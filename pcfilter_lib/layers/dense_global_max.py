"""A shared dense layer, its normalisation and the maximum over all points, without ever keeping the points' maps."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib import frameworks
from pcfilter_lib._arguments import whole_number
from pcfilter_lib.layers._normalised import Normalised

#: So many features of a thousand points no longer stay in a core's cache: then one cloud at a time is faster. With
#: fewer, what it takes to begin with each cloud outweighs it.
CACHED = 512


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class DenseGlobalMax(Normalised):
    r"""The largest value of each feature over all points: dense layer, batch normalisation, ReLU and maximum in one.

    For points :math:`x_n`, a kernel :math:`W`, and the mean :math:`\mu` and variance :math:`\sigma^2` of :math:`W^T x`
    over all points of the batch,

    .. math:: y = \max_n \max\left(0, \gamma \frac{W^T x_n - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta\right) .

    It is the end of a PointNet's extractor (Qi and others 2017, section 4.2), where a few coordinates per point become
    a thousand: most of its arithmetic and nearly all of its memory. It computes what the four layers would, with less:

    * normalisation and ReLU are monotone, so they may wait until the maximum is taken (for a negative
      :math:`\gamma`, of the smallest value): no pass over (B, N, units) but one;
    * :math:`\mu = W^T \bar x` and :math:`\sigma^2 = \operatorname{diag}(W^T C W)` with the covariance :math:`C` of the
      inputs, which are few;
    * on processors, where features are many, one cloud after the other: they still lie in the cache when their maximum
      is taken;
    * the gradient of a maximum reaches one point for each feature. That point is looked up, and its value computed
      again: the backward pass costs B x units dot products instead of two products of large matrices.

    Parameters
    ----------
    units : int
        Features of the output.
    momentum : float, default 0.9
        Of the running mean and variance.
    epsilon : float, default 1e-3
        Added to the variance.

    Shapes
    ------
    Input (B, N, C), output (B, units). N may be unknown; the order of the points does not matter.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR.
    """

    def __init__(self, units: int, momentum: float = 0.9, epsilon: float = 1e-3, **kwargs):
        super().__init__(momentum, epsilon, **kwargs)
        self.units = whole_number("DenseGlobalMax", "units", units)

    def build(self, input_shape):
        """Make the kernel, and scale, shift, mean and variance of the normalisation."""
        self.kernel = self.add_weight((input_shape[-1], self.units), "he_normal", name="kernel", autocast=False)
        self.add_normalisation(self.units)

    def call(self, inputs, training=False):
        """Return the largest normalised and rectified feature over all points."""
        kernel, side = ops.cast(self.kernel, inputs.dtype), ops.cast(self.side(), inputs.dtype)
        if training:
            largest = self.critical_points(inputs)
            chosen = ops.take_along_axis(inputs, largest[..., None], axis=1)
            values = ops.einsum("buc,cu->bu", chosen, kernel)
        else:
            values = side * _reduced(ops.max, inputs, kernel * side)
        values = self.normalised(values, *self._moments(inputs, training))
        return ops.cast(ops.relu(values), self.compute_dtype)

    def critical_points(self, inputs):
        """Return which point decides each feature: the critical points of Qi and others, section 4.3.

        Parameters
        ----------
        inputs : (B, N, C)

        Returns
        -------
        (B, units) of int
            Rows of the points.
        """
        inputs = ops.convert_to_tensor(inputs)
        kernel = ops.cast(self.kernel * self.side(), inputs.dtype)
        return _reduced(ops.argmax, ops.stop_gradient(inputs), ops.stop_gradient(kernel))

    def point_features(self, inputs):
        """Return the normalised and rectified features of each point, before the maximum, as after training.

        Parameters
        ----------
        inputs : (B, N, C)

        Returns
        -------
        (B, N, units)
        """
        values = ops.matmul(inputs, self.kernel)
        return ops.relu(self.normalised(values, self.moving_mean, self.moving_variance))

    def _moments(self, inputs, training):
        if not self.follows_batch(training):
            return self.moving_mean, self.moving_variance
        points = ops.cast(ops.reshape(inputs, (-1, inputs.shape[-1])), "float32")
        centre = ops.mean(points, axis=0)
        around = points - centre
        covariance = ops.matmul(ops.transpose(around), around) / ops.cast(ops.shape(points)[0], "float32")
        mean = ops.matmul(centre[None], self.kernel)[0]
        variance = ops.sum(self.kernel * ops.matmul(covariance, self.kernel), axis=0)
        return self.remembered(mean, variance)

    def compute_output_shape(self, input_shape):
        """Return the shape without the points."""
        return input_shape[0], self.units

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "units": self.units}


def _reduced(largest, points, kernel):
    """Return the maximum or its place, (B, units). Features lie as (units, N): along the last axis it is fastest."""
    kernel = ops.transpose(kernel)
    if frameworks.device() == "cpu" and kernel.shape[0] >= CACHED:
        return ops.map(lambda cloud: largest(ops.matmul(kernel, ops.transpose(cloud)), axis=-1), points)
    return largest(ops.matmul(kernel, ops.swapaxes(points, 1, 2)), axis=-1)
