"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import what_transfers as exercises


def shares(probabilities, before, after):
    corrected = probabilities * after / before
    return corrected / corrected.sum(axis=1, keepdims=True)


def shares_by_counting(probabilities, before, after):
    """Think of a thousand examples that look alike, keep or repeat those of each class, and count again."""
    rows = []
    for row in probabilities:
        copies = [1000 * p * (a / b) for p, b, a in zip(row, before, after, strict=True)]
        rows.append([each / sum(copies) for each in copies])
    return rows


def effective(weights):
    return weights.sum() ** 2 / (weights**2).sum()


def effective_by_the_spread(weights):
    """The same, from the mean and the variance of the weights."""
    relative = weights / weights.mean()
    return len(weights) / (1 + relative.var())


def pulled(X, y, start, strengths):
    left = X.T @ X + np.diag(strengths)
    return np.linalg.solve(left, X.T @ y + strengths * start)


def pulled_by_examples(X, y, start, strengths):
    """A pull is an example more for each weight, as heavy as it is strong."""
    heavy = np.sqrt(strengths)
    rows, values = np.vstack([X, np.diag(heavy)]), np.concatenate([y, heavy * start])
    return np.linalg.lstsq(rows, values, rcond=None)[0]


SOLUTIONS = [
    (exercises.check_shares, shares),
    (exercises.check_shares, shares_by_counting),
    (exercises.check_effective, effective),
    (exercises.check_effective, effective_by_the_spread),
    (exercises.check_pulled, pulled),
    (exercises.check_pulled, pulled_by_examples),
]
MISTAKES = [
    (exercises.check_shares, lambda p, b, a: shares(p, a, b), "the ratio is upside down"),
    (exercises.check_shares, lambda p, b, a: shares(p, 1, a), "the old ones are still in"),
    (exercises.check_shares, lambda p, b, a: shares(p, b, 1), "the new ones are missing"),
    (exercises.check_shares, lambda p, b, a: p / b * a, "no longer add up to 1"),
    (exercises.check_shares, lambda p, b, a: shares((p * a / b).T, 1, 1).T, "each column is divided"),
    (exercises.check_shares, lambda p, b, a: p * a / b / np.sum(p * a / b), "divided by one sum"),
    (exercises.check_shares, lambda p, b, a: p, "the old probabilities"),
    (exercises.check_shares, lambda p, b, a: p + (a - b), "multiplied by a ratio"),
    (exercises.check_shares, lambda p, b, a: np.ones_like(p) * a, "the same of all examples"),
    (exercises.check_shares, lambda p, b, a: shares(p, b, a).argmax(axis=1), "not the class that wins"),
    (exercises.check_shares, lambda p, b, a: a / b, "a step on the way"),
    (exercises.check_effective, lambda w: 1 / (w**2).sum(), "changes when all weights are doubled"),
    (exercises.check_effective, lambda w: w.sum() / (w**2).sum(), "the sum is not squared"),
    (exercises.check_effective, lambda w: 1 / effective(w), "this is the variance"),
    (exercises.check_effective, len, "counts all examples as equal"),
    (exercises.check_effective, lambda w: (w > 0).sum(), "however small it is"),
    (exercises.check_effective, lambda w: round(effective(w)), "this is rounded"),
    (exercises.check_effective, lambda w: effective(w) / len(w), "a share of all examples"),
    (exercises.check_effective, lambda w: w.sum(), "the sum of the weights"),
    (exercises.check_effective, lambda w: w.sum() / w.max(), "the largest weight alone"),
    (exercises.check_effective, lambda w: np.sqrt(effective(w)), "standard deviation"),
    (exercises.check_effective, lambda w: w.sum() ** 2 / np.mean(w**2), "the mean of the squares"),
    (exercises.check_effective, lambda w: w / w.sum(), "one number is expected"),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, 0 * s, k), "towards 0 here"),
    (
        exercises.check_pulled,
        lambda X, y, s, k: np.linalg.inv(X.T @ X + np.diag(k)) @ (X.T @ y + s),
        "missing on the right-hand side",
    ),
    (exercises.check_pulled, lambda X, y, s, k: np.linalg.inv(X.T @ X) @ (X.T @ y + k * s), "the matrix on the left"),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, s, k.mean() + 0 * k), "by the mean strength"),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, s, k.sum() + 0 * k), "by the sum of the strengths"),
    (exercises.check_pulled, lambda X, y, s, k: np.linalg.solve(X.T @ X + k, X.T @ y + k * s), "on the diagonal"),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, s, k**2), "squared"),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, s, k + k), "twice as strong"),
    (
        exercises.check_pulled,
        lambda X, y, s, k: np.linalg.inv(2 * X.T @ X + np.diag(k)) @ (2 * X.T @ y + k * s),
        "half as strong",
    ),
    (exercises.check_pulled, lambda X, y, s, k: pulled(X, y, -s, k), "look at a sign"),
    (exercises.check_pulled, lambda X, y, s, k: s + pulled(X, y, 0 * s, k), "another penalty"),
    (exercises.check_pulled, lambda X, y, s, k: np.linalg.lstsq(X, y)[0], "this is least squares"),
    (exercises.check_pulled, lambda X, y, s, k: s, "this is the start"),
    (exercises.check_pulled, lambda X, y, s, k: np.diag(s), "in a vector"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
