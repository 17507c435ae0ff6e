"""One volume of several, weighted in each voxel."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class ContextFusion(keras.layers.Layer):
    """Fuse volumes of the same object: a weighted mean in each voxel, whose weights are learned from their context.

    The same small 3-D network gives each voxel of each volume a score, from the volume and the features that it was
    made of. A softmax over the volumes turns the scores of a voxel into weights that are positive and add up to 1. So
    the result lies between the smallest and the largest of its volumes, in each voxel, and does not depend on their
    order.

    Parameters
    ----------
    filters : sequence of int, default (16, 8, 4, 2, 1)
        Channels of the convolutions of 3 x 3 x 3, each with a normalisation and an activation. The last one is 1.
    activation : str, default "leaky_relu"
        A name that Keras knows; ``"leaky_relu"``, with Keras's slope of 0.2, is that of Pix2Vox.

    Shapes
    ------
    Input (B, V, D, H, W, C + 1): of each of V volumes C features of context and, last, the probability of each voxel.
    Output (B, D, H, W, 1). B and V may be unknown.

    Raises
    ------
    InputError
        If `filters` does not end with 1.

    References
    ----------
    Xie, H., Yao, H., Sun, X., Zhou, S. and Zhang, S. (2019). Pix2Vox: context-aware 3D reconstruction from single and
    multi-view images. ICCV, section 3.2.3.
    """

    def __init__(self, filters: Sequence[int] = (16, 8, 4, 2, 1), activation: str = "leaky_relu", **kwargs):
        super().__init__(**kwargs)
        self.filters = tuple(whole_number("ContextFusion", "filters", each) for each in filters)
        if not self.filters or self.filters[-1] != 1:
            raise InputError("ContextFusion", "filters", f"{filters} do not end with 1", "let the last be 1")
        self.activation = activation
        self._network = None

    def build(self, input_shape):
        """Create the network that scores the voxels of a volume."""
        inputs = maps = keras.Input(input_shape[2:])
        for number, filters in enumerate(self.filters):
            maps = layers.Conv3D(filters, 3, padding="same", dtype=self.dtype_policy, name=f"conv_{number}")(maps)
            maps = layers.BatchNormalization(dtype=self.dtype_policy, name=f"norm_{number}")(maps)
            maps = layers.Activation(self.activation, dtype=self.dtype_policy, name=f"activation_{number}")(maps)
        self._network = keras.Model(inputs, maps, name="scores")
        self.built = True

    def call(self, inputs, training=None):
        """Return the weighted mean of the volumes."""
        return ops.sum(self.weigh(inputs, training=training) * inputs[..., -1:], axis=1)

    def weigh(self, inputs, training=None):
        """Return the weight of each voxel in each volume, (B, V, D, H, W, 1)."""
        batch, views, *rest = ops.shape(inputs)
        scores = self._network(ops.reshape(inputs, (batch * views, *rest)), training=training)
        scores = ops.reshape(scores, (batch, views, *rest[:-1], 1))
        # A softmax. TensorFlow's takes five axes at most, and Keras's warns of a single volume.
        weights = ops.exp(scores - ops.max(scores, axis=1, keepdims=True))
        return weights / ops.sum(weights, axis=1, keepdims=True)

    def compute_output_shape(self, input_shape):
        """Return (B, D, H, W, 1)."""
        return (input_shape[0], *input_shape[2:-1], 1)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "filters": self.filters, "activation": self.activation}
