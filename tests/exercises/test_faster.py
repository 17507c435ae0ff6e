"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import faster as exercises


def by_totals(seconds, factors):
    """Compute the whole time after each offer: an independent way."""
    totals = []
    for part in range(len(seconds)):
        totals.append(sum(time / (factors[part] if part == at else 1) for at, time in enumerate(seconds)))
    return totals.index(min(totals))


def counted(compile_s, before_s, after_s):
    """Count the steps one by one."""
    if not after_s < before_s:
        return math.inf
    steps = 1
    while compile_s + steps * after_s >= steps * before_s - 1e-9:
        steps += 1
    return steps


def one_by_one(weights):
    out = np.zeros_like(weights)
    for channel in range(weights.shape[-1]):
        w = weights[..., channel]
        step = max(w.max(), -w.min()) / 127
        if step:
            out[..., channel] = step * np.rint(w / step)
    return out


def steps_of(weights, most=127):
    largest = np.abs(weights).reshape(-1, weights.shape[-1]).max(axis=0)
    return np.where(largest == 0, 1, largest) / most


def unguarded(weights):
    with np.errstate(invalid="ignore"):
        steps = np.abs(weights).max(axis=tuple(range(weights.ndim - 1))) / 127
        return np.round(weights / steps) * steps


SOLUTIONS = [
    (exercises.check_best_part, by_totals),
    (exercises.check_best_part, lambda s, f: np.argmin(s / f - s)),
    (exercises.check_first_step_that_pays, counted),
    (
        exercises.check_first_step_that_pays,
        lambda c, b, a: math.floor(round(c / (b - a), 9)) + 1 if b > a else float("inf"),
    ),
    (exercises.check_eight_bits, one_by_one),
    (exercises.check_eight_bits, lambda w: (np.round(w / steps_of(w)) * steps_of(w)).astype("float32")),
]

MISTAKES = [
    (exercises.check_best_part, lambda s, f: np.argmax(f), "the largest factor"),
    (exercises.check_best_part, lambda s, f: np.argmax(s), "the part that takes longest"),
    (exercises.check_best_part, lambda s, f: np.argmin(s / f), "shortest afterwards"),
    (exercises.check_best_part, lambda s, f: max(s), "the place of a part"),
    (exercises.check_best_part, lambda s, f: 0, "another part saves"),
    (exercises.check_best_part, lambda s, f: np.argmax(s * (1 - 1 / f)) + 1, "counted from 0"),
    (exercises.check_best_part, lambda s, f: None, "returns None"),
    (exercises.check_first_step_that_pays, lambda c, b, a: c / (b - a) if b > a else math.inf, "whole"),
    (exercises.check_first_step_that_pays, lambda c, b, a: math.ceil(round(c / (b - a), 9)) if b > a else math.inf,
     "level"),
    (exercises.check_first_step_that_pays, lambda c, b, a: math.floor(round(c / (b - a), 9)) if b > a else math.inf,
     "not yet ahead"),
    (exercises.check_first_step_that_pays, lambda c, b, a: c / b, "not the time before"),
    (exercises.check_first_step_that_pays, lambda c, b, a: c / a, "not the time after"),
    (exercises.check_first_step_that_pays, lambda c, b, a: math.floor(round(c / (b - a), 9)) + 1 if b != a else 0,
     "nothing to be won"),
    (exercises.check_first_step_that_pays, lambda c, b, a: math.floor(c / b) + 1, "not the time before"),
    (exercises.check_first_step_that_pays, lambda c, b, a: math.floor(c / (a - b)) + 1 if a > b else math.inf,
     "less the time after"),
    (exercises.check_eight_bits, unguarded, "0 / 0"),
    (exercises.check_eight_bits, lambda w: np.round(w / (abs(w).max() / 127)) * abs(w).max() / 127, "one step for all"),
    (exercises.check_eight_bits, lambda w: np.round(w / steps_of(w)), "multiply them by their step"),
    (exercises.check_eight_bits, lambda w: np.round(w / steps_of(w, 255)) * steps_of(w, 255), "255 steps"),
    (exercises.check_eight_bits, lambda w: np.round(w / steps_of(w, 128)) * steps_of(w, 128), "128 steps"),
    (exercises.check_eight_bits, lambda w: np.fix(w / steps_of(w)) * steps_of(w), "nearest"),
]  # fmt: skip

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
