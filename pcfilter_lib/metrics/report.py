"""All figures of a confusion matrix."""

from __future__ import annotations

import math
import numbers
from typing import Any

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics._rates import RATES

#: Other usual names of a figure, and what it is the quotient of.
_NAMES = {
    "accuracy": ("", "(TP + TN) / all"),
    "balanced_accuracy": ("", "(TPR + TNR) / 2"),
    "precision": ("ppv, positive_predictive_value", "TP / (TP + FP)"),
    "recall": ("tpr, true_positive_rate, sensitivity", "TP / (TP + FN)"),
    "true_negative_rate": ("tnr, specificity", "TN / (TN + FP)"),
    "negative_predictive_value": ("npv", "TN / (TN + FN)"),
    "f1": ("f1_score, dice", "2 TP / (2 TP + FP + FN)"),
    "false_omission_rate": ("for", "FN / (FN + TN)"),
    "false_discovery_rate": ("fdr", "FP / (FP + TP)"),
    "false_positive_rate": ("fpr", "FP / (FP + TN)"),
    "false_negative_rate": ("fnr", "FN / (FN + TP)"),
    "iou": ("jaccard", "TP / (TP + FP + FN)"),
    "iou_negative": ("", "TN / (TN + FP + FN)"),
    "mean_iou": ("", "mean over the classes that occur"),
    "matthews_correlation": ("mcc, phi", "(TP TN - FP FN) / sqrt(...)"),
    "prevalence": ("", "(TP + FN) / all"),
}
_OTHER_NAMES = {other: name for name, (others, _) in _NAMES.items() for other in others.split(", ") if other}


class ConfusionReport(dict):
    """The figures by name, in an order for reading; ``str(report)`` lists them all.

    A figure is also found under its other usual names: ``report["specificity"]`` is ``report["true_negative_rate"]``.
    """

    def __missing__(self, name: str) -> Any:
        """Look a figure up by another of its names."""
        if name not in _OTHER_NAMES:
            raise KeyError(f"{name!r} is none of {', '.join(self)}")
        return self[_OTHER_NAMES[name]]

    def __str__(self) -> str:
        """Return a table."""
        return _two_classes_text(self) if "tp" in self else _several_classes_text(self)


def confusion_report(
    matrix: Any = None, *, tp: float = None, fn: float = None, fp: float = None, tn: float = None, positive: int = 1
) -> ConfusionReport:
    """Return every figure that follows from a confusion matrix, NaN where it is not defined.

    Parameters
    ----------
    matrix : (C, C) array, optional
        How many places of each class (row) are predicted as each class (column), from class 0 on. With C = 2 the
        report is that of the four counts; with more, figures of one class are arrays (C,), each class against the
        rest, and ``str`` is a table of them.
    tp, fn, fp, tn : float
        Instead: the true positives, false negatives (there, but missed), false positives and true negatives.
    positive : {1, 0}
        Which class of a matrix of two is the positive one: 1 true geometry, 0 artefact.

    Returns
    -------
    ConfusionReport
        A dict: the counts ``tp``, ``fn``, ``fp``, ``tn``, then ``accuracy``, ``balanced_accuracy``, ``precision``,
        ``recall``, ``true_negative_rate``, ``negative_predictive_value``, ``f1``, ``false_omission_rate``,
        ``false_discovery_rate``, ``false_positive_rate``, ``false_negative_rate``, ``iou`` (of the positive class),
        ``iou_negative``, ``mean_iou``, ``matthews_correlation`` and ``prevalence``. For more than two classes
        ``matrix``, ``accuracy``, ``balanced_accuracy``, ``mean_iou`` and an array for each figure of a class.

    Raises
    ------
    InputError
        If the counts are not all given, are negative or not finite, or the matrix is not square.

    Notes
    -----
    ``balanced_accuracy`` is the mean recall over all classes, NaN if one of them has no place. ``mean_iou`` is taken
    over the classes that occur among labels or predictions, as in Keras and in Pascal VOC's evaluation.

    The filter in the slides behind this project, with true geometry as positive, has TP = 18,508, FN = 53 (true points
    removed), FP = 112 (artefacts kept) and TN = 166.

    References
    ----------
    Fawcett, T. (2006). An introduction to ROC analysis. Pattern Recognition Letters 27, figure 1.
    Brodersen, K. H., Ong, C. S., Stephan, K. E. and Buhmann, J. M. (2010). The balanced accuracy and its posterior
    distribution. ICPR.
    Matthews, B. W. (1975). Comparison of the predicted and observed secondary structure of T4 phage lysozyme.
    Biochimica et Biophysica Acta 405.

    Examples
    --------
    >>> report = confusion_report(tp=18508, fn=53, fp=112, tn=166)
    >>> round(report["false_omission_rate"], 2)
    0.24
    """
    counts = {"tp": tp, "fn": fn, "fp": fp, "tn": tn}
    if matrix is None:
        for name, value in counts.items():
            if value is None:
                raise InputError("confusion_report", name, "it is not given", "pass a matrix, or tp, fn, fp and tn")
            if not isinstance(value, numbers.Real) or not 0 <= value < math.inf:
                raise InputError("confusion_report", name, f"{value!r} is not allowed", "pass a count of 0 or more")
        # Python's own numbers: int32 counts would overflow when they are multiplied.
        return _of_two_classes(*(value.item() if isinstance(value, np.generic) else value for value in counts.values()))
    given = [name for name, value in counts.items() if value is not None]
    if given:
        raise InputError("confusion_report", given[0], "a matrix is given, too", "pass one of them")
    matrix = _checked(matrix)
    if len(matrix) > 2:
        return _of_several_classes(matrix)
    if positive not in (0, 1):
        raise InputError("confusion_report", "positive", f"{positive!r} is not allowed", "pass 1 or 0")
    ordered = matrix if positive == 0 else matrix[::-1, ::-1]
    return _of_two_classes(*ordered.ravel().tolist())


def _checked(matrix):
    matrix = np.asarray(matrix)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 2:
        raise InputError("confusion_report", "matrix", f"its shape is {matrix.shape}", "pass a square one, from 2 x 2")
    if matrix.dtype.kind not in "iuf" or not np.isfinite(matrix).all() or (matrix < 0).any():
        raise InputError("confusion_report", "matrix", "some of it are no counts", "pass numbers of 0 or more")
    return matrix.astype(np.float64 if matrix.dtype.kind == "f" else np.int64)


def _of_two_classes(tp, fn, fp, tn) -> ConfusionReport:
    figures = {name: _quotient(*rate(tp, fn, fp, tn)) for name, rate in RATES.items()}
    figures["accuracy"] = _quotient(tp + tn, tp + fn + fp + tn)
    figures["balanced_accuracy"] = (figures["recall"] + figures["true_negative_rate"]) / 2
    figures["iou_negative"] = _quotient(tn, tn + fp + fn)
    figures["mean_iou"] = _mean([figures["iou"], figures["iou_negative"]])
    margins = [tp + fp, tp + fn, tn + fp, tn + fn]
    figures["matthews_correlation"] = _quotient(tp * tn - fp * fn, math.prod(math.sqrt(each) for each in margins))
    return ConfusionReport(tp=tp, fn=fn, fp=fp, tn=tn, **{name: figures[name] for name in _NAMES})


def _of_several_classes(matrix) -> ConfusionReport:
    tp = matrix.diagonal()
    fn, fp = matrix.sum(axis=1) - tp, matrix.sum(axis=0) - tp
    every = {name: _quotients(*rate(tp, fn, fp, matrix.sum() - tp - fn - fp)) for name, rate in RATES.items()}
    return ConfusionReport(
        matrix=matrix,
        accuracy=_quotient(tp.sum().item(), matrix.sum().item()),
        balanced_accuracy=float(every["recall"].mean()),
        mean_iou=_mean(every["iou"].tolist()),
        **{name: every[name] for name in _NAMES if name in every},
    )


def _quotient(above, below) -> float:
    return above / below if below else math.nan


def _quotients(above, below):
    with np.errstate(invalid="ignore"):
        return above / below


def _mean(figures) -> float:
    known = [figure for figure in figures if not math.isnan(figure)]
    return sum(known) / len(known) if known else math.nan


def _two_classes_text(report) -> str:
    cells = {name: f"{report[name]:,}" for name in ("tp", "fn", "fp", "tn")}
    lines = [
        f"{'':<20}{'predicted positive':>22}{'predicted negative':>22}",
        f"{'truly positive':<20}{cells['tp'] + ' TP':>22}{cells['fn'] + ' FN':>22}",
        f"{'truly negative':<20}{cells['fp'] + ' FP':>22}{cells['tn'] + ' TN':>22}",
        "",
    ]
    lines += [f"{_words(name):<28}{_digits(report[name]):>8}   {_NAMES[name][1]}" for name in _NAMES]
    return "\n".join(lines)


def _several_classes_text(report) -> str:
    lines = [f"{_words(name):<28}{_digits(report[name]):>8}" for name in ("accuracy", "balanced_accuracy", "mean_iou")]
    classes = range(len(report["matrix"]))
    lines += ["", f"{'class':<28}" + "".join(f"{each:>8}" for each in classes)]
    for name in (name for name in RATES if name in report):
        lines.append(f"{_words(name):<28}" + "".join(f"{_digits(report[name][each]):>8}" for each in classes))
    return "\n".join(lines)


def _words(name) -> str:
    return {"f1": "F1", "iou": "IoU", "mean_iou": "mean IoU", "iou_negative": "IoU of the negative"}.get(
        name, name.replace("_", " ")
    )


def _digits(figure) -> str:
    return "-" if math.isnan(figure) else f"{figure:.4f}"
