"""VoxNet: a convolutional network that classifies volumes."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.models._blocks import MOMENTUM, Architecture

_SLOPE = 0.1


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class VoxNet(Architecture):
    """A logit for each class, of a volume.

    Two convolutions, of 5 with a stride of 2 and of 3, a pooling by 2, and two dense layers. For 32 voxels a side and
    10 classes it has the 0.92 million parameters of the original. Beyond it, `batch_norm` normalises each layer.

    Parameters
    ----------
    classes : int
        Of the output.
    size : int, default 32
        Voxels a side of the input, 13 or more.
    channels : int, default 1
        Of a voxel: whether it is occupied, its distance from the surface, or several numbers.
    width : float, default 1
        Multiplies the channels of all layers but the last: 32, 32, 128.
    dropout : float, default 0.4
        Dropout rate before the last layer, in [0, 1); half of it after the first convolution, three quarters of it
        after the pooling.
    batch_norm : bool, default True
        Whether each layer but the last is normalised.

    Shapes
    ------
    Input (B, size, size, size, channels), output (B, classes): logits.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Maturana, D. and Scherer, S. (2015). VoxNet: a 3D convolutional neural network for real-time object recognition.
    IROS.
    """

    def __init__(
        self,
        classes: int,
        size: int = 32,
        channels: int = 1,
        width: float = 1.0,
        dropout: float = 0.4,
        batch_norm: bool = True,
        **kwargs,
    ):
        config = {
            "classes": whole_number("VoxNet", "classes", classes),
            "size": whole_number("VoxNet", "size", size, at_least=13),
            "channels": whole_number("VoxNet", "channels", channels),
            "width": number_within("VoxNet", "width", width, 0, 64, low_included=False),
            "dropout": number_within("VoxNet", "dropout", dropout, 0, 1, high_included=False),
            "batch_norm": one_of("VoxNet", "batch_norm", batch_norm, (True, False)),
        }
        first, second, dense = (max(1, round(width * units)) for units in (32, 32, 128))
        volume = keras.Input((size, size, size, channels), name="volume")

        def activated(values, name):
            if batch_norm:
                values = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(values)
            return layers.LeakyReLU(_SLOPE, name=f"{name}_relu")(values)

        def dropped(values, share, name):
            return layers.Dropout(share * dropout, name=name)(values) if dropout else values

        bias = not batch_norm
        maps = layers.Conv3D(first, 5, strides=2, use_bias=bias, kernel_initializer="he_normal", name="conv_1")(volume)
        maps = dropped(activated(maps, "conv_1"), 0.5, "dropout_1")
        maps = layers.Conv3D(second, 3, use_bias=bias, kernel_initializer="he_normal", name="conv_2")(maps)
        maps = layers.MaxPooling3D(name="pool")(activated(maps, "conv_2"))
        values = layers.Flatten(name="flat")(dropped(maps, 0.75, "dropout_2"))
        values = layers.Dense(dense, use_bias=bias, kernel_initializer="he_normal", name="dense")(values)
        values = dropped(activated(values, "dense"), 1, "dropout_3")
        super().__init__(volume, layers.Dense(classes, name="logits")(values), **kwargs)
        self._config = config
