"""The checks of the chapter *What a gradient tells*."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

_BATCH, _BATCHES = 32, 200
_GOOD_ENOUGH = 23.0  # examples found, of 32, with 100 thresholds


def _gradients() -> list[dict]:
    random = np.random.default_rng(0)
    cases = []
    errors = (
        [0.5, -1.0, 0.25],
        [0.1] * 9 + [-0.9],
        [0.3, 0.0, -0.2],
        [0.0, 0.0, -0.2, 0.1],
        [0.3, 0.0],
        [0.0, -0.2, 0.0],
    )
    for size, error in zip((3, 64, 4, 5, 4, 6), errors, strict=True):
        x = np.arange(1.0, size + 1) if size == 3 else random.uniform(size=size)
        cases.append({"dW": np.outer(x, error), "db": np.array(error, float)})
    return cases


def _picture(dW: np.ndarray, db: np.ndarray) -> np.ndarray:
    best = np.abs(db).argmax()
    return dW[:, best] / db[best]


@exercise(solved="any output that the example reached gives all of it away.")
def check_picture(answer: Callable) -> None:
    """Check ``answer(dW, db)``, the example behind the gradients of a dense layer."""
    compare_on(
        _gradients(),
        answer,
        reference=_picture,
        mistakes=[
            ("the largest entry of db may be 0, with all others below: compare absolute values.", _by_largest),
            ("this is the sum over columns divided by the sum of db, which may well be 0.", _by_sums),
            ("here db is 0 for the first output: take one for which it is not.", lambda dW, db: dW[:, 0] / db[0]),
            ("here db is 0 for the last output: take one for which it is not.", lambda dW, db: dW[:, -1] / db[-1]),
            ("columns whose db is 0 give 0 / 0: leave them out of the mean.", lambda dW, db: (dW / db).mean(axis=1)),
            ("all columns are there; one of them is the picture.", lambda dW, db: dW / db),
            ("this is the picture times an entry of db: divide.", lambda dW, db: dW[:, np.abs(db).argmax()]),
        ],
    )


def _by_sums(dW: np.ndarray, db: np.ndarray) -> np.ndarray:
    return dW.sum(axis=1) / db.sum()


def _by_largest(dW: np.ndarray, db: np.ndarray) -> np.ndarray:
    return dW[:, db.argmax()] / db.max()


def _count_cases() -> list[dict]:
    cases = []
    for counts in ([2, 1, 1, 0], [0, 0, 16], [3, 0, 9, 7, 1, 0, 0, 2, 5, 5]):
        total = sum(counts)
        cases.append({"db": 1 / len(counts) - np.array(counts) / total, "batch_size": total})
    return cases


def _counts(db: np.ndarray, batch_size: int) -> np.ndarray:
    return batch_size * (1 / len(db) - db)


@exercise(solved="a bias gradient is a table of how often each label occurs.")
def check_label_counts(answer: Callable) -> None:
    """Check ``answer(db, batch_size)``, how many examples of each class a batch holds."""
    compare_on(
        _count_cases(),
        answer,
        reference=_counts,
        mistakes=[
            ("these are proportions: multiply by the size of the batch.", lambda db, n: 1 / len(db) - db),
            ("the sign is the other way round: an example of a class makes its entry smaller.", lambda db, n: n * db),
            ("the 1/c of all examples is missing.", lambda db, n: -n * db),
            (
                "the sign is the other way round: the entry is 1/c less the proportion.",
                lambda db, n: n * (db - 1 / len(db)),
            ),
        ],
    )


_LOSSES = tuple(
    {"epsilon": epsilon, "rounds": rounds, "delta": delta}
    for epsilon, rounds, delta in [
        (0.1, 100, 1e-5),
        (0.1, 4, 1e-5),
        (1.0, 50, 1e-6),
        (0.05, 1000, 0.0),
        (0.01, 10**4, 1e-9),
    ]
)


def _epsilon(epsilon: float, rounds: int, delta: float) -> float:
    if delta == 0:
        return rounds * epsilon
    return min(rounds * epsilon, _advanced(epsilon, rounds, delta))


def _advanced(epsilon: float, rounds: int, delta: float) -> float:
    if delta == 0:
        return math.inf
    return math.sqrt(2 * rounds * math.log(1 / delta)) * epsilon + rounds * epsilon * math.expm1(epsilon)


def _without_second_term(epsilon: float, rounds: int, delta: float) -> float:
    walk = math.sqrt(2 * rounds * math.log(1 / delta)) * epsilon if delta else math.inf
    return min(rounds * epsilon, walk)


def _wrong_sign(epsilon: float, rounds: int, delta: float) -> float:
    return math.sqrt(2 * rounds * math.log(delta)) * epsilon + rounds * epsilon * math.expm1(epsilon)


@exercise(solved="two promises hold at once, and the smaller one is what you may claim.")
def check_epsilon(answer: Callable) -> None:
    """Check ``answer(epsilon, rounds, delta)``, the smaller of basic and advanced composition."""
    compare_on(
        _LOSSES,
        answer,
        reference=_epsilon,
        mistakes=[
            ("this is basic composition alone; here advanced composition promises more.", lambda e, T, d: T * e),
            ("this is advanced composition alone; here basic composition promises more.", _advanced),
            ("where delta is 0 the logarithm of 1 / delta has no value: basic composition is all there is.", _dividing),
            ("the logarithm of delta is negative: it is ln(1 / delta).", _wrong_sign),
            ("the walk alone is too good: the second term of (9) is missing.", _without_second_term),
            (
                "the square root of T alone is too good: (9) has a logarithm of 1 / delta, too.",
                lambda e, T, d: math.sqrt(T) * e,
            ),
        ],
    )


def _dividing(epsilon: float, rounds: int, delta: float) -> float:
    return min(
        rounds * epsilon,
        math.sqrt(2 * rounds * math.log(1 / delta)) * epsilon + rounds * epsilon * (math.exp(epsilon) - 1),
    )


def _numbers() -> tuple[np.ndarray, np.ndarray]:
    """Return public and private projections: a mixture of ten bells, as digits give."""
    random = np.random.default_rng(5)
    centres, spreads = random.normal(size=10), random.uniform(0.2, 0.6, size=10)
    draws = centres[random.integers(10, size=8000)]
    draws = draws + np.tile(spreads, 800) * random.normal(size=8000)
    return draws[:2000], draws[2000:]


@exercise(solved="every interval is as likely as any other to hold an example.")
def check_thresholds(answer: Callable) -> None:
    """Check ``answer(public, count)``, thresholds that part as many private numbers as possible."""
    public, private = _numbers()
    inputs = {"public": public, "count": 100}
    what = call_text(answer, inputs)
    thresholds = as_numbers(call(answer, **inputs), what)
    if thresholds.shape != (100,):
        raise NotYet(f"{what} gives the shape {thresholds.shape}; (100,) is expected.")
    if not np.isfinite(thresholds).all():
        raise NotYet("some of your thresholds are not finite; the server needs 100 biases that are numbers.")
    if (np.diff(thresholds) < 0).any():
        raise NotYet("the thresholds have to grow from each unit to the next.")
    found = _found(thresholds, private)
    if found >= _GOOD_ENOUGH:
        return
    report = f"they find {found:.1f} of {_BATCH} on average; at least {_GOOD_ENOUGH:.0f} are expected."
    below = np.mean(private < thresholds[0])
    if below > 0.03:
        report = (
            f"{below:.0%} of the private numbers lie below your first threshold, and reach no unit at all.\n{report}"
        )
    elif np.ptp(np.diff(thresholds)) < 1e-6 * np.ptp(thresholds):
        report = (
            f"your thresholds are evenly spaced, but the numbers are not: most of them lie in the middle.\n{report}"
        )
    raise NotYet(report)


def _found(thresholds: np.ndarray, private: np.ndarray) -> float:
    random = np.random.default_rng(1)
    total = 0
    for _ in range(_BATCHES):
        batch = private[random.permutation(len(private))[:_BATCH]]
        total += np.count_nonzero(np.bincount(np.searchsorted(thresholds, batch), minlength=101)[1:] == 1)
    return total / _BATCHES
