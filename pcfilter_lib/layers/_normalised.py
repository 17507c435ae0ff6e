"""Batch normalisation inside a layer: what comes before it and after it can then be computed with less."""

from __future__ import annotations

import functools

import keras
from keras import ops

from pcfilter_lib._arguments import number_within


class Normalised(keras.layers.Layer):
    r"""The weights and the running moments of a batch normalisation, and how they are used.

    Normalisation and rectifier are monotone, so :math:`\max_n f(x_n) = f(\max_n x_n)`, or :math:`f(\min_n x_n)` for a
    negative scale :math:`\gamma`: a layer that takes a maximum may take it first (:meth:`side`). After training,
    normalisation is a product and a sum, which a dense layer before it can take over.

    Parameters
    ----------
    momentum : float
        Of the running mean and variance.
    epsilon : float
        Added to the variance.
    """

    def __init__(self, momentum: float, epsilon: float, **kwargs):
        super().__init__(**kwargs)
        self.momentum = number_within(type(self).__name__, "momentum", momentum, 0, 1, high_included=False)
        self.epsilon = number_within(type(self).__name__, "epsilon", epsilon, 0, 1, low_included=False)

    def add_normalisation(self, units: int) -> None:
        """Make scale, shift, mean and variance."""
        # In mixed precision Keras would hand all of them out short; the moments need them long.
        add = functools.partial(self.add_weight, autocast=False)
        self.gamma = add((units,), "ones", name="gamma")
        self.beta = add((units,), "zeros", name="beta")
        self.moving_mean = add((units,), "zeros", trainable=False, name="moving_mean")
        self.moving_variance = add((units,), "ones", trainable=False, name="moving_variance")

    def side(self):
        """Return -1 where a negative scale turns a feature round, so that its smallest value is wanted; 1 elsewhere."""
        return ops.where(self.gamma < 0, -1.0, 1.0)

    def follows_batch(self, training) -> bool:
        """Return whether mean and variance are those of the batch."""
        return bool(training) and self.trainable

    def moments(self, values):
        """Return mean and variance of a batch over all axes but the last, and let the running ones follow."""
        rows = ops.reshape(ops.cast(values, "float32"), (-1, values.shape[-1]))
        return self.remembered(ops.mean(rows, axis=0), ops.var(rows, axis=0))

    def remembered(self, mean, variance):
        """Return mean and variance of a batch, after the running ones have followed."""
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * ops.stop_gradient(new))
        return mean, variance

    def normalised(self, values, mean, variance):
        """Return the values, in float32, normalised, scaled and shifted."""
        scale = self.gamma / ops.sqrt(variance + self.epsilon)
        return (ops.cast(values, "float32") - mean) * scale + self.beta

    def scale_and_shift(self):
        """Return what normalisation comes down to after training: the values times a scale, plus a shift."""
        scale = self.gamma / ops.sqrt(self.moving_variance + self.epsilon)
        return scale, self.beta - self.moving_mean * scale

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


class SharedDense(Normalised):
    """A dense layer, batch normalisation and a rectifier: after training, a product and a sum in all.

    Parameters
    ----------
    units : int
        Features of the output.
    momentum : float
        Of the running mean and variance.
    """

    def __init__(self, units: int, momentum: float, **kwargs):
        super().__init__(momentum, 1e-3, **kwargs)
        self.units = units

    def build(self, input_shape):
        """Make the kernel and the normalisation."""
        self.kernel = self.add_weight((input_shape[-1], self.units), "he_normal", name="kernel", autocast=False)
        self.add_normalisation(self.units)

    def kernel_and_shift(self, training, dtype):
        """Return what an input is multiplied with, and what is added to the product; None for nothing."""
        if self.follows_batch(training):
            return ops.cast(self.kernel, dtype), None
        scale, shift = self.scale_and_shift()
        return ops.cast(self.kernel * scale, dtype), ops.cast(shift, dtype)

    def finished(self, values, training):
        """Return the products, shifted already, as the layer hands them on."""
        if self.follows_batch(training):
            values = self.normalised(values, *self.moments(values))
        return ops.cast(ops.relu(values), self.compute_dtype)

    def call(self, inputs, training=False):
        """Return the normalised and rectified features."""
        kernel, shift = self.kernel_and_shift(training, inputs.dtype)
        values = ops.matmul(inputs, kernel)
        return self.finished(values if shift is None else values + shift, training)


class SharedDenseMaximum(SharedDense):
    """The same, and the maximum over the last axis but one, which is taken before normalisation."""

    def call(self, inputs, training=False):
        """Return the largest normalised and rectified features."""
        side = self.side()
        values = ops.matmul(inputs, ops.cast(self.kernel * side, inputs.dtype))
        mean, variance = self.moving_mean, self.moving_variance
        if self.follows_batch(training):
            mean, variance = self.moments(values * ops.cast(side, values.dtype))
        largest = ops.cast(ops.max(values, axis=-2), "float32") * side
        return ops.cast(ops.relu(self.normalised(largest, mean, variance)), self.compute_dtype)
