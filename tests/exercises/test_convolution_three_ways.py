"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d

from pcfilter_lib.exercises import convolution_three_ways as exercises


def my_answer(*inputs):
    """What the reader finds."""


def looped_matrix(kernel, shape, flip=1, stride=None, step=None):
    (h, w), (height, width) = kernel.shape, shape
    rows = []
    for i in range(height - h + 1):
        for j in range(width - w + 1):
            row = np.zeros(height * width)
            start = i * width + j if step is None else len(rows) * step
            for k in range(h):
                at = start + k * (stride(kernel) if stride else width)
                row[at : at + w] = kernel[::flip, ::flip][k]
            rows.append(row)
    return np.array(rows)


def looped_convolution(image, kernel):
    """The definition, without NumPy's help: an independent way to the same numbers."""
    h, w = kernel.shape
    out = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(out.shape):
        for k, m in np.ndindex(h, w):
            out[i, j] += kernel[k, m] * image[i + h - 1 - k, j + w - 1 - m]
    return out


SOLUTIONS = [
    (exercises.check_convolve, looped_convolution),
    (exercises.check_convolve, lambda image, kernel: convolve2d(image, kernel, "valid")),
    (exercises.check_convolve, lambda image, kernel: convolve2d(image, kernel, "valid").astype(np.float32)),
    (exercises.check_matrix, looped_matrix),
    (exercises.check_kernel_gradient, lambda image, upstream: correlate2d(image, upstream, "valid")),
    (exercises.check_box_cost, lambda h, w: h + w),
    (exercises.check_box_cost, lambda h, w: np.float32(h) + w),
]

MISTAKES = [
    (
        exercises.check_convolve,
        lambda x, k: correlate2d(x, k, "valid"),
        "this is correlation: did you flip the kernel?",
    ),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k[::-1], "valid"), "columns are not"),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k[:, ::-1], "valid"), "rows are not"),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k.T, "valid"), "the kernel is transposed"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid").T, "the output is transposed"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "same"), "the size of a 'same' convolution"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "full"), "the size of a 'full' convolution"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid")[:-1, :-1], "the last row and column are missing"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid").astype(x.dtype), "cuts the decimals off"),
    (exercises.check_matrix, lambda k, shape: looped_matrix(k, shape).T, "the matrix is transposed"),
    (exercises.check_matrix, lambda k, shape: looped_matrix(k, shape, flip=-1), "the kernel is flipped"),
    (
        exercises.check_matrix,
        lambda k, shape: looped_matrix(k, shape, stride=lambda k: k.shape[1]),
        "follow each other",
    ),
    (exercises.check_matrix, lambda k, shape: looped_matrix(k, shape, step=1), "starts one column after the row above"),
    (exercises.check_matrix, lambda k, shape: np.zeros((np.prod(shape),) * 2), "the size for a zero-padded image"),
    (exercises.check_kernel_gradient, lambda x, u: correlate2d(x, u, "valid")[::-1, ::-1], "the result is flipped"),
    (exercises.check_kernel_gradient, lambda x, u: convolve2d(x, u, "valid"), "the upstream gradient is flipped"),
    (exercises.check_kernel_gradient, lambda x, u: correlate2d(x, u, "valid") / u.size, "this is the mean"),
    (exercises.check_kernel_gradient, lambda x, u: correlate2d(x, u**0, "valid"), "upstream gradient is not used"),
    (exercises.check_kernel_gradient, lambda x, u: correlate2d(x, u, "valid").T, "the gradient is transposed"),
    (exercises.check_kernel_gradient, lambda x, u: x, "this is the size of the image"),
    (exercises.check_box_cost, lambda h, w: h * w, "the cost of the whole kernel at once"),
    (exercises.check_box_cost, lambda h, w: 2 * h * w, "the whole kernel in each of the two passes"),
    (exercises.check_box_cost, lambda h, w: 2 * (h + w), "counts the additions too"),
    (exercises.check_box_cost, lambda h, w: h + w - 2, "these are the additions"),
    (exercises.check_box_cost, lambda h, w: h + w - 1, "one too few"),
    (exercises.check_box_cost, lambda h, w: 2 * h, "takes the kernel to be square"),
    (exercises.check_box_cost, lambda h, w: h * h + w, "gives 23; 11 is expected"),
]
CHECKS = [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]


@pytest.mark.parametrize(("check", "solution"), SOLUTIONS)
def test_solutions_pass(capsys, check, solution):
    check(solution)
    assert capsys.readouterr().out.startswith("Solved: ")


@pytest.mark.parametrize(("check", "mistake", "explanation"), MISTAKES)
def test_mistakes_are_explained(capsys, check, mistake, explanation):
    check(mistake)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith("Not yet: ")
    assert explanation in printed


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    check(my_answer)
    assert capsys.readouterr().out.startswith("Not solved yet: my_answer still returns nothing.")
    check(lambda *inputs: inputs[99])
    assert "Not yet: your answer stopped with IndexError" in capsys.readouterr().out


def test_matrix_of_the_chapter():
    """The 4x9 matrix of a 2x2 kernel on a 3x3 image, written out by hand."""
    by_hand = [
        [1, 2, 0, 3, 4, 0, 0, 0, 0],
        [0, 1, 2, 0, 3, 4, 0, 0, 0],
        [0, 0, 0, 1, 2, 0, 3, 4, 0],
        [0, 0, 0, 0, 1, 2, 0, 3, 4],
    ]
    np.testing.assert_array_equal(exercises._matrix(np.array([[1, 2], [3, 4]]), (3, 3)), by_hand)
