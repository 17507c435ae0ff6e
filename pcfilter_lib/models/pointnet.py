"""PointNet: a network for sets of points, in any number and order."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.layers import DenseGlobalMax, PointTransform
from pcfilter_lib.models._blocks import MOMENTUM, Architecture

#: Of the layers that the points share: before the second transform, after it, and the last, which takes the maximum.
_SHARED = ((64, 64), (64, 128), 1024)
_HEAD = (512, 256)


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PointNet(Architecture):
    """A logit for each class, of a cloud.

    Every point passes the same dense layers (a 1x1 convolution, if the cloud is seen as an image of one column), the
    largest value of each feature over all points describes the cloud, and dense layers tell its class. Since a maximum
    does not ask for an order, neither does the network.

    Parameters
    ----------
    classes : int
        Of the output.
    width : float, default 1
        Multiplies the channels of all layers but the last: 64, 64, 64, 128, 1024 for points, 512, 256 for the cloud.
    transforms : bool, default True
        Whether T-Nets transform the points and their first features. They cost more than half of the time.
    dropout : float, default 0.3
        Share of the values before the last layer that are dropped in training, from 0 to below 1.
    channels : int, default 3
        Of a point: its coordinates, or more.

    Shapes
    ------
    Input (B, N, channels), output (B, classes): logits. N is free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR.
    """

    def __init__(
        self,
        classes: int,
        width: float = 1.0,
        transforms: bool = True,
        dropout: float = 0.3,
        channels: int = 3,
        **kwargs,
    ):
        config = {
            "classes": whole_number("PointNet", "classes", classes),
            "width": number_within("PointNet", "width", width, 0, 64, low_included=False),
            "transforms": one_of("PointNet", "transforms", transforms, (True, False)),
            "dropout": number_within("PointNet", "dropout", dropout, 0, 1, high_included=False),
            "channels": whole_number("PointNet", "channels", channels, at_least=3),
        }
        points = keras.Input((None, channels), name="points")
        _, cloud = extractor(points, width, transforms)
        for number, units in enumerate(scaled(_HEAD, width)):
            cloud = shared_dense(cloud, units, f"head_{number}")
        if dropout:
            cloud = layers.Dropout(dropout, name="dropout")(cloud)
        super().__init__(points, layers.Dense(config["classes"], name="logits")(cloud), **kwargs)
        self._config = config


def extractor(points, width: float, transforms: bool):
    """Return features of the points, (B, N, 64 width), and of the cloud, (B, 1024 width): all before the head."""
    before, after, last = _SHARED
    features = points
    if transforms:
        features = point_transform(features, width, "input_transform")
    for number, units in enumerate(scaled(before, width)):
        features = shared_dense(features, units, f"shared_{number}")
    if transforms:
        features = point_transform(features, width, "feature_transform")
    own = features
    for number, units in enumerate(scaled(after, width), start=len(before)):
        features = shared_dense(features, units, f"shared_{number}")
    return own, DenseGlobalMax(scaled((last,), width)[0], momentum=MOMENTUM, name="global")(features)


def point_transform(features, width: float, name: str):
    """Return the features in a pose of the network's choice."""
    return PointTransform(scaled((64, 128, 1024), width), scaled(_HEAD, width), name=name)(features)


def shared_dense(features, units: int, name: str):
    """Return so many features, of each point or of the cloud: a dense layer, its normalisation, and a rectifier."""
    features = layers.Dense(units, use_bias=False, kernel_initializer="he_normal", name=name)(features)
    features = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(features)
    return layers.ReLU(name=f"{name}_relu")(features)


def scaled(widths: tuple[int, ...], factor: float) -> tuple[int, ...]:
    """Return the widths times a factor, 1 or more each."""
    return tuple(max(1, round(width * factor)) for width in widths)


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PointNetSegmentation(Architecture):
    """A logit for each class, of every point of a cloud.

    The features of all points pass the same layers as in :class:`PointNet`. Then each point is told what the maximum
    says about the whole cloud, beside what is known of the point itself, and more shared layers tell its class.

    Parameters
    ----------
    classes : int
        Of the points, for example the parts of a chair.
    num_categories : int, default 0
        How many categories of objects there are. If any, the object's category is a second input, one-hot: the network
        then need not find out whether a leg is a chair's or a table's.
    width, transforms, channels
        As for :class:`PointNet`.

    Shapes
    ------
    Input (B, N, channels), with `num_categories` also (B, num_categories), one-hot; output (B, N, classes): logits.
    N is free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR. Figure 2, and supplement, figure 9 (with the kind of the shape).
    """

    def __init__(
        self,
        classes: int,
        num_categories: int = 0,
        width: float = 1.0,
        transforms: bool = True,
        channels: int = 3,
        **kwargs,
    ):
        config = {
            "classes": whole_number("PointNetSegmentation", "classes", classes),
            "num_categories": whole_number("PointNetSegmentation", "num_categories", num_categories, at_least=0),
            "width": number_within("PointNetSegmentation", "width", width, 0, 64, low_included=False),
            "transforms": one_of("PointNetSegmentation", "transforms", transforms, (True, False)),
            "channels": whole_number("PointNetSegmentation", "channels", channels, at_least=3),
        }
        points = keras.Input((None, channels), name="points")
        own, cloud = extractor(points, width, transforms)
        context = [cloud]
        inputs = points
        if num_categories:
            kind = keras.Input((num_categories,), name="kind")
            inputs, context = [points, kind], [cloud, kind]
        # A dense layer of [own, cloud] is one of each, added: the cloud's passes once for all points of it.
        first, *others = scaled((512, 256, 128), width)
        context = layers.Concatenate(name="context")(context) if num_categories else context[0]
        context = layers.Dense(first, use_bias=False, kernel_initializer="he_normal", name="decode_cloud")(context)
        context = layers.Reshape((1, first), name="to_all")(context)
        maps = layers.Dense(first, use_bias=False, kernel_initializer="he_normal", name="decode_point")(own)
        maps = layers.Add(name="decode_0")([maps, context])
        maps = layers.BatchNormalization(momentum=MOMENTUM, name="decode_0_norm")(maps)
        maps = layers.ReLU(name="decode_0_relu")(maps)
        for number, units in enumerate(others, start=1):
            maps = shared_dense(maps, units, f"decode_{number}")
        super().__init__(inputs, layers.Dense(config["classes"], name="logits")(maps), **kwargs)
        self._config = config
