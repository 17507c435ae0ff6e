"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import assert_explained, verdict_tests

from pcfilter_lib.exercises import what_other_views_know as exercises


def labels(gaps, tolerance):
    found = []
    for point in gaps.T:
        against = sum(gap > tolerance for gap in point)
        confirmed = sum(-tolerance <= gap <= tolerance for gap in point)
        votes = against + confirmed
        if against >= 2 and against / votes >= 0.7:
            found.append(0)
        elif confirmed >= 2 and against / votes <= 0.2:
            found.append(1)
        else:
            found.append(255)
    return found


def labels_with(against=None, confirmed=None, votes=None, least=2, shares=(0.7, 0.2)):
    def answer(gaps, tolerance):
        c = (against or (lambda g, t: g > t))(gaps, tolerance).sum(axis=0)
        f = (confirmed or (lambda g, t: abs(g) <= t))(gaps, tolerance).sum(axis=0)
        n = votes(gaps).sum(axis=0) if votes else c + f
        result = np.full(gaps.shape[1], 255)
        result[(f >= least) & (c <= shares[1] * n)] = 1
        result[(c >= least) & (c >= shares[0] * n)] = 0
        return result

    return answer


def smallest(tolerance, theta, beta):
    """Meet the ray of B with the wall, in the plane of A's ray (0, 1), and scale the gap to the tolerance."""
    normal = np.array([np.sin(np.radians(beta)), -np.cos(np.radians(beta))])  # of the wall, towards A
    ray = np.array([-np.sin(np.radians(theta)), np.cos(np.radians(theta))])  # from B, which stands on that side
    into = -normal @ ray
    gap = -normal @ np.array([0.0, 1.0]) / into if into > 1e-9 else 0  # of a point that is 1 before the wall
    return tolerance / gap if gap else np.inf


def cos(degrees):
    return np.cos(np.radians(degrees))


def or_inf(degrees, value):
    return value if cos(degrees) > 1e-9 else np.inf


def sigma(gaps):
    """From the distance between the quartiles."""
    low, high = np.nanquantile(gaps, [0.25, 0.75])
    inside = gaps[np.abs(gaps - np.nanmedian(gaps)) < 2.5 * (high - low)]
    low, high = np.quantile(inside, [0.25, 0.75])
    return (high - low) / 1.349 / 2**0.5


def spread(gaps, middle=True, scale=0.6745, root=2):
    values = gaps[~np.isnan(gaps)]
    return np.median(np.abs(values - (np.median(values) if middle else 0))) / scale / root**0.5


def greedy(worth):
    def answer(sees, k):
        chosen = []
        for _ in range(k):
            rest = [v for v in range(len(sees)) if v not in chosen]
            chosen.append(max(rest, key=lambda v: worth(sees[[*chosen, v]].sum(axis=0))))
        return chosen

    return answer


def exchanged(sees, k):
    """Begin with the greedy choice and exchange single views as long as that helps."""
    chosen = greedy(lambda votes: np.minimum(votes, 2).sum())(sees, k)

    def labelled(views):
        return (sees[views].sum(axis=0) >= 2).sum()

    for place in range(k):
        for view in set(range(len(sees))) - set(chosen):
            other = [*chosen[:place], view, *chosen[place + 1 :]]
            if labelled(other) > labelled(chosen):
                chosen = other
    return np.array(chosen, float)


SOLUTIONS = [
    (exercises.check_labels, labels),
    (exercises.check_labels, labels_with()),
    (exercises.check_smallest, smallest),
    (exercises.check_sigma, sigma),
    (exercises.check_sigma, spread),
    (exercises.check_choice, greedy(lambda votes: np.minimum(votes, 2).sum())),
    (exercises.check_choice, exchanged),
]

MISTAKES = [
    (exercises.check_labels, labels_with(votes=np.isfinite), "counts as a vote here; it has no say"),
    (exercises.check_labels, labels_with(votes=np.ones_like), "all views count as votes"),
    (exercises.check_labels, labels_with(against=lambda g, t: abs(g) > t), "it does not contradict the point"),
    (exercises.check_labels, labels_with(confirmed=lambda g, t: g <= t), "it does not confirm the point"),
    (exercises.check_labels, labels_with(confirmed=lambda g, t: abs(g) < t), "exactly the tolerance confirms"),
    (
        exercises.check_labels,
        labels_with(confirmed=lambda g, t: abs(g) < t, against=lambda g, t: g >= t),
        "exactly the tolerance confirms; it does not contradict",
    ),
    (exercises.check_labels, labels_with(least=1), "it takes two"),
    (
        exercises.check_labels,
        lambda g, t: [{0: 1, 1: 0, 255: 255}[each] for each in labels(g, t)],
        "the other way round",
    ),
    (exercises.check_labels, lambda g, t: [min(each, 1) for each in labels(g, t)], "the label is 255"),
    (exercises.check_labels, labels_with(shares=(0, 1)), "the votes must also agree"),
    (exercises.check_labels, lambda g, t: g > t, "not for each view and point"),
    (exercises.check_labels, lambda g, t: (g > t).sum(axis=1), "not for each view"),
    (exercises.check_smallest, lambda t, a, b: t * np.cos(a - b) / np.cos(b), "the angles are in degrees"),
    (
        exercises.check_smallest,
        lambda t, a, b: t * np.cos(a - b) / np.cos(b) if np.cos(a - b) > 0 else np.inf,
        "the angles are in degrees",
    ),
    (exercises.check_smallest, lambda t, a, b: or_inf(a - b, t * cos(b) / cos(a - b)), "the reverse"),
    (exercises.check_smallest, lambda t, a, b: or_inf(a - b, t * cos(a - b)), "the wall is slanted"),
    (exercises.check_smallest, lambda t, a, b: or_inf(a, t * cos(a)), "leaves the slant"),
    (exercises.check_smallest, lambda t, a, b: or_inf(a - b, t / cos(b)), "along B's ray"),
    (exercises.check_smallest, lambda t, a, b: or_inf(a + b, t * cos(a + b) / cos(b)), "the difference, not the sum"),
    (exercises.check_smallest, lambda t, a, b: t * cos(a - b) / cos(b), "return np.inf"),
    (exercises.check_smallest, lambda t, a, b: t * abs(cos(a - b)) / cos(b), "return np.inf"),
    (exercises.check_sigma, lambda gaps: gaps.std(), "leave them out"),
    (exercises.check_sigma, lambda gaps: spread(gaps, root=1), "the noise of two measurements"),
    (exercises.check_sigma, lambda gaps: np.nanstd(gaps) / 2**0.5, "outliers make a standard deviation useless"),
    (exercises.check_sigma, lambda gaps: np.nanstd(gaps), "the noise of two measurements"),
    (exercises.check_sigma, lambda gaps: spread(gaps, scale=1), "0.6745 standard deviations"),
    (exercises.check_sigma, lambda gaps: spread(gaps, middle=False), "not from zero"),
    (exercises.check_choice, greedy(lambda votes: (votes >= 2).sum()), "a first vote is worth nothing here"),
    (exercises.check_choice, lambda sees, k: np.argsort(-sees.sum(axis=1), kind="stable")[:k], "all see the same"),
    (exercises.check_choice, greedy(lambda votes: (votes >= 1).sum()), "it takes two votes"),
    (exercises.check_choice, lambda sees, k: range(k), "the first views"),
    (exercises.check_choice, lambda sees, k: range(len(sees) - k, len(sees)), "points; at least"),
    (exercises.check_choice, lambda sees, k: np.arange(len(sees)) < k, "gives a mask"),
    (exercises.check_choice, lambda sees, k: [0], "the numbers of 6 views"),
    (exercises.check_choice, lambda sees, k: [len(sees)] * k, "no number of a view"),
    (exercises.check_choice, lambda sees, k: [0.5] * k, "no number of a view"),
    (exercises.check_choice, lambda sees, k: [4] * k, "more than once"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_cases_hold_all_labels():
    for case in exercises._GAPS:
        assert set(labels(**case)) == {0, 1, 255}


@pytest.mark.parametrize("error", [0.7, 1.4])
def test_a_noise_that_is_off_does_not_pass(capsys, error):
    assert_explained(capsys, exercises.check_sigma, lambda gaps: error * sigma(gaps), "is expected")
