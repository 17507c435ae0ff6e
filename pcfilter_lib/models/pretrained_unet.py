"""A U-Net whose encoder has learnt on photographs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import CropLike, PadToMultiple
from pcfilter_lib.models._blocks import UPSAMPLING, Architecture, twice_the_size, two_convolutions, vgg_plan
from pcfilter_lib.models._load import first_line


class _Encoder(NamedTuple):
    network: str
    """Its name in keras.applications."""

    taps: tuple[str, ...]
    """The layers whose maps the decoder is told: the last one of each level, from the whole size to a 32nd of it."""

    scale: float
    offset: tuple[float, float, float]
    """What it has been trained on is ``scale * colour + offset`` of red, green and blue from 0 to 1."""

    first: str
    """The convolution that sees the colours."""

    reversed: bool
    """Whether this one has been trained on blue, green, red."""


_ENCODERS = {
    "vgg16": _Encoder(
        "VGG16",
        ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3", "block5_conv3", "block5_pool"),
        255.0,
        (-123.68, -116.779, -103.939),
        "block1_conv1",
        True,
    ),
    "mobilenet_v2": _Encoder(
        "MobileNetV2",
        ("", "block_1_expand_relu", "block_3_expand_relu", "block_6_expand_relu", "block_13_expand_relu", "out_relu"),
        2.0,
        (-1.0, -1.0, -1.0),
        "Conv1",
        False,
    ),
}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PretrainedUNet(Architecture):
    """A logit, or one for each class, at every pixel, by a U-Net on an encoder trained for another task.

    The encoder is VGG16 or MobileNetV2 without its classifier, as in `keras.applications`, whose weights from ImageNet
    already tell edges and textures. The decoder is that of :class:`UNet`: on each level an upsampling, the encoder's
    maps beside it, and two convolutions. TernausNet is this with VGG11. Any size will do, odd ones too.

    What the encoder expects of colours is done inside. Inputs with three channels are taken for red, green and blue.
    With any other number (intensity, depth, normals) a 1x1 convolution in front makes three of them and learns how;
    so the encoder's own first layer stays as it was trained, whichever encoder it is, and the range of the values
    is learnt, too. It begins with one channel as a grey picture, and with several as each in one colour, in turn.

    Parameters
    ----------
    channels : int, default 3
        Of the input.
    classes : int, default 1
        Of the output.
    encoder : {"vgg16", "mobilenet_v2"}
        14.7 and 2.3 million weights. MobileNetV2 halves its maps at once: on the finest level, the decoder is told the
        colours themselves.
    weights : str or os.PathLike, optional
        A local file with the encoder's weights without its classifier: ``.h5`` as Keras offers it for download,
        ``.weights.h5``, or a ``.keras`` file of the whole network; or ``"imagenet"``, which Keras downloads (once, to
        ``~/.keras/models``). Where not given, they are drawn at random, and nothing is downloaded. A saved model brings
        its own weights.
    depth : int, default 5
        How many times the maps are halved, from 1 to 5; a smaller depth leaves out the encoder's deeper layers.
    base_filters : int, default 16
        Channels of the decoder's finest level; each coarser one has twice as many, up to 8 times that.
    batch_norm : bool, default True
        Whether each convolution of the decoder is normalised.
    upsampling : {"bilinear", "transposed"}
        A fixed interpolation, or transposed convolutions that begin as one and learn.
    max_value : float, default 1
        The largest value of a colour: 255 for images of bytes.
    freeze_encoder : bool, default False
        Keep the encoder as it is, its normalisations included. ``model.get_layer("encoder").trainable = True`` thaws
        it, before the model is compiled again.

    Shapes
    ------
    Input (B, H, W, channels), output (B, H, W, classes): logits. H and W are free.

    Raises
    ------
    InputError
        If an argument is out of its range, the weights cannot be downloaded, or the file does not hold them.

    References
    ----------
    Iglovikov, V. and Shvets, A. (2018). TernausNet: U-Net with VGG11 encoder pre-trained on ImageNet for image
    segmentation. arXiv:1801.05746.

    Simonyan, K. and Zisserman, A. (2015). Very deep convolutional networks for large-scale image recognition. ICLR.

    Sandler, M., Howard, A., Zhu, M., Zhmoginov, A. and Chen, L.-C. (2018). MobileNetV2: inverted residuals and linear
    bottlenecks. CVPR.
    """

    def __init__(
        self,
        channels: int = 3,
        classes: int = 1,
        encoder: str = "vgg16",
        weights: str | os.PathLike | None = None,
        depth: int = 5,
        base_filters: int = 16,
        batch_norm: bool = True,
        upsampling: str = "bilinear",
        max_value: float = 1.0,
        freeze_encoder: bool = False,
        **kwargs,
    ):
        config = {
            "channels": whole_number("PretrainedUNet", "channels", channels),
            "classes": whole_number("PretrainedUNet", "classes", classes),
            "encoder": one_of("PretrainedUNet", "encoder", encoder, tuple(_ENCODERS)),
            "depth": one_of("PretrainedUNet", "depth", depth, (1, 2, 3, 4, 5)),
            "base_filters": whole_number("PretrainedUNet", "base_filters", base_filters),
            "batch_norm": one_of("PretrainedUNet", "batch_norm", batch_norm, (True, False)),
            "upsampling": one_of("PretrainedUNet", "upsampling", upsampling, UPSAMPLING),
            "max_value": number_within("PretrainedUNet", "max_value", max_value, 0, 1e6, low_included=False),
        }
        one_of("PretrainedUNet", "freeze_encoder", freeze_encoder, (True, False))
        kind = _ENCODERS[encoder]
        maps = inputs = keras.Input((None, None, channels), name="image")
        if channels != 3:
            maps = layers.Conv2D(3, 1, kernel_initializer=_in_turn, name="colours")(maps)
        maps = layers.Rescaling(kind.scale / max_value, kind.offset, name="rescale")(maps)
        maps = PadToMultiple(2**depth, name="pad")(maps)  # with the mean colour, as inside the encoder
        network = _network(kind, weights, depth)
        network.trainable = not freeze_encoder
        told = [maps] if len(network.outputs) == depth else []
        *told, maps = [*told, *keras.tree.flatten(network(maps))]
        widths = [channels_here for _, channels_here in vgg_plan(depth + 1, base_filters)]
        maps = two_convolutions(maps, widths[depth], batch_norm, "bottom")
        for level in reversed(range(depth)):
            maps = twice_the_size(maps, widths[level], upsampling, f"up_{level}")
            maps = layers.Concatenate(name=f"beside_{level}")([told[level], maps])
            maps = two_convolutions(maps, widths[level], batch_norm, f"decode_{level}")
        logits = layers.Conv2D(classes, 1, name="logits")(maps)
        super().__init__(inputs, CropLike(name="crop")([logits, inputs]), **kwargs)
        self._config = config

    def get_config(self):
        """Return the arguments but the weights, which are in the saved model, and whether the encoder is frozen now."""
        return {**super().get_config(), "freeze_encoder": not self.get_layer("encoder").trainable}


def _in_turn(shape, dtype=None):
    """Return a kernel (1, 1, C, 3): the channels are red, green, blue, red and so on, a colour the mean of its own."""
    rows, colours = np.arange(shape[-2])[:, None], np.arange(3)
    kernel = (rows % 3 == colours) | (rows == colours % shape[-2])
    return keras.ops.convert_to_tensor((kernel / kernel.sum(axis=0)).reshape(shape), dtype)


def _network(kind: _Encoder, weights: str | os.PathLike | None, depth: int) -> keras.Model:
    """Return the encoder: from colours to the maps of each level."""
    build = getattr(keras.applications, kind.network)
    options = {"include_top": False, "input_shape": (None, None, 3)}
    if weights == "imagenet":
        try:
            network = build(weights="imagenet", **options)
        except Exception as error:  # Keras raises a bare Exception
            remedy = "download it elsewhere and pass weights='/path/to/the/file.h5', or leave weights out"
            raise InputError(
                "PretrainedUNet", "weights", f"they cannot be downloaded ({first_line(error)})", remedy
            ) from error
    else:
        network = build(weights=None, **options)
        if weights is not None:
            _load(network, Path(weights))
    if weights is not None and kind.reversed:  # colours come as red, green, blue: turn what meets them, once
        convolution = network.get_layer(kind.first)
        kernel, *rest = convolution.get_weights()
        convolution.set_weights([np.ascontiguousarray(kernel[:, :, ::-1]), *rest])
    taps = [network.get_layer(name).output for name in kind.taps[: depth + 1] if name]
    return keras.Model(network.input, taps, name="encoder")


def _load(network: keras.Model, path: Path) -> None:
    if not path.is_file():
        remedy = "pass the path of a local file, 'imagenet', or nothing"
        raise InputError("PretrainedUNet", "weights", f"there is no file {path}", remedy)
    try:
        if path.suffix == ".keras":
            source = keras.saving.load_model(path, compile=False)
            for layer in network.layers:
                if layer.weights:
                    layer.set_weights(source.get_layer(layer.name).get_weights())
        else:
            network.load_weights(path)
    except Exception as error:  # another network, or a broken file: h5py, zip and Keras fail in many ways
        problem = f"it does not hold those of {network.name} ({first_line(error)})"
        raise InputError(path, "", problem, "pass the network's weights, without its classifier") from error
