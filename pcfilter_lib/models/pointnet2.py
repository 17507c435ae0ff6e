"""PointNet++: PointNets of neighbourhoods, of their neighbourhoods, and so on."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number, whole_numbers
from pcfilter_lib.layers import DenseGlobalMax, FeaturePropagation, SetAbstraction
from pcfilter_lib.models._blocks import MOMENTUM, Architecture
from pcfilter_lib.models.pointnet import scaled, shared_dense

#: Of each level's scales: radius, how many points, and the widths (Qi and others 2017, supplement, section B.1).
_SINGLE = (
    ((0.2, 32, (64, 64, 128)),),
    ((0.4, 64, (128, 128, 256)),),
)
_MULTI = (
    ((0.1, 16, (32, 32, 64)), (0.2, 32, (64, 64, 128)), (0.4, 128, (64, 96, 128))),
    ((0.2, 32, (64, 64, 128)), (0.4, 64, (128, 128, 256)), (0.8, 128, (128, 128, 256))),
)
_CENTRES = (512, 128)
_CLOUD, _HEAD = (256, 512, 1024), (512, 256)


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PointNet2(Architecture):
    """A logit for each class, of a cloud: PointNet++.

    A small PointNet looks at the balls about 512 points, another at larger balls about 128 of these, with what the
    first said of them; a last one at all 128 (:class:`pcfilter_lib.layers.SetAbstraction`). What a ball holds depends
    on how densely the cloud was sampled: with `multi_scale`, balls of three sizes are looked at on each level.

    Parameters
    ----------
    classes : int
        Of the output.
    multi_scale : bool, default False
        Whether balls of three sizes are looked at on each level (MSG in the paper) instead of one (SSG).
    width : float, default 1
        Multiplies the channels of all layers but the last.
    dropout : float, default 0.5
        Share of the values after each layer of the head that are dropped in training, from 0 to below 1. The published
        code of the multi-scale network drops 0.6.
    channels : int, default 3
        Of a point: its coordinates, or these and more, such as normals.
    centres : (int, int), default (512, 128)
        Of the balls on each level, as in the paper. Half as many halve what a step costs.

    Shapes
    ------
    Input (B, N, channels), output (B, classes): logits. N is free. The points of each cloud lie in the unit sphere and
    in farthest-point order (:func:`pcfilter_lib.data.farthest_order`); in any other order the first 512 are the
    centres all the same, and cover the cloud less well.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++: deep hierarchical feature learning on point sets in
    a metric space. NeurIPS. Supplement, section B.1.
    """

    def __init__(
        self,
        classes: int,
        multi_scale: bool = False,
        width: float = 1.0,
        dropout: float = 0.5,
        channels: int = 3,
        centres: tuple[int, int] = _CENTRES,
        **kwargs,
    ):
        many, few = whole_numbers("PointNet2", "centres", centres, 2)
        config = {
            "classes": whole_number("PointNet2", "classes", classes),
            "multi_scale": one_of("PointNet2", "multi_scale", multi_scale, (True, False)),
            "width": number_within("PointNet2", "width", width, 0, 64, low_included=False),
            "dropout": number_within("PointNet2", "dropout", dropout, 0, 1, high_included=False),
            "channels": whole_number("PointNet2", "channels", channels, at_least=3),
            "centres": (many, few),
        }
        points = keras.Input((None, channels), name="points")
        _, cloud = abstract(points, multi_scale, width, (many, few))
        for number, units in enumerate(scaled(_HEAD, width)):
            cloud = shared_dense(cloud, units, f"head_{number}")
            if dropout:
                cloud = layers.Dropout(dropout, name=f"dropout_{number}")(cloud)
        super().__init__(points, layers.Dense(config["classes"], name="logits")(cloud), **kwargs)
        self._config = config


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PointNet2Segmentation(Architecture):
    """A logit for each class, of every point of a cloud: PointNet++ there and back.

    The points are abstracted as in :class:`PointNet2`; then what is known of few points is handed on to many, level by
    level, beside what was known of these on the way up (:class:`pcfilter_lib.layers.FeaturePropagation`).

    Parameters
    ----------
    classes : int
        Of the points, for example the parts of a chair.
    num_categories : int, default 0
        How many categories of objects there are. If any, the object's category is a second input, one-hot.
    multi_scale, width, channels
        As for :class:`PointNet2`.
    dropout : float, default 0.5
        Share of the values before the last layer that are dropped in training, from 0 to below 1.

    Shapes
    ------
    Input (B, N, channels), as for :class:`PointNet2`, with `num_categories` also (B, num_categories), one-hot; output
    (B, N, classes): logits. N is free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++: deep hierarchical feature learning on point sets in
    a metric space. NeurIPS. Section 3.4, and supplement, section B.1.
    """

    def __init__(
        self,
        classes: int,
        num_categories: int = 0,
        multi_scale: bool = False,
        width: float = 1.0,
        dropout: float = 0.5,
        channels: int = 3,
        **kwargs,
    ):
        owner = "PointNet2Segmentation"
        config = {
            "classes": whole_number(owner, "classes", classes),
            "num_categories": whole_number(owner, "num_categories", num_categories, at_least=0),
            "multi_scale": one_of(owner, "multi_scale", multi_scale, (True, False)),
            "width": number_within(owner, "width", width, 0, 64, low_included=False),
            "dropout": number_within(owner, "dropout", dropout, 0, 1, high_included=False),
            "channels": whole_number(owner, "channels", channels, at_least=3),
        }
        points = keras.Input((None, channels), name="points")
        inputs = points
        levels, cloud = abstract(points, multi_scale, width)
        if num_categories:
            kind = keras.Input((num_categories,), name="kind")
            inputs, cloud = [points, kind], layers.Concatenate(name="context")([cloud, kind])
        (all_points, _), (many, seen), (few, seen_far) = levels
        maps = told_of_cloud(seen_far, cloud, *scaled((256, 256), width))
        handed_on = FeaturePropagation(scaled((256, 128), width), MOMENTUM, name="propagate_1")
        maps = handed_on([many, few, maps, seen])
        handed_on = FeaturePropagation(scaled((128, 128, 128), width), MOMENTUM, name="propagate_0")
        maps = handed_on([all_points, many, maps, points])
        maps = shared_dense(maps, scaled((128,), width)[0], "decode")
        if dropout:
            maps = layers.Dropout(dropout, name="dropout")(maps)
        super().__init__(inputs, layers.Dense(config["classes"], name="logits")(maps), **kwargs)
        self._config = config


def abstract(points, multi_scale: bool, width: float, centres: tuple[int, int] = _CENTRES):
    """Return points and their features on each level, the input's first, and features of the cloud."""
    near, features = points[..., :3], (points[..., 3:] if points.shape[-1] > 3 else None)
    levels = [(near, features)]
    for number, (count, scales) in enumerate(zip(centres, _MULTI if multi_scale else _SINGLE, strict=True)):
        scales = [(radius, max_nn, scaled(widths, width)) for radius, max_nn, widths in scales]
        layer = SetAbstraction(count, scales, MOMENTUM, name=f"abstract_{number}")
        near, features = layer(near if features is None else [near, features])
        levels.append((near, features))
    cloud = layers.Concatenate(name="all_centres")([near, features])
    *before, last = scaled(_CLOUD, width)
    for number, units in enumerate(before):
        cloud = shared_dense(cloud, units, f"cloud_{number}")
    return levels, DenseGlobalMax(last, momentum=MOMENTUM, name="global")(cloud)


def told_of_cloud(features, cloud, first: int, second: int):
    """Return features of points that know of the cloud, too: what propagation from a single point comes down to."""
    cloud = layers.Dense(first, use_bias=False, kernel_initializer="he_normal", name="propagate_2_cloud")(cloud)
    cloud = layers.Reshape((1, first), name="to_all")(cloud)
    maps = layers.Dense(first, use_bias=False, kernel_initializer="he_normal", name="propagate_2_point")(features)
    maps = layers.Add(name="propagate_2")([maps, cloud])
    maps = layers.BatchNormalization(momentum=MOMENTUM, name="propagate_2_norm")(maps)
    return shared_dense(layers.ReLU(name="propagate_2_relu")(maps), second, "propagate_2_second")
