"""What several architectures are built of."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib.initializers import Bilinear
from pcfilter_lib.layers import BilinearUpsampling2D

#: Of the running averages in BatchNormalization. Keras's own 0.99 still remembers a quarter of its start after 140
#: steps, and a short training is judged by it.
MOMENTUM = 0.9

UPSAMPLING = ("bilinear", "transposed")


class Architecture(keras.Model):
    """A functional model that is saved as the arguments it was made with, in `_config`, and made of them again."""

    def get_config(self):
        """Return the arguments."""
        return {**self._config, "name": self.name}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Return a model with these arguments."""
        return cls(**config)


def vgg_plan(depth: int, width: int) -> list[tuple[int, int]]:
    """Return the convolutions, and the channels of each, on every level of an encoder like VGG's.

    Two on each of the first two levels and three on each further one, of `width` channels, twice as many on each
    further level, and 8 `width` at most. ``vgg_plan(5, 64)`` is VGG16 (Simonyan and Zisserman 2015, configuration D).
    """
    return [(2 if level < 2 else 3, width * min(2**level, 8)) for level in range(depth)]


def convolution(maps, width: int, batch_norm: bool, name: str, size: int = 3):
    """Return `width` maps of the same size: a convolution, its normalisation, and a rectifier."""
    return _convolution(maps, width, batch_norm, size, (name, f"{name}_norm", f"{name}_relu"))


def two_convolutions(maps, width: int, batch_norm: bool, name: str):
    """Return `width` maps of the same size, after two convolutions of 3x3."""
    for number in (1, 2):
        names = tuple(f"{name}_{part}_{number}" for part in ("conv", "norm", "relu"))
        maps = _convolution(maps, width, batch_norm, 3, names)
    return maps


def _convolution(maps, width: int, batch_norm: bool, size: int, names: tuple[str, str, str]):
    convolved = layers.Conv2D(
        width,
        size,
        padding="same",
        use_bias=not batch_norm,  # the normalisation brings its own
        kernel_initializer="he_normal",
        name=names[0],
    )
    maps = convolved(maps)
    if batch_norm:
        maps = layers.BatchNormalization(momentum=MOMENTUM, name=names[1])(maps)
    return layers.ReLU(name=names[2])(maps)


def twice_the_size(maps, width: int, upsampling: str, name: str):
    """Return `width` maps of twice the height and width; in this order, which costs a quarter of the other."""
    maps = layers.Conv2D(width, 1, name=f"{name}_channels")(maps)
    if upsampling == "bilinear":
        return BilinearUpsampling2D(name=name)(maps)
    return layers.Conv2DTranspose(width, 4, strides=2, padding="same", kernel_initializer=Bilinear(), name=name)(maps)
