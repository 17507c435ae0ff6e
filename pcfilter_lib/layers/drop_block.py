"""Dropout of whole blocks of a feature map."""

from __future__ import annotations

import math

import keras
from keras import ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError


def drop_block_gamma(rate: float, block_size: int, *sizes: int) -> float:
    """Return with what probability a block must begin at a place, for about `rate` of a map to be dropped.

    Parameters
    ----------
    rate : float
        The share to drop, in [0, 1].
    block_size : int
        The side of a block, b.
    *sizes : int
        The map's sizes, F: two of them, or three.

    Returns
    -------
    float
        `rate` times the product of F / (b (F - b + 1)) over the axes.

    Raises
    ------
    InputError
        If `rate` is no probability, or the block is larger than the map.

    References
    ----------
    Ghiasi, Lin and Le, "DropBlock: A regularization method for convolutional networks", NeurIPS 2018, equation 1, for
    a square map; here each axis brings its own factor. Overlaps are not counted: what is dropped is less than `rate`.
    """
    number_within("drop_block_gamma", "rate", rate, 0, 1)
    whole_number("drop_block_gamma", "block_size", block_size)
    _check_that_the_block_fits("drop_block_gamma", block_size, sizes)
    return rate * math.prod(size / (block_size * (size - block_size + 1)) for size in sizes)


class _DropBlock(keras.layers.Layer):
    _axes: int  # of a block

    def __init__(self, rate, block_size, *, per_channel=True, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = number_within(self.name, "rate", rate, 0, 1)
        self.block_size = whole_number(self.name, "block_size", block_size)
        self.per_channel = bool(per_channel)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.input_spec = keras.layers.InputSpec(ndim=self._axes + 2)
        self.supports_masking = True

    def build(self, input_shape):
        _check_that_the_block_fits(self.name, self.block_size, input_shape[1:-1])

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        kept = self._kept(inputs)
        axes = tuple(range(1, self._axes + 2))
        share = ops.mean(kept, axis=axes, keepdims=True)
        # Nothing is kept of some maps at a high rate: zero divided by a tiny number is zero.
        return inputs * ops.cast(kept / ops.maximum(share, keras.config.epsilon()), inputs.dtype)

    def _kept(self, inputs):
        """Return 1 where a value is kept, 0 where a block lies on it."""
        batch, *sizes, channels = ops.shape(inputs)
        _check_that_the_block_fits(self.name, self.block_size, sizes)
        places = [size - self.block_size + 1 for size in sizes]  # a block lies wholly inside the map
        gamma = self.rate
        for size, count in zip(sizes, places, strict=True):
            gamma = gamma * ops.cast(size, "float32") / (self.block_size * ops.cast(count, "float32"))
        shape = (batch, *places, channels if self.per_channel else 1)
        dropped = ops.cast(keras.random.uniform(shape, seed=self.seed_generator) < gamma, "float32")
        margin = (self.block_size - 1, self.block_size - 1)
        dropped = ops.pad(dropped, [(0, 0), *[margin] * self._axes, (0, 0)])
        for axis in range(self._axes):  # a maximum over a square is one over rows and then one over columns
            window = [1] * self._axes
            window[axis] = self.block_size
            dropped = ops.max_pool(dropped, tuple(window), strides=1, padding="valid", data_format="channels_last")
        kept = ops.stop_gradient(1 - dropped)
        return kept if self.per_channel else ops.broadcast_to(kept, ops.shape(inputs))

    def compute_output_shape(self, input_shape):
        _check_that_the_block_fits(self.name, self.block_size, input_shape[1:-1])
        return input_shape

    def get_config(self):
        own = {
            "rate": self.rate,
            "block_size": self.block_size,
            "per_channel": self.per_channel,
            "seed": self.seed,
        }
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class DropBlock2D(_DropBlock):
    """Set whole square blocks of each feature map to zero while training.

    Neighbouring values of a feature map say nearly the same, so that a network reads a dropped value off its
    neighbours. Of a dropped block nothing is left to read. With ``block_size=1`` this is dropout of single values;
    with a block as large as the map it drops whole maps, as ``SpatialDropout2D`` does.

    Parameters
    ----------
    rate : float
        The share to drop, in [0, 1], before overlaps of blocks are counted.
    block_size : int
        The side of a block, at most that of the map.
    per_channel : bool
        Draw blocks for each channel by itself, as the paper recommends. Otherwise one drawing counts for all of them.
    seed : int, optional
        Makes the drawings the same in each run.
    **kwargs
        As for any Keras layer.

    Shapes
    ------
    Input and output: (B, H, W, C). H and W may be unknown until the layer is called.

    Raises
    ------
    InputError
        If `rate` is no probability, or the block is larger than the map. (If the size is unknown until a TensorFlow
        graph runs, a block that is too large ends in TensorFlow's own error; one too large by 1 drops nothing.)

    Notes
    -----
    What is kept is scaled up by (all values) / (values kept), counted over one example.

    References
    ----------
    Ghiasi, Lin and Le, "DropBlock: A regularization method for convolutional networks", NeurIPS 2018.

    Examples
    --------
    >>> layer = DropBlock2D(0.1, block_size=3, seed=1)
    >>> dropped = layer(ops.ones((2, 12, 12, 8)), training=True)
    """

    _axes = 2


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class DropBlock3D(_DropBlock):
    """Set whole cubes of each feature map to zero while training: :class:`DropBlock2D` for voxels.

    Parameters
    ----------
    rate, block_size, per_channel, seed
        As for :class:`DropBlock2D`; a block is a cube.
    **kwargs
        As for any Keras layer.

    Shapes
    ------
    Input and output: (B, D, H, W, C). D, H and W may be unknown until the layer is called.

    Raises
    ------
    InputError
        As for :class:`DropBlock2D`.
    """

    _axes = 3


def _check_that_the_block_fits(owner, block_size, sizes):
    known = [size for size in sizes if isinstance(size, int)]
    if known and block_size > min(known):
        raise InputError(
            owner,
            "block_size",
            f"a block of side {block_size} is larger than the map, {' x '.join(map(str, sizes))}",
            f"pass a whole number from 1 to {min(known)}",
        )
