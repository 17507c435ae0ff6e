"""The matrix of a correlation with a border of zeros, and what goes wrong in it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable

import numpy as np


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
    lambda m, n, H, W, width: m * width + n if 0 <= m < H else None,
    lambda m, n, H, W, width: m * width + n if 0 <= m < H and n < W else None,
    _beyond_four_indices,
]
# What becomes of it where only the upper bound is kept.
_FROM_THE_END = [
    lambda m, n, H, W, width: m % H * width + n % W if m < H and n < W else None,
    lambda m, n, H, W, width: m * width + n if m < H and n < W else None,
    lambda m, n, H, W, width: m * width + n if m < H and 0 <= n < W else None,
    lambda m, n, H, W, width: m * width + n % W if 0 <= m < H and n < W else None,
]


def _within(top: int, left: int, bottom: int = 0, right: int = 0) -> Callable:
    """Leave out as many of the image's own rows and columns, too."""
    return lambda m, n, H, W, width: m * width + n if top <= m < H - bottom and left <= n < W - right else None


def same_matrix(
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


CASES = [
    # The image is wider than high: pixels counted with a wrong width still fit into the matrix.
    {"kernel": np.arange(1.0, 10).reshape(3, 3), "shape": (3, 4)},
    {"kernel": np.arange(1.0, 16).reshape(3, 5), "shape": (4, 6)},
    {"kernel": np.array([[0.5], [-1.5], [2.0]]), "shape": (5, 2)},
]
_EDGE = "a weight beyond the image's edge lands in another row or on the other side; it must fall away."
_NEGATIVE = (
    "a weight above or left of the image has a negative index, which NumPy counts from the end; it must fall away."
)
_FIRST = "the first row and column belong to the image, and you leave weights on them out."
_LAST = "the last row and column belong to the image, and you leave weights on them out."
_CENTRE = "the kernel is not centred: its middle weight, kernel[h // 2, w // 2], belongs on the diagonal."
_COUNTED = "pixels are counted with a wrong width: (m, n) is number m * W + n, among the rows and among the columns."
_like = functools.partial(functools.partial, same_matrix)
MISTAKES = [
    (
        "this is the matrix of true convolution, or the transposed matrix (the two are the same here); for "
        "correlation, each row holds the kernel as it is.",
        lambda kernel, shape: same_matrix(kernel, shape).T,
    ),
    (
        "the kernel is transposed: kernel[a, b] stands a rows down and b columns across.",
        lambda kernel, shape: same_matrix(kernel.T, shape),
    ),
    (_CENTRE, _like(centre=lambda h, w: (0, 0))),
    (_CENTRE, _like(centre=lambda h, w: (0, 0), column=_unless_off_the_list)),
    (_CENTRE, _like(centre=lambda h, w: (h - 1, w - 1))),
    (_CENTRE, _like(centre=lambda h, w: (w // 2, h // 2))),
    *((_EDGE, _like(column=column)) for column in _OVER_THE_EDGE),
    *((_NEGATIVE, _like(column=column)) for column in _FROM_THE_END),
    *((_FIRST, _like(column=_within(top, left))) for top, left in [(1, 1), (1, 0), (0, 1)]),
    *((_LAST, _like(column=_within(0, 0, bottom, right))) for bottom, right in [(1, 1), (1, 0), (0, 1)]),
    (
        "pixels are counted column by column; image.ravel() counts them row by row.",
        lambda kernel, shape: same_matrix(kernel.T, shape[::-1]),
    ),
    *(
        (_COUNTED, _like(**dict.fromkeys(which, width), meeting=meeting))
        for which in (["rows"], ["columns"], ["rows", "columns"])
        for width in (lambda H, W, w: H, lambda H, W, w: W - w + 1)
        for meeting in ("last pixel", "last weight", "add")
    ),
]
SHAPES = [
    (
        "this is the size of the valid matrix; with a border of zeros there is an output for each pixel.",
        lambda kernel, shape: (np.prod(np.subtract(shape, kernel.shape) + 1), np.prod(shape)),
    ),
    (
        "these are columns for the pixels of the border, too; image.ravel() holds none of them.",
        lambda kernel, shape: (np.prod(shape), np.prod(np.add(shape, kernel.shape) - 1)),
    ),
    ("you returned four indices; join them two by two with reshape.", lambda kernel, shape: (*shape, *shape)),
]
