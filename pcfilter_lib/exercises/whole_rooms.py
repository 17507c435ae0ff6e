"""The checks of the chapter *Whole rooms*."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from math import prod

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of


@exercise(solved="a column in the middle is read by all windows around it, one in a corner by one.")
def check_reads(answer: Callable) -> None:
    """Check ``answer(shape, window)``, how many windows hold each column."""
    compare_on(
        [
            {"shape": (5, 4), "window": 3},
            {"shape": (12, 9), "window": 5},
            {"shape": (6, 40), "window": 5},
            {"shape": (7, 7), "window": 7},
        ],
        answer,
        reference=_reads,
        mistakes=[
            (
                "every column is counted as if it were in the middle. Near an edge fewer windows fit.",
                lambda shape, window: np.full(shape, window**2),
            ),
            (
                "some of these windows stick out of the room: there is one around every column here. Only windows that "
                "lie inside the room count.",
                lambda shape, window: _outer(
                    shape, lambda size: _held(size, window, -(window // 2), size - window // 2)
                ),
            ),
            (
                "the last window is missing along each axis: n - w + 1 windows of w fit into n columns, not n - w.",
                lambda shape, window: _outer(shape, lambda size: _held(size, window, 0, size - window)),
            ),
            (
                "the counts along the two axes are added here; each window along x goes with each along y.",
                lambda shape, window: _outer(shape, lambda size: _held(size, window), np.add),
            ),
            (
                "this counts the windows that predict a column; it asks for those that read it.",
                lambda shape, window: _outer(shape, lambda size: _predicted(size, window)),
            ),
        ],
        shapes=[
            (
                "there is a number for each window here; one for each column is expected.",
                lambda shape, window: tuple(size - window + 1 for size in shape),
            ),
        ],
    )


@exercise(solved="each stride that goes spreads the kernels of all layers after it.")
def check_dilations(answer: Callable) -> None:
    """Check ``answer(layers)``, the dilations that replace strides."""
    compare_on(
        [
            {"layers": layers}
            for layers in (
                [(2, 1), (2, 1), (2, 1)],
                [(2, 1), (1, 1), (3, 1), (1, 1)],
                [(1, 2), (2, 3), (2, 1), (1, 5)],
                [(1, 1), (1, 4)],
                [(3, 1), (3, 2), (2, 2)],
            )
        ],
        answer,
        reference=_dense,
        mistakes=[
            (
                "a layer's own stride does not spread its own kernel, only those of the layers after it.",
                lambda layers: [d * p for (_, d), p in zip(layers, _products(layers), strict=True)],
            ),
            (
                "strides multiply: after two strides of 3, neighbours are 9 voxels apart, not 6.",
                lambda layers: [d * (sum(s for s, _ in layers[:n]) or 1) for n, (_, d) in enumerate(layers)],
            ),
            (
                "the layers' own dilations are lost; they have to be multiplied by the strides before them.",
                lambda layers: _dense([(s, 1) for s, _ in layers]),
            ),
            (
                "only the stride of the layer just before is used here; all strides before a layer count.",
                lambda layers: [d * (layers[n - 1][0] if n else 1) for n, (_, d) in enumerate(layers)],
            ),
            (
                "these are the strides after a layer. Which ones have spread its input?",
                lambda layers: [d * prod(s for s, _ in layers[n + 1 :]) for n, (_, d) in enumerate(layers)],
            ),
            (
                "a dilation and the strides before it are multiplied, not added.",
                lambda layers: [d + p // s for (s, d), p in zip(layers, _products(layers), strict=True)],
            ),
        ],
    )


@exercise(solved="the early layers of a small window do nearly all of the work.")
def check_ratio(answer: Callable) -> None:
    """Check ``answer(dilations, side)``, the work of cubes in units of that of one pass."""
    compare_on(
        [
            {"dilations": dilations, "side": side}
            for dilations, side in (([1, 1], 2), ([1, 1, 1, 4, 8], 100), ([8, 4, 1, 1, 1], 100), ([2], 5), ([1, 3], 1))
        ],
        answer,
        reference=_ratio,
        mistakes=[
            (
                "this is the ratio for columns; here a cube is cut out for each voxel, and it slides along z as well.",
                lambda dilations, side: _ratio(dilations, side, axes=2),
            ),
            (
                "this says how often a voxel of the input is read. What is computed more than once?",
                lambda dilations, side: (1 + 2 * sum(dilations)) ** 3,
            ),
            (
                "the one pass has a margin, too: its maps are larger than the room, all but the last.",
                lambda dilations, side: np.mean([width**3 for width in _widths(dilations)]),
            ),
            (
                "these are the widths of the layers' inputs. A layer's work is a product for each value of its output.",
                lambda dilations, side: _ratio_of([width + 2 * d for width, d in _pairs(dilations)], side),
            ),
            (
                "the widths are counted from the wrong end: the first layer's map is the widest, and the last has the "
                "width 1.",
                lambda dilations, side: _ratio(dilations[::-1], side),
            ),
            (
                "this is the average of the layers' ratios; add the work of all layers before you divide.",
                lambda dilations, side: np.mean([_ratio_of([width], side) for width in _widths(dilations)]),
            ),
        ],
    )


@exercise(solved="no seam, no gap, and no more tiles than needed.")
def check_tiles(answer: Callable) -> None:
    """Check ``answer(network, plan, tile, reach)``, which puts together what the network says about tiles."""
    name = name_of(answer)
    for number, (shape, tile, reach) in enumerate(_PLANS):
        rng = np.random.default_rng(number)
        plan, network = rng.normal(size=shape), _Network(tile, reach, rng)
        bound = _WithNetwork(answer, network) if callable(answer) else answer
        result = as_numbers(call(bound, plan=plan, tile=tile, reach=reach), f"{name}(...)")
        what = f"with a plan of {shape[0]} x {shape[1]}, tiles of {tile} and a reach of {reach}"
        _judge(result, network.everywhere(plan), network, what)


def _judge(result: np.ndarray, expected: np.ndarray, network: _Network, what: str) -> None:
    reach, step = network.reach, network.tile - 2 * network.reach
    if result.shape != expected.shape:
        room = tuple(size + 2 * reach for size in expected.shape)
        hint = " That is the plan itself: its margin is not predicted." if result.shape == room else ""
        raise NotYet(f"{what}, the result has the shape {result.shape}; {expected.shape} is expected.{hint}")
    needed = prod(-(-size // step) for size in expected.shape)
    wrong = ~np.isclose(result, expected, rtol=1e-6, atol=1e-9)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        raise NotYet(f"{what}, {wrong.sum()} of {wrong.size} values are wrong, the first at {list(first)}."
                     f"{_diagnosis(result, expected, wrong, reach)}")  # fmt: skip
    if network.calls > needed:
        raise NotYet(
            f"{what}, all values are right, but the network is called {network.calls} times; {needed} tiles are "
            "enough. Let each tile be as large as it may, and keep all that the network gives for it."
        )


def _diagnosis(result: np.ndarray, expected: np.ndarray, wrong: np.ndarray, reach: int) -> str:
    """Say what the pattern of the wrong values looks like."""
    shifted = expected[: -reach or None, : -reach or None], result[reach:, reach:]
    if min(shifted[0].shape) > 0 and np.allclose(*shifted):
        return f" Everything is moved by {reach} voxels: the network's answer begins `reach` after its tile does."
    rows, columns = np.flatnonzero(~wrong.all(axis=1)), np.flatnonzero(~wrong.all(axis=0))
    if len(rows) and len(columns):
        inside = ~wrong[: rows[-1] + 1, : columns[-1] + 1]
        if inside.all():
            return " They are the last rows or columns: the tiles do not reach the end of the plan."
    if 0 < wrong.mean() < 0.9:
        return (
            " They lie along the edges of your tiles: these are seams. How far does a tile have to see beyond what is "
            "kept of it?"
        )
    return ""


class _Network:
    """A function of the ``2 reach + 1`` squared numbers around each place, for plans no larger than a tile."""

    def __init__(self, tile: int, reach: int, rng: np.random.Generator):
        self.tile, self.reach, self.calls = tile, reach, 0
        self._weights = rng.normal(size=(2 * reach + 1,) * 2)

    def __call__(self, plan: np.ndarray) -> np.ndarray:
        size = np.shape(plan)
        if len(size) != 2 or max(size) > self.tile:
            raise ValueError(f"the network was given {size}; a tile is {self.tile} x {self.tile} at most")
        if min(size) < 2 * self.reach + 1:
            raise ValueError(f"the network was given {size}, and sees {2 * self.reach + 1} along each axis")
        self.calls += 1
        return self.everywhere(np.asarray(plan, float))

    def everywhere(self, plan: np.ndarray) -> np.ndarray:
        """Return one pass over a plan of any size."""
        windows = np.lib.stride_tricks.sliding_window_view(plan, self._weights.shape)
        return np.tanh(np.einsum("xyab,ab->xy", windows, self._weights)) + 2


class _WithNetwork:
    """The reader's function with its first argument given: networks cannot be copied and compared."""

    def __init__(self, answer: Callable, network: _Network):
        self._answer, self._network = answer, network
        self.__name__, self.__code__ = name_of(answer), getattr(answer, "__code__", None)

    def __call__(self, *inputs):
        return self._answer(self._network, *inputs)


def _held(size: int, window: int, first: int = 0, end: int | None = None) -> np.ndarray:
    """Count, for each place, the windows that begin at `first` or later and before `end` and hold it."""
    begins = np.arange(first, size - window + 1 if end is None else end)
    places = np.arange(size)[:, None]
    return ((begins <= places) & (places < begins + window)).sum(axis=1)


def _predicted(size: int, window: int) -> np.ndarray:
    places = np.arange(size)
    return ((places >= window // 2) & (places < size - window // 2)).astype(int)


def _outer(shape: Sequence[int], along: Callable, combine: np.ufunc = np.multiply) -> np.ndarray:
    return combine.outer(*(along(size) for size in shape))


def _reads(shape: Sequence[int], window: int) -> np.ndarray:
    return _outer(shape, lambda size: _held(size, window))


def _products(layers: Sequence[Sequence[int]]) -> list[int]:
    """Return the products of the strides up to each layer, its own included."""
    return list(accumulate((stride for stride, _ in layers), lambda a, b: a * b))


def _dense(layers: Sequence[Sequence[int]]) -> list[int]:
    return [d * p // s for (s, d), p in zip(layers, _products(layers), strict=True)]


def _widths(dilations: Sequence[int]) -> list[int]:
    """Return the width of each layer's map in a window that ends as one voxel."""
    return [1 + 2 * sum(dilations[number + 1 :]) for number in range(len(dilations))]


def _pairs(dilations: Sequence[int]):
    return zip(_widths(dilations), dilations, strict=True)


def _ratio_of(widths: Sequence[int], side: int, axes: int = 3) -> float:
    windows = side**axes * sum(width**axes for width in widths)
    return windows / sum((side + width - 1) ** axes for width in widths)


def _ratio(dilations: Sequence[int], side: int, axes: int = 3) -> float:
    return _ratio_of(_widths(dilations), side, axes)


# The shape of the plan, the largest tile, the reach. A plan smaller than a tile, one that tiles fill exactly, and rests
# of one row.
_PLANS = [
    ((20, 14), 10, 2),
    ((30, 30), 12, 3),
    ((25, 8), 9, 1),
    ((9, 9), 12, 2),
    ((11, 40), 7, 3),
]
