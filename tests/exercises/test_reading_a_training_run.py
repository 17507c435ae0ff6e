"""The right answers pass; each known mistake is met with its own explanation."""

import itertools
import math

import numpy as np
import pytest
from verdicts import assert_explained, assert_solved, assert_starter_and_error_are_told_apart

from pcfilter_lib.exercises import reading_a_training_run as exercises

CHECKS = [
    exercises.check_calibration_error,
    exercises.check_batch_losses,
    exercises.check_images_needed,
    exercises.check_order,
]


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    assert_starter_and_error_are_told_apart(capsys, check)


def by_digitize(confidence, right, bins, weights=None, closed_above=True):
    which = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=closed_above)
    total = 0.0
    for m in np.unique(which):
        gap = np.abs(right[which == m].mean() - confidence[which == m].mean())
        total += gap * ((which == m).mean() if weights is None else weights)
    return total


def with_nan(confidence, right, bins):
    which = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    total = 0.0
    for m in range(bins):
        inside = which == m
        n = inside.sum()
        with np.errstate(all="ignore"):
            total += np.float64(n) / len(right) * abs(right[inside].sum() / n - confidence[inside].sum() / n)
    return total


def with_middles(confidence, right, bins):
    which = np.ceil(confidence * bins)
    return sum((which == m).mean() * abs(right[which == m].mean() - (m - 0.5) / bins) for m in np.unique(which))


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda c, r, b: by_digitize(c, r, b, weights=1 / b), "bins count equally"),
        (lambda c, r, b: by_digitize(c, r, b, weights=1), "without their weights"),
        (with_nan, "0 / 0"),
        (lambda c, r, b: by_digitize(c, r, b, closed_above=False), "belongs to the lower one"),
        (lambda c, r, b: abs(np.mean(r) - np.mean(c)), "cancel each other"),
        (lambda c, r, b: np.mean(r) - np.mean(c), "cancel each other"),
        (lambda c, r, b: np.mean(np.abs(c - r)), "average first"),
        (with_middles, "the middle of a bin"),
        (lambda c, r, b: by_digitize(c, r, b) * len(c), "not divided by the number of answers"),
    ],
)
def test_calibration_error(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_calibration_error, by_digitize)
    assert_explained(capsys, exercises.check_calibration_error, mistake, explanation)


def one_by_one(running):
    losses = []
    for n, mean in enumerate(running, start=1):
        losses.append(mean * n - sum(losses))
    return losses


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda running: running - np.concatenate([[0], running[:-1]]), "differences of the means"),
        (lambda running: [n * mean for n, mean in enumerate(running, start=1)], "one step away"),
        (lambda running: np.diff([0, *(n * mean for n, mean in enumerate(running))]), "counted from 0"),
        (lambda running: [np.mean(running[: n + 1]) for n in range(len(running))], "go the other way"),
        (lambda running: np.diff([n * m for n, m in enumerate(running, start=1)]), "the first batch is missing"),
        (lambda running: [sum(running[: n + 1]) for n in range(len(running))], "the means are added up"),
        (lambda running: with_roll(running), "np.roll brings the end round"),
        (lambda running: [running[0], *(2 * b - a for a, b in itertools.pairwise(running))], "over two losses"),
    ],
)
def test_batch_losses(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_batch_losses, one_by_one)
    assert_explained(capsys, exercises.check_batch_losses, mistake, explanation)


def with_roll(running):
    sums = [n * mean for n, mean in enumerate(running, start=1)]
    return np.subtract(sums, sums[-1:] + sums[:-1])


def by_search(a, d):
    """Take more images until 2.8 standard deviations of the difference fit into d."""
    n = 1
    while 2.8 * math.sqrt(2 * a * (1 - a) / n) > d:
        n += 1
    return n


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda a, d: math.ceil(2.8**2 * a * (1 - a) / d**2), "both variances count"),
        (lambda a, d: math.ceil(8 * a * (1 - a) / d**2), "every other comparison misses"),
        (lambda a, d: math.ceil(2 * a * (1 - a) / d**2), "2.8 are asked for"),
        (lambda a, d: math.ceil(a * (1 - a) / d**2), "one standard deviation of one network"),
        (lambda a, d: math.ceil(4 * 2.8**2 * a * (1 - a) / d**2), "twice too many"),
        (lambda a, d: math.ceil(16 * a * (1 - a) / d**2), "rule of thumb"),
        (lambda a, d: math.ceil(2 * 2.8 * a * (1 - a) / d**2), "2.8 has to be squared"),
        (lambda a, d: math.ceil(2.8 * math.sqrt(2 * a * (1 - a)) / d), "a root is left over"),
        (lambda a, d: round(2 * 2.8**2 * a * (1 - a) / d**2), "round up"),
        (lambda a, d: math.ceil(2 * 2.8**2 * a * (1 - a) / d), "half of it takes four times"),
        (lambda a, d: math.ceil(2 * 2.8**2 * math.sqrt(a * (1 - a)) / d**2), "under a root twice"),
        (lambda a, d: 2 * 2.8**2 * a * (1 - a) / d**2, "round up"),
        (lambda a, d: int(2 * 2.8**2 * a * (1 - a) / d**2), "round up"),
        (lambda a, d: 100, "with this many images"),
        (lambda a, d: [1, 2], "gives 2 numbers"),
    ],
)
def test_images_needed(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_images_needed, by_search)
    assert_explained(capsys, exercises.check_images_needed, mistake, explanation)


def test_the_solution_quotes_the_right_number():
    assert math.ceil(2 * 2.8**2 * 0.97 * 0.03 / 0.006**2) == by_search(0.97, 0.006) == 12_675


@pytest.mark.parametrize(
    ("images", "power"), [(by_search, 0.80), (lambda a, d: math.ceil(8 * a * (1 - a) / d**2), 0.52)]
)
def test_with_so_many_images_four_comparisons_of_five_see_the_difference(images, power):
    """Test simulated networks, and believe in a difference of more than 1.96 of its standard deviations."""
    a, d = 0.9, 0.02
    n, random = images(a, d), np.random.default_rng(0)
    better, worse = (random.binomial(n, right, size=20_000) / n for right in (a + d / 2, a - d / 2))
    deviation = np.sqrt((better * (1 - better) + worse * (1 - worse)) / n)
    assert np.mean(better - worse > 1.96 * deviation) == pytest.approx(power, abs=0.015)


def by_spawning(seed, epoch, n):
    return np.argsort(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(epoch,))).random(n))


STREAM = np.random.default_rng(0)
COUNTER = itertools.count()


@pytest.mark.parametrize(
    "mistake, explanation",
    [
        (lambda seed, epoch, n: np.random.default_rng(seed + epoch).permutation(n), "the numbers meet"),
        (lambda seed, epoch, n: np.random.default_rng(1000 * seed + epoch).permutation(n), "Seed 0 in epoch 1000"),
        (lambda seed, epoch, n: np.random.default_rng(int(f"{seed}{epoch}")).permutation(n), "Seed 0 in epoch 10 "),
        (lambda seed, epoch, n: np.random.default_rng(int(f"1{seed}{epoch}")).permutation(n), "Seed 1 in epoch 11"),
        (lambda seed, epoch, n: np.roll(np.random.default_rng(seed).permutation(n), epoch), "neighbours stay"),
        (lambda seed, epoch, n: np.random.default_rng(seed * epoch).permutation(n), "multiplied"),
        (lambda seed, epoch, n: np.random.default_rng(seed).permutation(n), "the epoch makes no difference"),
        (lambda seed, epoch, n: np.random.default_rng(epoch).permutation(n), "the seed makes no difference"),
        (lambda seed, epoch, n: STREAM.permutation(n), "depends on what was drawn before"),
        (lambda seed, epoch, n: np.arange(n), "always the same"),
        (lambda seed, epoch, n: np.random.default_rng([seed, epoch]).integers(0, n, n), "come once"),
        (lambda seed, epoch, n: np.random.default_rng([seed, epoch]).permutation(n) + 1, "come once"),
    ],
)
def test_order(capsys, mistake, explanation):
    assert_solved(capsys, exercises.check_order, by_spawning)
    assert_solved(capsys, exercises.check_order, lambda s, e, n: np.random.default_rng((s, e)).permutation(n))
    assert_explained(capsys, exercises.check_order, mistake, explanation)
