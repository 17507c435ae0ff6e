"""The levels of VGG's convolutions, which FCN and SegNet share."""

from __future__ import annotations

from keras import layers

#: Of the running averages in BatchNormalization. Keras's own 0.99 still remembers a quarter of its start after 140
#: steps, and a short training is judged by it.
MOMENTUM = 0.9


def plan(depth: int, width: int) -> list[tuple[int, int]]:
    """Return the convolutions, and the channels of each, on every level.

    Two on each of the first two levels and three on each further one, of `width` channels, twice as many on each
    further level, and 8 `width` at most. ``plan(5, 64)`` is VGG16 (Simonyan and Zisserman 2015, configuration D).
    """
    return [(2 if level < 2 else 3, width * min(2**level, 8)) for level in range(depth)]


def convolution(maps, width: int, batch_norm: bool, name: str, size: int = 3):
    """Return `width` maps of the same size: a convolution, its normalisation, and a rectifier."""
    convolved = layers.Conv2D(
        width,
        size,
        padding="same",
        use_bias=not batch_norm,  # the normalisation brings its own
        kernel_initializer="he_normal",
        name=name,
    )
    maps = convolved(maps)
    if batch_norm:
        maps = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(maps)
    return layers.ReLU(name=f"{name}_relu")(maps)
