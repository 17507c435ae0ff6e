"""The streaming metrics against counts place by place, on each backend."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isolation import seeded

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.losses import MaskedBinaryCrossentropy
from pcfilter_lib.metrics import (
    F1,
    Accuracy,
    AveragePrecision,
    BalancedAccuracy,
    FalseOmissionRate,
    IoU,
    IoU3D,
    MeanIoU,
    Precision,
    Recall,
    TrueNegativeRate,
    confusion_report,
)

pytestmark = pytest.mark.backend

OF_A_CLASS = {
    Precision: lambda tp, fn, fp, tn: (tp, tp + fp),
    Recall: lambda tp, fn, fp, tn: (tp, tp + fn),
    TrueNegativeRate: lambda tp, fn, fp, tn: (tn, tn + fp),
    F1: lambda tp, fn, fp, tn: (2 * tp, 2 * tp + fp + fn),
    FalseOmissionRate: lambda tp, fn, fp, tn: (fn, fn + tn),
    IoU: lambda tp, fn, fp, tn: (tp, tp + fp + fn),
}
ALL = [*OF_A_CLASS, Accuracy, BalancedAccuracy, MeanIoU]

sizes = st.sampled_from([(5,), (4, 3), (3, 2, 2, 1)])  # a few: each new shape is compiled anew on JAX
seeds = st.integers(0, 2**31)
masked = st.sampled_from([0.0, 0.4, 1.0])
examples = settings(max_examples=25, deadline=None)


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def over(above, below):
    return above / below if below else math.nan


def counts_of(labels, found, weights, classes, ignore=255):
    """The confusion matrix, place by place."""
    matrix = np.zeros((classes, classes))
    for index in np.ndindex(labels.shape):
        if labels[index] != ignore:
            matrix[labels[index], found[index]] += weights[index]
    return matrix


def expected(metric, matrix, positive):
    """A figure from a matrix, in float64."""
    classes = len(matrix)
    quads = []
    for c in range(classes):
        tp, fn, fp = matrix[c, c], matrix[c].sum() - matrix[c, c], matrix[:, c].sum() - matrix[c, c]
        others = [k for k in range(classes) if k != c]
        quads.append((tp, fn, fp, matrix[np.ix_(others, others)].sum()))
    if metric in OF_A_CLASS:
        return over(*OF_A_CLASS[metric](*quads[positive]))
    if metric is Accuracy:
        return over(matrix.trace(), matrix.sum())
    if metric is BalancedAccuracy:
        return float(np.mean([over(tp, tp + fn) for tp, fn, _, _ in quads]))
    ious = [tp / (tp + fn + fp) for tp, fn, fp, _ in quads if tp + fn + fp]
    return float(np.mean(ious)) if ious else math.nan


def make(metric, positive, **options):
    return metric(positive, **options) if metric in OF_A_CLASS else metric(**options)


def close(metric, wanted):
    np.testing.assert_allclose(number(metric.result()), wanted, rtol=1e-6, atol=1e-6)


def scan(seed, size, share, classes=2):
    random = np.random.default_rng(seed)
    present = random.integers(1, classes + 1)  # often a class is absent
    labels = random.integers(0, present, (4, *size))
    return np.where(random.random(labels.shape) < share, 255, labels).astype("uint8"), random


def in_batches(metric, labels, scores, weights=None):
    """Feed one sample, then all others."""
    for part in (slice(None, 1), slice(1, None)):
        metric.update_state(labels[part], scores[part], None if weights is None else weights[part])


@pytest.mark.parametrize("metric", ALL)
@examples
@given(
    size=sizes,
    seed=seeds,
    share=masked,
    positive=st.sampled_from([0, 1]),
    threshold=st.sampled_from([0.2, 0.5, 0.9]),
    logits=st.booleans(),
    weighted=st.sampled_from([None, "sample", "place"]),
)
def test_two_classes(metric, size, seed, share, positive, threshold, logits, weighted):
    labels, random = scan(seed, size, share)
    scores = random.normal(scale=2, size=labels.shape).astype("float32")
    if logits:
        found = (1 / (1 + np.exp(-scores.astype(float))) >= threshold).astype(int)
    else:
        scores = (1 / (1 + np.exp(-scores))).astype("float32")
        scores[random.random(scores.shape) < 0.2] = threshold  # the threshold itself counts as 1
        found = (scores >= np.float32(threshold)).astype(int)
    weights = {None: None, "sample": random.random(4), "place": random.random(labels.shape)}[weighted]
    each = np.ones(labels.shape)
    if weights is not None:
        weights = weights.astype("float32")
        each = each * weights.reshape(weights.shape + (1,) * (labels.ndim - weights.ndim))
    wanted = expected(metric, counts_of(labels, found, each, 2), positive)
    tested = make(metric, positive, threshold=threshold, from_logits=logits)
    tested.update_state(labels, scores, weights)
    close(tested, wanted)


@pytest.mark.parametrize("metric", ALL)
@examples
@given(size=sizes, seed=seeds, share=masked, classes=st.sampled_from([2, 5]), weighted=st.booleans())
def test_several_classes(metric, size, seed, share, classes, weighted):
    labels, random = scan(seed, size, share, classes)
    scores = random.normal(size=(*labels.shape, classes)).astype("float32")
    found, positive = scores.argmax(axis=-1), seed % classes
    weights = random.random(labels.shape).astype("float32") if weighted else None
    matrix = counts_of(labels, found, np.ones(labels.shape) if weights is None else weights.astype(float), classes)
    tested = make(metric, positive, classes=classes)
    in_batches(tested, labels, scores, weights)
    close(tested, expected(metric, matrix, positive))
    np.testing.assert_allclose(tested.matrix(), matrix, rtol=1e-6)


@examples
@given(size=sizes, seed=seeds, share=masked, classes=st.sampled_from([2, 5]), weighted=st.booleans())
def test_labels_and_predictions_in_all_their_shapes(size, seed, share, classes, weighted):
    labels, random = scan(seed, size, share, classes)
    scores = random.normal(size=(*labels.shape, classes)).astype("float32")
    found = scores.argmax(axis=-1)
    weights = random.random(labels.shape).astype("float32") if weighted else None
    matrix = counts_of(labels, found, np.ones(labels.shape) if weights is None else weights.astype(float), classes)
    one_hot = (labels[..., None] == np.arange(classes)).astype("float32")
    tested = Accuracy(classes=classes)
    for truth, answer in [(labels, found), (one_hot, scores), (one_hot, found), (labels[..., None], scores)]:
        tested.reset_state()
        tested.update_state(truth, answer, weights)
        np.testing.assert_allclose(tested.matrix(), matrix, rtol=1e-6)


def test_the_matrix_of_the_slides():
    labels = np.repeat([1, 1, 0, 0], [18508, 53, 112, 166])
    scores = np.repeat([0.9, 0.1, 0.9, 0.1], [18508, 53, 112, 166]).astype("float32")
    keeps = Recall(from_logits=False)
    keeps.update_state(labels, scores)
    assert keeps.matrix().tolist() == [[166, 112], [53, 18508]]
    assert keeps.matrix().dtype == np.int64
    assert keeps.report() == confusion_report(tp=18508, fn=53, fp=112, tn=166)
    for metric, name in [(Accuracy(), "accuracy"), (BalancedAccuracy(), "balanced_accuracy"), (F1(), "f1")]:
        metric.update_state(labels, scores - 0.5)
        close(metric, keeps.report()[name])
    rare = Precision(0, from_logits=False)
    rare.update_state(labels, scores)
    assert rare.report()["tp"] == 166
    close(rare, 166 / (166 + 53))


@pytest.mark.parametrize("kept", [np.array([[True, False, True]]), np.array([[1, 0, 1]], "uint8")])
def test_decisions_are_taken_as_they_are(kept):
    metric = Accuracy(threshold=0.9)
    metric.update_state(np.array([[1, 1, 0]]), kept)
    close(metric, 1 / 3)


def test_a_channel_axis_may_be_there_or_not():
    labels, random = scan(3, (4, 3), 0.3)
    scores = random.normal(size=labels.shape).astype("float32")
    found = []
    for truth, answer in [
        (labels, scores),
        (labels[..., None], scores),
        (labels, scores[..., None]),
        (labels[..., None], scores[..., None]),
    ]:
        metric = Accuracy()
        metric.update_state(truth, answer)
        found.append(metric.matrix().tolist())
    assert found == [found[0]] * 4


@pytest.mark.parametrize("metric", ALL)
def test_an_empty_mask_and_no_batch_at_all_leave_the_figure_undefined(metric):
    tested = metric()
    assert math.isnan(number(tested.result()))
    tested.update_state(np.full((2, 3), 255), np.zeros((2, 3), "float32"))
    assert math.isnan(number(tested.result()))
    assert tested.matrix().sum() == 0


def test_a_class_may_be_what_does_not_count():
    labels, scores = np.array([0, 0, 1, 2]), np.eye(3, dtype="float32")[[1, 0, 1, 1]]
    metric = Accuracy(classes=3, ignore=0)
    metric.update_state(labels, scores)
    assert metric.matrix().tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 0]]
    volumes = IoU3D(ignore=0)
    volumes.update_state(np.array([[1, 0]]), np.array([[True, True]]))
    close(volumes, 1)


def test_what_is_masked_may_be_nan():
    metric = Accuracy()
    metric.update_state(np.array([1, 255]), np.array([1.0, math.nan], "float32"), np.array([1.0, math.nan], "float32"))
    close(metric, 1)


@pytest.mark.parametrize(
    ("labels", "scores", "options"),
    [
        ([1, 2], [0.0, 0.0], {}),
        ([1, -1], [0.0, 0.0], {}),
        ([1, 0.5], [0.0, 0.0], {}),
        ([1, 255], [0.0, 0.0], {"ignore": None}),
        ([1, 0], [0.0, math.nan], {}),
        ([1, 0], [0, 2], {}),
        ([1, 0], [0.5, 3.0], {"from_logits": False}),
        ([1, 3], [[0.0, 1, 2], [0, 1, 2]], {"classes": 3}),
    ],
)
def test_what_is_no_class_makes_every_figure_nan(labels, scores, options):
    for metric in ALL if "classes" in options else [*ALL, IoU3D]:
        tested = metric(**options)
        tested.update_state(np.array(labels), np.array(scores))
        assert math.isnan(number(tested.result()))
        if metric is not IoU3D:
            with pytest.raises(InputError, match="were no classes"):
                tested.matrix()
        tested.reset_state()
        tested.update_state(np.array([1]), np.array([1]))
        assert not math.isnan(number(tested.result())) or metric in (
            BalancedAccuracy,
            TrueNegativeRate,
            FalseOmissionRate,
        )


def test_a_billion_places_are_counted_exactly():
    labels, scores = np.array([1, 1, 0], "uint8"), np.array([1.0, -1.0, 1.0], "float32")
    metric = Recall()
    metric.update_state(labels, scores)
    for _ in range(31):  # doubled each time, up to 2^31 of each
        carries, units = metric._tally._carries, metric._tally._units
        doubled = 2 * (number(carries).astype(np.int64) * 2**16 + number(units))
        carries.assign(doubled >> 16)
        units.assign(doubled % 2**16)
    for _ in range(5):
        metric.update_state(labels, scores)
    assert metric.matrix().tolist() == [[0, 2**31 + 5], [2**31 + 5, 2**31 + 5]]
    close(metric, 0.5)


def test_batches_beyond_what_float32_counts():
    metric, labels, scores = Accuracy(), np.ones((2**23,), "uint8"), np.ones((2**23,), bool)
    for _ in range(3):
        metric.update_state(labels, scores)
    metric.update_state(labels[:1], scores[:1])
    assert metric.matrix().tolist() == [[0, 0], [0, 3 * 2**23 + 1]]


@pytest.mark.parametrize("classes", [None, 5])
def test_float32_weights_of_many_places_add_up(classes):
    random = np.random.default_rng(0)
    weights = random.random(2**20).astype("float32")
    labels = random.integers(0, 2, 2**20)
    metric = Accuracy(classes=classes)
    for _ in range(4):
        metric.update_state(labels, labels, weights)
    wanted = [4 * weights[labels == c].astype(float).sum() for c in (0, 1)]
    np.testing.assert_allclose(metric.matrix().diagonal()[:2], wanted, rtol=2e-7)


# ---- Volumes


@examples
@given(
    seed=seeds,
    share=masked,
    threshold=st.sampled_from([0.4, 0.5]),
    weighted=st.booleans(),
    empty=st.sampled_from([0, 2]),
)
def test_iou_3d(seed, share, threshold, weighted, empty):
    labels, random = scan(seed, (3, 2, 4), share)
    probabilities = random.random(labels.shape).astype("float32")
    labels[:empty], probabilities[:empty] = 0, 0
    weights = random.random(4).astype("float32") if weighted else None
    total = below = 0.0
    for k in range(4):
        there = {i for i in np.ndindex(3, 2, 4) if labels[k][i] == 1}
        found = {i for i in np.ndindex(3, 2, 4) if labels[k][i] != 255 and probabilities[k][i] >= np.float32(threshold)}
        if there | found:
            weight = 1.0 if weights is None else float(weights[k])
            total, below = total + weight * len(there & found) / len(there | found), below + weight
    metric = IoU3D(threshold, from_logits=False)
    metric.update_state(labels[..., None], probabilities[..., None], weights)
    close(metric, over(total, below))
    metric.reset_state()
    in_batches(metric, labels, probabilities, weights)
    close(metric, over(total, below))


def test_each_volume_counts_alike():
    labels, found = np.zeros((2, 2, 2, 2), int), np.zeros((2, 2, 2, 2), bool)
    labels[0], found[0] = 1, True  # eight voxels, all found
    labels[1, 0, 0, 0], found[1, 0, 0, 1] = 1, True  # one voxel, missed
    volumes, voxels = IoU3D(), IoU()
    volumes.update_state(labels, found)
    voxels.update_state(labels, found)
    close(volumes, 0.5)
    close(voxels, 0.8)
    with pytest.raises(InputError, match="one weight a volume"):
        volumes.update_state(labels, found, np.ones(labels.shape))


# ---- Arguments, saving, training


@pytest.mark.parametrize("metric", [*ALL, IoU3D])
def test_config(metric):
    options = {"threshold": 0.3, "from_logits": False, "ignore": 7, "name": "mine"}
    if metric is not IoU3D:
        options["classes"] = 4
    if metric in OF_A_CLASS:
        options["positive"] = 3
    made = metric(**options)
    assert {**made.get_config(), **options} == made.get_config()
    restored = keras.metrics.deserialize(keras.metrics.serialize(made))
    assert type(restored) is metric
    assert restored.get_config() == made.get_config()


def test_names():
    names = [metric().name for metric in [*ALL, IoU3D]]
    assert names == "precision recall true_negative_rate f1 false_omission_rate iou".split() + [
        "accuracy",
        "balanced_accuracy",
        "mean_iou",
        "iou_3d",
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Accuracy(threshold=1.5), r"threshold: 1.5 .* \[0, 1\]"),
        (lambda: Accuracy(classes=1), "classes: 1 .* 2 or more"),
        (lambda: Recall(2), "positive: 2 .* pass one of 0, 1"),
        (lambda: Recall(3, classes=3), "pass one of 0, 1, 2"),
        (lambda: Recall(ignore="none"), "ignore: 'none'"),
        (lambda: Accuracy().update_state(np.zeros((2, 3)), np.zeros((2, 4), "float32")), "do not fit"),
        (lambda: Accuracy(classes=3).update_state(np.zeros((2, 3)), np.zeros((2, 3, 4), "float32")), "pass 3 of them"),
        (lambda: Accuracy().update_state(np.zeros(3), np.zeros(3, "float32"), np.ones((3, 2))), "sample_weight"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


@seeded(0)
def test_in_a_training(tmp_path):
    labels, random = scan(4, (6, 5), 0.3)
    scans = random.normal(size=(4, 6, 5, 2)).astype("float32")
    model = keras.Sequential([keras.Input((None, None, 2)), keras.layers.Conv2D(1, 1)])
    metrics = [Accuracy(), Recall(0), IoU(), IoU3D(), MeanIoU(), AveragePrecision(0)]
    model.compile("sgd", MaskedBinaryCrossentropy(), metrics=metrics, weighted_metrics=[Precision()])
    model.fit(scans, labels, batch_size=2, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    weights = np.array([1.0, 0, 2, 1])
    found = loaded.evaluate(scans, labels, batch_size=2, sample_weight=weights, verbose=0, return_dict=True)
    kept = (number(model(scans))[..., 0] >= 0).astype(int)
    plain = counts_of(labels, kept, np.ones(labels.shape), 2)
    weighted = counts_of(labels, kept, np.ones(labels.shape) * weights[:, None, None], 2)
    for name, metric, matrix, positive in [
        ("accuracy", Accuracy, plain, 1),
        ("recall", Recall, plain, 0),
        ("iou", IoU, plain, 1),
        ("mean_iou", MeanIoU, plain, 1),
        ("precision", Precision, weighted, 1),
    ]:
        assert found[name] == pytest.approx(expected(metric, matrix, positive), rel=1e-6, nan_ok=True)
