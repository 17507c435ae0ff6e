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


def effect_of(pairs, of=np.mean):
    """Put the gains of the pairs of runs together in some way."""
    return lambda settings, scores, factor: of([scores[i] - scores[j] for i, j in pairs(settings, factor)])


def equal_otherwise(settings, factor):
    runs = range(len(settings))
    change = settings[:, None] - settings
    return [(i, j) for i in runs for j in runs if change[i, j, factor] == 1 and np.abs(change[i, j]).sum() == 1]


def mean_of_means(settings, scores, factor):
    groups = {}
    for i, j in equal_otherwise(settings, factor):
        groups.setdefault(tuple(np.delete(settings[i], factor)), []).append(scores[i] - scores[j])
    return np.mean([np.mean(gains) for gains in groups.values()])


def effect_by_dictionary(settings, scores, factor):
    found = {tuple(row): score for row, score in zip(settings.tolist(), scores, strict=True)}
    gains = []
    for row, score in found.items():
        without = (*row[:factor], 0, *row[factor + 1 :])
        if row[factor] and without in found:
            gains.append(score - found[without])
    return np.mean(gains)


def least_squares(settings, scores, factor):
    columns = np.column_stack([settings, np.ones(len(settings))])
    return np.linalg.lstsq(columns, scores, rcond=None)[0][factor]


SOLUTIONS = [
    (exercises.check_shares, shares_by_counting),
    (exercises.check_shares, shares_in_closed_form),
    (exercises.check_difference, difference_by_variances),
    (exercises.check_difference, difference_with(lambda a, b: np.sqrt(sd(a) ** 2 / len(a) + sd(b) ** 2 / len(b)))),
    (exercises.check_effect, effect_by_groups),
    (exercises.check_effect, effect_with_loops),
    (exercises.check_effect, effect_of(equal_otherwise)),
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
    (exercises.check_difference, lambda one, other: np.abs(difference_by_variances(one, other)), "the sign is lost"),
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
    (exercises.check_effect, effect_of(equal_otherwise, lambda gains: np.mean(np.abs(gains))), "keep the sign"),
    (exercises.check_effect, effect_of(equal_otherwise, np.sum), "this is the sum"),
    (exercises.check_effect, effect_of(equal_otherwise, np.max), "largest effect of any pair"),
    (exercises.check_effect, effect_of(equal_otherwise, lambda gains: gains[0]), "only the first pair"),
    (exercises.check_effect, mean_of_means, "each pair counts once"),
    (exercises.check_effect, effect_by_dictionary, "a run is left out"),
    (exercises.check_effect, least_squares, "is expected"),
    (exercises.check_effect, lambda settings, scores, factor: scores, "return one number"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
