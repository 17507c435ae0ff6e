"""What malicious senders send. They know the gradients of all honest ones, and agree with each other."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number

SHOUT = 1000.0  # how many times as long as an honest gradient a shouted one is


def _flip(honest: np.ndarray, count: int) -> np.ndarray:
    return np.tile(-_typical(honest), (count, 1))


def _shout(honest: np.ndarray, count: int) -> np.ndarray:
    return SHOUT * _flip(honest, count)


def _cancel(honest: np.ndarray, count: int) -> np.ndarray:
    return np.tile(-honest.sum(axis=0) / count, (count, 1))


def _flatter(honest: np.ndarray, count: int) -> np.ndarray:
    return -_shout(honest, count)


def _a_little_less(honest: np.ndarray, count: int) -> np.ndarray:
    return np.tile(honest.mean(axis=0) - honest.std(axis=0), (count, 1))


def _typical(honest: np.ndarray) -> np.ndarray:
    """Return the mean direction of the honest gradients, as long as they are on average."""
    direction = honest.mean(axis=0)
    length = np.linalg.norm(honest, axis=1).mean()
    return direction * (length / max(np.linalg.norm(direction), np.finfo(float).tiny))


ATTACKS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "flip": _flip,
    "shout": _shout,
    "cancel": _cancel,
    "flatter": _flatter,
    "a_little_less": _a_little_less,
}


def attack(name: str, honest: np.ndarray, count: int) -> np.ndarray:
    """Return what malicious senders send in place of gradients.

    ================= ==================================================================================
    ``flip``          the opposite of the honest mean, of an honest length
    ``shout``         the same, a thousand times as long
    ``cancel``        what makes the sum over all senders zero
    ``flatter``       the honest mean's own direction, a thousand times as long
    ``a_little_less`` the honest mean, less one standard deviation of the honest gradients, coordinate by coordinate
    ================= ==================================================================================

    Parameters
    ----------
    name : str
        One of ``ATTACKS``.
    honest : ndarray of float, shape (K, d)
        The gradients of the honest senders.
    count : int
        The number f of malicious senders.

    Returns
    -------
    ndarray of float64, shape (f, d)
        Their messages, all alike.

    Raises
    ------
    InputError
        If there is no such attack, or `count` is less than one.

    References
    ----------
    ``a_little_less``: Baruch, Baruch, Goldberg, *A little is enough*, NeurIPS 2019.
    """
    one_of("attack", "name", name, tuple(ATTACKS))
    return ATTACKS[name](np.asarray(honest, np.float64), whole_number("attack", "count", count))
