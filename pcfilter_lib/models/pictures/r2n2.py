"""3D-R2N2: pictures read one after another into a cube of recurrent units."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import number_within, one_of
from pcfilter_lib.layers import ConvGRU3D, PerView
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.pictures._parts import scaled

#: Sides of a picture, and how often it is halved.
SIZES = {28: 3, 56: 4, 112: 5, 128: 6, 224: 6}
_ENCODER, _DECODER = (96, 128, 256, 256, 256, 256), (128, 128, 64, 32)
_CODE, _HIDDEN = 1024, 128


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class R2N2(Architecture):
    """A volume of 32 x 32 x 32 probabilities, of an object in one or several pictures that are read in their order.

    A residual convolutional network describes each picture, a cube of gated recurrent units
    (:class:`pcfilter_lib.layers.ConvGRU3D`) reads the descriptions one after another, and transposed convolutions make
    a volume of what it remembers. So the result depends on the order of the pictures, and earlier ones are forgotten.

    Parameters
    ----------
    size : {28, 56, 112, 128, 224}, default 128
        Rows and columns of a picture. Small ones are halved less often.
    width : float, default 1
        Multiplies all channels, which keep 8 at least.

    Shapes
    ------
    Input (B, V, size, size, 3), colours from 0 to 1; V is free. Output, by name: ``refined`` (B, 32, 32, 32, 1),
    probabilities.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Choy, C. B., Xu, D., Gwak, J., Chen, K. and Savarese, S. (2016). 3D-R2N2: a unified approach for single and
    multi-view 3D object reconstruction. ECCV.
    """

    def __init__(self, size: int = 128, width: float = 1.0, **kwargs):
        config = {
            "size": one_of("R2N2", "size", size, tuple(SIZES)),
            "width": number_within("R2N2", "width", width, 0, 4, low_included=False),
        }
        picture = keras.Input((size, size, 3), name="picture")
        maps = picture
        for number, channels in enumerate(_ENCODER[: SIZES[size]]):
            maps = _residual(maps, scaled(channels, width), f"encode_{number}")
            maps = layers.MaxPooling2D(padding="same", name=f"pool_{number}")(maps)
        code = layers.Dense(scaled(_CODE, width), name="code")(layers.Flatten(name="flat")(maps))
        code = layers.LeakyReLU(0.1, name="code_act")(code)
        of_each = keras.Model(picture, code, name="of_each_picture")

        pictures = keras.Input((None, size, size, 3), name="pictures")
        cube = ConvGRU3D(scaled(_HIDDEN, width), name="memory")(PerView(of_each, name="codes")(pictures))
        for number, channels in enumerate(_DECODER):
            filters = scaled(channels, width)
            if number < 3:
                cube = layers.UpSampling3D(name=f"double_{number}")(cube)
            cube = layers.Conv3D(filters, 3, padding="same", name=f"decode_{number}")(cube)
            cube = layers.LeakyReLU(0.1, name=f"decode_{number}_act")(cube)
        volume = layers.Conv3D(1, 3, padding="same", activation="sigmoid", name="refined")(cube)
        super().__init__(pictures, {"refined": volume}, **kwargs)
        self._config = config


def _residual(maps, filters: int, name: str):
    """Return maps after two convolutions, with the input added."""
    before = layers.Conv2D(filters, 1, padding="same", name=f"{name}_beside")(maps)
    for number in (0, 1):
        maps = layers.Conv2D(filters, 3, padding="same", kernel_initializer="he_normal", name=f"{name}_{number}")(maps)
        maps = layers.LeakyReLU(0.1, name=f"{name}_{number}_act")(maps)
    return layers.Add(name=f"{name}_sum")([before, maps])
