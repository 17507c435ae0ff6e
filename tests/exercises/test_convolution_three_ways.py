"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from scipy.signal import convolve2d, correlate2d
from scipy.sparse import csr_array
from verdicts import verdict_tests

from pcfilter_lib.exercises import convolution_three_ways as exercises
from pcfilter_lib.exercises._same_matrix import CASES, same_matrix
from pcfilter_lib.exercises._wording import call_text


def looped_matrix(
    kernel,
    shape,
    inside=lambda m, n, H, W: 0 <= m < H and 0 <= n < W,
    at=lambda m, n, H, W: m * W + n,
    top=lambda kernel: kernel.shape[0] // 2,
    left=lambda kernel: kernel.shape[1] // 2,
    row=lambda i, j, H, W: i * W + j,
):
    """Place the weights one by one; the loops run over the kernel first, as readers' loops may."""
    (h, w), (H, W) = kernel.shape, shape
    matrix = np.zeros((H * W, H * W))
    for a in range(h):
        for b in range(w):
            for i in range(H):
                for j in range(W):
                    m, n = i + a - top(kernel), j + b - left(kernel)
                    if inside(m, n, H, W):
                        matrix[row(i, j, H, W), at(m, n, H, W)] = kernel[a, b]
    return matrix


def matrix_by_taps(kernel, shape):
    taps = np.eye(np.prod(shape)).reshape(-1, *shape)
    return np.stack([correlate2d(tap, kernel, "same").ravel() for tap in taps], axis=1)


def matrix_by_cutting(kernel, shape):
    """The book's solution: with a real border, which is cut off at the end."""
    (h, w), (H, W) = kernel.shape, shape
    matrix = np.zeros((H, W, H + h - 1, W + w - 1))
    for i, j in np.ndindex(H, W):
        matrix[i, j, i : i + h, j : j + w] = kernel
    return matrix[:, :, h // 2 : h // 2 + H, w // 2 : w // 2 + W].reshape(H * W, H * W)


def bordered_matrix(kernel, shape):
    (h, w), (H, W) = kernel.shape, shape
    return np.zeros((H * W, (H + h - 1) * (W + w - 1)))


def four_indices(kernel, shape):
    (h, w), (H, W) = kernel.shape, shape
    matrix = np.zeros((H, W, H, W))
    for i, j in np.ndindex(H, W):
        for a, b in np.ndindex(h, w):
            matrix[i, j, i + a - h // 2, j + b - w // 2] = kernel[a, b]
    return matrix.reshape(H * W, H * W)


def added(kernel, shape):
    """Pixels counted with the height, in both, and weights that meet are added."""
    (h, w), (H, W) = kernel.shape, shape
    matrix = np.zeros((H * W, H * W))
    for i, j in np.ndindex(H, W):
        for a, b in np.ndindex(h, w):
            m, n = i + a - h // 2, j + b - w // 2
            if 0 <= m < H and 0 <= n < W:
                matrix[i * H + j, m * H + n] += kernel[a, b]
    return matrix


def padded(upstream, kernel, more=0):
    h, w = np.subtract(kernel.shape, 1) + more
    return np.pad(upstream, ((h, h), (w, w)))


def scattered(kernel, upstream):
    h, w = kernel.shape
    gradient = np.zeros((upstream.shape[0] + h - 1, upstream.shape[1] + w - 1))
    for i, j in np.ndindex(upstream.shape):
        gradient[i : i + h, j : j + w] += kernel * upstream[i, j]
    return gradient


def looped_convolution(image, kernel):
    """The definition, without NumPy's help: an independent way to the same numbers."""
    h, w = kernel.shape
    out = np.zeros((image.shape[0] - h + 1, image.shape[1] - w + 1))
    for i, j in np.ndindex(out.shape):
        for k, m in np.ndindex(h, w):
            out[i, j] += kernel[k, m] * image[i + h - 1 - k, j + w - 1 - m]
    return out


def looped_gradient(kernel, upstream, counts=lambda m, n, rows, columns: 0 <= m < rows and 0 <= n < columns):
    """The formula, the loops over the kernel first."""
    (h, w), (rows, columns) = kernel.shape, upstream.shape
    gradient = np.zeros((rows + h - 1, columns + w - 1))
    for a in range(h):
        for b in range(w):
            for m in range(gradient.shape[0]):
                for n in range(gradient.shape[1]):
                    if counts(m - a, n - b, rows, columns):
                        gradient[m, n] += kernel[a, b] * upstream[m - a, n - b]
    return gradient


def with_overwriting(kernel, upstream):
    h, w = kernel.shape
    gradient = np.zeros((upstream.shape[0] + h - 1, upstream.shape[1] + w - 1))
    for i, j in np.ndindex(upstream.shape):
        gradient[i : i + h, j : j + w] = kernel * upstream[i, j]
    return gradient


def with_overwriting_by_weight(kernel, upstream):
    (h, w), (rows, columns) = kernel.shape, upstream.shape
    gradient = np.zeros((rows + h - 1, columns + w - 1))
    for a, b in np.ndindex(h, w):
        gradient[a : a + rows, b : b + columns] = kernel[a, b] * upstream
    return gradient


def with_border(border):
    """Return an answer that pads by border(h, w) rows and columns."""

    def answer(kernel, upstream):
        top, left = border(*kernel.shape)
        return convolve2d(np.pad(upstream, ((top, top), (left, left))), kernel, "valid")

    return answer


def four_indices_within(inside):
    """Return an answer with matrix[i, j, m, n], where negative indices count from the end."""

    def answer(kernel, shape):
        (h, w), (H, W) = kernel.shape, shape
        matrix = np.zeros((H, W, H, W))
        for i, j in np.ndindex(H, W):
            for a, b in np.ndindex(h, w):
                m, n = i + a - h // 2, j + b - w // 2
                if inside(m, n, H, W):
                    matrix[i, j, m, n] = kernel[a, b]
        return matrix.reshape(H * W, H * W)

    return answer


def matrix_within(inside):
    return lambda kernel, shape: looped_matrix(kernel, shape, inside=inside)


SOLUTIONS = [
    (exercises.check_convolve, looped_convolution),
    (exercises.check_convolve, lambda image, kernel: convolve2d(image, kernel, "valid")),
    (exercises.check_convolve, lambda image, kernel: convolve2d(image, kernel, "valid").astype(np.float32)),
    (exercises.check_same_matrix, looped_matrix),
    (exercises.check_same_matrix, matrix_by_taps),
    (exercises.check_same_matrix, matrix_by_cutting),
    (exercises.check_same_matrix, lambda k, shape: csr_array(looped_matrix(k, shape))),
    (exercises.check_image_gradient, scattered),
    (exercises.check_image_gradient, looped_gradient),
    (exercises.check_image_gradient, with_border(lambda h, w: (h - 1, w - 1))),
    (exercises.check_image_gradient, lambda k, u: convolve2d(u, k, "full")),
    (exercises.check_image_gradient, lambda k, u: convolve2d(padded(u, k), k, "valid").astype(np.float32)),
    (exercises.check_separable_cost, lambda h, w: h + w),
    (exercises.check_separable_cost, lambda h, w: np.float32(h) + w),
]

NEGATIVE = "a weight above or left of the image has a negative index, which NumPy counts from the end"
BORDER = "the border of zeros has another width: how far can a window begin before the pixel?"
EDGE = "beyond the image's edge lands in another row or on the other side"
MATRIX_MISTAKES = [
    (lambda k, shape: looped_matrix(k, shape).T, "or the transposed matrix"),
    (lambda k, shape: looped_matrix(k[::-1, ::-1], shape), "this is the matrix of true convolution"),
    (lambda k, shape: looped_matrix(k.T, shape), "the kernel is transposed"),
    (lambda k, shape: looped_matrix(k, shape, top=lambda k: 0, left=lambda k: 0), "not centred"),
    (lambda k, shape: looped_matrix(k, shape, top=lambda k: len(k) - 1, left=lambda k: k.shape[1] - 1), "not centred"),
    (
        lambda k, shape: looped_matrix(k, shape, top=lambda k: k.shape[1] // 2, left=lambda k: k.shape[0] // 2),
        "not centred",
    ),
    (lambda k, shape: looped_matrix(k, shape, inside=lambda m, n, H, W: 0 <= m * W + n < H * W), EDGE),
    (lambda k, shape: looped_matrix(k, shape, inside=lambda m, n, H, W: m * W + n < H * W), EDGE),
    (lambda k, shape: looped_matrix(k, shape, inside=lambda m, n, H, W: 0 <= m < H), EDGE),
    (lambda k, shape: looped_matrix(k, shape, inside=lambda *at: True), "stopped with IndexError: index 12 is out of"),
    (lambda k, shape: looped_matrix(k, shape, inside=lambda *at: True), f"Perhaps a weight {EDGE}"),
    *((within(lambda m, n, H, W: m < H and n < W), NEGATIVE) for within in (matrix_within, four_indices_within)),
    *((within(lambda m, n, H, W: m < H and 0 <= n < W), NEGATIVE) for within in (matrix_within, four_indices_within)),
    (four_indices_within(lambda m, n, H, W: 0 <= m < H and n < W), NEGATIVE),
    (matrix_within(lambda m, n, H, W: 0 <= m < H and n < W), EDGE),
    (matrix_within(lambda m, n, H, W: 0 < m < H and 0 < n < W), "the first row and column belong to the image"),
    (matrix_within(lambda m, n, H, W: 0 < m < H and 0 <= n < W), "the first row and column belong to the image"),
    (matrix_within(lambda m, n, H, W: 0 <= m < H and 0 < n < W), "the first row and column belong to the image"),
    (matrix_within(lambda m, n, H, W: 0 <= m < H - 1 and 0 <= n < W - 1), "the last row and column belong to"),
    (four_indices, "stopped with IndexError: index 4 is out of bounds for axis 3 with size 4."),
    (four_indices, f"Perhaps a weight {EDGE}"),
    (
        lambda k, shape: looped_matrix(k, shape, inside=lambda *at: True, at=lambda m, n, H, W: (m * W + n) % (H * W)),
        EDGE,
    ),
    (
        lambda k, shape: looped_matrix(k, shape, inside=lambda *at: True, at=lambda m, n, H, W: m % H * W + n % W),
        EDGE,
    ),
    (
        lambda k, shape: looped_matrix(k, shape, at=lambda m, n, H, W: n * H + m, row=lambda i, j, H, W: j * H + i),
        "counted column by column",
    ),
    (lambda k, shape: looped_matrix(k, shape, at=lambda m, n, H, W: m * H + n), "counted with a wrong width"),
    (lambda k, shape: looped_matrix(k, shape, row=lambda i, j, H, W: i * (W - 2) + j), "counted with a wrong width"),
    (added, "counted with a wrong width"),
    (
        lambda k, shape: matrix_by_taps(k, shape)[: (shape[0] - len(k) + 1) * (shape[1] - k.shape[1] + 1)],
        "valid matrix",
    ),
    (bordered_matrix, "columns for the pixels of the border, too"),
    (lambda k, shape: looped_matrix(k, shape).reshape(*shape, *shape), "four indices"),
    (lambda k, shape: looped_matrix(k, shape) * 1.5, "gives 7.5 at [0, 0]; 5 is expected"),
    (lambda k, shape: k[99], "stopped with IndexError: index 99 is out of bounds for axis 0 with size 3."),
]
GRADIENT_MISTAKES = [
    (lambda k, u: correlate2d(u, k, "full"), "the kernel is used as it is"),
    (lambda k, u: convolve2d(u, k[:, ::-1], "full"), "rows count backwards, but columns do not"),
    (lambda k, u: convolve2d(u, k[::-1], "full"), "columns count backwards, but rows do not"),
    (lambda k, u: convolve2d(u[::-1, ::-1], k, "full"), "you turn the upstream gradient round, too"),
    (lambda k, u: correlate2d(u[::-1, ::-1], k, "full"), "the result is turned by half a circle"),
    (lambda k, u: convolve2d(u, k.T, "full"), "the kernel is transposed"),
    (lambda k, u: convolve2d(u, k, "full").T, "the gradient is transposed"),
    (lambda k, u: convolve2d(u**0, k, "full"), "the upstream gradient is not used"),
    (lambda k, u: convolve2d(u, k, "same"), "something of the upstream gradient's size"),
    (lambda k, u: convolve2d(u, k, "valid"), "something smaller than the upstream gradient"),
    (lambda k, u: k, "something of the kernel's size"),
    (lambda k, u: convolve2d(padded(u, k, more=1), k, "valid"), "too wide by one"),
    (with_overwriting, "windows overlap: add each share with +=, do not overwrite."),
    (with_overwriting_by_weight, "windows overlap: add each share with +=, do not overwrite."),
    *(
        (lambda k, u, counts=counts: looped_gradient(k, u, counts), "with a negative index counts from the end")
        for counts in (
            lambda m, n, rows, columns: m < rows and n < columns,
            lambda m, n, rows, columns: m < rows and 0 <= n < columns,
            lambda m, n, rows, columns: 0 <= m < rows and n < columns,
        )
    ),
    (
        lambda k, u: looped_gradient(k, u, lambda *at: True),
        "Perhaps g[m - a, n - b] lies beyond the upstream gradient, where g is zero.",
    ),
    (with_border(lambda h, w: (1, 1)), BORDER),
    (with_border(lambda h, w: (h // 2, w // 2)), BORDER),
    (with_border(lambda h, w: (w - 1, h - 1)), BORDER),
    (with_border(lambda h, w: (h - 1, h - 1)), BORDER),
    (with_border(lambda h, w: (h, w)), "too wide by one"),
    (lambda k, u: convolve2d(u, k, "full") * 2, "gives 2 at [0, 0]; 1 is expected"),
]
COST_MISTAKES = [
    (lambda h, w: h * w, "the cost of the whole kernel at once"),
    (lambda h, w: 2 * h * w, "the whole kernel in each of the two passes"),
    (lambda h, w: h * w + w, "the cost of the whole kernel is still in there"),
    (lambda h, w: h * w + h + w, "the cost of the whole kernel is still in there"),
    (lambda h, w: 2 * max(h, w), "takes both passes to be equally long"),
    (lambda h, w: 2 * h, "takes both passes to be equally long"),
    (lambda h, w: max(h, w), "the cost of one pass; there are two"),
    (lambda h, w: 2 * (h + w), "twice too many: count only multiplications, and each pass once."),
    (lambda h, w: 2 * (h + w) - 2, "counts the additions too"),
    (lambda h, w: h + w - 2, "these are the additions"),
    (lambda h, w: h + w - 1, "one too few"),
    (lambda h, w: h + w + 1, "one too many"),
    (lambda h, w: (h, w), "gives 2 numbers; one is expected"),
    (lambda h, w: h * h + w, "(4, 7) gives 23: too many."),
    (lambda h, w: 14 - h, "(4, 7) gives 10: too few."),
]
MISTAKES = [
    (exercises.check_convolve, lambda x, k: correlate2d(x, k, "valid"), "this is correlation"),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k[::-1], "valid"), "columns are not"),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k[:, ::-1], "valid"), "rows are not"),
    (exercises.check_convolve, lambda x, k: correlate2d(x, k.T, "valid"), "the kernel is transposed"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid").T, "the output is transposed"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "same"), "something of the image's size"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "full"), "the size of a 'full' convolution"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid")[:-1, :-1], "the last row and column are missing"),
    (exercises.check_convolve, lambda x, k: convolve2d(x, k, "valid").astype(int), "cuts the decimals off"),
    *((exercises.check_same_matrix, answer, explanation) for answer, explanation in MATRIX_MISTAKES),
    *((exercises.check_image_gradient, answer, explanation) for answer, explanation in GRADIENT_MISTAKES),
    *((exercises.check_separable_cost, answer, explanation) for answer, explanation in COST_MISTAKES),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_matrix_of_the_chapter():
    """The 9x9 matrix of a 3x3 kernel on a 3x3 image, written out by hand."""
    by_hand = [
        [5, 6, 0, 8, 9, 0, 0, 0, 0],
        [4, 5, 6, 7, 8, 9, 0, 0, 0],
        [0, 4, 5, 0, 7, 8, 0, 0, 0],
        [2, 3, 0, 5, 6, 0, 8, 9, 0],
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
        [0, 1, 2, 0, 4, 5, 0, 7, 8],
        [0, 0, 0, 2, 3, 0, 5, 6, 0],
        [0, 0, 0, 1, 2, 3, 4, 5, 6],
        [0, 0, 0, 0, 1, 2, 0, 4, 5],
    ]
    np.testing.assert_array_equal(same_matrix(np.arange(1.0, 10).reshape(3, 3), (3, 3)), by_hand)


@pytest.mark.parametrize("mistake", [answer for answer, _ in COST_MISTAKES])
def test_the_cost_is_not_given_away(capsys, mistake):
    exercises.check_separable_cost(lambda h, w: h + w)
    exercises.check_separable_cost(mistake)
    printed = capsys.readouterr().out
    assert "h + w" not in printed
    assert "11" not in printed  # 4 + 7


def test_every_call_can_be_pasted_back(capsys):
    for check, cases in [
        (exercises.check_same_matrix, CASES),
        (exercises.check_image_gradient, exercises._KERNELS_AND_UPSTREAMS),
        (exercises.check_convolve, exercises._IMAGES_AND_KERNELS),
    ]:
        for inputs in cases:
            seen = []
            call = call_text(check, inputs)
            eval(call, {"np": np, check.__name__: lambda *values, seen=seen: seen.extend(values)})
            for given, value in zip(seen, inputs.values(), strict=True):
                np.testing.assert_array_equal(given, value)


@pytest.mark.parametrize("check", [exercises.check_same_matrix, exercises.check_image_gradient])
def test_cut_decimals_are_noticed(capsys, check):
    right = looped_matrix if check is exercises.check_same_matrix else scattered
    check(lambda *inputs: right(*inputs).astype(int))
    assert "cuts the decimals off" in capsys.readouterr().out


def test_inputs_are_floats():
    for cases in (exercises._IMAGES_AND_KERNELS, CASES, exercises._KERNELS_AND_UPSTREAMS):
        for inputs in cases:
            assert all(value.dtype == float for value in inputs.values() if isinstance(value, np.ndarray))
