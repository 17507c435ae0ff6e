"""SegNet: a decoder that puts values back to where the encoder's maxima were."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.layers import MaxPoolingWithIndices2D, MaxUnpooling2D
from pcfilter_lib.models._blocks import Architecture, convolution, vgg_plan


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SegNet(Architecture):
    """A logit, or one for each class, at every pixel.

    The encoder is that of VGG16: on each level two or three convolutions, and a pooling. The decoder is its mirror
    image. All that it is told of the encoder's maps is where each maximum was: it puts its values back there, and its
    convolutions fill the gaps. The last of them gives the logits. Any size will do, odd ones too: the last window of
    an odd size is a half one.

    Parameters
    ----------
    channels : int
        Of the input.
    classes : int, default 1
        Of the output.
    depth : int, default 4
        How many times the maps are halved; 5 in the original.
    base_filters : int, default 16
        Channels of the first level, 64 in the original; each further level has twice as many, up to 8 times that.
    batch_norm : bool, default True
        Whether each convolution but the last is normalised.

    Shapes
    ------
    Input (B, H, W, channels), output (B, H, W, classes): logits. H and W are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Badrinarayanan, V., Kendall, A. and Cipolla, R. (2017). SegNet: a deep convolutional encoder-decoder architecture
    for image segmentation. IEEE TPAMI 39(12).
    """

    def __init__(
        self,
        channels: int,
        classes: int = 1,
        depth: int = 4,
        base_filters: int = 16,
        batch_norm: bool = True,
        **kwargs,
    ):
        config = {
            "channels": whole_number("SegNet", "channels", channels),
            "classes": whole_number("SegNet", "classes", classes),
            "depth": whole_number("SegNet", "depth", depth),
            "base_filters": whole_number("SegNet", "base_filters", base_filters),
            "batch_norm": one_of("SegNet", "batch_norm", batch_norm, (True, False)),
        }
        levels = vgg_plan(depth, base_filters)
        maps = inputs = keras.Input((None, None, channels), name="image")
        remembered = []
        for level, (count, channels_here) in enumerate(levels):
            for number in range(1, count + 1):
                maps = convolution(maps, channels_here, batch_norm, f"encode_{level}_{number}")
            unpooled = maps
            maps, places = MaxPoolingWithIndices2D(padding="same", name=f"pool_{level}")(maps)
            remembered.append((places, unpooled))
        for level, (count, channels_here) in reversed(list(enumerate(levels))):
            maps = MaxUnpooling2D(name=f"unpool_{level}")(maps, *remembered[level])
            for number in range(count, 1, -1):
                maps = convolution(maps, channels_here, batch_norm, f"decode_{level}_{number}")
            if level:
                above = levels[level - 1][1]  # as many as the places of the next unpooling
                maps = convolution(maps, above, batch_norm, f"decode_{level}_1")
        logits = layers.Conv2D(classes, 3, padding="same", name="logits")(maps)
        super().__init__(inputs, logits, **kwargs)
        self._config = config
