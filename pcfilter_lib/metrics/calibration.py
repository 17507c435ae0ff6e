"""Whether a network is right as often as it says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError


class Reliability(NamedTuple):
    """Answers sorted into bins by their confidence.

    Attributes
    ----------
    count : (M,) ndarray of int
        Answers in each bin.
    confidence : (M,) ndarray
        Their mean confidence; NaN in an empty bin.
    accuracy : (M,) ndarray
        The share of them that is right; NaN in an empty bin.
    """

    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(probabilities: np.ndarray, classes: np.ndarray, *, bins: int = 15) -> Reliability:
    """Sort a classifier's answers into bins of equal width by confidence, and count how many are right.

    Parameters
    ----------
    probabilities : (N, C) array
        A probability for each class, summing to 1. The answer is the most probable class, its probability the
        confidence.
    classes : (N,) array of int
        The true classes.
    bins : int
        M bins, open below and closed above: (0, 1/M], (1/M, 2/M], ...

    Returns
    -------
    Reliability

    Raises
    ------
    InputError
        If the arrays do not fit together, or the numbers are no probabilities.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equations 2 and 3.
    """
    probabilities, classes = _checked(probabilities, classes, "probabilities")
    if (probabilities < 0).any() or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
        raise InputError("probabilities", "", "a row is no distribution", "pass the softmax, not the logits")
    whole_number("reliability", "bins", bins)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == classes
    # The inner edges alone: float32 confidences may exceed 1 by a rounding.
    which = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(which, confidence, minlength=bins) / count
        accuracy = np.bincount(which, right, minlength=bins) / count
    return Reliability(count, mean, accuracy)


def expected_calibration_error(probabilities: np.ndarray, classes: np.ndarray, *, bins: int = 15) -> float:
    """Return the mean distance of accuracy and confidence, over bins weighted by their counts.

    Parameters
    ----------
    probabilities, classes, bins
        As for :func:`reliability`.

    Returns
    -------
    float
        Between 0 (right as often as it says, bin by bin) and 1.

    Raises
    ------
    InputError
        As :func:`reliability`.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, equation 5.
    """
    sorted_in = reliability(probabilities, classes, bins=bins)
    gaps = np.abs(sorted_in.accuracy - sorted_in.confidence)
    return float(np.nansum(gaps * sorted_in.count) / sorted_in.count.sum())


def fit_temperature(logits: np.ndarray, classes: np.ndarray) -> float:
    """Return the temperature T for which softmax(logits / T) has the smallest cross-entropy.

    Parameters
    ----------
    logits : (N, C) array
        What a network gives before the softmax, on examples that it was not trained on.
    classes : (N,) array of int
        Their true classes.

    Returns
    -------
    float
        Above 1 if the network was too sure of itself. No answer changes, only how sure it is.

    Raises
    ------
    InputError
        If the arrays do not fit together.

    References
    ----------
    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017, section 4.2.
    """
    logits, classes = _checked(logits, classes, "logits")

    def loss(log_temperature: float) -> float:
        scaled = log_softmax(logits / np.exp(log_temperature), axis=1)
        return -scaled[np.arange(len(classes)), classes].mean()

    return float(np.exp(minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-6}).x))


def _checked(values: np.ndarray, classes: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    values, classes = np.asarray(values, dtype=np.float64), np.asarray(classes)
    if values.ndim != 2 or not values.size or classes.shape != values.shape[:1]:
        raise InputError(
            name, "", f"the shapes {values.shape} and {classes.shape} do not fit", "pass (N, C) and (N,) with N above 0"
        )
    if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= values.shape[1]:
        raise InputError(
            "classes", "", "they are no indices of columns", f"pass integers from 0 to {values.shape[1] - 1}"
        )
    if not np.isfinite(values).all():
        raise InputError(name, "", "some are not finite", "find out where the network gives NaN or infinity")
    return values, classes
