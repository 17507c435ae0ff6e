"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import going_downhill as exercises


def best_rate_by_search(H):
    """Try rates, and narrow the interval in which the slowest direction is fastest."""
    low, high = 0.0, 2 / np.linalg.norm(H, 2)
    for _ in range(100):
        thirds = low + (high - low) / 3, high - (high - low) / 3
        slowest = [np.linalg.norm(np.eye(len(H)) - rate * H, 2) for rate in thirds]
        low, high = (low, thirds[1]) if slowest[0] < slowest[1] else (thirds[0], high)
    return low


def extremes(H):
    return np.linalg.eigvalsh(H)[[0, -1]]


def batch_by_search(gradients, share):
    full = gradients.mean(axis=0)
    spread = np.mean([np.linalg.norm(row - full) ** 2 for row in gradients])
    size = 1
    while math.sqrt(spread / size) > share * np.linalg.norm(full) + 1e-12:
        size += 1
    return size


def spread_and_length(gradients):
    full = gradients.mean(axis=0)
    return ((gradients - full) ** 2).sum(axis=1).mean(), full @ full


def ratio(gradients, share):
    spread, length = spread_and_length(gradients)
    return spread / (share**2 * length)


def limit_by_walking(curvature, k, alpha):
    """Halve the interval of rates; a round that ends nearer to 0 than it began converges."""
    low, high = 1 / curvature, 100 / curvature
    for _ in range(60):
        rate = (low + high) / 2
        slow = fast = 1.0
        for _ in range(k):
            fast = fast - rate * curvature * fast
        slow = slow + alpha * (fast - slow)
        low, high = (rate, high) if abs(slow) < 1 else (low, rate)
    return low


def limit(c, k, a, root=lambda k, a: (2 / a - 1) ** (1 / k), even=True):
    return 2 / c if even and k % 2 == 0 else (1 + root(k, a)) / c


SOLUTIONS = [
    (exercises.check_best_rate, best_rate_by_search),
    (exercises.check_best_rate, lambda H: 2 / extremes(H).sum()),
    (exercises.check_best_rate, lambda H: 1 / np.mean(np.linalg.svd(H)[1][[0, -1]])),
    (exercises.check_batch_size, batch_by_search),
    (exercises.check_batch_size, lambda g, share: int(np.ceil(ratio(g, share)))),
    (exercises.check_batch_size, lambda g, share: np.ceil(ratio(g, share))),
    (exercises.check_limit, limit_by_walking),
    (exercises.check_limit, limit),
]
MISTAKES = [
    (exercises.check_best_rate, lambda H: 2 / extremes(H)[1], "jumps from wall to wall"),
    (exercises.check_best_rate, lambda H: 1 / extremes(H)[1], "the sharpest direction alone"),
    (exercises.check_best_rate, lambda H: 1 / extremes(H)[0], "the flattest direction alone; the sharpest may"),
    (exercises.check_best_rate, lambda H: 2 / extremes(H)[0], "the limit of the flattest direction"),
    (exercises.check_best_rate, lambda H: 1 / extremes(H).sum(), "half of the right rate"),
    (exercises.check_best_rate, lambda H: 2 / H.trace(), "as the trace does"),
    (exercises.check_best_rate, lambda H: len(H) / H.trace(), "the mean of all curvatures"),
    (exercises.check_best_rate, lambda H: extremes(H).prod() ** -0.5, "the geometric mean"),
    (exercises.check_best_rate, lambda H: 2 / (min(H.diagonal()) + max(H.diagonal())), "the entries of H"),
    (exercises.check_best_rate, lambda H: 2 / H.max(), "the entries of H"),
    (exercises.check_best_rate, lambda H: 2 / np.linalg.norm(H, np.inf), "a sum over a row"),
    (exercises.check_best_rate, lambda H: 2 / (H**2).sum() ** 0.5, "this norm mixes all directions"),
    (exercises.check_best_rate, lambda H: np.ptp(extremes(H)) / extremes(H).sum(), "after a step; which rate"),
    (exercises.check_best_rate, lambda H: 1 / np.linalg.eigvalsh(H), "one rate for each direction"),
    (exercises.check_best_rate, lambda H: 7.0, "is expected"),
    (
        exercises.check_batch_size,
        lambda g, share: min(math.ceil(ratio(g, share)), len(g)),
        "a batch may be larger than N",
    ),
    (
        exercises.check_batch_size,
        lambda g, share: math.ceil(
            np.linalg.norm(g - g.mean(axis=0), axis=1).mean() ** 2 / (share**2 * (g.mean(axis=0) ** 2).sum())
        ),
        "this squares the mean distance",
    ),
    (exercises.check_batch_size, lambda g, share: math.ceil(ratio(g, share) ** 0.5), "with the root of the batch size"),
    (exercises.check_batch_size, lambda g, share: math.ceil(ratio(g, share) * share), "square it too"),
    (exercises.check_batch_size, lambda g, share: math.ceil(ratio(g, share) / g.shape[1]), "takes their mean"),
    (exercises.check_batch_size, lambda g, share: math.floor(ratio(g, share)), "this rounds down"),
    (exercises.check_batch_size, lambda g, share: math.ceil(ratio(g, share)) - 1, "not quiet enough"),
    (exercises.check_batch_size, lambda g, share: math.floor(ratio(g, share)) + 1, "this is one too many"),
    (exercises.check_batch_size, ratio, "a batch size is a whole number"),
    (
        exercises.check_batch_size,
        lambda g, share: math.ceil((g**2).sum(axis=1).mean() / (share**2 * (g.mean(axis=0) ** 2).sum())),
        "not from zero",
    ),
    (
        exercises.check_batch_size,
        lambda g, share: math.ceil(g.var(axis=0, ddof=1).sum() / (share**2 * (g.mean(axis=0) ** 2).sum())),
        "not N - 1",
    ),
    (exercises.check_limit, lambda c, k, a: 2 / c, "the limit of plain descent"),
    (exercises.check_limit, lambda c, k, a: limit(c, k, a, even=False), "for an even k"),
    (exercises.check_limit, lambda c, k, a: 2 / c / a, "this is right for k = 1"),
    (exercises.check_limit, lambda c, k, a: 2 * k / c, "k steps are not one step"),
    (exercises.check_limit, lambda c, k, a: limit(c, k, a, lambda k, a: a ** (-1 / k)), "keep the share 1 - alpha"),
    (exercises.check_limit, lambda c, k, a: limit(c, k, a, lambda k, a: (1 / a - 1) ** (1 / k)), "may multiply by as"),
    (exercises.check_limit, lambda c, k, a: limit(c, k, 1 - a) if a < 1 else 2 / c, "1 - alpha is taken back"),
    (exercises.check_limit, lambda c, k, a: limit(1, k, a), "the curvature is missing"),
    (exercises.check_limit, lambda c, k, a: limit(c, k, a) - 1 / c, "this is -f"),
    (exercises.check_limit, lambda c, k, a: 2 / c - limit(c, k, a), "so that 1 - f is more than 1"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
