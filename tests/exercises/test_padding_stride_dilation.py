"""The right answers pass; each known mistake is met with its own explanation."""

import itertools

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import padding_stride_dilation as exercises


def border_by_trying(size, kernel, stride, dilation):
    """Add zeros, last first, until there are as many outputs as there must be."""
    before = after = 0
    while (size + before + after - dilation * (kernel - 1) - 1) // stride + 1 < np.ceil(size / stride):
        if after == before:
            after += 1
        else:
            before += 1
    return before, after


def border(size, kernel, stride, dilation, outputs=None, least=0, span=None):
    outputs = -(-size // stride) if outputs is None else outputs
    total = max((outputs - 1) * stride + (span or dilation * (kernel - 1) + 1) - size, least)
    return total // 2, total - total // 2


def matrix(weights, size, stride, dilation, rows=None):
    rows = len(range(0, size - dilation * (len(weights) - 1), stride)) if rows is None else rows
    result = np.zeros((rows, size))
    for i in range(rows):
        for a, weight in enumerate(weights):
            if stride * i + dilation * a < size:
                result[i, stride * i + dilation * a] += weight
    return result


def matrix_by_taps(weights, size, stride, dilation):
    holes = np.zeros(dilation * (len(weights) - 1) + 1)
    holes[::dilation] = weights
    return np.stack([np.correlate(tap, holes, "valid")[::stride] for tap in np.eye(size)], axis=1)


def undilated_rows(weights, size, stride, dilation):
    """The number of rows is right, and the weights stand side by side."""
    rows = len(matrix(weights, size, stride, dilation))
    result = np.zeros((rows, size))
    for i in range(rows):
        result[i, stride * i : stride * i + len(weights)] = weights
    return result


def unmoved_rows(weights, size, stride, dilation):
    result = matrix(weights, size, stride, dilation)
    for i, row in enumerate(result):
        row[:] = 0
        row[i : i + dilation * (len(weights) - 1) + 1 : dilation] = weights
    return result


def ways_by_enumeration(dilations):
    ways = np.zeros(2 * sum(dilations) + 1, dtype=int)
    for steps in itertools.product((-1, 0, 1), repeat=len(dilations)):
        ways[sum(dilations) + np.dot(steps, dilations)] += 1
    return ways


def ways_by_convolution(dilations):
    ways = np.ones(1)
    for d in dilations:
        holes = np.zeros(2 * d + 1)
        holes[::d] = 1
        ways = np.convolve(ways, holes)
    return ways


def added_up(dilations):
    ways = np.zeros(2 * sum(dilations) + 1)
    for d in dilations:
        for place in (-d, 0, d):
            ways[sum(dilations) + place] += 1
    return ways


def window_by_sets(layers, index):
    """Follow every single pixel down."""
    pixels = {index}
    for kernel, stride, dilation in layers[::-1]:
        pixels = {stride * i + dilation * a for i in pixels for a in range(kernel)}
    return min(pixels), max(pixels)


def window(layers, index, kernel=0, reverse=True, with_stride=True, with_dilation=True):
    first = last = index
    for h, s, d in layers[::-1] if reverse else layers:
        s, d = s if with_stride else 1, d if with_dilation else 1
        first, last = first * s, last * s + d * (h - 1 + kernel)
    return first, last


SOLUTIONS = [
    (exercises.check_same_border, border),
    (exercises.check_same_border, border_by_trying),
    (exercises.check_same_border, lambda *inputs: np.array(border(*inputs))),
    (exercises.check_matrix, matrix),
    (exercises.check_matrix, matrix_by_taps),
    (exercises.check_ways, ways_by_enumeration),
    (exercises.check_ways, ways_by_convolution),
    (exercises.check_ways, lambda dilations: list(ways_by_convolution(dilations))),
    (exercises.check_window, window),
    (exercises.check_window, window_by_sets),
]
HALVES = "as many zeros before as after"
NEGATIVE = "no border can be negative"


def centred_window(layers, index):
    """Put the field around the place of the output in the image."""
    size, jump = 1, 1
    for kernel, stride, dilation in layers:
        size, jump = size + dilation * (kernel - 1) * jump, jump * stride
    return index * jump - (size - 1) // 2, index * jump + (size - 1) // 2


def stride_last(layers, index):
    first = last = index
    for kernel, stride, dilation in reversed(layers):
        first, last = first * stride, (last + (kernel - 1) * dilation) * stride
    return first, last


MISTAKES = [
    (exercises.check_same_border, lambda *i: border(*i)[::-1], "the odd zero comes last, not first"),
    (exercises.check_same_border, lambda n, h, s, d: border(n, h, 1, d), "the stride is not used"),
    (exercises.check_same_border, lambda n, h, s, d: border(n, h, s, 1), "the dilation is not used"),
    (exercises.check_same_border, lambda n, h, s, d: (h // 2, h // 2), HALVES),
    (exercises.check_same_border, lambda n, h, s, d: (d * (h - 1) // 2,) * 2, HALVES),
    (exercises.check_same_border, lambda *i: (sum(border(*i)) // 2,) * 2, HALVES),
    (exercises.check_same_border, lambda *i: (-(-sum(border(*i)) // 2),) * 2, HALVES),
    (exercises.check_same_border, lambda *i: (0, sum(border(*i))), "all zeros are on one side"),
    (exercises.check_same_border, lambda n, h, s, d: border(n, h, s, d, outputs=n // s), "rounding down"),
    (exercises.check_same_border, lambda *i: border(*i, least=-99), NEGATIVE),
    (exercises.check_same_border, lambda n, h, s, d: border(n, h, s, d, span=d * h), "there is one gap less"),
    (exercises.check_same_border, lambda *i: sum(border(*i)), "return two numbers"),
    (exercises.check_same_border, lambda *i: (3, 3), "gives 3 at [0]; 1 is expected"),
    (exercises.check_matrix, lambda k, n, s, d: matrix(k, n, d, s), "stride and dilation are exchanged"),
    (exercises.check_matrix, undilated_rows, "the dilation is not used"),
    (exercises.check_matrix, lambda k, n, s, d: matrix(k, n, s, 1), "the dilation is not used"),
    (exercises.check_matrix, unmoved_rows, "the stride is not used"),
    (exercises.check_matrix, lambda k, n, s, d: matrix(k, n, 1, d), "the stride is not used"),
    (exercises.check_matrix, lambda k, n, s, d: matrix(k[::-1], n, s, d), "in the opposite order"),
    (exercises.check_matrix, lambda *i: matrix(*i).T, "the matrix is transposed"),
    (exercises.check_matrix, lambda k, n, s, d: matrix(k, n, s, d, rows=n), "one row for each pixel"),
    (exercises.check_matrix, lambda *i: matrix(*i)[:-1], "the number of rows differs"),
    (exercises.check_matrix, lambda *i: np.pad(matrix(*i), ((0, 1), (0, 0))), "the number of rows differs"),
    (
        exercises.check_matrix,
        lambda k, n, s, d: matrix(k, n, s, d, rows=len(matrix(k, n, s, 1))),
        "it is longer than its weights",
    ),
    (
        exercises.check_matrix,
        lambda k, n, s, d: matrix(k, n, s, d, rows=len(matrix(k, n, 1, d))),
        "It moves by `stride` pixels at a time",
    ),
    (exercises.check_matrix, lambda *i: matrix(*i) * 2, "gives 2 at [0, 0]; 1 is expected"),
    (exercises.check_ways, lambda dilations: ways_by_enumeration(dilations) > 0, "says whether there is a way"),
    (exercises.check_ways, lambda d: ways_by_enumeration(d) / 3 ** len(d), "these are shares"),
    (
        exercises.check_ways,
        lambda d: ways_by_enumeration(d)[ways_by_enumeration(d) > 0],
        "the pixels without a way are missing",
    ),
    (exercises.check_ways, lambda d: ways_by_enumeration([1] * len(d)), "the dilations are not used"),
    (exercises.check_ways, lambda d: ways_by_enumeration(d[-1:]), "only the last layer is counted"),
    (exercises.check_ways, added_up, "the layers are added up side by side"),
    (exercises.check_ways, lambda d: np.full(1 + sum(d), 2), "a layer with dilation d makes it 2 d larger"),
    (exercises.check_ways, lambda d: np.ones(sum(2 * n + 1 for n in d)), "the sizes of the layers do not add up"),
    (exercises.check_window, lambda *i: window(*i, reverse=False), "come down from the output"),
    (exercises.check_window, lambda *i: np.add(window(*i), (0, 1)), "last is one too far"),
    (exercises.check_window, lambda *i: (window(*i)[0], np.ptp(window(*i)) + 1), "and the number of pixels"),
    (exercises.check_window, lambda *i: window(*i, with_dilation=False), "the dilations are not used"),
    (exercises.check_window, lambda *i: window(*i, with_stride=False), "the strides are not used"),
    (exercises.check_window, lambda *i: window(*i, kernel=1), "the kernels are one too long"),
    (exercises.check_window, lambda layers, index: np.add(window(layers, 0), index), "moves it by the jump"),
    (exercises.check_window, lambda layers, index: window(layers, 0), "the index is not used"),
    (exercises.check_window, centred_window, "the window is centred"),
    (exercises.check_window, stride_last, "the stride is applied after the kernel"),
    (exercises.check_window, lambda layers, index: window(layers[-1:], index), "only one layer is followed"),
    (exercises.check_window, lambda layers, index: window(layers[:1], index), "only one layer is followed"),
    (exercises.check_window, lambda layers, index: window(layers, index)[1], "return two numbers"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
