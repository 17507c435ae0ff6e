"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_first_look_at_a_scan as exercises


def share(spread, far, factor):
    return (factor**2 - 1) * spread**2 / (far**2 - spread**2)


def share_by_search(spread, far, factor):
    """Halve the interval until the RMS of the mixture is right."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        rms = np.sqrt((1 - middle) * spread**2 + middle * far**2)
        low, high = (middle, high) if rms < factor * spread else (low, middle)
    return low


def score(label, keep, true=1, wrong=0):
    return (keep[label == true].mean() + (~keep)[label == wrong].mean()) / 2


def score_by_counting(label, keep):
    counts = {(kind, kept): 0 for kind in (0, 1, 255) for kept in (True, False)}
    for kind, kept in zip(label.ravel().tolist(), keep.ravel().tolist(), strict=True):
        counts[kind, kept] += 1
    found = counts[0, False] / (counts[0, False] + counts[0, True])
    return (found + counts[1, True] / (counts[1, False] + counts[1, True])) / 2


def fit(points):
    matrix = np.column_stack([points[:, :2], np.ones(len(points))])
    return np.linalg.lstsq(matrix, points[:, 2], rcond=None)[0]


def off(points, plane):
    return np.abs(points[:, 2] - points[:, :2] @ plane[:2] - plane[2])


def trimmed(points, rounds=20, part=0.5):
    chosen = points
    for _ in range(rounds):
        chosen = points[np.argsort(off(points, fit(chosen)))[: int(part * len(points))]]
    return fit(chosen)


def ransac(points, seed=0):
    rng = np.random.default_rng(seed)
    tried = (fit(points[rng.choice(len(points), 3, replace=False)]) for _ in range(200))
    best = min(tried, key=lambda plane: np.median(off(points, plane)))
    return fit(points[off(points, best) < 0.02])


def least_absolute(points):
    weight = np.ones(len(points))
    for _ in range(200):
        root = np.sqrt(weight)[:, None]
        matrix = np.column_stack([points[:, :2], np.ones(len(points))])
        plane = np.linalg.lstsq(matrix * root, points[:, 2] * root[:, 0], rcond=None)[0]
        weight = 1 / np.maximum(off(points, plane), 1e-4)
    return plane


def clipped(points, limit, rounds):
    chosen = points
    for _ in range(rounds):
        plane = fit(chosen)
        chosen = points[off(points, plane) < limit * (chosen[:, 2] - chosen[:, :2] @ plane[:2] - plane[2]).std()]
    return fit(chosen)


def clipped_by_all(points, limit):
    plane = fit(points)
    for _ in range(20):
        plane = fit(points[off(points, plane) < limit * np.std(points[:, 2] - points[:, :2] @ plane[:2])])
    return plane


def half(points, order):
    plane = fit(points)
    for _ in range(20):
        signed = points[:, 2] - points[:, :2] @ plane[:2] - plane[2]
        plane = fit(points[order(signed) <= np.median(order(signed))])
    return plane


def by_distances(points):
    """The eigenvector of the smallest eigenvalue of the covariance is the normal."""
    n = np.linalg.eigh(np.cov(points.T))[1][:, 0]
    return np.array([-n[0] / n[2], -n[1] / n[2], points.mean(axis=0) @ n / n[2]])


def upright(slopes):
    n = np.array([slopes[0], slopes[1], 1])
    return n / np.sqrt(n @ n)


def reordered(order, signs=(1, 1, 1)):
    return lambda points: trimmed(points)[list(order)] * signs


SOLUTIONS = [
    (exercises.check_share, share),
    (exercises.check_share, share_by_search),
    (exercises.check_score, score),
    (exercises.check_score, score_by_counting),
    (exercises.check_score, lambda label, keep: np.float32(score(label, keep))),
    (exercises.check_plane, trimmed),
    (exercises.check_plane, lambda points: trimmed(points, part=0.6)),
    (exercises.check_plane, ransac),
    (exercises.check_plane, least_absolute),
    (exercises.check_plane, lambda points: tuple(ransac(points, seed=5))),
]

MISTAKES = [
    (exercises.check_share, lambda s, d, k: (k - 1) * s / (d - s), "right for a mean"),
    (exercises.check_share, lambda s, d, k: (k**2 - 1) * s**2 / d**2, "their share is 1 - q"),
    (exercises.check_share, lambda s, d, k: (k * s / d) ** 2, "an RMS of their own"),
    (exercises.check_share, lambda s, d, k: (k * s) ** 2 / (d**2 - s**2), "the good points add their part"),
    (exercises.check_share, lambda s, d, k: (k - 1) * s**2 / (d**2 - s**2), "its square belongs to the mean square"),
    (exercises.check_share, lambda s, d, k: (k**2 - 1) * s**2 / (d**2 + s**2), "taken off the other"),
    (exercises.check_share, lambda s, d, k: share(s, d, k) / (1 - share(s, d, k)), "for each good point"),
    (exercises.check_share, lambda s, d, k: np.sqrt(share(s, d, k)), "leave the root out"),
    (exercises.check_share, lambda s, d, k: 100 * share(s, d, k), "a percentage"),
    (exercises.check_share, lambda s, d, k: 1_000_000 * share(s, d, k), "in a million"),
    (exercises.check_share, lambda s, d, k: 1 - share(s, d, k), "the share of good points"),
    (exercises.check_share, lambda s, d, k: share(s, d, k) + 0.1, "is expected"),
    (
        exercises.check_score,
        lambda label, keep: (keep[label == 1].mean() + (~keep)[label != 1].mean()) / 2,
        "count as artefacts",
    ),
    (
        exercises.check_score,
        lambda label, keep: (keep[label > 0].mean() + (~keep)[label == 0].mean()) / 2,
        "count as true points",
    ),
    (
        exercises.check_score,
        lambda label, keep: (keep[label.astype(bool)].mean() + (~keep)[~label.astype(bool)].mean()) / 2,
        "count as true points",
    ),
    (
        exercises.check_score,
        lambda label, keep: (keep == label.astype(bool))[label < 255].mean(),
        "the many outvote the few",
    ),
    (exercises.check_score, lambda label, keep: (keep == (label == 1)).mean(), "those with the label 255 count"),
    (exercises.check_score, lambda label, keep: (keep == label.astype(bool)).mean(), "those with the label 255 count"),
    (
        exercises.check_score,
        lambda label, keep: (keep[label == 1].mean() + keep[label == 0].mean()) / 2,
        "rewards artefacts that are kept",
    ),
    (
        exercises.check_score,
        lambda label, keep: ((~keep)[label == 1].mean() + (~keep)[label == 0].mean()) / 2,
        "rewards true points that are removed",
    ),
    (exercises.check_score, lambda label, keep: score(label, ~keep), "the wrong way round"),
    (exercises.check_score, lambda label, keep: keep[label == 1].mean(), "true points that are kept; the other half"),
    (exercises.check_score, lambda label, keep: (~keep)[label == 0].mean(), "artefacts that are removed; the other"),
    (exercises.check_score, lambda label, keep: 2 * score(label, keep), "take their mean"),
    (exercises.check_score, lambda label, keep: 100 * score(label, keep), "a percentage"),
    (
        exercises.check_score,
        lambda label, keep: keep[label == 1].mean() * (~keep)[label == 0].mean(),
        "the product of the two shares",
    ),
    (
        exercises.check_score,
        lambda label, keep: (
            (
                ((label == 1) & keep).sum() / (keep & (label < 255)).sum()
                + ((label == 0) & ~keep).sum() / (~keep & (label < 255)).sum()
            )
            / 2
        ),
        "take shares of what there is",
    ),
    (
        exercises.check_score,
        lambda label, keep: ((keep & (label == 1)).mean() + (~keep & (label == 0)).mean()) / 2,
        "measure it against its own number",
    ),
    (exercises.check_score, lambda label, keep: keep == (label == 1), "not an image"),
    (exercises.check_score, lambda label, keep: score(label, keep) + 0.2, "is expected"),
    (exercises.check_plane, fit, "the ghosts pull this plane"),
    (exercises.check_plane, by_distances, "the ghosts pull this plane"),
    (exercises.check_plane, lambda points: trimmed(points, rounds=1), "what can be done with the second plane"),
    (exercises.check_plane, lambda points: half(points, lambda off: off), "on either side"),
    (exercises.check_plane, lambda points: half(points, lambda off: -np.abs(off)), "where the ghosts are"),
    (exercises.check_plane, lambda points: clipped_by_all(points, 2), "Go by order"),
    (exercises.check_plane, lambda points: upright(-trimmed(points)), "this is a normal"),
    (exercises.check_plane, lambda points: -upright(-trimmed(points)), "this is a normal"),
    (exercises.check_plane, lambda points: clipped(points, 2, 1), "what can be done with the second plane"),
    (exercises.check_plane, lambda points: clipped(points, 2, 20), "Go by order"),
    (exercises.check_plane, lambda points: clipped(points, 3, 20), "the ghosts pull this plane"),
    (exercises.check_plane, lambda points: [0, 0, np.median(points[:, 2])], "this one cannot tilt"),
    (exercises.check_plane, lambda points: [0, 0, points[:, 2].mean()], "neither robust"),
    (exercises.check_plane, reordered([2, 0, 1]), "the order is (a, b, c)"),
    (exercises.check_plane, reordered([2, 1, 0]), "the order is (a, b, c)"),
    (exercises.check_plane, reordered([1, 0, 2]), "x and y are exchanged"),
    (exercises.check_plane, reordered([0, 1, 2], (-1, -1, 1)), "the other way round"),
    (exercises.check_plane, lambda points: np.append(trimmed(points), 1), "Return a, b and c"),
    (exercises.check_plane, lambda points: trimmed(points) + 0.02, "is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


@pytest.mark.parametrize("seed", range(20))
def test_every_honest_ransac_passes(capsys, seed):
    exercises.check_plane(lambda points: ransac(points, seed=seed))
    assert capsys.readouterr().out.startswith("Solved: ")


def test_the_hint_of_the_solution_is_true():
    """A quarter of all points in one corner defeat the trimmed fit that starts from least squares, and not RANSAC."""
    truth = [0.3, -0.2, 0.5]
    points = exercises._with_ghosts(1, truth, 50, heaped=True)
    assert np.abs(trimmed(points) - truth).max() > 0.1
    assert np.abs(ransac(points) - truth).max() < 0.006
