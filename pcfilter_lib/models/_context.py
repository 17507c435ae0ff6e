"""How far a network looks around each pixel, followed layer by layer through its graph."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any, NamedTuple

import keras
from keras import layers

from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import (
    BilinearUpsampling2D,
    CropLike,
    DropBlock2D,
    DropBlock3D,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    PadToMultiple,
)


class Context(NamedTuple):
    """What an output pixel sees along one axis, in pixels of the input."""

    before: int
    """How many pixels before its own."""

    after: int
    """How many pixels after its own."""

    stride: int
    """Shifting the image by multiples of this shifts the output, and changes nothing else away from the borders."""


class _Map(NamedTuple):
    """An entry of a map covers `scale` pixels, and sees some more before and after these."""

    scale: Fraction
    before: Fraction
    after: Fraction


_POINTWISE = (
    *(layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU, layers.Activation, layers.Softmax, layers.Dense),
    *(layers.BatchNormalization, layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout),
    *(layers.Rescaling, layers.Normalization, layers.Identity, layers.InputLayer, layers.SpatialDropout3D),
    *(DropBlock2D, DropBlock3D, CropLike),
)
_MERGING = (layers.Concatenate, layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum)
_MERGING += (layers.Minimum,)
_POOLING = (layers.MaxPooling2D, layers.AveragePooling2D, MaxPoolingWithIndices2D)
_POOLING += (layers.MaxPooling3D, layers.AveragePooling3D)
_CONVOLUTION = (layers.Conv2D, layers.Conv3D, layers.DepthwiseConv2D, layers.SeparableConv2D)
_TRANSPOSED = (layers.Conv2DTranspose, layers.Conv3DTranspose)
_UPSAMPLING = (layers.UpSampling2D, layers.UpSampling3D)
_PADDING, _CROPPING = (layers.ZeroPadding2D, layers.ZeroPadding3D), (layers.Cropping2D, layers.Cropping3D)


def context(model: keras.Model) -> tuple[Context, ...]:
    """Follow what each map sees, from the input to the output, along each axis.

    Parameters
    ----------
    model : keras.Model
        Functional or sequential, from (B, H, W, C) to (B, H, W, C'), or from (B, X, Y, Z, C) to (B, X, Y, Z, C').

    Returns
    -------
    tuple of Context
        Down the image, and to the right; or along x, y and z. An upper bound, which not every pixel reaches: where a
        pixel lies within the window of a pooling decides.

    Raises
    ------
    InputError
        If a layer sees the whole image, or is none of those whose sight is known.
    """
    return tuple(_along(model, axis) for axis in range(len(model.input_shape) - 2))


def _along(model: keras.Model, axis: int) -> Context:
    strides = {1}
    ends = _followed(model, [_Map(Fraction(1), Fraction(0), Fraction(0))], axis, strides)
    if len(ends) != 1 or ends[0].scale != 1:
        raise _unknown(model, "it does not give one map that is as large as the image")
    return Context(max(math.ceil(ends[0].before), 0), max(math.ceil(ends[0].after), 0), math.lcm(*strides))


def _followed(model: Any, starts: list[_Map], axis: int, strides: set[int]) -> list[_Map]:
    """Return the maps that a model puts out, and note the strides on the way."""
    model = getattr(model, "_functional", None) or model  # a sequential one keeps its graph there
    if not hasattr(model, "_nodes_by_depth") or len(model.inputs) != len(starts):
        raise _unknown(model, "it is no functional model of one image")
    known = {id(tensor): start for tensor, start in zip(model.inputs, starts, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input:
                continue
            maps = [known[id(tensor)] for tensor in node.input_tensors]
            results = _through(node.operation, node, maps, axis, strides)
            for tensor, result in zip(node.output_tensors, results, strict=True):
                known[id(tensor)] = result
                strides.add(result.scale.numerator)
    return [known[id(tensor)] for tensor in model.outputs]


def _through(layer: Any, node: Any, maps: list[_Map], axis: int, strides: set[int]) -> list[_Map]:
    """Return what a layer makes of maps."""
    first = maps[0]
    if isinstance(layer, keras.Model):
        return _followed(layer, maps, axis, strides)
    if isinstance(layer, PadToMultiple):
        strides.add(int(layer.multiple * first.scale))
        return [first]
    if isinstance(layer, _POINTWISE) and _is_pointwise(layer, node):
        return [first] * len(node.output_tensors)
    if isinstance(layer, _MERGING):
        last = len(node.output_tensors[0].shape) - 1
        if len({each.scale for each in maps}) > 1 or getattr(layer, "axis", -1) not in (-1, last):
            raise _unknown(layer, "it joins maps other than channel by channel")
        return [_Map(first.scale, max(each.before for each in maps), max(each.after for each in maps))]
    if isinstance(layer, _TRANSPOSED):
        extent, stride = layer.kernel_size[axis], layer.strides[axis]
        if layer.padding != "same" or set(layer.dilation_rate) != {1}:
            raise _unknown(layer, "its padding is not 'same', or it is dilated")
        return [_spread(first, extent, stride, (max(extent - stride, 0) // 2,) * 2)]
    if isinstance(layer, _CONVOLUTION):
        extent = layer.dilation_rate[axis] * (layer.kernel_size[axis] - 1) + 1
        return [_gathered(first, extent, layer.strides[axis], layer.padding)]
    if isinstance(layer, _POOLING):
        return [_gathered(first, layer.pool_size[axis], layer.strides[axis], layer.padding)] * len(node.output_tensors)
    if isinstance(layer, MaxUnpooling2D):
        return [_unpooled(node, maps, axis)]
    if isinstance(layer, BilinearUpsampling2D):
        return [_spread(first, 4, 2, (1, 1))]
    if isinstance(layer, _UPSAMPLING) and getattr(layer, "interpolation", "nearest") in ("nearest", "bilinear"):
        factor = layer.size[axis]
        extent = factor if getattr(layer, "interpolation", "nearest") == "nearest" else 2 * factor - factor % 2
        return [_spread(first, extent, factor, ((extent - factor) // 2,) * 2)]
    if isinstance(layer, _PADDING + _CROPPING):
        sign = 1 if isinstance(layer, _PADDING) else -1
        moved = sign * (layer.padding if sign == 1 else layer.cropping)[axis][0] * first.scale
        return [_Map(first.scale, first.before + moved, first.after - moved)]
    raise _unknown(layer, f"what a {type(layer).__name__} sees is not known here")


def _is_pointwise(layer: Any, node: Any) -> bool:
    if isinstance(layer, layers.BatchNormalization | layers.Softmax | layers.Normalization):
        given = layer.axis if isinstance(layer.axis, list | tuple) else (layer.axis,)
        return set(given) <= {-1, len(node.output_tensors[0].shape) - 1}
    return True


def _borders(extent: int, stride: int, padding: str) -> tuple[int, int]:
    """Return the least and the most that Keras puts before an axis: it depends on the rest that the size leaves."""
    return (max(extent - stride, 0) // 2, (extent - 1) // 2) if padding == "same" else (0, 0)


def _gathered(map_: _Map, extent: int, stride: int, padding: str) -> _Map:
    """Return what entries see that are made of `extent` entries each, the next one of those `stride` further on."""
    least, most = _borders(extent, stride, padding)
    after = extent - least - stride
    return _Map(map_.scale * stride, map_.before + most * map_.scale, map_.after + after * map_.scale)


def _spread(map_: _Map, extent: int, stride: int, borders: tuple[int, int]) -> _Map:
    """Return what entries see over which others are spread: `extent` each, `stride` apart, less a border."""
    fine, before, after = map_.scale / stride, [], []
    for border in borders:
        for phase in range(stride):
            first, last = -((extent - 1 - phase - border) // stride), (phase + border) // stride
            before.append(phase * fine - first * map_.scale)
            after.append((last + 1) * map_.scale - (phase + 1) * fine)
    return _Map(fine, map_.before + max(before), map_.after + max(after))


def _unpooled(node: Any, maps: list[_Map], axis: int) -> _Map:
    """Return what entries see that get their values from the windows that they are part of."""
    source = node.input_tensors[1]._keras_history.operation
    if len(maps) != 3 or not isinstance(source, MaxPoolingWithIndices2D):
        raise _unknown(node.operation, "it is not given the places and the input of a pooling")
    values, places, reference = maps
    joined = _Map(places.scale, max(values.before, places.before), max(values.after, places.after))
    extent, stride = source.pool_size[axis], source.strides[axis]
    spread = _spread(joined, extent, stride, _borders(extent, stride, source.padding))
    return _Map(reference.scale, spread.before, spread.after)


def _unknown(layer: Any, problem: str) -> InputError:
    name = getattr(layer, "name", type(layer).__name__)
    return InputError("predict_tiled", f"layer {name}", problem, "pass overlap=... and stride=... yourself")
