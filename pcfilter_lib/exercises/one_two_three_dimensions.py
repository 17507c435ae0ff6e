"""The checks of the chapter *One, two, three dimensions*.

Kernels of one dimension are (w, C, O); those of three, for a single channel, are (d, h, w). All convolutions are
correlations, as in deep learning.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import numpy as np
from scipy.signal import correlate, correlate2d

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._pair import pair_of
from pcfilter_lib.exercises._wording import call_text


@exercise(solved="as few layers as can be, and no gaps.")
def check_dilations(answer: Callable) -> None:
    """Check ``answer(samples, w)``, the dilations of the fewest layers with w weights that hear so many samples."""
    for samples, w in _MEMORIES:
        inputs = {"samples": samples, "w": w}
        what = call_text(answer, inputs)
        result = call(answer, **inputs)
        given = as_numbers(result if np.size(result) else np.zeros(0), what)
        if given.ndim != 1:
            raise NotYet(f"{what} gives {'a single number' if not given.ndim else 'a table'}; a list is expected.")
        given = [float(dilation) for dilation in given]
        right = _dilations(samples, w)
        if given == right:
            continue
        shown = [int(d) if d == int(d) else d for d in given]
        report = f"{what} gives {shown}."
        if any(dilation < 1 or dilation != int(dilation) for dilation in given):
            raise NotYet(f"a dilation is a whole number of 1 or more: neighbours are 1 apart.\n{report}")
        raise NotYet(f"{_what_is_wrong(given, right, samples, w)}\n{report}")


@exercise(solved="step by step, it is the causal convolution of the whole row.")
def check_step(answer: Callable) -> None:
    """Check ``answer(queue, x, kernel, dilation)``, the output of one step and the queue for the next."""
    for inputs in _STEPS:
        queue, x, kernel, dilation = inputs.values()
        rows = np.concatenate([queue, x[None]])
        y, kept = pair_of(
            answer,
            inputs,
            {"y": (kernel.shape[2],), "queue": queue.shape},
            mistakes={
                "y": {
                    (1, kernel.shape[2]): "y has one axis too many: this is one step.",
                    (len(kernel), kernel.shape[2]): "the sum over the weights' places is missing.",
                    (): "one output is expected for each of the kernel's O channels.",
                },
                "queue": {
                    rows.shape: "the queue grows: the oldest row is never needed again.",
                    (len(queue) - 1, queue.shape[1]): "the queue shrinks: the new input belongs into it.",
                    rows[::dilation].shape: "keep the rows between the taps, too: later steps need them.",
                },
            },
        )
        compare(
            y,
            _met(rows[::dilation], kernel),
            what=f"y of {call_text(answer, inputs)}",
            mistakes=[(text, functools.partial(wrong, rows, kernel, dilation)) for text, wrong in _OTHER_OUTPUTS],
        )
        compare(
            kept,
            rows[1:],
            what=f"the queue of {call_text(answer, inputs)}",
            mistakes=[
                ("the queue is as it was: put the new input in, take the oldest out.", lambda rows=rows: rows[:-1]),
                (
                    "the newest is at the front: the oldest comes first.",
                    lambda rows=rows: np.vstack([rows[-1:], rows[1:-1]]),
                ),
                (
                    "the newest is at the front, and the oldest still there: put it at the end, drop the first.",
                    lambda rows=rows: np.vstack([rows[-1:], rows[:-2]]),
                ),
                (
                    "the newest takes the place of the last row: the rows must move up.",
                    lambda rows=rows: np.vstack([rows[:-2], rows[-1:]]),
                ),
                ("the rows are in the reverse order: the oldest comes first.", lambda rows=rows: rows[:0:-1]),
                (
                    "the rows move up by the dilation; a step is one sample.",
                    lambda rows=rows, d=dilation: np.vstack([rows[d:], np.zeros((d, rows.shape[1]))])[: len(rows) - 1],
                ),
            ],
        )


@exercise(solved="slice by slice, it is the 3-D convolution.")
def check_convolve_3d(answer: Callable) -> None:
    """Check ``answer(x, kernel)``, the valid 3-D correlation of x (D, H, W) with kernel (d, h, w)."""
    compare_on(
        _VOLUMES,
        answer,
        reference=_convolve_3d,
        mistakes=[
            (
                "the kernel's slices meet the volume in reverse: slice a meets x[i + a].",
                lambda x, kernel: _convolve_3d(x, kernel[::-1]),
            ),
            (
                "this is true convolution: equation (1) does not turn the kernel.",
                lambda x, kernel: _convolve_3d(x, kernel[::-1, ::-1, ::-1]),
            ),
            (
                "rows and columns are turned round, depth is not: equation (1) turns nothing.",
                lambda x, kernel: _convolve_3d(x, kernel[:, ::-1, ::-1]),
            ),
            ("only the kernel's last slice counts: add the slices up, do not overwrite.", _last_slice),
            ("only the kernel's first slice counts: sum over its depth.", _first_slice),
            ("the volume does not move on: at depth i, slice a meets x[i + a].", _not_moved),
            ("the volume moves by the whole kernel: neighbouring outputs share slices.", _in_blocks),
            ("the mean over the slices is not their sum.", lambda x, k: _convolve_3d(x, k) / len(k)),
            (
                "the slices are multiplied by the kernel's sum over depth: each slice has weights of its own.",
                lambda x, kernel: _convolve_3d(x, np.repeat(kernel.sum(axis=0)[None], len(kernel), axis=0)),
            ),
        ],
        shapes=[
            (
                "as many slices as the volume has: at the last depths the kernel reaches beyond its end.",
                lambda x, k: (len(x), *_valid(x, k)[1:]),
            ),
            (
                "the last depth is missing: d slices fit into D at D - d + 1 places.",
                lambda x, k: (_valid(x, k)[0] - 1, *_valid(x, k)[1:]),
            ),
            (
                'rows and columns have grown: correlate2d puts a border around them, unless you say mode="valid".',
                lambda x, k: (_valid(x, k)[0], *(n + w - 1 for n, w in zip(x.shape[1:], k.shape[1:], strict=True))),
            ),
            (
                "this is one slice: the window also slides along the depth.",
                lambda x, k: _valid(x, k)[1:],
            ),
            (
                "one result for each slice of the kernel: sum over them.",
                lambda x, k: (_valid(x, k)[0], len(k), *_valid(x, k)[1:]),
            ),
            (
                "the depth is the last axis of your result; it is the first.",
                lambda x, k: (*_valid(x, k)[1:], _valid(x, k)[0]),
            ),
            (
                "you returned something of the volume's size; leave out windows that need a border.",
                lambda x, k: x.shape,
            ),
        ],
    )


def _dilations(samples: int, w: int) -> list[int]:
    dilations, reach = [], 1
    while reach < samples:
        dilations.append(reach)
        reach *= w
    return dilations


def _what_is_wrong(given: list[float], right: list[int], samples: int, w: int) -> str:
    """Say what keeps these dilations from being the right ones."""
    doubled = [2**n for n in range(len(given))]
    if sorted(given) == right:
        return "these are the right ones in another order: the first layer comes first."
    if given == [w**n for n in range(len(given))]:
        by_logarithm = len(given) == math.ceil(math.log(samples, w)) if samples > 1 else False
        if len(given) == len(right) + 1 and by_logarithm:
            return "one layer too many: is this a logarithm that was rounded up a hair too late? Count with integers."
        if len(given) == len(right) + 1:
            return "one layer too many: with n layers w**n samples are heard, and exactly as many are enough."
        if len(given) > len(right):
            return "too many layers."
        return "too few layers: count how many samples are heard, the present one included."
    if given == doubled and w != 2:
        return f"doubling is for two weights; with {w} a layer reaches further, and fewer layers will do."
    if given == [w ** (n + 1) for n in range(len(given))]:
        return "the first layer leaves gaps: which distances are lost if its weights are not neighbours?"
    heard = {0}
    for dilation in given:
        heard = {back + int(dilation) * a for back in heard for a in range(w)}
        if len(heard) > _MOST_HEARD:
            break
    missing = set(range(samples)) - heard
    if missing:
        gaps = min(missing) < max(heard)
        return f"the sample {min(missing)} steps back is not heard: " + ("there is a gap." if gaps else "too short.")
    if len(given) > len(right):
        return "all samples are heard, but fewer layers would do."
    return "all samples are heard, by as few layers as can be, but another choice hears more: jump by what is heard."


def _met(rows: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return np.einsum("wc,wco->o", rows, kernel)


_OTHER_OUTPUTS = [
    (
        "the weights are in reverse: the last one meets the newest input.",
        lambda rows, kernel, d: _met(rows[::d], kernel[::-1]),
    ),
    (
        "the last rows meet the weights, side by side: they should be `dilation` rows apart.",
        lambda rows, kernel, d: _met(rows[-len(kernel) :], kernel),
    ),
    (
        "the oldest rows meet the weights, side by side: they should be `dilation` rows apart.",
        lambda rows, kernel, d: _met(rows[: len(kernel)], kernel),
    ),
    (
        "the new input is not used: its weight is the last.",
        lambda rows, kernel, d: _met(rows[:-1][::d], kernel[:-1]),
    ),
    ("only the new input is used: the past is in the queue.", lambda rows, kernel, d: rows[-1] @ kernel[-1]),
    (
        "the taps are one row off: the last weight meets the new input.",
        lambda rows, kernel, d: _met(np.concatenate([np.zeros_like(rows[:1]), rows[:-1]])[::d], kernel),
    ),
]


def _valid(x: np.ndarray, kernel: np.ndarray) -> tuple[int, ...]:
    return tuple(np.subtract(x.shape, kernel.shape) + 1)


def _convolve_3d(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return correlate(x, kernel, mode="valid", method="direct")


def _by_slices(x: np.ndarray, kernel: np.ndarray, met: Callable) -> np.ndarray:
    """Sum over the pairs (slice of the volume, slice of the kernel) that meet at each depth."""
    places = range(len(x) - len(kernel) + 1)
    return np.stack([sum(correlate2d(x[at], kernel[a], mode="valid") for at, a in met(i)) for i in places])


def _last_slice(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    last = len(kernel) - 1
    return _by_slices(x, kernel, lambda i: [(i + last, last)])


def _first_slice(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return _by_slices(x, kernel, lambda i: [(i, 0)])


def _not_moved(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return _by_slices(x, kernel, lambda i: [(i, a) for a in range(len(kernel))])


def _in_blocks(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    step = len(kernel)
    return _by_slices(x, kernel, lambda i: [(i * step + a, a) for a in range(step)])


_MOST_HEARD = 5000
_MEMORIES = [(16, 2), (9, 3), (10, 3), (1, 2), (17, 2), (125, 5), (100, 10), (256, 2)]
_random = np.random.default_rng(4)


def _step(w: int, dilation: int, channels: int, outputs: int) -> dict:
    return {
        "queue": _random.integers(-9, 10, size=((w - 1) * dilation, channels)) / 2,
        "x": _random.integers(-9, 10, size=channels) / 2,
        "kernel": _random.integers(-9, 10, size=(w, channels, outputs)) / 2,
        "dilation": dilation,
    }


_STEPS = [
    {
        "queue": np.array([[1.0], [2.0]]),
        "x": np.array([4.0]),
        "kernel": np.array([10.0, 1.0]).reshape(2, 1, 1),
        "dilation": 2,
    },
    _step(2, 3, 2, 3),
    _step(3, 2, 2, 4),
    _step(3, 1, 4, 2),
]
_VOLUMES = [
    {
        "x": np.arange(1.0, 13).reshape(3, 2, 2),
        "kernel": np.array([[[1.0, 0.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 10.0]]]),
    },
    {"x": _random.integers(-9, 10, size=(6, 5, 4)) / 2, "kernel": _random.integers(-9, 10, size=(3, 2, 2)) / 2},
    {"x": _random.integers(-9, 10, size=(4, 3, 5)) / 2, "kernel": _random.integers(-9, 10, size=(2, 3, 4)) / 2},
]
