"""How many multiplications each of Keras's layers takes, and each of our own, for :mod:`pcfilter_lib.cost`.

Each rule gets the layer, the shapes that go in and the shape that comes out, all without the batch.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from pcfilter_lib import layers
from pcfilter_lib.frameworks import import_keras
from pcfilter_lib.models.fcn import EnlargeBilinearly

keras = import_keras()

Shape = tuple[int | None, ...]


def _dense(layer: Any, shapes: list[Shape], output: Shape) -> int:
    return math.prod(shapes[0]) * layer.units


def _dense_global_max(layer: Any, shapes: list[Shape], output: Shape) -> int:
    return _dense(layer, shapes, output) + layer.units  # normalised after the maximum


def _convolution(layer: Any, shapes: list[Shape], output: Shape) -> int:
    positions = math.prod(output[:-1] if _channels_last(layer) else output[1:])
    return positions * math.prod(layer.kernel.shape)  # (*size, channels in / groups, filters)


def _transposed_convolution(layer: Any, shapes: list[Shape], output: Shape) -> int:
    positions = math.prod(shapes[0][:-1] if _channels_last(layer) else shapes[0][1:])
    return positions * math.prod(layer.kernel.shape)  # each input pixel is spread over a whole window


def _separable_convolution(layer: Any, shapes: list[Shape], output: Shape) -> int:
    positions = math.prod(output[:-1] if _channels_last(layer) else output[1:])
    return positions * (math.prod(layer.depthwise_kernel.shape) + math.prod(layer.pointwise_kernel.shape))


def _each_output(layer: Any, shapes: list[Shape], output: Shape) -> int:
    """One multiplication for each number that comes out: a normalisation's scale, the division of a mean."""
    return math.prod(output)


def _interpolation(layer: Any, shapes: list[Shape], output: Shape) -> int:
    """Weighted means of two, along one axis and then along the other: twice half the output, and twice all of it."""
    return 3 * math.prod(output)


def _enlarging(layer: Any, shapes: list[Shape], output: Shape) -> int:
    rows, columns, _ = shapes[0]
    return (rows + 2) * (columns + 2) * math.prod(layer.kernel.shape)  # the border is repeated once on each side


def _product(layer: Any, shapes: list[Shape], output: Shape) -> int:
    return (len(shapes) - 1) * math.prod(output)


def _point_transform(layer: Any, shapes: list[Shape], output: Shape) -> int:
    """Count the shared layers, the head, their normalisations, the matrix, and the points times it."""
    points, size = shapes[0]
    widths, head = (size, *layer.widths), (layer.widths[-1], *layer.head)
    shared = points * (sum(a * b for a, b in pairwise(widths)) + sum(layer.widths[:-1]))  # the last is normalised once
    told = sum(a * b for a, b in pairwise(head)) + sum(layer.head) + head[-1] * size**2
    return shared + layer.widths[-1] + told + points * size**2


def _free(layer: Any, shapes: list[Shape], output: Shape) -> int:
    return 0


def _channels_last(layer: Any) -> bool:
    return layer.data_format == "channels_last"


_NAMES_BY_RULE = {
    _dense: "Dense",
    _convolution: "Conv1D Conv2D Conv3D DepthwiseConv1D DepthwiseConv2D",
    _transposed_convolution: "Conv1DTranspose Conv2DTranspose Conv3DTranspose",
    _separable_convolution: "SeparableConv1D SeparableConv2D",
    _each_output: "BatchNormalization Rescaling Average AveragePooling1D AveragePooling2D AveragePooling3D "
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D",
    _product: "Multiply",
    _free: "InputLayer Identity Embedding Activation ReLU LeakyReLU ELU PReLU Softmax Dropout SpatialDropout1D "
    "SpatialDropout2D SpatialDropout3D AlphaDropout GaussianDropout GaussianNoise Flatten Reshape Permute RepeatVector "
    "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D UpSampling1D UpSampling3D "
    "MaxPooling1D MaxPooling2D MaxPooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D "
    "Add Subtract Maximum Minimum Concatenate",
}
# The class itself, not those derived from it: they may do more.
RULES = {getattr(keras.layers, name): rule for rule, names in _NAMES_BY_RULE.items() for name in names.split()}
RULES |= {
    layers.BilinearUpsampling2D: _interpolation,
    layers.CropLike: _free,
    layers.DenseGlobalMax: _dense_global_max,
    layers.MaxPoolingWithIndices2D: _free,
    layers.MaxUnpooling2D: _free,
    layers.PadToMultiple: _free,
    layers.PointTransform: _point_transform,
    EnlargeBilinearly: _enlarging,
}
FREE_OPERATIONS = {"Add", "Subtract", "Negative", "Concatenate", "Reshape", "Transpose", "Relu", "Relu6", "GetItem"}
