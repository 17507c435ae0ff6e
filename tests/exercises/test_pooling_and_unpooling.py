"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import pooling_and_unpooling as exercises


def pooled(image, size, of=np.mean, step=None):
    step = step or size
    rows = range(0, len(image) - size + 1, step)
    columns = range(0, image.shape[1] - size + 1, step)
    return np.array([[of(image[i : i + size, j : j + size]) for j in columns] for i in rows])


def reshaped(image, size, shape, axes, cut=True):
    H, W = len(image) // size, image.shape[1] // size
    whole = image[: H * size, : W * size] if cut else image
    return whole.reshape([{"H": H, "W": W, "s": size}[letter] for letter in shape]).mean(axis=axes)


def gradient(image, upstream, share=lambda old, new: old + new, choose=lambda winners: winners[:1], size=3, stride=2):
    result = np.zeros(image.shape)
    for i in range(upstream.shape[0]):
        for j in range(upstream.shape[1]):
            places = [(stride * i + a, stride * j + b) for a in range(size) for b in range(size)]
            places = [(m, n) for m, n in places if m < len(image) and n < image.shape[1]]
            best = max(image[place] for place in places)
            for place in choose([place for place in places if image[place] == best]):
                result[place] = share(result[place], upstream[i, j])
    return result


def gradient_by_nudging(image, upstream):
    """A tiny slope settles ties in favour of the first; then every pixel is nudged."""
    image = image - 1e-6 * np.arange(image.size).reshape(image.shape)

    def loss(image):
        return (pooled(image, 3, np.max, step=2) * upstream).sum()

    result = np.zeros(image.shape)
    for place in np.ndindex(image.shape):
        nudge = np.zeros(image.shape)
        nudge[place] = 1e-7
        result[place] = (loss(image + nudge) - loss(image - nudge)) / 2e-7
    return result


def all_of_the_window(image, upstream, share):
    return gradient(np.zeros_like(image), upstream * share, choose=lambda winners: winners)


def shared(image, upstream):
    result = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = image[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        winners = window == window.max()
        result[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] += winners * upstream[i, j] / winners.sum()
    return result


def row_and_column_mixed_up(image, upstream):
    result = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = image[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        b, a = np.unravel_index(window.argmax(), window.shape)
        result[2 * i + a, 2 * j + b] += upstream[i, j]
    return result


def winners_kept(image, upstream):
    result = np.zeros(image.shape)
    for i, j in np.ndindex(upstream.shape):
        window = image[2 * i : 2 * i + 3, 2 * j : 2 * j + 3]
        a, b = np.unravel_index(window.argmax(), window.shape)
        result[2 * i + a, 2 * j + b] = window[a, b]
    return result


def seen(period, stride):
    part = stride / period % 1
    part = min(part, 1 - part)
    return 1 / part if part else np.inf


def seen_by_trying(period, stride):
    """Compare what is left of the stripes with coarser and coarser ones, from 2 pixels upwards."""
    left = np.cos(2 * np.pi * stride * np.arange(40) / period)
    for cycles in np.arange(0, 0.5001, 1 / 120):
        if np.allclose(np.cos(2 * np.pi * cycles * np.arange(40)), left):
            return 1 / cycles if cycles else np.inf
    raise AssertionError


SOLUTIONS = [
    (exercises.check_average_pool, pooled),
    (exercises.check_average_pool, lambda image, size: reshaped(image, size, "HsWs", (1, 3))),
    (exercises.check_pool_gradient, gradient),
    (exercises.check_pool_gradient, gradient_by_nudging),
    (exercises.check_seen_period, seen),
    (exercises.check_seen_period, seen_by_trying),
]
OTHERS = "these are means of other pixels"
SIDE = "they are 3 pixels wide, and begin every 2 pixels"
MISTAKES = [
    (exercises.check_average_pool, lambda x, s: pooled(x, s, np.sum), "these are the sums"),
    (exercises.check_average_pool, lambda x, s: pooled(x, s, np.max), "these are the maxima"),
    (exercises.check_average_pool, lambda x, s: pooled(x, s, np.sum) / s, "has size * size pixels"),
    (exercises.check_average_pool, lambda x, s: reshaped(x, s, "HWss", (2, 3)), OTHERS),
    (exercises.check_average_pool, lambda x, s: reshaped(x, s, "sHsW", (0, 2)), OTHERS),
    (exercises.check_average_pool, lambda x, s: pooled(x, s, lambda window: window[0, 0]), "one pixel of each window"),
    (exercises.check_average_pool, lambda *i: pooled(*i).T, "the result is transposed"),
    (exercises.check_average_pool, lambda x, s: reshaped(x, s, "HsWs", (0, 2)), "keeps the places in them"),
    (
        exercises.check_average_pool,
        lambda x, s: pooled(x[len(x) % s :, x.shape[1] % s :], s),
        "cut off at the beginning",
    ),
    (
        exercises.check_average_pool,
        lambda x, s: pooled(x[: -(len(x) % s), : -(x.shape[1] % s)], s) if x.size > 8 else np.zeros((0, 0)),
        "image[:-0] is empty",
    ),
    (
        exercises.check_average_pool,
        lambda x, s: x.reshape(len(x) // s, s, x.shape[1] // s, s).mean(axis=(1, 3)),
        "Perhaps `image` is reshaped as if all of it filled windows",
    ),
    (exercises.check_average_pool, lambda x, s: pooled(x, s, step=1), "the windows overlap here"),
    (exercises.check_average_pool, lambda x, s: pooled(np.pad(x, (0, s - 1)), s), "the windows at the end"),
    (exercises.check_average_pool, lambda x, s: x[: len(x) // s], "only rows are pooled"),
    (exercises.check_average_pool, lambda x, s: x[:, : x.shape[1] // s], "only columns are pooled"),
    (exercises.check_average_pool, lambda *i: pooled(*i) + 1, "gives 3.75 at [0, 0]; 2.75 is expected"),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, share=lambda old, new: new), "do not overwrite"),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, choose=lambda w: w[-1:]), "Here the last one got"),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, choose=lambda w: w), "Here all of them got it"),
    (exercises.check_pool_gradient, shared, "Here they share it"),
    (exercises.check_pool_gradient, lambda x, g: gradient(x, g) / np.maximum(gradient(x, g**0), 1), "it gets the sum"),
    (exercises.check_pool_gradient, row_and_column_mixed_up, "are mixed up"),
    (exercises.check_pool_gradient, lambda x, g: gradient(x, g).astype(x.dtype), "cuts the decimals off"),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, size=2), SIDE),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, stride=3), SIDE),
    (exercises.check_pool_gradient, lambda *i: gradient(*i, stride=1), SIDE),
    (exercises.check_pool_gradient, lambda x, g: gradient(x, g**0), "the upstream gradient is not used"),
    (exercises.check_pool_gradient, winners_kept, "the maxima themselves are put back"),
    (exercises.check_pool_gradient, lambda x, g: gradient(x, g) * x, "the gradient is multiplied by the pixels"),
    (exercises.check_pool_gradient, lambda x, g: all_of_the_window(x, g, 1), "every pixel of a window got"),
    (exercises.check_pool_gradient, lambda x, g: all_of_the_window(x, g, 1 / 9), "the gradient of average pooling"),
    (exercises.check_pool_gradient, lambda x, g: g, "not as the upstream gradient"),
    (exercises.check_pool_gradient, lambda x, g: np.zeros(np.multiply(2, g.shape)), "windows overlap, so twice"),
    (exercises.check_pool_gradient, lambda *i: gradient(*i) * 2, "gives 4 at [1, 2]; 2 is expected"),
    (exercises.check_seen_period, lambda period, stride: period / stride, "holds for coarse stripes only"),
    (exercises.check_seen_period, lambda *i: i[1] * seen(*i), "in pixels of the large row"),
    (exercises.check_seen_period, lambda *i: 1 / seen(*i), "the number of cycles from pixel to pixel"),
    (
        exercises.check_seen_period,
        lambda period, stride: 1 / (stride / period % 1) if stride / period % 1 else np.inf,
        "looks like going back by one quarter",
    ),
    (
        exercises.check_seen_period,
        lambda period, stride: 1 / (stride / period - round(stride / period)) if seen(period, stride) < 99 else np.inf,
        "the period is negative",
    ),
    (
        exercises.check_seen_period,
        lambda period, stride: (
            period / stride if stride / period <= 0.5 else np.inf if stride == period else 1 / abs(1 - stride / period)
        ),
        "the stripes may have advanced by several",
    ),
    (
        exercises.check_seen_period,
        lambda period, stride: seen(period, stride) if seen(period, stride) < 99 else 0,
        "then an even grey is left, np.inf",
    ),
    (exercises.check_seen_period, lambda *i: seen(*i) + 1, "gives 5; 4 is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
