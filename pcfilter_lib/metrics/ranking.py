"""How well scores rank one class before another, whatever the threshold."""

from __future__ import annotations

import math

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError, require


def average_precision(labels: np.ndarray, scores: np.ndarray, *, positive: int, ignore: int | None = 255) -> float:
    """Return the exact average precision of scores.

    scikit-learn computes it: the sum over all distinct scores of the precision down to there times the recall gained,
    ``sum((R_n - R_(n-1)) P_n)``. What is added here are this library's labels, and errors that say what is wrong.

    Parameters
    ----------
    labels : array of int
        1 true geometry, 0 artefact.
    scores : array
        Of the same shape: logits or probabilities of label 1. Only their order counts.
    positive : {0, 1}
        The class to be found, which has no default: 0 artefacts, 1 true geometry.
    ignore : int, optional
        The label of points that do not count. None: all count.

    Returns
    -------
    float
        At most 1, for a perfect ranking; NaN if no point is positive. A random ranking reaches about the proportion of
        positive points.

    Raises
    ------
    InputError
        If the arrays do not fit together, a label is neither 0, 1 nor `ignore`, or a score is NaN.
    MissingExtraError
        If scikit-learn is not installed.

    References
    ----------
    Su, W., Yuan, Y. and Zhu, M. (2015). A relationship between the average precision and the area under the ROC
    curve. ICTIR, equation 1.
    """
    one_of("average_precision", "positive", positive, (0, 1))
    labels, scores = np.asarray(labels), np.asarray(scores)
    if labels.shape != scores.shape:
        problem = f"the shapes {labels.shape} and {scores.shape} do not fit"
        raise InputError("average_precision", "scores", problem, "pass one score for each label")
    counted = np.ones(labels.shape, bool) if ignore is None else labels != ignore
    labels, scores = labels[counted], scores[counted]
    if not np.isin(labels, (0, 1)).all():
        raise InputError("average_precision", "labels", "some are neither 0 nor 1", f"mark them with ignore={ignore!r}")
    if np.isnan(scores).any():
        raise InputError("average_precision", "scores", "some are NaN", "find out where the network gives NaN")
    sought = labels == positive
    if not sought.any():
        return math.nan
    largest = np.finfo(np.float64).max
    order = np.clip(scores.astype(np.float64), -largest, largest)  # scikit-learn refuses infinities
    return float(require("sklearn.metrics", "learn").average_precision_score(sought, order if positive else -order))
