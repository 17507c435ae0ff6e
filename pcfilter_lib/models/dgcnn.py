"""DGCNN: a network on graphs of neighbours that it draws anew in each layer."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.layers import EdgeConv
from pcfilter_lib.models._blocks import MOMENTUM, Architecture
from pcfilter_lib.models.pointnet import scaled

_EDGES, _CLOUD, _HEAD = (64, 64, 128, 256), 1024, (512, 256)
_SLOPE = 0.2


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class DGCNN(Architecture):
    """A logit for each class, of a cloud: four layers of EdgeConv, side by side.

    Each layer finds the k nearest of every point among the features that the layer before made, so that what is near
    means something else on each level: at first neighbours in space, at last points that play the same part
    (:class:`pcfilter_lib.layers.EdgeConv`). What all four say of a point passes one dense layer; its maximum and its
    mean over all points describe the cloud.

    Parameters
    ----------
    classes : int
        Of the output.
    k : int, default 20
        Neighbours of each point, itself among them.
    width : float, default 1
        Multiplies the channels of all layers but the last: 64, 64, 128, 256, 1024 for points, 512, 256 for the cloud.
    dropout : float, default 0.5
        Share of the values after each layer of the head that are dropped in training, from 0 to below 1.
    channels : int, default 3
        Of a point: its coordinates, or more.

    Shapes
    ------
    Input (B, N, channels), output (B, classes): logits. N is free; the order of the points does not matter.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Wang, Y., Sun, Y., Liu, Z., Sarma, S. E., Bronstein, M. M. and Solomon, J. M. (2019). Dynamic graph CNN for learning
    on point clouds. ACM Transactions on Graphics 38(5). Section 5.1.
    """

    def __init__(
        self,
        classes: int,
        k: int = 20,
        width: float = 1.0,
        dropout: float = 0.5,
        channels: int = 3,
        **kwargs,
    ):
        config = {
            "classes": whole_number("DGCNN", "classes", classes),
            "k": whole_number("DGCNN", "k", k),
            "width": number_within("DGCNN", "width", width, 0, 64, low_included=False),
            "dropout": number_within("DGCNN", "dropout", dropout, 0, 1, high_included=False),
            "channels": whole_number("DGCNN", "channels", channels, at_least=3),
        }
        points = keras.Input((None, channels), name="points")
        features, found = points, []
        for number, units in enumerate(scaled(_EDGES, width)):
            features = EdgeConv(units, k, negative_slope=_SLOPE, momentum=MOMENTUM, name=f"edges_{number}")(features)
            found.append(features)
        features = _leaky_dense(layers.Concatenate(name="all_edges")(found), scaled((_CLOUD,), width)[0], "shared")
        largest = layers.GlobalMaxPooling1D(name="largest")(features)
        mean = layers.GlobalAveragePooling1D(name="mean")(features)
        cloud = layers.Concatenate(name="cloud")([largest, mean])
        for number, units in enumerate(scaled(_HEAD, width)):
            cloud = _leaky_dense(cloud, units, f"head_{number}")
            if dropout:
                cloud = layers.Dropout(dropout, name=f"dropout_{number}")(cloud)
        super().__init__(points, layers.Dense(config["classes"], name="logits")(cloud), **kwargs)
        self._config = config


def _leaky_dense(features, units: int, name: str):
    """Return so many features: a dense layer, its normalisation, and a leaky rectifier."""
    features = layers.Dense(units, use_bias=False, kernel_initializer="he_normal", name=name)(features)
    features = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(features)
    return layers.LeakyReLU(_SLOPE, name=f"{name}_relu")(features)
