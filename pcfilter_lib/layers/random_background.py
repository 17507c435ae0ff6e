"""A random colour behind the object."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import number_within


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class RandomBackground(keras.layers.Layer):
    """Paint the background of each image in a random colour of its own, in training only.

    For pictures whose background has one known value, such as renderings: a network that never sees the same background
    twice cannot rely on it.

    Parameters
    ----------
    value : float
        The background's value, in each channel.
    tolerance : float
        A pixel is background if none of its channels is further from `value` than this.
    low, high : float
        The range that each channel of the new colour is drawn from.
    seed : int, optional
        Of the random numbers.

    Shapes
    ------
    Input (B, H, W, C), or any number of axes between the first and the last; output the same, as floats.

    Raises
    ------
    InputError
        If an argument is no number, `tolerance` is negative, or `high` is below `low`.
    """

    def __init__(
        self,
        value: float = 0.0,
        tolerance: float = 0.0,
        low: float = 0.0,
        high: float = 1.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        largest = 1e6  # beyond any encoding of a colour
        self.value = number_within("RandomBackground", "value", value, -largest, largest)
        self.tolerance = number_within("RandomBackground", "tolerance", tolerance, 0, largest)
        self.low = number_within("RandomBackground", "low", low, -largest, largest)
        self.high = number_within("RandomBackground", "high", high, self.low, largest)
        self.seed = seed
        self._random = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        """Return the images, in training with new backgrounds."""
        images = ops.cast(inputs, self.compute_dtype)
        if not training:
            return images
        axes = len(images.shape)
        colours = keras.random.uniform(
            (ops.shape(images)[0], *[1] * (axes - 2), images.shape[-1]),
            self.low,
            self.high,
            dtype=self.compute_dtype,
            seed=self._random,
        )
        background = ops.all(ops.abs(images - self.value) <= self.tolerance, axis=-1, keepdims=True)
        return ops.where(background, colours, images)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Return what :meth:`from_config` needs."""
        names = ("value", "tolerance", "low", "high", "seed")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}
