"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy.stats import mannwhitneyu
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_real_scan as exercises


def chance(a, s):
    art, true = a * s / (a + s - a * s), (1 - a) * (1 - s) / (1 - a * s)
    return np.array([a, 0.5, (art + true) / 2])


def chance_by_counting(a, s):
    """From the four cells of a large confusion matrix."""
    cells = np.outer([a, 1 - a], [s, 1 - s])
    ious = [cells[k, k] / (cells[k].sum() + cells[:, k].sum() - cells[k, k]) for k in (0, 1)]
    return [a, (s + 1 - s) / 2, np.mean(ious)]


def with_iou(third):
    return lambda a, s: [a, 0.5, third(a, s)]


def gap(u, v):
    u, v = u[~np.isnan(u)], v[~np.isnan(v)]
    if u.size == 0 or v.size == 0:
        return 0.5
    area = ((u[:, None] > v) + (u[:, None] == v) / 2).mean()
    return max(area, 1 - area)


def gap_by_mann_whitney(u, v):
    u, v = (x[np.isfinite(x)] for x in (u, v))
    if not (len(u) and len(v)):
        return 0.5
    return 0.5 + abs(mannwhitneyu(u, v).statistic / (len(u) * len(v)) - 0.5)


def leaks(made, used, secret):
    found, knows = [], {secret}
    for thing, row in zip(made, used, strict=True):
        found.append(any(n in knows for n in np.flatnonzero(row)))
        (knows.add if found[-1] else knows.discard)(thing)
    return found


def never_forget(made, used, secret):
    found, knows = [], {secret}
    for thing, row in zip(made, used, strict=True):
        found.append(not knows.isdisjoint(np.flatnonzero(row)))
        if found[-1]:
            knows.add(thing)
    return np.array(found)


def any_time(made, used, secret):
    knows = {secret}
    for _ in made:
        knows |= {thing for thing, row in zip(made, used, strict=True) if knows & set(np.flatnonzero(row))}
    return [bool(knows & set(np.flatnonzero(row))) for row in used]


def any_time_by_thing(made, used, secret):
    knows = {secret}
    for _ in made:
        knows |= {thing for thing, row in zip(made, used, strict=True) if knows & set(np.flatnonzero(row))}
    return [thing in knows for thing in made]


def old_counts(made, used, secret):
    """Each step may only add to what its thing knows."""
    found, knows = [], {secret}
    for thing, row in zip(made, used, strict=True):
        if knows & {thing, *np.flatnonzero(row)}:
            knows.add(thing)
        found.append(thing in knows)
    return found


def errors(heights):
    R, N = heights.shape
    mean = heights.sum(axis=0) / R
    noise = ((heights - mean) ** 2).sum() / (N * (R - 1))
    return [noise**0.5, max(0, (mean**2).mean() - noise / R) ** 0.5]


SOLUTIONS = [
    (exercises.check_chance, chance),
    (exercises.check_chance, chance_by_counting),
    (exercises.check_gap, gap),
    (exercises.check_gap, gap_by_mann_whitney),
    (exercises.check_leaks, leaks),
    (exercises.check_errors, errors),
]
MISTAKES = [
    (exercises.check_chance, lambda a, s: [1 - a, *chance(a, s)[1:]], "that of true geometry"),
    (exercises.check_chance, lambda a, s: [s, *chance(a, s)[1:]], "it has no threshold"),
    (exercises.check_chance, lambda a, s: [a, a * s + (1 - a) * (1 - s), chance(a, s)[2]], "is the accuracy"),
    (exercises.check_chance, with_iou(lambda a, s: a * s / (a + s - a * s)), "of the artefacts alone"),
    (exercises.check_chance, with_iou(lambda a, s: (1 - a) * (1 - s) / (1 - a * s)), "of true geometry alone"),
    (
        exercises.check_chance,
        with_iou(lambda a, s: a * a * s / (a + s - a * s) + (1 - a) ** 2 * (1 - s) / (1 - a * s)),
        "counts both alike",
    ),
    (
        exercises.check_chance,
        with_iou(lambda a, s: (a * s / (a + s) + (1 - a) * (1 - s) / (2 - a - s)) / 2),
        "a union is no sum",
    ),
    (exercises.check_chance, with_iou(lambda a, s: 2 * chance(a, s)[2]), "take their mean"),
    (exercises.check_chance, lambda a, s: chance(a, 1 - s), "the share that is removed"),
    (exercises.check_chance, lambda a, s: [0.5, a, chance(a, s)[2]], "in another order"),
    (exercises.check_chance, lambda a, s: chance(a, s)[2], "three numbers"),
    (exercises.check_gap, lambda u, v: np.nan_to_num(gap_below(u, v), nan=0.5), "below one half"),
    (exercises.check_gap, lambda u, v: tied(u, v, 0), "half a pair, not none"),
    (exercises.check_gap, lambda u, v: tied(u, v, 1), "not a whole one"),
    (exercises.check_gap, lambda u, v: max(larger(u, v), larger(v, u)), "half a pair, not none"),
    (exercises.check_gap, lambda u, v: max(x := every_pair(u, v), 1 - x), "before you compare"),
    (exercises.check_gap, lambda u, v: gap(np.nan_to_num(u), np.nan_to_num(v)), "taken for 0"),
    (exercises.check_gap, lambda u, v: gap(u, v) - 0.5, "how far A is"),
    (
        exercises.check_gap,
        lambda u, v: gap(u, v) * np.isfinite(u).sum() * np.isfinite(v).sum(),
        "the number of pairs",
    ),
    (exercises.check_gap, lambda u, v: np.nan if np.isnan(u).all() else gap(u, v), "nothing can be told apart"),
    (exercises.check_leaks, lambda made, used, secret: used[:, secret], "only direct use"),
    (exercises.check_leaks, never_forget, "must be forgotten"),
    (exercises.check_leaks, lambda made, used, secret: np.cumsum(used[:, secret]) > 0, "everything after the first"),
    (exercises.check_leaks, old_counts, "what the old one knew"),
    (exercises.check_leaks, any_time, "what happens later"),
    (exercises.check_leaks, any_time_by_thing, "what happens later"),
    (exercises.check_leaks, lambda *i: np.logical_not(leaks(*i)), "the other way round"),
    (exercises.check_leaks, lambda *i: np.flatnonzero(leaks(*i)), "not for each that leaks"),
    (exercises.check_leaks, lambda *i: any(leaks(*i)), "one value for each step"),
    (
        exercises.check_errors,
        lambda h: [errors(h)[0], np.sqrt((h.mean(axis=0) ** 2).mean())],
        "counted as fixed error",
    ),
    (
        exercises.check_errors,
        lambda h: [errors(h)[0], np.sqrt(max(0, (h.mean(axis=0) ** 2).mean() - errors(h)[0] ** 2))],
        "too much is taken off",
    ),
    (
        exercises.check_errors,
        lambda h: np.sqrt([v := h.var(axis=0).mean(), max(0, (h.mean(axis=0) ** 2).mean() - v / len(h))]),
        "comes out too small",
    ),
    (exercises.check_errors, lambda h: errors(h.T), "the repetitions are the first axis"),
    (
        exercises.check_errors,
        lambda h: [errors(h)[0], np.sqrt(max(0, (h.mean(axis=0) ** 2).mean() - errors(h)[0] ** 2 / h.shape[1]))],
        "a mean over the points",
    ),
    (exercises.check_errors, lambda h: np.square(errors(h)), "take the roots"),
    (exercises.check_errors, lambda h: errors(h)[::-1], "changed places"),
    (
        exercises.check_errors,
        lambda h: [h.std(axis=0, ddof=1).mean(), errors(h)[1]],
        "average their squares",
    ),
    (
        exercises.check_errors,
        lambda h: [
            errors(h)[0],
            np.sqrt((h.mean(axis=0) ** 2).mean() - errors(h)[0] ** 2 / len(h)),
        ],
        "less than nothing",
    ),
    (
        exercises.check_errors,
        lambda h: [errors(h)[0], np.sqrt(max(0, h.mean(axis=0).var() - errors(h)[0] ** 2 / len(h)))],
        "not the variance",
    ),
]


def gap_below(u, v):
    """The area without its turn."""
    u, v = u[~np.isnan(u)], v[~np.isnan(v)]
    return ((u[:, None] > v) + (u[:, None] == v) / 2).sum() / max(u.size * v.size, 1) if u.size and v.size else np.nan


def tied(u, v, tie):
    u, v = u[~np.isnan(u)], v[~np.isnan(v)]
    area = ((u[:, None] > v) + tie * (u[:, None] == v)).mean() if u.size and v.size else 0.5
    return max(area, 1 - area)


def larger(u, v):
    """The share of pairs in which u is larger."""
    u, v = u[~np.isnan(u)], v[~np.isnan(v)]
    return (u[:, None] > v).mean() if u.size and v.size else 0.5


def every_pair(u, v):
    return ((u[:, None] > v) + (u[:, None] == v) / 2).mean() if not np.isnan(u).all() else 0.5


test_solutions_pass, test_mistakes_are_explained, test_starter_and_error_are_told_apart = verdict_tests(
    exercises, SOLUTIONS, MISTAKES
)
