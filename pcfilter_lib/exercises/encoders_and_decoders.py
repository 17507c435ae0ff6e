"""The checks of the chapter *Encoders and decoders*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="what the maximum and its place tell, and no more.")
def check_guess(answer: Callable) -> None:
    """Check ``answer(value, place)``, the probability of 1 for each of the four pixels of a binary window."""
    compare_on(
        _WINDOWS,
        answer,
        reference=_guess,
        mistakes=[
            (
                "this is the unpooled window; the pixels after the place are not known to be 0.",
                lambda value, place: _known(value, place, before=0, after=0),
            ),
            (
                "the pixels before the place are known: had one of them been 1, it would have come first.",
                lambda value, place: _known(value, place, before=0.5, after=0.5),
            ),
            (
                "before and after are mixed up: the place is that of the first maximum.",
                lambda value, place: _known(value, place, before=0.5, after=0),
            ),
            (
                "with a maximum of 0 no pixel is 1, and the place is 0 because of the tie.",
                lambda value, place: _guess(1, place),
            ),
            (
                "this says that all pixels after the place are 1; they may be.",
                lambda value, place: _known(value, place, before=0, after=1),
            ),
            (
                "this uses the maximum alone: all 15 windows that hold a 1. Use its place as well.",
                lambda value, place: np.full(4, 8 / 15 * value),
            ),
            (
                "these are the means over all windows, whatever was told.",
                lambda value, place: np.full(4, 0.5),
            ),
        ],
        shapes=[("return one number for each of the four pixels.", lambda value, place: ())],
    )


@exercise(solved="the size is right, and 0 where the original does not fit.")
def check_unet_output(answer: Callable) -> None:
    """Check ``answer(size, depth)``, the output size of a U-Net without padding, or 0 where a size does not fit."""
    compare_on(
        _SIZES,
        answer,
        reference=_unet_output,
        mistakes=[
            (
                "the two convolutions at the bottom are missing.",
                lambda size, depth: _unet_output(size, depth, bottom=0),
            ),
            (
                "only one half loses pixels here; convolutions of the encoder and of the decoder have no padding.",
                lambda size, depth: _unet_output(size, depth, up=0),
            ),
            (
                "it need not be the image whose size can be halved again and again, but each map that is pooled.",
                lambda size, depth: 0 if size % 2**depth else _unet_output(size, depth),
            ),
            (
                "there are two convolutions on each level, and each takes 2 pixels away.",
                lambda size, depth: _unet_output(size, depth, down=2, bottom=2, up=2),
            ),
            (
                "an odd size is rounded here when it is halved; return 0 for it.",
                lambda size, depth: _unet_output(size, depth, odd=True),
            ),
            (
                "when nothing is left, or less than nothing, the size does not fit: return 0.",
                lambda size, depth: _unet_output(size, depth, empty=True),
            ),
            (
                "a map of odd size would have to be pooled here; follow the size level by level, and return 0 for it.",
                lambda size, depth: size - 12 * 2**depth + 8,
            ),
            (
                "this is the size at the bottom; the decoder enlarges it again.",
                lambda size, depth: _bottom(size, depth),
            ),
            (
                "this is the size with padding; the original U-Net has none.",
                lambda size, depth: size,
            ),
        ],
        shapes=[],
    )


@exercise(solved="one kernel on the joined maps does what projecting and adding do.")
def check_joint_kernel(answer: Callable) -> None:
    """Check ``answer(kernel)``, which maps joined channels (e, d) to kernel-projected e plus d."""
    compare_on(
        _KERNELS,
        answer,
        reference=_joint,
        mistakes=[
            (
                "the skip comes first in the joined maps: its weights belong on top.",
                lambda kernel: _joint(kernel)[_turned(kernel)],
            ),
            (
                "d goes through `kernel` here, as if its weights were tied; it is added as it is.",
                lambda kernel: np.concatenate([kernel, kernel]),
            ),
            (
                "each channel of d goes into all scores here; channel number i belongs to score i alone.",
                lambda kernel: np.concatenate([kernel, np.ones((kernel.shape[1],) * 2)]),
            ),
            (
                "d is not added here: its weights are 0.",
                lambda kernel: np.concatenate([kernel, np.zeros((kernel.shape[1],) * 2)]),
            ),
            ("this is transposed: rows are inputs, columns are scores.", lambda kernel: _joint(kernel).T),
        ],
        shapes=[
            (
                "rows are the joined channels, those of e and those of d; d has as many as there are scores.",
                lambda kernel: (2 * len(kernel), kernel.shape[1]),
            ),
            (
                "these are the weights for e alone; the joined maps have the channels of d as well.",
                lambda kernel: kernel.shape,
            ),
            (
                "the weights of a 1x1 convolution are wanted as a matrix; leave out the two axes of its window.",
                lambda kernel: (1, 1, *_joint(kernel).shape),
            ),
            (
                "the channels are joined, so the rows belong below each other, not side by side.",
                lambda kernel: (kernel.shape[0], 2 * kernel.shape[1]),
            ),
        ],
    )


def _known(value: int, place: int, before: float, after: float) -> np.ndarray:
    """Return `before` before the place, 1 there and `after` after it; zeros for a maximum of 0."""
    guess = np.where(np.arange(4) < place, before, after).astype(float)
    guess[place] = 1
    return guess * value


def _guess(value: int, place: int) -> np.ndarray:
    return _known(value, place, before=0, after=0.5)


def _unet_output(size: int, depth: int, down=4, bottom=4, up=4, odd=False, empty=False) -> int:
    for _ in range(depth):
        size -= down
        if size % 2 and not odd:
            return 0
        size //= 2
    size -= bottom
    for _ in range(depth):
        size = 2 * size - up
    return size if size > 0 or empty else 0


def _bottom(size: int, depth: int) -> int:
    for _ in range(depth):
        size = (size - 4) // 2
    return size - 4


def _joint(kernel: np.ndarray) -> np.ndarray:
    return np.concatenate([kernel, np.eye(kernel.shape[1])])


def _turned(kernel: np.ndarray) -> np.ndarray:
    return np.roll(np.arange(sum(kernel.shape)), kernel.shape[1])


_random = np.random.default_rng(21)
_WINDOWS = [{"value": 1, "place": 1}, *({"value": 1, "place": place} for place in (0, 2, 3)), {"value": 0, "place": 0}]
_SIZES = [
    {"size": 100, "depth": 2},
    {"size": 572, "depth": 4},
    {"size": 44, "depth": 1},
    {"size": 45, "depth": 1},
    {"size": 46, "depth": 2},
    {"size": 12, "depth": 1},
    {"size": 140, "depth": 4},
]
_KERNELS = [
    {"kernel": np.array([[2.0, -1.0], [0.5, 3.0], [1.0, 4.0]])},
    {"kernel": _random.integers(-9, 10, size=(6, 4)) / 2},
    {"kernel": _random.integers(-9, 10, size=(2, 5)) / 2},
]
