"""The checks of the chapter *A first look at a scan*.

Labels are 1 for true geometry, 0 for an artefact, 255 for a pixel without a point.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of

_CLOSE = 0.006  # how far each number of a plane may be off


@exercise(solved="you know how few ghosts it takes.")
def check_share(answer: Callable) -> None:
    """Check ``answer(spread, far, factor)``, the share of ghosts that multiplies the RMS by a factor."""
    compare_on(
        [
            {"spread": 1.0, "far": 5.0, "factor": 2.0},
            {"spread": 0.5, "far": 4.0, "factor": 2.0},
            {"spread": 0.2, "far": 1.5, "factor": 1.5},
        ],
        answer,
        reference=_share,
        mistakes=[
            (
                "this is right for a mean; an RMS adds up squares.",
                lambda spread, far, factor: (factor - 1) * spread / (far - spread),
            ),
            (
                "the good points became fewer, too: their share is 1 - q.",
                lambda spread, far, factor: (factor**2 - 1) * spread**2 / far**2,
            ),
            (
                "the good points have an RMS of their own; it is part of the RMS of all.",
                lambda spread, far, factor: factor**2 * spread**2 / far**2,
            ),
            (
                "here the RMS is so many times larger by the ghosts alone; the good points add their part.",
                lambda spread, far, factor: factor**2 * spread**2 / (far**2 - spread**2),
            ),
            (
                "the factor belongs to the RMS; its square belongs to the mean square.",
                lambda spread, far, factor: (factor - 1) * spread**2 / (far**2 - spread**2),
            ),
            (
                "this adds the squares where one must be taken off the other: solve for q once more.",
                lambda spread, far, factor: (factor**2 - 1) * spread**2 / (far**2 + spread**2),
            ),
            (
                "this is the number of ghosts for each good point; the share is of all points.",
                lambda spread, far, factor: (factor**2 - 1) * spread**2 / (far**2 - factor**2 * spread**2),
            ),
            ("q itself stands in equation (3), not its square: leave the root out.", lambda *k: np.sqrt(_share(*k))),
            ("this is a percentage; return a share between 0 and 1.", lambda *k: 100 * _share(*k)),
            ("this is the number in a million; return a share between 0 and 1.", lambda *k: 1e6 * _share(*k)),
            ("this is the share of good points.", lambda *k: 1 - _share(*k)),
        ],
    )


@exercise(solved="rare or not, each kind of point has the same weight.")
def check_score(answer: Callable) -> None:
    """Check ``answer(label, keep)``, the balanced accuracy of a filter's answer."""
    compare_on(
        _ANSWERS,
        answer,
        reference=_score,
        mistakes=[
            (
                "pixels with the label 255 count as artefacts: ask for label == 0.",
                lambda label, keep: _mean_of(keep[label == 1], ~keep[label != 1]),
            ),
            (
                "pixels with the label 255 count as true points: ask for label == 1.",
                lambda label, keep: _mean_of(keep[label != 0], ~keep[label == 0]),
            ),
            (
                "this is plain accuracy: each point counts alike, and the many outvote the few.",
                lambda label, keep: np.mean((keep == (label == 1))[label != 255]),
            ),
            (
                "this is plain accuracy, and of all pixels: those with the label 255 count, too.",
                lambda label, keep: np.mean(keep == (label == 1)),
            ),
            (
                "this is plain accuracy, and of all pixels: those with the label 255 count, too.",
                lambda label, keep: np.mean(keep == (label != 0)),
            ),
            (
                "this rewards artefacts that are kept; take the share that is removed.",
                lambda label, keep: _mean_of(keep[label == 1], keep[label == 0]),
            ),
            (
                "this rewards true points that are removed; take the share that is kept.",
                lambda label, keep: _mean_of(~keep[label == 1], ~keep[label == 0]),
            ),
            ("both shares are the wrong way round.", lambda label, keep: 1 - _score(label, keep)),
            ("this is the share of true points that are kept; the other half is missing.", _kept),
            ("this is the share of artefacts that are removed; the other half is missing.", _removed),
            ("the two shares are added up; take their mean.", lambda label, keep: 2 * _score(label, keep)),
            ("this is a percentage; return a number between 0 and 1.", lambda label, keep: 100 * _score(label, keep)),
            (
                "this is the product of the two shares; take their mean.",
                lambda label, keep: _kept(label, keep) * _removed(label, keep),
            ),
            (
                "these are shares of what the filter keeps and removes; take shares of what there is.",
                lambda label, keep: _mean_of(label[keep & (label != 255)] == 1, label[~keep & (label != 255)] == 0),
            ),
            (
                "each kind is measured against all pixels; measure it against its own number.",
                lambda label, keep: ((keep & (label == 1)).mean() + (~keep & (label == 0)).mean()) / 2,
            ),
        ],
        shapes=[("return one number, not an image.", lambda label, keep: label.shape)],
    )


@exercise(solved="sprinkled or in a heap, the ghosts have lost their pull.")
def check_plane(answer: Callable) -> None:
    """Check ``answer(points)``, the plane z = a x + b y + c of most of the points, within a tolerance."""
    for points, truth, where in _PLANES:
        what = f"with {len(points)} points, {where}, {name_of(answer)}(points)"
        plane = as_numbers(call(answer, points=points), what)
        if plane.shape == (4,):
            raise NotYet(f"{what} has four numbers. Return a, b and c of z = a x + b y + c.")
        compare(
            plane,
            truth,
            what=what,
            mistakes=[
                (text, lambda wrong=wrong, points=points: wrong(points)) for text, wrong in _plane_mistakes(truth)
            ],
            rtol=0,
            atol=_CLOSE,
        )


def _plane_mistakes(truth: np.ndarray) -> list[tuple[str, Callable]]:
    a, b, c = truth
    pulled = "the ghosts pull this plane, as they pull every plain least-squares fit."
    stayed = (
        "points far from the first plane were left out, but that plane was already pulled towards the ghosts, so "
        "that ghosts stayed: what can be done with the second plane?"
    )
    swollen = (
        "two or three standard deviations are no help here: the ghosts make the standard deviation itself large. "
        "Go by order, as the median does."
    )
    return [
        (pulled, _least_squares),
        (pulled, _least_distances),
        (stayed, lambda points: _clipped(points, 2, 1)),
        (stayed, lambda points: _clipped(points, 3, 1)),
        (stayed, lambda points: _nearer_half(points, 1)),
        (swollen, lambda points: _clipped(points, 2, 20)),
        (swollen, lambda points: _clipped(points, 3, 20)),
        (swollen, lambda points: _clipped(points, 2, 20, of_all=True)),
        (swollen, lambda points: _clipped(points, 3, 20, of_all=True)),
        ("ghosts may lie on either side: the sign of the distance must not count.", _lower_half),
        ("this fits the half that is far from the plane, and that is where the ghosts are.", _farther_half),
        ("a median of z is robust, but it is no plane: this one cannot tilt.", _level),
        (
            "a mean of z is neither robust nor a plane that can tilt.",
            lambda points: np.array([0, 0, points[:, 2].mean()]),
        ),
        (
            "the order is (a, b, c): first the slope along x, then along y, then the height.",
            lambda points: np.array([c, a, b]),
        ),
        (
            "the order is (a, b, c): first the slope along x, then along y, then the height.",
            lambda points: np.array([c, b, a]),
        ),
        ("the slopes along x and y are exchanged.", lambda points: np.array([b, a, c])),
        (
            "the signs are the other way round: z = a x + b y + c, not a x + b y + z = c.",
            lambda points: np.array([-a, -b, c]),
        ),
        ("this is a normal; return a, b and c of z = a x + b y + c.", lambda points: _normal(-a, -b, 1)),
        ("this is a normal; return a, b and c of z = a x + b y + c.", lambda points: _normal(a, b, -1)),
    ]


def _share(spread: float, far: float, factor: float) -> float:
    return (factor**2 - 1) * spread**2 / (far**2 - spread**2)


def _mean_of(*parts: np.ndarray) -> float:
    return float(np.mean([part.mean() for part in parts]))


def _kept(label: np.ndarray, keep: np.ndarray) -> float:
    return float(keep[label == 1].mean())


def _removed(label: np.ndarray, keep: np.ndarray) -> float:
    return float(np.mean(~keep[label == 0]))


def _score(label: np.ndarray, keep: np.ndarray) -> float:
    return (_kept(label, keep) + _removed(label, keep)) / 2


def _least_squares(points: np.ndarray) -> np.ndarray:
    return np.linalg.lstsq(np.column_stack([points[:, :2], np.ones(len(points))]), points[:, 2], rcond=None)[0]


def _residuals(points: np.ndarray, plane: np.ndarray) -> np.ndarray:
    return points[:, 2] - points[:, :2] @ plane[:2] - plane[2]


def _clipped(points: np.ndarray, deviations: float, rounds: int, of_all: bool = False) -> np.ndarray:
    """Leave out what is many standard deviations away, of those chosen so far or of all, and fit again."""
    chosen = points
    for _ in range(rounds):
        plane = _least_squares(chosen)
        limit = deviations * _residuals(points if of_all else chosen, plane).std()
        chosen = points[np.abs(_residuals(points, plane)) < limit]
    return _least_squares(chosen)


def _least_distances(points: np.ndarray) -> np.ndarray:
    """Fit with the smallest squares of distances at right angles to the plane, as the chapter does."""
    middle = points.mean(axis=0)
    n = np.linalg.svd(points - middle, full_matrices=False)[2][2]
    return np.array([-n[0], -n[1], n @ middle]) / n[2]


def _half(points: np.ndarray, rounds: int, order: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Fit again and again to the half of all points that comes first in an order of the residuals."""
    chosen = points
    for _ in range(rounds):
        residuals = _residuals(points, _least_squares(chosen))
        chosen = points[np.argsort(order(residuals))[: len(points) // 2]]
    return _least_squares(chosen)


def _nearer_half(points: np.ndarray, rounds: int) -> np.ndarray:
    return _half(points, rounds, np.abs)


def _lower_half(points: np.ndarray) -> np.ndarray:
    return _half(points, 20, lambda residuals: residuals)


def _farther_half(points: np.ndarray) -> np.ndarray:
    return _half(points, 20, lambda residuals: -np.abs(residuals))


def _normal(*components: float) -> np.ndarray:
    return np.array(components) / np.linalg.norm(components)


def _level(points: np.ndarray) -> np.ndarray:
    return np.array([0, 0, np.median(points[:, 2])])


def _answers(seed: int) -> dict[str, np.ndarray]:
    """Return a label image with few artefacts, and a filter's answer."""
    generator = np.random.default_rng(seed)
    label = generator.choice(np.array([1, 0, 255], np.uint8), size=(12, 16), p=[0.65, 0.1, 0.25])
    right = generator.random(label.shape) < np.where(label == 1, 0.9, 0.6)
    return {"label": label, "keep": np.where(right, label == 1, label != 1)}


def _with_ghosts(seed: int, truth: list[float], ghosts: int, heaped: bool, side: int = 1) -> np.ndarray:
    """Return 200 points of a plane, some of them above (side 1) or below it (-1): anywhere, or those in one corner."""
    generator = np.random.default_rng(seed)
    xy = generator.uniform(-1, 1, (200, 2))
    z = xy @ truth[:2] + truth[2] + generator.normal(0, 0.002, 200)
    chosen = np.argsort(-xy.sum(axis=1))[:ghosts] if heaped else generator.choice(200, ghosts, replace=False)
    z[chosen] += side * (0.6 + 0.2 * xy[chosen, 0] if heaped else generator.uniform(0.3, 0.5, ghosts))
    return np.column_stack([xy, z])


_ANSWERS = [
    {
        "label": np.array([[1, 0, 0, 255, 1, 0, 255], [255, 1, 255, 255, 255, 1, 255]], np.uint8),
        "keep": np.array(
            [[False, False, True, True, False, False, True], [True, True, False, True, False, False, True]]
        ),
    },
    _answers(1),
    _answers(2),
]
_PLANES = [  # the last is the one that a single refit does not mend
    (_with_ghosts(1, [0.3, -0.2, 0.5], 50, heaped=False), np.array([0.3, -0.2, 0.5]), "a quarter ghosts, sprinkled"),
    (_with_ghosts(1, [0.3, -0.2, 0.5], 40, heaped=True), np.array([0.3, -0.2, 0.5]), "a fifth ghosts, in one corner"),
    (
        _with_ghosts(5, [-0.5, 0.1, -0.4], 40, heaped=True, side=-1),
        np.array([-0.5, 0.1, -0.4]),
        "a fifth ghosts, in one corner, below",
    ),
]
