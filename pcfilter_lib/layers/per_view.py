"""One network for each of several views."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib.errors import InputError


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PerView(keras.layers.Wrapper):
    """Apply the same layer, or the same network, to each view of each example.

    Views are put into the batch, and taken out again afterwards: all share the weights, and batch statistics are over
    all of them. Unlike :class:`keras.layers.TimeDistributed`, the number of views may change from batch to batch.

    Parameters
    ----------
    layer : keras.layers.Layer or keras.Model
        From one picture (B, ...) to one output.

    Shapes
    ------
    Input (B, V, ...), output (B, V, ...). B and V may be unknown.

    Raises
    ------
    InputError
        If `layer` is not a layer.
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, keras.layers.Layer):
            raise InputError("PerView", "layer", f"{layer!r} is not allowed", "pass a Keras layer or model")
        super().__init__(layer, **kwargs)

    def build(self, input_shape):
        """Build the layer for a single view."""
        if not self.layer.built:
            self.layer.build((None, *input_shape[2:]))
        self.built = True

    def call(self, inputs, training=None):
        """Return the layer's output for each view."""
        batch, views, *rest = ops.shape(inputs)
        merged = ops.reshape(inputs, (batch * views, *rest))
        options = {"training": training} if self.layer._call_has_training_arg else {}
        outputs = self.layer(merged, **options)
        return ops.reshape(outputs, (batch, views, *ops.shape(outputs)[1:]))

    def compute_output_shape(self, input_shape):
        """Return (B, V, ...)."""
        return (*input_shape[:2], *self.layer.compute_output_shape((None, *input_shape[2:]))[1:])

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        single = self.layer.compute_output_spec(keras.KerasTensor((None, *inputs.shape[2:]), dtype=inputs.dtype))
        return keras.KerasTensor((*inputs.shape[:2], *single.shape[1:]), dtype=single.dtype)
