"""One description of several views."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class ViewPooling(keras.layers.Layer):
    """Pool over views: the maximum, or the mean, of each feature over all views of an example.

    Neither depends on the order of the views. The maximum does not depend on how often a view occurs either, and the
    number of views is free: a network can be trained with 6 and applied to 1, or to 12.

    Parameters
    ----------
    mode : {"max", "mean"}, default "max"

    Shapes
    ------
    Input (B, V, ...), or that and a mask of bool, (B, V): which views count. Output (B, ...): 0 where no view of an
    example counts. All sizes may be unknown.

    Raises
    ------
    InputError
        If `mode` is another one.

    References
    ----------
    Su, H., Maji, S., Kalogerakis, E. and Learned-Miller, E. (2015). Multi-view convolutional neural networks for 3D
    shape recognition. ICCV. Section 3.3.
    """

    def __init__(self, mode: str = "max", **kwargs):
        super().__init__(**kwargs)
        self.mode = one_of("ViewPooling", "mode", mode, ("max", "mean"))
        self.supports_masking = True

    def compute_mask(self, inputs, previous_mask):
        """Return no mask: one description is left."""
        return None

    def call(self, inputs):
        """Return the pooled features."""
        if not isinstance(inputs, (list, tuple)):
            return ops.max(inputs, axis=1) if self.mode == "max" else ops.mean(inputs, axis=1)
        views, mask = inputs
        mask = ops.cast(mask, "bool")
        mask = ops.reshape(mask, (*ops.shape(mask), *(1,) * (len(views.shape) - 2)))
        return masked_maximum(views, mask, 1) if self.mode == "max" else masked_mean(views, mask, 1)

    def compute_output_shape(self, input_shape):
        """Return (B, ...)."""
        views = input_shape[0] if isinstance(input_shape[0], (list, tuple)) else input_shape
        return (views[0], *views[2:])

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        views = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
        return keras.KerasTensor((views.shape[0], *views.shape[2:]), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "mode": self.mode}


def masked_maximum(values, mask, axis: int):
    """Return the maximum of the values that a mask allows along an axis, and 0 where it allows none."""
    largest = ops.max(ops.where(mask, values, float("-inf")), axis=axis)
    return ops.where(ops.any(mask, axis=axis), largest, 0)


def masked_mean(values, mask, axis: int):
    """Return the mean of the values that a mask allows along an axis, and 0 where it allows none."""
    count = ops.sum(ops.cast(mask, values.dtype), axis=axis)
    return ops.sum(ops.where(mask, values, 0), axis=axis) / ops.maximum(count, 1)
