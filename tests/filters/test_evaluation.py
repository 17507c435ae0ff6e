"""Figures of a filter on labelled scans, against counting by hand."""

import dataclasses
import math

import numpy as np
import pytest
from filter_scans import bumpy, scan_of

from pcfilter_lib import filters
from pcfilter_lib.data import CAUSES
from pcfilter_lib.errors import InputError


def labelled(seed):
    """A scan with labels, causes and a borderline band, some of it left undecided."""
    depth, label = bumpy(seed)
    generator = np.random.default_rng(seed)
    label = np.where(generator.random(label.shape) < 0.05, 255, label).astype(np.uint8)
    cause = np.where(label == 0, generator.integers(1, 4, label.shape), 0).astype(np.uint8)
    extras = {"cause": cause, "borderline": generator.random(label.shape) < 0.2}
    return dataclasses.replace(scan_of(depth), label=label, extras=extras)


SCANS = [labelled(seed) for seed in range(3)]
FILTER = filters.MedianResidual()


def slow(scans, threshold, wanted=lambda scan: np.ones(scan.shape, bool)):
    """Count point by point."""
    cells = dict.fromkeys(((label, keep) for label in (0, 1) for keep in (False, True)), 0)
    causes = {}
    for scan in scans:
        score, some = FILTER.score(scan), wanted(scan)
        for place in np.ndindex(scan.shape):
            if scan.valid[place] and scan.label[place] != 255 and some[place]:
                keep = bool(score[place] >= threshold)
                cells[int(scan.label[place]), keep] += 1
                if scan.label[place] == 0:
                    causes.setdefault(CAUSES[scan.extras["cause"][place]], []).append(not keep)
    return cells, causes


@pytest.mark.parametrize("threshold", [-3.0, -0.5, -0.05])
@pytest.mark.parametrize("clear", [False, True])
def test_the_figures_are_those_of_counting(threshold, clear):
    scored = filters.score_scans(FILTER, iter(SCANS))
    wanted = (lambda scan: ~scan.extras["borderline"]) if clear else (lambda scan: np.ones(scan.shape, bool))
    scored = scored.clear() if clear else scored
    cells, causes = slow(SCANS, threshold, wanted)
    total, wrong, true = sum(cells.values()), cells[0, False] + cells[0, True], cells[1, False] + cells[1, True]
    assert len(scored.scores) == len(scored.labels) == len(scored.causes) == len(scored.borderline) == total
    kept, found = cells[1, True] / true, cells[0, False] / wrong
    figures = scored.metrics(threshold)
    ious = cells[1, True] / (true + cells[0, True]), cells[0, False] / (wrong + cells[1, False])
    ap = figures.pop("average_precision")
    assert figures == pytest.approx({"mean_iou": np.mean(ious), "kept": kept, "found": found,
                                     "balanced_accuracy": (kept + found) / 2, "artefacts": wrong / total})  # fmt: skip
    order = np.argsort(scored.scores, kind="stable")
    hits = scored.labels[order] == 0
    precision = np.cumsum(hits) / np.arange(1, total + 1)
    assert ap == pytest.approx(precision[hits].mean(), abs=1e-3)
    assert scored.found_by_cause(threshold) == {
        name: (pytest.approx(np.mean(removed)), len(removed)) for name, removed in causes.items()
    }
    report = scored.report(threshold)
    assert (report["tp"], report["fp"]) == (cells[1, True], cells[0, True])


def test_the_borderline_is_left_out_only_where_asked():
    scored = filters.score_scans(FILTER, SCANS)
    assert scored.borderline.any() and not scored.clear().borderline.any()
    assert len(scored.clear().scores) == (~scored.borderline).sum()
    plain = dataclasses.replace(SCANS[0], extras={})
    unknown = filters.score_scans(FILTER, [plain])
    assert not unknown.borderline.any() and not unknown.causes.any() and unknown.found_by_cause(0) == {}


def test_tuning_takes_all_scans_together():
    scans = [dataclasses.replace(scan_of(depth), label=label) for depth, label in map(bumpy, range(3))]
    tuned = filters.tune_threshold(FILTER, iter(scans))
    scored = filters.score_scans(FILTER, scans)
    best = scored.metrics(tuned.threshold)["mean_iou"]
    assert best == pytest.approx(filters.best_threshold(scored.scores, scored.labels)[1])
    assert type(tuned) is type(FILTER) and tuned.threshold == scored.best_threshold()
    for threshold in np.quantile(scored.scores, np.linspace(0, 1, 40)):
        assert scored.metrics(threshold)["mean_iou"] <= best + 1e-12
    assert best > 0.9  # spikes above a smooth plane are what it was made for


def test_one_class_alone_has_figures_that_are_not_defined():
    scan = scan_of(np.ones((6, 7)), label=np.ones((6, 7), np.uint8))
    figures = filters.score_scans(filters.KeepAll(), [scan]).metrics(0)
    assert figures["kept"] == 1 and figures["artefacts"] == 0
    assert math.isnan(figures["found"]) and math.isnan(figures["average_precision"])
    nothing = scan_of(np.full((6, 7), np.nan), label=np.ones((6, 7), np.uint8))
    scored = filters.score_scans(filters.KeepAll(), [nothing])
    assert len(scored.scores) == 0 and math.isnan(scored.metrics(0)["artefacts"]) and scored.found_by_cause(0) == {}


def test_what_cannot_be_scored_is_told():
    scan = scan_of(bumpy()[0])
    for call in (filters.score_scans, filters.tune_threshold):
        with pytest.raises(InputError, match="scan 1.*no label"):
            call(filters.KeepAll(), [dataclasses.replace(scan, label=bumpy()[1]), scan])
        with pytest.raises(InputError, match="there is none"):
            call(filters.KeepAll(), [])
