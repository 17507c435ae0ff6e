"""Writing a model as an ONNX file, which runs without Keras.

The exporter is our own. Keras's ``model.export(format="onnx")`` needs another converter under each backend (tf2onnx,
jax2onnx, torch.onnx), writes another graph under each, and under PyTorch fixes batch, height and width (Keras 3.15 says
so itself). This one follows the model's layers instead of what a backend makes of them.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any

import keras

import pcfilter_lib
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.models import _onnx_layers, _onnx_windows  # noqa: F401  they fill the table
from pcfilter_lib.models._onnx_graph import CONVERTERS, Graph, Value, cannot

_OPSET, _IR = 18, 8
_LARGEST = 2**31 - 1  # bytes of one message of Protocol Buffers


def export_onnx(model: keras.Model, path: str | os.PathLike) -> None:
    """Write a functional model as one ``.onnx`` file, for ONNX Runtime and others.

    The file computes what ``model.predict`` does, in float32. Batch, height and width stay as free as they are in the
    model, and axes keep Keras's order: (B, H, W, C) in and out. Inputs and outputs are named as the model's input and
    output layers. The same weights give the same bytes under TensorFlow, JAX and PyTorch. Layers that act in training
    only, as dropout, are left out. The file is checked before it replaces another one.

    Parameters
    ----------
    model : keras.Model
        Functional or sequential, with models of these kinds inside it, from layers of Keras or of this library that
        the exporter knows. The error about an unknown one lists them.
    path : str or os.PathLike
        Ends in ``.onnx``.

    Raises
    ------
    InputError
        If the model is no graph of layers, holds a layer that cannot be exported, is larger than 2 GB, or the file
        cannot be written.
    MissingExtraError
        If the package onnx is not installed.

    Notes
    -----
    The file's metadata name the library's version, the model and its class. It asks for opset 18.

    Examples
    --------
    >>> import numpy, onnxruntime
    >>> from pcfilter_lib.models import UNet
    >>> export_onnx(UNet(channels=1, depth=1), "model.onnx")
    >>> session = onnxruntime.InferenceSession("model.onnx")
    >>> (logits,) = session.run(None, {"image": numpy.zeros((1, 20, 30, 1), "float32")})
    >>> logits.shape
    (1, 20, 30, 1)
    """
    path = Path(path)
    if path.suffix != ".onnx":
        raise InputError(path, "", f"{path.suffix or 'no extension'} is not ONNX's", "give a path that ends in .onnx")
    content = _proto(model).SerializeToString(deterministic=True)
    with replacing(path) as temporary:
        temporary.write_bytes(content)


def _proto(model: keras.Model) -> Any:
    """Return the checked model of ONNX."""
    graph = Graph()
    onnx = graph.onnx
    starts, inputs = [], []
    _check_graph(model)
    for tensor in model.inputs:
        start, information = _input(graph, tensor)
        starts.append(start)
        inputs.append(information)
    ends = _followed(graph, model, starts, "")
    names = [graph.free_name(tensor._keras_history.operation.name) for tensor in model.outputs]
    outputs = []
    for tensor, end, name in zip(model.outputs, ends, names, strict=True):
        graph.scope = name
        graph.node("Identity", end.last, output=name)
        kind = onnx.TensorProto.INT32 if "int" in tensor.dtype else onnx.TensorProto.FLOAT
        outputs.append(onnx.helper.make_tensor_value_info(name, kind, _sizes(tensor, f"{name}_")))
    weights = [onnx.numpy_helper.from_array(array, name) for name, array in graph.constants.items()]
    if sum(array.nbytes for array in graph.constants.values()) > _LARGEST:
        raise InputError("export_onnx", model.name, "its weights are larger than 2 GB", "export a smaller model")
    proto = onnx.helper.make_model(
        onnx.helper.make_graph(graph.nodes, model.name, inputs, outputs, weights),
        opset_imports=[onnx.helper.make_opsetid("", _OPSET)],
        ir_version=_IR,
        producer_name="pcfilter_lib",
        producer_version=pcfilter_lib.__version__,
    )
    onnx.helper.set_model_props(proto, {"model": model.name, "class": type(model).__name__})
    onnx.checker.check_model(proto, full_check=True)
    return proto


def _input(graph: Graph, tensor: Any) -> tuple[Value, Any]:
    """Return an input of the model, and what ONNX is to know of it."""
    name = graph.free_name(tensor._keras_history.operation.name)
    kind = "FLOAT" if "float" in tensor.dtype else tensor.dtype.upper()
    number = getattr(graph.onnx.TensorProto, kind)
    information = graph.onnx.helper.make_tensor_value_info(name, number, _sizes(tensor))
    graph.scope = name
    used = name if kind == "FLOAT" else graph.node("Cast", name, to=graph.onnx.TensorProto.FLOAT)
    return Value(graph, len(tensor.shape), last=used), information


def _sizes(tensor: Any, prefix: str = "") -> list[int | str]:
    """Return a tensor's sizes, with a name for each that is free."""
    names = ["batch", *(f"{prefix}{axis}" for axis in ("height", "width")), f"{prefix}channels"]
    if len(tensor.shape) != 4:
        names = ["batch", *(f"{prefix}axis_{axis}" for axis in range(1, len(tensor.shape)))]
    return [name if size is None else size for size, name in zip(tensor.shape, names, strict=True)]


def _followed(graph: Graph, model: Any, starts: list[Value], path: str) -> list[Value]:
    """Write a model's layers, one after the other, and return the values that it puts out."""
    _check_graph(model)
    model = getattr(model, "_functional", model)  # a sequential one keeps its graph there
    known = {id(tensor): start for tensor, start in zip(model.inputs, starts, strict=True)}
    for depth in sorted(model._nodes_by_depth, reverse=True):
        for node in model._nodes_by_depth[depth]:
            if node.is_input:
                continue
            layer = node.operation
            values = [known[id(tensor)] for tensor in _called_with(layer, node)]
            results = _written(graph, layer, values, f"{path}{layer.name}")
            for tensor, result in zip(node.output_tensors, results, strict=True):
                known[id(tensor)] = result
    return [known[id(tensor)] for tensor in model.outputs]


def _called_with(layer: Any, node: Any) -> list[Any]:
    """Return the tensors of a call, in the order of the layer's own arguments."""
    given = inspect.signature(layer.call).bind(*node.arguments.args, **node.arguments.kwargs).arguments
    if given.get("mask") is not None:
        raise cannot(layer, "it is called with a mask", "call it without")
    return [each for each in keras.tree.flatten(list(given.values())) if isinstance(each, keras.KerasTensor)]


def _written(graph: Graph, layer: Any, values: list[Value], path: str) -> list[Value]:
    """Write one layer, or a model within the model."""
    converter = CONVERTERS.get(type(layer))
    if converter is None and isinstance(layer, keras.Model):
        return _followed(graph, layer, values, f"{path}/")
    if converter is None:
        known = ", ".join(sorted(kind.__name__ for kind in CONVERTERS))
        raise cannot(
            layer, f"a {type(layer).__name__} cannot be exported", f"make do with {known}, and models of these"
        )
    if getattr(layer, "data_format", None) == "channels_first":
        raise cannot(layer, "its channels come before rows and columns", "use data_format='channels_last'")
    graph.scope = path
    results = converter(layer, graph, *values)
    return results if isinstance(results, list) else [results]


def _check_graph(model: Any) -> None:
    """Raise what says so if a model is more than the graph of its layers, or has none."""
    plain = type(model).call.__qualname__ in ("Functional.call", "Sequential.call")
    if not plain or not hasattr(getattr(model, "_functional", model), "_nodes_by_depth"):
        remedy = "build it from keras.Input by calls of layers, or as a keras.Sequential with an input shape"
        raise cannot(model, f"a {type(model).__name__} is no functional model", remedy)
