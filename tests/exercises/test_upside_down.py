"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy.signal import convolve2d
from verdicts import verdict_tests

from pcfilter_lib.exercises import upside_down as exercises


def spread(image, stride):
    """Write zeros between the pixels."""
    wide = np.zeros(stride * (np.array(image.shape) - 1) + 1)
    wide[::stride, ::stride] = image
    return wide


def enlarged(image, kernel, stride):
    return convolve2d(spread(image, stride), kernel, "full")


def stamped(image, kernel, stride, add=True, shape=None, values=True, across=None):
    (H, W), (h, w), across = image.shape, kernel.shape, across or stride
    shape = shape or (stride * (H - 1) + h, across * (W - 1) + w)
    sheet = np.zeros(shape)
    for i in range(H):
        for j in range(W):
            for a in range(h):
                for b in range(w):
                    place = stride * i + a, across * j + b
                    if place[0] < shape[0] and place[1] < shape[1]:
                        share = kernel[a, b] * (image[i, j] if values else 1)
                        sheet[place] = sheet[place] + share if add else share
    return sheet


def times(image, stride):
    return tuple(stride * n for n in image.shape)


def sizes(outputs, kernel, stride):
    return [n for n in range(kernel, 99) if len(range(0, n - kernel + 1, stride)) == outputs]


def evened(weights, stride):
    even = weights.copy()
    for r in range(stride):
        even[r::stride] = weights[r::stride] / sum(weights[r::stride])
    return even


def evened_by_trying(weights, stride):
    """Enlarge a row of ones, and divide by what comes out in the middle."""
    row = np.zeros(stride * 19 + len(weights))
    for i in range(20):
        row[stride * i : stride * i + len(weights)] += weights
    return np.array([weight / row[stride * 10 + a % stride] for a, weight in enumerate(weights)])


def blocks(weights, stride):
    parts = [weights[i : i + stride] for i in range(0, len(weights), stride)]
    return np.concatenate([part / part.sum() for part in parts])


def by_mean(weights, stride):
    return np.array([w / weights[a % stride :: stride].mean() for a, w in enumerate(weights)])


def added(weights, stride):
    phases = [weights[a % stride :: stride] for a in range(len(weights))]
    return np.array([w + (1 - phase.sum()) / len(phase) for w, phase in zip(weights, phases, strict=True)])


def shuffled(channels, block, place=lambda i, j, r, t, block, H, W: (block * i + r, block * j + t)):
    H, W, _ = channels.shape
    image = np.zeros((block * H, block * W))
    for i, j, c in np.ndindex(channels.shape):
        image[place(i, j, *divmod(c, block), block, H, W)] = channels[i, j, c]
    return image


def axes(*order):
    def answer(channels, block):
        H, W, _ = channels.shape
        return channels.reshape(H, W, block, block).transpose(order).reshape(block * H, block * W)

    return answer


SOLUTIONS = [
    (exercises.check_enlarge, enlarged),
    (exercises.check_enlarge, stamped),
    (exercises.check_enlarge, lambda *inputs: stamped(*inputs).astype(np.float32)),
    (exercises.check_sizes, sizes),
    (exercises.check_sizes, lambda outputs, kernel, stride: np.arange(stride) + stride * (outputs - 1) + kernel),
    (exercises.check_sizes, lambda outputs, k, s: range(s * (outputs - 1) + k, s * outputs + k)),
    (exercises.check_even, evened),
    (exercises.check_even, evened_by_trying),
    (exercises.check_shuffle, shuffled),
    (exercises.check_shuffle, axes(0, 2, 1, 3)),
]
STRIDE = "the stride is not used"
SHEET = "the sheet is `stride` times the image"
ONE_SUM = "all weights are divided by one sum"
GROUPS = "the weights of a phase are `stride` places apart"
MIXED = "rows and columns are mixed"
MISTAKES = [
    (exercises.check_enlarge, lambda *i: stamped(*i, add=False), "stamps overlap: add each with +="),
    (exercises.check_enlarge, lambda x, k, s: enlarged(x, k[::-1, ::-1], s), "turned by half a circle"),
    (exercises.check_enlarge, lambda x, k, s: enlarged(x, k.T, s), "the kernel is transposed"),
    (exercises.check_enlarge, lambda *i: enlarged(*i).T, "the result is transposed"),
    (exercises.check_enlarge, lambda x, k, s: enlarged(x, k, 1), STRIDE),
    (exercises.check_enlarge, lambda x, k, s: stamped(x, k, 1, shape=enlarged(x, k, s).shape), STRIDE),
    (exercises.check_enlarge, lambda *i: stamped(*i, values=False), "each pixel multiplies its stamp"),
    (exercises.check_enlarge, lambda *i: stamped(*i, across=1), "for the rows and not for the columns"),
    (exercises.check_enlarge, lambda x, k, s: stamped(x, k, s, shape=times(x, s)), SHEET),
    (exercises.check_enlarge, lambda x, k, s: np.zeros(times(x, s)), SHEET),
    (
        exercises.check_enlarge,
        lambda x, k, s: np.zeros(np.multiply(s, x.shape) + k.shape),
        "between H stamps there are H - 1 steps",
    ),
    (exercises.check_enlarge, lambda x, k, s: spread(x, s), "the first stamp alone covers h rows"),
    (exercises.check_enlarge, lambda *i: enlarged(*i) * 2, "gives 2 at [0, 0]; 1 is expected"),
    (exercises.check_sizes, lambda *i: sizes(*i)[:1], "but there are more"),
    (exercises.check_sizes, lambda *i: sizes(*i)[0], "but there are more"),
    (exercises.check_sizes, lambda *i: [*sizes(*i), sizes(*i)[-1] + 1], "another window would fit"),
    (exercises.check_sizes, lambda m, k, s: [n + s for n in sizes(m, k, s)], "between m windows there are m - 1"),
    (exercises.check_sizes, lambda *i: sizes(*i)[::-1], "begin with the smallest"),
    (exercises.check_sizes, lambda m, k, s: s, "this is the number of sizes"),
    (exercises.check_sizes, lambda m, k, s: [s * m], "contains 6, which does not give 3 outputs"),
    (exercises.check_sizes, lambda m, k, s: sizes(m, k, s) if s > 1 else sizes(m, k, s)[0], "gives a single number"),
    (exercises.check_even, lambda w, s: w / w.sum(), ONE_SUM),
    (exercises.check_even, lambda w, s: w * s / w.sum(), ONE_SUM),
    (exercises.check_even, blocks, GROUPS),
    (
        exercises.check_even,
        lambda w, s: np.concatenate([part / part.sum() for part in np.array_split(w, s)]),
        GROUPS,
    ),
    (exercises.check_even, by_mean, "each phase is divided by its mean"),
    (exercises.check_even, lambda w, s: evened(w, s) * w.sum() / s, "adds up to the mean of all phases"),
    (exercises.check_even, lambda w, s: evened(w, s) / s, "adds up to 1 / stride"),
    (exercises.check_even, added, "something was added to each phase"),
    (exercises.check_even, lambda w, s: evened(w, 2), "only two phases are treated"),
    (exercises.check_even, lambda w, s: w, "gives 1 at [0]; 0.2 is expected"),
    (exercises.check_shuffle, lambda c, b: c.reshape(len(c) * b, -1), "reshape alone moves nothing"),
    (
        exercises.check_shuffle,
        lambda c, b: shuffled(c, b, lambda i, j, r, t, b, H, W: (b * i + t, b * j + r)),
        "r and t are exchanged",
    ),
    (
        exercises.check_shuffle,
        lambda c, b: shuffled(c, b, lambda i, j, r, t, b, H, W: (H * r + i, W * t + j)),
        "they must be interleaved",
    ),
    (exercises.check_shuffle, axes(0, 1, 3, 2), MIXED),
    (exercises.check_shuffle, axes(2, 0, 1, 3), MIXED),
    (exercises.check_shuffle, lambda c, b: shuffled(c, b).T, "the image is transposed"),
    (
        exercises.check_shuffle,
        lambda c, b: c.reshape(*c.shape[:2], b, b).transpose(0, 2, 1, 3),
        "more than two axes",
    ),
    (exercises.check_shuffle, lambda c, b: shuffled(c, b) + 1, "gives 2 at [0, 0]; 1 is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_missing_sizes_are_not_given_away(capsys):
    exercises.check_sizes(lambda outputs, kernel, stride: sizes(outputs, kernel, stride)[:1])
    assert "8" not in capsys.readouterr().out
