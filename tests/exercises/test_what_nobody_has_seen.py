"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import assert_explained, verdict_tests

from pcfilter_lib.exercises import what_nobody_has_seen as exercises


def knowledge(depth, z, near):
    """Pixel by pixel and voxel by voxel."""
    return [[0 if d - centre > near else 1 if d - centre >= -near else -1 for centre in z] for d in depth]


def knowledge_with(free=lambda d, near: d > near, surface=lambda d, near: abs(d) <= near, values=(-1, 0, 1)):
    def answer(depth, z, near):
        d = depth[:, None] - z
        return np.select([surface(d, near), free(d, near)], [values[2], values[1]], values[0])

    return answer


def update(mean, weight, new, own):
    """Keep the sum, and divide in the end."""
    total, after = np.zeros(len(mean)), np.zeros(len(mean))
    for value, w in ((mean, weight), (new, np.full(len(mean), own))):
        known = ~np.isnan(value)
        total[known] += w[known] * value[known]
        after[known] += w[known]
    return np.stack([np.where(after > 0, total / np.where(after > 0, after, 1), np.nan), after])


def halfway(mean, weight, new, own):
    both = np.where(np.isnan(new), mean, np.where(np.isnan(mean), new, (mean + new) / 2))
    return np.stack([both, weight + own * ~np.isnan(new)])


def with_nan(mean, weight, new, own):
    return np.stack([(np.nan_to_num(mean) * weight + own * new) / (weight + own), weight + own])


def silence_is_zero(mean, weight, new, own):
    return np.stack([(np.nan_to_num(mean) * weight + own * np.nan_to_num(new)) / (weight + own), weight + own])


def never_begins(mean, weight, new, own):
    moved = (mean * weight + own * new) / (weight + own)
    return np.stack([np.where(np.isnan(new), mean, moved), weight + own * ~np.isnan(new)])


def undivided(mean, weight, new, own):
    return np.stack([np.nan_to_num(mean) * weight + own * np.nan_to_num(new), weight + own * ~np.isnan(new)])


def one_for_all(mean, weight, new, own):
    mean_now = update(mean, np.minimum(weight, 1), new, own)[0]
    return np.stack([mean_now, weight + own * ~np.isnan(new)])


def one_is_added(mean, weight, new, own):
    says = ~np.isnan(new)
    return np.stack([undivided(mean, weight, new, own)[0] / (weight + says), weight + says])


def truncation(sigma, wall, growth):
    """Try all truncations in small steps."""
    every = np.linspace(0, 10 * wall, 200_001)
    grown = np.maximum(2 * every - wall, wall)
    largest = every[grown <= growth * wall * (1 + 1e-12)].max()
    return largest if largest >= 3 * sigma * (1 - 1e-6) else np.nan


def limited(formula, times=3):
    def answer(sigma, wall, growth):
        found = formula(sigma, wall, growth)
        return found if found >= times * sigma else np.nan

    return answer


def reweighted(said):
    """Take the mean with weights that fall with the distance from the mean before, beginning with a low quantile."""
    some = ~np.isnan(said).all(axis=0)
    field = np.full(said.shape[1], np.nan)
    field[some] = np.nanquantile(said[:, some], 0.4, axis=0)
    for _ in range(10):
        weight = 1 / (1 + (said - field) ** 4 / 10)
        total = np.nansum(weight, axis=0)
        field = np.where(total > 0, np.nansum(weight * said, axis=0) / np.where(total > 0, total, 1), np.nan)
    return field


def lower_quantile(said):
    return np.nanquantile(said, 0.4, axis=0)


def only_the_first(said):
    return said[0]


SOLUTIONS = [
    (exercises.check_knowledge, knowledge),
    (exercises.check_knowledge, knowledge_with()),
    (exercises.check_update, update),
    (exercises.check_truncation, truncation),
    (exercises.check_truncation, limited(lambda s, w, g: (w + g * w) / 2)),
    (exercises.check_field, reweighted),
    (exercises.check_field, lower_quantile),
]

MISTAKES = [
    (exercises.check_knowledge, knowledge_with(surface=lambda d, near: d <= near), "nobody has looked there"),
    (exercises.check_knowledge, knowledge_with(values=(0, -1, 1)), "have changed places"),
    (
        exercises.check_knowledge,
        lambda depth, z, near: knowledge_with()(np.nan_to_num(depth, nan=1e9), z, near),
        "unknown, not free",
    ),
    (
        exercises.check_knowledge,
        knowledge_with(surface=lambda d, near: abs(d) < near),
        "near` from the surface is surface",
    ),
    (
        exercises.check_knowledge,
        knowledge_with(surface=lambda d, near: abs(d) < near, free=lambda d, near: d >= near),
        "near` from the surface is surface",
    ),
    (exercises.check_knowledge, knowledge_with(values=(-1, -1, 1)), "is called unknown"),
    (exercises.check_knowledge, knowledge_with(values=(0, 0, 1)), "is called free"),
    (
        exercises.check_knowledge,
        lambda depth, z, near: np.where(depth[:, None] > z, 0, -1),
        "no voxel is a surface here",
    ),
    (exercises.check_knowledge, lambda *given: np.transpose(knowledge(*given)), "pixels come first"),
    (exercises.check_update, one_for_all, "multiply it by its weight"),
    (exercises.check_update, halfway, "halfway between old and new"),
    (exercises.check_update, lambda m, w, n, own: update(m, w, n, 1.0), "not 1"),
    (exercises.check_update, one_is_added, "1 is added to the weight"),
    (exercises.check_update, with_nan, "Here NaN spreads"),
    (exercises.check_update, silence_is_zero, "Here it counts as 0"),
    (exercises.check_update, never_begins, "0 times NaN is NaN"),
    (
        exercises.check_update,
        lambda m, w, n, own: np.stack([update(m, w, n, own)[0], w + own]),
        "only where the scan says something",
    ),
    (exercises.check_update, lambda *given: np.nan_to_num(update(*given)), "keeps NaN, not 0"),
    (exercises.check_update, undivided, "not yet divided"),
    (exercises.check_update, lambda *given: update(*given)[0], "return the weights as well"),
    (exercises.check_update, lambda *given: update(*given).T, "two rows"),
    (exercises.check_truncation, limited(lambda s, w, g: g * w), "on each of its two sides"),
    (exercises.check_truncation, limited(lambda s, w, g: w), "the wall without growth"),
    (exercises.check_truncation, limited(lambda s, w, g: g * w / 2), "not half of it"),
    (exercises.check_truncation, limited(lambda s, w, g: 2 * g * w - w), "solve it for T"),
    (exercises.check_truncation, lambda s, w, g: w * (1 + g) / 2, "the result is NaN"),
    (exercises.check_truncation, lambda s, w, g: max(w * (1 + g) / 2, 3 * s), "none will do"),
    (exercises.check_truncation, limited(lambda s, w, g: w * (1 + g) / 2, times=1), "three times the noise"),
    (exercises.check_truncation, lambda s, w, g: 3 * s, "the largest is asked for"),
    (exercises.check_field, lambda said: np.nanmean(said, axis=0), "this is the mean"),
    (exercises.check_field, lambda said: np.nanmedian(said, axis=0), "the median is a good start"),
    (exercises.check_field, lambda said: np.nanmin(said, axis=0), "the most negative noise"),
    (exercises.check_field, lambda said: np.nanmax(said, axis=0), "is an artefact wherever"),
    (exercises.check_field, lambda said: np.median(said, axis=0), "Use functions that leave NaN out"),
    (exercises.check_field, only_the_first, "are NaN"),
    (exercises.check_field, lambda said: np.nan_to_num(reweighted(said)), "the field is NaN"),
    (exercises.check_field, lambda said: np.nanquantile(said, 0.2, axis=0), "are needed"),
    (exercises.check_field, lambda said: reweighted(said)[:-1], "one number a voxel"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_a_field_without_signs_does_not_pass(capsys):
    assert_explained(capsys, exercises.check_field, lambda said: np.abs(reweighted(said)), "The sign is right for")
