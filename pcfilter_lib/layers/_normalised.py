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
        mean, around = _centred(values)
        return self.remembered(mean, _mean(around * around))

    def product_moments(self, inputs, kernel):
        """Return mean and variance of the product with a kernel, from the covariance of the inputs."""
        mean, around = _centred(inputs)
        covariance = ops.matmul(ops.transpose(around), around) / ops.cast(ops.shape(around)[0], "float32")
        variance = ops.sum(kernel * ops.matmul(covariance, kernel), axis=0)
        return self.remembered(ops.matmul(mean[None], kernel)[0], variance)

    def remembered(self, mean, variance):
        """Return mean and variance of a batch, after the running ones have followed."""
        for moving, new in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(self.momentum * moving + (1 - self.momentum) * ops.stop_gradient(new))
        return mean, variance

    def normalised(self, values, mean, variance):
        """Return the values, in float32, normalised, scaled and shifted."""
        scale = self.gamma / ops.sqrt(variance + self.epsilon)
        return (ops.cast(values, "float32") - mean) * scale + self.beta

    def scale_and_shift(self, mean, variance):
        """Return what normalisation comes down to: the values times a scale, plus a shift."""
        scale = self.gamma / ops.sqrt(variance + self.epsilon)
        return scale, self.beta - mean * scale

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


class SharedDense(Normalised):
    """A dense layer, batch normalisation and a rectifier: a product and a sum in all.

    Mean and variance of the product follow from the covariance of the inputs, so that the normalisation's scale is
    part of the kernel in training, too, and no pass over the products is spent on it.

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
        """Return what an input is multiplied with, and what is added to the product; None for nothing.

        For products that are put together from parts, and then :meth:`finished`.
        """
        if self.follows_batch(training):
            return ops.cast(self.kernel, dtype), None
        return self._folded(self.moving_mean, self.moving_variance, dtype)

    def finished(self, values, training):
        """Return the products, shifted already, as the layer hands them on."""
        if self.follows_batch(training):
            scale, shift = self.scale_and_shift(*self.moments(values))
            values = ops.cast(values, "float32") * scale + shift
        return ops.cast(ops.relu(values), self.compute_dtype)

    def call(self, inputs, training=False):
        """Return the normalised and rectified features."""
        kernel, shift = self._product(inputs, training)
        return ops.cast(ops.relu(ops.matmul(inputs, kernel) + shift), self.compute_dtype)

    def _product(self, inputs, training):
        if self.follows_batch(training):
            return self._folded(*self.product_moments(inputs, self.kernel), inputs.dtype)
        return self._folded(self.moving_mean, self.moving_variance, inputs.dtype)

    def _folded(self, mean, variance, dtype):
        scale, shift = self.scale_and_shift(mean, variance)
        return ops.cast(self.kernel * scale, dtype), ops.cast(shift, dtype)


class SharedDenseMaximum(SharedDense):
    """The same, and the maximum over the last axis but one, which is taken before the shift."""

    def call(self, inputs, training=False):
        """Return the largest normalised and rectified features."""
        kernel, shift = self._product(inputs, training)
        largest = ops.max(ops.matmul(inputs, kernel), axis=-2)
        return ops.cast(ops.relu(largest + shift), self.compute_dtype)


def _mean(rows):
    """Return the mean of many rows: as a product, for TensorFlow adds columns ten times as slowly."""
    number = ops.shape(rows)[0]
    return ops.matmul(ops.ones((1, number), rows.dtype), rows)[0] / ops.cast(number, rows.dtype)


def _centred(values):
    """Return the mean over all axes but the last, and the rows without it, in float32.

    No gradient passes from the rows to the mean: those of a variance add up to none.
    """
    rows = ops.reshape(ops.cast(values, "float32"), (-1, values.shape[-1]))
    mean = _mean(rows)
    return mean, rows - ops.stop_gradient(mean)
