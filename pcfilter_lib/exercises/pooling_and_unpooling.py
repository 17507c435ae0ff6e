"""The checks of the chapter *Pooling and unpooling*.

Windows lie side by side unless said otherwise. Of equal pixels, the first one in reading order is the maximum.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each window has its mean, and what fills none is left out.")
def check_average_pool(answer: Callable) -> None:
    """Check ``answer(image, size)``, the means of the windows, side by side, that fit wholly."""
    order = "these are means of other pixels: split rows into (window, row in it), then columns likewise."
    compare_on(
        _IMAGES,
        answer,
        reference=_average_pool,
        mistakes=[
            ("these are the sums; divide by the number of pixels.", lambda *inputs: _average_pool(*inputs, of=np.sum)),
            ("these are the maxima; take the mean.", lambda *inputs: _average_pool(*inputs, of=np.max)),
            ("the sums are divided by `size`; a window has size * size pixels.", _divided_by_size),
            (order, lambda image, size: _split(image, size, "wswh")),
            (order, lambda image, size: _split(image, size, "swsw")),
            (
                "this takes one pixel of each window; take the mean of all.",
                lambda image, size: _cut(image, size)[::size, ::size],
            ),
            ("the result is transposed: its rows are your columns.", lambda *inputs: _average_pool(*inputs).T),
            (
                "this averages over the windows, and keeps the places in them: take the other two axes.",
                lambda image, size: _windows(image, size).mean(axis=(0, 2)),
            ),
            (
                "rows and columns are cut off at the beginning; leave out those at the end.",
                lambda image, size: _average_pool(image[len(image) % size :, image.shape[1] % size :], size),
            ),
            (
                "`image` is reshaped as if all of it filled windows: cut rows and columns off its end first.",
                lambda image, size: image.reshape(len(image) // size, size, image.shape[1] // size, size).mean((1, 3)),
            ),
        ],
        shapes=[
            (
                "nothing is left of an axis: image[:-0] is empty. Count how many to keep, not how many to cut off.",
                lambda image, size: tuple(n // size if n % size else 0 for n in image.shape),
            ),
            (
                "the windows overlap here: they lie side by side.",
                lambda image, size: tuple(np.subtract(image.shape, size) + 1),
            ),
            (
                "the windows at the end are not whole; leave them out.",
                lambda image, size: tuple(-(-n // size) for n in image.shape),
            ),
            (
                "only rows are pooled; do the same with columns.",
                lambda image, size: (len(image) // size, image.shape[1]),
            ),
            (
                "only columns are pooled; do the same with rows.",
                lambda image, size: (len(image), image.shape[1] // size),
            ),
        ],
    )


@exercise(solved="every window's gradient goes to its winner, and shares add up.")
def check_pool_gradient(answer: Callable) -> None:
    """Check ``answer(image, upstream)``, the gradient of max pooling with windows of 3 and stride 2."""
    side = "the windows are wrong: they are 3 pixels wide, and begin every 2 pixels."
    tie = "of equal pixels only the first in reading order is the maximum."
    compare_on(
        _UPSTREAMS,
        answer,
        reference=_gradient,
        mistakes=[
            (
                "a pixel can win in several windows: add each share with +=, do not overwrite.",
                lambda image, upstream: _gradient(image, upstream, add=False),
            ),
            (
                f"{tie} Here the last one got the gradient.",
                lambda image, upstream: _gradient(image, upstream, ties="last"),
            ),
            (f"{tie} Here all of them got it.", lambda image, upstream: _gradient(image, upstream, ties="all")),
            (f"{tie} Here they share it.", lambda image, upstream: _gradient(image, upstream, ties="shared")),
            (
                "a pixel that wins in several windows gets the mean of their shares; it gets the sum.",
                lambda image, upstream: (
                    _gradient(image, upstream) / np.maximum(_gradient(image, np.ones_like(upstream)), 1)
                ),
            ),
            (
                "row and column of the winner are mixed up.",
                lambda image, upstream: _gradient(image, upstream, turned=True),
            ),
            (side, lambda image, upstream: _gradient(image, upstream, size=2)),
            (side, lambda image, upstream: _gradient(image, upstream, stride=3)),
            (side, lambda image, upstream: _gradient(image, upstream, stride=1)),
            (
                "the upstream gradient is not used: each winner gets that of its window.",
                lambda image, upstream: _gradient(image, np.ones_like(upstream)),
            ),
            (
                "the maxima themselves are put back; the winners get the upstream gradient.",
                lambda image, upstream: (_gradient(image, np.ones_like(upstream)) > 0) * image,
            ),
            (
                "the gradient is multiplied by the pixels; a maximum passes it on as it is.",
                lambda image, upstream: _gradient(image, upstream) * image,
            ),
            (
                "every pixel of a window got the gradient; only its maximum does.",
                lambda image, upstream: _gradient(np.zeros_like(image), upstream, ties="all"),
            ),
            (
                "this is the gradient of average pooling; here only the maximum of a window gets it.",
                lambda image, upstream: _gradient(np.zeros_like(image), upstream, ties="shared"),
            ),
        ],
        shapes=[
            (
                "the gradient is as large as the image, not as the upstream gradient.",
                lambda image, upstream: upstream.shape,
            ),
            (
                "the gradient is as large as the image; windows overlap, so twice the upstream gradient is not enough.",
                lambda image, upstream: tuple(2 * np.array(upstream.shape)),
            ),
        ],
    )


@exercise(solved="the small row holds these stripes, for fine and for coarse ones.")
def check_seen_period(answer: Callable) -> None:
    """Check ``answer(period, stride)``, the period in pixels of the small row, infinite for an even grey."""
    compare_on(
        _STRIPES,
        answer,
        reference=_seen_period,
        mistakes=[
            ("no whole number of cycles can be seen: then an even grey is left, np.inf.", _zero_for_grey),
            (
                "this holds for coarse stripes only: stripes that advance by more than half a cycle look slower.",
                lambda period, stride: period / stride,
            ),
            (
                "this is counted in pixels of the large row; count those that are left.",
                lambda period, stride: stride * _seen_period(period, stride),
            ),
            (
                "this is the number of cycles from pixel to pixel; the period is one divided by it.",
                lambda period, stride: 1 / _seen_period(period, stride),
            ),
            (
                "whole cycles are taken off, but advancing by three quarters looks like going back by one quarter.",
                lambda period, stride: 1 / (stride / period % 1) if stride / period % 1 else np.inf,
            ),
            (
                "the period is negative where the stripes seem to run backwards; return how long it is.",
                lambda period, stride: _signed(period, stride),
            ),
            (
                "only one whole cycle is taken off; the stripes may have advanced by several.",
                lambda period, stride: 1 / abs(1 - stride / period) if stride / period > 0.5 else period / stride,
            ),
        ],
        shapes=[],
    )


def _cut(image: np.ndarray, size: int) -> np.ndarray:
    H, W = np.array(image.shape) // size
    return image[: H * size, : W * size]


def _windows(image: np.ndarray, size: int) -> np.ndarray:
    H, W = np.array(image.shape) // size
    return _cut(image, size).reshape(H, size, W, size)


def _average_pool(image: np.ndarray, size: int, of: Callable = np.mean) -> np.ndarray:
    return of(_windows(image, size), axis=(1, 3))


def _divided_by_size(image: np.ndarray, size: int) -> np.ndarray:
    return _average_pool(image, size) * size


def _split(image: np.ndarray, size: int, order: str) -> np.ndarray:
    """Return what comes of splitting the pixels in another order: w a window, s a place in it."""
    H, W = np.array(image.shape) // size
    if order == "wswh":
        return _cut(image, size).reshape(H, W, size, size).mean(axis=(2, 3))
    return _cut(image, size).reshape(size, H, size, W).mean(axis=(0, 2))


def _gradient(image, upstream, add=True, ties="first", size=3, stride=2, turned=False):
    gradient = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = image[stride * i : stride * i + size, stride * j : stride * j + size]
        inside = np.argwhere(window == window.max())
        winners = (inside[:, ::-1] if turned else inside) + (stride * i, stride * j)
        chosen = {"first": winners[:1], "last": winners[-1:]}.get(ties, winners)
        share = upstream[i, j] / (len(chosen) if ties == "shared" else 1)
        for place in map(tuple, chosen):
            gradient[place] = (gradient[place] if add else 0) + share
    return gradient


def _signed(period: float, stride: int) -> float:
    cycles = stride / period - round(stride / period)
    return 1 / cycles if cycles else np.inf


def _seen_period(period: float, stride: int) -> float:
    return abs(_signed(period, stride))


def _zero_for_grey(period: float, stride: int) -> float:
    seen = _seen_period(period, stride)
    return 0.0 if np.isinf(seen) else seen


_random = np.random.default_rng(60)
_IMAGES = [
    {"image": np.array([[1.0, 2.0, 6.0, 3.0], [3.0, 5.0, 2.0, 1.0]]), "size": 2},
    {"image": _random.integers(-9, 10, size=(5, 8)) / 2, "size": 2},
    {"image": _random.integers(-9, 10, size=(7, 9)) / 2, "size": 3},
]
_UPSTREAMS = [
    {
        "image": np.array([[1.0, 2, 0, 3, 1], [0, 1, 9, 2, 4], [2, 0, 1, 5, 0]]),
        "upstream": np.array([[3.0, -1.0]]),
    },
    {"image": np.array([[1.0, 2, 0, 3, 6], [2, 1, 0, 6, 4], [2, 0, 1, 5, 0]]), "upstream": np.array([[4.0, -2.0]])},
    {"image": _random.permutation(35).reshape(5, 7) / 2, "upstream": _random.integers(1, 9, size=(2, 3)) / 2},
    {"image": np.array([[1, 2, 0], [0, 5, 1], [2, 0, 1]]), "upstream": np.array([[0.5]])},  # whole numbers
]
_STRIPES = [
    {"period": 8.0, "stride": 2},
    {"period": 2.5, "stride": 7},
    {"period": 2.0, "stride": 2},
    {"period": 1.6, "stride": 4},
    {"period": 1.25, "stride": 3},
    {"period": 3.0, "stride": 4},
]
