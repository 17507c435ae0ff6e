"""The right answers pass; each known mistake is met with its own explanation."""

import itertools

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import side_by_side as exercises


def shares_by_counting(depth):
    """Count a network of 3x3 kernels, 5 channels and 64x64 pixels on the first level."""
    parameters, multiplications = [], []
    for level in range(depth + 1):
        channels, side = 5 * 2**level, 64 // 2**level
        parameters.append(9 * channels * channels)
        multiplications.append(parameters[-1] * side * side)
    return parameters[-1] / sum(parameters), multiplications[-1] / sum(multiplications)


def shares_in_closed_form(depth):
    return 3 * 4**depth / (4 ** (depth + 1) - 1), 1 / (depth + 1)


def shares_with(channels=4, pixels=0.25, levels=1):
    def answer(depth):
        each = [channels**level for level in range(depth + levels)]
        work = [count * pixels**level for level, count in enumerate(each)]
        return each[-1] / sum(each), work[-1] / sum(work)

    return answer


def difference_by_variances(one, other):
    variance = np.var(one, ddof=1) / len(one) + np.var(other, ddof=1) / len(other)
    return np.mean(one) - np.mean(other), variance**0.5


def difference_with(error):
    return lambda one, other: (np.mean(one) - np.mean(other), error(one, other))


def sd(runs):
    return np.std(runs, ddof=1)


def effect_by_groups(settings, scores, factor):
    """Pairs within groups of runs that agree in everything else."""
    groups = {}
    for row, score in zip(settings.tolist(), scores, strict=True):
        value = row.pop(factor)
        groups.setdefault(tuple(row), {0: [], 1: []})[value].append(score)
    return np.mean([on - off for group in groups.values() for on, off in itertools.product(group[1], group[0])])


def effect_with_loops(settings, scores, factor):
    gains = []
    for i in range(len(scores)):
        for j in range(len(scores)):
            change = settings[i] - settings[j]
            if change[factor] == 1 and np.count_nonzero(change) == 1:
                gains.append(scores[i] - scores[j])
    return sum(gains) / len(gains)


def careless_effect(settings, scores, factor):
    used = settings[:, factor] == 1
    return np.mean(scores[used]) - np.mean(scores[~used])


SOLUTIONS = [
    (exercises.check_shares, shares_by_counting),
    (exercises.check_shares, shares_in_closed_form),
    (exercises.check_difference, difference_by_variances),
    (exercises.check_difference, difference_with(lambda a, b: np.sqrt(sd(a) ** 2 / len(a) + sd(b) ** 2 / len(b)))),
    (exercises.check_effect, effect_by_groups),
    (exercises.check_effect, effect_with_loops),
]
MISTAKES = [
    (exercises.check_shares, lambda depth: shares_by_counting(depth)[::-1], "in the other order"),
    (exercises.check_shares, shares_with(channels=2), "both double"),
    (exercises.check_shares, shares_with(channels=2, pixels=0.5), "both double. That changes"),
    (exercises.check_shares, shares_with(pixels=0.5), "half the rows and half the columns"),
    (exercises.check_shares, shares_with(pixels=1), "each pooling leaves a quarter"),
    (exercises.check_shares, shares_with(levels=0), "depth + 1 levels"),
    (exercises.check_shares, lambda depth: (3 / (4 ** (depth + 1) - 1), 1 / (depth + 1)), "share of the first level"),
    (exercises.check_shares, lambda depth: (4**depth, 1), "divide by the sum over all levels"),
    (exercises.check_shares, lambda depth: 100 * np.array(shares_by_counting(depth)), "percentages"),
    (exercises.check_shares, lambda depth: shares_by_counting(depth)[0], "return two numbers"),
    (exercises.check_difference, lambda one, other: difference_by_variances(other, one), "the sign is wrong"),
    (
        exercises.check_difference,
        difference_with(lambda a, b: np.hypot(np.std(a) / len(a) ** 0.5, np.std(b) / len(b) ** 0.5)),
        "ddof=1",
    ),
    (exercises.check_difference, difference_with(lambda a, b: np.hypot(sd(a), sd(b))), "spread of single runs"),
    (
        exercises.check_difference,
        difference_with(lambda a, b: sd(a) / len(a) ** 0.5 + sd(b) / len(b) ** 0.5),
        "Add their squares",
    ),
    (
        exercises.check_difference,
        difference_with(lambda a, b: abs(sd(a) / len(a) ** 0.5 - sd(b) / len(b) ** 0.5)),
        "less sure than either",
    ),
    (exercises.check_difference, difference_with(lambda a, b: difference_by_variances(a, b)[1] ** 2), "take its root"),
    (
        exercises.check_difference,
        difference_with(lambda a, b: sd([*a, *b]) / (len(a) + len(b)) ** 0.5),
        "thrown together",
    ),
    (exercises.check_difference, difference_with(lambda a, b: sd(a) / len(a) ** 0.5), "first network alone"),
    (
        exercises.check_difference,
        difference_with(lambda a, b: ((sd(a) ** 2 + sd(b) ** 2) / (len(a) + len(b))) ** 0.5),
        "each by its own",
    ),
    (exercises.check_difference, lambda one, other: np.mean(one) - np.mean(other), "return two numbers"),
    (exercises.check_effect, careless_effect, "whatever else differs"),
    (exercises.check_effect, lambda *inputs: -effect_by_groups(*inputs), "the sign is wrong"),
    (exercises.check_effect, lambda settings, scores, factor: scores, "return one number"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
