"""Choosing a threshold on labelled scans."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError


def best_threshold(scores: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """Return the threshold with the largest mean IoU, and that mean IoU; exact, over all thresholds.

    Parameters
    ----------
    scores : array_like
        Of any shape; the larger, the surer that a point is true geometry.
    labels : array_like of int
        Of the same shape: 1 true geometry, 0 artefact, 255 neither, which does not count.

    Returns
    -------
    threshold : float
        Points with this score or more are kept: halfway between two scores, so that rounding does not matter, or
        minus or plus infinity if it is best to keep all or none.
    mean_iou : float
        Of the two classes, over all these points together.

    Raises
    ------
    InputError
        If the shapes differ, a class is missing, or a counted score is NaN.
    """
    scores, labels = np.asarray(scores, float), np.asarray(labels)
    if scores.shape != labels.shape:
        problem = f"the shapes {scores.shape} and {labels.shape} differ"
        raise InputError("best_threshold", "scores, labels", problem, "pass one score for each label")
    counted = (labels == 0) | (labels == 1)
    scores, true = scores[counted], labels[counted] == 1
    if true.all() or not true.any():
        problem = "there are no artefacts" if len(true) and true.all() else "there is no true geometry"
        raise InputError("best_threshold", "labels", problem, "pass labels of both kinds")
    if np.isnan(scores).any():
        problem = f"{np.isnan(scores).sum()} scores of labelled points are NaN"
        raise InputError("best_threshold", "scores", problem, "label only measured points, and check the filter")
    order = np.argsort(scores, kind="stable")
    scores, true = scores[order], true[order]
    # With the k lowest removed: how many true points are lost, and how many artefacts are found.
    lost, found = (np.concatenate([[0], np.cumsum(each)]) for each in (true, ~true))
    kept, wrong = true.sum() - lost, (~true).sum() - found
    mean_iou = (kept / (true.sum() + wrong) + found / ((~true).sum() + lost)) / 2
    possible = np.concatenate([[True], scores[1:] > scores[:-1], [True]])  # equal scores share their fate
    best = int(np.argmax(np.where(possible, mean_iou, -1)))
    ends = np.concatenate([[-np.inf], scores, [np.inf]])
    threshold = ends[0] if best == 0 else ends[-1] if best == len(scores) else (ends[best] + ends[best + 1]) / 2
    return float(threshold), float(mean_iou[best])
