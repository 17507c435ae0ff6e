"""The residual block."""

from __future__ import annotations

import keras

from pcfilter_lib._arguments import whole_number


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class ResidualBlock(keras.layers.Layer):
    """Two 3x3 convolutions, and a path around them: ``relu(f(x) + x)``.

    Where the number of channels or the size changes, `x` cannot be added as it is: a strided 1x1 convolution projects
    it (option B of the paper).

    Parameters
    ----------
    filters : int
        Channels of the output.
    strides : int
        Of the first convolution, and of the projection.
    normalise : bool
        Put a batch normalisation after each convolution. Without it the convolutions have a bias.

    Shapes
    ------
    Input (B, H, W, C), output (B, ceil(H / strides), ceil(W / strides), filters). H and W may be unknown.

    Raises
    ------
    InputError
        If `filters` or `strides` is not a whole number of 1 or more.

    References
    ----------
    He, K., Zhang, X., Ren, S. and Sun, J. (2016). Deep residual learning for image recognition. CVPR.
    """

    def __init__(self, filters: int, strides: int = 1, *, normalise: bool = True, **kwargs):
        super().__init__(**kwargs)
        self.filters = whole_number("ResidualBlock", "filters", filters)
        self.strides = whole_number("ResidualBlock", "strides", strides)
        self.normalise = bool(normalise)
        self._convolution_1 = self._convolution(3, self.strides, "convolution_1")
        self._convolution_2 = self._convolution(3, 1, "convolution_2")
        self._normalisation_1 = self._normalisation("normalisation_1")
        self._normalisation_2 = self._normalisation("normalisation_2")
        self._projection = None  # whether it is needed depends on the input's channels
        self._normalisation_of_projection = None

    def build(self, input_shape):
        """Create the weights; only here are the channels of the input known."""
        output_shape = self.compute_output_shape(input_shape)
        self._convolution_1.build(input_shape)
        self._convolution_2.build(output_shape)
        if self.strides != 1 or input_shape[-1] != self.filters:
            self._projection = self._convolution(1, self.strides, "projection")
            self._normalisation_of_projection = self._normalisation("normalisation_of_projection")
            self._projection.build(input_shape)
        for layer in (self._normalisation_1, self._normalisation_2, self._normalisation_of_projection):
            if layer is not None:
                layer.build(output_shape)

    def call(self, inputs, training=None):
        """Return ``relu(f(inputs) + inputs)``, the latter projected where it has to be."""
        y = self._normalised(self._convolution_1(inputs), self._normalisation_1, training)
        y = self._normalised(self._convolution_2(keras.ops.relu(y)), self._normalisation_2, training)
        if self._projection is not None:
            inputs = self._normalised(self._projection(inputs), self._normalisation_of_projection, training)
        return keras.ops.relu(y + inputs)

    def compute_output_shape(self, input_shape):
        """Return (B, ceil(H / strides), ceil(W / strides), filters), with None where the input has None."""
        batch, *size, _ = input_shape
        return (batch, *(None if n is None else -(-n // self.strides) for n in size), self.filters)

    def get_config(self):
        """Return what :meth:`from_config` needs."""
        own = {"filters": self.filters, "strides": self.strides, "normalise": self.normalise}
        return {**super().get_config(), **own}

    def _convolution(self, size: int, strides: int, name: str) -> keras.layers.Conv2D:
        return keras.layers.Conv2D(
            self.filters,
            size,
            strides,
            padding="same",
            data_format="channels_last",
            use_bias=not self.normalise,  # the normalisation subtracts the mean, and a bias with it
            kernel_initializer="he_normal",
            dtype=self.dtype_policy,
            name=name,
        )

    def _normalisation(self, name: str) -> keras.layers.BatchNormalization | None:
        return keras.layers.BatchNormalization(dtype=self.dtype_policy, name=name) if self.normalise else None

    @staticmethod
    def _normalised(x, normalisation, training):
        return x if normalisation is None else normalisation(x, training=training)
