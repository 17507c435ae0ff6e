"""U-Net: an encoder, a decoder, and what the decoder is told again."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.layers import CropLike, DropBlock2D, PadToMultiple
from pcfilter_lib.models._blocks import UPSAMPLING, Architecture, twice_the_size, two_convolutions


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class UNet(Architecture):
    """A logit, or one for each class, at every pixel.

    On each level of the encoder two convolutions and a pooling, on each level of the decoder an upsampling, the maps of
    the encoder beside it, and two convolutions. Unlike the original, borders are padded, so that the output is as large
    as the input; any size will do, odd ones too.

    Parameters
    ----------
    channels : int
        Of the input.
    classes : int, default 1
        Of the output.
    depth : int, default 4
        How many times the maps are halved.
    base_filters : int, default 16
        Channels of the first level; each further one has twice as many.
    batch_norm : bool, default True
        Whether each convolution is normalised.
    dropout : float, default 0
        Share of the lowest level's values that are dropped in training, from 0 to below 1.
    drop_block : int, default 0
        Size of the blocks that are dropped instead of single values; 0 for single values.
    upsampling : {"bilinear", "transposed"}
        A fixed interpolation, or transposed convolutions that begin as one and learn.
    skip_connections : bool, default True
        Whether the decoder is told the encoder's maps; without them it has only what passed the bottom, which shows
        what they are for.
    max_filters : int, optional
        Channels that no level exceeds. The lowest levels hold most of the parameters: with 16 base filters, a depth
        of 4 and at most 64 channels there are 0.5 million instead of 1.8.

    Shapes
    ------
    Input (B, H, W, channels), output (B, H, W, classes): logits. H and W are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Ronneberger, O., Fischer, P. and Brox, T. (2015). U-Net: convolutional networks for biomedical image segmentation.
    MICCAI.
    """

    def __init__(
        self,
        channels: int,
        classes: int = 1,
        depth: int = 4,
        base_filters: int = 16,
        batch_norm: bool = True,
        dropout: float = 0.0,
        drop_block: int = 0,
        upsampling: str = "bilinear",
        skip_connections: bool = True,
        max_filters: int | None = None,
        **kwargs,
    ):
        config = {
            "channels": whole_number("UNet", "channels", channels),
            "classes": whole_number("UNet", "classes", classes),
            "depth": whole_number("UNet", "depth", depth),
            "base_filters": whole_number("UNet", "base_filters", base_filters),
            "batch_norm": one_of("UNet", "batch_norm", batch_norm, (True, False)),
            "dropout": number_within("UNet", "dropout", dropout, 0, 1, high_included=False),
            "drop_block": whole_number("UNet", "drop_block", drop_block, at_least=0),
            "upsampling": one_of("UNet", "upsampling", upsampling, UPSAMPLING),
            "skip_connections": one_of("UNet", "skip_connections", skip_connections, (True, False)),
            "max_filters": max_filters if max_filters is None else whole_number("UNet", "max_filters", max_filters),
        }
        widths = [min(base_filters * 2**level, max_filters or base_filters * 2**level) for level in range(depth + 1)]
        inputs = keras.Input((None, None, channels), name="image")
        maps = PadToMultiple(2**depth, name="pad")(inputs)
        encoded = []
        for level in range(depth):
            maps = two_convolutions(maps, widths[level], batch_norm, f"down_{level}")
            encoded.append(maps)
            maps = layers.MaxPooling2D(name=f"pool_{level}")(maps)
        maps = two_convolutions(maps, widths[depth], batch_norm, "bottom")
        if dropout:
            drop = DropBlock2D(dropout, drop_block) if drop_block else layers.Dropout(dropout)
            maps = drop(maps)
        for level in reversed(range(depth)):
            maps = twice_the_size(maps, widths[level], upsampling, f"up_{level}")
            if skip_connections:
                maps = layers.Concatenate(name=f"beside_{level}")([encoded[level], maps])
            maps = two_convolutions(maps, widths[level], batch_norm, f"decode_{level}")
        logits = layers.Conv2D(classes, 1, name="logits")(maps)
        super().__init__(inputs, CropLike(name="crop")([logits, inputs]), **kwargs)
        self._config = config
