"""The checks of the chapter *Holding back*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="the two parts are right, and add up to the whole error without noise.")
def check_bias_variance(answer: Callable) -> None:
    """Check ``answer(answers, truth)``: the squared bias and the variance of answers (M, N) around truth (N,)."""
    two = "return two numbers: the squared bias, and the variance, both as means over the places."
    compare_on(
        _ANSWERS,
        answer,
        reference=_bias_variance,
        mistakes=[
            ("these are the right numbers in the other order: bias first.", lambda a, f: _bias_variance(a, f)[::-1]),
            (
                "the bias is squared after the mean over the places: misses up and down cancel.",
                lambda a, f: ((a.mean(axis=0) - f).mean() ** 2, a.var(axis=0).mean()),
            ),
            (
                "the bias is not squared.",
                lambda a, f: (np.abs(a.mean(axis=0) - f).mean(), a.var(axis=0).mean()),
            ),
            ("the bias is not squared.", lambda a, f: ((a.mean(axis=0) - f).mean(), a.var(axis=0).mean())),
            (
                "this divides by M - 1; then the two do not add up exactly.",
                lambda a, f: (_bias_variance(a, f)[0], a.var(axis=0, ddof=1).mean()),
            ),
            (
                "this is the spread; the variance is its square.",
                lambda a, f: (_bias_variance(a, f)[0], a.std(axis=0).mean()),
            ),
            (
                "this is the scatter of all numbers together; ask for each place how the laboratories scatter.",
                lambda a, f: (_bias_variance(a, f)[0], a.var()),
            ),
            (
                "the mean and the variance run over the places; they belong over the laboratories.",
                lambda a, f: (_bias_variance(a, f)[0], a.var(axis=1).mean()),
            ),
            (
                "the second number is the whole error: it measures from the truth, not from the mean answer.",
                lambda a, f: (_bias_variance(a, f)[0], ((a - f) ** 2).mean()),
            ),
            (
                "the first number is the whole error: the bias is that of the mean answer.",
                lambda a, f: (((a - f) ** 2).mean(), a.var(axis=0).mean()),
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
            (
                "the epochs without an improvement are counted in a row: a better one starts the count anew.",
                _counted_in_all,
            ),
            ("epochs are counted from 0.", lambda losses, patience: _early_stop(losses, patience) + 1),
            ("this is the loss; the epoch is wanted.", lambda losses, patience: losses[_early_stop(losses, patience)]),
            ("where the patience never runs out the best epoch is wanted as well.", _last_if_never),
        ],
    )


def _bias_variance(answers: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    return ((answers.mean(axis=0) - truth) ** 2).mean(), answers.var(axis=0).mean()


def _but_last(P: int) -> np.ndarray:
    return np.diag(np.arange(P) < P - 1).astype(float)


def _ridge_with(price: Callable[[int], np.ndarray]) -> Callable:
    return lambda X, y, strength: np.linalg.solve(X.T @ X + strength * price(X.shape[1]), X.T @ y)


_ridge = _ridge_with(_but_last)


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


def _last_if_never(losses: np.ndarray, patience: int) -> int:
    never = _with(stopped=True)(losses, patience) == len(losses) - 1
    return len(losses) - 1 if never else _early_stop(losses, patience)


_random = np.random.default_rng(5)
_ANSWERS = [
    {"answers": np.array([[1.0, 2.0], [3.0, 8.0]]), "truth": np.array([1.0, 6.5])},
    {"answers": _random.integers(-9, 10, size=(6, 4)) / 2, "truth": _random.integers(-9, 10, size=4) / 2},
]
_SYSTEMS = [
    {
        "X": np.array([[1.0, 0.0, 1.0], [2.0, -1.0, 1.0], [4.0, 1.0, 1.0], [0.0, 2.0, 1.0]]),
        "y": np.array([12.0, 13.0, 17.0, 9.0]),
        "strength": 2.0,
    },
    {
        "X": np.column_stack([_random.integers(-4, 5, size=(7, 3)), np.ones(7)]).astype(float),
        "y": _random.integers(-9, 20, size=7).astype(float),
        "strength": 5.0,
    },
]
# A deeper valley after the stop; one that trembles on its way down; two equal epochs; one that never stops.
_COURSES = [
    {"losses": np.array([0.9, 0.7, 0.8, 0.75, 0.77, 0.6, 0.65, 0.62, 0.66, 0.67, 0.68, 0.5]), "patience": 3},
    {"losses": np.array([0.9, 0.6, 0.7, 0.65, 0.5, 0.55, 0.52, 0.4, 0.41, 0.42, 0.43, 0.1]), "patience": 3},
    {"losses": np.array([0.9, 0.5, 0.6, 0.5, 0.8, 0.85, 0.9, 0.3]), "patience": 3},
    {"losses": np.array([0.9, 0.8, 0.6, 0.7]), "patience": 5},
]
