"""How well scores put one class before another, whatever the threshold."""

from __future__ import annotations

import math

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError


def average_precision(labels: np.ndarray, scores: np.ndarray, *, positive: int = 0, ignore: int | None = 255) -> float:
    """Return the average precision of scores, exactly.

    Sorted from the most likely positive on, with equal scores taken together, it is the sum over all distinct scores
    of the precision down to there times the recall that was gained: ``sum((R_n - R_(n-1)) P_n)``.

    Parameters
    ----------
    labels : array of int
        1 true geometry, 0 artefact.
    scores : array
        Of the same shape: logits or probabilities of label 1. Only their order counts.
    positive : {0, 1}
        The class to be found: 0 artefact, 1 true geometry.
    ignore : int, optional
        The label of places that do not count. None: all count.

    Returns
    -------
    float
        At most 1, for a perfect order; NaN if no place is positive. In chance's order it is about the share of
        positive places.

    Raises
    ------
    InputError
        If the arrays do not fit together, a label is neither 0, 1 nor `ignore`, or a score is NaN.

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
    order = np.argsort(scores, kind="stable")
    if positive == 1:
        order = order[::-1]
    ends = np.append(np.nonzero(np.diff(scores[order]))[0], len(order) - 1)  # the last place of each distinct score
    found = np.cumsum(sought[order])[ends]
    return float(np.sum(np.diff(found, prepend=0) * (found / (ends + 1))) / found[-1])
