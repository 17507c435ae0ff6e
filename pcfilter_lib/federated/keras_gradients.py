"""Gradients of a Keras model as one vector, on any backend, for :func:`run_rounds`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras


class KerasGradients:
    """The gradient of each sender's loss with respect to all trainable weights of a Keras model.

    Parameters
    ----------
    model : keras.Model
        A built model. Its weights are overwritten. What is not trained, such as the moving averages of batch
        normalisation, is updated by one sender after the other, and never sent.
    loss : callable
        ``loss(y_true, y_pred)``, for example a Keras loss. The model's own penalties are added to it.
    data : sequence of (ndarray, ndarray)
        Inputs and targets of each sender.
    batch_size : int, optional
        How many examples a sender draws in each round; all of them by default.
    seed : int, optional
        The draws come from it.

    Attributes
    ----------
    size : int
        The number of trainable weights.

    Raises
    ------
    InputError
        If the model is not built, or no sender has any data.

    Examples
    --------
    ::

        gradients = federated.KerasGradients(model, keras.losses.CategoricalCrossentropy(), parts)
        for state in federated.run_rounds(gradients.weights, gradients, len(parts), rounds=20, learning_rate=0.1):
            ...
        gradients.assign(state.weights)
    """

    def __init__(
        self,
        model: Any,
        loss: Callable,
        data: Sequence[tuple[np.ndarray, np.ndarray]],
        *,
        batch_size: int | None = None,
        seed: int = 0,
    ):
        if not model.built or not model.trainable_variables:
            raise InputError("KerasGradients", "model", "it has no weights to train yet", "call it on a batch first")
        if not data or not all(len(x) == len(y) > 0 for x, y in data):
            remedy = "give each sender as many targets as inputs, and at least one"
            raise InputError("KerasGradients", "data", "a sender has none, or not as many inputs as targets", remedy)
        self.model, self.loss, self.data, self.seed = model, loss, list(data), seed
        self.batch_size = None if batch_size is None else whole_number("KerasGradients", "batch_size", batch_size)
        self.size = sum(int(np.prod(each.shape)) for each in model.trainable_variables)
        self._compute = _COMPUTE[import_keras().backend.backend()](model, loss)

    @property
    def weights(self) -> np.ndarray:
        """All trainable weights, one after the other, of shape (size,), float64."""
        return _flat(self.model.trainable_variables)

    def assign(self, weights: np.ndarray) -> None:
        """Give the model these weights.

        Parameters
        ----------
        weights : ndarray of float, shape (size,)
            All trainable weights, in the order of :attr:`weights`.
        """
        weights = np.asarray(weights)
        if weights.shape != (self.size,):
            raise InputError("KerasGradients", "weights", f"the shape is {weights.shape}", f"pass ({self.size},)")
        start = 0
        for variable in self.model.trainable_variables:
            stop = start + int(np.prod(variable.shape))
            variable.assign(weights[start:stop].reshape(variable.shape).astype(variable.dtype))
            start = stop

    def __call__(self, weights: np.ndarray, sender: int, number: int) -> np.ndarray:
        """Return the gradient of one sender in one round.

        Parameters
        ----------
        weights : ndarray of float, shape (size,)
            Where the gradient is taken.
        sender, number : int
            The sender, from 0, and the round.

        Returns
        -------
        ndarray of float64, shape (size,)
            The gradient of the mean loss over the sender's batch.
        """
        self.assign(weights)
        x, y = self.data[sender]
        if self.batch_size is not None and self.batch_size < len(x):
            rows = np.random.default_rng([self.seed, number, sender]).permutation(len(x))[: self.batch_size]
            x, y = x[rows], y[rows]
        return _flat(self._compute(x, y))


def _flat(arrays: Sequence[Any]) -> np.ndarray:
    to_numpy = import_keras().ops.convert_to_numpy
    return np.concatenate([np.asarray(to_numpy(each), np.float64).ravel() for each in arrays])


def _by_tensorflow(model: Any, loss: Callable) -> Callable:
    import tensorflow as tf

    @tf.function(reduce_retracing=True)
    def compute(x, y):
        with tf.GradientTape() as tape:
            total = loss(y, model(x, training=True)) + sum(model.losses)
        gradients = tape.gradient(total, [each.value for each in model.trainable_variables])
        return [
            tf.zeros_like(each.value) if found is None else tf.convert_to_tensor(found)
            for found, each in zip(gradients, model.trainable_variables, strict=True)
        ]

    return lambda x, y: compute(tf.convert_to_tensor(x), tf.convert_to_tensor(y))


def _by_jax(model: Any, loss: Callable) -> Callable:
    import jax

    def total(trained, others, x, y):
        predicted, others, penalties = model.stateless_call(trained, others, x, training=True, return_losses=True)
        return loss(y, predicted) + sum(penalties), others

    value_and_gradient = jax.jit(jax.value_and_grad(total, has_aux=True))

    def compute(x, y):
        trained = [each.value for each in model.trainable_variables]
        others = [each.value for each in model.non_trainable_variables]
        (_, others), gradients = value_and_gradient(trained, others, x, y)
        for variable, value in zip(model.non_trainable_variables, others, strict=True):
            variable.assign(value)
        return gradients

    return compute


def _by_torch(model: Any, loss: Callable) -> Callable:
    import torch

    convert = import_keras().ops.convert_to_tensor

    def compute(x, y):
        variables = [each.value for each in model.trainable_variables]
        total = loss(convert(y), model(convert(x), training=True)) + sum(model.losses)
        gradients = torch.autograd.grad(total, variables, allow_unused=True)
        pairs = zip(gradients, variables, strict=True)
        return [torch.zeros_like(value) if found is None else found for found, value in pairs]

    return compute


_COMPUTE = {"tensorflow": _by_tensorflow, "jax": _by_jax, "torch": _by_torch}
