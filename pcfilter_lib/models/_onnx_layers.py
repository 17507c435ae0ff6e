"""How layers that work value by value, or join maps, are written in ONNX."""

from __future__ import annotations

import numpy as np
from keras import activations, layers

from pcfilter_lib.layers import DropBlock2D, DropBlock3D, RandomBackground, RandomChannelPermutation
from pcfilter_lib.models._onnx_graph import Graph, Value, cannot, converts, joined, weight

_ACTIVATIONS = {
    activations.relu: ("Relu", {}),
    activations.sigmoid: ("Sigmoid", {}),
    activations.tanh: ("Tanh", {}),
    activations.elu: ("Elu", {}),
    activations.leaky_relu: ("LeakyRelu", {"alpha": 0.2}),
    activations.softplus: ("Softplus", {}),
    activations.softsign: ("Softsign", {}),
    activations.exponential: ("Exp", {}),
}
_MERGING = {
    layers.Add: "Sum",
    layers.Average: "Mean",
    layers.Maximum: "Max",
    layers.Minimum: "Min",
    layers.Multiply: "Mul",
    layers.Subtract: "Sub",
}


@converts(layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise, layers.GaussianDropout, layers.Identity)
@converts(layers.RandomFlip, layers.RandomRotation, layers.RandomTranslation, layers.RandomZoom, layers.RandomContrast)
@converts(layers.RandomBrightness, DropBlock2D, DropBlock3D, RandomBackground, RandomChannelPermutation)
def _only_in_training(layer, graph: Graph, value: Value) -> Value:
    return value


@converts(layers.BatchNormalization)
def _normalised(layer, graph: Graph, value: Value) -> Value:
    mean, variance = weight(layer.moving_mean), weight(layer.moving_variance)
    gamma = weight(layer.gamma) if layer.scale else np.ones_like(mean)
    beta = weight(layer.beta) if layer.center else np.zeros_like(mean)
    if layer.axis % value.rank != value.rank - 1:
        raise cannot(layer, f"it normalises axis {layer.axis}", "normalise the last axis")
    arrays = {"gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance}
    names = [graph.constant(name, array) for name, array in arrays.items()]
    output = graph.node("BatchNormalization", value.first, *names, epsilon=float(layer.epsilon))
    return Value(graph, value.rank, first=output)


@converts(layers.Rescaling)
def _rescaled(layer, graph: Graph, value: Value) -> Value:
    names = []
    for name in ("scale", "offset"):
        numbers = np.array(getattr(layer, name), "float32")
        if numbers.ndim and value.channels_first:  # a list of them counts for the channels
            numbers = numbers.reshape(-1, *[1] * (value.rank - 2))
        names.append(graph.constant(name, numbers))
    return value.same(graph.node("Add", graph.node("Mul", value.name, names[0]), names[1]))


@converts(layers.ReLU)
def _rectified(layer, graph: Graph, value: Value) -> Value:
    if layer.threshold or (layer.negative_slope and layer.max_value is not None):
        raise cannot(layer, "it has a threshold, or a slope and a maximum", "use one of max_value and negative_slope")
    if layer.negative_slope:
        return value.same(graph.node("LeakyRelu", value.name, alpha=float(layer.negative_slope)))
    if layer.max_value is None:
        return value.same(graph.node("Relu", value.name))
    limits = graph.scalar("least", 0.0), graph.scalar("most", layer.max_value)
    return value.same(graph.node("Clip", value.name, *limits))


@converts(layers.LeakyReLU)
def _leaky(layer, graph: Graph, value: Value) -> Value:
    return value.same(graph.node("LeakyRelu", value.name, alpha=float(layer.negative_slope)))


@converts(layers.ELU)
def _exponential(layer, graph: Graph, value: Value) -> Value:
    return value.same(graph.node("Elu", value.name, alpha=float(layer.alpha)))


@converts(layers.PReLU)
def _parametric(layer, graph: Graph, value: Value) -> Value:
    return Value(graph, value.rank, last=graph.node("PRelu", value.last, graph.constant("alpha", weight(layer.alpha))))


@converts(layers.Softmax)
def _softmax(layer, graph: Graph, value: Value) -> Value:
    if not isinstance(layer.axis, int):
        raise cannot(layer, f"it is a softmax over the axes {layer.axis}", "pass one axis")
    return value.same(graph.node("Softmax", value.name, axis=value.axis(layer.axis)))


@converts(layers.Activation)
def activated(layer, graph: Graph, value: Value) -> Value:
    """Apply the layer's activation function."""
    function = layer.activation
    if function in (None, activations.linear):
        return value
    if function is activations.softmax:
        return value.same(graph.node("Softmax", value.name, axis=value.axis(-1)))
    if function is activations.relu6:
        return value.same(graph.node("Clip", value.name, graph.scalar("least", 0.0), graph.scalar("most", 6.0)))
    if function is activations.silu:
        return value.same(graph.node("Mul", value.name, graph.node("Sigmoid", value.name)))
    if function not in _ACTIVATIONS:
        problem = f"its activation {getattr(function, '__name__', function)} cannot be exported"
        known = [each.__name__ for each in _ACTIVATIONS] + ["linear", "softmax", "relu6", "silu"]
        raise cannot(layer, problem, f"use one of {', '.join(sorted(known))}")
    kind, attributes = _ACTIVATIONS[function]
    return value.same(graph.node(kind, value.name, **attributes))


@converts(*_MERGING)
def _merged(layer, graph: Graph, *values: Value) -> Value:
    first = _alike(layer, values)
    names = [value.first if first else value.last for value in values]
    kind = _MERGING[type(layer)]
    output = names[0]
    if kind in ("Mul", "Sub"):  # ONNX takes two at a time
        for name in names[1:]:
            output = graph.node(kind, output, name)
    else:
        output = graph.node(kind, *names)
    return joined(graph, values[0].rank, output, first)


@converts(layers.Concatenate)
def _concatenated(layer, graph: Graph, *values: Value) -> Value:
    first = _alike(layer, values)
    names = [value.first if first else value.last for value in values]
    output = graph.node("Concat", *names, axis=values[0].axis(layer.axis))
    return joined(graph, values[0].rank, output, first)


def _alike(layer, values: tuple[Value, ...]) -> bool:
    """Return whether the channels are to come second in all of these values: in one of them they do."""
    if len({value.rank for value in values}) > 1:
        raise cannot(layer, "it joins values with different numbers of axes", "join values of one number of axes")
    return any(value.channels_first for value in values)
