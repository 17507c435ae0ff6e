"""How convolutions, poolings and what changes the size of maps are written in ONNX."""

from __future__ import annotations

import numpy as np
from keras import layers

from pcfilter_lib.layers import (
    BilinearUpsampling2D,
    CropLike,
    MaxPoolingWithIndices2D,
    MaxUnpooling2D,
    PadToMultiple,
)
from pcfilter_lib.models._onnx_graph import Graph, Value, cannot, converts, weight
from pcfilter_lib.models._onnx_layers import activated
from pcfilter_lib.models.fcn import EnlargeBilinearly


@converts(layers.Conv2D)
def _convolution(layer, graph: Graph, value: Value) -> Value:
    return activated(layer, graph, _convolved(layer, graph, value, weight(layer.kernel), layer.groups, layer.bias))


@converts(layers.DepthwiseConv2D)
def _depthwise(layer, graph: Graph, value: Value) -> Value:
    kernel = weight(layer.kernel)
    groups = kernel.shape[2]
    return activated(layer, graph, _convolved(layer, graph, value, _by_channel(kernel), groups, layer.bias))


@converts(layers.SeparableConv2D)
def _separable(layer, graph: Graph, value: Value) -> Value:
    kernel = weight(layer.depthwise_kernel)
    filtered = _convolved(layer, graph, value, _by_channel(kernel), kernel.shape[2], None, "depthwise_kernel")
    pointwise = graph.constant("pointwise_kernel", weight(layer.pointwise_kernel).transpose(3, 2, 0, 1))
    inputs = [filtered.first, pointwise]
    if layer.bias is not None:
        inputs.append(graph.constant("bias", weight(layer.bias)))
    return activated(layer, graph, Value(graph, 4, first=graph.node("Conv", *inputs)))


@converts(layers.Conv2DTranspose)
def _transposed(layer, graph: Graph, value: Value) -> Value:
    return activated(layer, graph, Value(graph, 4, first=_spread(layer, graph, value.first)))


@converts(EnlargeBilinearly)
def _enlarged(layer, graph: Graph, value: Value) -> Value:
    border = graph.numbers("border", 0, 0, 1, 1, 0, 0, 1, 1)
    spread = _spread(layer, graph, graph.node("Pad", value.first, border, mode="edge"))
    return Value(graph, 4, first=_inside(graph, spread, (layer.factor,) * 2, (layer.factor,) * 2))


@converts(layers.MaxPooling2D)
def _largest(layer, graph: Graph, value: Value) -> Value:
    return Value(graph, 4, first=graph.node("MaxPool", value.first, **_windows(layer)))


@converts(layers.AveragePooling2D)
def _average(layer, graph: Graph, value: Value) -> Value:
    if layer.padding != "valid":
        raise cannot(layer, "Keras's backends do not agree about averages at a border", "use padding='valid'")
    return Value(graph, 4, first=graph.node("AveragePool", value.first, **_windows(layer)))


@converts(MaxPoolingWithIndices2D)
def _largest_and_where(layer, graph: Graph, value: Value) -> list[Value]:
    best, places = graph.node("MaxPool", value.first, outputs=2, **_windows(layer))
    area = graph.node("ReduceProd", graph.size(value.first), keepdims=0)
    places = graph.node("Mod", places, area)  # ONNX counts on through channels and examples
    places = graph.node("Cast", places, to=graph.onnx.TensorProto.INT32)
    return [Value(graph, 4, first=best), Value(graph, 4, first=places)]


@converts(MaxUnpooling2D)
def _put_back(layer, graph: Graph, value: Value, places: Value, reference: Value | None = None) -> Value:
    # MaxUnpool would let the last of several values of one place win: they are to be added up.
    size = graph.size(reference.first) if layer.size is None else graph.numbers("size", *layer.size)
    channels = graph.node("Shape", value.first, start=0, end=2)
    area = graph.node("ReduceProd", size, keepdims=1)
    empty = graph.node("ConstantOfShape", graph.node("Concat", channels, area, axis=0))  # 0.0 everywhere
    flat = graph.numbers("flat", 0, 0, -1)
    updates = [graph.node("Reshape", each.first, flat) for each in (places, value)]
    filled = graph.node("ScatterElements", empty, *updates, axis=2, reduction="add")
    return Value(graph, 4, first=graph.node("Reshape", filled, graph.node("Concat", channels, size, axis=0)))


@converts(BilinearUpsampling2D)
def _doubled(layer, graph: Graph, value: Value) -> Value:
    return _resized(graph, value, (2, 2), "bilinear")


@converts(layers.UpSampling2D)
def _repeated(layer, graph: Graph, value: Value) -> Value:
    if layer.interpolation not in ("nearest", "bilinear"):
        raise cannot(layer, f"its interpolation is {layer.interpolation}", "use nearest or bilinear")
    return _resized(graph, value, layer.size, layer.interpolation)


@converts(layers.ZeroPadding2D)
def _framed(layer, graph: Graph, value: Value) -> Value:
    (top, bottom), (left, right) = layer.padding
    frame = graph.numbers("padding", 0, 0, top, left, 0, 0, bottom, right)
    return Value(graph, 4, first=graph.node("Pad", value.first, frame))


@converts(layers.Cropping2D)
def _cropped(layer, graph: Graph, value: Value) -> Value:
    before, after = zip(*layer.cropping, strict=True)
    return Value(graph, 4, first=_inside(graph, value.first, before, after))


@converts(PadToMultiple)
def _filled_up(layer, graph: Graph, value: Value) -> Value:
    negative = graph.node("Neg", graph.size(value.first))
    missing = graph.node("Mod", negative, graph.numbers("multiple", layer.multiple))  # never negative, as in Python
    frame = graph.node("Concat", graph.numbers("before", *[0] * 6), missing, axis=0)
    return Value(graph, 4, first=graph.node("Pad", value.first, frame))


@converts(CropLike)
def _cut_to_size(layer, graph: Graph, value: Value, like: Value) -> Value:
    start, axes = graph.numbers("start", 0, 0), graph.numbers("axes", 2, 3)
    return Value(graph, 4, first=graph.node("Slice", value.first, start, graph.size(like.first), axes))


def _by_channel(kernel: np.ndarray) -> np.ndarray:
    """Return the kernel of a depthwise convolution as that of a grouped one: one group for each channel."""
    rows, columns, channels, multiplier = kernel.shape
    return kernel.reshape(rows, columns, 1, channels * multiplier)


def _convolved(layer, graph: Graph, value: Value, kernel: np.ndarray, groups: int, bias=None, name="kernel") -> Value:
    inputs = [value.first, graph.constant(name, kernel.transpose(3, 2, 0, 1))]
    if bias is not None:
        inputs.append(graph.constant("bias", weight(bias)))
    shape = {"kernel_shape": kernel.shape[:2], "dilations": layer.dilation_rate, "strides": layer.strides}
    border = _border(layer, kernel.shape[:2], layer.dilation_rate)
    return Value(graph, 4, first=graph.node("Conv", *inputs, group=groups, **shape, **border))


def _spread(layer, graph: Graph, name: str) -> str:
    """Return a transposed convolution, as large as Keras makes it."""
    if layer.output_padding is not None:
        raise cannot(layer, f"its output_padding is {layer.output_padding}", "leave output_padding out")
    before, after, missing = [], [], []
    for size, stride, dilation in zip(layer.kernel_size, layer.strides, layer.dilation_rate, strict=True):
        extent = (size - 1) * dilation + 1
        less = max(extent - stride, 0) if layer.padding == "same" else 0
        before.append(less // 2)
        after.append(less - less // 2)
        missing.append(max(stride - extent, 0))
    inputs = [name, graph.constant("kernel", weight(layer.kernel).transpose(3, 2, 0, 1))]
    if layer.bias is not None:
        inputs.append(graph.constant("bias", weight(layer.bias)))
    shape = {"kernel_shape": layer.kernel_size, "strides": layer.strides, "dilations": layer.dilation_rate}
    return graph.node("ConvTranspose", *inputs, pads=[*before, *after], output_padding=missing, **shape)


def _border(layer, sizes, dilations=(1, 1)) -> dict:
    """Return Keras's padding in ONNX's words: of an odd border, both put the longer part last."""
    if layer.padding == "valid":
        return {}
    if max(layer.strides) > 1:
        if max(dilations) > 1:
            raise cannot(layer, "it is strided and dilated, with a border", "use padding='valid'")
        return {"auto_pad": "SAME_UPPER"}  # how much depends on the size
    border = [(size - 1) * dilation for size, dilation in zip(sizes, dilations, strict=True)]
    return {"pads": [*(number // 2 for number in border), *(number - number // 2 for number in border)]}


def _windows(layer) -> dict:
    return {"kernel_shape": layer.pool_size, "strides": layer.strides, **_border(layer, layer.pool_size)}


def _inside(graph: Graph, name: str, before, after) -> str:
    """Return maps without some rows and columns at each border."""
    ends = [-number or np.iinfo("int64").max for number in after]
    limits = graph.numbers("start", *before), graph.numbers("end", *ends), graph.numbers("axes", 2, 3)
    return graph.node("Slice", name, *limits)


def _resized(graph: Graph, value: Value, factors, interpolation: str) -> Value:
    scales = graph.constant("scales", [1, 1, *factors], "float32")
    if interpolation == "nearest":
        rule = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    else:
        rule = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
    return Value(graph, 4, first=graph.node("Resize", value.first, "", scales, **rule))
