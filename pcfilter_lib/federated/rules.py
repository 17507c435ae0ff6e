"""Rules that turn the gradients of many senders into one, some of whom may be malicious.

Every rule takes ``gradients`` of shape (K, d), one row a sender, and returns (d,). None depends on the order of the
rows, and all but the two that look at one coordinate at a time commute with a rotation.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError

_CLOSE_ENOUGH = 1e-10  # a step of the geometric median, relative to the spread of the gradients
_MOST_STEPS = 1000


def mean(gradients: np.ndarray) -> np.ndarray:
    """Return the mean of all gradients: one malicious sender can move it anywhere.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.

    Returns
    -------
    ndarray of float64, shape (d,)
        Their mean.

    Raises
    ------
    InputError
        If the array is not two-dimensional, is empty, or holds NaN or infinity.
    """
    return _checked("mean", gradients).mean(axis=0)


def l_nearest(gradients: np.ndarray, count: int, *, length: str = "own") -> np.ndarray:
    r"""Average the gradients whose directions are nearest to the sum of all directions, by cosine.

    With :math:`g_k^* = g_k / |g_k|`, :math:`s_k = |g_k|` and :math:`S = \sum_k g_k^*`, the `count` senders of the
    largest cosine between :math:`g_k^*` and :math:`S` are kept, and the result is the mean of their
    :math:`s_k g_k^*`. A gradient of length zero has no direction; its cosine counts as zero.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.
    count : int
        How many are kept, 1 to K. With all of them this is the mean.
    length : {"own", "median"}, optional
        The length :math:`s_k` of a kept direction: what its sender says, as LearningChain has it, or the median over
        *all* senders. The rule looks at directions alone, so a malicious sender may point the right way and say
        any length: "median" takes that from them.

    Returns
    -------
    ndarray of float64, shape (d,)
        The aggregated gradient.

    Raises
    ------
    InputError
        If the gradients are no finite (K, d) array, or an argument is out of range.

    References
    ----------
    Chen, Ji, Luo, Liao, Li, *When machine learning meets blockchain*, IEEE Big Data 2018; equations 11, 12 and
    14 to 16, reconstructed from the outline of the algorithm.
    """
    gradients = _checked("l_nearest", gradients)
    count = whole_number("l_nearest", "count", count)
    if count > len(gradients):
        raise InputError("l_nearest", "count", f"{count} of {len(gradients)} senders", "keep at most all of them")
    one_of("l_nearest", "length", length, ("own", "median"))
    lengths = np.linalg.norm(gradients, axis=1)
    directions = gradients / np.where(lengths > 0, lengths, 1)[:, None]
    nearest = np.argsort(-(directions @ directions.sum(axis=0)), kind="stable")[:count]  # |S| is common to all
    if length == "own":
        return gradients[nearest].mean(axis=0)
    return np.median(lengths) * directions[nearest].mean(axis=0)


def coordinate_median(gradients: np.ndarray) -> np.ndarray:
    """Return the median of each coordinate over the senders (Yin, Chen, Ramchandran, Bartlett, ICML 2018).

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.

    Returns
    -------
    ndarray of float64, shape (d,)
        The medians.

    Raises
    ------
    InputError
        If the gradients are no finite (K, d) array.
    """
    return np.median(_checked("coordinate_median", gradients), axis=0)


def trimmed_mean(gradients: np.ndarray, trim: int) -> np.ndarray:
    """Return the mean of each coordinate without its `trim` smallest and `trim` largest values.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.
    trim : int
        Values dropped at either end; 2 `trim` must be less than K.

    Returns
    -------
    ndarray of float64, shape (d,)
        The trimmed means.

    Raises
    ------
    InputError
        If the gradients are no finite (K, d) array, or nothing would be left.

    References
    ----------
    Yin, Chen, Ramchandran, Bartlett, *Byzantine-robust distributed learning*, ICML 2018.
    """
    gradients = _checked("trimmed_mean", gradients)
    trim = whole_number("trimmed_mean", "trim", trim, at_least=0)
    if 2 * trim >= len(gradients):
        what = f"{trim} at either end of {len(gradients)} leaves nothing"
        raise InputError("trimmed_mean", "trim", what, "trim less than half of the senders")
    return np.sort(gradients, axis=0)[trim : len(gradients) - trim].mean(axis=0)


def geometric_median(gradients: np.ndarray) -> np.ndarray:
    """Return the vector with the smallest sum of distances to all gradients.

    Computed by Weiszfeld's iteration in the form of Vardi and Zhang (PNAS 2000), which also moves on where the
    estimate meets one of the gradients.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.

    Returns
    -------
    ndarray of float64, shape (d,)
        The geometric median.

    Raises
    ------
    InputError
        If the gradients are no finite (K, d) array.
    """
    gradients = _checked("geometric_median", gradients)
    estimate = np.median(gradients, axis=0)  # already out of reach of a shouting minority
    scale = np.median(np.linalg.norm(gradients - estimate, axis=1))
    if scale == 0:
        return estimate  # more than half of the gradients are equal to it
    for _ in range(_MOST_STEPS):
        differences = gradients - estimate
        distances = np.linalg.norm(differences, axis=1)
        apart = distances > 1e-14 * scale
        weights = 1 / distances[apart]
        pull = weights @ differences[apart]
        here, strength = np.count_nonzero(~apart), np.linalg.norm(pull)
        if strength <= here:
            break  # it stands on a gradient that outweighs the others
        step = (1 - here / strength) * pull / weights.sum()
        estimate = estimate + step
        if np.linalg.norm(step) < _CLOSE_ENOUGH * scale:
            break
    return estimate


def krum(gradients: np.ndarray, num_malicious: int, *, count: int = 1) -> np.ndarray:
    """Return the gradient with the closest neighbours, or the mean of the `count` best (Multi-Krum).

    A sender's score is the sum of the squared distances to its K - `num_malicious` - 2 nearest other gradients.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender.
    num_malicious : int
        How many senders may be malicious; K must be at least `num_malicious` + 3.
    count : int, optional
        How many of the best are averaged.

    Returns
    -------
    ndarray of float64, shape (d,)
        The chosen gradient, or the mean of the chosen.

    Raises
    ------
    InputError
        If the gradients are no finite (K, d) array, or there are too few of them.

    References
    ----------
    Blanchard, El Mhamdi, Guerraoui, Stainer, *Machine learning with adversaries*, NeurIPS 2017.
    """
    gradients = _checked("krum", gradients)
    num_malicious = whole_number("krum", "num_malicious", num_malicious, at_least=0)
    count = whole_number("krum", "count", count)
    neighbours = len(gradients) - num_malicious - 2
    if neighbours < 1 or count > len(gradients):
        what = f"{num_malicious} malicious of {len(gradients)} senders, {count} chosen"
        raise InputError("krum", "num_malicious", what, "Krum needs three senders more than malicious ones")
    products = gradients @ gradients.T
    squares = np.diag(products)
    distances = np.maximum(squares[:, None] + squares - 2 * products, 0)
    np.fill_diagonal(distances, np.inf)
    scores = np.sort(distances, axis=1)[:, :neighbours].sum(axis=1)
    return gradients[np.argsort(scores, kind="stable")[:count]].mean(axis=0)


RULES: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "mean": lambda gradients, _: mean(gradients),
    "l_nearest": lambda gradients, malicious: l_nearest(gradients, len(gradients) - malicious),
    "l_nearest_median": lambda gradients, malicious: l_nearest(gradients, len(gradients) - malicious, length="median"),
    "coordinate_median": lambda gradients, _: coordinate_median(gradients),
    "trimmed_mean": trimmed_mean,
    "geometric_median": lambda gradients, _: geometric_median(gradients),
    "krum": krum,
}


def aggregate(gradients: np.ndarray, rule: str = "l_nearest", *, num_malicious: int = 0) -> np.ndarray:
    """Aggregate gradients by any rule, without those that hold NaN or infinity.

    Parameters
    ----------
    gradients : ndarray of float, shape (K, d)
        One gradient for each sender. Rows that are not finite are dropped, and counted among the malicious ones: a
        single NaN would otherwise reach the result by every rule.
    rule : str, optional
        One of ``RULES``; "l_nearest_median" is :func:`l_nearest` with ``length="median"``.
    num_malicious : int, optional
        How many senders may be malicious. :func:`l_nearest` keeps all but so many, :func:`trimmed_mean` trims so many
        at either end, :func:`krum` expects so many.

    Returns
    -------
    ndarray of float64, shape (d,)
        The aggregated gradient.

    Raises
    ------
    InputError
        If the rule is unknown, no finite gradient is left, or the malicious senders are too many for the rule.
    """
    one_of("aggregate", "rule", rule, tuple(RULES))
    gradients = np.asarray(gradients, np.float64)
    num_malicious = whole_number("aggregate", "num_malicious", num_malicious, at_least=0)
    finite = np.isfinite(gradients).all(axis=-1)
    if gradients.ndim == 2 and not finite.any():
        raise InputError("aggregate", "gradients", "none is finite", "there is nothing to aggregate in this round")
    if gradients.ndim == 2:
        gradients = gradients[finite]
        num_malicious = max(num_malicious - np.count_nonzero(~finite), 0)
    if num_malicious >= max(len(gradients), 1):
        what = f"{num_malicious} of {len(gradients)} senders"
        raise InputError("aggregate", "num_malicious", what, "at least one sender has to be honest")
    return RULES[rule](gradients, num_malicious)


def _checked(rule: str, gradients: np.ndarray) -> np.ndarray:
    gradients = np.asarray(gradients, np.float64)
    if gradients.ndim != 2 or not gradients.size:
        raise InputError(rule, "gradients", f"the shape is {gradients.shape}", "pass (K, d): one row for each sender")
    if not np.isfinite(gradients).all():
        rows = np.flatnonzero(~np.isfinite(gradients).all(axis=1))
        remedy = "leave these rows out, as aggregate does"
        raise InputError(rule, "gradients", f"NaN or infinity in row {', '.join(map(str, rows[:5]))}", remedy)
    return gradients
