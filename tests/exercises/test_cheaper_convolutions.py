"""The right answers pass; each known mistake is met with its own explanation."""

import math
from fractions import Fraction

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import cheaper_convolutions as exercises


def searched(h, w, filters):
    """Count up as long as it saves something: an independent way to the same number."""
    m = 0
    while (m + 1) * (h * w + filters) < h * w * filters:
        m += 1
    return m


def limit(h, w, filters):
    return Fraction(h * w * filters, h * w + filters)


def below(bound):
    return lambda h, w, filters: math.ceil(bound(h, w, filters)) - 1


def separated(kernel, part=0, powers=(0, 1), column=False):
    h, w, channels, filters = kernel.shape
    depthwise, pointwise = np.zeros((h, w, channels)), np.zeros((channels, filters))
    for c in range(channels):
        U, S, Vt = np.linalg.svd(kernel[:, :, c].reshape(h * w, filters), full_matrices=False)
        depthwise[:, :, c] = (U[:, part] * S[part] ** powers[0]).reshape(h, w)
        pointwise[c] = (Vt[:, part] if column else Vt[part]) * S[part] ** powers[1]
    return depthwise, pointwise


def by_power_iteration(kernel):
    """Turn to and fro between the two halves, each the best for the other: no decomposition."""
    depthwise = kernel[..., :1].sum(axis=-1) + 0.1
    for _ in range(3000):
        pointwise = (
            np.einsum("abc,abco->co", depthwise, kernel) / np.einsum("abc,abc->c", depthwise, depthwise)[:, None]
        )
        depthwise = np.einsum("co,abco->abc", pointwise, kernel) / (pointwise**2).sum(axis=1)
    return depthwise, pointwise


def with_windows(windows):
    def answer(kernel):
        depthwise = windows(kernel)
        weights = np.einsum("abc,abco->co", depthwise, kernel) / np.einsum("abc,abc->c", depthwise, depthwise)[:, None]
        return depthwise, weights

    return answer


def one_for_all(kernel):
    h, w, channels, filters = kernel.shape
    U, S, Vt = np.linalg.svd(kernel.reshape(h * w, channels * filters), full_matrices=False)
    window = U[:, 0].reshape(h, w)
    return np.repeat(window[..., None], channels, axis=-1), S[0] * Vt[0].reshape(channels, filters)


def flat(kernel):
    depthwise, pointwise = separated(kernel)
    return depthwise.reshape(-1, depthwise.shape[-1]), pointwise


def middle(x, expand, depthwise, m, *, first=lambda v: min(max(v, 0), 6), second=lambda v: min(max(v, 0), 6), flip=1):
    """Follow one middle channel pixel by pixel, in plain loops: an independent way."""
    H, W, C = x.shape
    wide = np.zeros((H + 2, W + 2))
    for i in range(H):
        for j in range(W):
            wide[i + 1, j + 1] = first(sum(x[i, j, c] * expand[c, m] for c in range(C)))
    out = np.zeros((H, W))
    for i in range(H):
        for j in range(W):
            pairs = ((wide[i + a, j + b], depthwise[::flip, ::flip][a, b, m]) for a in range(3) for b in range(3))
            out[i, j] = second(sum(value * weight for value, weight in pairs))
    return out


def share(x, expand, depthwise, project, m, **how):
    return np.multiply.outer(middle(x, expand, depthwise, m, **how), project[m])


def sharing(**how):
    return lambda *inputs: share(*inputs, **how)


def block(x, expand, depthwise, project, m):
    return sum(share(x, expand, depthwise, project, n) for n in range(len(project)))


def sum_without(x, expand, depthwise, project, m):
    return sum(share(x, expand, depthwise, project, n) for n in range(len(project)) if n != m)


def row_of_u(kernel):
    h, w, channels, filters = kernel.shape
    depthwise, pointwise = np.zeros((h, w, channels)), np.zeros((channels, filters))
    for c in range(channels):
        U, S, Vt = np.linalg.svd(kernel[:, :, c].reshape(h * w, filters))
        depthwise[:, :, c] = U[0].reshape(h, w)
        pointwise[c] = Vt[0] * S[0]
    return depthwise, pointwise


SOLUTIONS = [
    (exercises.check_largest_multiplier, searched),
    (exercises.check_largest_multiplier, below(limit)),
    (exercises.check_largest_multiplier, lambda h, w, o: (h * w * o - 1) // (h * w + o)),
    (exercises.check_separate, separated),
    (exercises.check_separate, by_power_iteration),
    (exercises.check_separate, lambda kernel: list(separated(kernel, powers=(1, 0)))),
    (exercises.check_separate, lambda kernel: separated(kernel, powers=(0.5, 0.5))),
    (exercises.check_separate, lambda kernel: tuple(-half.astype(np.float32) for half in separated(kernel))),
    (exercises.check_share, share),
    (exercises.check_share, lambda *inputs: block(*inputs) - sum_without(*inputs)),
]

MULTIPLIER_MISTAKES = [
    (lambda *at: math.floor(limit(*at)), "where both cost the same"),
    (lambda *at: float(limit(*at)), "a multiplier is a whole number"),
    (lambda *at: round(float(limit(*at))), "the nearest whole number"),
    (lambda *at: math.ceil(limit(*at)), "rounded up"),
    (lambda *at: math.floor(limit(*at)) + 1, "rounded up"),
    (below(lambda h, w, o: Fraction(o * (h * w - 1), h * w)), "only the first half grows here"),
    (below(lambda h, w, o: Fraction(h * w * (o - 1), o)), "only the second half grows here"),
    (lambda h, w, o: o - 1, "the second half is missing"),
    (lambda h, w, o: h * w - 1, "the first half is missing"),
    (lambda h, w, o: min(h * w, o), "the rank at which nothing is lost"),
    (lambda *at: 1 / float(limit(*at)), "the share that a multiplier of 1 leaves"),
    (below(lambda h, w, o: Fraction(h * h * o, h * h + o)), "takes the window to be square"),
    (below(lambda h, w, o: Fraction((h + w) * o, h + w + o)), "adds height and width"),
    (lambda *at: max(searched(*at), 1), "0 where nothing is saved"),
    (lambda *at: (1, 2), "gives 2 numbers; one is expected"),
    (lambda *at: 100, "too large"),
    (lambda *at: -1, "too small"),
]
SEPARATE_MISTAKES = [
    (lambda k: separated(k, powers=(0, 0)), "the singular value is missing"),
    (lambda k: separated(k, powers=(1, 1)), "the singular value is in both halves"),
    (lambda k: separated(k, powers=(0.5, 0)), "its root is in one half only"),
    (lambda k: separated(k, column=True), "not its first column"),
    (lambda k: separated(k, part=-1), "the smallest part of the sum"),
    (lambda k: separated(k, part=1), "Python counts from 0"),
    (with_windows(lambda k: k.mean(axis=-1)), "the mean over filters"),
    (with_windows(lambda k: k[..., 0]), "the window of filter 0"),
    (one_for_all, "each channel is a problem of its own"),
    (flat, "give its window back its rows"),
    (lambda k: (np.moveaxis(separated(k)[0], -1, 0), separated(k)[1]), "has its channels first"),
    (lambda k: (separated(k)[0], separated(k)[1].T), "the pointwise half is transposed"),
    (lambda k: (separated(k)[0][..., 0], separated(k)[1]), "one window for all channels"),
    (lambda k: (separated(k)[0], separated(k)[1][0]), "one row for all input channels"),
    (lambda k: separated(k)[::-1], "in the other order: return depthwise, pointwise"),
    (row_of_u, "U[0] is a row of U"),
    (lambda k: separated(k)[0], "should end with: return depthwise, pointwise"),
    (lambda k: 0 * k, "should end with"),
    (lambda k: (separated(k)[0] * 3, separated(k)[1]), "largest difference"),
]
SHARE_MISTAKES = [
    (block, "the sum over all middle channels"),
    (sharing(first=float), "after the expansion is missing"),
    (sharing(second=float), "after the depthwise step is missing"),
    (sharing(first=float, second=float), "both ReLU6 are missing"),
    (sharing(first=lambda v: max(v, 0), second=lambda v: max(v, 0)), "cuts off above 6"),
    (sharing(first=lambda v: max(v, 0)), "cuts off above 6"),
    (sharing(second=lambda v: max(v, 0)), "cuts off above 6"),
    (lambda *inputs: np.clip(share(*inputs), 0, 6), "the narrow end has no activation"),
    (sharing(flip=-1), "turned by half a circle"),
    (lambda x, e, d, p, m: share(x, e, d.swapaxes(0, 1), p, m), "the window is transposed"),
    (lambda x, e, d, p, m: share(x, np.repeat(e[m][:, None], m + 1, axis=1), d, p, m), "expand[m] is a row"),
    (lambda x, e, d, p, m: share(x, e, d, np.repeat(p[:, m][None], m + 1, axis=0), m), "project[:, m] is a column"),
    (lambda x, e, d, p, m: middle(x, e, d, m), "the middle channel itself"),
    (lambda *inputs: share(*inputs)[1:-1, 1:-1], "without the border"),
]
MISTAKES = [
    *((exercises.check_largest_multiplier, answer, explanation) for answer, explanation in MULTIPLIER_MISTAKES),
    *((exercises.check_separate, answer, explanation) for answer, explanation in SEPARATE_MISTAKES),
    *((exercises.check_share, answer, explanation) for answer, explanation in SHARE_MISTAKES),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_multiplier_is_not_given_away(capsys):
    exercises.check_largest_multiplier(lambda h, w, filters: 100)
    assert "is expected" not in capsys.readouterr().out


def test_the_cases_tell_fewer_from_as_many():
    ties = [at for at in exercises._WINDOWS if limit(*at).denominator == 1]
    assert len(ties) >= 2
    assert any(searched(*at) == 0 for at in exercises._WINDOWS)
