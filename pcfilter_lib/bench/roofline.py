"""The roofline: what a machine can do at most with work of a given intensity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Roofline:
    r"""A machine's two limits, and what follows from them.

    Work of :math:`F` operations that moves :math:`B` bytes takes at least as long as the slower of the two:

    .. math:: t \ge \max(F / \pi, B / \beta) ,

    so that no more than :math:`\min(\pi, \beta I)` operations a second are possible at the arithmetic intensity
    :math:`I = F / B`.

    Parameters
    ----------
    flops : float
        The peak :math:`\pi`, operations a second.
    bandwidth : float
        :math:`\beta`, bytes a second.

    References
    ----------
    Williams, S., Waterman, A. and Patterson, D. (2009). Roofline: an insightful visual performance model for multicore
    architectures. Communications of the ACM 52(4).
    """

    flops: float
    bandwidth: float

    @property
    def ridge(self) -> float:
        """The intensity, operations a byte, from which on the arithmetic limits and no longer the memory."""
        return self.flops / self.bandwidth

    def attainable(self, intensity: float | np.ndarray) -> float | np.ndarray:
        """Return the most operations a second for work of an intensity, operations a byte."""
        return np.minimum(self.flops, self.bandwidth * np.asarray(intensity, dtype=float))

    def least_seconds(self, flops: float, traffic: float) -> float:
        """Return how long work takes at least, from its operations and the bytes that it moves."""
        return max(flops / self.flops, traffic / self.bandwidth)
