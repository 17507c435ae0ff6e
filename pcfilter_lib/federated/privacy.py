"""Differential privacy for gradients: bounded contributions, noise, and how the loss of privacy adds up.

A mechanism is (epsilon, delta)-private if for any two data sets that differ in one example, and for anything that one
may look for in its output, P(found | one) <= exp(epsilon) P(found | other) + delta (Dwork, Roth, *The algorithmic
foundations of differential privacy*, 2014).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError


def clip_by_norm(gradients: np.ndarray, max_norm: float) -> np.ndarray:
    """Scale each gradient that is longer than `max_norm` down to that length.

    Parameters
    ----------
    gradients : ndarray of float, shape (..., d)
        One gradient for each example.
    max_norm : float
        The longest that is allowed.

    Returns
    -------
    ndarray of float64, shape (..., d)
        The clipped gradients. Their directions are unchanged.

    Raises
    ------
    InputError
        If `max_norm` is not positive.

    References
    ----------
    Abadi and others, *Deep learning with differential privacy*, CCS 2016.
    """
    number_within("clip_by_norm", "max_norm", max_norm, 0, math.inf, low_included=False, high_included=False)
    gradients = np.asarray(gradients, np.float64)
    norms = np.linalg.norm(gradients, axis=-1, keepdims=True)
    return gradients * np.minimum(1, max_norm / np.maximum(norms, np.finfo(float).tiny))


def sensitivity_of_mean(max_norm: float, num_examples: int) -> float:
    """Return how far the mean of clipped gradients can move when one example is replaced by another.

    One clipped gradient can at worst turn round, from length C in one direction to C in the opposite one: 2 C / n.

    Parameters
    ----------
    max_norm : float
        The norm C to which each example's gradient is clipped.
    num_examples : int
        The number n of examples in the mean.

    Returns
    -------
    float
        The sensitivity.

    Raises
    ------
    InputError
        If an argument is not positive.
    """
    number_within("sensitivity_of_mean", "max_norm", max_norm, 0, math.inf, low_included=False, high_included=False)
    return 2 * max_norm / whole_number("sensitivity_of_mean", "num_examples", num_examples)


@dataclass(frozen=True)
class Privacy:
    r"""Noise that makes a vector differentially private.

    With `delta` zero the density of the noise is proportional to :math:`\exp(-\varepsilon |\kappa| / \Delta)`: its
    direction is uniform, and its length follows the Gamma distribution with shape d and scale
    :math:`\Delta / \varepsilon`. With a positive `delta` it is Gaussian.

    Parameters
    ----------
    epsilon : float
        Privacy loss of one release. Smaller is more private.
    sensitivity : float
        How far the vector can move, in Euclidean length, when one example is replaced; see :func:`sensitivity_of_mean`.
    delta : float, optional
        Added to the bound on probabilities, in [0, 1).

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    Chaudhuri, Monteleoni, Sarwate, *Differentially private empirical risk minimization*, JMLR 12, 2011 (for the
    density); Balle, Wang, *Improving the Gaussian mechanism*, ICML 2018 (for the Gaussian).
    """

    epsilon: float
    sensitivity: float
    delta: float = 0.0

    def __post_init__(self):
        for name in ("epsilon", "sensitivity"):
            value = getattr(self, name)
            number_within("Privacy", name, value, 0, math.inf, low_included=False, high_included=False)
        number_within("Privacy", "delta", self.delta, 0, 1, high_included=False)

    @functools.cached_property
    def _sigma(self) -> float:
        """The deviation of Gaussian noise, whose equation is solved once and not for each vector."""
        return gaussian_sigma(self.epsilon, self.delta, self.sensitivity)

    def noise(self, size: int, random: np.random.Generator) -> np.ndarray:
        """Draw the noise for one vector.

        Parameters
        ----------
        size : int
            The number d of coordinates.
        random : numpy.random.Generator
            Where the draw comes from.

        Returns
        -------
        ndarray of float64, shape (d,)
            The noise.
        """
        size = whole_number("Privacy", "size", size)
        if self.delta:
            return random.normal(0, self._sigma, size)
        direction = random.normal(size=size)
        return random.gamma(size, self.sensitivity / self.epsilon) * direction / np.linalg.norm(direction)

    def expected_norm(self, size: int) -> float:
        r"""Return the root mean square length of the noise.

        It is :math:`\sqrt{d (d + 1)} \Delta / \varepsilon`, or for Gaussian noise :math:`\sqrt d \sigma`.

        Parameters
        ----------
        size : int
            The number d of coordinates.

        Returns
        -------
        float
            The length.
        """
        if self.delta:
            return math.sqrt(size) * self._sigma
        return math.sqrt(size * (size + 1)) * self.sensitivity / self.epsilon


def gaussian_sigma(epsilon: float, delta: float, sensitivity: float = 1.0) -> float:
    """Return the smallest standard deviation with which Gaussian noise is (epsilon, delta)-private.

    Parameters
    ----------
    epsilon : float
        Privacy loss.
    delta : float
        Added to the bound on probabilities, in (0, 1).
    sensitivity : float, optional
        How far the vector can move, in Euclidean length, when one example is replaced.

    Returns
    -------
    float
        The standard deviation of each coordinate.

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    Balle, Wang, *Improving the Gaussian mechanism for differential privacy*, ICML 2018, theorem 8.
    """
    number_within("gaussian_sigma", "epsilon", epsilon, 0, math.inf, low_included=False, high_included=False)
    number_within("gaussian_sigma", "delta", delta, 0, 1, low_included=False, high_included=False)
    # the log of sigma, so that any size of it is found to the same relative precision
    exponent = _root(lambda x: _log_delta(epsilon, math.exp(-x)) - math.log(delta), -50.0, 50.0)
    return sensitivity * math.exp(exponent)


def gaussian_epsilon(sigma: float, delta: float, sensitivity: float = 1.0, rounds: int = 1) -> float:
    """Return the epsilon of Gaussian noise that is added afresh in each of several rounds, exactly.

    Seen together, T releases with noise of deviation sigma are one release with sigma / sqrt(T): the most that they
    can tell about one example is their mean.

    Parameters
    ----------
    sigma : float
        Standard deviation of the noise in each coordinate.
    delta : float
        Added to the bound on probabilities, in (0, 1).
    sensitivity : float, optional
        How far the vector can move, in Euclidean length, when one example is replaced.
    rounds : int, optional
        The number T of releases.

    Returns
    -------
    float
        Epsilon; zero where the noise hides everything already.

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    Balle, Wang, ICML 2018, theorem 8; Dong, Roth, Su, *Gaussian differential privacy*, JRSS B 84, 2022, corollary 3.3.
    """
    number_within("gaussian_epsilon", "sigma", sigma, 0, math.inf, low_included=False, high_included=False)
    number_within("gaussian_epsilon", "delta", delta, 0, 1, low_included=False, high_included=False)
    ratio = sensitivity / sigma * math.sqrt(whole_number("gaussian_epsilon", "rounds", rounds))
    if _log_delta(0.0, ratio) <= math.log(delta):
        return 0.0
    highest = 1.0
    while _log_delta(highest, ratio) > math.log(delta):
        highest *= 2
    return _root(lambda epsilon: _log_delta(epsilon, ratio) - math.log(delta), 0.0, highest)


def compose_epsilon(epsilon: float, rounds: int, delta: float = 0.0) -> float:
    r"""Return the privacy loss of several releases, each of them `epsilon`-private.

    It is at most T epsilon. With a probability `delta` to spare it is also at most
    :math:`\sqrt{2 T \ln(1 / \delta)}\, \varepsilon + T \varepsilon (e^\varepsilon - 1)`. The smaller of the two is
    returned.

    Parameters
    ----------
    epsilon : float
        Privacy loss of one release.
    rounds : int
        The number T of releases.
    delta : float, optional
        Added to the bound on probabilities, in [0, 1). With zero, T epsilon is all that can be said.

    Returns
    -------
    float
        The privacy loss of all together.

    Raises
    ------
    InputError
        If an argument is out of range.

    References
    ----------
    Dwork, Rothblum, Vadhan, *Boosting and differential privacy*, FOCS 2010, theorem III.3.
    """
    number_within("compose_epsilon", "epsilon", epsilon, 0, math.inf, low_included=False, high_included=False)
    rounds = whole_number("compose_epsilon", "rounds", rounds)
    number_within("compose_epsilon", "delta", delta, 0, 1, high_included=False)
    basic = rounds * epsilon
    if delta == 0 or epsilon > 50:  # exp would be far beyond the basic bound
        return basic
    return min(basic, math.sqrt(2 * rounds * math.log(1 / delta)) * epsilon + basic * math.expm1(epsilon))


def _log_delta(epsilon: float, ratio: float) -> float:
    """Return the logarithm of the smallest delta for Gaussian noise, `ratio` = sensitivity / sigma."""
    from scipy.special import log_ndtr

    first = float(log_ndtr(ratio / 2 - epsilon / ratio))
    second = epsilon + float(log_ndtr(-ratio / 2 - epsilon / ratio))
    return first + math.log1p(-math.exp(min(second - first, -1e-300))) if second < first else -math.inf


def _root(function, low: float, high: float) -> float:
    from scipy.optimize import brentq

    if not function(low) * function(high) <= 0:
        raise InputError("gaussian_sigma", "epsilon, delta", "no noise of any useful size fits them", "ask for less")
    return float(brentq(function, low, high, xtol=1e-13, rtol=1e-12))
