"""The checks of the chapter *Holding back*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="both estimates are right on average, and add up to the whole error without noise.")
def check_bias_variance(answer: Callable) -> None:
    """Check ``answer(answers, truth)``: unbiased estimates of bias squared and variance, from (M, N) around (N,)."""
    two = "return two numbers: the squared bias, and the variance, both as means over the places."
    compare_on(
        _ANSWERS,
        answer,
        reference=_bias_variance,
        mistakes=[
            ("these are the right numbers in the other order: bias first.", lambda a, f: _bias_variance(a, f)[::-1]),
            (
                "so the chapter did with a thousand laboratories; with few, both numbers are off on average.",
                lambda a, f: (_missed(a, f), a.var(axis=0).mean()),
            ),
            (
                "the variance is right; the other number still holds the luck of the mean answer.",
                lambda a, f: (_missed(a, f), _scatter(a)),
            ),
            (
                "the squared bias is right; the variance is too small, as M answers make their own mean.",
                lambda a, f: (_bias_variance(a, f)[0], a.var(axis=0).mean()),
            ),
            (
                "the variance of one answer is taken off; the mean of M answers scatters less than one.",
                lambda a, f: (_missed(a, f) - _scatter(a), _scatter(a)),
            ),
            (
                "for the luck of the mean answer, too, the variance is needed that is right on average.",
                lambda a, f: (_missed(a, f) - a.var(axis=0).mean() / len(a), _scatter(a)),
            ),
            (
                "the variance is wrong, and so is what is taken off: M answers make their own mean.",
                lambda a, f: (_missed(a, f) - a.var(axis=0).mean() / len(a), a.var(axis=0).mean()),
            ),
            (
                "luck makes the squared distance too large: it is taken off, not added.",
                lambda a, f: (_missed(a, f) + _scatter(a) / len(a), _scatter(a)),
            ),
            (
                "an estimate may be negative: cut off at 0 it is too large on average.",
                lambda a, f: (max(_bias_variance(a, f)[0], 0), _scatter(a)),
            ),
            (
                "an estimate may be negative: cut off at 0 it is too large on average.",
                lambda a, f: (np.maximum(_bias_squared(a, f), 0).mean(), _scatter(a)),
            ),
            (
                "the bias is squared after the mean over the places: misses up and down cancel.",
                lambda a, f: ((a.mean(axis=0) - f).mean() ** 2 - _scatter(a) / len(a), _scatter(a)),
            ),
            (
                "the bias is not squared.",
                lambda a, f: (np.abs(a.mean(axis=0) - f).mean() - _scatter(a) / len(a), _scatter(a)),
            ),
            (
                "this is the spread; the variance is its square.",
                lambda a, f: (_bias_variance(a, f)[0], a.std(axis=0, ddof=1).mean()),
            ),
            (
                "the mean and the variance run over the places; they belong over the laboratories.",
                lambda a, f: (_missed(a, f) - _scatter(a.T) / len(f), _scatter(a.T)),
            ),
            ("the mean runs over the places; it belongs over the laboratories.", lambda a, f: a.mean(axis=1) - f),
            (
                "these are sums over the places; the means are expected.",
                lambda a, f: np.multiply(_bias_variance(a, f), len(f)),
            ),
        ],
        shapes=[(two, lambda a, f: (2, len(f))), (two, lambda a, f: ()), (two, lambda a, f: f.shape)],
    )


@exercise(solved="the constant is free, and the other weights pay.")
def check_ridge(answer: Callable) -> None:
    """Check ``answer(X, y, strength)``, ridge weights (P,) that leave the last weight out of the penalty."""
    compare_on(
        _SYSTEMS,
        answer,
        reference=_ridge,
        mistakes=[
            ("the last weight pays, too.", _ridge_with(lambda P: np.eye(P))),
            ("nobody pays: this is least squares.", _ridge_with(lambda P: np.zeros((P, P)))),
            ("only the last weight pays; it is the other way round.", _ridge_with(lambda P: np.diag(np.eye(P)[-1]))),
            (
                "the first weight is free; the constant is the last one.",
                _ridge_with(lambda P: np.diag(1 - np.eye(P)[0])),
            ),
            ("the sign is wrong: the penalty is added.", _ridge_with(lambda P: -_but_last(P))),
            (
                "half the price: the 2 stands before both terms of the gradient.",
                _ridge_with(lambda P: _but_last(P) / 2),
            ),
            (
                "twice the price: the 2 stands before both terms of the gradient.",
                _ridge_with(lambda P: _but_last(P) * 2),
            ),
            ("the strength is not squared.", lambda X, y, strength: _ridge(X, y, strength**2)),
            (
                "the constant is not forced to be zero; it is free.",
                lambda X, y, strength: _without_constant(X, y, strength),
            ),
            (
                "the constant is found afterwards: all weights are found together.",
                lambda X, y, strength: _constant_afterwards(X, y, strength),
            ),
            (
                "the loss is a sum over the examples, not a mean: the strength is used as it is.",
                lambda X, y, strength: _ridge(X, y, strength * len(X)),
            ),
            (
                "the strength is added to every entry of the matrix; it belongs on the diagonal.",
                _ridge_with(lambda P: np.ones((P, P))),
            ),
            ("these are the answers; the weights are wanted.", lambda X, y, strength: X @ _ridge(X, y, strength)),
        ],
        shapes=[("the weights are wanted, one for each column of X.", lambda X, y, strength: y.shape)],
    )


@exercise(solved="it waits as long as it should, and does not look ahead.")
def check_early_stop(answer: Callable) -> None:
    """Check ``answer(losses, patience)``, the epoch whose weights are put back."""
    compare_on(
        _COURSES,
        answer,
        reference=_early_stop,
        mistakes=[
            (
                "this looks ahead: the best of all epochs may come after the stop.",
                lambda losses, patience: losses.argmin(),
            ),
            ("this is the epoch in which training stops; whose weights are put back?", _with(stopped=True)),
            ("this stops at the first rise: be patient.", lambda losses, patience: _early_stop(losses, 1)),
            ("this waits one epoch too long.", _with(more=1)),
            ("this stops one epoch too early.", _with(more=-1)),
            (
                "as good as the best is no improvement: it must be better.",
                _with(better=lambda loss, losses, best, epoch: loss <= losses[best]),
            ),
            (
                "compare with the best loss so far, not with the one before.",
                _with(better=lambda loss, losses, best, epoch: epoch == 0 or loss < losses[epoch - 1]),
            ),
            ("compare with the best loss so far, not with the one before.", _falling_in_a_row),
            (
                "the epochs without an improvement are counted in a row: a better one starts the count anew.",
                _counted_in_all,
            ),
            ("a loss may be larger than 1: what is the best loss before the first epoch?", _best_is_one_at_first),
            ("epochs are counted from 0.", lambda losses, patience: _early_stop(losses, patience) + 1),
            ("this is the loss; the epoch is wanted.", lambda losses, patience: losses[_early_stop(losses, patience)]),
            ("where the patience never runs out the best epoch is wanted as well.", _last_if_never),
        ],
    )


def _missed(answers: np.ndarray, truth: np.ndarray) -> float:
    return ((answers.mean(axis=0) - truth) ** 2).mean()


def _scatter(answers: np.ndarray) -> float:
    return answers.var(axis=0, ddof=1).mean()


def _bias_squared(answers: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return (answers.mean(axis=0) - truth) ** 2 - answers.var(axis=0, ddof=1) / len(answers)


def _bias_variance(answers: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    return _bias_squared(answers, truth).mean(), _scatter(answers)


def _but_last(P: int) -> np.ndarray:
    return np.diag(np.arange(P) < P - 1).astype(float)


def _ridge_with(price: Callable[[int], np.ndarray]) -> Callable:
    return lambda X, y, strength: np.linalg.solve(X.T @ X + strength * price(X.shape[1]), X.T @ y)


_ridge = _ridge_with(_but_last)


def _without_constant(X: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    return np.append(_ridge_with(np.eye)(X[:, :-1], y, strength), 0)


def _constant_afterwards(X: np.ndarray, y: np.ndarray, strength: float) -> np.ndarray:
    w = _without_constant(X, y, strength)
    return np.append(w[:-1], (y - X @ w).mean())


def _with(
    more: int = 0,
    stopped: bool = False,
    better: Callable = lambda loss, losses, best, epoch: loss < losses[best],
) -> Callable:
    def early_stop(losses: np.ndarray, patience: int) -> int:
        best = epoch = 0
        for epoch, loss in enumerate(losses):
            if better(loss, losses, best, epoch):
                best = epoch
            elif epoch - best >= patience + more:
                break
        return epoch if stopped else best

    return early_stop


_early_stop = _with()


def _counted_in_all(losses: np.ndarray, patience: int) -> int:
    best = waited = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch:
            waited += 1
            if waited >= patience:
                break
    return best


def _falling_in_a_row(losses: np.ndarray, patience: int) -> int:
    waited = 0
    for epoch in range(1, len(losses)):
        waited = 0 if losses[epoch] < losses[epoch - 1] else waited + 1
        if waited >= patience:
            return int(losses[: epoch + 1].argmin())
    return int(losses.argmin())


def _best_is_one_at_first(losses: np.ndarray, patience: int) -> int:
    return max(_early_stop(np.append(1.0, losses), patience) - 1, 0)


def _last_if_never(losses: np.ndarray, patience: int) -> int:
    never = _with(stopped=True)(losses, patience) == len(losses) - 1
    return len(losses) - 1 if never else _early_stop(losses, patience)


_random = np.random.default_rng(5)
_ANSWERS = [
    {"answers": np.array([[1.0, 2.0], [3.0, 9.0], [2.0, 1.0]]), "truth": np.array([1.0, 6.5])},
    {"answers": _random.integers(-9, 10, size=(6, 4)) / 2, "truth": _random.integers(-9, 10, size=4) / 2},
    {"answers": np.array([[0.0, 4.0, 1.0], [2.0, 0.0, 3.0]]), "truth": np.array([1.0, 2.0, 2.5])},  # below 0
]
_SYSTEMS = [
    {
        "X": np.array([[1.0, 0.0, 1.0], [2.0, -1.0, 1.0], [4.0, 1.0, 1.0], [0.0, 2.0, 1.0]]),
        "y": np.array([12.0, 13.0, 17.0, 9.0]),
        "strength": 3.0,
    },
    {
        "X": np.column_stack([_random.integers(-4, 5, size=(7, 3)), np.ones(7)]).astype(float),
        "y": _random.integers(-9, 20, size=7).astype(float),
        "strength": 5.0,
    },
]
# One that tells the mistakes apart: single misses, two and then three in a row, and deeper valleys after the stop.
# Then one that stops early; two equal epochs; one that never stops; and losses above 1.
_TREMBLING = (
    [0.9, 0.93, 0.8, 0.84, 0.72, 0.76, 0.66, 0.7, 0.68, 0.6, 0.64, 0.62]
    + [0.61, 0.55, 0.58, 0.56, 0.58, 0.56, 0.5, 0.53, 0.55, 0.57, 0.3]
)  # fmt: skip
_COURSES = [
    {"losses": np.array(_TREMBLING), "patience": 3},
    {"losses": np.array([0.9, 0.7, 0.8, 0.75, 0.77, 0.6, 0.65, 0.62, 0.66, 0.67, 0.68, 0.5]), "patience": 3},
    {"losses": np.array([0.9, 0.5, 0.6, 0.5, 0.8, 0.85, 0.9, 0.3]), "patience": 3},
    {"losses": np.array([0.9, 0.8, 0.6, 0.7]), "patience": 5},
    {"losses": np.array([3.0, 2.0, 1.5, 1.7, 1.6, 1.8, 1.4]), "patience": 3},
]
