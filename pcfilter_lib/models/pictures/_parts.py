"""What networks from pictures to volumes are built of."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib.layers import ContextFusion, InvertedResidualBlock

#: Feature maps that stay beside a volume as its context.
CONTEXT = 8
#: MobileNetV2 up to block 14: expansion, channels, repetitions, stride of the first.
MOBILENET = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1))
#: VGG16 up to the first convolution of its fourth block: channels and repetitions, with a pooling between.
VGG = ((64, 2), (128, 2), (256, 3), (512, 1))


def scaled(channels: int, width: float, at_least: int = CONTEXT) -> int:
    """Return so many times as many channels, and not too few."""
    return max(at_least, round(channels * width))


def convolved(maps, filters: int, size: int, activation: str, name: str, drop=None):
    """Return maps after a convolution without padding, its normalisation, an optional dropout, and an activation."""
    maps = layers.Conv2D(filters, size, name=name)(maps)
    maps = layers.BatchNormalization(name=f"{name}_norm")(maps)
    maps = maps if drop is None else drop(maps)
    return layers.Activation(activation, name=f"{name}_{activation}")(maps)


def vgg(picture, halvings: int, width: float):
    """Return maps of VGG16 with normalisations: of its last blocks, so many of which are followed by a pooling."""
    maps = picture
    for number, (channels, count) in enumerate((*VGG[:-1][3 - halvings :], VGG[-1])):
        for each in range(count):
            name = f"block_{number}_{each}"
            maps = layers.Conv2D(scaled(channels, width), 3, padding="same", name=name)(maps)
            maps = layers.BatchNormalization(name=f"{name}_norm")(maps)
            maps = layers.ReLU(name=f"{name}_relu")(maps)
        if number < halvings:
            maps = layers.MaxPooling2D(name=f"pool_{number}")(maps)
    return maps


def mobilenet(picture, halvings: int, width: float):
    """Return maps of MobileNetV2 up to block 14, halved so many times, 4 at most: the first strides are left out."""
    strides = [2 if number >= 4 - halvings else 1 for number in range(4)]
    maps = layers.Conv2D(
        scaled(32, width),
        3,
        strides=strides[0],
        padding="same",
        use_bias=False,
        name="stem",
        kernel_initializer="he_normal",
    )(picture)
    maps = layers.ReLU(6.0, name="stem_relu")(layers.BatchNormalization(name="stem_norm")(maps))
    halving = iter(strides[1:])
    for stage, (expansion, channels, count, stride) in enumerate(MOBILENET):
        for each in range(count):
            step = next(halving) if stride == 2 and each == 0 else 1
            block = InvertedResidualBlock(scaled(channels, width), expansion, step, name=f"stage_{stage}_{each}")
            maps = block(maps)
    return maps


def decoder(features: int, width: float, activation: str) -> keras.Model:
    """Return a network from a cube of 2 x 2 x 2 cells to 32 x 32 x 32: the context, and last the volume."""
    cube = maps = keras.Input((2, 2, 2, features), name="cube")
    for number, filters in enumerate((scaled(512, width), scaled(128, width), scaled(32, width), CONTEXT)):
        doubled = layers.Conv3DTranspose(filters, 4, strides=2, padding="same", use_bias=False, name=f"double_{number}")
        maps = layers.BatchNormalization(name=f"double_{number}_norm")(doubled(maps))
        maps = layers.Activation(activation, name=f"double_{number}_{activation}")(maps)
    volume = layers.Conv3D(1, 1, use_bias=False, activation="sigmoid", name="volume")(maps)
    return keras.Model(cube, layers.Concatenate(name="context_and_volume")([maps, volume]), name="decoder")


def fusion(width: float, activation: str) -> ContextFusion:
    """Return the layer that fuses volumes: five convolutions at the published width, two in narrow networks."""
    return ContextFusion((16, 8, 4, 2, 1) if width >= 0.5 else (4, 1), activation, name="fusion")


def refiner(width: float, activation: str, dense: int = 2, dropout: float = 0.0) -> keras.Model:
    """Return a U-Net from a volume to a better one, which is the mean of the volume and of what the U-Net makes.

    `dense` layers stand at the bottleneck; the last of them brings the features back to their number.
    """
    volume = keras.Input((32, 32, 32, 1), name="volume")
    maps, encoded = volume, []
    for number, channels in enumerate((32, 64, 128)):
        # Padded by 2 on each side, as PyTorch's Conv3d(4, padding=2): 33 values, of which the pooling makes 16.
        padded = layers.ZeroPadding3D(2, name=f"pad_{number}")(maps)
        maps = layers.Conv3D(scaled(channels, width), 4, name=f"down_{number}")(padded)
        maps = layers.BatchNormalization(name=f"down_{number}_norm")(maps)
        maps = layers.MaxPooling3D(name=f"pool_{number}")(
            layers.Activation(activation, name=f"down_{number}_act")(maps)
        )
        encoded.append(maps)
    flat = layers.Flatten(name="flat")(maps)
    size = flat.shape[-1]
    for number in range(dense):
        units = scaled(2048, width) if number < dense - 1 else size
        flat = layers.Dense(units, activation="relu", name=f"dense_{number}")(flat)
        flat = layers.Dropout(dropout, name=f"dropout_{number}")(flat) if dropout else flat
    maps = layers.Add(name="skip_2")([encoded[2], layers.Reshape(maps.shape[1:], name="cube")(flat)])
    for number, channels in ((1, 64), (0, 32)):
        doubled = layers.Conv3DTranspose(
            scaled(channels, width), 4, strides=2, padding="same", use_bias=False, name=f"up_{number}"
        )
        maps = layers.BatchNormalization(name=f"up_{number}_norm")(doubled(maps))
        maps = layers.Activation("relu" if activation == "leaky_relu" else activation, name=f"up_{number}_act")(maps)
        maps = layers.Add(name=f"skip_{number}")([encoded[number], maps])
    last = layers.Conv3DTranspose(1, 4, strides=2, padding="same", use_bias=False, activation="sigmoid", name="last")
    refined = layers.Average(name="refined")([volume, last(maps)])
    return keras.Model(volume, refined, name="refiner")
