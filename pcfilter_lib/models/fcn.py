"""FCN: a classifier of images that is moved over a larger one, and what its earlier maps add."""

from __future__ import annotations

import keras
from keras import layers, ops

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.initializers import Bilinear
from pcfilter_lib.layers import CropLike, PadToMultiple
from pcfilter_lib.models._blocks import Architecture, convolution, vgg_plan

_POOLINGS = 5


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class FCN(Architecture):
    """A logit, or one for each class, at every pixel: FCN-32s, FCN-16s or FCN-8s.

    An encoder like VGG16 halves its maps five times. The classifier behind it is a stack of convolutions, so that it
    answers at each place of the last maps: one score for 32 x 32 pixels. FCN-32s enlarges these scores at once.
    FCN-16s enlarges them twice, adds scores of the maps of the fourth pooling, and enlarges the sum; FCN-8s does the
    same once more with those of the third.

    As in the original, enlarging begins as bilinear interpolation, the last one stays so and the others learn, and the
    scores of earlier maps begin with zeros. Unlike there, the image is padded just to a multiple of 32, and
    the scores are repeated beyond the border, so that the interpolation holds up to it.

    Parameters
    ----------
    channels : int
        Of the input.
    classes : int, default 1
        Of the output.
    stride : {8, 16, 32}
        How many pixels the finest scores lie apart.
    base_filters : int, default 16
        Channels of the first level, 64 in the original; each further level has twice as many, up to 8 times that.
    hidden : int, optional
        Channels of the classifier's two hidden layers: 8 `base_filters` where not given, 4096 in the original.
    window : int, default 1
        Rows and columns that the first of them sees; 7 in the original.
    batch_norm : bool, default True
        Whether each convolution that a rectifier follows is normalised; the original does not.
    dropout : float, default 0
        Share of the hidden layers' values that are dropped in training, from 0 to below 1; 0.5 in the original.

    Shapes
    ------
    Input (B, H, W, channels), output (B, H, W, classes): logits. H and W are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    Notes
    -----
    The layers that two of the three have in common bear the same names, so that FCN-16s can begin where FCN-32s ended,
    and FCN-8s where FCN-16s did: ``finer.get_layer(name).set_weights(coarser.get_layer(name).get_weights())``.
    That is near, not exactly there: enlarging by 2 and then by 16 rounds corners a little more than enlarging by 32.

    References
    ----------
    Long, J., Shelhamer, E. and Darrell, T. (2015). Fully convolutional networks for semantic segmentation. CVPR.
    """

    def __init__(
        self,
        channels: int,
        classes: int = 1,
        stride: int = 8,
        base_filters: int = 16,
        hidden: int | None = None,
        window: int = 1,
        batch_norm: bool = True,
        dropout: float = 0.0,
        **kwargs,
    ):
        config = {
            "channels": whole_number("FCN", "channels", channels),
            "classes": whole_number("FCN", "classes", classes),
            "stride": one_of("FCN", "stride", stride, (8, 16, 32)),
            "base_filters": whole_number("FCN", "base_filters", base_filters),
            "hidden": None if hidden is None else whole_number("FCN", "hidden", hidden),
            "window": whole_number("FCN", "window", window),
            "batch_norm": one_of("FCN", "batch_norm", batch_norm, (True, False)),
            "dropout": number_within("FCN", "dropout", dropout, 0, 1, high_included=False),
        }
        inputs = keras.Input((None, None, channels), name="image")
        maps = PadToMultiple(2**_POOLINGS, name="pad")(inputs)
        pooled = {}
        for level, (count, channels_here) in enumerate(vgg_plan(_POOLINGS, base_filters)):
            for number in range(1, count + 1):
                maps = convolution(maps, channels_here, batch_norm, f"conv_{level}_{number}")
            maps = pooled[2 ** (level + 1)] = layers.MaxPooling2D(name=f"pool_{level}")(maps)
        for number, size in ((1, window), (2, 1)):
            maps = convolution(maps, hidden or 8 * base_filters, batch_norm, f"classify_{number}", size)
            if dropout:
                maps = layers.Dropout(dropout, name=f"drop_{number}")(maps)
        scores = layers.Conv2D(classes, 1, name="score_32")(maps)
        apart = 2**_POOLINGS
        while apart > stride:
            scores = EnlargeBilinearly(classes, 2, name=f"enlarge_{apart}")(scores)
            apart //= 2
            head = layers.Conv2D(classes, 1, kernel_initializer="zeros", name=f"score_{apart}")
            scores = layers.Add(name=f"sum_{apart}")([scores, head(pooled[apart])])
        scores = EnlargeBilinearly(classes, stride, trainable=False, name="enlarge")(scores)
        super().__init__(inputs, CropLike(name="crop")([scores, inputs]), **kwargs)
        self._config = config


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class EnlargeBilinearly(layers.Conv2DTranspose):
    """A transposed convolution that begins as bilinear interpolation, up to the border.

    A plain one finds zeros beyond the border, and its values fade within half of `factor` from it. This one finds the
    border again.

    Parameters
    ----------
    channels : int
        Of the input, and of the output.
    factor : int
        How many times as high and wide the output is; even.

    Shapes
    ------
    Input (B, H, W, channels), output (B, factor H, factor W, channels). Sizes may be unknown.
    """

    def __init__(self, channels: int, factor: int, **kwargs):
        super().__init__(
            channels,
            2 * factor,
            strides=factor,
            padding="same",
            use_bias=False,
            kernel_initializer=Bilinear(),
            data_format="channels_last",
            **kwargs,
        )
        self.factor = factor

    def call(self, inputs):
        """Return the enlarged maps."""
        for axis in (1, 2):
            ahead = (slice(None),) * axis
            first, last = inputs[(*ahead, slice(0, 1))], inputs[(*ahead, slice(-1, None))]
            inputs = ops.concatenate([first, inputs, last], axis=axis)
        inside = slice(self.factor, -self.factor)
        return super().call(inputs)[:, inside, inside]

    def get_config(self):
        """Return the arguments."""
        dtype = keras.saving.serialize_keras_object(self.dtype_policy)
        own = {"name": self.name, "trainable": self.trainable, "dtype": dtype}
        return {"channels": self.filters, "factor": self.factor, **own}
