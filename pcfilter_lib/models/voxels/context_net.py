"""A network that sees a fixed neighbourhood of each voxel, window by window or a whole room at once."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.voxels._blocks import convolution


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class VoxelContextNet(Architecture):
    """A logit for each class, at every voxel, from a neighbourhood of fixed size.

    Convolutions of 3 whose dilation doubles, so that four of them see 31 voxels, as the windows of ScanNet do. Nothing
    is pooled and nothing has a stride: moving the input by a voxel moves the output by a voxel, and the network
    can be trained on windows and applied to a whole room in one pass.

    Parameters
    ----------
    classes : int
        Of the output.
    channels : int, default 1
        Of the input.
    width : int, default 16
        Channels of each convolution.
    dilations : sequence of int, default (1, 2, 4, 8)
        Of each convolution. An output sees ``1 + 2 sum(dilations)`` voxels along each axis.
    padding : {"valid", "same"}
        *valid*: an output only where all of these voxels are, so that every window gives the same numbers wherever it
        lies. *same*: as many outputs as inputs, each convolution padded with zeros, which a window in the middle of a
        room does not have.

    Shapes
    ------
    Input (B, X, Y, Z, channels), output (B, X', Y', Z', classes): logits; all sizes are free. With valid padding,
    ``X' = X - 2 sum(dilations)``.

    Raises
    ------
    InputError
        If an argument is not allowed.

    References
    ----------
    Yu, F. and Koltun, V. (2016). Multi-scale context aggregation by dilated convolutions. ICLR.
    Dai, A., Chang, A. X., Savva, M., Halber, M., Funkhouser, T. and Nießner, M. (2017). ScanNet: richly-annotated 3D
    reconstructions of indoor scenes. CVPR.
    """

    def __init__(
        self,
        classes: int,
        channels: int = 1,
        width: int = 16,
        dilations: tuple[int, ...] = (1, 2, 4, 8),
        padding: str = "valid",
        **kwargs,
    ):
        if not isinstance(dilations, list | tuple) or not dilations:
            raise InputError("VoxelContextNet", "dilations", f"{dilations!r} is not allowed", "pass (1, 2, 4, 8)")
        config = {
            "classes": whole_number("VoxelContextNet", "classes", classes),
            "channels": whole_number("VoxelContextNet", "channels", channels),
            "width": whole_number("VoxelContextNet", "width", width),
            "dilations": [whole_number("VoxelContextNet", "dilations", each) for each in dilations],
            "padding": one_of("VoxelContextNet", "padding", padding, ("valid", "same")),
        }
        volume = keras.Input((None, None, None, channels), name="volume")
        maps = volume
        for number, dilation in enumerate(config["dilations"]):
            maps = convolution(maps, width, f"conv_{number}", padding=padding, dilation=dilation)
        super().__init__(volume, layers.Conv3D(classes, 1, name="logits")(maps), **kwargs)
        self._config = config

    @property
    def reach(self) -> int:
        """How many voxels an output sees on each side of its own."""
        return sum(self._config["dilations"])
