"""The checks of the chapter *Reading a training run*."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of, number


@exercise(solved="every answer is in its bin, and empty bins do no harm.")
def check_calibration_error(answer: Callable) -> None:
    """Check ``answer(confidence, right, bins)``, the expected calibration error."""
    compare_on(
        _ANSWERS,
        answer,
        reference=_calibration_error,
        mistakes=[
            (
                "the bins count equally; weight each by its share of the answers.",
                lambda confidence, right, bins: _over_bins(confidence, right, bins, weight=lambda n, all_: 1 / bins),
            ),
            (
                "the bins count equally; weight each by its share of the answers.",
                lambda confidence, right, bins: np.nanmean(_gaps(confidence, right, bins)[0]),
            ),
            (
                "this is the sum over bins without their weights |B| / n.",
                lambda confidence, right, bins: np.nansum(_gaps(confidence, right, bins)[0]),
            ),
            (
                "an empty bin gives 0 / 0, which is NaN: leave it out.",
                lambda confidence, right, bins: (
                    np.sum(np.multiply(*_gaps(confidence, right, bins))) / np.float64(len(confidence))
                ),
            ),
            (
                "a confidence on the border of two bins belongs to the lower one: low < confidence <= high.",
                lambda confidence, right, bins: _over_bins(confidence, right, bins, upper=True),
            ),
            (
                "a confidence on the border of two bins belongs to the lower one: low < confidence <= high.",
                lambda confidence, right, bins: _over_bins(np.minimum(confidence, 1 - 1e-9), right, bins, upper=True),
            ),
            (
                "the gaps of the bins cancel each other: take the absolute value before you add them up.",
                lambda confidence, right, bins: abs(right.mean() - confidence.mean()),
            ),
            (
                "the gaps of the bins cancel each other: take the absolute value before you add them up.",
                lambda confidence, right, bins: right.mean() - confidence.mean(),
            ),
            (
                "the middle of a bin stands for its answers; take the mean of their confidences.",
                lambda confidence, right, bins: _over_bins(confidence, right, bins, middle=True),
            ),
            (
                "the gaps are squared; equation (1) has absolute values.",
                lambda confidence, right, bins: _over_bins(confidence, right, bins, power=2),
            ),
            (
                "the gap is taken for each answer by itself; inside a bin, average first.",
                lambda confidence, right, bins: np.mean(np.abs(right - confidence)),
            ),
            (
                "the sum is not divided by the number of answers.",
                lambda confidence, right, bins: _calibration_error(confidence, right, bins) * len(confidence),
            ),
        ],
    )


@exercise(solved="each batch has its own loss again.")
def check_batch_losses(answer: Callable) -> None:
    """Check ``answer(running)``, the losses of batches from their running means."""
    compare_on(
        _RUNNING,
        answer,
        reference=_batch_losses,
        mistakes=[
            (
                "these are differences of the means; the differences of the *sums* are the losses.",
                lambda running: np.diff(running, prepend=0),
            ),
            (
                "these are the sums over all batches so far; you are one step away.",
                lambda running: _sums(running),
            ),
            (
                "batches are counted from 0: after the first batch the mean is over one loss, not over none.",
                lambda running: np.diff(running * np.arange(len(running)), prepend=0),
            ),
            (
                "you have averaged once more; go the other way.",
                lambda running: np.cumsum(running) / np.arange(1, len(running) + 1),
            ),
            ("the means are added up; a mean times the number of its losses is their sum.", np.cumsum),
            (
                "the first batch has the last sum taken off: before it the sum is 0 (np.roll brings the end round).",
                lambda running: _sums(running) - np.roll(_sums(running), 1),
            ),
            (
                "each mean is undone as if it were over two losses; the third is over three.",
                lambda running: np.append(running[:1], 2 * running[1:] - running[:-1]),
            ),
        ],
        shapes=[
            ("the first batch is missing: before it the sum is 0.", lambda running: (len(running) - 1,)),
        ],
    )


@exercise(solved="enough images for both networks, and not one more.")
def check_images_needed(answer: Callable) -> None:
    """Check ``answer(a, d)``. The report does not print the right number: it would give the formula away."""
    given, calls = [], []
    for inputs in _NETWORKS:
        calls.append(call_text(answer, inputs))
        count = as_numbers(call(answer, **inputs), calls[-1])
        if count.size != 1:
            raise NotYet(f"{calls[-1]} gives {count.size} numbers; one is expected, the images for each network.")
        given.append(float(count.reshape(())))
    a, d = (np.array([case[key] for case in _NETWORKS]) for key in ("a", "d"))
    given, variance = np.array(given), a * (1 - a)
    quotient = 2 * _DEVIATIONS**2 * variance / d**2
    needed = np.ceil(quotient)
    wrong = np.flatnonzero(given != needed)
    if not len(wrong):
        return
    one = "this is for one network against a known accuracy; here both are measured, and both variances count."
    mistakes = [
        (one, quotient / 2),
        (
            "at two standard deviations every other comparison misses the difference; 2.8 are asked for.",
            8 * variance / d**2,
        ),
        ("this is for one standard deviation; 2.8 are asked for.", 2 * variance / d**2),
        ("this is for one standard deviation of one network; 2.8 of the difference are asked for.", variance / d**2),
        (
            "twice too many: either standard deviations are added, and not variances, or the images of both networks.",
            2 * quotient,
        ),
        ("this is the rule of thumb, which rounds 2 * 2.8^2 up to 16; take 2.8 as it is.", 16 * variance / d**2),
        ("2.8 has to be squared, as d is.", quotient / _DEVIATIONS),
        ("a root is left over: both the standard deviation and d have to be squared.", np.sqrt(quotient)),
        ("the difference has to be squared: half of it takes four times the images.", quotient * d),
        ("a (1 - a) is under a root twice; it is the variance of one answer already.", quotient / np.sqrt(variance)),
    ]
    first = wrong[0]
    known = [text for text, formula in mistakes if np.all(np.abs(given - formula) <= 1)]
    if not known and np.all(np.abs(given - quotient) <= 1):
        known = ["round up to a whole number: with fewer images the difference is below 2.8 standard deviations."]
    deviations = d[first] / np.sqrt(2 * variance[first] / given[first]) if given[first] > 0 else 0.0
    raise NotYet(
        "\n".join(
            [
                *known[:1],
                f"{calls[first]} gives {number(given[first])}: with this many images the difference is "
                f"{number(round(float(deviations), 3))} standard deviations.",
            ]
        )
    )


@exercise(solved="each epoch of each seed has an order of its own, whatever happened before.")
def check_order(answer: Callable) -> None:
    """Check ``answer(seed, epoch, n)``, a permutation that depends on seed and epoch alone."""
    name, orders = name_of(answer), {}
    for seed in range(4):
        for epoch in range(4):
            inputs = {"seed": seed, "epoch": epoch, "n": 30}
            order = as_numbers(call(answer, **inputs), call_text(answer, inputs)).reshape(-1)
            if sorted(order.tolist()) != list(range(30)):
                raise NotYet(f"{call_text(answer, inputs)} is no order of 0 to 29: each number has to come once.")
            orders[seed, epoch] = tuple(order.tolist())
    if orders[0, 0] == tuple(range(30)) == orders[1, 2]:
        raise NotYet("this order is always the same, and not random.")
    again = {}
    for seed, epoch in reversed(orders):  # other calls have come before
        again[seed, epoch] = tuple(as_numbers(call(answer, seed=seed, epoch=epoch, n=30), name).reshape(-1).tolist())
    for key in orders:
        if again[key] != orders[key]:
            raise NotYet(
                f"{name}({key[0]}, {key[1]}, 30) gives another order when it is called again: it depends on what was "
                "drawn before. Make a generator inside the function, from its arguments."
            )
    for one, other in itertools.combinations(sorted(orders), 2):
        if orders[one] == orders[other]:
            raise NotYet(_the_same(_why_the_same(orders), one, other))
        if _is_rotated(orders[one], orders[other]):
            raise NotYet(_the_same(_MOVED_ON, one, other))
    for one, other in _FAR_APART:
        far = [tuple(np.ravel(call(answer, seed=seed, epoch=epoch, n=30)).tolist()) for seed, epoch in (one, other)]
        if far[0] == far[1]:
            raise NotYet(_the_same(_TWO_INTO_ONE, one, other))


def _the_same(why: str, one: tuple[int, int], other: tuple[int, int]) -> str:
    return f"{why}\nSeed {one[0]} in epoch {one[1]} and seed {other[0]} in epoch {other[1]} have the same order."


def _is_rotated(one: tuple, other: tuple) -> bool:
    first = other.index(one[0])
    return other[first:] + other[:first] == one


_MOVED_ON = "two orders are one, moved on by some places: neighbours stay neighbours, and batches stay nearly the same."
_TWO_INTO_ONE = "two pairs of seed and epoch are made into one number, and the numbers meet: give the generator both."
# Where 1000 * seed + epoch meets itself, and where the digits of both in a row do.
_FAR_APART = [*(((0, 10**k), (1, 0)) for k in range(1, 10)), ((1, 11), (11, 1))]


def _why_the_same(orders: dict) -> str:
    if orders[1, 1] == orders[1, 2]:
        return "the epoch makes no difference."
    if orders[1, 1] == orders[2, 1]:
        return "the seed makes no difference."
    if orders[0, 0] == orders[0, 1]:
        return "the two numbers are multiplied: with 0 all is 0."
    return _TWO_INTO_ONE


def _gaps(confidence, right, bins, upper=False, middle=False) -> tuple[np.ndarray, np.ndarray]:
    """Return the gap in each bin, NaN where it is empty, and the bins' counts."""
    gaps, counts = np.full(bins, np.nan), np.zeros(bins)
    for m in range(bins):
        low, high = m / bins, (m + 1) / bins
        inside = (confidence >= low) & (confidence < high) if upper else (confidence > low) & (confidence <= high)
        counts[m] = inside.sum()
        if inside.any():
            gaps[m] = abs(right[inside].mean() - ((low + high) / 2 if middle else confidence[inside].mean()))
    return gaps, counts


def _over_bins(confidence, right, bins, *, upper=False, middle=False, power=1, weight=lambda n, all_: n / all_):
    gaps, counts = _gaps(confidence, right, bins, upper, middle)
    return float(sum(weight(n, len(right)) * gap**power for gap, n in zip(gaps, counts, strict=True) if n))


def _calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int) -> float:
    return _over_bins(confidence, right, bins)


def _sums(running: np.ndarray) -> np.ndarray:
    return running * np.arange(1, len(running) + 1)


def _batch_losses(running: np.ndarray) -> np.ndarray:
    return np.diff(_sums(running), prepend=0)


_random = np.random.default_rng(41)
# Borders that floating point holds exactly: 3 / 5 and np.linspace(0, 1, 6)[3] are not the same number.
_ANSWERS = [
    {
        "confidence": np.array([0.5, 0.75, 1.0, 0.9, 0.8]),
        "right": np.array([True, False, True, True, False]),
        "bins": 4,
    },
    {"confidence": _random.integers(4, 17, size=40) / 16, "right": _random.random(40) < 0.6, "bins": 8},
    {"confidence": 1 - _random.random(60) * 0.9, "right": _random.random(60) < 0.8, "bins": 10},
]
_RUNNING = [
    {"running": np.array([1.0, 2.5, 4.0])},
    {"running": _random.random(7).round(2)},
    {"running": np.array([3.0])},
]
# Standard deviations at which four comparisons out of five see a true difference.
_DEVIATIONS = 2.8
# No quotient is nearly a whole number, where rounding of floats would decide; one lies below a half: round() differs.
_NETWORKS = [
    {"a": 0.9, "d": 0.033},
    {"a": 0.97, "d": 0.006},
    {"a": 0.6, "d": 0.068},
    {"a": 0.75, "d": 0.0625},
    {"a": 0.8, "d": 0.055},
]
