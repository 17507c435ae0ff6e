"""The checks of the chapter *Padding, stride, dilation*.

Along one axis, a kernel of h weights with dilation d spans d (h - 1) + 1 pixels, and its window begins every stride
pixels. *Same* is the rule of TensorFlow and Keras: ceil(size / stride) outputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise
from pcfilter_lib.receptive_field import same_padding


@exercise(solved="these are Keras's borders, for even and odd sizes.")
def check_same_border(answer: Callable) -> None:
    """Check ``answer(size, kernel, stride, dilation)``, the zeros (before, after) of ``padding="same"``."""
    compare_on(
        _BORDERS,
        answer,
        reference=_same_border,
        mistakes=[
            ("the odd zero comes last, not first.", lambda *inputs: _same_border(*inputs)[::-1]),
            (
                "the stride is not used: it decides how many outputs there are, and where the last window begins.",
                lambda size, kernel, stride, dilation: _same_border(size, kernel, 1, dilation),
            ),
            (
                "the dilation is not used: it makes the window longer.",
                lambda size, kernel, stride, dilation: _same_border(size, kernel, stride, 1),
            ),
            *(
                (
                    "these are as many zeros before as after; as few as possible are added, and their sum may be odd.",
                    lambda *inputs, half=half: (half(*inputs),) * 2,
                )
                for half in _EQUAL_HALVES
            ),
            ("all zeros are on one side; half of them come first.", lambda *inputs: (0, sum(_same_border(*inputs)))),
            (
                "the number of outputs is the quotient rounded up; this is what comes of rounding down.",
                lambda *inputs: _halves(_total(*inputs, outputs=inputs[0] // inputs[2])),
            ),
            (
                "no border can be negative: if there are more pixels than needed, nothing is added.",
                lambda *inputs: _halves(_total(*inputs, clip=False)),
            ),
            (
                "with dilation d the window spans d (h - 1) + 1 pixels, not d h: there is one gap less than weights.",
                lambda size, kernel, stride, dilation: _same_border(size, dilation * kernel, stride, 1),
            ),
        ],
        shapes=[("return two numbers: the zeros before, and the zeros after.", lambda *inputs: ())],
    )


@exercise(solved="each weight is in its column, in each row.")
def check_matrix(answer: Callable) -> None:
    """Check ``answer(weights, size, stride, dilation)``, the matrix (outputs, size) without padding."""
    rows = "the number of rows differs: count the places where the whole window fits."
    compare_on(
        _MATRICES,
        answer,
        reference=_matrix,
        mistakes=[
            (
                "stride and dilation are exchanged: the stride moves the window, the dilation spreads its weights.",
                lambda weights, size, stride, dilation: _matrix(weights, size, dilation, stride),
            ),
            (
                "the dilation is not used: in a row, the weights are `dilation` columns apart.",
                lambda weights, size, stride, dilation: _rows(weights, size, stride, 1, dilation),
            ),
            (
                "the dilation is not used: in a row, the weights are `dilation` columns apart.",
                lambda weights, size, stride, dilation: _matrix(weights, size, stride, 1),
            ),
            (
                "the stride is not used: it is how many columns the window moves from row to row.",
                lambda weights, size, stride, dilation: _matrix(weights, size, 1, dilation),
            ),
            (
                "the stride is not used: it is how many columns the window moves from row to row.",
                lambda weights, size, stride, dilation: _unmoved(weights, size, stride, dilation),
            ),
            (
                "the weights are in the opposite order: equation (1) does not turn the kernel.",
                lambda weights, *inputs: _matrix(weights[::-1], *inputs),
            ),
            ("the matrix is transposed: a row belongs to an output.", lambda *inputs: _matrix(*inputs).T),
        ],
        shapes=[
            (
                "this is one row for each pixel; the window does not fit everywhere.",
                lambda weights, size, stride, dilation: (size, size),
            ),
            (rows, lambda *inputs: tuple(np.add(_matrix(*inputs).shape, (1, 0)))),
            (rows, lambda *inputs: tuple(np.subtract(_matrix(*inputs).shape, (1, 0)))),
            (
                f"{rows} With holes, it is longer than its weights.",
                lambda weights, size, stride, dilation: _matrix(weights, size, stride, 1).shape,
            ),
            (
                f"{rows} It moves by `stride` pixels at a time.",
                lambda weights, size, stride, dilation: _matrix(weights, size, 1, dilation).shape,
            ),
        ],
    )


@exercise(solved="every way is counted once, holes included.")
def check_ways(answer: Callable) -> None:
    """Check ``answer(dilations)``, the number of ways from each pixel of the field to the output."""
    compare_on(
        _DILATIONS,
        answer,
        reference=_ways,
        mistakes=[
            (
                "this says whether there is a way; count them, and add up where several meet.",
                lambda dilations: 1.0 * (_ways(dilations) > 0),
            ),
            (
                "these are shares: the ways are divided by their sum. Count them.",
                lambda dilations: _ways(dilations) / _ways(dilations).sum(),
            ),
            (
                "the pixels without a way are missing: they are in the field, with 0 ways.",
                lambda dilations: _ways(dilations)[_ways(dilations) > 0],
            ),
            (
                "the dilations are not used: a layer hands on to places that lie d apart.",
                lambda dilations: _ways([1] * len(dilations)),
            ),
            (
                "only the last layer is counted: each layer spreads the ways that the layer before has made.",
                lambda dilations: _ways(dilations[-1:]),
            ),
            (
                "the layers are added up side by side: each layer spreads the ways that the layer before has made.",
                _side_by_side,
            ),
        ],
        shapes=[
            (
                "the field has another size: a layer with dilation d makes it 2 d larger.",
                lambda dilations: (1 + sum(dilations),),
            ),
            (
                "the field has another size: the sizes of the layers do not add up, their reaches do.",
                lambda dilations: (sum(2 * d + 1 for d in dilations),),
            ),
        ],
    )


@exercise(solved="first and last are right, through every layer.")
def check_window(answer: Callable) -> None:
    """Check ``answer(layers, index)``, the first and the last pixel that an output depends on."""
    compare_on(
        _WINDOWS,
        answer,
        reference=_window,
        mistakes=[
            (
                "the layers are taken from the image upwards; come down from the output, the last layer first.",
                lambda layers, index: _window(layers[::-1], index),
            ),
            (
                "last is one too far: it is the last pixel that counts, not the one after it.",
                lambda layers, index: np.add(_window(layers, index), (0, 1)),
            ),
            (
                "this is the first pixel and the number of pixels; return the last pixel.",
                lambda layers, index: (_window(layers, index)[0], np.ptp(_window(layers, index)) + 1),
            ),
            (
                "the dilations are not used: they make the windows longer.",
                lambda layers, index: _window([(h, s, 1) for h, s, d in layers], index),
            ),
            (
                "the strides are not used: output i of a layer begins at its input number s i.",
                lambda layers, index: _window([(h, 1, d) for h, s, d in layers], index),
            ),
            (
                "the kernels are one too long: from the first weight to the last there are h - 1 gaps.",
                lambda layers, index: _window([(h + 1, s, d) for h, s, d in layers], index),
            ),
            (
                "this is the window of output 0, moved by the index; each output moves it by the jump.",
                lambda layers, index: np.add(_window(layers, 0), index),
            ),
            (
                "the window is centred on index times the jump; without padding it begins there.",
                _centred,
            ),
            (
                "the stride is applied after the kernel; output i begins at input s i, and the kernel reaches on from "
                "there.",
                _stride_last,
            ),
            ("this is the window of output 0: the index is not used.", lambda layers, index: _window(layers, 0)),
            (
                "only one layer is followed; its inputs are the outputs of the layer below.",
                lambda layers, index: _window(layers[-1:], index),
            ),
            (
                "only one layer is followed; its inputs are the outputs of the layer below.",
                lambda layers, index: _window(layers[:1], index),
            ),
        ],
        shapes=[("return two numbers: the first pixel, and the last.", lambda layers, index: ())],
    )


def _total(size: int, kernel: int, stride: int, dilation: int, outputs: int | None = None, clip: bool = True):
    outputs = -(-size // stride) if outputs is None else outputs
    border = (outputs - 1) * stride + dilation * (kernel - 1) + 1 - size
    return max(border, 0) if clip else border


def _halves(border: int) -> tuple[int, int]:
    return border // 2, border - border // 2


def _same_border(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    return same_padding(size, kernel, stride=stride, dilation=dilation)


def _matrix(weights: np.ndarray, size: int, stride: int, dilation: int) -> np.ndarray:
    return _rows(weights, size, stride, dilation, dilation)


def _rows(weights: np.ndarray, size: int, stride: int, spread: int, dilation: int) -> np.ndarray:
    """Return as many rows as `dilation` asks for, with the weights `spread` columns apart."""
    count = (size - dilation * (len(weights) - 1) - 1) // stride + 1
    matrix = np.zeros((count, size))
    for i, a in np.ndindex(count, len(weights)):
        matrix[i, stride * i + spread * a] = weights[a]
    return matrix


def _unmoved(weights: np.ndarray, size: int, stride: int, dilation: int) -> np.ndarray:
    """Return as many rows as the stride asks for, moved by one column each."""
    return _matrix(weights, size, 1, dilation)[: len(_matrix(weights, size, stride, dilation))]


def _ways(dilations: Sequence[int]) -> np.ndarray:
    ways = np.ones(1)
    for d in dilations:
        wider = np.zeros(len(ways) + 2 * d)
        for place in (0, d, 2 * d):
            wider[place : place + len(ways)] += ways
        ways = wider
    return ways


def _side_by_side(dilations: Sequence[int]) -> np.ndarray:
    """Return what comes of placing each layer's three weights in the field, and adding the layers up."""
    ways = np.zeros(2 * sum(dilations) + 1)
    for d in dilations:
        ways[sum(dilations) + np.array([-d, 0, d])] += 1
    return ways


def _window(layers: Sequence[tuple[int, int, int]], index: int) -> tuple[int, int]:
    first = last = index
    for kernel, stride, dilation in reversed(layers):
        first, last = first * stride, last * stride + dilation * (kernel - 1)
    return first, last


def _centred(layers: Sequence[tuple[int, int, int]], index: int) -> tuple[int, int]:
    first, last = _window(layers, index)
    half = (last - first) // 2
    return first - half, first + half


def _stride_last(layers: Sequence[tuple[int, int, int]], index: int) -> tuple[int, int]:
    first = last = index
    for kernel, stride, dilation in reversed(layers):
        first, last = first * stride, (last + dilation * (kernel - 1)) * stride
    return first, last


_EQUAL_HALVES = [
    lambda size, kernel, stride, dilation: dilation * (kernel - 1) // 2,
    lambda size, kernel, stride, dilation: kernel // 2,
    lambda *inputs: sum(_same_border(*inputs)) // 2,
    lambda *inputs: -(-sum(_same_border(*inputs)) // 2),
]
_BORDERS = [
    {"size": 9, "kernel": 4, "stride": 2, "dilation": 1},
    {"size": 8, "kernel": 3, "stride": 2, "dilation": 1},
    {"size": 10, "kernel": 5, "stride": 1, "dilation": 2},
    {"size": 11, "kernel": 4, "stride": 3, "dilation": 3},
    {"size": 10, "kernel": 1, "stride": 4, "dilation": 2},
    {"size": 5, "kernel": 1, "stride": 3, "dilation": 1},
]
_MATRICES = [
    {"weights": np.array([1.0, 2.0, 5.0]), "size": 8, "stride": 2, "dilation": 1},
    {"weights": np.array([1.0, 2.0, 5.0]), "size": 9, "stride": 1, "dilation": 3},
    {"weights": np.array([0.5, -2.0]), "size": 11, "stride": 3, "dilation": 4},
    {"weights": np.array([2.0, 1.5, -1.0, 3.0]), "size": 14, "stride": 2, "dilation": 3},
]
_DILATIONS = [
    {"dilations": [1, 1]},
    {"dilations": [1, 2]},
    {"dilations": [2, 2]},
    {"dilations": [1, 2, 3]},
    {"dilations": [4, 1]},
]
_WINDOWS = [
    {"layers": [(3, 1, 1), (3, 1, 1)], "index": 4},
    {"layers": [(3, 2, 1), (3, 1, 1)], "index": 4},
    {"layers": [(2, 3, 1), (3, 1, 2), (5, 2, 1)], "index": 3},
]
