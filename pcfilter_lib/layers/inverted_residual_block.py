"""The inverted residual block of MobileNetV2."""

from __future__ import annotations

import keras

from pcfilter_lib._arguments import whole_number


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class InvertedResidualBlock(keras.layers.Layer):
    """Expand by a 1x1 convolution, filter each channel by itself, project back by a linear 1x1 convolution.

    ReLU6 follows the first two convolutions and not the third: in few channels a ReLU would destroy what it cuts off.
    The input is added to the output where both have the same shape, that is with stride 1 and as many channels.

    Parameters
    ----------
    filters : int
        Channels of the output.
    expansion : int
        How many times as many channels there are in the middle as in the input. With 1 the first convolution is left
        out, as in the paper's first block.
    strides : int
        Of the depthwise convolution.
    normalise : bool
        Put a batch normalisation after each convolution. Without it the convolutions have a bias.

    Shapes
    ------
    Input (B, H, W, C), output (B, ceil(H / strides), ceil(W / strides), filters). H and W may be unknown.

    Raises
    ------
    InputError
        If `filters`, `expansion` or `strides` is not a whole number of 1 or more.

    References
    ----------
    Sandler, M., Howard, A., Zhu, M., Zhmoginov, A. and Chen, L.-C. (2018). MobileNetV2: inverted residuals and linear
    bottlenecks. CVPR.
    """

    def __init__(self, filters: int, expansion: int = 6, strides: int = 1, *, normalise: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.filters = whole_number("InvertedResidualBlock", "filters", filters)
        self.expansion = whole_number("InvertedResidualBlock", "expansion", expansion)
        self.strides = whole_number("InvertedResidualBlock", "strides", strides)
        self.normalise = bool(normalise)
        self._steps = []  # (convolution, its normalisation or None, whether ReLU6 follows)
        self._adds_input = False

    def build(self, input_shape):
        """Create the layers; how wide the middle is depends on the channels of the input."""
        shared = {
            "padding": "same",
            "data_format": "channels_last",
            "use_bias": not self.normalise,  # the normalisation subtracts the mean, and a bias with it
            "dtype": self.dtype_policy,
        }
        wide = self.expansion * input_shape[-1]
        convolutions = {
            "expansion": keras.layers.Conv2D(wide, 1, kernel_initializer="he_normal", name="expansion", **shared),
            "depthwise": keras.layers.DepthwiseConv2D(
                3, self.strides, depthwise_initializer="he_normal", name="depthwise", **shared
            ),
            "projection": keras.layers.Conv2D(self.filters, 1, name="projection", **shared),
        }
        if self.expansion == 1:
            del convolutions["expansion"]
        self._steps, shape = [], input_shape
        for name, convolution in convolutions.items():
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
            normalisation = None
            if self.normalise:
                normalisation = keras.layers.BatchNormalization(dtype=self.dtype_policy, name=f"{name}_normalisation")
                normalisation.build(shape)
            self._steps.append((convolution, normalisation, name != "projection"))
        self._adds_input = self.strides == 1 and input_shape[-1] == self.filters

    def call(self, inputs, training=None):
        """Return the projection, with the inputs added where the shapes are equal."""
        y = inputs
        for convolution, normalisation, activated in self._steps:
            y = convolution(y)
            y = y if normalisation is None else normalisation(y, training=training)
            y = keras.ops.relu6(y) if activated else y
        return y + inputs if self._adds_input else y

    def compute_output_shape(self, input_shape):
        """Return (B, ceil(H / strides), ceil(W / strides), filters), with None where the input has None."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else -(-n // self.strides) for n in size), self.filters)

    def get_config(self):
        """Return what :meth:`from_config` needs."""
        own = {
            "filters": self.filters,
            "expansion": self.expansion,
            "strides": self.strides,
            "normalise": self.normalise,
        }
        return {**super().get_config(), **own}
