"""Pix2Vox: a network from one or several pictures to a volume."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of
from pcfilter_lib.layers import PerView, PictureToCube
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.pictures import _parts

#: Sides of a picture, and how often the backbone halves it; 28 rows are left.
SIZES = {28: 0, 56: 1, 112: 2, 224: 3}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Pix2Vox(Architecture):
    """A volume of 32 x 32 x 32 probabilities, of an object in one or several pictures.

    The same encoder and decoder make a volume of each picture: VGG16 up to the first convolution of its fourth block,
    three further convolutions, a reshape from maps to a cube, four transposed convolutions. The volumes are fused voxel
    by voxel (:class:`pcfilter_lib.layers.ContextFusion`), and a 3-D U-Net refines the result. With ``width=1`` and
    pictures of 224 x 224 this is Pix2Vox-A, with 114,244,467 parameters.

    Parameters
    ----------
    size : {224, 112, 56, 28}, default 224
        Rows and columns of a picture. Small pictures pass through fewer of VGG's blocks.
    width : float, default 1
        Multiplies the channels of all parts but the backbone, which keep 8 at least.
    backbone_width : float, default 1
        Multiplies the channels of the backbone.

    Shapes
    ------
    Input (B, V, size, size, 3), colours from 0 to 1; V is free. Outputs, by name: ``merged`` and ``refined``, each
    (B, 32, 32, 32, 1), probabilities.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Xie, H., Yao, H., Sun, X., Zhou, S. and Zhang, S. (2019). Pix2Vox: context-aware 3D reconstruction from single and
    multi-view images. ICCV.
    """

    def __init__(self, size: int = 224, width: float = 1.0, backbone_width: float = 1.0, **kwargs):
        config = {
            "size": one_of("Pix2Vox", "size", size, tuple(SIZES)),
            "width": number_within("Pix2Vox", "width", width, 0, 4, low_included=False),
            "backbone_width": number_within("Pix2Vox", "backbone_width", backbone_width, 0, 4, low_included=False),
        }
        picture = keras.Input((size, size, 3), name="picture")
        maps = _parts.vgg(picture, SIZES[size], backbone_width)
        maps = _parts.convolved(maps, _parts.scaled(512, width), 3, "elu", "encode_0")
        maps = _parts.convolved(maps, _parts.scaled(512, width), 3, "elu", "encode_1")
        maps = layers.MaxPooling2D(3, name="encode_pool")(maps)
        maps = _parts.convolved(maps, _parts.scaled(256, width), 1, "elu", "encode_2")
        cube = PictureToCube(name="cube")(maps)
        volume = _parts.decoder(cube.shape[-1], width, "relu")(cube)
        of_each = keras.Model(picture, volume, name="of_each_picture")

        pictures = keras.Input((None, size, size, 3), name="pictures")
        volumes = PerView(of_each, name="volumes")(pictures)
        merged = _parts.fusion(width, "leaky_relu")(volumes)
        refined = _parts.refiner(width, "leaky_relu")(merged)
        super().__init__(pictures, {"merged": merged, "refined": refined}, **kwargs)
        self._config = config
