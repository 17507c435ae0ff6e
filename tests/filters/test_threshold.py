import numpy as np
import pytest
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


def test_what_has_no_threshold_is_told():
    with pytest.raises(InputError, match="no artefacts"):
        filters.best_threshold([1.0, 2.0], [1, 1])
    with pytest.raises(InputError, match="NaN"):
        filters.best_threshold([np.nan, 2.0], [0, 1])
    with pytest.raises(InputError, match="differ"):
        filters.best_threshold([1.0], [0, 1])
