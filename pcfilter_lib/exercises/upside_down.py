"""The checks of the chapter *Upside down*.

A transposed convolution without padding lets each pixel of an image (H, W) stamp the kernel (h, w) into a sheet, its
stamps the stride apart: the sheet is (stride (H - 1) + h, stride (W - 1) + w).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, number


@exercise(solved="every stamp is in its place, and overlaps add up.")
def check_enlarge(answer: Callable) -> None:
    """Check ``answer(image, kernel, stride)``, the transposed convolution without padding."""
    compare_on(
        _IMAGES,
        answer,
        reference=_enlarge,
        mistakes=[
            ("stamps overlap: add each with +=, do not overwrite.", lambda *inputs: _enlarge(*inputs, add=False)),
            (
                "the kernel is turned by half a circle; it is stamped as it is.",
                lambda image, kernel, stride: _enlarge(image, kernel[::-1, ::-1], stride),
            ),
            (
                "the kernel is transposed; it is stamped as it is.",
                lambda image, kernel, stride: _enlarge(image, kernel.T, stride),
            ),
            ("the result is transposed: its rows are your columns.", lambda *inputs: _enlarge(*inputs).T),
            (
                "the stride is not used: stamps of neighbouring pixels are `stride` pixels apart.",
                lambda image, kernel, stride: _enlarge(image, kernel, 1),
            ),
            (
                "the stride is not used: stamps of neighbouring pixels are `stride` pixels apart.",
                lambda image, kernel, stride: _fitted(
                    _enlarge(image, kernel, 1), _enlarge(image, kernel, stride).shape
                ),
            ),
            (
                "the values of the image are not used: each pixel multiplies its stamp.",
                lambda image, kernel, stride: _enlarge(np.ones_like(image), kernel, stride),
            ),
            (
                "the stride is used for the rows and not for the columns.",
                lambda image, kernel, stride: _enlarge(image, kernel, stride, across=1),
            ),
            (
                "the sheet is `stride` times the image; the last stamps reach further, or less far.",
                lambda image, kernel, stride: _fitted(
                    _enlarge(image, kernel, stride), np.multiply(stride, image.shape)
                ),
            ),
        ],
        shapes=[
            (
                "the sheet is `stride` times the image; the last stamps reach further, or less far.",
                lambda image, kernel, stride: tuple(np.multiply(stride, image.shape)),
            ),
            (
                "the sheet is too large: between H stamps there are H - 1 steps.",
                lambda image, kernel, stride: tuple(np.multiply(stride, image.shape) + kernel.shape),
            ),
            (
                "the sheet is too small: the first stamp alone covers h rows, and each step adds `stride` more.",
                lambda image, kernel, stride: tuple(np.multiply(stride, np.subtract(image.shape, 1)) + 1),
            ),
            (
                "this is the size of a convolution; here the image grows.",
                lambda image, kernel, stride: tuple(np.subtract(image.shape, kernel.shape) // stride + 1),
            ),
        ],
    )


@exercise(solved="these are all the sizes, and no others.")
def check_sizes(answer: Callable) -> None:
    """Check ``answer(outputs, kernel, stride)``, the sizes in rising order that a valid layer maps to `outputs`.

    The report says which size is wrong, but not which are missing: that would give the formula away.
    """
    known = [
        (
            "the smallest one is right, but there are more: some pixels at the end may not have been looked at.",
            lambda sizes, stride: sizes[:1],
        ),
        (
            "there is one too many: with that last one, another window would fit.",
            lambda sizes, stride: [*sizes, sizes[-1] + 1],
        ),
        (
            "each is too large by the stride: between m windows there are m - 1 steps.",
            lambda sizes, stride: [n + stride for n in sizes],
        ),
        ("the largest comes first; begin with the smallest.", lambda sizes, stride: sizes[::-1]),
        ("this is the number of sizes; return the sizes.", lambda sizes, stride: [stride]),
    ]
    for inputs in _LAYERS:
        what, stride = call_text(answer, inputs), inputs["stride"]
        got = as_numbers(call(answer, **inputs), what)
        sizes = [
            n
            for n in range(1, 99)
            if (n - inputs["kernel"]) // stride + 1 == inputs["outputs"] and n >= inputs["kernel"]
        ]
        if got.ndim <= 1 and got.size == len(sizes) and np.array_equal(got.ravel(), sizes):
            if got.ndim:
                continue
            raise NotYet(f"{what} gives a single number: return a list.")
        texts = [text for text, wrong in known if np.array_equal(np.ravel(got), wrong(sizes, stride))]
        wrong = [n for n in np.ravel(got) if n not in sizes]
        if wrong:
            report = f"{what} contains {number(wrong[0])}, which does not give {inputs['outputs']} outputs."
        elif got.size < len(sizes):
            report = f"{what} gives {got.size} of {len(sizes)} sizes: try the next larger one, too."
        else:
            report = f"{what} gives the right sizes in another order."
        raise NotYet("\n".join([*texts[:1], report]))


@exercise(solved="ones become ones, in every phase.")
def check_even(answer: Callable) -> None:
    """Check ``answer(weights, stride)``, the weights with each phase scaled to the sum 1."""
    compare_on(
        _WEIGHTS,
        answer,
        reference=_even,
        mistakes=[
            (
                "all weights are divided by one sum; each phase has a sum of its own.",
                lambda weights, stride: weights / weights.sum(),
            ),
            (
                "all weights are divided by one sum; each phase has a sum of its own.",
                lambda weights, stride: weights * stride / weights.sum(),
            ),
            (
                "the sums are not those of the phases: the weights of a phase are `stride` places apart.",
                lambda weights, stride: np.concatenate([part / part.sum() for part in np.array_split(weights, stride)]),
            ),
            (
                "the sums are not those of the phases: the weights of a phase are `stride` places apart.",
                lambda weights, stride: np.concatenate(
                    [part / part.sum() for part in np.split(weights, range(stride, len(weights), stride))]
                ),
            ),
            (
                "each phase is divided by its mean; a row of ones then becomes the number of its weights.",
                lambda weights, stride: _even(weights, stride) * _per_phase(weights, stride, len),
            ),
            (
                "each phase adds up to the mean of all phases; then the row is even, but not 1.",
                lambda weights, stride: _even(weights, stride) * weights.sum() / stride,
            ),
            (
                "each phase adds up to 1 / stride; then the row is even, but not 1.",
                lambda weights, stride: _even(weights, stride) / stride,
            ),
            (
                "something was added to each phase; multiply it, so that its weights keep their proportions.",
                lambda weights, stride: (
                    weights + (1 - _per_phase(weights, stride, np.sum)) / _per_phase(weights, stride, len)
                ),
            ),
            ("only two phases are treated: there are `stride` of them.", lambda weights, stride: _two_phases(weights)),
        ],
        shapes=[],
    )


@exercise(solved="each channel is in its place.")
def check_shuffle(answer: Callable) -> None:
    """Check ``answer(channels, block)``, the image (block H, block W) of an array (H, W, block * block)."""
    mixed = "rows and columns are mixed: the last two axes must be j and t, the two before i and r."
    compare_on(
        _CHANNELS,
        answer,
        reference=_shuffled(0, 2, 1, 3),
        mistakes=[
            (
                "the numbers are still in their old order, row after row: reshape alone moves nothing.",
                _shuffled(0, 1, 2, 3),
            ),
            (
                "r and t are exchanged: channel block * r + t goes r rows down and t columns across.",
                _shuffled(0, 3, 1, 2),
            ),
            ("the channels lie side by side as whole images; they must be interleaved.", _shuffled(2, 0, 3, 1)),
            (mixed, _shuffled(0, 1, 3, 2)),
            (mixed, _shuffled(2, 0, 1, 3)),
            (
                "the image is transposed: its rows are your columns.",
                lambda *inputs: _shuffled(0, 2, 1, 3)(*inputs).T,
            ),
        ],
        shapes=[
            (
                "the result has more than two axes; join them.",
                lambda channels, block: (len(channels), block, channels.shape[1], block),
            ),
            (
                "the image has block * H rows and block * W columns.",
                lambda channels, block: (block * channels.shape[1], block * len(channels)),
            ),
        ],
    )


def _shuffled(*order: int) -> Callable:
    """Return the answer that brings the axes i, j, r, t into this order before it joins them two by two."""

    def answer(channels: np.ndarray, block: int) -> np.ndarray:
        H, W, _ = channels.shape
        return channels.reshape(H, W, block, block).transpose(order).reshape(block * H, block * W)

    return answer


def _enlarge(image, kernel, stride, add=True, across=None):
    (H, W), (h, w), across = image.shape, kernel.shape, across or stride
    sheet = np.zeros((stride * (H - 1) + h, across * (W - 1) + w))
    for i, j in np.ndindex(H, W):
        place = sheet[stride * i : stride * i + h, across * j : across * j + w]
        place[:] = (place if add else 0) + image[i, j] * kernel
    return sheet


def _fitted(sheet: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the sheet, cut off or filled up with zeros at its end."""
    fitted = np.zeros(shape)
    rows, columns = np.minimum(shape, sheet.shape)
    fitted[:rows, :columns] = sheet[:rows, :columns]
    return fitted


def _per_phase(weights: np.ndarray, stride: int, of: Callable) -> np.ndarray:
    """Return, for each weight, what a function says of all weights of its phase."""
    values = np.zeros(len(weights))
    for r in range(stride):
        values[r::stride] = of(weights[r::stride])
    return values


def _even(weights: np.ndarray, stride: int) -> np.ndarray:
    return weights / _per_phase(weights, stride, np.sum)


def _two_phases(weights: np.ndarray) -> np.ndarray:
    return _even(weights, 2)


_random = np.random.default_rng(40)
_IMAGES = [
    {
        "image": np.array([[1.0, 2.0], [3.0, 5.0]]),
        "kernel": np.array([[1.0, 2.0, 4.0], [0.0, 3.0, -1.0], [2.0, 1.0, 6.0]]),
        "stride": 2,
    },
    {
        "image": _random.integers(-9, 10, size=(3, 2)) / 2,
        "kernel": _random.integers(-9, 10, size=(2, 4)) / 2,
        "stride": 3,
    },
    {
        "image": _random.integers(-9, 10, size=(2, 4)) / 2,
        "kernel": _random.integers(-9, 10, size=(4, 3)) / 2,
        "stride": 1,
    },
]
_LAYERS = [
    {"outputs": 3, "kernel": 3, "stride": 2},
    {"outputs": 4, "kernel": 2, "stride": 3},
    {"outputs": 1, "kernel": 5, "stride": 4},
    {"outputs": 6, "kernel": 4, "stride": 1},
]
_WEIGHTS = [
    {"weights": np.array([1.0, 2.0, 4.0]), "stride": 2},
    {"weights": np.array([1.0, 2.0, 4.0, 3.0, -1.5, 1.0]), "stride": 2},
    {"weights": np.array([1.0, 2.0, 4.0, 3.0, -1.5, 1.0, 6.0]), "stride": 3},
]
_CHANNELS = [
    {"channels": np.arange(1.0, 17).reshape(2, 2, 4), "block": 2},
    {"channels": np.arange(1.0, 55).reshape(2, 3, 9), "block": 3},
]
