"""The right answers pass; each known mistake is met with its own explanation."""

import itertools

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib.exercises import one_cube_after_another as exercises
from pcfilter_lib.models import GROUPS


def groups(shape):
    numbers = np.empty(shape)
    for number, (a, b, c) in enumerate(GROUPS):
        numbers[a::2, b::2, c::2] = number
    return numbers


def in_bits(*worth):
    return lambda shape: sum(w * (axis % 2) for w, axis in zip(worth, np.indices(shape), strict=True))


def context(voxels, number):
    result = np.zeros(voxels.shape)
    for a, b, c in GROUPS[:number]:
        result[a::2, b::2, c::2] = np.where(voxels[a::2, b::2, c::2] > 0, 1, -1)
    return result


def context_if(which, empty=-1, unseen=0):
    def answer(voxels, number):
        return np.where(which(groups(voxels.shape), number), np.where(voxels > 0, 1, empty), unseen)

    return answer


def chance(counts):
    """Go through all outcomes of all draws."""
    places = [group for group, count in enumerate(counts) for _ in range(count)]
    total = 0.0
    for outcome in itertools.product((0, 1), repeat=len(places)):
        probability, left, stands = 1.0, len(places), False
        for group, count in enumerate(counts):
            own = [leg for leg, place in zip(outcome, places, strict=True) if place == group]
            p = 0 if stands else 1 / left if left else 0
            for leg in own:
                probability *= p if leg else 1 - p
            stands |= any(own)
            left -= count
        total += probability * (sum(outcome) == 1)
    return total


def draws(counts, p_of):
    undecided, result, left = 1.0, 0.0, sum(counts)
    for n in counts:
        p = p_of(left, sum(counts)) if n else 0
        result += undecided * n * p * (1 - p) ** max(n - 1, 0)
        undecided *= (1 - p) ** n
        left -= n
    return result


def sum_over_groups(counts):
    left, result = sum(counts), 0.0
    for n in counts:
        if n:
            result += n / left * (1 - 1 / left) ** (n - 1)
        left -= n
    return result


def at_least_one(counts):
    left, none = sum(counts), 1.0
    for n in counts:
        none *= (1 - 1 / left) ** n if n else 1
        left -= n
    return 1 - none


def one_way(counts):
    left, none, result = sum(counts), 1.0, 0.0
    for n in counts:
        if n:
            result += none / left * (1 - 1 / left) ** (n - 1)
            none *= (1 - 1 / left) ** n
        left -= n
    return result


def period(rows, columns):
    def answer(shape):
        row, column = np.indices(shape)
        return columns * (row % rows) + column % columns

    return answer


def one_by_one(shape):
    return np.arange(np.prod(shape)).reshape(shape)


SOLUTIONS = [
    (exercises.check_groups, groups),
    (exercises.check_groups, in_bits(4, 2, 1)),
    (exercises.check_context, context),
    (exercises.check_context, context_if(lambda group, number: group < number)),
    (exercises.check_chance, chance),
    (exercises.check_chance, lambda counts: draws(counts, lambda left, all_of_them: 1 / left)),
    (exercises.check_order, period(3, 3)),
    (exercises.check_order, period(4, 4)),
    (exercises.check_order, period(3, 5)),
]

MISTAKES = [
    (exercises.check_groups, in_bits(1, 2, 4), "z is the fastest"),
    (exercises.check_groups, lambda shape: groups(shape) + 1, "numbered from 0"),
    (exercises.check_groups, in_bits(1, 1, 1), "adds the three remainders up"),
    (exercises.check_groups, lambda shape: np.indices(shape).sum(axis=0) % 2, "as on a chessboard"),
    (exercises.check_groups, in_bits(4, 1, 2), "y and z have changed places"),
    (exercises.check_groups, lambda shape: np.arange(np.prod(shape)).reshape(shape) % 8, "order of memory"),
    (
        exercises.check_groups,
        lambda shape: sum(w * (2 * i >= n) for w, i, n in zip((4, 2, 1), np.indices(shape), shape, strict=True)),
        "blocks of neighbours",
    ),
    (exercises.check_groups, lambda shape: np.arange(8), "a number for each voxel"),
    (exercises.check_context, context_if(lambda group, number: group <= number), "would only have to copy it"),
    (exercises.check_context, context_if(lambda group, number: group > number), "those before"),
    (exercises.check_context, context_if(lambda group, number: group == number), "the answer"),
    (exercises.check_context, lambda voxels, number: 2 * voxels - 1, "the whole truth"),
    (exercises.check_context, context_if(lambda group, number: group < number, empty=0), "an empty voxel is -1"),
    (exercises.check_context, context_if(lambda group, number: group < number, unseen=-1), "looks like an empty one"),
    (exercises.check_context, lambda voxels, number: -context(voxels, number), "the signs are reversed"),
    (
        exercises.check_context,
        lambda voxels, number: np.where(in_bits(1, 2, 4)(voxels.shape) < number, 2 * voxels - 1, 0),
        "numbered in another order",
    ),
    (
        exercises.check_chance,
        lambda counts: draws(counts, lambda left, all_of_them: 1 / all_of_them),
        "each of them is more likely",
    ),
    (exercises.check_chance, lambda counts: chance([counts[0]] + [1] * sum(counts[1:])), "is expected"),
    (
        exercises.check_chance,
        lambda counts: counts[0] / sum(counts) * (1 - 1 / sum(counts)) ** (counts[0] - 1),
        "the next one may",
    ),
    (exercises.check_chance, sum_over_groups, "as if each came first"),
    (exercises.check_chance, at_least_one, "two legs are one too many"),
    (exercises.check_chance, lambda counts: chance([sum(counts)]), "all places as one group"),
    (exercises.check_chance, one_way, "only one of them"),
    (exercises.check_chance, lambda counts: 1, "drawn blindly, it goes wrong"),
    (exercises.check_order, period(2, 2), "Your groups repeat after two pixels"),
    (exercises.check_order, period(3, 2), "are in one group"),
    (exercises.check_order, one_by_one, "at most 16 are allowed"),
    (exercises.check_order, lambda shape: np.zeros(shape), "are in one group"),
    (exercises.check_order, lambda shape: np.arange(shape[0]), "a number for each pixel"),
    (exercises.check_order, lambda shape: period(3, 3)(shape) / 2, "whole numbers from 0"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


@pytest.mark.parametrize("counts", [[2, 2], [4], [1, 1, 1, 1], [1, 2, 1]])
def test_the_formula_is_what_a_perfect_network_draws(counts):
    random = np.random.default_rng(0)
    places = np.repeat(np.arange(len(counts)), counts)
    stand = 0
    for _ in range(4000):
        legs = np.zeros(len(places), bool)
        for group in range(len(counts)):
            left = places >= group
            if not legs.any():
                legs |= (places == group) & (random.random(len(places)) < 1 / left.sum())
        stand += legs.sum() == 1
    assert stand / 4000 == pytest.approx(exercises._chance(counts), abs=0.03)
