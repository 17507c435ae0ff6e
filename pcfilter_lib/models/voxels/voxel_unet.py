"""U-Net in three dimensions."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.layers import CropLike, PadToMultiple
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.voxels._blocks import encoder_decoder


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class VoxelUNet(Architecture):
    """One number, or several, at every voxel.

    On each level of the encoder two convolutions and a pooling, on each level of the decoder an upsampling, the maps of
    the encoder beside it, and two convolutions. Borders are padded; any size will do, odd ones too.

    Parameters
    ----------
    channels : int
        Of the input: a distance and whether it is known, for instance.
    outputs : int, default 1
        Numbers at each voxel of the output: logits of classes, or a distance.
    depth : int, default 2
        How many times the maps are halved.
    base_filters : int, default 16
        Channels of the first level; each further one has twice as many.

    Shapes
    ------
    Input (B, X, Y, Z, channels), output (B, X, Y, Z, outputs), without an activation. All sizes are free.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Çiçek, Ö., Abdulkadir, A., Lienkamp, S. S., Brox, T. and Ronneberger, O. (2016). 3D U-Net: learning dense volumetric
    segmentation from sparse annotation. MICCAI.
    """

    def __init__(self, channels: int, outputs: int = 1, depth: int = 2, base_filters: int = 16, **kwargs):
        config = {
            "channels": whole_number("VoxelUNet", "channels", channels),
            "outputs": whole_number("VoxelUNet", "outputs", outputs),
            "depth": whole_number("VoxelUNet", "depth", depth),
            "base_filters": whole_number("VoxelUNet", "base_filters", base_filters),
        }
        volume = keras.Input((None, None, None, channels), name="volume")
        padded = PadToMultiple(2**depth, name="pad")(volume)
        maps = encoder_decoder(padded, depth, [base_filters * 2**level for level in range(depth + 1)])
        values = layers.Conv3D(outputs, 1, name="values")(maps)
        super().__init__(volume, CropLike(name="crop")([values, volume]), **kwargs)
        self._config = config
