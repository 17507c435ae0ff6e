import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics import confusion_report

SEED = {"tp": 18508, "fn": 53, "fp": 112, "tn": 166}


def test_the_figures_of_the_slides():
    report = confusion_report(**SEED)
    assert isinstance(report, dict)
    expected = {"accuracy": 0.991, "recall": 0.997, "precision": 0.994, "mean_iou": 0.746}
    assert {name: round(report[name], 3) for name in expected} == expected
    assert round(report["balanced_accuracy"], 2) == 0.80
    assert round(report["false_omission_rate"], 2) == 0.24
    assert math.floor(1000 * report["f1"]) == 995  # 0.9956: the slide cuts it off
    assert (round(report["iou"], 3), math.floor(1000 * report["iou_negative"])) == (0.991, 501)


def test_a_matrix_has_rows_of_labels_from_class_0_on():
    report = confusion_report(**SEED)
    assert confusion_report([[166, 112], [53, 18508]]) == report
    assert confusion_report(np.array([[18508, 53], [112, 166]], "int32"), positive=0) == report


def by_hand(tp, fn, fp, tn):
    def over(above, below):
        return above / below if below else math.nan

    tpr, tnr, ppv = over(tp, tp + fn), over(tn, tn + fp), over(tp, tp + fp)
    ious = [over(tp, tp + fn + fp), over(tn, tn + fn + fp)]
    known = [iou for iou in ious if not math.isnan(iou)]
    return {
        "accuracy": over(tp + tn, tp + fn + fp + tn),
        "balanced_accuracy": (tpr + tnr) / 2,
        "precision": ppv,
        "ppv": ppv,
        "recall": tpr,
        "sensitivity": tpr,
        "true_negative_rate": tnr,
        "specificity": tnr,
        "npv": over(tn, tn + fn),
        "f1": over(2 * tp, 2 * tp + fn + fp),
        "for": over(fn, fn + tn),
        "fdr": 1 - ppv,
        "fpr": 1 - tnr,
        "fnr": 1 - tpr,
        "iou": ious[0],
        "jaccard": ious[0],
        "iou_negative": ious[1],
        "mean_iou": over(sum(known), len(known)),
        "mcc": over(tp * tn - fp * fn, math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))),
        "prevalence": over(tp + fn, tp + fn + fp + tn),
    }


counts = st.one_of(st.integers(0, 3), st.integers(0, 10**12))


@settings(max_examples=200, deadline=None)
@given(counts, counts, counts, counts)
def test_every_figure_is_that_of_its_formula(tp, fn, fp, tn):
    report = confusion_report(tp=tp, fn=fn, fp=fp, tn=tn)
    for name, expected in by_hand(tp, fn, fp, tn).items():
        assert report[name] == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True), name
    assert len(str(report).splitlines()) == 4 + len(report) - 4


def test_counts_of_int32_do_not_overflow():
    report = confusion_report(**{name: np.int32(10**9) for name in SEED})
    assert (report["accuracy"], report["mcc"]) == (0.5, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 6), st.integers(0, 10**6))
def test_several_classes_are_those_of_scikit_learn(classes, seed):
    random = np.random.default_rng(seed)
    truth, found = random.permutation(np.arange(60) % classes), random.integers(0, classes, 60)
    report = confusion_report(sklearn_metrics.confusion_matrix(truth, found, labels=range(classes)))
    assert report["accuracy"] == pytest.approx(sklearn_metrics.accuracy_score(truth, found))
    assert report["balanced_accuracy"] == pytest.approx(sklearn_metrics.balanced_accuracy_score(truth, found))
    assert report["mean_iou"] == pytest.approx(sklearn_metrics.jaccard_score(truth, found, average="macro"))
    np.testing.assert_allclose(report["recall"], sklearn_metrics.recall_score(truth, found, average=None))
    np.testing.assert_allclose(report["f1"], sklearn_metrics.f1_score(truth, found, average=None))
    for each in range(classes):
        one = confusion_report(sklearn_metrics.confusion_matrix(truth == each, found == each, labels=[False, True]))
        for name in ("precision", "true_negative_rate", "false_omission_rate", "iou", "prevalence"):
            assert report[name][each] == pytest.approx(one[name], nan_ok=True)


def test_absent_classes():
    report = confusion_report([[3, 1, 0], [0, 2, 0], [0, 0, 0]])
    assert math.isnan(report["balanced_accuracy"])
    assert report["mean_iou"] == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert np.isnan(report["iou"][2])
    assert "-" in str(report).splitlines()[1]
    kept_all = confusion_report(tp=98, fn=0, fp=2, tn=0)
    assert kept_all["accuracy"] == 0.98
    assert kept_all["balanced_accuracy"] == 0.5
    assert math.isnan(kept_all["false_omission_rate"])


def test_as_text():
    text = str(confusion_report(**SEED))
    for part in ("18,508 TP", "53 FN", "112 FP", "166 TN"):
        assert part in text
    lines = {line.split("  ")[0]: line for line in text.splitlines()}
    assert "0.2420" in lines["false omission rate"]
    assert "FN / (FN + TN)" in lines["false omission rate"]


def test_an_unknown_name_is_told_which_there_are():
    with pytest.raises(KeyError, match="'gini' is none of tp, fn, fp, tn, accuracy"):
        confusion_report(**SEED)["gini"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: confusion_report(tp=1, fn=2, fp=3), "tn: it is not given"),
        (lambda: confusion_report(tp=1, fn=-2, fp=3, tn=1), "fn: -2 is not allowed"),
        (lambda: confusion_report(tp=math.nan, fn=2, fp=3, tn=1), "tp: nan is not allowed"),
        (lambda: confusion_report(tp="1", fn=2, fp=3, tn=1), "tp: '1' is not allowed"),
        (lambda: confusion_report([[1, 2], [3, 4]], tp=1), "tp: a matrix is given, too"),
        (lambda: confusion_report([1, 2, 3, 4]), r"matrix: its shape is \(4,\)"),
        (lambda: confusion_report([[1, 2, 3], [1, 2, 3]]), "pass a square one"),
        (lambda: confusion_report([[1, -2], [3, 4]]), "no counts"),
        (lambda: confusion_report([[1, 2], [3, 4]], positive=2), "pass 1 or 0"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
