import json

import numpy as np
import pytest

from pcfilter_lib.filters import Expectation

pytest.importorskip("sklearn")

GENERATOR = np.random.default_rng(0)
LABEL = (GENERATOR.random(3_000) > 0.1).astype(np.uint8)
SCORES = np.round(GENERATOR.normal(1.5 * LABEL, 1), 2).astype(np.float32)  # with ties
WEIGHT = np.where(LABEL == 1, 5.0, 1.0)
SCAN = GENERATOR.integers(0, 12, 3_000)


def rates(threshold):
    keep, true = threshold <= SCORES, LABEL == 1
    return np.average(keep[true], weights=WEIGHT[true]), np.average(~keep[~true], weights=WEIGHT[~true])


def test_the_threshold_is_the_best_of_all():
    found = Expectation.of(SCORES, LABEL, WEIGHT, SCAN)
    assert (found.kept, found.found) == pytest.approx(rates(found.threshold))
    every = [sum(rates(at)) / 2 for at in np.unique(SCORES)]
    assert found.balanced_accuracy == pytest.approx(max(every))


@pytest.mark.parametrize("share", [0.99, 0.9])
def test_a_share_is_kept_and_no_more_than_needed(share):
    found = Expectation.of(SCORES, LABEL, WEIGHT, SCAN, keep=share)
    assert found.kept >= share
    above = np.unique(SCORES[found.threshold < SCORES])[1]  # one score further
    assert rates(above)[0] < share
    assert found.targets[share][1] == pytest.approx(rates(found.targets[share][0])[1])


def test_intervals_hold_the_figure_and_shrink_with_more_scans():
    few, many = (Expectation.of(SCORES, LABEL, WEIGHT, scan) for scan in (SCAN % 3, np.arange(3_000) % 300))
    for found in (few, many):
        low, high = found.intervals["found"]
        assert low <= found.found <= high
    spread = [np.diff(found.intervals["found"]).item() for found in (Expectation.of(SCORES, LABEL, WEIGHT, SCAN), many)]
    assert 0 < min(spread) and max(spread) < 0.2


def test_perfect_scores_and_json():
    found = Expectation.of(LABEL.astype(np.float32), LABEL, WEIGHT, SCAN)
    assert (found.kept, found.found, found.roc_auc, found.average_precision) == (1, 1, 1, 1)
    assert json.loads(json.dumps(found.to_dict()))["targets"]["0.99"][1] == 1
    assert "true geometry kept          100.0 %" in str(found)
