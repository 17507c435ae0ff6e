"""The right answers pass; each known mistake is met with its own explanation."""

import math
from fractions import Fraction

import numpy as np
import pytest
from verdicts import assert_explained, assert_solved, assert_starter_and_error_are_told_apart

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


def folded(
    kernel,
    bias,
    gamma,
    beta,
    mean,
    variance,
    epsilon,
    *,
    factor=lambda gamma, variance, epsilon: gamma / np.sqrt(variance + epsilon),
    new_kernel=lambda k, f, **_: k * f,
    new_bias=lambda o, m, f, b, **_: (o - m) * f + b,
):
    f = factor(gamma, variance, epsilon)
    values = {"k": kernel, "o": bias, "m": mean, "b": beta, "f": f}
    return new_kernel(**values), new_bias(**values)


def folding(**how):
    return lambda *inputs: folded(*inputs, **how)


def by_taps(kernel, bias, gamma, beta, mean, variance, epsilon):
    """Measure what both do together: answer to zero, then to each tap."""

    def both(window):
        y = np.einsum("abc,abco->o", window, kernel) + bias
        return gamma * (y - mean) / np.sqrt(variance + epsilon) + beta

    at_rest = both(np.zeros(kernel.shape[:3]))
    taps = np.eye(np.prod(kernel.shape[:3])).reshape(-1, *kernel.shape[:3])
    return np.stack([both(tap) - at_rest for tap in taps]).reshape(kernel.shape), at_rest


SOLUTIONS = [
    (exercises.check_largest_multiplier, searched),
    (exercises.check_largest_multiplier, below(limit)),
    (exercises.check_largest_multiplier, lambda h, w, o: (h * w * o - 1) // (h * w + o)),
    (exercises.check_separate, separated),
    (exercises.check_separate, by_power_iteration),
    (exercises.check_separate, lambda kernel: list(separated(kernel, powers=(1, 0)))),
    (exercises.check_separate, lambda kernel: separated(kernel, powers=(0.5, 0.5))),
    (exercises.check_separate, lambda kernel: tuple(-half.astype(np.float32) for half in separated(kernel))),
    (exercises.check_fold, folded),
    (exercises.check_fold, by_taps),
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
    (lambda k: separated(k)[0], "should end with: return depthwise, pointwise"),
    (lambda k: 0 * k, "should end with"),
    (lambda k: (separated(k)[0] * 3, separated(k)[1]), "largest difference"),
]
FOLD_MISTAKES = [
    (folding(factor=lambda g, v, e: g / (v + e)), "the root of the variance divides"),
    (folding(factor=lambda g, v, e: g / (np.sqrt(v) + e)), "epsilon stands under the root"),
    (folding(factor=lambda g, v, e: g / np.sqrt(v)), "epsilon is left out"),
    (folding(factor=lambda g, v, e: 1 / np.sqrt(v + e)), "gamma is left out"),
    (folding(factor=lambda g, v, e: g * np.sqrt(v + e)), "the root multiplies; it divides"),
    (folding(new_kernel=lambda k, **_: k), "the kernel is as it was"),
    (folding(new_kernel=lambda k, f, **_: k * np.resize(f, k.shape[2])[:, None]), "the output channels, the last axis"),
    (folding(new_kernel=lambda k, f, b, **_: k * f + b), "beta belongs into the bias only"),
    (folding(new_kernel=lambda k, f, m, **_: (k - m) * f), "the mean belongs into the bias only"),
    (folding(new_bias=lambda m, f, b, **_: b - m * f), "the old bias is forgotten"),
    (folding(new_bias=lambda o, f, b, **_: o * f + b), "the mean is forgotten"),
    (folding(new_bias=lambda o, m, f, **_: (o - m) * f), "beta is forgotten"),
    (folding(new_bias=lambda o, m, f, b, **_: o - m * f + b), "the old bias is scaled, too"),
    (folding(new_bias=lambda o, m, f, b, **_: o * f - m + b), "the mean is scaled, too"),
    (folding(new_bias=lambda o, m, f, b, **_: (o - m + b) * f), "beta is added after scaling"),
    (folding(new_bias=lambda o, m, f, b, **_: (o + m) * f + b), "the mean is subtracted, not added"),
    (folding(new_bias=lambda o, **_: o), "the bias is as it was"),
    (folding(new_bias=lambda b, **_: b), "neither the old bias nor the mean"),
    (lambda *inputs: folded(*inputs)[::-1], "in the other order: return kernel, bias"),
    (lambda *inputs: folded(*inputs)[0], "should end with: return kernel, bias"),
]
MISTAKES = [
    *((exercises.check_largest_multiplier, answer, explanation) for answer, explanation in MULTIPLIER_MISTAKES),
    *((exercises.check_separate, answer, explanation) for answer, explanation in SEPARATE_MISTAKES),
    *((exercises.check_fold, answer, explanation) for answer, explanation in FOLD_MISTAKES),
]
CHECKS = [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]


@pytest.mark.parametrize(("check", "solution"), SOLUTIONS)
def test_solutions_pass(capsys, check, solution):
    assert_solved(capsys, check, solution)


@pytest.mark.parametrize(("check", "mistake", "explanation"), MISTAKES)
def test_mistakes_are_explained(capsys, check, mistake, explanation):
    assert_explained(capsys, check, mistake, explanation)


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    assert_starter_and_error_are_told_apart(capsys, check)


def test_the_multiplier_is_not_given_away(capsys):
    exercises.check_largest_multiplier(lambda h, w, filters: 100)
    assert "is expected" not in capsys.readouterr().out


def test_the_cases_tell_fewer_from_as_many():
    ties = [at for at in exercises._WINDOWS if limit(*at).denominator == 1]
    assert len(ties) >= 2
    assert any(searched(*at) == 0 for at in exercises._WINDOWS)
