"""The checks of the chapter *What a GPU is good at*."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise

BYTES = 4  # of a number


@exercise(solved="promise and roof are told apart.")
def check_gains(answer: Callable) -> None:
    """Check ``answer(positions, window, channels, flops, bandwidth)``: what a depthwise layer saves, and gains."""
    compare_on(
        _LAYERS,
        answer,
        reference=_gains,
        mistakes=[
            (
                "the gain in time is taken to be the gain in operations; the memory may not allow it.",
                lambda p, w, c, flops, bandwidth: (c, c),
            ),
            (
                "here both layers are limited by the memory; take the slower of both limits, for each layer.",
                lambda p, w, c, flops, bandwidth: (c, _ordinary(p, w, c)[1] / _depthwise(p, w, c)[1]),
            ),
            (
                "operations are counted as multiplications here; an addition goes with each.",
                lambda p, w, c, flops, bandwidth: _gains(p, w, c, 2 * flops, bandwidth),
            ),
            (
                "bytes and numbers are mixed up: a number has four bytes.",
                lambda p, w, c, flops, bandwidth: _gains(p, w, c, flops, BYTES * bandwidth),
            ),
            (
                "the times of the two limits are added; a machine computes while it fetches, so the longer one counts.",
                lambda *layer: (layer[2], _ratio(*layer, longer=sum)),
            ),
            (
                "this takes the shorter of the two limits' times; the longer one holds.",
                lambda *layer: (layer[2], _ratio(*layer, longer=min)),
            ),
            (
                "the pictures count once here, but they are read and written.",
                lambda *layer: (layer[2], _ratio(*layer, pictures=1)),
            ),
            (
                "this is how many times slower; turn the ratio of the times over.",
                lambda *layer: (layer[2], 1 / _gains(*layer)[1]),
            ),
            (
                "the weights travel as well, those of the ordinary layer and those of the depthwise one.",
                lambda *layer: (layer[2], _ratio(*layer, weights=False)),
            ),
            (
                "the depthwise layer has the ordinary one's weights here; each of its channels has one window only.",
                lambda p, w, c, *roof: (
                    c,
                    _seconds(*_ordinary(p, w, c), *roof)
                    / _seconds(_depthwise(p, w, c)[0], _ordinary(p, w, c)[1], *roof),
                ),
            ),
            (
                "here the ordinary layer computes and the depthwise one waits, always; ask for each which it does.",
                lambda p, w, c, flops, bandwidth: (
                    c,
                    _ordinary(p, w, c)[0] / flops / (_depthwise(p, w, c)[1] / bandwidth),
                ),
            ),
            *(
                (
                    "this compares the operations a second that both reach; but the layers do not do equally many.",
                    lambda *layer, power=power: (layer[2], (_gains(*layer)[1] / layer[2]) ** power),
                )
                for power in (1, -1)
            ),
            (
                "both numbers are turned over: the ordinary layer by the depthwise one.",
                lambda *layer: tuple(1 / gain for gain in _gains(*layer)),
            ),
            ("the two numbers are in the wrong places.", lambda *layer: _gains(*layer)[::-1]),
        ],
        shapes=[("return two numbers: fewer operations, and faster.", lambda p, w, c, flops, bandwidth: ())],
    )


@exercise(solved="one example more, and no longer limited by the memory.")
def check_batch(answer: Callable) -> None:
    """Check ``answer(n, m, flops, bandwidth)``: the smallest batch at which a dense layer reaches the ridge."""
    compare_on(
        _DENSE,
        answer,
        reference=_batch,
        mistakes=[
            (
                "this is twice the ridge, as if only weights travelled; inputs and outputs of the batch do, too.",
                lambda n, m, flops, bandwidth: math.ceil(2 * flops / bandwidth),
            ),
            ("this is the ridge itself, an intensity.", lambda n, m, flops, bandwidth: flops / bandwidth),
            (
                "a part of an example is no batch: the smallest whole number that is large enough.",
                _exact_batch,
            ),
            (
                "rounded down, the batch is still limited by the memory.",
                lambda *layer: math.floor(_exact_batch(*layer)),
            ),
            (
                "the batch before this one stands at the ridge, and there the memory no longer limits: round up.",
                lambda *layer: math.floor(_exact_batch(*layer)) + 1,
            ),
            (
                "operations are counted as multiplications here; an addition goes with each.",
                lambda n, m, flops, bandwidth: _batch(n, m, 2 * flops, bandwidth),
            ),
            (
                "bytes and numbers are mixed up: a number has four bytes.",
                lambda n, m, flops, bandwidth: _batch(n, m, flops / BYTES, bandwidth),
            ),
            (
                "the layer is taken to have as many outputs as inputs.",
                lambda n, m, flops, bandwidth: _batch(n, n, flops, bandwidth),
            ),
            (
                "here the outputs of the batch do not travel; they have to be written.",
                lambda *layer: _up(_exact_batch(*layer, outputs=False)),
            ),
            (
                "here the intensity tends to the ridge and never gets there: no batch is large enough.",
                lambda *layer: math.nan / _room(*layer),  # stops as theirs does
            ),
            (
                "a batch is at least 1: where the equation has a negative solution, no batch is large enough.",
                lambda *layer: math.ceil(_solution(*layer)),
            ),
        ],
    )


@exercise(solved="launch, rate and half of the rate, from two timings.")
def check_launch(answer: Callable) -> None:
    """Check ``answer(n1, t1, n2, t2)``: launch, rate and the size at half of the rate."""
    compare_on(
        _TIMINGS,
        answer,
        reference=_launch,
        mistakes=[
            (
                "this rate is the larger size by its time, with the launch still in it.",
                lambda n1, t1, n2, t2: (t1 - n1 * t2 / n2, n2 / t2, (t1 - n1 * t2 / n2) * n2 / t2),
            ),
            (
                "the smaller size's whole time is taken for the launch; some of it is work.",
                lambda n1, t1, n2, t2: (t1, _rate(n1, t1, n2, t2), t1 * _rate(n1, t1, n2, t2)),
            ),
            (
                "the rate is turned over: these are seconds for one number.",
                lambda *timings: (_launch(*timings)[0], 1 / _rate(*timings), _launch(*timings)[2]),
            ),
            (
                "the last number is half of the rate; asked is the size at which half of the rate is reached.",
                lambda n1, t1, n2, t2: (*_launch(n1, t1, n2, t2)[:2], _rate(n1, t1, n2, t2) / 2),
            ),
            (
                "the last number is half of the size in question: there, launch and work take equally long.",
                lambda n1, t1, n2, t2: (*_launch(n1, t1, n2, t2)[:2], _launch(n1, t1, n2, t2)[2] / 2),
            ),
            (
                "the last number is the launch divided by the rate; ask for the n whose n / r is as long as it.",
                lambda *timings: (*_launch(*timings)[:2], _launch(*timings)[0] / _rate(*timings)),
            ),
            (
                "launch and rate are in the wrong places.",
                lambda n1, t1, n2, t2: tuple(_launch(n1, t1, n2, t2)[i] for i in (1, 0, 2)),
            ),
        ],
        shapes=[("return three numbers: the launch, the rate, and the size at half of it.", lambda *_: (2,))],
    )


@exercise(solved="you know what to do about each of them.")
def check_limits(answer: Callable) -> None:
    """Check ``answer(operations, traffic, kernels, flops, bandwidth, launch)``: which part of the time is longest."""
    compare_on(
        _WORKS,
        answer,
        reference=lambda *inputs: _parts(*inputs).argmax(axis=0),
        mistakes=[
            (
                "this is the shortest part of the time; the longest one limits.",
                lambda *inputs: _parts(*inputs).argmin(axis=0),
            ),
            (
                "each piece of work is launched as many times as it has kernels; here all have one launch.",
                lambda operations, traffic, kernels, *machine: _parts(
                    operations, traffic, np.ones_like(kernels), *machine
                ).argmax(axis=0),
            ),
            (
                "launches are forgotten.",
                lambda *inputs: _parts(*inputs)[:2].argmax(axis=0),
            ),
            (
                "operations, bytes and kernels are compared as they are; turn them into seconds first.",
                lambda operations, traffic, kernels, *machine: np.argmax([operations, traffic, kernels], axis=0),
            ),
            (
                "arithmetic and memory are mixed up: 0 is arithmetic.",
                lambda *inputs: _parts(*inputs)[[1, 0, 2]].argmax(axis=0),
            ),
            (
                "the places are counted from 1 here; 0 is arithmetic.",
                lambda *inputs: 1 + _parts(*inputs).argmax(axis=0),
            ),
            (
                "these are the seconds of the longest part; asked is which part it is.",
                lambda *inputs: _parts(*inputs).max(axis=0),
            ),
        ],
        shapes=[
            ("one answer is expected for each piece of work.", lambda *inputs: ()),
            ("the maximum runs over the pieces of work here; take it over the three parts.", lambda *inputs: (3,)),
            ("all three parts are here; say which of them is the longest.", lambda *inputs: _parts(*inputs).shape),
        ],
    )


def _ordinary(positions: int, window: int, channels: int, pictures: int = 2, weights: bool = True):
    traffic = BYTES * (pictures * positions * channels + weights * window * channels**2)
    return 2 * positions * window * channels**2, traffic


def _depthwise(positions: int, window: int, channels: int, pictures: int = 2, weights: bool = True):
    traffic = BYTES * (pictures * positions * channels + weights * window * channels)
    return 2 * positions * window * channels, traffic


def _seconds(operations: float, traffic: float, flops: float, bandwidth: float, longer=max) -> float:
    return longer((operations / flops, traffic / bandwidth))


def _ratio(positions, window, channels, flops, bandwidth, longer=max, **counted) -> float:
    ordinary, depthwise = (count(positions, window, channels, **counted) for count in (_ordinary, _depthwise))
    return _seconds(*ordinary, flops, bandwidth, longer) / _seconds(*depthwise, flops, bandwidth, longer)


def _gains(positions: int, window: int, channels: int, flops: float, bandwidth: float) -> tuple[float, float]:
    return channels, _ratio(positions, window, channels, flops, bandwidth)


def _room(n: int, m: int, flops: float, bandwidth: float, outputs: bool = True) -> float:
    return n * m - 2 * flops / bandwidth * (n + outputs * m)


def _solution(n: int, m: int, flops: float, bandwidth: float, outputs: bool = True) -> float:
    """Return the solution of I(b) = ridge, also where it is negative."""
    return 2 * flops / bandwidth * n * m / _room(n, m, flops, bandwidth, outputs)


def _exact_batch(n: int, m: int, flops: float, bandwidth: float, outputs: bool = True) -> float:
    if _room(n, m, flops, bandwidth, outputs) <= 0:
        return 0.0
    return _solution(n, m, flops, bandwidth, outputs)


def _up(batch: float) -> int:
    return math.ceil(batch - 1e-9)


def _batch(n: int, m: int, flops: float, bandwidth: float) -> int:
    return _up(_exact_batch(n, m, flops, bandwidth))


def _rate(n1: float, t1: float, n2: float, t2: float) -> float:
    return (n2 - n1) / (t2 - t1)


def _launch(n1: float, t1: float, n2: float, t2: float) -> tuple[float, float, float]:
    rate = _rate(n1, t1, n2, t2)
    launch = t1 - n1 / rate
    return launch, rate, launch * rate


def _parts(operations, traffic, kernels, flops, bandwidth, launch) -> np.ndarray:
    return np.array([operations / flops, traffic / bandwidth, kernels * launch])


_LAYERS = [
    {"positions": 100, "window": 9, "channels": 16, "flops": 40.0, "bandwidth": 4.0},
    {"positions": 4096, "window": 9, "channels": 64, "flops": 67e12, "bandwidth": 4.8e12},
    {"positions": 50, "window": 27, "channels": 256, "flops": 300.0, "bandwidth": 20.0},
    {"positions": 1000, "window": 25, "channels": 4, "flops": 2.0, "bandwidth": 20.0},
]
_DENSE = [
    {"n": 200, "m": 150, "flops": 100.0, "bandwidth": 10.0},
    {"n": 2048, "m": 512, "flops": 67e12, "bandwidth": 4.8e12},
    {"n": 3, "m": 64, "flops": 67e12, "bandwidth": 4.8e12},
    {"n": 784, "m": 784, "flops": 150e9, "bandwidth": 12e9},
    {"n": 40, "m": 10, "flops": 100.0, "bandwidth": 10.0},
    {"n": 64, "m": 64, "flops": 64.0, "bandwidth": 8.0},  # exactly at the ridge
    {"n": 64, "m": 64, "flops": 128.0, "bandwidth": 8.0},  # tends to the ridge
]
_TIMINGS = [  # the unit of time is free
    {"n1": 1000, "t1": 3.0, "n2": 5000, "t2": 5.0},
    {"n1": 10, "t1": 12.0, "n2": 1000, "t2": 34.0},
    {"n1": 1, "t1": 0.75, "n2": 16384, "t2": 4.5},
]
_WORKS = [
    {
        "operations": np.array([100.0, 30.0, 2.0, 1.0]),
        "traffic": np.array([20.0, 20.0, 4.0, 1.0]),
        "kernels": np.array([1, 1, 5, 2]),
        "flops": 10.0,
        "bandwidth": 5.0,
        "launch": 0.5,
    },
    {
        "operations": np.array([304e6, 9.7e9, 33554432.0, 96.0, 7.5e9, 1e12]),
        "traffic": np.array([5e6, 3.6e6, 402653184.0, 500.0, 2e7, 1e9]),
        "kernels": np.array([21, 21, 1, 2, 60, 5]),
        "flops": 67e12,
        "bandwidth": 4.8e12,
        "launch": 1e-5,
    },
]
