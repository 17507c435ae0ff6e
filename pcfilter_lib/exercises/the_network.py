"""The checks of the chapter *The network*."""

from __future__ import annotations

from collections.abc import Callable

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
                lambda distances, angle: _residual(distances, angle, cosine=lambda a: 1.0),
            ),
            (
                "the cosine is on the wrong side: the two neighbours' sum is 2 cos(angle) times the one between.",
                lambda distances, angle: _residual(distances, angle, cosine=lambda a: 1 / np.cos(a)),
            ),
            (
                "the neighbours are one angle away from the beam, not two.",
                lambda distances, angle: _residual(distances, angle, cosine=lambda a: np.cos(2 * a)),
            ),
            (
                "`angle` is in radians already.",
                lambda distances, angle: _residual(distances, angle, cosine=lambda a: np.cos(np.radians(a))),
            ),
            (
                "this compares with the mean of the neighbours' distances; which function of them is it linear in?",
                lambda distances, angle: (2 * distances[1:-1] / (distances[:-2] + distances[2:]) - 1) / angle,
            ),
            (
                "the sign: a point behind the line of its neighbours is farther away, and has a positive residual.",
                lambda distances, angle: -_residual(distances, angle),
            ),
            (
                "this is a share of the distance; divide it by the angle.",
                lambda distances, angle: _residual(distances, angle) * angle,
            ),
            (
                "this is a share of the measured distance; take it of the distance at which the point should lie.",
                lambda distances, angle: (1 - 1 / (1 + _residual(distances, angle) * angle)) / angle,
            ),
        ],
        shapes=[
            (
                "the first and the last beam have one neighbour only; leave them out.",
                lambda distances, angle: distances.shape,
            )
        ],
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
                lambda logits, in_windows, in_scans: _expected(logits, in_scans, in_windows),
            ),
            (
                "the logits are not corrected.",
                lambda logits, in_windows, in_scans: _number(logits),
            ),
            (
                "this is the expected number of true points: a logit of true geometry gives their probability.",
                lambda logits, in_windows, in_scans: len(logits) - _expected(logits, in_windows, in_scans),
            ),
            (
                "k is a ratio of odds; this is a ratio of shares.",
                lambda logits, in_windows, in_scans: _number(logits + np.log(in_windows / in_scans)),
            ),
            (
                "k is added to the logits; its logarithm is.",
                lambda logits, in_windows, in_scans: _number(logits + _factor(in_windows, in_scans)),
            ),
            (
                "this is the logarithm to the base 10; logits are natural logarithms.",
                lambda logits, in_windows, in_scans: _number(logits + np.log10(_factor(in_windows, in_scans))),
            ),
            (
                "this multiplies the probabilities by the ratio of the shares; it is the odds that are multiplied.",
                lambda logits, in_windows, in_scans: _number(logits) * in_scans / in_windows,
            ),
            (
                "this counts the points below 0; add up probabilities instead.",
                lambda logits, in_windows, in_scans: (logits + np.log(_factor(in_windows, in_scans)) < 0).sum(),
            ),
            (
                "this is their share; return their number.",
                lambda logits, in_windows, in_scans: _expected(logits, in_windows, in_scans) / len(logits),
            ),
        ],
        shapes=[
            ("this is one probability for each point; add them up.", lambda logits, in_windows, in_scans: logits.shape)
        ],
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
                "this keeps the share of all points; only the true ones count.",
                lambda logits, labels, keep: _threshold(logits, np.ones_like(labels), keep),
            ),
            (
                "points with the label 255 are neither; this counts them as true geometry.",
                lambda logits, labels, keep: _threshold(logits, labels != 0, keep),
            ),
            (
                "this keeps so many of the artefacts; keep so many of the true points.",
                lambda logits, labels, keep: _threshold(logits, labels == 0, keep),
            ),
            (
                "this loses the share `keep` of the true points; it should keep it.",
                lambda logits, labels, keep: _threshold(logits, labels, 1 - keep),
            ),
            (
                "a point with exactly the threshold's logit is kept: one more may be lost than you count.",
                lambda logits, labels, keep: _true(logits, labels)[max(_lost(logits, labels, keep) - 1, 0)],
            ),
            (
                "this loses one true point too many; when the last of the agreed ones is gone, the next one stays.",
                lambda logits, labels, keep: _true(logits, labels)[_lost(logits, labels, keep) + 1],
            ),
            (
                "np.quantile goes between two logits, and may lose more than agreed; return one that occurs.",
                lambda logits, labels, keep: np.quantile(_true(logits, labels), 1 - keep),
            ),
            (
                "this is the lowest true logit: it loses nothing, but some points may be lost.",
                lambda logits, labels, keep: _true(logits, labels)[0],
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
                lambda full, without: without.mean(axis=1).argmin(axis=0),
            ),
            (
                "this is the group without which most is found; the cause needs the one without which least is.",
                lambda full, without: _needed(full, without, choose=np.argmax),
            ),
            (
                "this goes by the first seed alone; take the mean over the seeds.",
                lambda full, without: _needed(full[:1], without[:, :1]),
            ),
            (
                "this compares the means only; all runs with all channels must be better than all without.",
                lambda full, without: _needed(full.mean(axis=0)[None], without.mean(axis=1)[:, None]),
            ),
            (
                "runs that are exactly as good leave a doubt, too.",
                lambda full, without: _needed(full, without, apart=np.greater_equal),
            ),
            (
                "this looks at the best run with all channels; the worst one has to be better, too.",
                lambda full, without: _needed(full.max(axis=0)[None], without),
            ),
            (
                "this is the largest difference up or down; a group whose loss does good is not needed.",
                lambda full, without: _needed(full, without, by=lambda f, w: -np.abs(w.mean(axis=1) - f.mean(axis=0))),
            ),
            (
                "this is the group with the lowest single run; take the mean over the seeds.",
                lambda full, without: _needed(full, without, by=lambda f, w: w.min(axis=1)),
            ),
        ],
        shapes=[
            (
                "one answer for each cause is wanted, not one for each group.",
                lambda full, without: (len(without),),
            )
        ],
    )


def _residual(distances: np.ndarray, angle: float, cosine: Callable = np.cos) -> np.ndarray:
    expected = (1 / distances[:-2] + 1 / distances[2:]) / (2 * cosine(angle))
    return (distances[1:-1] * expected - 1) / angle


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
    apart: Callable = np.greater,
    by: Callable = lambda full, without: without.mean(axis=1),
) -> np.ndarray:
    group = choose(by(full, without), axis=0)
    runs = without[group, :, np.arange(full.shape[1])]
    return np.where(apart(full.min(axis=0), runs.max(axis=1)), group, -1)


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
    {"logits": _DRAWN.normal(1, 2, 80), "labels": np.array([0, 1, 1, 255] * 20), "keep": 0.9},
    {"logits": _DRAWN.normal(3, 2, 600), "labels": np.array([1] * 500 + [0] * 100), "keep": 0.996},
]
_RUNS = [
    {
        "full": np.array([[0.6, 0.5, 0.7, 0.4, 0.8, 0.3], [0.8, 0.7, 0.5, 0.4, 0.7, 0.3]]),
        "without": np.array(
            [
                [[0.2, 0.6, 0.6, 0.9, 0.7, 0.4], [0.4, 0.5, 0.3, 0.9, 0.6, 0.5]],
                [[0.6, 0.1, 0.5, 0.3, 0.6, 0.6], [0.7, 0.9, 0.6, 0.2, 0.7, 0.5]],
            ]
        ),
    },
    {"full": _DRAWN.uniform(0.4, 0.9, (3, 7)), "without": _DRAWN.uniform(0.1, 0.8, (4, 3, 7))},
]
