import numpy as np
import pytest
from view_scans import room

from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.filters.views._geometry import View
from pcfilter_lib.filters.views.counts import count_votes, labels_of_counts, probability_of_counts


@pytest.mark.parametrize(
    ("confirmations", "contradictions", "label"),
    [
        (0, 4, ARTEFACT),
        (0, 3, UNLABELLED),  # too few
        (3, 7, ARTEFACT),  # 70 % of the votes
        (4, 9, UNLABELLED),  # 69 %
        (4, 0, TRUE_GEOMETRY),
        (3, 0, UNLABELLED),
        (4, 1, TRUE_GEOMETRY),  # 20 % of the votes
        (7, 2, UNLABELLED),  # 22 %
        (0, 0, UNLABELLED),
    ],
)
def test_labels_follow_from_shares_of_the_votes(confirmations, contradictions, label):
    assert labels_of_counts(np.array([confirmations]), np.array([contradictions])) == label


def test_probabilities_are_shares_of_the_votes_drawn_towards_that_of_all_points():
    confirmations, contradictions = np.array([0, 40, 0, 20, 0]), np.array([0, 0, 40, 20, 4])
    found = probability_of_counts(confirmations, contradictions)
    np.testing.assert_allclose(found, [np.nan, 0.04 / 42, 40.04 / 42, 20.04 / 42, 4.04 / 6])
    label = labels_of_counts(confirmations, contradictions)
    assert (found[label == ARTEFACT] > 0.5).all() and (found[label == TRUE_GEOMETRY] < 0.5).all()


def moved(scan, distance):
    """Return a view whose points lie farther from the camera by some metres, along its axis."""
    distances = np.broadcast_to(distance, scan.shape)[scan.valid]
    view = View(scan)
    view.points = view.points * (1 + distances / view.points[:, 2])[:, None].astype(np.float32)
    return view


@pytest.mark.parametrize(
    ("distance", "confirmed", "contradicted"),
    [(0.0, True, False), (-0.1, False, True), (0.1, False, False)],
    ids=["on the surface", "in front of it", "behind it"],
)
def test_who_looks_past_a_point_and_who_measured_it_again(distance, confirmed, contradicted):
    # Views without noise, of a floor, walls and a box, from nearly the same place.
    scans = room(views=60, noise=np.zeros_like)[:4]
    tolerance = np.full(scans[0].valid.sum(), 0.03, np.float32)
    counts = count_votes(moved(scans[0], distance), [View(scan) for scan in scans[1:]], tolerance)
    for votes, expected in zip(counts, (confirmed, contradicted), strict=True):
        assert (votes > 1).mean() > 0.5 if expected else (votes > 0).mean() < 0.01


def test_a_view_says_nothing_against_a_point_next_to_a_hole():
    one, other = room(views=60, noise=np.zeros_like)[:2]
    full = np.full(one.valid.sum(), 0.03, np.float32)
    rows = np.ones(other.shape, bool)
    rows[1::3] = False  # every third row is missing, so that each place is next to a hole
    _, contradictions = count_votes(moved(one, -0.1), [View(other.keep(rows))], full)
    assert not contradictions.any()
    assert count_votes(moved(one, -0.1), [View(other)], full)[1].any()
