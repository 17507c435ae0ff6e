"""Putting values back to where max pooling took them from."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import whole_numbers
from pcfilter_lib.errors import InputError

_LARGEST = 2**31 - 1  # places are counted in int32, the widest whole number that JAX has by default


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class MaxUnpooling2D(keras.layers.Layer):
    """Put each value back to the place that :class:`MaxPoolingWithIndices2D` remembers, and zeros elsewhere.

    It is the transpose of the pooling with the winners held fast, which is what max pooling does to gradients. So
    values that share a place, which only overlapping windows make, are added up. A value's gradient is its place's.

    Parameters
    ----------
    size : int or (int, int), optional
        Rows and columns of the output, which are those of the pooling's input. Not needed where each call is given a
        reference.
    **kwargs
        As for any Keras layer.

    Shapes
    ------
    Called as ``layer(inputs, indices)`` or ``layer(inputs, indices, reference)``, output (B, H, W, C):

    - `inputs`, (B, H', W', C): the values to put back, be it the pooled maxima or what a network has made of them;
    - `indices`, int32 (B, H', W', C): their flat places ``row * W + column``, as the pooling returned them;
    - `reference`, (B, H, W, ...): the pooling's input, or any tensor of its rows and columns. H and W may be unknown.

    Raises
    ------
    InputError
        If `size` is not allowed, there is neither a size nor a reference, `inputs` and `indices` differ in shape, or
        the output would have more than 2**31 - 1 entries.

    References
    ----------
    Badrinarayanan, Kendall and Cipolla, "SegNet: a deep convolutional encoder-decoder architecture for image
    segmentation", IEEE TPAMI 39(12), 2017.

    Examples
    --------
    >>> from pcfilter_lib.layers import MaxPoolingWithIndices2D
    >>> images = ops.ones((1, 7, 9, 3))
    >>> pooled, indices = MaxPoolingWithIndices2D()(images)
    >>> restored = MaxUnpooling2D()(keras.layers.Conv2D(3, 3, padding="same")(pooled), indices, images)
    >>> ops.shape(restored)
    (1, 7, 9, 3)
    """

    def __init__(self, size=None, **kwargs):
        super().__init__(**kwargs)
        self.size = None if size is None else whole_numbers(self.name, "size", size, 2)

    def call(self, inputs, indices, reference=None):
        """Return the values at their places, and zeros elsewhere."""
        self._check(inputs, indices, reference)
        batch, _, _, channels = ops.shape(inputs)
        height, width = self.size or ops.shape(reference)[1:3]
        entries = batch * height * width * channels
        if isinstance(entries, int) and entries > _LARGEST:
            problem = f"the output would have {entries:,} entries"
            raise InputError(self.name, "inputs", problem, f"pass smaller batches, for at most {_LARGEST:,}")
        examples = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1, 1))
        flat = (examples * (height * width) + ops.cast(indices, "int32")) * channels
        flat = flat + ops.arange(channels, dtype="int32")
        values = ops.segment_sum(ops.reshape(inputs, (-1,)), ops.reshape(flat, (-1,)), num_segments=entries)
        return ops.reshape(values, (batch, height, width, channels))

    def _check(self, inputs, indices, reference):
        if self.size is None and reference is None:
            remedy = "pass MaxUnpooling2D(size=(rows, columns)), or a reference when you call it"
            raise InputError(self.name, "size", "the size of the output is not known", remedy)
        shapes = tuple(inputs.shape), tuple(indices.shape)
        differ = [None not in pair and pair[0] != pair[1] for pair in zip(*shapes, strict=False)]
        if len(shapes[0]) != 4 or len(shapes[1]) != 4 or any(differ):
            problem = f"{shapes[1]} does not fit inputs of {shapes[0]}"
            raise InputError(self.name, "indices", problem, "pass both as (B, H', W', C), as the pooling returned them")

    def compute_output_spec(self, inputs, indices, reference=None):
        """Return the shape and the type of the output."""
        self._check(inputs, indices, reference)
        height, width = self.size or reference.shape[1:3]
        return keras.KerasTensor((inputs.shape[0], height, width, inputs.shape[-1]), dtype=inputs.dtype)

    def get_config(self):
        """Return the arguments that make this layer."""
        return {**super().get_config(), "size": self.size}
