"""The checks of the chapter *Side by side*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="you know where a network keeps its parameters, and where it spends its time.")
def check_shares(answer: Callable) -> None:
    """Check ``answer(depth)``: the bottom level's share of the parameters, and of the multiplications."""
    compare_on(
        [{"depth": 1}, {"depth": 2}, {"depth": 4}],
        answer,
        reference=_shares,
        mistakes=[
            ("the two are in the other order: first the parameters.", lambda depth: _shares(depth)[::-1]),
            (
                "a kernel's size grows with its channels in and with its channels out: both double.",
                lambda depth: _shares(depth, weights=2),
            ),
            (
                "each level's maps have half the rows and half the columns of the level above.",
                lambda depth: _shares(depth, pixels=1 / 2),
            ),
            (
                "the multiplications are those of equally large maps; each pooling leaves a quarter of the pixels.",
                lambda depth: _shares(depth, pixels=1),
            ),
            (
                "a kernel's size grows with its channels in and with its channels out: both double. "
                "That changes the multiplications, too.",
                lambda depth: _shares(depth, weights=2, pixels=1 / 2),
            ),
            (
                "depth poolings make depth + 1 levels: the first one comes before any pooling.",
                lambda depth: _shares(depth - 1),
            ),
            ("this is the share of the first level; the bottom one is the last.", _first_shares),
            (
                "these are counts, relative to the first level's; divide by the sum over all levels.",
                lambda depth: (4.0**depth, 1.0),
            ),
            ("these are percentages; return numbers between 0 and 1.", lambda depth: [100 * x for x in _shares(depth)]),
        ],
        shapes=[("return two numbers: return parameters, multiplications.", lambda depth: ())],
    )


@exercise(solved="you can tell a difference from its own uncertainty.")
def check_difference(answer: Callable) -> None:
    """Check ``answer(one, other)``: the difference of the means, and its standard error."""
    compare_on(
        [
            {"one": np.array([0.7, 0.72, 0.74]), "other": np.array([0.65, 0.69])},
            {"one": np.array([0.571, 0.644, 0.602, 0.588]), "other": np.array([0.612, 0.587, 0.634, 0.601])},
        ],
        answer,
        reference=_difference,
        mistakes=[
            (
                "the sign is lost: where `other` is better, the difference is negative.",
                lambda one, other: np.abs(_difference(one, other)),
            ),
            ("the sign is wrong: it is how much better `one` is.", lambda one, other: _difference(other, one)),
            (
                "the spread is divided by the number of runs; for a standard deviation of a few runs divide by "
                "one less (ddof=1).",
                lambda one, other: _difference(one, other, ddof=0),
            ),
            (
                "this is the spread of single runs; the mean of n runs is surer by the root of n.",
                lambda one, other: _with_error(one, other, np.hypot(one.std(ddof=1), other.std(ddof=1))),
            ),
            (
                "the two standard errors are added; independent errors seldom point the same way. Add their squares.",
                lambda one, other: _with_error(one, other, _standard_error(one) + _standard_error(other)),
            ),
            (
                "the standard errors are subtracted; a difference is less sure than either of its parts.",
                lambda one, other: _with_error(one, other, abs(_standard_error(one) - _standard_error(other))),
            ),
            (
                "this is the squared error, a variance: take its root.",
                lambda one, other: _with_error(one, other, _difference(one, other)[1] ** 2),
            ),
            (
                "all runs are thrown together, and so the difference itself counts as spread.",
                lambda one, other: _with_error(one, other, _standard_error(np.concatenate([one, other]))),
            ),
            (
                "this is the uncertainty of the first network alone; the other one's counts as well.",
                lambda one, other: _with_error(one, other, _standard_error(one)),
            ),
            (
                "the variances are divided by the number of all runs; each by its own.",
                lambda one, other: _with_error(
                    one, other, np.sqrt((one.var(ddof=1) + other.var(ddof=1)) / (len(one) + len(other)))
                ),
            ),
        ],
        shapes=[("return two numbers: return difference, error.", lambda one, other: ())],
    )


@exercise(solved="only runs that differ in nothing else were compared.")
def check_effect(answer: Callable) -> None:
    """Check ``answer(settings, scores, factor)``, the mean effect of one setting, all others equal."""
    compare_on(
        [
            {
                "settings": np.array([[0, 0, 0], [0, 1, 0], [1, 1, 1]]),
                "scores": np.array([60.0, 62, 75]),
                "factor": 1,
            },
            {
                "settings": np.array([[0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1], [1, 1, 0]]),
                "scores": np.array([60.0, 70, 61, 73, 66]),
                "factor": 1,
            },
            {
                "settings": np.array([[1, 0], [0, 0], [1, 1], [0, 1], [0, 1]]),
                "scores": np.array([5.0, 3, 9, 6, 12]),
                "factor": 0,
            },
        ],
        answer,
        reference=_effect,
        mistakes=[
            (
                "all runs with the setting are compared with all runs without it, whatever else differs between them.",
                _of_all,
            ),
            ("a setting can also do harm: keep the sign of each pair.", lambda *inputs: _effect(*inputs, of=_sizes)),
            ("the sign is wrong: it is what switching the setting on adds.", lambda *inputs: -_effect(*inputs)),
            ("this is the sum over the pairs; take the mean.", lambda *inputs: _effect(*inputs, of=np.sum)),
            ("this is the largest effect of any pair; take the mean.", lambda *inputs: _effect(*inputs, of=np.max)),
            ("only the first pair is looked at; take the mean of all.", lambda *inputs: _effect(*inputs, of=_first)),
            (
                "pairs are compared that differ in some other setting as well: all others must be equal.",
                lambda *inputs: _effect(*inputs, allowed=1),
            ),
            (
                "this is a mean of means, one for each choice of the other settings; each pair counts once.",
                _of_choices,
            ),
            (
                "a run is left out: two runs with the same settings are two runs, and make a pair each.",
                _of_last,
            ),
        ],
        shapes=[("return one number: the mean over the pairs.", lambda settings, scores, factor: (len(scores),))],
    )


def _shares(depth: int, weights: float = 4, pixels: float = 1 / 4) -> tuple[float, float]:
    levels = np.arange(depth + 1)
    parameters = float(weights) ** levels
    multiplications = parameters * float(pixels) ** levels
    return parameters[-1] / parameters.sum(), multiplications[-1] / multiplications.sum()


def _first_shares(depth: int) -> tuple[float, float]:
    return 1 / (4.0 ** np.arange(depth + 1)).sum(), 1 / (depth + 1)


def _standard_error(runs: np.ndarray, ddof: int = 1) -> float:
    return runs.std(ddof=ddof) / np.sqrt(len(runs))


def _difference(one: np.ndarray, other: np.ndarray, ddof: int = 1) -> tuple[float, float]:
    return _with_error(one, other, np.hypot(_standard_error(one, ddof), _standard_error(other, ddof)))


def _with_error(one: np.ndarray, other: np.ndarray, error: float) -> tuple[float, float]:
    return one.mean() - other.mean(), error


def _effect(settings: np.ndarray, scores: np.ndarray, factor: int, of: Callable = np.mean, allowed: int = 0) -> float:
    rest = np.delete(settings, factor, axis=1)
    gains = [
        scores[on] - scores[off]
        for on in np.nonzero(settings[:, factor] == 1)[0]
        for off in np.nonzero(settings[:, factor] == 0)[0]
        if np.sum(rest[on] != rest[off]) <= allowed
    ]
    return of(gains)


def _first(gains: list[float]) -> float:
    return gains[0]


def _sizes(gains: list[float]) -> float:
    return np.abs(gains).mean()


def _choices(settings: np.ndarray, factor: int) -> np.ndarray:
    """Return a number for each row that says what it chose in all other settings."""
    return np.unique(np.delete(settings, factor, axis=1), axis=0, return_inverse=True)[1].ravel()


def _of_choices(settings: np.ndarray, scores: np.ndarray, factor: int) -> float:
    choice = _choices(settings, factor)
    parts = [choice == number for number in np.unique(choice) if np.ptp(settings[choice == number, factor])]
    return np.mean([_effect(settings[part], scores[part], factor) for part in parts])


def _of_last(settings: np.ndarray, scores: np.ndarray, factor: int) -> float:
    last = np.sort([np.nonzero((settings == row).all(axis=1))[0][-1] for row in np.unique(settings, axis=0)])
    return _effect(settings[last], scores[last], factor)


def _of_all(settings: np.ndarray, scores: np.ndarray, factor: int) -> float:
    on = settings[:, factor] == 1
    return scores[on].mean() - scores[~on].mean()
