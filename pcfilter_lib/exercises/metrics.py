"""The checks of the chapter *Metrics*.

A label of 255 marks a place that does not count. In the last exercise artefacts are the positive class.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="absent, invented and missed classes all get their due.")
def check_mean_iou(answer: Callable) -> None:
    """Check ``answer(label, predicted, classes)``, the mean IoU of the classes that occur."""
    counted = "places with the label 255 count here; leave them out of both arrays."
    compare_on(
        _LABELLED,
        answer,
        reference=_mean_iou,
        mistakes=[
            (counted, lambda *inputs: _mean_iou(*inputs, ignore=None)),
            (
                "a class that occurs nowhere counts as 0; leave it out of the mean.",
                lambda *inputs: _mean_iou(*inputs, absent=0.0),
            ),
            (
                "a class that occurs nowhere counts as 1; leave it out of the mean.",
                lambda *inputs: _mean_iou(*inputs, absent=1.0),
            ),
            (
                "a class that occurs nowhere gives 0/0, and that spoils the mean; leave it out.",
                lambda *inputs: _mean_iou(*inputs, absent=np.nan),
            ),
            (
                "places with the label 255 count, and a class that occurs nowhere counts as 0.",
                lambda *inputs: _mean_iou(*inputs, ignore=None, absent=0.0),
            ),
            (
                "a class that is predicted and not there is left out; it occurs, and its IoU is 0.",
                lambda *inputs: _mean_iou(*inputs, only="labels"),
            ),
            (
                "a class that is there and never predicted is left out; it occurs, and its IoU is 0.",
                lambda *inputs: _mean_iou(*inputs, only="predictions"),
            ),
            (
                "only classes in both arrays are averaged: those missed or invented have an IoU of 0.",
                lambda *inputs: _mean_iou(*inputs, only="both"),
            ),
            (
                "class 0 is left out; it is a class like any other.",
                lambda *inputs: _mean_iou(*inputs, first=1),
            ),
            (
                "this divides by the number of labels, which makes it a mean of recalls; divide by the union.",
                lambda *inputs: _mean_iou(*inputs, below=lambda there, called: there.sum()),
            ),
            (
                "this is the mean recall of the classes that are there; divide by the union.",
                lambda *inputs: _mean_iou(*inputs, only="labels", below=lambda there, called: there.sum()),
            ),
            (
                "this is the mean precision of the classes that are predicted; divide by the union.",
                lambda *inputs: _mean_iou(*inputs, only="predictions", below=lambda there, called: called.sum()),
            ),
            (
                "this divides by the number of predictions, which makes it a mean of precisions; divide by the union.",
                lambda *inputs: _mean_iou(*inputs, below=lambda there, called: called.sum()),
            ),
            (
                "what both sets share is in the union twice; take it off once.",
                lambda *inputs: _mean_iou(*inputs, below=lambda there, called: there.sum() + called.sum()),
            ),
            (
                "this is the mean of Dice or F1; IoU divides the intersection by the union.",
                lambda *inputs: _mean_iou(*inputs, below=lambda there, called: (there.sum() + called.sum()) / 2),
            ),
            (
                "this is accuracy, the share of places that agree.",
                lambda label, predicted, classes: np.mean((label == predicted)[label != 255]),
            ),
            (
                "intersections and unions of all classes are added up before dividing; divide class by class.",
                _added_up,
            ),
            (
                "each class is weighted by its number of labels; here all classes count alike.",
                lambda *inputs: _mean_iou(*inputs, weighted=True),
            ),
            ("this is the sum over the classes; take the mean.", _sum_of_classes),
            ("this is a percentage; return a number between 0 and 1.", lambda *inputs: 100 * _mean_iou(*inputs)),
        ],
        shapes=[("return one number: the mean over the classes.", lambda label, predicted, classes: (classes,))],
    )


@exercise(solved="you can read either figure from the other.")
def check_iou(answer: Callable) -> None:
    """Check ``answer(f1)``, the IoU of a class whose F1 is known."""
    compare_on(
        [{"f1": 0.8}, {"f1": 0.5}, {"f1": np.array([0.0, 0.25, 1.0])}],
        answer,
        reference=lambda f1: f1 / (2 - f1),
        mistakes=[
            ("this is the way back, from IoU to F1: IoU is the smaller of the two.", lambda f1: 2 * f1 / (1 + f1)),
            (
                "half of F1 is near only where the overlap is tiny; a perfect F1 has a perfect IoU.",
                lambda f1: f1 / 2,
            ),
            (
                "F1 squared comes near, but is not it: at small values it is far too small.",
                lambda f1: f1**2,
            ),
            (
                "the sign is wrong: as TP is counted twice in F1, FP + FN is 2 TP (1 - F1) / F1.",
                lambda f1: f1 / (2 + f1),
            ),
            ("this never gets beyond one half; a perfect F1 has a perfect IoU.", lambda f1: f1 / (1 + f1)),
            (
                "this exceeds 1: the numerator of F1 counts TP twice, that of IoU once.",
                lambda f1: 2 * f1 / (2 - f1),
            ),
            (
                "this exceeds 1: it divides by the errors alone, and the union holds TP, too.",
                lambda f1: f1 / np.maximum(1 - f1, 1e-12),
            ),
            ("this is 1 minus the IoU: what the two sets do not share.", lambda f1: 1 - f1 / (2 - f1)),
            ("this gives F1 back; they are equal at 0 and 1 only.", lambda f1: f1),
            ("this is a percentage; return a number between 0 and 1.", lambda f1: 100 * f1 / (2 - f1)),
        ],
    )


@exercise(solved="you know what the filter's decisions are worth at the customer's.")
def check_precision(answer: Callable) -> None:
    """Check ``answer(recall, lost, share)``, the share of artefacts among the points removed."""
    compare_on(
        [
            {"recall": 0.6, "lost": 0.01, "share": 0.1},
            {"recall": 0.8, "lost": 0.003, "share": 0.015},
            {"recall": 0.9, "lost": 0.05, "share": 0.4},
        ],
        answer,
        reference=_precision,
        mistakes=[
            (
                "`lost` is a share of the true points; how many of all points are true?",
                lambda recall, lost, share: recall * share / (recall * share + lost),
            ),
            (
                "this holds where artefacts and true points are equally many: `share` has no influence.",
                lambda recall, lost, share: recall / (recall + lost),
            ),
            (
                "the weights are the wrong way round: `share` is the share of artefacts.",
                lambda recall, lost, share: _precision(recall, lost, 1 - share),
            ),
            (
                "`lost` is used as the share of true points that stays; it is the share that is removed.",
                lambda recall, lost, share: _precision(recall, 1 - lost, share),
            ),
            (
                "this is the share of true points among what is removed.",
                lambda recall, lost, share: 1 - _precision(recall, lost, share),
            ),
            (
                "this is the precision of what is kept; asked is for what is removed.",
                lambda recall, lost, share: _precision(1 - lost, 1 - recall, 1 - share),
            ),
            (
                "this is the share of artefacts among what is kept; asked is for what is removed.",
                lambda recall, lost, share: _precision(1 - recall, 1 - lost, share),
            ),
            (
                "this is the share of all points that is removed; which part of it are artefacts?",
                lambda recall, lost, share: recall * share + lost * (1 - share),
            ),
            (
                "this is the share of all points that are artefacts and removed; divide by all that is removed.",
                lambda recall, lost, share: recall * share,
            ),
            (
                "this is the number of artefacts for each true point removed; the share is of both together.",
                lambda recall, lost, share: recall * share / (lost * (1 - share)),
            ),
            (
                "this is the accuracy there; asked is for what is removed.",
                lambda recall, lost, share: recall * share + (1 - lost) * (1 - share),
            ),
            (
                "recall and precision divide by different things: all artefacts, and all that is removed.",
                lambda recall, lost, share: recall,
            ),
            ("this is a percentage; return a share between 0 and 1.", lambda *inputs: 100 * _precision(*inputs)),
        ],
    )


def _precision(recall: float, lost: float, share: float) -> float:
    return recall * share / (recall * share + lost * (1 - share))


def _union(there: np.ndarray, called: np.ndarray) -> int:
    return (there | called).sum()


def _sets(label: np.ndarray, predicted: np.ndarray, classes: int, ignore: int | None = 255) -> list[tuple]:
    """Return for each class where it is, and where it is predicted, at places that count."""
    counts = label != ignore
    label, predicted = label[counts], predicted[counts]
    return [(label == each, predicted == each) for each in range(classes)]


def _mean_iou(label, predicted, classes, ignore=255, absent=None, only="", first=0, below=_union, weighted=False):
    figures, weights = [], []
    for there, called in _sets(label, predicted, classes, ignore)[first:]:
        if not _union(there, called):
            if absent is not None:
                figures.append(absent)
                weights.append(0)
            continue
        skipped = {"labels": not there.any(), "predictions": not called.any()}
        skipped["both"] = skipped["labels"] or skipped["predictions"]
        if skipped.get(only):
            continue
        figures.append((there & called).sum() / max(below(there, called), 1))
        weights.append(there.sum())
    return np.average(figures, weights=weights if weighted else None)


def _sum_of_classes(label: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    occurring = sum(bool(_union(*sets)) for sets in _sets(label, predicted, classes))
    return occurring * _mean_iou(label, predicted, classes)


def _added_up(label: np.ndarray, predicted: np.ndarray, classes: int) -> float:
    sets = _sets(label, predicted, classes)
    return sum((there & called).sum() for there, called in sets) / sum(_union(*each) for each in sets)


_random = np.random.default_rng(74)
_LABELLED = [
    {  # classes 3 and 6 are invented, class 4 is missed, class 5 occurs nowhere
        "label": np.array([[1, 255, 2, 0, 0, 0], [1, 2, 4, 2, 0, 2]]),
        "predicted": np.array([[1, 2, 2, 0, 0, 0], [2, 3, 6, 2, 0, 2]]),
        "classes": 7,
    },
    {
        "label": np.array([[0, 0, 1], [1, 1, 255]]),
        "predicted": np.array([[0, 1, 1], [1, 0, 1]]),
        "classes": 3,
    },
    {
        "label": _random.choice([0, 1, 2, 3, 255], size=(7, 9)),
        "predicted": _random.integers(0, 4, size=(7, 9)),
        "classes": 4,
    },
]
