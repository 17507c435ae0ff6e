"""The checks of the chapter *What transfers*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="these are the probabilities where the classes are as frequent as they are there.")
def check_shares(answer: Callable) -> None:
    """Check ``answer(probabilities, before, after)``, a classifier's probabilities under other shares."""
    compare_on(
        _PROBABILITIES,
        answer,
        reference=_shares,
        mistakes=[
            (
                "the ratio is upside down: a class that has become more frequent must gain.",
                lambda p, before, after: _rows(p * before / after),
            ),
            (
                "the new shares are in, the old ones are still in as well: the classifier has learned with them.",
                lambda p, before, after: _rows(p * after),
            ),
            ("the old shares are taken out; the new ones are missing.", lambda p, before, after: _rows(p / before)),
            (
                "the ratio is right, but the rows no longer add up to 1.",
                lambda p, before, after: p * after / before,
            ),
            (
                "each column is divided by its sum here; the probabilities of one example stand in a row.",
                lambda p, before, after: p * after / before / (p * after / before).sum(axis=0),
            ),
            (
                "all numbers are divided by one sum; each example's probabilities add up to 1 by themselves.",
                lambda p, before, after: p * after / before / (p * after / before).sum(),
            ),
            ("these are the old probabilities.", lambda p, before, after: p),
            (
                "a difference of shares is added; probabilities are multiplied by a ratio.",
                lambda p, before, after: p + after - before,
            ),
            (
                "this says the same of all examples; what the classifier has seen is lost.",
                lambda p, before, after: np.tile(after, (len(p), 1)),
            ),
        ],
        shapes=[
            ("return the probabilities, not the class that wins.", lambda p, before, after: (len(p),)),
            ("one factor for each class is a step on the way; apply it to the rows.", lambda p, b, after: after.shape),
        ],
    )


@exercise(solved="so many equal examples would be as reliable.")
def check_effective(answer: Callable) -> None:
    """Check ``answer(weights)``, how many equally weighted examples would give a mean of the same variance."""
    compare_on(
        _WEIGHTS,
        answer,
        reference=_effective,
        mistakes=[
            (
                "this changes when all weights are doubled, and a weighted mean does not: divide by their sum first.",
                lambda w: 1 / np.sum(w**2),
            ),
            ("the sum is not squared: double all weights, and the result changes.", lambda w: w.sum() / np.sum(w**2)),
            ("this is the variance; ask how many equal examples have it.", lambda w: np.sum(w**2) / w.sum() ** 2),
            ("this counts all examples as equal.", len),
            (
                "this is rounded; it need not be a whole number.",
                lambda w: np.round(_effective(w)),
            ),
            (
                "this is a share of all examples; ask for a number of them.",
                lambda w: w.mean() ** 2 / np.mean(w**2),
            ),
            ("this counts those with a weight above 0, however small it is.", np.count_nonzero),
            ("this is the sum of the weights, which says nothing when all are doubled.", np.sum),
            ("this looks at the largest weight alone.", lambda w: w.sum() / w.max()),
            ("this is the standard deviation's ratio; the variance is asked for.", lambda w: w.sum() / _length(w)),
            (
                "this is the exponential of the entropy: another count of what is effective, not from the variance.",
                lambda w: np.exp(-np.sum(w[w > 0] / w.sum() * np.log(w[w > 0] / w.sum()))),
            ),
            (
                "this is the mean of the squares where their sum belongs.",
                lambda w: w.sum() ** 2 / np.mean(w**2),
            ),
        ],
        shapes=[("one number is expected, for all weights together.", lambda w: w.shape)],
    )


@exercise(solved="each weight is pulled by its own strength.")
def check_pulled(answer: Callable) -> None:
    """Check ``answer(X, y, start, strengths)``, least squares with a pull of its own on each weight."""
    compare_on(
        _PULLS,
        answer,
        reference=_pulled,
        mistakes=[
            (
                "each weight is pulled towards 0 here, not towards its start.",
                lambda X, y, start, strengths: _pulled(X, y, 0 * start, strengths),
            ),
            (
                "the strengths are missing on the right-hand side: a strong pull must count more there, too.",
                lambda X, y, start, strengths: np.linalg.solve(X.T @ X + np.diag(strengths), X.T @ y + start),
            ),
            (
                "the strengths are missing in the matrix on the left.",
                lambda X, y, start, strengths: np.linalg.solve(X.T @ X, X.T @ y + strengths * start),
            ),
            (
                "all weights are pulled equally here, by the mean strength.",
                lambda X, y, start, strengths: _pulled(X, y, start, np.full(len(start), strengths.mean())),
            ),
            (
                "all weights are pulled equally here, by the sum of the strengths.",
                lambda X, y, start, strengths: _pulled(X, y, start, np.full(len(start), strengths.sum())),
            ),
            (
                "adding a vector to a matrix adds it to each row; it belongs on the diagonal.",
                lambda X, y, start, strengths: np.linalg.solve(X.T @ X + strengths, X.T @ y + strengths * start),
            ),
            (
                "the strengths are squared here.",
                lambda X, y, start, strengths: _pulled(X, y, start, strengths**2),
            ),
            (
                "the pull is twice as strong as asked: both terms have a square, and so each slope has a factor of 2.",
                lambda X, y, start, strengths: _pulled(X, y, start, 2 * strengths),
            ),
            (
                "the pull is half as strong as asked: both terms have a square, and so each slope has a factor of 2.",
                lambda X, y, start, strengths: _pulled(X, y, start, strengths / 2),
            ),
            (
                "the pull is away from the start: look at a sign.",
                lambda X, y, start, strengths: _pulled(X, y, -start, strengths),
            ),
            (
                "the start is added to what was pulled to 0; that is another penalty.",
                lambda X, y, start, strengths: start + _pulled(X, y, 0 * start, strengths),
            ),
            ("nothing pulls here: this is least squares.", lambda X, y, start, strengths: _pulled(X, y, start, 1e-9)),
            ("this is the start.", lambda X, y, start, strengths: start),
        ],
        shapes=[("one number for each weight is expected, in a vector.", lambda X, y, s, strengths: (len(s), len(s)))],
    )


def _rows(numbers: np.ndarray) -> np.ndarray:
    return numbers / numbers.sum(axis=1, keepdims=True)


def _shares(probabilities: np.ndarray, before: np.ndarray, after: np.ndarray) -> np.ndarray:
    return _rows(probabilities * after / before)


def _effective(weights: np.ndarray) -> float:
    return weights.sum() ** 2 / np.sum(weights**2)


def _length(weights: np.ndarray) -> float:
    return np.sqrt(np.sum(weights**2))


def _pulled(X: np.ndarray, y: np.ndarray, start: np.ndarray, strengths: np.ndarray) -> np.ndarray:
    pull = np.diag(np.broadcast_to(strengths, start.shape))
    return np.linalg.solve(X.T @ X + pull, X.T @ y + pull @ start)


_random = np.random.default_rng(35)
_PROBABILITIES = [
    {
        "probabilities": np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]]),
        "before": np.array([0.75, 0.25]),
        "after": np.array([0.2, 0.8]),
    },
    {
        "probabilities": _random.dirichlet([1, 1, 1], size=4).round(3) + 1 / 300,
        "before": np.array([0.5, 0.3, 0.2]),
        "after": np.array([0.1, 0.3, 0.6]),
    },
]
for _case in _PROBABILITIES:
    _case["probabilities"] = _rows(_case["probabilities"])
_WEIGHTS = [
    {"weights": np.array([3.0, 1.0, 1.0, 0.0])},
    {"weights": np.array([2.0, 2.0, 2.0, 2.0])},
    {"weights": _random.lognormal(size=30).round(3)},
]
_PULLS = [
    {
        "X": np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 3.0]]),
        "y": np.array([1.0, 2.0, 4.0]),
        "start": np.array([0.0, 2.0]),
        "strengths": np.array([0.5, 4.0]),
    },
    {
        "X": _random.normal(size=(12, 4)).round(2),
        "y": _random.normal(size=12).round(2),
        "start": _random.normal(size=4).round(2),
        "strengths": np.array([0.1, 10.0, 3.0, 0.7]),
    },
]
