"""What the networks on volumes are built of."""

from __future__ import annotations

from keras import layers

from pcfilter_lib.models._blocks import MOMENTUM


def convolution(volume, width: int, name: str, *, size: int = 3, padding: str = "same", dilation: int = 1):
    """Return `width` volumes: a convolution, its normalisation, and a rectifier."""
    convolved = layers.Conv3D(
        width,
        size,
        padding=padding,
        dilation_rate=dilation,
        use_bias=False,  # the normalisation brings its own
        kernel_initializer="he_normal",
        name=name,
    )
    volume = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(convolved(volume))
    return layers.ReLU(name=f"{name}_relu")(volume)


def encoder_decoder(volume, depth: int, widths: list[int]):
    """Return volumes of the input's size and ``widths[0]`` channels, for sizes that are multiples of ``2**depth``."""
    encoded = []
    for level in range(depth):
        volume = convolution(volume, widths[level], f"down_{level}_1")
        volume = convolution(volume, widths[level], f"down_{level}_2")
        encoded.append(volume)
        volume = layers.MaxPooling3D(name=f"pool_{level}")(volume)
    volume = convolution(volume, widths[depth], "bottom_1")
    volume = convolution(volume, widths[depth], "bottom_2")
    for level in reversed(range(depth)):
        volume = layers.Conv3D(widths[level], 1, name=f"up_{level}_channels")(volume)  # in this order: an eighth
        volume = layers.UpSampling3D(name=f"up_{level}")(volume)
        volume = layers.Concatenate(name=f"beside_{level}")([encoded[level], volume])
        volume = convolution(volume, widths[level], f"decode_{level}_1")
        volume = convolution(volume, widths[level], f"decode_{level}_2")
    return volume
