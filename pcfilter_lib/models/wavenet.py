"""WaveNet: a sound, predicted sample by sample from the samples before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.models._mu_law import mu_law_decode, mu_law_encode

__all__ = ["WaveNet", "mu_law_decode", "mu_law_encode"]


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class WaveNet(keras.Model):
    """Causal dilated convolutions with gates, residual paths and skip connections.

    The output at a time depends on the samples up to that time and predicts the next one: train it on
    ``samples[:, :-1]`` against ``samples[:, 1:]``, with a loss for logits.

    Parameters
    ----------
    classes : int
        How many values a sample can have.
    channels : int
        Between the blocks.
    skip_channels : int
        Of the sum that all blocks add to, and of the layer behind it.
    dilations : sequence of int
        One block for each.
    kernel_size : int
        Of all causal convolutions.

    Shapes
    ------
    Input (B, T) of int, output (B, T, classes): logits. T may be unknown.

    Raises
    ------
    InputError
        If an argument is not a whole number of 1 or more, there are fewer than 2 classes, or no dilations.

    References
    ----------
    van den Oord, A., Dieleman, S., Zen, H., Simonyan, K., Vinyals, O., Graves, A., Kalchbrenner, N., Senior, A. and
    Kavukcuoglu, K. (2016). WaveNet: a generative model for raw audio. arXiv:1609.03499.
    """

    def __init__(
        self,
        classes: int = 256,
        channels: int = 32,
        skip_channels: int = 64,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128),
        kernel_size: int = 2,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.classes = whole_number("WaveNet", "classes", classes, at_least=2)
        self.channels = whole_number("WaveNet", "channels", channels)
        self.skip_channels = whole_number("WaveNet", "skip_channels", skip_channels)
        self.kernel_size = whole_number("WaveNet", "kernel_size", kernel_size)
        if not isinstance(dilations, Sequence) or not dilations:
            raise InputError("WaveNet", "dilations", f"{dilations!r} is not allowed", "pass one whole number or more")
        self.dilations = tuple(whole_number("WaveNet", "dilations", dilation) for dilation in dilations)

        self._first = self._causal_layer(self.channels, 1, "first")
        self._gates = [self._causal_layer(2 * self.channels, d, f"gate_{n}") for n, d in enumerate(self.dilations)]
        self._skips = [self._pointwise_layer(self.skip_channels, f"skip_{n}") for n in range(len(self.dilations))]
        self._rests = [self._pointwise_layer(self.channels, f"rest_{n}") for n in range(len(self.dilations) - 1)]
        self._hidden = self._pointwise_layer(self.skip_channels, "hidden")
        self._last = self._pointwise_layer(self.classes, "last")
        self._generators = {}

    @property
    def receptive_field(self) -> int:
        """How many samples a prediction depends on."""
        return 1 + (self.kernel_size - 1) * (1 + sum(self.dilations))

    def build(self, input_shape=None):
        """Create the weights; they do not depend on the input's shape."""
        self._first.build((None, None, self.classes))
        for gate in self._gates:
            gate.build((None, None, self.channels))
        for layer in self._skips + self._rests:
            layer.build((None, None, self.channels))
        for layer in (self._hidden, self._last):
            layer.build((None, None, self.skip_channels))
        self.built = True

    def call(self, samples):
        """Return the logits of the sample after each of ``samples``."""
        return self.advance(samples)[0]

    def advance(self, samples, queues=None):
        """Go on from where the queues stand: what has been computed before is not computed again.

        Parameters
        ----------
        samples : (B, T) tensor of int
            The next samples: one of them, or many.
        queues : list of (B, (kernel_size - 1) * dilation, C) tensors, optional
            The last inputs of each causal convolution, as the call before returned them. By default, zeros: the
            samples begin here.

        Returns
        -------
        logits : (B, T, classes) tensor
            The same as if all samples since the beginning had been given at once.
        queues : list of tensors
            For the next call.

        References
        ----------
        Paine, T. L., Khorrami, P., Chang, S., Zhang, Y., Ramachandran, P., Hasegawa-Johnson, M. A. and Huang, T. S.
        (2016). Fast WaveNet generation algorithm. arXiv:1611.09482.
        """
        queues = [None] * (1 + len(self._gates)) if queues is None else queues
        x = ops.one_hot(ops.cast(samples, "int32"), self.classes, dtype=self.compute_dtype)
        x, queue = self._causal(self._first, x, queues[0])
        kept, total = [queue], 0.0
        for number, (gate, skip) in enumerate(zip(self._gates, self._skips, strict=True)):
            y, queue = self._causal(gate, x, queues[number + 1])
            kept.append(queue)
            signal, opening = ops.split(y, 2, axis=-1)
            y = ops.tanh(signal) * ops.sigmoid(opening)
            total = total + skip(y)
            if number < len(self._rests):  # nothing follows the last block but its skip
                x = x + self._rests[number](y)
        return self._last(ops.relu(self._hidden(ops.relu(total)))), kept

    def generate(
        self,
        seed_samples: np.ndarray,
        count: int,
        *,
        temperature: float = 1.0,
        seed: int | None = None,
        cached: bool = True,
    ) -> np.ndarray:
        """Continue sounds sample by sample.

        Before the seed samples there is silence: as much as the receptive field asks for.

        Parameters
        ----------
        seed_samples : (B, T) array of int
            How the sounds begin.
        count : int
            How many samples to add.
        temperature : float
            Below 1, likely samples become likelier still; near 0 the likeliest is always taken.
        seed : int, optional
            Of the random numbers, one for each sample.
        cached : bool
            Keep what each layer has computed. Without it the whole receptive field is computed anew for each sample:
            the same samples, later.

        Returns
        -------
        (B, count) array of int32

        Raises
        ------
        InputError
            If the seed samples are no classes of this model, or an argument is out of its range.
        """
        count = whole_number("WaveNet.generate", "count", count)
        temperature = number_within("WaveNet.generate", "temperature", temperature, 0, 100, low_included=False)
        window = self._window(seed_samples)
        numbers = np.random.default_rng(seed).random((count, len(window))).astype("float32")
        if not self.built:
            self.build()
        if cached not in self._generators:
            self._generators[cached] = _compiled(self._continue_cached if cached else self._continue_anew)
        weights = [variable.value for variable in self.variables]
        temperature = ops.convert_to_tensor(temperature, dtype="float32")
        arguments = [ops.convert_to_tensor(each) for each in (window, numbers)]
        samples = self._generators[cached](weights, *arguments, temperature)
        return ops.convert_to_numpy(samples).T.astype(np.int32)

    def get_config(self):
        """Return what :meth:`from_config` needs."""
        own = {
            "classes": self.classes,
            "channels": self.channels,
            "skip_channels": self.skip_channels,
            "dilations": list(self.dilations),
            "kernel_size": self.kernel_size,
        }
        return {**super().get_config(), **own}

    def _continue_cached(self, weights, window, numbers, temperature):
        def step(n, state):
            samples, logits, queues = state
            sample = _drawn(logits, numbers[n], temperature)
            logits, queues = self.advance(sample[:, None], queues)
            return ops.slice_update(samples, (n, 0), sample[None]), logits[:, 0], queues

        with keras.StatelessScope(state_mapping=zip(self.variables, weights, strict=True)):
            logits, queues = self.advance(window)
            samples = ops.zeros(numbers.shape, "int32")
            return ops.fori_loop(0, numbers.shape[0], step, (samples, logits[:, -1], queues))[0]

    def _continue_anew(self, weights, window, numbers, temperature):
        def step(n, state):
            samples, window = state
            sample = _drawn(self.call(window)[:, -1], numbers[n], temperature)
            window = ops.concatenate([window[:, 1:], sample[:, None]], axis=1)
            return ops.slice_update(samples, (n, 0), sample[None]), window

        with keras.StatelessScope(state_mapping=zip(self.variables, weights, strict=True)):
            samples = ops.zeros(numbers.shape, "int32")
            return ops.fori_loop(0, numbers.shape[0], step, (samples, window))[0]

    def _window(self, seed_samples: Any) -> np.ndarray:
        """Return the last samples, as many as the receptive field, after silence where there are fewer."""
        samples = np.asarray(seed_samples)
        if samples.ndim != 2 or not samples.size or samples.dtype.kind not in "iu":
            found = f"an array {samples.shape} of {samples.dtype}"
            raise InputError("WaveNet.generate", "seed_samples", f"{found} is not allowed", "pass whole numbers (B, T)")
        if samples.min() < 0 or samples.max() >= self.classes:
            found = f"values {samples.min()} to {samples.max()} are not allowed"
            raise InputError("WaveNet.generate", "seed_samples", found, f"pass classes 0 to {self.classes - 1}")
        silence = np.full((len(samples), self.receptive_field), mu_law_encode(0, self.classes))
        return np.concatenate([silence, samples], axis=1)[:, -self.receptive_field :].astype(np.int32)

    def _causal(self, layer, x, queue):
        """Convolve x after its past; return the result, and the past of what comes next."""
        (dilation,), taps = layer.dilation_rate, self.kernel_size
        past = (taps - 1) * dilation
        if queue is None:
            extended = ops.pad(x, [[0, 0], [past, 0], [0, 0]])
        else:
            extended = ops.concatenate([queue, x], axis=1)
        kept = extended[:, -past:] if past else extended[:, :0]
        if extended.shape[1] != past + 1:
            return layer(extended), kept
        # One sample: only every dilation-th entry of the queue meets a weight, so that a product of matrices will do.
        met = ops.reshape(extended[:, ::dilation], (-1, taps * extended.shape[-1]))
        kernel = ops.reshape(layer.kernel, (taps * extended.shape[-1], layer.filters))
        return (ops.matmul(met, ops.cast(kernel, met.dtype)) + ops.cast(layer.bias, met.dtype))[:, None], kept

    def _causal_layer(self, filters: int, dilation: int, name: str) -> keras.layers.Conv1D:
        return keras.layers.Conv1D(
            filters,
            self.kernel_size,
            dilation_rate=dilation,
            padding="valid",  # the past is put before the samples by hand, so that it can come from a queue
            data_format="channels_last",
            dtype=self.dtype_policy,
            name=name,
        )

    def _pointwise_layer(self, units: int, name: str) -> keras.layers.Dense:
        return keras.layers.Dense(units, dtype=self.dtype_policy, name=name)


def _drawn(logits, number, temperature):
    """Draw a class for each row, by one random number in [0, 1) for each."""
    cumulated = ops.cumsum(ops.softmax(ops.cast(logits, "float32") / temperature), axis=-1)
    return ops.sum(ops.cast(cumulated[:, :-1] <= number[:, None], "int32"), axis=-1)


def _compiled(function: Callable) -> Callable:
    """Thousands of small steps: compile them where the backend can."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    if backend == "jax":
        import jax

        return jax.jit(function)
    import torch

    return torch.no_grad()(function)
