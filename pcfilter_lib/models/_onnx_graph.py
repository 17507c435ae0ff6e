"""An ONNX graph as it grows, the Keras tensors in it, and the table of who writes which layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from pcfilter_lib.errors import InputError, require

#: Of each class of layers, the converter that writes it. A class is looked up itself, without its bases: what inherits
#: from a layer may compute something else.
CONVERTERS: dict[type, Callable] = {}


class Graph:
    """Nodes and constants. Their names begin with `scope`, the path of the layer that they stand for."""

    def __init__(self):
        self.onnx = require("onnx", "onnx")
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}
        self.scope = ""
        self._taken: set[str] = set()

    def free_name(self, wanted: str) -> str:
        """Return a name that nothing in the graph bears yet: the wanted one, if need be with a number."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._taken.add(name)
        return name

    def node(self, kind: str, *inputs: str, outputs: int = 1, output: str | None = None, **attributes: Any) -> Any:
        """Append a node and return its output's name, or a tuple of names if there are several `outputs`.

        An input that ONNX leaves to choice is skipped by an empty name.
        """
        name = output or self.free_name(f"{self.scope}/{kind}")
        names = [name] + [self.free_name(f"{name}/{number}") for number in range(1, outputs)]
        self.nodes.append(self.onnx.helper.make_node(kind, list(inputs), names, name=name, **attributes))
        return names[0] if outputs == 1 else tuple(names)

    def constant(self, name: str, value: Any, dtype: str | None = None) -> str:
        """Return the name of a constant array; a layer that is called twice has its weights in the graph once."""
        array = np.array(value, dtype, order="C")
        name = f"{self.scope}/{name}"
        held = self.constants.get(name)
        if held is None or held.dtype != array.dtype or not np.array_equal(held, array):
            name = self.free_name(name)
            self.constants[name] = array
        return name

    def numbers(self, name: str, *values: int) -> str:
        """Return the name of a constant list of whole numbers."""
        return self.constant(name, values, "int64")

    def scalar(self, name: str, value: float) -> str:
        """Return the name of a constant number, which broadcasts to every shape."""
        return self.constant(name, value, "float32")

    def size(self, name: str, rank: int = 4) -> str:
        """Return the name of the sizes of a tensor whose channels come first, without batch and channels."""
        return self.node("Shape", name, start=2, end=rank)


class Value:
    """A Keras tensor in the graph: with its axes in Keras's order, with the channels second, or both.

    ONNX convolves and pools where channels come second. A converter asks for `first` or `last`, and only where the
    other one is all there is a transposition appears: one behind a model's input, one before its output.

    Parameters
    ----------
    graph : Graph
        The graph that it is part of.
    rank : int
        How many axes it has.
    last, first : str, optional
        Its name in the graph, with the channels last and with the channels second.
    """

    def __init__(self, graph: Graph, rank: int, *, last: str | None = None, first: str | None = None):
        self.graph, self.rank = graph, rank
        self._last, self._first = last, first
        if rank < 3:  # the channels are last, and second
            self._last = self._first = last or first

    @property
    def channels_first(self) -> bool:
        """Whether `name` has the channels second."""
        return self._first is not None

    @property
    def name(self) -> str:
        """Its name in the order that needs no transposition; the channels are second if both are there."""
        return self._last if self._first is None else self._first

    @property
    def first(self) -> str:
        """Its name with the channels second."""
        if self._first is None:
            self._first = self.graph.node("Transpose", self._last, perm=(0, self.rank - 1, *range(1, self.rank - 1)))
        return self._first

    @property
    def last(self) -> str:
        """Its name in Keras's order."""
        if self._last is None:
            self._last = self.graph.node("Transpose", self._first, perm=(0, *range(2, self.rank), 1))
        return self._last

    def same(self, name: str) -> Value:
        """Return the value of this name, which came from `self.name` without a change of axes."""
        return joined(self.graph, self.rank, name, self.channels_first)

    def axis(self, axis: int) -> int:
        """Return where Keras's axis lies in `self.name`."""
        axis %= self.rank
        if not self.channels_first or axis == 0:
            return axis
        return 1 if axis == self.rank - 1 else axis + 1


def joined(graph: Graph, rank: int, name: str, channels_first: bool) -> Value:
    """Return the value of this name."""
    return Value(graph, rank, first=name) if channels_first else Value(graph, rank, last=name)


def cannot(layer: Any, problem: str, remedy: str = "replace it, or leave it out of the exported part") -> InputError:
    """Return the error that names a layer which cannot be exported."""
    name = getattr(layer, "name", type(layer).__name__)
    return InputError("export_onnx", f"layer {name}", problem, remedy)


def converts(*kinds: type) -> Callable[[Callable], Callable]:
    """Enter a converter into the table, for these classes of layers.

    It is called as ``converter(layer, graph, *values)``, with a value for each tensor that the layer was called with,
    in the order of its `call`, and returns a value, or a list of them.
    """

    def enter(converter: Callable) -> Callable:
        CONVERTERS.update(dict.fromkeys(kinds, converter))
        return converter

    return enter


def weight(variable: Any) -> np.ndarray:
    """Return what a layer has learnt as an array."""
    return np.asarray(keras.ops.convert_to_numpy(keras.ops.cast(variable, "float32")))
