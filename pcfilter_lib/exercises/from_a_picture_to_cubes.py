"""The checks of the chapter *From a picture to cubes*."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib.exercises._core import NotYet, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

WEIGHTS, MULTIPLICATIONS, VALUES = 12_000_000, 400_000_000, 8_192
FEATURES, SIDE, LAST = 2048, 2, 32


@exercise(solved="every trainable parameter is counted, and nothing else.")
def check_parameters(answer: Callable) -> None:
    """Check ``answer(channels, kernel)``, the parameters of transposed convolutions with their normalisations."""
    compare_on(
        [
            {"channels": [3, 2], "kernel": 4},
            {"channels": [2048, 512, 128, 32, 8], "kernel": 4},
            {"channels": [16, 8, 4], "kernel": 2},
            {"channels": [5], "kernel": 4},
        ],
        answer,
        reference=_parameters,
        mistakes=[
            (
                "a kernel in three dimensions has kernel^3 places.",
                lambda channels, kernel: _parameters(channels, kernel, places=kernel**2),
            ),
            (
                "each normalisation trains two numbers for each of its channels.",
                lambda channels, kernel: _parameters(channels, kernel, of_channel=0),
            ),
            (
                "the moving mean and variance are not trained.",
                lambda channels, kernel: _parameters(channels, kernel, of_channel=4),
            ),
            (
                "the convolutions have no bias.",
                lambda channels, kernel: _parameters(channels, kernel, of_channel=3),
            ),
        ],
    )


@exercise(solved="you know where every number comes from.")
def check_place(answer: Callable) -> None:
    """Check ``answer(feature, cell, size, maps, side, channels_first)``, the value that becomes a feature of a cell."""
    draw, cases = np.random.default_rng(0), []
    for size, maps, side in ((8, 256, 2), (4, 6, 2), (9, 3, 3)):
        for channels_first in (True, False):
            for _ in range(3):
                cases.append(
                    {
                        "feature": int(draw.integers(maps * size**2 // side**3)),
                        "cell": tuple(draw.integers(side, size=3).tolist()),
                        "size": size,
                        "maps": maps,
                        "side": side,
                        "channels_first": channels_first,
                    }
                )

    compare_on(
        cases,
        answer,
        reference=_place,
        mistakes=[
            ("this is the place for the other order of axes.", lambda *args: _place(*args[:-1], not args[-1])),
            (
                "row and column are exchanged: rows come first.",
                lambda *args: tuple(_place(*args)[at] for at in (0, 2, 1)),
            ),
            ("return (map, row, column), in this order.", lambda *args: tuple(_place(*args)[at] for at in (1, 2, 0))),
            (
                "the first axis of the cube counts most: i, then j, then k.",
                lambda feature, cell, *rest: _place(feature, tuple(reversed(cell)), *rest),
            ),
        ],
    )


@exercise(solved="that is what each voxel can know.")
def check_cells(answer: Callable) -> None:
    """Check ``answer(output, layers)``, the cells of the first cube that have an influence on an output."""
    cases = [(0, 1), (1, 1), (3, 1), (3, 2), (2, 2), (7, 4), (8, 4), (15, 4), (24, 4), (31, 4), (1, 0)]
    compare_on(
        [{"output": output, "layers": layers} for output, layers in cases],
        answer,
        reference=_cells,
        mistakes=[
            ("not every cell reaches every output: go back layer by layer.", lambda output, layers: [0, 1]),
            (
                "each output has two inputs along an axis, not one.",
                lambda output, layers: [output >> layers],
            ),
            (
                "inputs that do not exist have no influence: leave them out.",
                lambda output, layers: _cells(output, layers, outside=True),
            ),
            ("return the cells in rising order.", lambda output, layers: _cells(output, layers)[::-1]),
        ],
    )


@exercise(solved="a decoder that stays within its budget.")
def check_decoder(answer: Callable) -> None:
    """Check ``answer()``, the layers of a decoder. Any within the budget passes."""
    what = call_text(answer, {})
    layers = call(answer)
    if not isinstance(layers, list | tuple) or not all(
        isinstance(each, list | tuple) and len(each) == 2 for each in layers
    ):
        raise NotYet(f'{what} should return a list of pairs, such as [("double", 128), ("point", 1)].')
    side, channels, weights, multiplications = SIDE, FEATURES, 0, 0
    for number, (kind, filters) in enumerate(layers):
        if kind not in ("double", "point"):
            raise NotYet(f'layer {number} is {kind!r}; "double" and "point" are allowed.')
        if isinstance(filters, bool) or not isinstance(filters, int | np.integer) or filters < 1:
            raise NotYet(f"layer {number} has {filters!r} channels; a whole number from 1 on is expected.")
        side *= 2 if kind == "double" else 1
        if side > LAST:
            raise NotYet(f"after layer {number} the cube has {side}^3 cells; the solid has {LAST}^3.")
        pairs = channels * int(filters)
        weights += pairs * (64 if kind == "double" else 1)
        multiplications += side**3 * pairs * (8 if kind == "double" else 1)
        channels = int(filters)
        if number < len(layers) - 1 and side**3 * channels < VALUES:
            held = f"{side}^3 cells with {channels} features, {side**3 * channels:,} values"
            raise NotYet(f"after layer {number} there are {held}; at least {VALUES:,} are expected.")
    if (side, channels) != (LAST, 1):
        raise NotYet(f"the result has {side}^3 cells and {channels:,} channels; {LAST}^3 and 1 are expected.")
    if weights > WEIGHTS:
        raise NotYet(f"the decoder has {weights:,} weights; at most {WEIGHTS:,} are allowed.")
    if multiplications > MULTIPLICATIONS:
        raise NotYet(f"a solid takes {multiplications:,} multiplications; at most {MULTIPLICATIONS:,} are allowed.")


def _parameters(channels: Sequence[int], kernel: int, places: int | None = None, of_channel: int = 2) -> int:
    places = kernel**3 if places is None else places
    return sum(places * a * b + of_channel * b for a, b in zip(channels[:-1], channels[1:], strict=True))


def _place(
    feature: int, cell: Sequence[int], size: int, maps: int, side: int, channels_first: bool
) -> tuple[int, int, int]:
    features = maps * size * size // side**3
    at = (cell[0] * side + cell[1]) * side + cell[2]
    if channels_first:
        number = feature * side**3 + at
        return number // size**2, number // size % size, number % size
    number = at * features + feature
    return number % maps, number // (maps * size), number // maps % size


def _cells(output: int, layers: int, outside: bool = False) -> list[int]:
    cells = {output}
    for layer in reversed(range(layers)):
        inputs = {i for o in cells for i in ((o - 1) // 2, (o + 1) // 2)}
        cells = inputs if outside else {i for i in inputs if 0 <= i < SIDE * 2**layer}
    return sorted(cells)
