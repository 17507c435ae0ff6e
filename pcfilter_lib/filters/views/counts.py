"""Counting: how many other views look through a point, and how many measured it again.

The plainest evidence there is. It asks many views and believes none by itself, so that poses which are worse than the
scanner's noise cost little: their errors differ from view to view, an artefact does not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.filters.views._geometry import View

#: So many views have to agree on a point.
LEAST_VOTES = 4
#: An artefact is contradicted by this share of the views that see its place, true geometry by no more than that one.
ARTEFACT_SHARE, TRUE_SHARE = 0.7, 0.2
_PRIOR, _WEIGHT = 0.02, 2  # the share of artefacts in a scan, and how many votes this is worth


def count_votes(view: View, others: Iterable[View], tolerance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many other views measured each point of a view again, and how many look through it.

    A view looks through a point if all that it measured within 3 x 3 pixels lies behind it by more than the tolerance,
    and it measured the point again if what it measured at its pixel lies within the tolerance. Next to a hole it says
    nothing against a point.

    Parameters
    ----------
    view : View
    others : iterable of View
        Taken one at a time.
    tolerance : ndarray of float32, shape (N,)
        Of each point, m.

    Returns
    -------
    confirmations, contradictions : ndarray of int32, shape (N,)
    """
    confirmations, contradictions = (np.zeros(len(view.pixels), np.int32) for _ in range(2))
    for other in others:
        moved = view.in_frame_of(other)
        places, inside = other.look(moved)
        pixels = np.rint(places).astype(np.int32)
        places = pixels[:, 1] * other.shape[1] + pixels[:, 0]
        nearest, at = other.nearest_around[places], other.depth.ravel()[places]
        contradictions += inside & (nearest > 0) & (nearest - moved[:, 2] > tolerance)
        confirmations += inside & (at > 0) & (np.abs(at - moved[:, 2]) <= tolerance)
    return confirmations, contradictions


def labels_of_counts(confirmations: np.ndarray, contradictions: np.ndarray) -> np.ndarray:
    """Return the labels that counts give.

    Parameters
    ----------
    confirmations, contradictions : ndarray of int, shape (N,)
        See :func:`count_votes`.

    Returns
    -------
    ndarray of uint8, shape (N,)
        0 where at least :data:`LEAST_VOTES` views contradict, and :data:`ARTEFACT_SHARE` of those that vote; 1 where as
        many confirm, and at most :data:`TRUE_SHARE` contradict; 255 elsewhere.
    """
    votes = confirmations + contradictions
    label = np.full(len(votes), UNLABELLED, np.uint8)
    label[(confirmations >= LEAST_VOTES) & (contradictions <= TRUE_SHARE * votes)] = TRUE_GEOMETRY
    label[(contradictions >= LEAST_VOTES) & (contradictions >= ARTEFACT_SHARE * votes)] = ARTEFACT
    return label


def probability_of_counts(confirmations: np.ndarray, contradictions: np.ndarray) -> np.ndarray:
    """Return the probability that points are artefacts, as a share of the votes drawn towards that of all points.

    Parameters
    ----------
    confirmations, contradictions : ndarray of int, shape (N,)
        See :func:`count_votes`.

    Returns
    -------
    ndarray of float, shape (N,)
        NaN where nobody votes.
    """
    votes = confirmations + contradictions
    return np.where(votes > 0, (contradictions + _PRIOR * _WEIGHT) / (votes + _WEIGHT), np.nan)
