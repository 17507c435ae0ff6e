"""The checks of the chapter *Classical filters*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="the angle is right for near and far neighbours, at either end of a jump.")
def check_sine(answer: Callable) -> None:
    """Check ``answer(here, there, angle)``, the sine between the line of sight and the line to the neighbour."""
    compare_on(
        [{"here": here, "there": there, "angle": angle} for here, there, angle in _BEAMS],
        answer,
        reference=_sine,
        mistakes=[
            (
                "this is the sine at the neighbour: the law of sines pairs an angle with the side opposite to it.",
                lambda here, there, angle: here * np.sin(angle) / _apart(here, there, angle),
            ),
            (
                "the cosine's term has the other sign in the law of cosines.",
                lambda here, there, angle: there * np.sin(angle) / _apart(here, there, np.pi - angle),
            ),
            (
                "this takes the angle between the beams for a right one: a third side needs the law of cosines.",
                lambda here, there, angle: there * np.sin(angle) / np.hypot(here, there),
            ),
            (
                "the law of cosines gives the square of the third side.",
                lambda here, there, angle: there * np.sin(angle) / _apart(here, there, angle) ** 2,
            ),
            ("`angle` is in radians already.", lambda here, there, angle: _sine(here, there, np.deg2rad(angle))),
            *(
                (
                    "this is the cosine of the angle; a point along the line of sight has to get 0.",
                    lambda here, there, angle, turned=turned: turned(
                        (here - there * np.cos(angle)) / _apart(here, there, angle)
                    ),
                )
                for turned in (np.positive, np.negative, np.abs)
            ),
            (
                "this is the angle itself; its sine is wanted.",
                lambda here, there, angle: np.arcsin(_sine(here, there, angle)),
            ),
            *(
                (
                    "this takes the step to the side for an arc, which holds for small angles only.",
                    lambda here, there, angle, end=end: (
                        end(here, there) * angle / np.hypot(end(here, there) * angle, there - here)
                    ),
                )
                for end in (min, max)
            ),
            (
                "this is the tangent: it is divided by the step along the line of sight, not by the distance.",
                lambda here, there, angle: there * np.sin(angle) / abs(there * np.cos(angle) - here),
            ),
        ],
    )


@exercise(solved="you can tell the honest figure from the flattering one.")
def check_figures(answer: Callable) -> None:
    """Check ``answer(validation_scores, validation_labels, test_scores, test_labels)``, two figures of mean IoU."""
    compare_on(
        _SETS,
        answer,
        reference=_figures,
        mistakes=[
            (
                "the two numbers are in the other order: first the one with the threshold of the validation points.",
                lambda *sets: _figures(*sets)[::-1],
            ),
            (
                "the first number: its threshold was chosen on the test points; choose it on the validation points.",
                lambda *sets: [_figures(*sets)[1]] * 2,
            ),
            (
                "the second number: its threshold was chosen on the validation points, like that of the first.",
                lambda *sets: [_figures(*sets)[0]] * 2,
            ),
            (
                "the first number is measured on the validation points; choose there, and measure on the test points.",
                lambda *sets: (_figure(*sets[:2], _best(*sets[:2])), _figures(*sets)[1]),
            ),
            (
                "the first threshold is chosen on all points together; the test points have no say in it.",
                lambda *sets: (_figure(*sets[2:], _best(*_pooled(*sets))), _figures(*sets)[1]),
            ),
            (
                "thresholds are chosen by accuracy; choose them by mean IoU.",
                lambda *sets: _figures(*sets, by=_accuracy),
            ),
            (
                "these are accuracies; mean IoU is wanted.",
                lambda *sets: _figures(*sets, by=_accuracy, measured=_accuracy),
            ),
            (
                "a point with exactly the threshold's score is kept: >=, not >. Is the threshold a score of its set?",
                lambda *sets: _figures(*sets, by=_above, measured=_above),
            ),
            (
                "the thresholds lie between two scores; the candidates are the scores that occur in the set.",
                lambda *sets: [_figure(*sets[2:], _middle(*chosen)) for chosen in (sets[:2], sets[2:])],
            ),
            (
                "these are the thresholds; return the mean IoU that each reaches on the test points.",
                lambda *sets: [_best(*sets[:2]), _best(*sets[2:])],
            ),
            (
                "this is the IoU of the true geometry alone; take the mean with that of the artefacts.",
                lambda *sets: _figures(*sets, by=_true_iou, measured=_true_iou),
            ),
            (
                "of equally good thresholds the smallest counts; this takes the largest.",
                lambda *sets: _figures(*sets, last=True),
            ),
        ],
        shapes=[("this is one number; return two, both of them mean IoU.", lambda *sets: ())],
    )


@exercise(solved="islands go, and whatever is large enough stays, however thin.")
def check_islands(answer: Callable) -> None:
    """Check ``answer(valid, smallest)``, the measured pixels that hang together with enough others."""
    compare_on(
        _MAPS,
        answer,
        reference=_islands,
        mistakes=[
            (
                "this counts neighbours in a window, so that thin things are lost as before; count the whole group.",
                lambda valid, smallest: valid & (_around(valid) >= smallest),
            ),
            (
                "pixels that touch at a corner hang together, too: give `label` a structure.",
                lambda valid, smallest: _islands(valid, smallest, corners=False),
            ),
            (
                "pixels that were not measured are kept: the number 0 is not a group.",
                lambda valid, smallest: _islands(valid, smallest, background=True),
            ),
            ("the groups' numbers are off by one: bincount's first number counts what was not measured.", _shifted),
            ("a group of exactly `smallest` pixels stays.", lambda valid, smallest: _islands(valid, smallest + 1)),
            (
                "only the largest group is left; others are large enough, too.",
                lambda valid, smallest: _islands(valid, max(_sizes(valid).max(), smallest)),
            ),
            (
                "this is true where a pixel is to be removed; return what is kept.",
                lambda valid, smallest: ~_islands(valid, smallest),
            ),
            (
                "these are the groups that are too small; return the others.",
                lambda valid, smallest: valid & ~_islands(valid, smallest),
            ),
            *(
                (
                    "this is erosion and dilation, as in the chapter: it goes by width.",
                    lambda valid, smallest, size=size: (
                        valid & ndimage.binary_opening(valid, np.ones((size or smallest,) * 2))
                    ),
                )
                for size in (None, 3)
            ),
        ],
        shapes=[("an image is wanted, not one number for each group.", lambda valid, smallest: _count(valid))],
    )


@exercise(solved="the threshold asks as much of a point on every scanner.")
def check_threshold(answer: Callable) -> None:
    """Check ``answer(threshold, scanner, other)``, a threshold in mm carried over from one data sheet to another."""
    compare_on(
        [
            {"threshold": threshold, "scanner": np.array(scanner), "other": np.array(other)}
            for threshold, scanner, other in _SCANNERS
        ],
        answer,
        reference=_threshold,
        mistakes=[
            (
                "the ratio is upside down: a scanner with a larger footprint needs the larger threshold.",
                lambda threshold, scanner, other: _threshold(threshold, other, scanner),
            ),
            (
                "this forgets that the scanners differ in their distance.",
                lambda *inputs: _threshold(*inputs, distance=False),
            ),
            (
                "this forgets that the images differ in their number of pixels.",
                lambda *inputs: _threshold(*inputs, pixels=False),
            ),
            (
                "this forgets that one view is wider than the other.",
                lambda *inputs: _threshold(*inputs, wide=lambda degrees: 1.0),
            ),
            (
                "a view of twice the angle is more than twice as wide: take the tangent of half of it.",
                lambda *inputs: _threshold(*inputs, wide=lambda degrees: degrees),
            ),
            (
                "take the tangent of half the view: the line to its middle splits it into two right triangles.",
                lambda *inputs: _threshold(*inputs, wide=lambda degrees: np.tan(np.radians(degrees))),
            ),
            (
                "half of what is seen is opposite to the angle, and the distance beside it: tangent, not sine.",
                lambda *inputs: _threshold(*inputs, wide=lambda degrees: np.sin(np.radians(degrees) / 2)),
            ),
            (
                "more pixels share out the same width: divide by their number.",
                lambda threshold, scanner, other: _threshold(threshold, scanner, other) * (other[0] / scanner[0]) ** 2,
            ),
            (
                "this is the threshold in footprints of the first scanner; turn it into millimetres for the other.",
                lambda threshold, scanner, other: threshold / _footprint(*scanner),
            ),
            (
                "the data sheet gives degrees, and np.tan takes radians.",
                lambda *inputs: _threshold(*inputs, wide=lambda degrees: np.tan(degrees / 2)),
            ),
        ],
    )


def _apart(here: float, there: float, angle: float) -> float:
    return np.sqrt(here**2 + there**2 - 2 * here * there * np.cos(angle))


def _sine(here: float, there: float, angle: float) -> float:
    return there * np.sin(angle) / _apart(here, there, angle)


def _figure(scores: np.ndarray, labels: np.ndarray, threshold: float, keeps: Callable = np.greater_equal) -> float:
    keep, true = keeps(scores, threshold), labels == 1
    return ((keep & true).sum() / (keep | true).sum() + (~keep & ~true).sum() / (~keep | ~true).sum()) / 2


def _above(scores: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    return _figure(scores, labels, threshold, np.greater)


def _accuracy(scores: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    return ((scores >= threshold) == (labels == 1)).mean()


def _true_iou(scores: np.ndarray, labels: np.ndarray, threshold: float) -> float:
    keep, true = scores >= threshold, labels == 1
    return (keep & true).sum() / (keep | true).sum()


def _best(scores: np.ndarray, labels: np.ndarray, by: Callable = _figure, last: bool = False) -> float:
    candidates = np.unique(scores)
    values = np.array([by(scores, labels, threshold) for threshold in candidates])
    return candidates[np.flatnonzero(values == values.max())[-1 if last else 0]]


def _middle(scores: np.ndarray, labels: np.ndarray) -> float:
    candidates = np.unique(scores)
    place = np.searchsorted(candidates, _best(scores, labels))
    return candidates[max(place - 1, 0) : place + 1].mean()


def _pooled(validation_scores, validation_labels, test_scores, test_labels) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([validation_scores, test_scores]), np.concatenate([validation_labels, test_labels])


def _figures(*sets: np.ndarray, by: Callable = _figure, measured: Callable = _figure, last: bool = False) -> list:
    return [measured(*sets[2:], _best(*chosen, by, last)) for chosen in (sets[:2], sets[2:])]


def _groups(valid: np.ndarray, corners: bool = True) -> np.ndarray:
    return ndimage.label(valid, np.ones((3, 3)) if corners else None)[0]


def _sizes(valid: np.ndarray, corners: bool = True, background: bool = False) -> np.ndarray:
    groups = _groups(valid, corners)
    counts = np.bincount(groups.ravel())
    counts[0] *= background
    return counts[groups]


def _islands(valid: np.ndarray, smallest: int, **kind: bool) -> np.ndarray:
    return _sizes(valid, **kind) >= smallest


def _shifted(valid: np.ndarray, smallest: int) -> np.ndarray:
    groups = _groups(valid)
    return np.isin(groups, np.flatnonzero(np.bincount(groups.ravel())[1:] >= smallest))


def _around(valid: np.ndarray) -> np.ndarray:
    return ndimage.convolve(valid.astype(int), np.ones((3, 3), int), mode="constant")


def _count(valid: np.ndarray) -> tuple[int]:
    return (_groups(valid).max() + 1,)


def _footprint(pixels: float, degrees: float, distance: float, wide: Callable = lambda d: np.tan(np.radians(d) / 2)):
    return 2 * distance * wide(degrees) / pixels


def _threshold(threshold: float, scanner, other, distance: bool = True, pixels: bool = True, **kind) -> float:
    sheets = [(sheet[0] if pixels else 1.0, sheet[1], sheet[2] if distance else 1.0) for sheet in (scanner, other)]
    return threshold * _footprint(*sheets[1], **kind) / _footprint(*sheets[0], **kind)


def _set(seed: int, count: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores of artefacts and of true points, which overlap; rounded, so that some are equal."""
    rng = np.random.default_rng(seed)
    labels = (rng.random(count) < 0.8).astype(int)
    return np.round(rng.normal(labels * 1.5 + shift, 1), 1), labels


_BEAMS = [(1.0, 2.0, 0.5), (0.84, 0.78, 0.002), (0.78, 0.84, 0.002), (2.0, 2.0, 0.1), (3.0, 1.0, 0.9)]
_EIGHT = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]
_NAMES = ("validation_scores", "validation_labels", "test_scores", "test_labels")
_SETS = [
    dict(zip(_NAMES, map(np.array, values), strict=True))
    for values in [
        (_EIGHT, [0, 0, 0, 0, 0, 1, 1, 1], _EIGHT, [0, 1, 0, 1, 1, 1, 0, 1]),
        (_EIGHT, [0, 0, 0, 1, 0, 1, 1, 1], _EIGHT, [0, 0, 1, 1, 1, 1, 1, 1]),  # two thresholds are equally good
        ([0.1, 0.2, 0.6, 0.7], [0, 0, 1, 1], [0.1, 0.3, 0.5, 0.6, 0.7], [0, 0, 0, 1, 1]),  # thresholds in a gap
        (*_set(1, 60, 0), *_set(2, 80, 0.6)),
        (*_set(3, 50, 0.5), *_set(4, 70, 0)),
        (*_set(5, 50, 0), *_set(6, 70, -0.7)),
    ]
]
_random = np.random.default_rng(11)
_MAPS = [
    {
        "valid": np.array([[1, 1, 0, 1, 0, 0], [0, 0, 0, 0, 0, 1], [1, 1, 0, 0, 1, 0], [1, 1, 1, 0, 0, 1]], bool),
        "smallest": 2,
    },
    {"valid": np.pad(np.eye(12, dtype=bool), 2), "smallest": 12},  # a thin slanted bar
    {"valid": _random.random((20, 24)) < 0.25, "smallest": 6},
    {"valid": np.zeros((4, 6), bool), "smallest": 1},  # nothing was measured
]
_SCANNERS = [
    (1.5, (640.0, 60.0, 1.0), (320.0, 40.0, 0.4)),
    (1.5, (320.0, 40.0, 0.8), (2064.0, 30.0, 0.5)),
    (0.6, (1280.0, 90.0, 0.4), (640.0, 20.0, 2.0)),
]
