"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from scipy.ndimage import maximum_filter
from verdicts import assert_explained, assert_solved, assert_starter_and_error_are_told_apart

from pcfilter_lib.exercises import dropping_things as exercises
from pcfilter_lib.layers import drop_block_gamma

CHECKS = [exercises.check_dropout, exercises.check_kept, exercises.check_gamma, exercises.check_folded]


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    assert_starter_and_error_are_told_apart(capsys, check)


def looped_dropout(h, rate, coins):
    out = np.zeros(h.shape)
    for index in np.ndindex(h.shape):
        if coins[index] >= rate:
            out[index] = h[index] / (1 - rate)
    return out


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda h, p, c: np.where(c < p, 0, h), "not made larger"),
        (lambda h, p, c: np.where(c < p, 0, h / p), "divided by the rate"),
        (lambda h, p, c: np.where(c < p, 0, h * (1 - p)), "it has to grow"),
        (lambda h, p, c: (c < p) * h / (1 - p) if p < 1 else 0 * h, "keep what should be dropped"),
        (lambda h, p, c: np.where(c > 1 - p, 0, h / (1 - p)), "other values than the check drops"),
        (lambda h, p, c: h * (c >= p) / (1 - p) if p < 1 else h * np.nan, "you divide by zero"),
        (lambda h, p, c: (c > p) * h / (1 - p) if p < 1 else 0 * h, "a coin of exactly the rate"),
        (lambda h, p, c: h / (1 - p), "none is dropped"),
        (lambda h, p, c: h * (c >= p) / np.mean(c >= p), "happen to keep"),
    ],
)
def test_dropout(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_dropout, looped_dropout)
    assert_explained(capsys, exercises.check_dropout, mistake, explanation)


def by_filter(begins, b):
    """Spread the corners with SciPy's maximum: an independent way to the blocks."""
    return ~maximum_filter(np.pad(begins, (0, b - 1)), size=b, origin=(b - 1) // 2, mode="constant")


def smaller(begins, b):
    kept = np.ones(np.add(begins.shape, b - 1), bool)
    for i, j in np.argwhere(begins):
        kept[i : i + b - 1, j : j + b - 1] = False
    return kept


def upwards(begins, b):
    kept = np.ones(np.add(begins.shape, b - 1), bool)
    for i, j in np.argwhere(begins):
        for m in range(b):
            for n in range(b):
                if i - m >= 0 and j - n >= 0:
                    kept[i - m, j - n] = False
    return kept


def centred(begins, b):
    kept = np.ones(np.add(begins.shape, b - 1), bool)
    for i, j in np.argwhere(begins):
        for m in range(b):
            for n in range(b):
                kept[i + m - b // 2, j + n - b // 2] = False  # a negative index counts from the end
    return kept


def square(begins, b):
    n = len(begins)
    kept = np.ones((n + b - 1, n + b - 1), bool)
    for i in range(b):
        for j in range(b):
            kept[i : i + n, j : j + n] &= ~begins
    return kept


def shifted(join):
    def answer(begins, b):
        dropped = np.zeros(np.add(begins.shape, b - 1), bool)
        rows, columns = begins.shape
        for i in range(b):
            for j in range(b):
                join(dropped[i : i + rows, j : j + columns], begins, i, j)
        return ~dropped

    return answer


def overwrite(target, begins, i, j):
    target[:] = begins


def exclusive(target, begins, i, j):
    target ^= begins


def diagonal(target, begins, i, j):
    if i == j:
        target |= begins


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda begins, b: ~by_filter(begins, b), "where they are kept"),
        (lambda begins, b: ~np.pad(begins, (0, b - 1)), "only the corners"),
        (smaller, "a row and a column too small"),
        (upwards, "hang the wrong way"),
        (shifted(overwrite), "the later one undoes"),
        (shifted(exclusive), "cancels out"),
        (shifted(diagonal), "only the diagonal"),
        (lambda begins, b: by_filter(begins, b).T, "transposed"),
        (centred, "centred on `begins`"),
        (square, "need not be square"),
        (lambda begins, b: ~begins, "of the size of `begins`"),
        (lambda begins, b: np.ones(np.add(begins.shape, b)), "one too large"),
    ],
)
def test_kept(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_kept, by_filter)
    assert_explained(capsys, exercises.check_kept, mistake, explanation)


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda share, b: share / b**2, "does not know that blocks overlap"),
        (lambda share, b: share, "the share itself"),
        (lambda share, b: share ** (1 / b**2), "not if all of them do"),
        (lambda share, b: (1 - share) ** (1 / b**2), "one step away"),
        (lambda share, b: 1 - share ** (1 / b**2), "not what stays"),
        (lambda share, b: -np.log(1 - share) / b**2, "the limit for a small gamma"),
        (lambda share, b: 1 - (1 - share) ** (1 / b), "not by b"),
        (lambda share, b: 1 - (1 - share) ** (b**2), "turn the question round"),
        (lambda share, b: 1.5, "which is no probability"),
        (lambda share, b: 0.2, "would be dropped with probability"),
        (lambda share, b: [share, b], "gives 2 numbers"),
    ],
)
def test_gamma(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_gamma, lambda share, b: -np.expm1(np.log1p(-share) / b**2))
    assert_explained(capsys, exercises.check_gamma, mistake, explanation)


def test_the_exact_gamma_is_near_the_published_one_for_a_small_share_of_a_large_map():
    exact = 1 - (1 - 0.01) ** (1 / 9)
    assert np.isclose(exact, drop_block_gamma(0.01, 3, 1000, 1000), rtol=0.01)


def test_the_report_on_gamma_does_not_print_the_right_number(capsys):
    exercises.check_gamma(lambda share, b: 0.2)
    assert f"{1 - 0.7 ** (1 / 9):.4f}" not in capsys.readouterr().out


def folded_by_taps(kernel, bias, gamma, beta, mean, variance, epsilon):
    """Ask the two layers what they answer to nothing and to each tap: an independent way."""

    def both(z):
        x = np.einsum("abco,abc->o", kernel, z) + bias
        return gamma * (x - mean) / np.sqrt(variance + epsilon) + beta

    nothing = both(np.zeros(kernel.shape[:3]))
    taps = np.eye(np.prod(kernel.shape[:3])).reshape(-1, *kernel.shape[:3])
    return np.stack([both(tap) - nothing for tap in taps]).reshape(kernel.shape), nothing


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda k, b, g, o, m, v, e: (k * g / v**0.5, (b - m) * g / v**0.5 + o), "epsilon is missing"),
        (lambda k, b, g, o, m, v, e: (k * g / (v**0.5 + e), 0 * b), "added to the standard deviation"),
        (lambda k, b, g, o, m, v, e: (k * g / (v + e), 0 * b), "equation (4) has its root"),
        (lambda k, b, g, o, m, v, e: (k / (v + e) ** 0.5, 0 * b), "gamma is missing"),
        (lambda k, b, g, o, m, v, e: (k, (b - m) * g / (v + e) ** 0.5 + o), "the kernel is as it was"),
        (lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, o - m * g / (v + e) ** 0.5), "the old bias is missing"),
        (
            lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, b + o - m * g / (v + e) ** 0.5),
            "the old bias is not scaled",
        ),
        (
            lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, b * g / (v + e) ** 0.5 + o - m),
            "the mean is not scaled",
        ),
        (lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, (b + m) * g / (v + e) ** 0.5 + o), "the mean is added"),
        (lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, (b - m + o) * g / (v + e) ** 0.5), "beta is scaled, too"),
        (lambda k, b, g, o, m, v, e: (k * g / (v + e) ** 0.5, (b - m) * g / (v + e) ** 0.5), "beta is missing"),
        (lambda k, b, g, o, m, v, e: folded_by_taps(k, b, g, o, m, v, e)[::-1], "in the other order"),
        (lambda k, b, g, o, m, v, e: k, "should end with: return kernel, bias"),
    ],
)
def test_folded(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_folded, folded_by_taps)
    assert_explained(capsys, exercises.check_folded, mistake, explanation)
