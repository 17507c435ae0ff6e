"""The checks of the chapter *Convolution, three ways*.

The chapter writes a *true convolution* with the kernel turned by half a circle, and a *correlation* with the kernel as
it is, which is what deep learning calls a convolution. *Valid* means that only windows wholly inside the image count:
an image (H, W) and a kernel (h, w) give (H - h + 1, W - w + 1).
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, call_text, compare_on, exercise, number


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
    over_the_edge = "a weight beyond the image's edge lands in another row or on the other side; it must fall away."
    centre = "the kernel is not centred: its middle weight, kernel[h // 2, w // 2], belongs on the diagonal."
    counted = "pixels are counted with a wrong width: (m, n) is number m * W + n, among the rows and among the columns."
    like = functools.partial(functools.partial, _same_matrix)
    compare_on(
        _KERNELS_AND_SHAPES,
        answer,
        reference=_same_matrix,
        mistakes=[
            (
                "this is the matrix of true convolution, or the transposed matrix (the two are the same here); for "
                "correlation, each row holds the kernel as it is.",
                lambda kernel, shape: _same_matrix(kernel, shape).T,
            ),
            (
                "the kernel is transposed: kernel[a, b] stands a rows down and b columns across.",
                lambda kernel, shape: _same_matrix(kernel.T, shape),
            ),
            (centre, like(centre=lambda h, w: (0, 0))),
            (centre, like(centre=lambda h, w: (0, 0), column=_unless_off_the_list)),
            (centre, like(centre=lambda h, w: (h - 1, w - 1))),
            (centre, like(centre=lambda h, w: (w // 2, h // 2))),
            *((over_the_edge, like(column=column)) for column in _OVER_THE_EDGE),
            (
                "pixels are counted column by column; image.ravel() counts them row by row.",
                lambda kernel, shape: _same_matrix(kernel.T, shape[::-1]),
            ),
            *(
                (counted, like(**dict.fromkeys(which, width), meeting=meeting))
                for which in (["rows"], ["columns"], ["rows", "columns"])
                for width in (lambda H, W, w: H, lambda H, W, w: W - w + 1)
                for meeting in ("last pixel", "last weight", "add")
            ),
        ],
        shapes=[
            (
                "this is the size of the valid matrix; with a border of zeros there is an output for each pixel.",
                lambda kernel, shape: (np.prod(np.subtract(shape, kernel.shape) + 1), np.prod(shape)),
            ),
            (
                "these are columns for the pixels of the border, too; image.ravel() holds none of them.",
                lambda kernel, shape: (np.prod(shape), np.prod(np.add(shape, kernel.shape) - 1)),
            ),
            ("you returned four indices; join them two by two with reshape.", lambda kernel, shape: (*shape, *shape)),
        ],
    )


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
        ("this counts the additions too; count the multiplications.", [2 * (h + w), 2 * (h + w) - 1, 2 * (h + w) - 2]),
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


def _unless_off_the_image(m: int, n: int, H: int, W: int, width: int) -> int | None:
    return m * width + n if 0 <= m < H and 0 <= n < W else None


def _unless_off_the_list(m: int, n: int, H: int, W: int, width: int) -> int | None:
    return m * width + n if 0 <= m * width + n < H * W else None


def _beyond_four_indices(m: int, n: int, H: int, W: int, width: int) -> int:
    """Say what NumPy says to matrix[i, j, m, n]: negative indices count from the end, others must exist."""
    for axis, (index, size) in enumerate([(m, H), (n, W)], start=2):
        if index >= size:
            raise IndexError(f"index {index} is out of bounds for axis {axis} with size {size}")
    return m % H * width + n % W


# What becomes of a weight that is off the image, at row m and column n, where it should fall away.
_OVER_THE_EDGE = [
    _unless_off_the_list,
    lambda m, n, H, W, width: m * width + n,  # NumPy refuses, or counts from the end
    lambda m, n, H, W, width: m * width + n if m * width + n < H * W else None,
    lambda m, n, H, W, width: (m * width + n) % (H * W),
    lambda m, n, H, W, width: m % H * width + n % W,
    lambda m, n, H, W, width: m % H * width + n % W if m < H and n < W else None,
    lambda m, n, H, W, width: m * width + n if 0 <= m < H else None,
    _beyond_four_indices,
]


def _same_matrix(
    kernel: np.ndarray,
    shape: tuple[int, int],
    column: Callable = _unless_off_the_image,
    centre: Callable = lambda h, w: (h // 2, w // 2),
    rows: Callable = lambda H, W, w: W,
    columns: Callable = lambda H, W, w: W,
    meeting: str = "last pixel",
) -> np.ndarray:
    """Return the matrix of the correlation with a border of zeros; other functions than the default make mistakes.

    Where a mistake makes weights meet in one entry, `meeting` says which remains: it depends on the reader's loops.
    """
    (h, w), (H, W) = kernel.shape, shape
    top, left = centre(h, w)
    matrix = np.zeros((H * W, H * W))
    pairs = itertools.product(np.ndindex(H, W), np.ndindex(h, w))
    for (i, j), (a, b) in sorted(pairs, key=lambda pair: pair[1]) if meeting == "last weight" else pairs:
        entry = i * rows(H, W, w) + j, column(i + a - top, j + b - left, H, W, columns(H, W, w))
        if entry[1] is not None:
            matrix[entry] = kernel[a, b] + (matrix[entry] if meeting == "add" else 0)
    return matrix


_random = np.random.default_rng(20)
# The first cases suffice for pencil and paper; their kernels are square, so that a transposed one fits.
# The first matrix is for an image that is wider than high: pixels counted with a wrong width still fit into it.
_IMAGES_AND_KERNELS = [
    {"image": np.arange(1.0, 10).reshape(3, 3), "kernel": np.array([[1.0, 2.0], [3.0, 5.0]])},
    {"image": _random.normal(size=(6, 9)), "kernel": _random.normal(size=(2, 4))},
    {"image": _random.normal(size=(4, 3)), "kernel": _random.normal(size=(4, 3))},
]
_KERNELS_AND_SHAPES = [
    {"kernel": np.arange(1.0, 10).reshape(3, 3), "shape": (3, 4)},
    {"kernel": _random.normal(size=(3, 5)), "shape": (4, 6)},
    {"kernel": _random.normal(size=(3, 1)), "shape": (5, 2)},
]
_KERNELS_AND_UPSTREAMS = [
    {"kernel": np.array([[1.0, 2.0], [3.0, 5.0]]), "upstream": np.array([[1.0, -2.0, 4.0], [3.0, 5.0, -1.0]])},
    {"kernel": _random.normal(size=(2, 4)), "upstream": _random.normal(size=(5, 6))},
    {"kernel": _random.normal(size=(3, 2)), "upstream": _random.normal(size=(1, 4))},
]
_SIZES = [(4, 7), (7, 7), (11, 2), (1, 5)]
