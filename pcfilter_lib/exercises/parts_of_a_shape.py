"""The checks of the chapter *Parts of a shape*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each part that occurs counts once, those that do not are left out.")
def check_shape_iou(answer: Callable) -> None:
    """Check ``answer(label, predicted, parts)``, the mean IoU over the parts of a shape that occur."""
    compare_on(
        _SHAPES,
        answer,
        reference=_shape_iou,
        mistakes=[
            (
                "a part that occurs neither among labels nor among answers counts as 1 here; leave it out.",
                lambda label, predicted, parts: _shape_iou(label, predicted, parts, absent=1.0),
            ),
            (
                "a part that occurs neither among labels nor among answers counts as 0 here; leave it out.",
                lambda label, predicted, parts: _shape_iou(label, predicted, parts, absent=0.0),
            ),
            (
                "a part that was named but is not there is left out here; it counts, with 0.",
                lambda label, predicted, parts: _shape_iou(label, predicted, np.intersect1d(parts, label)),
            ),
            (
                "a part that is there but was never named is left out here; it counts, with 0.",
                lambda label, predicted, parts: _shape_iou(label, predicted, np.intersect1d(parts, predicted)),
            ),
            (
                "answers that are not in parts get an IoU of their own here.",
                lambda label, predicted, parts: _shape_iou(label, predicted, np.union1d(label, predicted)),
            ),
            (
                "this is the share of points that are right.",
                lambda label, predicted, parts: np.mean(label == predicted),
            ),
            ("this divides by the points that are the part: recall, not IoU.", _mean_recall),
            (
                "this is the IoU of all parts pooled; take the mean over the parts.",
                lambda label, predicted, parts: np.sum(label == predicted) / np.sum(1 + (label != predicted)),
            ),
            (
                "this is the IoU of all parts pooled; take the mean over the parts.",
                lambda label, predicted, parts: (
                    np.sum((label == predicted) & np.isin(label, parts))
                    / sum(np.sum((label == part) | (predicted == part)) for part in parts)
                ),
            ),
            (
                "this divides by the sum of both counts, and doubles: Dice, not IoU.",
                _mean_dice,
            ),
            (
                "this goes through 0, 1, 2 and so on; the parts have the numbers in parts.",
                lambda label, predicted, parts: _shape_iou(label, predicted, np.arange(len(parts))),
            ),
            (
                "this is the sum over the parts; divide by how many occur.",
                lambda label, predicted, parts: (
                    _shape_iou(label, predicted, parts) * np.count_nonzero(np.isin(parts, np.union1d(label, predicted)))
                ),
            ),
            (
                "there is 0/0 in it for a part that does not occur.",
                lambda label, predicted, parts: _shape_iou(label, predicted, parts, absent=np.nan),
            ),
        ],
        shapes=[
            ("return the mean over the parts, not one number for each.", lambda label, predicted, parts: (len(parts),))
        ],
    )


@exercise(solved="old points choose the paint, new ones are judged by it.")
def check_painted_share(answer: Callable) -> None:
    """Check ``answer(cubes, labels, new_cubes, new_labels)``, the share of new points that the old ones' paint fits."""
    compare_on(
        _ROOMS,
        answer,
        reference=lambda cubes, labels, new_cubes, new_labels: np.mean(
            _paint(cubes, labels, new_cubes)[new_cubes] == new_labels
        ),
        mistakes=[
            (
                "this tries the paint on the points that chose it; try it on the new ones.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(_paint(cubes, labels, cubes)[cubes] == labels),
            ),
            (
                "the new points choose the paint here; their labels are for comparing alone.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    _paint(new_cubes, new_labels, new_cubes)[new_cubes] == new_labels
                ),
            ),
            (
                "all points together choose the paint here; only the old ones may.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    _paint(np.append(cubes, new_cubes), np.append(labels, new_labels), cubes)[new_cubes] == new_labels
                ),
            ),
            (
                "a cube that held no point is painted with part 0 here; it gets the most frequent part of all.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    _paint(cubes, labels, new_cubes, empty=0)[new_cubes] == new_labels
                ),
            ),
            (
                "new points in cubes that held none count as wrong here; these cubes have a colour, too.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    _paint(cubes, labels, new_cubes, empty=-1)[new_cubes] == new_labels
                ),
            ),
            (
                "new points in cubes that held none are left out here; they count as well.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    (_paint(cubes, labels, new_cubes)[new_cubes] == new_labels)[np.isin(new_cubes, cubes)]
                ),
            ),
            (
                "this is one colour for the whole room.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(np.bincount(labels).argmax() == new_labels),
            ),
            (
                "pairs that occur several times are counted once here, as found[cubes, labels] += 1 does; "
                "np.add.at counts all of them.",
                lambda cubes, labels, new_cubes, new_labels: np.mean(
                    _paint(*np.unique([cubes, labels], axis=1), new_cubes, np.bincount(labels).argmax())[new_cubes]
                    == new_labels
                ),
            ),
            (
                "this is how many points are right; divide by how many new ones there are.",
                lambda cubes, labels, new_cubes, new_labels: np.sum(
                    _paint(cubes, labels, new_cubes)[new_cubes] == new_labels
                ),
            ),
        ],
        shapes=[
            (
                "return one share, not an answer for each point.",
                lambda cubes, labels, new_cubes, new_labels: new_cubes.shape,
            )
        ],
    )


@exercise(solved="these strays leave the global feature as it is.")
def check_unnoticed(answer: Callable) -> None:
    """Check ``answer(cloud, strays)``, which strays exceed no feature of the cloud after ReLU."""
    compare_on(
        _STRAYS,
        answer,
        reference=_unnoticed,
        mistakes=[
            (
                "ReLU is missing: a feature that is negative for all points of the cloud is 0 after it, and a stray "
                "may raise it to 0 without being noticed.",
                lambda cloud, strays: np.all(strays <= cloud.max(axis=0), axis=1),
            ),
            ("these are the strays that are noticed.", lambda cloud, strays: ~_unnoticed(cloud, strays)),
            (
                "one feature that stays is not enough; all of them have to.",
                lambda cloud, strays: np.any(strays <= np.maximum(cloud.max(axis=0), 0), axis=1),
            ),
            (
                "a stray that only equals the maximum does not change it.",
                lambda cloud, strays: np.all(strays < np.maximum(cloud.max(axis=0), 0), axis=1),
            ),
            (
                "the strays are added all together here; each is to be judged by itself.",
                lambda cloud, strays: np.full(len(strays), _unnoticed(cloud, strays).all()),
            ),
            (
                "each stray that passed or failed stays in the cloud here; judge each beside the true points alone.",
                lambda cloud, strays: np.array(
                    [_unnoticed(np.vstack([cloud, strays[:n]]), strays[n : n + 1])[0] for n in range(len(strays))]
                ),
            ),
            (
                "each feature has a maximum of its own; this compares with the largest of all.",
                lambda cloud, strays: np.all(strays <= max(cloud.max(), 0), axis=1),
            ),
            (
                "this asks for one true point that is larger in all features; for each feature it may be another one.",
                lambda cloud, strays: (np.maximum(strays, 0)[:, None] <= np.maximum(cloud, 0)).all(axis=2).any(axis=1),
            ),
        ],
        shapes=[
            ("one answer for each stray, not for each feature of it.", lambda cloud, strays: strays.shape),
            ("one answer for each stray; these are the features.", lambda cloud, strays: (cloud.shape[1],)),
        ],
    )


def _shape_iou(label: np.ndarray, predicted: np.ndarray, parts: np.ndarray, absent: float | None = None) -> float:
    each = []
    for part in parts:
        true, called = label == part, predicted == part
        union = np.count_nonzero(true | called)
        if union:
            each.append(np.count_nonzero(true & called) / union)
        elif absent is not None:
            each.append(absent)
    return float(np.mean(each))


def _mean_recall(label: np.ndarray, predicted: np.ndarray, parts: np.ndarray) -> float:
    return float(np.mean([np.mean(predicted[label == part] == part) for part in np.intersect1d(parts, label)]))


def _mean_dice(label: np.ndarray, predicted: np.ndarray, parts: np.ndarray) -> float:
    occurring = np.intersect1d(parts, np.union1d(label, predicted))
    common = np.array([np.sum((label == part) & (predicted == part)) for part in occurring])
    both = np.array([np.sum(label == part) + np.sum(predicted == part) for part in occurring])
    return float(np.mean(2 * common / both))


def _paint(cubes: np.ndarray, labels: np.ndarray, others: np.ndarray, empty: int | None = None) -> np.ndarray:
    empty = np.bincount(labels).argmax() if empty is None else empty
    paint = np.full(max(cubes.max(), others.max()) + 1, empty)
    for cube in np.unique(cubes):
        paint[cube] = np.bincount(labels[cubes == cube]).argmax()
    return paint


def _unnoticed(cloud: np.ndarray, strays: np.ndarray) -> np.ndarray:
    return np.all(strays <= np.maximum(cloud.max(axis=0), 0), axis=1)


_random = np.random.default_rng(35)
_SHAPES = [
    {
        "label": np.array([0, 0, 0, 3, 3, 3, 3, 5, 6, 9]),
        "predicted": np.array([0, 0, 3, 3, 3, 3, 4, 7, 3, 9]),
        "parts": np.array([0, 3, 4, 5, 6, 8, 9, 10]),
    },
    {
        "label": _random.choice([1, 2, 4], size=200, p=[0.6, 0.3, 0.1]),
        "predicted": _random.choice([1, 2, 5], size=200, p=[0.7, 0.2, 0.1]),
        "parts": np.array([1, 2, 3, 4]),
    },
]
_ROOMS = [
    {
        "cubes": np.array([0, 0, 0, 0, 0, 2, 2, 2, 3, 3, 3, 3]),
        "labels": np.array([0, 0, 0, 1, 2, 2, 2, 1, 1, 1, 1, 1]),
        "new_cubes": np.array([0, 0, 0, 0, 1, 1, 2, 2, 2, 2, 2, 3, 3, 5]),
        "new_labels": np.array([0, 0, 0, 1, 1, 0, 2, 2, 2, 2, 1, 1, 4, 1]),
    },
    {
        "cubes": _random.integers(12, size=300) * 2000,
        "labels": np.minimum(_random.geometric(0.4, size=300), 5),
        "new_cubes": _random.integers(28, size=200) * 1000,
        "new_labels": np.minimum(_random.geometric(0.4, size=200), 12),
    },
]
_STRAYS = [
    {
        "cloud": np.array([[1.0, -2.0, 0.5], [0.0, -1.0, 2.0]]),
        "strays": np.array([[1.0, -3.0, 1.0], [0.5, -0.5, 1.5], [0.5, 0.5, 1.0], [2.5, -2.0, 0.0], [0.5, -3.0, 0.2]]),
    },
    {"cloud": _random.normal(size=(30, 6)) - 1, "strays": _random.normal(size=(80, 6)) - 1},
]
