"""The channels of a picture in a random order."""

from __future__ import annotations

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class RandomChannelPermutation(keras.layers.Layer):
    """Put the channels of each image into a random order of its own, in training only.

    Red may become blue: for tasks in which the shape counts and the colour does not. All orders are equally likely, the
    given one among them.

    Parameters
    ----------
    seed : int, optional
        Of the random numbers.

    Shapes
    ------
    Input (B, H, W, C), or any number of axes between the first and the last; output the same, as floats.
    """

    def __init__(self, seed: int | None = None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self._random = keras.random.SeedGenerator(seed)

    def call(self, inputs, training=False):
        """Return the images, in training with their channels in another order."""
        images = ops.cast(inputs, self.compute_dtype)
        if not training:
            return images
        shape = (ops.shape(images)[0], *[1] * (len(images.shape) - 2), images.shape[-1])
        order = ops.argsort(keras.random.uniform(shape, seed=self._random), axis=-1)
        return ops.take_along_axis(images, ops.broadcast_to(order, ops.shape(images)), axis=-1)

    def compute_output_shape(self, input_shape):
        """Return the shape of the input."""
        return tuple(input_shape)

    def get_config(self):
        """Return what :meth:`from_config` needs."""
        return {**super().get_config(), "seed": self.seed}
