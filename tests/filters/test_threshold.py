import dataclasses

import numpy as np
import pytest
from filter_scans import bumpy, scan_of
from hypothesis import given, settings
from hypothesis import strategies as st

from pcfilter_lib import filters
from pcfilter_lib.errors import InputError


def mean_iou(keep, label):
    ious = []
    for value, said in ((1, keep), (0, ~keep)):
        there = label == value
        said = said & (label != 255)
        ious.append((there & said).sum() / (there | said).sum())
    return np.mean(ious)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(-3, 3), st.sampled_from([0, 1, 1, 255])), min_size=2, max_size=40))
def test_no_threshold_is_better(pairs):
    scores, labels = (np.array(each) for each in zip(*pairs, strict=True))
    if not {0, 1} <= set(labels.tolist()):
        with pytest.raises(InputError):
            filters.best_threshold(scores, labels)
        return
    threshold, value = filters.best_threshold(scores, labels)
    assert value == pytest.approx(mean_iou(scores >= threshold, labels))
    assert value >= max(mean_iou(scores >= each, labels) for each in np.arange(-3.5, 3.5)) - 1e-12


def test_tuning_takes_all_scans_together():
    scans = [dataclasses.replace(scan_of(depth), label=label) for depth, label in map(bumpy, range(3))]
    tuned = filters.tuned(filters.MedianResidual(), scans)
    keep = np.concatenate([tuned.keep(scan).ravel() for scan in scans])
    label = np.concatenate([scan.label.ravel() for scan in scans])
    scores = np.concatenate([tuned.score(scan)[scan.valid] for scan in scans])
    assert mean_iou(keep, label) == pytest.approx(filters.best_threshold(scores, label[label != 255])[1])
    assert mean_iou(keep, label) > 0.9  # spikes above a smooth plane are what it was made for


def test_what_cannot_be_tuned_is_told():
    scan = scan_of(bumpy()[0])
    with pytest.raises(InputError, match="no label"):
        filters.tuned(filters.KeepAll(), [scan])
    with pytest.raises(InputError, match="there is none"):
        filters.tuned(filters.KeepAll(), [])
    with pytest.raises(InputError, match="no artefacts"):
        filters.best_threshold([1.0, 2.0], [1, 1])
    with pytest.raises(InputError, match="NaN"):
        filters.best_threshold([np.nan, 2.0], [0, 1])
    with pytest.raises(InputError, match="differ"):
        filters.best_threshold([1.0], [0, 1])
