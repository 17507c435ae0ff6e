import dataclasses
import warnings

import numpy as np
import pytest
from view_scans import room

from pcfilter_lib import filters
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters import PoseWarning, ViewLabeller, label_by_views

FINE = (96, 128)


@pytest.fixture(scope="module")
def scans():
    return room(views=14, artefacts=0.02, shape=FINE)


@pytest.fixture(scope="module")
def labelled(scans):
    return label_by_views([dataclasses.replace(scan, label=None) for scan in scans], progress=False)


def test_labels_agree_with_the_truth(scans, labelled):
    truth = np.concatenate([scan.label[scan.valid] for scan in scans])
    label = np.concatenate([scan.label[scan.valid] for scan in labelled])
    assert (label != UNLABELLED).mean() > 0.8
    assert (truth[label == TRUE_GEOMETRY] == TRUE_GEOMETRY).mean() > 0.998
    assert (truth[label == ARTEFACT] == ARTEFACT).mean() > 0.97
    assert (label[truth == ARTEFACT] == ARTEFACT).mean() > 0.5


def test_counts_and_everything_else_of_the_scan(scans, labelled):
    before, after = scans[0], labelled[0]
    assert after.extras["contradictions"][after.label == ARTEFACT].mean() > 3
    assert after.extras["confirmations"][after.label == TRUE_GEOMETRY].mean() > 3
    np.testing.assert_array_equal(after.xyz, before.xyz)
    np.testing.assert_array_equal(after.pose, before.pose)
    assert set(np.unique(after.label)) <= {ARTEFACT, TRUE_GEOMETRY, UNLABELLED}


def test_probabilities_agree_with_the_truth(scans, labelled):
    truth = np.concatenate([scan.label[scan.valid] for scan in scans])
    said = np.concatenate([scan.extras["artefact_probability"][scan.valid] for scan in labelled]).astype(float)
    for low, high in ((0, 0.1), (0.3, 0.7), (0.9, 1)):
        here = (said >= low) & (said <= high)
        assert (truth[here] == ARTEFACT).mean() == pytest.approx(said[here].mean(), abs=0.25)
    label = np.concatenate([scan.label[scan.valid] for scan in labelled])
    assert said[label == ARTEFACT].min() > 0.5 > said[label == TRUE_GEOMETRY].max()
    assert np.isnan(labelled[0].extras["artefact_probability"][~labelled[0].valid]).all()


def test_the_look_of_a_point_plays_no_part(scans):
    # A label of its own and an intensity that gives artefacts away change nothing.
    with_hints = [dataclasses.replace(scan, intensity=scan.label.astype(np.float32)) for scan in scans]
    some = slice(0, 6)
    plain = ViewLabeller(scans[some]).label(2)
    hinted = ViewLabeller(with_hints[some]).label(2)
    np.testing.assert_array_equal(plain.label, hinted.label)


def test_a_stride_leaves_points_out(scans):
    label = ViewLabeller(scans[:5], stride=2).label(0).label
    assert (label[::2, ::2] != UNLABELLED).mean() > 0.5
    assert (label[1::2] == UNLABELLED).all() and (label[:, 1::2] == UNLABELLED).all()


def test_a_larger_tolerance_finds_fewer_artefacts(scans):
    found = [
        (ViewLabeller(scans[:8], tolerance=tolerance).label(3).label == ARTEFACT).sum() for tolerance in (0.01, 0.5)
    ]
    assert found[0] > 20 and found[1] == 0


def test_poses_that_are_worse_than_the_noise_are_warned_about(scans):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ViewLabeller(scans[:6])
    with pytest.warns(PoseWarning, match="poses"):
        ViewLabeller(room(views=6, shift=0.02, shape=FINE))


def test_votes_of_many_views_are_counted_where_poses_are_poor():
    # Shifted by three times the noise: a single look through a point says little, that of many says enough.
    scans = room(views=44, artefacts=0.02, shift=0.003, shape=FINE)
    with pytest.warns(PoseWarning, match="counted"):
        labeller = ViewLabeller(scans)
    assert labeller.counting and labeller.others == 40
    truth, label = scans[20].label, labeller.label(20).label
    assert (label != UNLABELLED).mean() > 0.9
    assert (truth[label == ARTEFACT] == ARTEFACT).mean() > 0.95
    assert (label[truth == ARTEFACT] == ARTEFACT).mean() > 0.9
    with pytest.warns(PoseWarning, match="poses") as warned:
        assert not ViewLabeller(scans[:40]).counting
    assert "counted" not in str(warned[0].message)


@pytest.mark.parametrize(
    ("views", "said"),
    [
        (lambda scans: scans[:1], "there is one view"),
        (lambda scans: scans[:2], "there are 2 views"),
        (lambda scans: [*scans[:3], dataclasses.replace(scans[3], pose=None)], "view 3, pose: it has none"),
        (lambda scans: [*scans[:3], scans[3].keep(np.zeros(FINE, bool))], "there is no point"),
    ],
)
def test_views_that_cannot_label_each_other(scans, views, said):
    with pytest.raises(InputError, match=said):
        label_by_views(views(scans), progress=False)


def test_views_are_loaded_when_they_are_needed(scans):
    class Later:
        path = "frame.npz"

        def __init__(self, scan):
            self.scan = scan

        def load(self):
            return self.scan

    later = ViewLabeller([Later(scan) for scan in scans[:4]]).label(1)
    np.testing.assert_array_equal(later.label, ViewLabeller(scans[:4]).label(1).label)
    with pytest.raises(InputError, match=r"frame\.npz, intrinsics"):
        ViewLabeller([Later(dataclasses.replace(scan, intrinsics=None)) for scan in scans[:4]])


def test_the_weights_of_votes_are_no_filter():
    assert "view-votes" not in filters.FILTERS
