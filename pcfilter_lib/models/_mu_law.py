"""Amplitudes as classes, and back: the two functions are part of :mod:`pcfilter_lib.models.wavenet`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import whole_number


def mu_law_encode(signal: np.ndarray, classes: int = 256) -> np.ndarray:
    """Turn amplitudes into classes that lie close together near zero, where the ear is exact (ITU-T G.711).

    Parameters
    ----------
    signal : array
        Amplitudes in [-1, 1]; what lies beyond is cut off.
    classes : int
        How many there are.

    Returns
    -------
    array of int32
        Of the same shape, in [0, classes).
    """
    mu = whole_number("mu_law_encode", "classes", classes, at_least=2) - 1
    signal = np.clip(np.asarray(signal, dtype=float), -1, 1)
    squeezed = np.sign(signal) * np.log1p(mu * np.abs(signal)) / np.log1p(mu)
    return np.floor((squeezed + 1) / 2 * mu + 0.5).astype(np.int32)


def mu_law_decode(samples: np.ndarray, classes: int = 256) -> np.ndarray:
    """Turn classes back into amplitudes.

    Parameters
    ----------
    samples : array of int
        Classes in [0, classes).
    classes : int
        How many there are.

    Returns
    -------
    array of float32
        Of the same shape, in [-1, 1].
    """
    mu = whole_number("mu_law_decode", "classes", classes, at_least=2) - 1
    squeezed = 2 * np.asarray(samples, dtype=float) / mu - 1
    return (np.sign(squeezed) * np.expm1(np.abs(squeezed) * np.log1p(mu)) / mu).astype(np.float32)
