"""The checks of the chapter *Convolution, three ways*.

The chapter writes a *convolution* with the kernel flipped along both axes, and a *correlation* with the kernel as it
is, which is what deep learning calls a convolution. Both are *valid* here: only windows that lie wholly inside the
image count, so an image (H, W) and a kernel (h, w) give (H - h + 1, W - w + 1).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="the kernel is flipped along both axes, and only windows wholly inside the image count.")
def check_convolve(answer: Callable) -> None:
    """Check ``answer(image, kernel)``, the valid convolution of an image (H, W) with a kernel (h, w)."""
    compare_on(
        _IMAGES_AND_KERNELS,
        answer,
        reference=_convolve,
        mistakes={
            "this is correlation: did you flip the kernel?": _correlate,
            "the kernel's rows are flipped, but its columns are not: flip both axes.": lambda image, kernel: _correlate(
                image, kernel[::-1]
            ),
            "the kernel's columns are flipped, but its rows are not: flip both axes.": lambda image, kernel: _correlate(
                image, kernel[:, ::-1]
            ),
            "the kernel is transposed; a flip reverses each axis and swaps none.": lambda image, kernel: (
                _correlate(image, kernel.T) if kernel.shape[0] == kernel.shape[1] else np.nan
            ),
            "the output is transposed: its rows are your columns.": lambda image, kernel: _convolve(image, kernel).T,
        },
        shapes={
            "this is the size of a 'same' convolution: leave out the windows that need padding.": (
                lambda image, kernel: image.shape
            ),
            "this is the size of a 'full' convolution: leave out the windows that need padding.": (
                lambda image, kernel: tuple(np.add(image.shape, kernel.shape) - 1)
            ),
            "the last row and column are missing: H - h + 1 windows fit into H rows, not H - h.": (
                lambda image, kernel: tuple(np.subtract(image.shape, kernel.shape))
            ),
        },
    )


@exercise(solved="matrix @ image.ravel() is the valid correlation, and each row holds the whole kernel once.")
def check_matrix(answer: Callable) -> None:
    """Check ``answer(kernel, shape)``, the matrix of the valid correlation of a kernel with images of a shape.

    The matrix has a row for each output pixel and a column for each image pixel, both counted row by row.
    """
    compare_on(
        _KERNELS_AND_SHAPES,
        answer,
        reference=_matrix,
        mistakes={
            "the matrix is transposed: one row for each output pixel, one column for each image pixel.": (
                lambda kernel, shape: _matrix(kernel, shape).T
            ),
            "the kernel is flipped: here its entries stand in the rows as they are.": (
                lambda kernel, shape: _matrix(kernel[::-1, ::-1], shape)
            ),
            "the kernel's rows follow each other directly: in image.ravel() the next image row is W entries on.": (
                lambda kernel, shape: _matrix(kernel, shape, row_stride=kernel.shape[1])
            ),
            "each row starts one column after the row above: a window at row i, column j starts at i * W + j.": (
                lambda kernel, shape: _matrix(kernel, shape, start_stride=shape[1] - kernel.shape[1] + 1)
            ),
        },
        shapes={
            "this is the size for a zero-padded image: leave out the windows that need padding.": (
                lambda kernel, shape: (shape[0] * shape[1], shape[0] * shape[1])
            ),
        },
    )


@exercise(solved="the gradient of the kernel is the correlation of the image with the upstream gradient.")
def check_kernel_gradient(answer: Callable) -> None:
    """Check ``answer(image, upstream)``, the gradient dL/dkernel for a valid correlation y and upstream = dL/dy."""
    compare_on(
        _IMAGES_AND_UPSTREAMS,
        answer,
        reference=_correlate,
        mistakes={
            "the result is flipped: the gradient has the kernel's own order.": (
                lambda image, kernel: _correlate(image, kernel)[::-1, ::-1]
            ),
            "the upstream gradient is flipped: this is a convolution, and a correlation is needed.": _convolve,
            "this is the mean over the output pixels: each adds its share, so sum them.": (
                lambda image, kernel: _correlate(image, kernel) / kernel.size
            ),
            "the upstream gradient is not used: by the chain rule it multiplies every window.": (
                lambda image, kernel: _correlate(image, np.ones_like(kernel))
            ),
            "the gradient is transposed: its rows are your columns.": lambda image, kernel: _correlate(image, kernel).T,
        },
        shapes={
            "this is the size of the image: asked is the gradient with respect to the kernel.": (
                lambda image, kernel: image.shape
            ),
        },
    )


@exercise(solved="a separable kernel costs h + w multiplications for each pixel instead of h * w.")
def check_box_cost(answer: Callable) -> None:
    """Check ``answer(h, w)``, the multiplications for each output pixel of a separable kernel (h, w)."""
    compare_on(
        [{"h": 4, "w": 7}, {"h": 7, "w": 7}, {"h": 11, "w": 2}],
        answer,
        reference=lambda h, w: h + w,
        mistakes={
            "this is the cost of the whole kernel at once: use that it is separable.": lambda h, w: h * w,
            "this counts the whole kernel in each of the two passes; a pass uses one row or one column.": (
                lambda h, w: 2 * h * w
            ),
            "this counts the additions too: asked are the multiplications.": lambda h, w: 2 * (h + w),
            "these are the additions: n numbers need n multiplications and n - 1 additions.": lambda h, w: h + w - 2,
            "one too few: the two passes share no multiplication.": lambda h, w: h + w - 1,
            "this takes the kernel to be square: it has h rows and w columns.": lambda h, w: 2 * h,
        },
    )


def _correlate(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    return np.einsum("ijkl,kl->ij", windows, kernel)


def _convolve(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return _correlate(image, kernel[::-1, ::-1])


def _matrix(
    kernel: np.ndarray, shape: tuple[int, int], row_stride: int | None = None, start_stride: int | None = None
) -> np.ndarray:
    """Return the matrix of the correlation. Both strides are the image's width; others make the known mistakes."""
    (h, w), (height, width) = kernel.shape, shape
    rows, columns = height - h + 1, width - w + 1
    matrix = np.zeros((rows * columns, height * width))
    for row, (i, j) in enumerate(np.ndindex(rows, columns)):
        for k, m in np.ndindex(h, w):
            matrix[row, i * (start_stride or width) + j + k * (row_stride or width) + m] = kernel[k, m]
    return matrix


_random = np.random.default_rng(20)
# The first case of each is small enough for pencil and paper. Integers in the image show results that were stored in
# an array of the image's type; no height equals a width, so that rows and columns cannot be mixed up unnoticed.
_IMAGES_AND_KERNELS = [
    {"image": np.arange(1, 10).reshape(3, 3), "kernel": np.array([[1, 2], [3, 5]])},
    {"image": _random.normal(size=(6, 9)), "kernel": _random.normal(size=(2, 4))},
    {"image": _random.integers(-9, 10, size=(5, 8)), "kernel": _random.normal(size=(3, 2))},
    {"image": _random.normal(size=(4, 3)), "kernel": _random.normal(size=(4, 3))},
]
_KERNELS_AND_SHAPES = [
    {"kernel": np.array([[1, 2], [3, 4]]), "shape": (3, 3)},
    {"kernel": _random.normal(size=(2, 3)), "shape": (4, 6)},
    {"kernel": _random.normal(size=(3, 1)), "shape": (5, 2)},
]
_IMAGES_AND_UPSTREAMS = [
    {"image": np.arange(1, 10).reshape(3, 3), "upstream": np.array([[1, -2], [3, 5]])},
    {"image": _random.normal(size=(6, 9)), "upstream": _random.normal(size=(5, 6))},
    {"image": _random.integers(-9, 10, size=(7, 5)), "upstream": _random.normal(size=(4, 4))},
]
