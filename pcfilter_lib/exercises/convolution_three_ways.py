"""The checks of the chapter *Convolution, three ways*.

The chapter writes a *true convolution* with the kernel turned by half a circle, and a *correlation* with the kernel as
it is, which is what deep learning calls a convolution. *Valid* means that only windows wholly inside the image count:
an image (H, W) and a kernel (h, w) give (H - h + 1, W - w + 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._same_matrix import CASES, MISTAKES, SHAPES, same_matrix
from pcfilter_lib.exercises._wording import call_text, number


@exercise(solved="this is true convolution, and only windows wholly inside the image count.")
def check_convolve(answer: Callable) -> None:
    """Check ``answer(image, kernel)``, the valid true convolution of an image (H, W) with a kernel (h, w)."""
    compare_on(
        _IMAGES_AND_KERNELS,
        answer,
        reference=_convolve,
        mistakes=[
            (
                "this is correlation: true convolution meets the kernel the other way round, in both directions.",
                _correlate,
            ),
            (
                "the kernel's rows are turned round, but its columns are not: it takes both.",
                lambda image, kernel: _correlate(image, kernel[::-1]),
            ),
            (
                "the kernel's columns are turned round, but its rows are not: it takes both.",
                lambda image, kernel: _correlate(image, kernel[:, ::-1]),
            ),
            ("the kernel is transposed, not turned.", lambda image, kernel: _correlate(image, kernel.T)),
            ("the output is transposed: its rows are your columns.", lambda *inputs: _convolve(*inputs).T),
        ],
        shapes=[
            (
                "you returned something of the image's size; leave out the windows that need a border.",
                lambda image, kernel: image.shape,
            ),
            (
                "this is the size of a 'full' convolution; leave out the windows that need a border.",
                lambda image, kernel: tuple(np.add(image.shape, kernel.shape) - 1),
            ),
            (
                "the last row and column are missing: H - h + 1 windows fit into H rows, not H - h.",
                lambda image, kernel: tuple(np.subtract(image.shape, kernel.shape)),
            ),
        ],
    )


@exercise(solved="matrix @ image.ravel() is what the loops give, at the borders too.")
def check_same_matrix(answer: Callable) -> None:
    """Check ``answer(kernel, shape)``, the matrix (H*W, H*W) of the correlation with a border of zeros.

    The kernel has odd sizes (h, w), its centre is on the output pixel, and pixels are counted row by row.
    """
    compare_on(CASES, answer, reference=same_matrix, mistakes=MISTAKES, shapes=SHAPES)


@exercise(solved="each pixel gets its share from every window that it was in.")
def check_image_gradient(answer: Callable) -> None:
    """Check ``answer(kernel, upstream)``, the gradient dL/dimage (H, W) of a valid correlation, upstream = dL/dy."""
    border = (
        "the upstream gradient needs a wider border of zeros: a pixel in the corner of the image is in a window, too."
    )
    compare_on(
        _KERNELS_AND_UPSTREAMS,
        answer,
        reference=_image_gradient,
        mistakes=[
            (
                "the kernel is used as it is; in g[m - a, n - b] its indices a and b count backwards.",
                lambda kernel, upstream: _image_gradient(kernel[::-1, ::-1], upstream),
            ),
            ("rows count backwards, but columns do not.", lambda kernel, g: _image_gradient(kernel[:, ::-1], g)),
            ("columns count backwards, but rows do not.", lambda kernel, g: _image_gradient(kernel[::-1], g)),
            (
                "you turn the upstream gradient round, too; leave it as it is.",
                lambda kernel, upstream: _image_gradient(kernel, upstream[::-1, ::-1]),
            ),
            (
                "the result is turned by half a circle: turn the kernel round, not the upstream gradient.",
                lambda kernel, upstream: _image_gradient(kernel, upstream)[::-1, ::-1],
            ),
            (
                "the kernel is transposed: kernel[a, b] met the pixel a rows down and b columns across.",
                lambda kernel, upstream: _image_gradient(kernel.T, upstream),
            ),
            ("the gradient is transposed: its rows are your columns.", lambda *inputs: _image_gradient(*inputs).T),
            (
                "the upstream gradient is not used: by the chain rule it multiplies every weight.",
                lambda kernel, upstream: _image_gradient(kernel, np.ones_like(upstream)),
            ),
            *(("windows overlap: add each share with +=, do not overwrite.", wrong) for wrong in _OVERWRITTEN),
            *(
                (
                    "g[m - a, n - b] with a negative index counts from the end; g is zero there.",
                    lambda kernel, upstream, rule=rule: _gathered(kernel, upstream, rule),
                )
                for rule in _FROM_THE_END
            ),
            (
                "g[m - a, n - b] lies beyond the upstream gradient, where g is zero.",
                lambda kernel, upstream: _gathered(kernel, upstream, lambda m, n, rows, columns: True),
            ),
        ],
        shapes=[
            (
                f"you returned something of the upstream gradient's size; {border}",
                lambda kernel, upstream: upstream.shape,
            ),
            (
                f"you returned something smaller than the upstream gradient; {border}",
                lambda kernel, upstream: tuple(np.subtract(upstream.shape, kernel.shape) + 1),
            ),
            (
                "you returned something of the kernel's size; the gradient of the image is as large as the image.",
                lambda kernel, upstream: kernel.shape,
            ),
            (
                "the border of zeros is too wide by one: the image has H rows, and the upstream gradient H - h + 1.",
                lambda kernel, upstream: tuple(np.add(upstream.shape, kernel.shape) + 1),
            ),
            *(
                (
                    "the border of zeros has another width: how far can a window begin before the pixel?",
                    lambda kernel, upstream, width=width: _shape_with_border(kernel, upstream, *width(*kernel.shape)),
                )
                for width in _OTHER_BORDERS
            ),
        ],
    )


@exercise(solved="both passes are counted right, for square kernels and for others.")
def check_separable_cost(answer: Callable) -> None:
    """Check ``answer(h, w)``, the multiplications for an output pixel in two passes: a column of h, a row of w weights.

    The report does not print the right number: it would give the formula away.
    """
    counts, calls = [], []
    for h, w in _SIZES:
        calls.append(call_text(answer, {"h": h, "w": w}))
        count = as_numbers(call(answer, h=h, w=w), calls[-1])
        if count.size != 1:
            raise NotYet(f"{calls[-1]} gives {count.size} numbers; one is expected, for both passes together.")
        counts.append(float(count.reshape(())))
    h, w = np.transpose(_SIZES)
    wrong = np.flatnonzero(~np.isclose(counts, h + w))
    if not len(wrong):
        return
    whole = "the cost of the whole kernel is still in there: in two passes it is never used whole."
    mistakes = [
        ("this is the cost of the whole kernel at once; take two passes.", [h * w]),
        ("this counts the whole kernel in each of the two passes; a pass uses one column or one row.", [2 * h * w]),
        (whole, [h * w + h, h * w + w, h * w + h + w, h * w + 1, h * w + 2]),
        ("this takes both passes to be equally long.", [2 * h, 2 * w, 2 * np.maximum(h, w), 2 * np.minimum(h, w)]),
        ("this is the cost of one pass; there are two.", [h, w, np.maximum(h, w), np.minimum(h, w)]),
        ("twice too many: count only multiplications, and each pass once.", [2 * (h + w)]),
        ("this counts the additions too; count the multiplications.", [2 * (h + w) - 1, 2 * (h + w) - 2]),
        ("these are the additions: n numbers take n multiplications and n - 1 additions.", [h + w - 2]),
        ("this is one too few: the two passes share no multiplication.", [h + w - 1]),
        ("this is one too many: between the two passes nothing is multiplied.", [h + w + 1]),
    ]
    first = wrong[0]
    report = (
        f"{calls[first]} gives {number(counts[first])}: too {'many' if counts[first] > sum(_SIZES[first]) else 'few'}."
    )
    known = [text for text, formulas in mistakes if any(np.allclose(counts, formula) for formula in formulas)]
    raise NotYet("\n".join([*known[:1], report]))


def _correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def _convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return _correlate(image, kernel[::-1, ::-1])


def _image_gradient(kernel: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    (h, w), (rows, columns) = kernel.shape, upstream.shape
    gradient = np.zeros((rows + h - 1, columns + w - 1))
    for a, b in np.ndindex(h, w):
        gradient[a : a + rows, b : b + columns] += kernel[a, b] * upstream
    return gradient


def _overwritten(kernel: np.ndarray, upstream: np.ndarray) -> np.ndarray:
    gradient = np.zeros(np.add(upstream.shape, kernel.shape) - 1)
    for i, j in np.ndindex(upstream.shape):
        gradient[i : i + len(kernel), j : j + kernel.shape[1]] = kernel * upstream[i, j]
    return gradient


# The windows one by one; turned by half a circle, the loops over the kernel's weights.
_OVERWRITTEN = [_overwritten, lambda kernel, upstream: _overwritten(upstream, kernel)]


def _gathered(kernel: np.ndarray, upstream: np.ndarray, counts: Callable) -> np.ndarray:
    """Follow the formula pixel by pixel; `counts` says whether g[m, n] is taken from an array of rows and columns."""
    gradient = np.zeros(np.add(upstream.shape, kernel.shape) - 1)
    for m, n in np.ndindex(gradient.shape):
        for a, b in np.ndindex(kernel.shape):
            if counts(m - a, n - b, *upstream.shape):
                gradient[m, n] += kernel[a, b] * upstream[m - a, n - b]
    return gradient


_FROM_THE_END = [
    lambda m, n, rows, columns: m < rows and n < columns,
    lambda m, n, rows, columns: m < rows and 0 <= n < columns,
    lambda m, n, rows, columns: 0 <= m < rows and n < columns,
]


def _shape_with_border(kernel: np.ndarray, upstream: np.ndarray, top: int, left: int) -> tuple[int, int]:
    (h, w), (rows, columns) = kernel.shape, upstream.shape
    return rows + 2 * top - h + 1, columns + 2 * left - w + 1


_OTHER_BORDERS = [
    lambda h, w: (1, 1),
    lambda h, w: (h // 2, w // 2),
    lambda h, w: (w // 2, h // 2),
    lambda h, w: (w - 1, h - 1),
    lambda h, w: (h - 1, h - 1),
    lambda h, w: (w - 1, w - 1),
    lambda h, w: (h, h),
    lambda h, w: (w, w),
    lambda h, w: (w, h),
]
_random = np.random.default_rng(20)
# The first cases suffice for pencil and paper; their kernels are square, so that a transposed one fits.
# All are printed in full. Halves show where decimals are cut off.
_IMAGES_AND_KERNELS = [
    {"image": np.arange(1.0, 10).reshape(3, 3), "kernel": np.array([[1.0, 2.0], [3.0, 5.0]])},
    {"image": _random.integers(-9, 10, size=(4, 6)) / 2, "kernel": _random.integers(-9, 10, size=(2, 4)) / 2},
    {"image": _random.integers(-9, 10, size=(4, 3)) / 2, "kernel": _random.integers(-9, 10, size=(4, 3)) / 2},
]
_KERNELS_AND_UPSTREAMS = [
    {"kernel": np.array([[1.0, 2.0], [3.0, 5.0]]), "upstream": np.array([[1.0, -2.0, 4.0], [3.0, 5.0, -1.0]])},
    {"kernel": _random.integers(-9, 10, size=(2, 4)) / 2, "upstream": _random.integers(-9, 10, size=(4, 5)) / 2},
    {"kernel": _random.integers(-9, 10, size=(3, 2)) / 2, "upstream": _random.integers(-9, 10, size=(1, 4)) / 2},
]
_SIZES = [(4, 7), (7, 7), (11, 2), (1, 5)]
