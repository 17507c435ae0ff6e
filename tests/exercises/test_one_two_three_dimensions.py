"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from scipy.signal import correlate, correlate2d
from verdicts import verdict_tests

from pcfilter_lib.exercises import one_two_three_dimensions as exercises


def powers(samples, w):
    n = 0
    while w**n < samples:
        n += 1
    return [w**i for i in range(n)]


def by_logarithm(samples, w):
    return [w**i for i in range(math.ceil(math.log(samples, w)))]


def step(queue, x, kernel, dilation, *, taps=lambda rows, d: rows[::d], turn=1, keep=lambda rows, d: rows[1:]):
    rows = np.vstack([queue, x])
    return np.einsum("wc,wco->o", taps(rows, dilation), kernel[::turn]), keep(rows, dilation)


def looped_step(queue, x, kernel, dilation):
    """The formula, weight by weight, and a list for the queue."""
    rows = [*queue.tolist(), x.tolist()]
    y = [0.0] * kernel.shape[2]
    for a in range(len(kernel)):
        row = rows[len(rows) - 1 - (len(kernel) - 1 - a) * dilation]
        for c, o in np.ndindex(kernel.shape[1:]):
            y[o] += row[c] * kernel[a, c, o]
    return y, rows[1:]


def stepping(**how):
    return lambda *inputs: step(*inputs, **how)


def looped_3d(x, kernel):
    y = np.zeros(np.subtract(x.shape, kernel.shape) + 1)
    for i in np.ndindex(y.shape):
        for a in np.ndindex(kernel.shape):
            y[i] += x[tuple(np.add(i, a))] * kernel[a]
    return y


def slices(x, kernel, pairs=lambda i, d: [(i + a, a) for a in range(d)], depths=None):
    depths = range(len(x) - len(kernel) + 1) if depths is None else depths(x, kernel)
    return np.stack(
        [sum(correlate2d(x[at], kernel[a], mode="valid") for at, a in pairs(i, len(kernel))) for i in depths]
    )


SOLUTIONS = [
    (exercises.check_dilations, powers),
    (exercises.check_dilations, lambda samples, w: tuple(np.array(powers(samples, w), dtype=np.int64))),
    (exercises.check_dilations, lambda samples, w: np.array(powers(samples, w))),
    (exercises.check_step, step),
    (exercises.check_step, looped_step),
    (exercises.check_convolve_3d, slices),
    (exercises.check_convolve_3d, looped_3d),
]
MISTAKES = [
    (exercises.check_dilations, by_logarithm, "Count with integers"),
    (exercises.check_dilations, lambda s, w: powers(s + 1, w), "exactly as many are enough"),
    (exercises.check_dilations, lambda s, w: powers(s, 2), "doubling is for two weights"),
    (exercises.check_dilations, lambda s, w: powers(s, w)[::-1], "the first layer comes first"),
    (exercises.check_dilations, lambda s, w: [d * w for d in powers(s, w)], "the first layer leaves gaps"),
    (exercises.check_dilations, lambda s, w: powers(s, w)[:-1], "too few layers"),
    (exercises.check_dilations, lambda s, w: powers(s * w, w) + [w**9], "fewer layers would do"),
    (exercises.check_dilations, lambda s, w: powers(s, w * w), "there is a gap"),
    (exercises.check_dilations, lambda s, w: [1, 2, 3, 4, 5, 6], "fewer layers would do"),
    (exercises.check_dilations, lambda s, w: [0, *powers(s, w)], "whole number of 1 or more"),
    (exercises.check_dilations, lambda s, w: len(powers(s, w)), "gives a single number; a list is expected"),
    (exercises.check_dilations, lambda s, w: [1, 3, 9] if s == 9 else powers(s, w), "exactly as many are enough"),
    (exercises.check_dilations, lambda s, w: [1, 9, 3] if s == 10 else powers(s, w), "in another order"),
    (exercises.check_dilations, lambda s, w: [1, 4, 5] if s == 10 else powers(s, w), "there is a gap"),
    (exercises.check_dilations, lambda s, w: [1, 2, 5] if s == 10 else powers(s, w), "jump by what is heard"),
    (exercises.check_step, stepping(turn=-1), "the weights are in reverse"),
    (
        exercises.check_step,
        lambda q, x, k, d: (step(q, x, k, d, taps=lambda r, d: r[-len(k) :])[0], step(q, x, k, d)[1]),
        "the last rows meet the weights, side by side",
    ),
    (
        exercises.check_step,
        lambda q, x, k, d: (step(q, x, k, d, taps=lambda r, d: r[: len(k)])[0], step(q, x, k, d)[1]),
        "the oldest rows meet the weights, side by side",
    ),
    (
        exercises.check_step,
        lambda q, x, k, d: (np.einsum("wc,wco->o", q[::d], k[:-1]), step(q, x, k, d)[1]),
        "the new input is not used",
    ),
    (exercises.check_dilations, lambda s, w: [1] * len(powers(s, w)), "too short"),
    (exercises.check_dilations, lambda s, w: [w**i for i in range(8)], "too many layers"),
    (exercises.check_step, lambda q, x, k, d: (x @ k[-1], step(q, x, k, d)[1]), "only the new input is used"),
    (exercises.check_step, lambda q, x, k, d: (step(q, x, k, d)[0][None], q), "one axis too many"),
    (
        exercises.check_step,
        lambda q, x, k, d: (np.einsum("wc,wco->wo", np.vstack([q, x])[::d], k), q),
        "the sum over the weights' places is missing",
    ),
    (exercises.check_step, stepping(keep=lambda rows, d: rows), "the queue grows"),
    (exercises.check_step, stepping(keep=lambda rows, d: rows[1:-1]), "the queue shrinks"),
    (exercises.check_step, stepping(keep=lambda rows, d: rows[:-1]), "the queue is as it was"),
    (
        exercises.check_step,
        stepping(keep=lambda rows, d: np.vstack([rows[-1:], rows[1:-1]])),
        "the newest is at the front: the oldest comes first",
    ),
    (
        exercises.check_step,
        stepping(keep=lambda rows, d: np.vstack([rows[-1:], rows[:-2]])),
        "the newest is at the front, and the oldest still there",
    ),
    (
        exercises.check_step,
        stepping(keep=lambda rows, d: np.vstack([rows[:-2], rows[-1:]])),
        "the newest takes the place of the last row",
    ),
    (exercises.check_step, lambda *inputs: step(*inputs)[::-1], "in the other order: return y, queue"),
    (exercises.check_step, lambda *inputs: step(*inputs)[0], "should end with: return y, queue"),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k[::-1]), "the kernel's slices meet the volume in reverse"),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k[::-1, ::-1, ::-1]), "this is true convolution"),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k[:, ::-1, ::-1]), "depth is not"),
    (
        exercises.check_convolve_3d,
        lambda x, k: slices(x, k, lambda i, d: [(i + d - 1, d - 1)]),
        "only the kernel's last slice counts",
    ),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k, lambda i, d: [(i, 0)]), "only the kernel's first slice"),
    (
        exercises.check_convolve_3d,
        lambda x, k: slices(x, k, lambda i, d: [(i, a) for a in range(d)]),
        "the volume does not move on",
    ),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k) / len(k), "the mean over the slices"),
    (
        exercises.check_convolve_3d,
        lambda x, k: slices(x, k, lambda i, d: [(i, 0)], depths=lambda x, k: range(len(x))),
        "as many slices as the volume has",
    ),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k)[:-1], "the last depth is missing"),
    (
        exercises.check_convolve_3d,
        lambda x, k: slices(np.pad(x, [(0, 0)] + [(w - 1, w - 1) for w in k.shape[1:]]), k),
        "rows and columns have grown",
    ),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k)[0], "this is one slice"),
    (exercises.check_convolve_3d, lambda x, k: np.moveaxis(slices(x, k), 0, -1), "the depth is the last axis"),
    (exercises.check_convolve_3d, lambda x, k: correlate(x, k, "same"), "of the volume's size"),
    (exercises.check_convolve_3d, lambda x, k: slices(x, k).astype(int), "cuts the decimals off"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_logarithm_goes_wrong_on_a_case():
    """125 is 5**3, but its logarithm comes out a hair above 3."""
    assert any(by_logarithm(*at) != powers(*at) for at in exercises._MEMORIES)


def test_the_right_dilations_hear_everything():
    for samples, w in exercises._MEMORIES:
        heard = {0}
        for dilation in powers(samples, w):
            heard = {back + dilation * a for back in heard for a in range(w)}
        assert heard >= set(range(samples))
        assert len(heard) == w ** len(powers(samples, w))
