"""YOVO: three volumes of each picture, from three levels of abstraction."""

from __future__ import annotations

from collections.abc import Sequence

import keras
from keras import layers, ops

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import DropBlock2D, PerView, PictureToCube
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.pictures import _parts

#: Sides of a picture, and how often the backbone halves it; 14 rows are left.
SIZES = {28: 1, 56: 2, 112: 3, 224: 4}
LEVELS = ((192, 384), (320,), (128, 128))
_LAST = 256  # channels of each level, in 8 x 8


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class YOVO(Architecture):
    """A volume of 32 x 32 x 32 probabilities, of an object in one or several pictures, by way of three volumes of each.

    The backbone is MobileNetV2 up to its block 14. Three levels of convolutions without padding follow it: the first
    and the last begin at the backbone, the second at the first layer of the last. The same decoder makes a volume of
    each level; all volumes of all pictures are fused voxel by voxel, and a 3-D U-Net refines the result. With
    ``width=1`` and pictures of 224 x 224 it has 114,589,683 parameters.

    Parameters
    ----------
    size : {224, 112, 56, 28}, default 224
        Rows and columns of a picture. The first strides of the backbone are left out for small ones.
    width : float, default 1
        Multiplies the channels of all parts but the backbone, which keep 8 at least.
    backbone_width : float, default 1
        Multiplies the channels of the backbone.
    levels : sequence of sequences of int
        Channels of each level's convolutions, before the last one to 256. Those of one or two convolutions take away
        from the backbone's 14 rows what leaves 8.
    dropout : float, default 0.1
        Dropout rate after the dense layers of the refiner, in [0, 1).
    drop_block : float, default 0.05
        Rate of DropBlock after the first two convolutions of each level, in [0, 1).

    Shapes
    ------
    Input (B, V, size, size, 3), colours from 0 to 1; V is free. Outputs, by name: ``merged`` and ``refined``, each
    (B, 32, 32, 32, 1), probabilities.

    Raises
    ------
    InputError
        If an argument is out of its range, or a level does not end with 8 rows.
    """

    def __init__(
        self,
        size: int = 224,
        width: float = 1.0,
        backbone_width: float = 1.0,
        levels: Sequence[Sequence[int]] = LEVELS,
        dropout: float = 0.1,
        drop_block: float = 0.05,
        **kwargs,
    ):
        config = {
            "size": one_of("YOVO", "size", size, tuple(SIZES)),
            "width": number_within("YOVO", "width", width, 0, 4, low_included=False),
            "backbone_width": number_within("YOVO", "backbone_width", backbone_width, 0, 4, low_included=False),
            "levels": tuple(tuple(whole_number("YOVO", "levels", each) for each in level) for level in levels),
            "dropout": number_within("YOVO", "dropout", dropout, 0, 1, high_included=False),
            "drop_block": number_within("YOVO", "drop_block", drop_block, 0, 1, high_included=False),
        }
        if not levels or any(len(level) not in (1, 2) for level in levels) or len(levels[-1]) != 2:
            problem = f"{levels} do not all end with 8 rows"
            raise InputError("YOVO", "levels", problem, "give one or two channels a level, and two for the last")
        picture = keras.Input((size, size, 3), name="picture")
        maps = _parts.mobilenet(picture, SIZES[size], backbone_width)
        described = _levels(maps, config["levels"], width, drop_block)
        cubes = [PictureToCube(name=f"cube_{number}")(each) for number, each in enumerate(described)]
        decode = _parts.decoder(cubes[0].shape[-1], width, "mish")
        of_each = keras.Model(picture, ops.stack([decode(cube) for cube in cubes], axis=1), name="of_each_picture")

        pictures = keras.Input((None, size, size, 3), name="pictures")
        volumes = PerView(of_each, name="volumes")(pictures)
        volumes = layers.Reshape((-1, *volumes.shape[3:]), name="all_volumes")(volumes)
        merged = _parts.fusion(width, "mish")(volumes)
        refined = _parts.refiner(width, "mish", dense=3, dropout=dropout)(merged)
        super().__init__(pictures, {"merged": merged, "refined": refined}, **kwargs)
        self._config = config


def _levels(maps, levels: Sequence[Sequence[int]], width: float, rate: float) -> list:
    """Return 8 x 8 maps of each level; those of a single convolution begin at the first layer of the last level."""
    *others, last = levels

    def level(maps, channels, name, first=0):
        for number, each in enumerate(channels, first):
            drop = DropBlock2D(rate, 1 + number, name=f"{name}_drop_{number}") if rate else None
            maps = _parts.convolved(maps, _parts.scaled(each, width), 3, "elu", f"{name}_{number}", drop)
        return maps

    def finished(maps, name):
        return _parts.convolved(maps, _parts.scaled(_LAST, width), 3, "mish", f"{name}_last")

    shared = level(maps, last[:1], "last")
    found = []
    for number, channels in enumerate(others):
        name = f"level_{number}"
        start, first = (maps, 0) if len(channels) == 2 else (shared, 1)
        found.append(finished(level(start, channels, name, first), name))
    return [*found, finished(level(shared, last[1:], "last", 1), "last")]
