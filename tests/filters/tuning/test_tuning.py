"""A filter that is tuned on labelled scans does on others what it promised, and its file says all there is to know."""

import dataclasses
import shutil

import numpy as np
import pytest
from filter_scans import bumpy

from pcfilter_lib import filters, weights
from pcfilter_lib.data import OrganizedScan, backproject
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters import TunedFilter, tune_filter
from pcfilter_lib.filters._onnx import redescribed
from pcfilter_lib.filters.tuning import learners

for module in ("sklearn", "onnx"):
    pytest.importorskip(module)


CAMERA = np.array([[50.0, 0, 24.5], [0, 50, 19.5], [0, 0, 1]])
SCANS = 8


def of(depth, **fields):
    return OrganizedScan(np.nan_to_num(backproject(depth, CAMERA)).astype(np.float32), intrinsics=CAMERA, **fields)


def labelled(seed):
    depth, label = bumpy(seed, (40, 50))
    return of(depth, label=label)


@pytest.fixture(scope="module", autouse=True)
def few_trees():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(learners, "_ROUNDS", 15)
        yield


@pytest.fixture(scope="module")
def tuning():
    with pytest.warns(filters.VarietyWarning, match="one scene"):
        return tune_filter([labelled(seed) for seed in range(SCANS)], origin=["a", "b"], progress=False)


def test_it_keeps_on_others_what_it_promised(tuning):
    report = filters.score_scans(tuning.filter, [labelled(seed) for seed in range(20, 26)]).metrics(
        tuning.filter.threshold
    )
    assert report["balanced_accuracy"] > 0.9
    assert report["kept"] == pytest.approx(tuning.expectation.kept, abs=0.03)
    assert report["found"] == pytest.approx(tuning.expectation.found, abs=0.05)


def test_a_target_is_kept_on_others(tuning):
    with pytest.warns(filters.VarietyWarning):
        tuned = tune_filter([labelled(seed) for seed in range(SCANS)], keep=0.95, progress=False).filter
    assert tuned.threshold == pytest.approx(tuning.expectation.targets[0.95][0], abs=1e-3) != tuning.filter.threshold
    report = filters.score_scans(tuned, [labelled(seed) for seed in range(20, 26)]).metrics(tuned.threshold)
    assert report["kept"] > 0.94


@pytest.mark.parametrize("worth", [-1.0, 1.0])
def test_the_file_says_what_the_learner_says(tmp_path, monkeypatch, worth):
    monkeypatch.setattr("pcfilter_lib.filters.tuning.fit._WORTH", worth)
    with pytest.warns(filters.VarietyWarning):
        tuning = tune_filter([labelled(seed) for seed in range(4)], progress=False)
    assert tuning.filter.card["learner"] == ("trees" if worth < 0 else "network")
    tuning.save(tmp_path / "mine.filter")
    loaded = filters.load_filter(tmp_path / "mine.filter")
    scan = labelled(30)
    np.testing.assert_allclose(loaded.score(scan), tuning.filter.score(scan), rtol=1e-3, atol=1e-3)
    assert loaded.threshold == tuning.filter.threshold
    assert loaded.card["expectation"] == tuning.expectation.to_dict()


def test_the_same_scans_give_the_same_file(tuning):
    with pytest.warns(filters.VarietyWarning):
        again = tune_filter([labelled(seed) for seed in range(SCANS)], origin=["a", "b"], progress=False)
    assert again.content == tuning.content


def said(scan, probability, label=255):
    """Return a scan of which views say a probability, and no label unless one is given."""
    shape = scan.shape
    extras = {"artefact_probability": np.broadcast_to(probability, shape).astype(np.float16)}
    return dataclasses.replace(scan, label=np.broadcast_to(label, shape).astype(np.uint8), extras=extras)


def test_probabilities_teach_as_labels_do():
    # Nothing is certain: of ten points said to be artefacts with 0.8, eight are, and so on.
    scans = [labelled(seed) for seed in range(SCANS)]
    doubtful = [said(scan, np.where(scan.label == 0, 0.8, 0.1)) for scan in scans]
    with pytest.warns(filters.VarietyWarning):
        tuned = tune_filter(doubtful, progress=False).filter
    report = filters.score_scans(tuned, [labelled(seed) for seed in range(20, 26)])
    assert report.metrics(tuned.threshold)["balanced_accuracy"] > 0.85


def test_expectations_count_doubtful_points_as_either(tuning):
    # What views say is no better than a guess half of the time: nobody can promise much.
    scans = [labelled(seed) for seed in range(SCANS)]
    with pytest.warns(filters.VarietyWarning):
        doubtful = tune_filter([said(scan, np.where(scan.label == 0, 0.6, 0.4)) for scan in scans], progress=False)
    assert doubtful.expectation.balanced_accuracy < 0.65 < 0.9 < tuning.expectation.balanced_accuracy


def test_a_label_corrected_by_hand_counts():
    from pcfilter_lib.filters.tuning.fit import _probability

    scan = labelled(0)
    for label, probability, expected in ((0, 0.1, 1), (1, 0.9, 0), (0, 0.9, 0.9), (255, 0.3, 0.3), (1, np.nan, 0)):
        np.testing.assert_allclose(_probability(said(scan, probability, label)), expected, atol=1e-3)
    assert np.isnan(_probability(said(scan, np.nan))).all()


def test_two_filters_describe_themselves_differently(tuning, tmp_path):
    tuning.save(tmp_path / "a.filter")
    one = filters.load_filter(tmp_path / "a.filter")
    assert one.describe() != one.with_threshold(1).describe()
    assert (
        one.describe()["network"]
        == filters.load_filter(str(tmp_path / "a.filter")).describe()["network"]
        != "not saved"
    )


def test_it_warns_of_other_scans(tuning, tmp_path):
    tuning.save(tmp_path / "a.filter")
    loaded = filters.load_filter(tmp_path / "a.filter")
    assert not loaded.check(labelled(40)).findings
    depth = bumpy(1, (40, 50))[0]
    rough = depth * (1 + 0.05 * np.random.default_rng(0).normal(size=depth.shape))
    assert [finding.kind for finding in loaded.check(of(rough)).findings] == ["unfamiliar"]


def test_whole_scenes_are_kept_aside():
    from pcfilter_lib.filters.tuning.fit import _folds

    assert _folds(6, ["b", "a", "a", "c", "b", "c"]).tolist() == [1, 0, 0, 2, 1, 2]
    assert _folds(10, None).tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert _folds(10, ["a"] * 5 + ["b"] * 5).tolist() == _folds(10, None).tolist()
    assert sorted(set(_folds(20, [f"{n:02}" for n in range(20)]))) == [0, 1, 2, 3, 4]


def without(kind):
    def change(scan):
        return dataclasses.replace(scan, label=np.where(scan.label == kind, 255, scan.label).astype(np.uint8))

    return change


@pytest.mark.parametrize(
    ("scans", "message"),
    [
        (lambda: [], "there is no labelled scan"),
        (lambda: [labelled(0)], "one labelled scan teaches nothing"),
        (lambda: [labelled(0), dataclasses.replace(labelled(1), label=None)], "scan 1: it has no label"),
        (
            lambda: [without(0)(labelled(s)) for s in range(4)],
            "only 0 points are labelled as artefacts; 200 are",
        ),
        (lambda: [without(1)(labelled(s)) for s in range(4)], "only 0 points are labelled as true geometry"),
        (
            lambda: [labelled(0), *(without(1)(labelled(s)) for s in range(1, 4))],
            "labelled in one scan only",
        ),
    ],
)
def test_too_little_is_refused_with_what_is_missing(scans, message):
    with pytest.raises(InputError, match=message):
        tune_filter(scans(), progress=False)


def test_groups_have_to_fit():
    with pytest.raises(InputError, match="there are 1 for 4 scans"):
        tune_filter([labelled(seed) for seed in range(4)], groups=["a"], progress=False)


def test_a_target_that_cannot_be_written(tuning, tmp_path):
    with pytest.raises(InputError, match="it is a folder"):
        tuning.save(tmp_path)
    with pytest.raises(InputError, match=r"does not end in \.filter.*call it mine\.filter"):
        tuning.save(tmp_path / "mine.onnx")
    assert not list(tmp_path.iterdir())


def test_foreign_and_broken_files_are_refused(tuning, tmp_path):
    content, path = tuning.content, tmp_path / "a.filter"
    for wrong, message in (
        (b"", "ONNX Runtime cannot open it"),
        (content[: len(content) // 2], "ONNX Runtime cannot open it"),
        (b"import os; os.system('true')", "ONNX Runtime cannot open it"),
        (b"\x80\x04\x95", "ONNX Runtime cannot open it"),  # the beginning of a pickle
        (redescribed(content, kind="other"), "no tuned filter"),
        (redescribed(content, features=["left 1"]), "other surroundings"),
        (redescribed(content, threshold="high"), "'high' is not allowed"),
        (redescribed(content, familiarity={"scans": 2}), "Familiarity"),
    ):
        path.write_bytes(wrong)
        with pytest.raises(InputError, match=message) as caught:
            TunedFilter.load(path)
        assert "a.filter" in str(caught.value)
    shutil.copy(weights.path("artefact-unet", ".onnx"), path)
    with pytest.raises(InputError, match="no tuned filter"):
        filters.load_filter(path)
    with pytest.raises(InputError, match=r"none\.filter"):
        filters.load_filter(tmp_path / "none.filter")
