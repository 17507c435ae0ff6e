"""The checks of the chapter *The network*."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="the residual is zero on every wall, and right off it.")
def check_residual(answer: Callable) -> None:
    """Check ``answer(distances, angle)``, the residuals of the beams of a turning scanner."""
    compare_on(
        _TURNS,
        answer,
        reference=_residual,
        mistakes=[
            (
                "this is the residual of an image plane; on a wall, one over the distance is a cosine, not a line.",
                lambda d, a: _residual(d, a, lambda a: 1.0),
            ),
            (
                "the cosine is on the wrong side: the two neighbours' sum is 2 cos(angle) times the one between.",
                lambda d, a: _residual(d, a, lambda a: 1 / np.cos(a)),
            ),
            ("the neighbours are one angle away, not two.", lambda d, a: _residual(d, a, lambda a: np.cos(2 * a))),
            ("`angle` is in radians already.", lambda d, a: _residual(d, a, lambda a: np.cos(np.radians(a)))),
            (
                "this compares with the mean of the neighbours' distances; which function of them is it linear in?",
                lambda d, a: (2 * d[1:-1] / (d[:-2] + d[2:]) - 1) / a,
            ),
            (
                "the sign: a point behind the line of its neighbours is farther away, and has a positive residual.",
                lambda d, a: -_residual(d, a),
            ),
            (
                "the sign is lost: a point before the line of its neighbours has a negative residual.",
                lambda d, a: np.abs(_residual(d, a)),
            ),
            (
                "the point itself is in this mean; what is expected of it should come from its two neighbours alone.",
                lambda d, a: (d[1:-1] * _of_three(1 / d) / np.cos(a) - 1) / a,
            ),
            (
                "this is how far behind the point lies as a length; take it as a share of where it should lie.",
                lambda d, a: _residual(d, a) / _inverse(d, a),
            ),
            (
                "this takes the sum of the two neighbours for their mean.",
                lambda d, a: (2 * d[1:-1] * _inverse(d, a) - 1) / a,
            ),
            ("this is a share of the distance; divide it by the angle.", lambda d, a: _residual(d, a) * a),
            (
                "this is a share of the measured distance; take it of the distance at which the point should lie.",
                lambda d, a: (1 - 1 / (1 + _residual(d, a) * a)) / a,
            ),
        ],
        shapes=[("the first and the last beam have one neighbour only; leave them out.", lambda d, a: d.shape)],
    )


@exercise(solved="the number of artefacts is right, whichever share the network was trained on.")
def check_expected(answer: Callable) -> None:
    """Check ``answer(logits, in_windows, in_scans)``, the expected number of artefacts among some points."""
    compare_on(
        _POINTS,
        answer,
        reference=_expected,
        mistakes=[
            (
                "the shift has the wrong sign: artefacts picked more often made the logits of true geometry smaller.",
                lambda u, w, s: _expected(u, s, w),
            ),
            ("the logits are not corrected.", lambda u, w, s: _number(u)),
            (
                "this is the expected number of true points: a logit of true geometry gives their probability.",
                lambda u, w, s: len(u) - _expected(u, w, s),
            ),
            ("k is a ratio of odds; this is a ratio of shares.", lambda u, w, s: _number(u + np.log(w / s))),
            ("k is added to the logits; its logarithm is.", lambda u, w, s: _number(u + _factor(w, s))),
            ("this is the logarithm to the base 10.", lambda u, w, s: _number(u + np.log10(_factor(w, s)))),
            (
                "this multiplies the probabilities by the ratio of the shares; it is the odds that are multiplied.",
                lambda u, w, s: _number(u) * s / w,
            ),
            (
                "this counts the points below 0; add up probabilities instead.",
                lambda u, w, s: (u + np.log(_factor(w, s)) < 0).sum(),
            ),
            ("this is their share; return their number.", lambda u, w, s: _expected(u, w, s) / len(u)),
        ],
        shapes=[("this is one probability for each point; add them up.", lambda u, w, s: u.shape)],
    )


@exercise(solved="no more is lost than agreed, and no threshold is lower than it need be.")
def check_threshold(answer: Callable) -> None:
    """Check ``answer(logits, labels, keep)``, the largest threshold that keeps so much of the true geometry."""
    compare_on(
        _LABELLED,
        answer,
        reference=_threshold,
        mistakes=[
            (
                "how many may be lost need not be a whole number; rounded up, it is more than agreed.",
                lambda u, y, keep: _true(u, y)[round((y == 1).sum() * (1 - keep))],
            ),
            (
                "one fewer is lost than agreed: is n * (1 - keep) a whole number here, or is it 3.9999999?",
                lambda u, y, keep: _true(u, y)[int((y == 1).sum() * (1 - keep))],
            ),
            (
                "this keeps the share of all points; only the true ones count.",
                lambda u, y, keep: _threshold(u, np.ones_like(y), keep),
            ),
            (
                "points with the label 255 are neither; this counts them as true geometry.",
                lambda u, y, keep: _threshold(u, y != 0, keep),
            ),
            (
                "this keeps so many of the artefacts; keep so many of the true points.",
                lambda u, y, keep: _threshold(u, y == 0, keep),
            ),
            (
                "this loses the share `keep` of the true points; it should keep it.",
                lambda u, y, keep: _threshold(u, y, 1 - keep),
            ),
            (
                "a point with exactly the threshold's logit is kept: one more may be lost than you count.",
                lambda u, y, keep: _true(u, y)[max(_lost(u, y, keep) - 1, 0)],
            ),
            (
                "this loses one true point too many; when the last of the agreed ones is gone, the next one stays.",
                lambda u, y, keep: _true(u, y)[_lost(u, y, keep) + 1],
            ),
            (
                "np.quantile goes between two logits, and may lose more than agreed; return one that occurs.",
                lambda u, y, keep: np.quantile(_true(u, y), 1 - keep),
            ),
            (
                "this is the lowest true logit: it loses nothing, but some points may be lost.",
                lambda u, y, keep: _true(u, y)[0],
            ),
        ],
    )


@exercise(solved="you name the group that a cause needs, and leave open what the seeds leave open.")
def check_needed(answer: Callable) -> None:
    """Check ``answer(full, without)``, for each cause the group of channels that it needs, or -1."""
    compare_on(
        _RUNS,
        answer,
        reference=_needed,
        mistakes=[
            (
                "the doubt is missing: where the runs with and without overlap, the answer is -1.",
                partial(_needed, doubt=lambda f, w: False),
            ),
            (
                "this is the group without which most is found; the cause needs the one without which least is.",
                partial(_needed, choose=np.argmax),
            ),
            ("this goes by the first seed alone; take the mean over the seeds.", lambda f, w: _needed(f[:1], w[:, :1])),
            (
                "if the group that is missed most is in doubt, the answer is -1, not the next group.",
                partial(_needed, by=lambda f, w: np.where(w.max(1) < f.min(0), w.mean(1), np.inf)),
            ),
            (
                "only the group that is missed most can leave a doubt; this looks at the runs of all groups.",
                lambda f, w: _needed(f, w, doubt=lambda f, _: f.min(0) <= w.max((0, 1))),
            ),
            (
                "this compares the means only; all runs with all channels must be better than all without.",
                partial(_needed, doubt=lambda f, w: f.mean(0) <= w.mean(0)),
            ),
            (
                "this compares the wrong ends: the worst run without it with the best run with all channels.",
                partial(_needed, doubt=lambda f, w: f.max(0) <= w.min(0)),
            ),
            (
                "this compares seed by seed; the seeds are no pairs: each run with all must beat each run without.",
                partial(_needed, doubt=lambda f, w: (f <= w).any(0)),
            ),
            (
                "this takes the mean of the runs without the group; the best of them leaves the doubt.",
                partial(_needed, doubt=lambda f, w: f.min(0) <= w.mean(0)),
            ),
            ("runs exactly as good leave a doubt, too.", partial(_needed, doubt=lambda f, w: f.min(0) < w.max(0))),
            (
                "this looks at the best run with all channels; the worst one has to be better, too.",
                partial(_needed, doubt=lambda f, w: f.max(0) <= w.max(0)),
            ),
            (
                "this is the largest difference up or down; a group whose loss does good is not needed.",
                partial(_needed, by=lambda f, w: -np.abs(w.mean(1) - f.mean(0))),
            ),
            ("take the mean over the seeds, not the lowest single run.", partial(_needed, by=lambda f, w: w.min(1))),
        ],
        shapes=[("one answer for each cause is wanted, not one for each group.", lambda f, w: (len(w),))],
    )


def _inverse(distances: np.ndarray, angle: float, cosine: Callable = np.cos) -> np.ndarray:
    return (1 / distances[:-2] + 1 / distances[2:]) / (2 * cosine(angle))


def _residual(distances: np.ndarray, angle: float, cosine: Callable = np.cos) -> np.ndarray:
    return (distances[1:-1] * _inverse(distances, angle, cosine) - 1) / angle


def _of_three(values: np.ndarray) -> np.ndarray:
    return (values[:-2] + values[1:-1] + values[2:]) / 3


def _wall(away: float, facing: float, angle: float, beams: int) -> np.ndarray:
    """Return the distances of a wall along beams, the middle one at 0, the wall met at a right angle at `facing`."""
    return away / np.cos((np.arange(beams) - beams // 2) * angle - facing)


def _factor(in_windows: float, in_scans: float) -> float:
    return in_windows / (1 - in_windows) / (in_scans / (1 - in_scans))


def _number(logits: np.ndarray) -> float:
    return (1 / (1 + np.exp(logits))).sum()


def _expected(logits: np.ndarray, in_windows: float, in_scans: float) -> float:
    return _number(logits + np.log(_factor(in_windows, in_scans)))


def _true(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.sort(logits[labels == 1])


def _lost(logits: np.ndarray, labels: np.ndarray, keep: float) -> int:
    """Return how many true points may be lost."""
    return int(np.floor((labels == 1).sum() * (1 - keep) + 1e-9))


def _threshold(logits: np.ndarray, labels: np.ndarray, keep: float) -> float:
    return _true(logits, np.asarray(labels, int))[_lost(logits, np.asarray(labels, int), keep)]


def _needed(
    full: np.ndarray,
    without: np.ndarray,
    choose: Callable = np.argmin,
    by: Callable = lambda full, without: without.mean(axis=1),
    doubt: Callable = lambda full, runs: full.min(axis=0) <= runs.max(axis=0),
) -> np.ndarray:
    group = choose(by(full, without), axis=0)
    runs = without[group, :, np.arange(full.shape[1])].T
    return np.where(doubt(full, runs), -1, group)


_DRAWN = np.random.default_rng(7)
_TURNS = [
    {"distances": np.array([2.0, 1.0, 2.0, 4.0]), "angle": 0.5},
    {"distances": _wall(3.0, 0.7, 0.1, 9), "angle": 0.1},
    {"distances": _wall(2.0, -0.2, 0.05, 31) * _DRAWN.uniform(0.9, 1.1, 31), "angle": 0.05},
]
_POINTS = [
    {"logits": np.array([-2.0, 0.0, 1.0, 3.0]), "in_windows": 0.2, "in_scans": 0.04},
    {"logits": _DRAWN.normal(1, 2, 60), "in_windows": 0.05, "in_scans": 0.3},
]
_LABELLED = [
    {
        "logits": np.array([1.0, -3.0, 0.0, -0.5, 4.0, -2.0, 0.5, -4.0, 2.0, -1.0, -1.5, 3.0]),
        "labels": np.array([1, 0, 1, 255, 1, 1, 255, 0, 1, 1, 0, 1]),
        "keep": 0.7,
    },
    {"logits": np.array([3.0, 1.0, 0.5, -1.0, 2.0, -2.0, 2.5, -0.5, 1.5]), "labels": np.ones(9, int), "keep": 0.7},
    {"logits": _DRAWN.normal(1, 2, 80), "labels": np.array([0, 1, 1, 255] * 20), "keep": 0.9},
    {"logits": _DRAWN.normal(3, 2, 600), "labels": np.array([1] * 500 + [0] * 100), "keep": 0.996},
]
_RUNS = [  # the first one tells all mistakes apart
    {
        "full": np.array([[0.7, 0.9, 0.6, 0.5, 0.5, 0.3, 0.7, 0.3], [0.9, 0.4, 0.4, 0.5, 0.9, 0.6, 0.8, 0.3]]),
        "without": np.array(
            [
                [[0.6, 0.8, 0.8, 0.7, 0.9, 0.1, 0.1, 0.8], [0.5, 0.6, 0.1, 0.4, 0.3, 0.2, 0.8, 0.5]],
                [[0.8, 0.4, 0.3, 0.8, 0.2, 0.6, 0.5, 0.6], [0.1, 0.4, 0.2, 0.6, 0.6, 0.9, 0.5, 0.6]],
            ]
        ),
    },
    {"full": _DRAWN.uniform(0.4, 0.9, (3, 7)), "without": _DRAWN.uniform(0.1, 0.8, (4, 3, 7))},
]
