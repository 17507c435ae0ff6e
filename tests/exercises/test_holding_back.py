"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib.exercises import holding_back as exercises


def parts_by_loops(answers, truth):
    bias = variance = 0.0
    for place in range(len(truth)):
        column = [row[place] for row in answers]
        mean = sum(column) / len(column)
        scatter = sum((value - mean) ** 2 for value in column) / (len(column) - 1)
        bias += ((mean - truth[place]) ** 2 - scatter / len(column)) / len(truth)
        variance += scatter / len(truth)
    return bias, variance


def parts_by_pairs(answers, truth):
    """Products of the misses of two different laboratories: their luck is independent, and vanishes on average."""
    M, misses = len(answers), answers - truth
    pairs = [(misses[i] * misses[j]).mean() for i in range(M) for j in range(M) if i != j]
    return np.mean(pairs), (misses**2).mean() - np.mean(pairs)


def missed(answers, truth):
    return ((answers.mean(0) - truth) ** 2).mean()


def scatter(answers):
    return answers.var(0, ddof=1).mean()


def cut_off(answers, truth):
    return max(parts_by_loops(answers, truth)[0], 0), scatter(answers)


def ridge_by_rows(X, y, strength):
    """The penalty as more examples: rows that ask for zero, for all columns but the last."""
    rows = np.sqrt(strength) * np.eye(X.shape[1])[:-1]
    return np.linalg.lstsq(np.vstack([X, rows]), np.append(y, np.zeros(len(rows))), rcond=None)[0]


def ridge_by_centring(X, y, strength):
    A, mean = X[:, :-1] - X[:, :-1].mean(axis=0), y.mean()
    w = np.linalg.solve(A.T @ A + strength * np.eye(A.shape[1]), A.T @ (y - mean))
    return np.append(w, mean - X[:, :-1].mean(axis=0) @ w)


def bare(X, y, strength):
    A = X[:, :-1]
    return np.linalg.solve(A.T @ A + strength * np.eye(A.shape[1]), A.T @ y)


def price(matrix):
    return lambda X, y, strength: np.linalg.solve(X.T @ X + strength * matrix(X.shape[1]), X.T @ y)


def stop_by_waiting(losses, patience, best_loss=np.inf):
    best_epoch, waited = 0, 0
    for epoch, loss in enumerate(losses):
        waited += 1
        if loss < best_loss:
            best_loss, best_epoch, waited = loss, epoch, 0
        if waited >= patience:
            return best_epoch
    return best_epoch


def stop(losses, patience, equal=False, previous=False, more=0, returned="best"):
    best = epoch = 0
    for epoch, loss in enumerate(losses):
        against = losses[max(epoch - 1, 0)] if previous else losses[best]
        if loss < against or (equal and loss == against):
            best = epoch
        elif epoch - best >= patience + more:
            break
    return epoch if returned == "stopped" else best


def falling_in_a_row(losses, patience):
    """Count the epochs that are no better than the one before them."""
    worse = 0
    for epoch in range(1, len(losses)):
        worse = worse + 1 if losses[epoch] >= losses[epoch - 1] else 0
        if worse == patience:
            return np.argmin(losses[: epoch + 1])
    return np.argmin(losses)


def waiting_in_all(losses, patience):
    best = worse = 0
    for epoch in range(1, len(losses)):
        if losses[epoch] < losses[best]:
            best = epoch
        else:
            worse += 1
        if worse == patience:
            break
    return best


SOLUTIONS = [
    (exercises.check_bias_variance, parts_by_loops),
    (exercises.check_bias_variance, parts_by_pairs),
    (exercises.check_ridge, ridge_by_rows),
    (exercises.check_ridge, ridge_by_centring),
    (exercises.check_early_stop, stop_by_waiting),
    (exercises.check_early_stop, stop),
]
MISTAKES = [
    (exercises.check_bias_variance, lambda a, f: parts_by_loops(a, f)[::-1], "in the other order"),
    (exercises.check_bias_variance, lambda a, f: (missed(a, f), a.var(0).mean()), "with few, both numbers"),
    (exercises.check_bias_variance, lambda a, f: (missed(a, f), scatter(a)), "the luck of the mean answer"),
    (
        exercises.check_bias_variance,
        lambda a, f: (parts_by_loops(a, f)[0], a.var(0).mean()),
        "the variance is too small",
    ),
    (exercises.check_bias_variance, lambda a, f: (missed(a, f) - scatter(a), scatter(a)), "variance of one answer"),
    (
        exercises.check_bias_variance,
        lambda a, f: (missed(a, f) - a.var(0).mean() / len(a), scatter(a)),
        "the variance is needed that is right",
    ),
    (
        exercises.check_bias_variance,
        lambda a, f: (missed(a, f) - a.var(0).mean() / len(a), a.var(0).mean()),
        "and so is what is taken off",
    ),
    (exercises.check_bias_variance, lambda a, f: (missed(a, f) + scatter(a) / len(a), scatter(a)), "not added"),
    (exercises.check_bias_variance, cut_off, "an estimate may be negative"),
    (
        exercises.check_bias_variance,
        lambda a, f: (np.clip((a.mean(0) - f) ** 2 - a.var(0, ddof=1) / len(a), 0, None).mean(), scatter(a)),
        "an estimate may be negative",
    ),
    (
        exercises.check_bias_variance,
        lambda a, f: ((a - f).mean() ** 2 - scatter(a) / len(a), scatter(a)),
        "misses up and down cancel",
    ),
    (
        exercises.check_bias_variance,
        lambda a, f: (abs(a.mean(0) - f).mean() - scatter(a) / len(a), scatter(a)),
        "not squared",
    ),
    (
        exercises.check_bias_variance,
        lambda a, f: (parts_by_loops(a, f)[0], a.std(0, ddof=1).mean()),
        "this is the spread",
    ),
    (
        exercises.check_bias_variance,
        lambda a, f: (missed(a, f) - scatter(a.T) / len(f), scatter(a.T)),
        "over the laboratories",
    ),
    (exercises.check_bias_variance, lambda a, f: (((a.mean(1) - f) ** 2).mean(), 0), "over the laboratories"),
    (exercises.check_bias_variance, lambda a, f: np.multiply(parts_by_loops(a, f), len(f)), "sums over the places"),
    (exercises.check_bias_variance, lambda a, f: ((a.mean(0) - f) ** 2, a.var(0)), "return two numbers"),
    (exercises.check_ridge, price(np.eye), "the last weight pays, too"),
    (exercises.check_ridge, lambda X, y, strength: np.linalg.lstsq(X, y, rcond=None)[0], "this is least squares"),
    (exercises.check_ridge, price(lambda P: np.diag([0.0] * (P - 1) + [1.0])), "only the last weight pays"),
    (exercises.check_ridge, price(lambda P: np.diag([0.0] + [1.0] * (P - 1))), "the first weight is free"),
    (exercises.check_ridge, lambda X, y, strength: ridge_by_centring(X, y, -strength), "the sign is wrong"),
    (exercises.check_ridge, lambda X, y, strength: ridge_by_rows(X, y, strength / 2), "half the price"),
    (exercises.check_ridge, lambda X, y, strength: ridge_by_rows(X, y, strength * 2), "twice the price"),
    (exercises.check_ridge, lambda X, y, strength: ridge_by_rows(X, y, strength * len(y)), "not a mean"),
    (exercises.check_ridge, lambda X, y, strength: ridge_by_centring(X, y, strength**2), "is not squared"),
    (exercises.check_ridge, lambda *i: np.append(bare(*i), 0), "not forced to be zero"),
    (
        exercises.check_ridge,
        lambda X, y, strength: np.append(w := bare(X, y, strength), np.mean(y - X[:, :-1] @ w)),
        "found afterwards",
    ),
    (exercises.check_ridge, price(lambda P: np.ones((P, P))), "to every entry of the matrix"),
    (exercises.check_ridge, lambda X, y, strength: X @ ridge_by_rows(X, y, strength), "these are the answers"),
    (exercises.check_early_stop, lambda losses, patience: int(np.argmin(losses)), "this looks ahead"),
    (exercises.check_early_stop, lambda *i: stop(*i, returned="stopped"), "in which training stops"),
    (exercises.check_early_stop, lambda *i: stop(*i, more=1), "one epoch too long"),
    (exercises.check_early_stop, lambda *i: stop(*i, more=-1), "one epoch too early"),
    (exercises.check_early_stop, lambda *i: stop(*i, equal=True), "it must be better"),
    (exercises.check_early_stop, lambda *i: stop(*i, previous=True), "not with the one before"),
    (exercises.check_early_stop, waiting_in_all, "starts the count anew"),
    (exercises.check_early_stop, falling_in_a_row, "not with the one before"),
    (exercises.check_early_stop, lambda losses, patience: stop(losses, 1), "at the first rise"),
    (exercises.check_early_stop, lambda *i: stop_by_waiting(*i, best_loss=1.0), "may be larger than 1"),
    (exercises.check_early_stop, lambda *i: stop(*i) + 1, "counted from 0"),
    (exercises.check_early_stop, lambda losses, patience: losses[stop(losses, patience)], "this is the loss"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


@pytest.mark.parametrize("case", exercises._ANSWERS)
def test_the_parts_add_up(case):
    bias, variance = exercises._bias_variance(**case)
    assert bias + variance == pytest.approx(((case["answers"] - case["truth"]) ** 2).mean())


def test_the_estimates_are_right_on_average():
    answers = np.random.default_rng(0).normal(1.5, 2, size=(20_000, 3, 2))  # bias 0.5, spread 2
    estimates = np.mean([exercises._bias_variance(each, np.ones(2)) for each in answers], axis=0)
    np.testing.assert_allclose(estimates, [0.25, 4], atol=0.1)
