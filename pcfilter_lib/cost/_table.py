"""What a Keras model costs: its parameters, its multiplications, and the memory of its layers' outputs.

One multiplication is counted for each weight that meets a number, as is usual (*multiply-adds*): half of what
others call floating-point operations. Zeros of a border are numbers like others. Activation functions count nothing.
A layer that this module does not know is reported as unknown, never as free.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.cost._multiplications import FREE_OPERATIONS, RULES, Shape
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()

# What does nothing but call the layers inside it, and add, which is free.
_CONTAINERS = {"Functional.call", "Sequential.call", "ResidualBlock.call", "InvertedResidualBlock.call"}


@dataclass(frozen=True)
class Row:
    """One layer, as it was called once.

    Parameters
    ----------
    name : str
        The layer's name, after those of the models and blocks that it lies in: ``"block/convolution_1"``.
    kind : str
        Its class.
    output : tuple of int, or None
        The shape of its output without the batch; None if it has several, or was not called.
    parameters : int
        Its weights, those that are not trained included; 0 where the same layer is called again.
    multiplications : int or None
        For one example; None if this module does not know the layer.
    memory : int
        Bytes of its output for one example.
    """

    name: str
    kind: str
    output: Shape | None
    parameters: int
    multiplications: int | None
    memory: int


@dataclass(frozen=True)
class Table:
    """The rows of a model, in the order of the calls; printed, it is a table of text."""

    rows: tuple[Row, ...]

    @property
    def parameters(self) -> int:
        """The parameters of all layers."""
        return sum(row.parameters for row in self.rows)

    @property
    def unknown(self) -> tuple[str, ...]:
        """The names of the layers whose multiplications are not known."""
        return tuple(row.name for row in self.rows if row.multiplications is None)

    @property
    def multiplications(self) -> int | None:
        """The multiplications of all layers, for one example; None if those of a layer are not known."""
        return None if self.unknown else self._known()

    @property
    def memory(self) -> int:
        """Bytes of all outputs together, for one example: what training keeps for the gradients."""
        return sum(row.memory for row in self.rows)

    def _known(self) -> int:
        return sum(row.multiplications or 0 for row in self.rows)

    def __str__(self) -> str:
        lines = [("layer", "kind", "output", "parameters", "multiplications", "output bytes")]
        for row in self.rows:
            output = "-" if row.output is None else " x ".join(map(str, row.output))
            count = "unknown" if row.multiplications is None else f"{row.multiplications:,}"
            lines.append((row.name, row.kind, output, f"{row.parameters:,}", count, f"{row.memory:,}"))
        total = f"at least {self._known():,}" if self.unknown else f"{self._known():,}"
        lines.append(("total", "", "", f"{self.parameters:,}", total, f"{self.memory:,}"))
        widths = [max(len(line[column]) for line in lines) for column in range(6)]
        texts = [
            "  ".join(
                cell.ljust(n) if i < 3 else cell.rjust(n) for i, (cell, n) in enumerate(zip(line, widths, strict=True))
            )
            for line in lines
        ]
        return "\n".join(text.rstrip() for text in texts)

    __repr__ = __str__


def table(model: keras.layers.Layer, input_shape: Sequence) -> Table:
    """Count what each layer of a model costs for one input size.

    Models inside the model, and the blocks of this library, are opened: their layers have rows of their own. Nothing
    is computed but shapes.

    Parameters
    ----------
    model : keras.Model or keras.layers.Layer
        It is built if it is not.
    input_shape : sequence of int
        Of one example, without the batch: ``(28, 28, 3)``. For a model with several inputs, a list of shapes.

    Returns
    -------
    Table

    Raises
    ------
    InputError
        If the shape holds anything but whole numbers of 1 or more.
    """
    several = isinstance(input_shape, Sequence) and bool(input_shape) and isinstance(input_shape[0], Sequence)
    shapes = [_checked(shape) for shape in (input_shape if several else [input_shape])]
    specs = [keras.KerasTensor((1, *shape)) for shape in shapes]
    inputs = specs if several else specs[0]
    if not model.built:
        model(inputs)
    names = _names(model)
    calls: list[tuple[Any, Shape | None, Shape | None, int]] = []
    with _watched(names, calls):
        _Trace(model, begin=calls.clear).compute_output_spec(inputs)
    rows = list(_rows(names, calls))
    rows += [
        Row(names[each] + " (not called)", type(each).__name__, None, _own_parameters(each), 0, 0)
        for each in names
        if all(called is not each for called, *_ in calls) and _own_parameters(each)
    ]
    return Table(tuple(rows) + tuple(_operations(names)))


class _Trace(keras.layers.Layer):
    """Keras runs a layer without a shape rule of its own, symbolically: so every layer inside is really called."""

    def __init__(self, model, begin):
        super().__init__()
        self.model, self.begin = model, begin
        self.built = True

    def call(self, inputs):
        self.begin()  # PyTorch's first attempt, on its meta device, may fail half way
        return self.model(inputs)


def _names(layer: Any, prefix: str = "", outermost: bool = True) -> dict[Any, str]:
    """Return the layer and all inside it, each with the path to it. What a rule counts as a whole is not opened."""
    names = {layer: f"{prefix}{layer.name}"}
    inside = prefix if outermost and isinstance(layer, keras.Model) else f"{names[layer]}/"
    for child in _children(layer):
        for each, name in _names(child, inside, outermost=False).items():
            names.setdefault(each, name)
    return names


def _children(layer: Any) -> list[Any]:
    return [] if type(layer) in RULES else layer._flatten_layers(include_self=False, recursive=False)


@contextmanager
def _watched(layers: dict[Any, str], calls: list) -> Iterator[None]:
    """Write down each call of the layers, with the shapes that go in and come out."""

    def watch(layer: Any) -> Callable:
        call = layer.call

        def watched(*args, **kwargs):
            place = len(calls)
            calls.append(None)
            outputs = call(*args, **kwargs)
            ins, outs = keras.tree.flatten((args, kwargs)), keras.tree.flatten(outputs)
            shapes = [tuple(x.shape)[1:] for x in ins if hasattr(x, "shape")]
            memory = sum(math.prod(x.shape) * _bytes(x.dtype) for x in outs)
            output = tuple(outs[0].shape)[1:] if len(outs) == 1 else None
            calls[place] = (layer, shapes, output, memory)
            return outputs

        return watched

    replaced = []
    try:
        for layer in layers:
            object.__setattr__(layer, "call", watch(layer))
            replaced.append(layer)
        yield
    finally:
        for layer in replaced:
            object.__delattr__(layer, "call")


def _rows(names: dict[Any, str], calls: list) -> Iterator[Row]:
    seen = set()
    for layer, shapes, output, memory in calls:
        parameters = 0 if layer in seen else _own_parameters(layer)
        seen.add(layer)
        if _only_calls_others(layer):
            continue
        rule = RULES.get(type(layer))
        count = rule(layer, shapes, output) if rule else None
        yield Row(names[layer], type(layer).__name__, output, parameters, count, memory)


def _own_parameters(layer: Any) -> int:
    """Count the weights that belong to no layer inside this one."""
    inside = {id(weight) for child in _children(layer) for weight in child.weights}
    return sum(math.prod(weight.shape) for weight in layer.weights if id(weight) not in inside)


def _operations(names: dict[Any, str]) -> Iterator[Row]:
    """Report what a functional model does between its layers (``x * y``): it is no layer, but seldom free."""
    for model, name in names.items():
        for operation in getattr(model, "operations", ()):
            if not isinstance(operation, keras.layers.Layer):
                kind = type(operation).__name__
                count = 0 if kind in FREE_OPERATIONS else None
                path = f"{name}/{operation.name}" if model is not next(iter(names)) else operation.name
                yield Row(path, kind, None, 0, count, 0)


def _only_calls_others(layer: Any) -> bool:
    return type(layer).call.__qualname__ in _CONTAINERS


def _checked(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, Sequence):
        raise InputError("input_shape", "", f"{shape!r} is not allowed", "pass a tuple without the batch: (28, 28, 3)")
    return tuple(whole_number("cost.table", "input_shape", n) for n in shape)


def _bytes(dtype: Any) -> int:
    bits = re.search(r"\d+$", keras.backend.standardize_dtype(dtype))
    return max(int(bits[0]) // 8, 1) if bits else 1  # bool takes a byte
