"""MVCNN: a network that classifies a shape by several pictures of it."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.layers import PerView, ViewPooling
from pcfilter_lib.models._blocks import MOMENTUM, Architecture, convolution
from pcfilter_lib.models.pointnet import scaled

_MAPS, _VIEW, _SHAPE = (24, 32, 64, 128), 192, 128


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class MVCNN(Architecture):
    """A logit for each class, of a shape in several pictures.

    The same network describes each picture: a convolution of 5 x 5 with a stride of 2, three of 3 x 3, each followed by
    a pooling by 2, and a dense layer on what is left of the picture. The largest value of each feature over all views
    (:class:`pcfilter_lib.layers.ViewPooling`) describes the shape, and two dense layers classify it. It is a small
    relative of the original, which was AlexNet's size and trained on photographs before: 0.3 million parameters for
    pictures of 48 x 48, none of them pre-trained.

    Parameters
    ----------
    classes : int
        Of the output.
    size : int, default 48
        Rows and columns of a picture, 16 or more.
    channels : int, default 1
        Of a picture.
    width : float, default 1
        Multiplies the channels of all layers but the last: 24, 32, 64, 128 maps, 192 features of a view, 128 of a
        shape.
    dropout : float, default 0.4
        Dropout rate before each of the last two layers, in [0, 1).
    pooling : {"max", "mean"}, default "max"
        Over views.

    Shapes
    ------
    Input (B, V, size, size, channels), output (B, classes): logits. V is free; the order of the views does not matter.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Su, H., Maji, S., Kalogerakis, E. and Learned-Miller, E. (2015). Multi-view convolutional neural networks for 3D
    shape recognition. ICCV.
    """

    def __init__(
        self,
        classes: int,
        size: int = 48,
        channels: int = 1,
        width: float = 1.0,
        dropout: float = 0.4,
        pooling: str = "max",
        **kwargs,
    ):
        config = {
            "classes": whole_number("MVCNN", "classes", classes),
            "size": whole_number("MVCNN", "size", size, at_least=16),
            "channels": whole_number("MVCNN", "channels", channels),
            "width": number_within("MVCNN", "width", width, 0, 64, low_included=False),
            "dropout": number_within("MVCNN", "dropout", dropout, 0, 1, high_included=False),
            "pooling": one_of("MVCNN", "pooling", pooling, ("max", "mean")),
        }
        picture = keras.Input((size, size, channels), name="picture")
        first, *others = scaled(_MAPS, width)
        # A stride, because normalising maps of the full size would take longer than all further convolutions.
        maps = layers.Conv2D(
            first, 5, strides=2, padding="same", use_bias=False, kernel_initializer="he_normal", name="conv_0"
        )(picture)
        maps = layers.BatchNormalization(momentum=MOMENTUM, name="conv_0_norm")(maps)
        maps = layers.ReLU(name="conv_0_relu")(maps)
        for number, units in enumerate(others, 1):
            maps = convolution(maps, units, True, f"conv_{number}")
            maps = layers.MaxPooling2D(name=f"pool_{number}")(maps)
        features = _dense(layers.Flatten(name="flat")(maps), scaled((_VIEW,), width)[0], "view")
        network = keras.Model(picture, features, name="each_picture")

        views = keras.Input((None, size, size, channels), name="views")
        shape = ViewPooling(pooling, name="all_views")(PerView(network, name="each_view")(views))
        if dropout:
            shape = layers.Dropout(dropout, name="dropout_0")(shape)
        shape = _dense(shape, scaled((_SHAPE,), width)[0], "shape")
        if dropout:
            shape = layers.Dropout(dropout, name="dropout_1")(shape)
        super().__init__(views, layers.Dense(config["classes"], name="logits")(shape), **kwargs)
        self._config = config


def _dense(features, units: int, name: str):
    """Return so many features: a dense layer, its normalisation, and a rectifier."""
    features = layers.Dense(units, use_bias=False, kernel_initializer="he_normal", name=name)(features)
    features = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(features)
    return layers.ReLU(name=f"{name}_relu")(features)
