"""GeometryColour: a network that labels voxels by what they are and by what pictures show of them."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers import BackProject, PerView
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models._blocks import convolution as convolution_2d
from pcfilter_lib.models.voxels._blocks import convolution

USES = ("both", "geometry", "pictures")


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class GeometryColour(Architecture):
    """A logit for each class, of every voxel, from a volume and from pictures of it.

    One branch convolves the volume. The other convolves each picture in two dimensions, where its pixels are finer than
    voxels, carries the features to the voxels that the pictures show (:class:`pcfilter_lib.layers.BackProject`), and
    convolves these. Both are joined, convolved once more, and classified voxel by voxel. All is trained together.

    Parameters
    ----------
    classes : int
        Of the output.
    channels : int, default 1
        Of a voxel.
    picture_channels : int, default 1
        Of a pixel.
    filters : int, default 16
        Channels of every hidden layer; twice as many where both branches are joined.
    stride : {1, 2, 4}, default 2
        How many pixels along a side of a picture make one of its feature map, by max pooling. The table of pixels is
        for feature maps: ``voxel_pixels(..., size=(H // stride, W // stride))``.
    pooling : {"max", "mean"}, default "max"
        Over views.
    use : {"both", "geometry", "pictures"}, default "both"
        Which branches there are.

    Shapes
    ------
    Inputs by name: "volume" (B, X, Y, Z, channels), "pictures" (B, V, H, W, picture_channels) and "pixels" of int32,
    (B, X, Y, Z, V); for one branch alone only those that it needs. Output (B, X, Y, Z, classes): logits. All sizes but
    the channels are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Dai, A. and Niessner, M. (2018). 3DMV: joint 3D-multi-view prediction for 3D semantic scene segmentation. ECCV.
    """

    def __init__(
        self,
        classes: int,
        channels: int = 1,
        picture_channels: int = 1,
        filters: int = 16,
        stride: int = 2,
        pooling: str = "max",
        use: str = "both",
        **kwargs,
    ):
        config = {
            "classes": whole_number("GeometryColour", "classes", classes),
            "channels": whole_number("GeometryColour", "channels", channels),
            "picture_channels": whole_number("GeometryColour", "picture_channels", picture_channels),
            "filters": whole_number("GeometryColour", "filters", filters),
            "stride": one_of("GeometryColour", "stride", stride, (1, 2, 4)),
            "pooling": one_of("GeometryColour", "pooling", pooling, ("max", "mean")),
            "use": one_of("GeometryColour", "use", use, USES),
        }
        inputs, branches = {}, []
        if use != "pictures":
            inputs["volume"] = keras.Input((None, None, None, channels), name="volume")
            volume = convolution(inputs["volume"], filters, "geometry_1")
            branches.append(convolution(volume, filters, "geometry_2"))
        if use != "geometry":
            inputs["pictures"] = keras.Input((None, None, None, picture_channels), name="pictures")
            inputs["pixels"] = keras.Input((None, None, None, None), dtype="int32", name="pixels")
            picture = keras.Input((None, None, picture_channels), name="picture")
            maps = convolution_2d(picture, filters, True, "picture_1")
            maps = convolution_2d(maps, filters, True, "picture_2")
            if stride > 1:
                maps = layers.MaxPooling2D(stride, name="picture_pool")(maps)
            each = PerView(keras.Model(picture, maps, name="each_picture"), name="each_view")
            seen = BackProject(pooling, name="onto_voxels")([each(inputs["pictures"]), inputs["pixels"]])
            branches.append(convolution(seen, filters, "colour_1"))
        joined = layers.Concatenate(name="joined")(branches) if len(branches) > 1 else branches[0]
        joined = convolution(joined, 2 * filters, "joined_1")
        super().__init__(inputs, layers.Conv3D(config["classes"], 1, name="logits")(joined), **kwargs)
        self._config = config
