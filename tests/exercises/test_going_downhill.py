"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
import pytest
from verdicts import assert_explained, assert_solved, assert_starter_and_error_are_told_apart

from pcfilter_lib.exercises import going_downhill as exercises


def rate_by_power(H):
    """Not by eigenvalues: multiply a vector again and again."""
    v = np.ones(len(H)) + np.arange(len(H)) / 7
    for _ in range(2000):
        v = H @ v
        v = v / np.linalg.norm(v)
    return 2 / np.linalg.norm(H @ v)


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


def lookahead_by_rounds(start, moves, k, alpha):
    """The book's last remark: rounds count with alpha, the rest in full."""
    whole = len(moves) // k * k
    return start + alpha * moves[:whole].sum(axis=0) + moves[whole:].sum(axis=0)


def walk(start, moves, k, alpha, first=1, reset=True, moving=True, returned="fast", finish=False):
    slow = fast = start
    for t, move in enumerate(moves, start=first):
        fast = fast + move
        if t % k == 0 or (finish and t == len(moves)):
            new = slow + alpha * (fast - slow)
            slow = new if moving else slow
            fast = new if reset else fast
    return slow if returned == "slow" else fast


SOLUTIONS = [
    (exercises.check_largest_rate, rate_by_power),
    (exercises.check_largest_rate, lambda H: 2 / np.linalg.eigvals(H).real.max()),
    (exercises.check_largest_rate, lambda H: 2 / np.linalg.svd(H)[1].max()),
    (exercises.check_batch_size, batch_by_search),
    (exercises.check_batch_size, lambda g, share: int(np.ceil(ratio(g, share)))),
    (exercises.check_batch_size, lambda g, share: np.ceil(ratio(g, share))),
    (exercises.check_lookahead, lookahead_by_rounds),
    (exercises.check_lookahead, walk),
]
MISTAKES = [
    (exercises.check_largest_rate, lambda H: 1 / np.linalg.eigvalsh(H)[-1], "arrives in one step"),
    (exercises.check_largest_rate, lambda H: 2 / np.linalg.eigvalsh(H)[0], "the limit of the flattest direction"),
    (exercises.check_largest_rate, lambda H: 2 / H.diagonal().max(), "the diagonal of H alone"),
    (exercises.check_largest_rate, lambda H: 2 / H.trace(), "the trace adds up"),
    (exercises.check_largest_rate, lambda H: 2 / (H**2).sum() ** 0.5, "this mixes all directions"),
    (exercises.check_largest_rate, lambda H: 2 * len(H) / H.trace(), "the mean curvature"),
    (exercises.check_largest_rate, lambda H: np.linalg.eigvalsh(H)[-1], "this is the largest curvature"),
    (exercises.check_largest_rate, lambda H: 2 / np.linalg.eigvalsh(H), "one limit for each direction"),
    (exercises.check_largest_rate, lambda H: 7.0, "0.5 is expected"),
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
    (exercises.check_lookahead, lambda s, m, k, a: s + m.sum(axis=0), "nothing is taken back"),
    (exercises.check_lookahead, lambda s, m, k, a: walk(s, m, k, 1 - a), "1 - alpha is taken back"),
    (exercises.check_lookahead, lambda *i: walk(*i, reset=False, returned="slow"), "begin again from the slow ones"),
    (exercises.check_lookahead, lambda *i: walk(*i, returned="slow"), "these are the slow weights"),
    (exercises.check_lookahead, lambda *i: walk(*i, moving=False), "they do not stay at the start"),
    (exercises.check_lookahead, lambda *i: walk(*i, first=0), "counts the steps from 0"),
    (exercises.check_lookahead, lambda s, m, k, a: walk(s, m, 1, a), "not after each"),
    (exercises.check_lookahead, lambda *i: walk(*i, finish=True), "not at the end of an unfinished round"),
    (exercises.check_lookahead, lambda s, m, k, a: s + m.cumsum(axis=0), "this is the whole path"),
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


@pytest.mark.parametrize("case", exercises._MATRICES)
def test_the_limit_is_where_descent_begins_to_diverge(case):
    H, limit = case["H"], exercises._largest_rate(case["H"])
    ends = []
    for rate in (0.98 * limit, 1.02 * limit):
        w = np.ones(len(H)) + np.arange(len(H)) / 7
        for _ in range(2000):
            w = w - rate * H @ w
        ends.append(np.abs(w).max())
    assert ends[0] < 1e-3
    assert ends[1] > 1e3
