"""The losses against their formulas written out place by place, their gradients, masks and saving, on each backend."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from isolation import seeded

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.losses import (
    DiceLoss,
    FocalLoss,
    MaskedBinaryCrossentropy,
    MaskedCategoricalCrossentropy,
    MaskedMeanAbsoluteError,
    TverskyLoss,
    VoxelBinaryCrossentropy,
)

pytestmark = pytest.mark.backend

REDUCTIONS = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"]

# ---- The formulas, place by place, in float64


def probability(logit):
    """Return (p, 1 - p), both without rounding errors."""
    tail = math.exp(-abs(logit)) / (1 + math.exp(-abs(logit)))
    return (1 - tail, tail) if logit >= 0 else (tail, 1 - tail)


def log_probability(logit):
    """Return (log(p), log(1 - p))."""
    small = math.log1p(math.exp(-abs(logit)))
    return (-small, -abs(logit) - small) if logit >= 0 else (-abs(logit) - small, -small)


def softmax(logits):
    top = max(logits)
    shares = [math.exp(value - top) for value in logits]
    return [share / sum(shares) for share in shares]


def binary_place(label, logit, weights=(1, 1), gamma=0):
    p, q = probability(logit)
    log_p, log_q = log_probability(logit)
    return -weights[1] * label * q**gamma * log_p - weights[0] * (1 - label) * p**gamma * log_q


def categorical_place(label, logits, weights=None, gamma=0):
    others = [value for index, value in enumerate(logits) if index != label]
    top = max(others)
    odds = logits[label] - top - math.log(sum(math.exp(value - top) for value in others))
    cost = binary_place(1, odds, gamma=gamma)
    return cost * (weights[label] if weights is not None else 1)


def dice(found, there, smooth):
    both = sum(p * g for p, g in zip(found, there, strict=True))
    squares = sum(p * p for p in found) + sum(g * g for g in there)
    return 1 - (2 * both + smooth) / (squares + smooth)


def tversky(found, there, smooth, alpha=0.3, beta=0.7):
    both = sum(p * g for p, g in zip(found, there, strict=True))
    invented = sum(p * (1 - g) for p, g in zip(found, there, strict=True))
    missed = sum((1 - p) * g for p, g in zip(found, there, strict=True))
    return 1 - (both + smooth) / (both + alpha * invented + beta * missed + smooth)


def over_places(place, labels, scores, ignore=255):
    """Return what each place costs, 0 where it does not count, and whether it counts."""
    costs, counts = np.zeros(labels.shape), labels != ignore
    for index in np.ndindex(labels.shape):
        if counts[index]:
            costs[index] = place(labels[index].item(), scores[index].tolist())
    return costs, counts


def over_samples(overlap, labels, scores, *, positive=1, classes=None, weights=None, smooth=1.0, ignore=255):
    """Return what each sample costs by an overlap, and whether one of its places counts."""
    costs, counts = [], []
    for sample, logits in zip(labels, scores, strict=True):
        places = [index for index in np.ndindex(sample.shape) if sample[index] != ignore]
        counts.append(bool(places))
        if classes is None:
            found = [probability(float(logits[index]))[1 - positive] for index in places]
            there = [float(sample[index]) if positive else 1 - float(sample[index]) for index in places]
            costs.append(overlap(found, there, smooth))
            continue
        shares = [softmax(logits[index].tolist()) for index in places]
        each = [
            overlap([s[c] for s in shares], [float(sample[i] == c) for i in places], smooth) for c in range(classes)
        ]
        costs.append(float(np.average(each, weights=weights)))
    return np.array(costs), np.array(counts)


def reduce(costs, counts, reduction, sample_weight=None):
    """Reduce as Keras does, with what does not count taken away first."""
    weights = np.ones(costs.shape) if sample_weight is None else np.asarray(sample_weight, float)
    weights = weights.reshape(weights.shape + (1,) * (costs.ndim - weights.ndim)) * np.ones(costs.shape)
    if reduction == "none":
        return costs * weights * counts
    total = (costs * weights)[counts].sum()
    if reduction == "sum":
        return total
    below = weights[counts].sum() if reduction == "mean_with_sample_weight" else counts.sum()
    return total / below if below else 0.0


# ---- Scans to try them on

sizes = st.sampled_from([(), (5,), (4, 1), (2, 3, 3)])  # a few: each new shape is compiled anew on JAX
seeds = st.integers(0, 2**31)
masked = st.sampled_from([0.0, 0.3, 0.9, 1.0])
examples = settings(max_examples=40, deadline=None)


def case(seed, shape, share, *, classes=2, rarest=0.3, channels=0):
    """Return labels with a share of 255 and float32 logits of all magnitudes."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, shape)
    labels[random.random(shape) < rarest] = 0  # in many cases, some class is absent
    labels[random.random(shape) < share] = 255
    wide = random.choice([0.1, 3.0, 50.0], size=(*shape, *[channels] * bool(channels)))
    return labels.astype("uint8"), (random.normal(size=wide.shape) * wide).astype("float32")


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def close(found, expected):
    np.testing.assert_allclose(number(found), expected, rtol=1e-6, atol=1e-6)


def gradient(loss, labels, scores, sample_weight=None):
    """Return the loss and its gradient for the scores."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        scores = tf.constant(scores)
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value = loss(labels, scores, sample_weight)
        return number(value), number(tape.gradient(value, scores))
    if backend == "jax":
        import jax

        value, found = jax.value_and_grad(lambda x: loss(labels, x, sample_weight))(jax.numpy.asarray(scores))
        return number(value), number(found)
    import torch

    scores = torch.tensor(scores, requires_grad=True)
    value = loss(labels, scores, sample_weight)
    value.backward()
    return number(value), number(scores.grad)


def every_loss():
    """Return, by name, each loss, and the number of scores a place."""
    return {
        "binary": (MaskedBinaryCrossentropy, 0),
        "voxel": (VoxelBinaryCrossentropy, 0),
        "categorical": (MaskedCategoricalCrossentropy, 3),
        "focal": (FocalLoss, 0),
        "focal, gamma 1/2": (lambda **options: FocalLoss(0.5, **options), 0),
        "focal of classes": (lambda **options: FocalLoss(classes=3, **options), 3),
        "dice": (DiceLoss, 0),
        "dice of artefacts, no smoothing": (lambda **options: DiceLoss(0, smooth=1e-7, **options), 0),
        "dice of classes": (lambda **options: DiceLoss(classes=3, **options), 3),
        "tversky": (TverskyLoss, 0),
        "tversky of classes, no smoothing": (lambda **options: TverskyLoss(classes=3, smooth=1e-7, **options), 3),
    }


LOSSES = pytest.mark.parametrize(("make", "channels"), every_loss().values(), ids=list(every_loss()))


# ---- Equal to the formulas


@examples
@given(
    sizes, seeds, masked, st.sampled_from([None, (3.0, 0.5), (0.0, 2.0)]), st.sampled_from([0.0, 0.5, 1.0, 2.0, 5.0])
)
def test_places_of_two_classes(size, seed, share, weights, gamma):
    labels, logits = case(seed, (2, *size), share)
    costs, counts = over_places(lambda y, x: binary_place(y, x, weights or (1, 1)), labels, logits)
    close(MaskedBinaryCrossentropy(weights, reduction="none")(labels, logits), reduce(costs, counts, "none"))
    close(MaskedBinaryCrossentropy(weights)(labels, logits), reduce(costs, counts, "mean"))
    costs, counts = over_places(lambda y, x: binary_place(y, x, weights or (1, 1), gamma), labels, logits)
    close(FocalLoss(gamma, class_weights=weights)(labels, logits), reduce(costs, counts, "mean"))


@examples
@given(sizes, seeds, masked, st.sampled_from([None, (3.0, 0.5, 0.0, 1.0)]), st.sampled_from([0.0, 0.5, 2.0]))
def test_places_of_several_classes(size, seed, share, weights, gamma):
    labels, logits = case(seed, (2, *size), share, classes=4, channels=4)
    costs, counts = over_places(lambda y, x: categorical_place(y, x, weights), labels, logits)
    close(MaskedCategoricalCrossentropy(weights)(labels, logits), reduce(costs, counts, "mean"))
    costs, counts = over_places(lambda y, x: categorical_place(y, x, weights, gamma), labels, logits)
    close(FocalLoss(gamma, classes=4, class_weights=weights)(labels, logits), reduce(costs, counts, "mean"))


@examples
@given(sizes, seeds, masked, st.sampled_from([1, 0]), st.sampled_from([1e-7, 0.01, 1.0]))
def test_overlaps(size, seed, share, positive, smooth):
    labels, logits = case(seed, (3, *size), share)
    costs, counts = over_samples(dice, labels, logits, positive=positive, smooth=smooth)
    close(DiceLoss(positive, smooth=smooth)(labels, logits), reduce(costs, counts, "mean"))
    costs, counts = over_samples(
        lambda *a: tversky(*a, alpha=0.2, beta=1.5), labels, logits, positive=positive, smooth=smooth
    )
    close(TverskyLoss(0.2, 1.5, positive=positive, smooth=smooth)(labels, logits), reduce(costs, counts, "mean"))


@examples
@given(sizes, seeds, masked, st.sampled_from([None, (1.0, 0.0, 4.0)]))
def test_overlaps_of_several_classes(size, seed, share, weights):
    labels, logits = case(seed, (2, *size), share, classes=3, channels=3)
    options = {"classes": 3, "class_weights": weights}
    costs, counts = over_samples(dice, labels, logits, classes=3, weights=weights)
    close(DiceLoss(**options)(labels, logits), reduce(costs, counts, "mean"))
    costs, counts = over_samples(tversky, labels, logits, classes=3, weights=weights)
    close(TverskyLoss(**options)(labels, logits), reduce(costs, counts, "mean"))


@examples
@given(sizes, seeds, masked, st.sampled_from([(1.0, 1.0), (0.03, 0.97)]))
def test_each_volume_counts_alike(size, seed, share, weights):
    labels, logits = case(seed, (3, *size), share)
    costs, counts = over_places(lambda y, x: binary_place(y, x, weights), labels, logits)
    costs, counts = costs.reshape(3, -1), counts.reshape(3, -1)
    volumes = costs.sum(axis=1) / np.maximum(counts.sum(axis=1), 1)
    close(VoxelBinaryCrossentropy(weights)(labels, logits), reduce(volumes, counts.any(axis=1), "mean"))


def test_without_a_mask_a_mean_over_voxels_is_one_over_all():
    labels, logits = case(0, (3, 4, 5, 6), 0)
    close(VoxelBinaryCrossentropy()(labels, logits), number(MaskedBinaryCrossentropy()(labels, logits)))
    labels[0, 1:] = 255
    assert abs(VoxelBinaryCrossentropy()(labels, logits) - MaskedBinaryCrossentropy()(labels, logits)) > 1e-3


def test_what_keras_computes():
    labels, logits = case(1, (2, 5, 7, 1), 0)
    logits = np.clip(logits, -4, 4)  # Keras's own focal loss holds probabilities away from 0 and 1
    for ours, theirs in [
        (MaskedBinaryCrossentropy(), keras.losses.BinaryCrossentropy(from_logits=True)),
        (
            FocalLoss(class_weights=(0.75, 0.25)),
            keras.losses.BinaryFocalCrossentropy(alpha=0.25, apply_class_balancing=True, from_logits=True),
        ),
    ]:
        np.testing.assert_allclose(number(ours(labels, logits)), number(theirs(labels, logits)), rtol=1e-5)
    labels, logits = case(1, (2, 5, 7), 0.4, classes=3, channels=3)
    theirs = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    ours = MaskedCategoricalCrossentropy()
    np.testing.assert_allclose(number(ours(labels, logits)), number(theirs(labels, logits)), rtol=1e-5)


def test_tversky_of_halves_is_dice_without_squares_on_sure_answers():
    labels, _ = case(2, (2, 40), 0.2)
    sure = np.where(np.random.default_rng(3).random(labels.shape) < 0.5, 100, -100).astype("float32")
    close(
        TverskyLoss(0.5, 0.5, smooth=1e-7)(labels, sure),
        number(DiceLoss(smooth=1e-7)(labels, sure)),
    )


def test_focal_of_gamma_zero_is_cross_entropy():
    labels, logits = case(4, (2, 30), 0.2)
    close(FocalLoss(0, class_weights=(2, 1))(labels, logits), number(MaskedBinaryCrossentropy((2, 1))(labels, logits)))


def test_by_hand():
    labels, logits = np.array([[1, 0, 255]]), np.array([[0.0, 0.0, 9.0]], "float32")
    close(MaskedBinaryCrossentropy()(labels, logits), math.log(2))
    close(MaskedBinaryCrossentropy((3, 1))(labels, logits), 2 * math.log(2))
    close(FocalLoss()(labels, logits), math.log(2) / 4)
    close(DiceLoss(smooth=1e-7)(labels, logits), 1 - 2 * 0.5 / (2 * 0.25 + 1))
    close(TverskyLoss(smooth=1e-7)(labels, logits), 1 - 0.5 / (0.5 + 0.3 * 0.5 + 0.7 * 0.5))
    close(MaskedCategoricalCrossentropy()(labels, np.zeros((1, 3, 5), "float32")), math.log(5))


@LOSSES
def test_probabilities_for_logits(make, channels):
    labels, logits = case(5, (2, 6, 5), 0.3, classes=channels or 2, channels=channels)
    logits = np.clip(logits, -8, 8)
    probabilities = number(keras.ops.softmax(logits) if channels else keras.ops.sigmoid(logits))
    found, expected = make(from_logits=False)(labels, probabilities), make()(labels, logits)
    np.testing.assert_allclose(number(found), number(expected), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("weights", [None, "sample", "place"])
def test_reductions_and_sample_weights(reduction, weights):
    labels, logits = case(6, (4, 4, 3), 0.4)  # (4,) weights would also fit another axis
    random = np.random.default_rng(7)
    shape = {None: None, "sample": 4, "place": (4, 4, 3)}[weights]
    weight = None if shape is None else random.uniform(0, 2, shape).astype("float32")
    costs, counts = over_places(binary_place, labels, logits)
    expected = reduce(costs, counts, reduction, weight)
    close(MaskedBinaryCrossentropy(reduction=reduction)(labels, logits, weight), expected)
    if weights == "place":
        close(MaskedBinaryCrossentropy(reduction=reduction)(labels, logits, weight[..., None]), expected)
        with pytest.raises(InputError, match=r"one weight a sample, of shape \(B,\)"):
            DiceLoss(reduction=reduction)(labels, logits, weight)
    else:
        costs, counts = over_samples(dice, labels, logits)
        close(DiceLoss(reduction=reduction)(labels, logits, weight), reduce(costs, counts, reduction, weight))


# ---- Masks, extremes, mistakes


@LOSSES
def test_what_is_masked_is_as_if_it_were_not_there(make, channels):
    labels, logits = case(8, (3, 7, 5), 0.3, classes=channels or 2, channels=channels)
    labels[1] = 255
    spoiled = logits.copy()
    spoiled[labels == 255] = np.nan
    value, slope = gradient(make(), labels, logits)
    again, other = gradient(make(), labels, spoiled)
    assert np.isfinite(value)
    assert value == again
    np.testing.assert_array_equal(slope, other)
    assert not slope[labels == 255].any()
    assert slope[labels != 255].any()
    np.testing.assert_allclose(value, number(make()(labels[[0, 2]], logits[[0, 2]])), rtol=1e-6)
    marked = np.where(labels == 255, -1, labels.astype(int))
    np.testing.assert_allclose(value, number(make(ignore=-1)(marked, spoiled)), rtol=1e-6)


@LOSSES
@pytest.mark.parametrize("reduction", REDUCTIONS[:4])
def test_an_empty_mask_costs_nothing(make, channels, reduction):
    labels = np.full((2, 3, 3), 255, "uint8")
    _, logits = case(9, labels.shape, 0, channels=channels)
    value, slope = gradient(make(reduction=reduction), labels, logits)
    assert value == 0
    assert not slope.any()


@LOSSES
@pytest.mark.parametrize("extreme", [0.0, 30.0, 89.0, 1e4])
def test_gradients_are_finite(make, channels, extreme):
    signs = np.random.default_rng(10).choice([-1.0, 1.0], size=(2, 8, 8, *[channels] * bool(channels)))
    logits = (signs * extreme).astype("float32")
    for label in (0, 1, channels - 1 if channels else 255):
        labels = np.full((2, 8, 8), label, "uint8")
        labels[0, 0] = 255
        value, slope = gradient(make(), labels, logits)
        assert np.isfinite(value)
        assert np.isfinite(slope).all()


def test_a_wrong_answer_of_any_size_still_sends_a_gradient():
    for logit in (-1e4, -100.0, -1.0):
        _, slope = gradient(MaskedBinaryCrossentropy(), np.ones((1, 1)), np.full((1, 1), logit, "float32"))
        assert slope[0, 0] < -0.7
        scores = np.array([[[logit, 0.0, 0.0]]], "float32")
        _, slope = gradient(MaskedCategoricalCrossentropy(), np.zeros((1, 1)), scores)
        assert slope[0, 0, 0] < -0.7


@pytest.mark.parametrize("make", [lambda **o: DiceLoss(classes=3, **o), lambda **o: TverskyLoss(classes=3, **o)])
def test_a_class_that_is_neither_there_nor_predicted_costs_nothing(make):
    labels = np.array([[0, 1, 1, 0]])
    logits = np.where(np.arange(3) == labels[..., None], 50, -50).astype("float32")
    for smooth in (1e-7, 1.0):
        value, slope = gradient(make(smooth=smooth), labels, logits)
        assert abs(value) < 1e-6
        assert np.isfinite(slope).all()


@LOSSES
def test_a_label_without_meaning_makes_the_loss_nan(make, channels):
    labels, logits = case(11, (2, 4), 0.2, classes=2, channels=channels)
    labels[1, 2] = channels or 2
    assert np.isnan(number(make()(labels, logits)))
    assert np.isnan(number(make(ignore=None)(np.where(labels == 255, 255, 0), logits)))
    assert np.isfinite(number(make(ignore=channels or 2)(np.where(labels == 255, channels or 2, labels), logits)))


def test_soft_labels_are_a_mixture():
    logits = np.array([[1.3, -2.0]], "float32")
    for loss in (MaskedBinaryCrossentropy((2, 3)), FocalLoss(class_weights=(2, 3))):
        mixed = 0.25 * number(loss(np.ones((1, 2)), logits)) + 0.75 * number(loss(np.zeros((1, 2)), logits))
        close(loss(np.full((1, 2), 0.25), logits), mixed)


@LOSSES
def test_a_channel_axis_may_be_there_or_not(make, channels):
    labels, logits = case(12, (2, 4, 3), 0.3, classes=channels or 2, channels=channels)
    expected = number(make()(labels, logits))
    close(make()(labels[..., None], logits), expected)
    if not channels:
        close(make()(labels, logits[..., None]), expected)
        close(make()(labels[..., None], logits[..., None]), expected)
        weight = np.random.default_rng(0).random(2)  # sample weights find the first axis, not the last
        close(make()(labels[..., None], logits[..., None], weight), number(make()(labels, logits, weight)))


@LOSSES
def test_shapes_that_do_not_fit_are_refused(make, channels):
    for shape in [(2, 4, 5), (2, 4), (3, 4, 3)]:
        with pytest.raises(InputError, match="do not fit"):
            make()(np.zeros((2, 4, 3)), np.zeros((*shape, *[channels] * bool(channels)), "float32"))


@pytest.mark.parametrize(
    ("make", "allowed"),
    [
        (lambda: MaskedBinaryCrossentropy((1, 2, 3)), "class_weights: .* pass 2 numbers, by label"),
        (lambda: MaskedBinaryCrossentropy("ab"), "class_weights: .* pass 2 numbers, by label"),
        (lambda: MaskedBinaryCrossentropy((1, -1)), r"class_weights: -1 .* \[0, inf\)"),
        (lambda: MaskedBinaryCrossentropy((0, 0)), "pass one above 0"),
        (lambda: MaskedBinaryCrossentropy(ignore=0.5), "ignore: 0.5 .* whole number"),
        (lambda: MaskedCategoricalCrossentropy(3), "one number a class"),
        (lambda: FocalLoss(-1), r"gamma: -1 .* \[0, inf\)"),
        (lambda: FocalLoss(classes=1), "classes: 1 .* 2 or more"),
        (lambda: DiceLoss(2), "positive: 2 .* 1, 0"),
        (lambda: DiceLoss(smooth=0), r"smooth: 0 .* \[1e-07, inf\)"),
        (lambda: DiceLoss(class_weights=(1, 1)), "pass classes, too"),
        (lambda: TverskyLoss(alpha=-1), r"alpha: -1 .* \[0, inf\)"),
        (lambda: TverskyLoss(beta=math.nan), r"beta: nan .* \[0, inf\)"),
        (
            lambda: MaskedCategoricalCrossentropy((1, 1))(np.zeros((1, 2)), np.zeros((1, 2, 3))),
            "holds 3 values. Remedy: pass 2 of them",
        ),
        (lambda: FocalLoss(classes=3)(np.zeros((1, 2)), np.zeros((1, 2, 4))), "pass 3 of them"),
        (
            lambda: MaskedBinaryCrossentropy()(np.zeros((1, 2)), np.zeros((1, 2)), np.ones((1, 2, 2))),
            "weights of the labels' shape",
        ),
    ],
)
def test_wrong_arguments_are_told_what_is_allowed(make, allowed):
    with pytest.raises(InputError, match=allowed):
        make()


# ---- In a training


@LOSSES
@seeded(0)
def test_config_saving_and_training(make, channels, tmp_path):
    loss = make(ignore=7, reduction="sum", from_logits=True, name="mine")
    twin = type(loss).from_config(loss.get_config())
    assert twin.get_config() == loss.get_config()
    restored = keras.losses.deserialize(keras.losses.serialize(loss))
    assert type(restored) is type(loss)
    assert restored.get_config() == loss.get_config()

    labels, _ = case(13, (4, 6, 5), 0.3, classes=channels or 2)
    scans = np.random.default_rng(14).normal(size=(4, 6, 5, 2)).astype("float32")
    model = keras.Sequential([keras.Input((None, None, 2)), keras.layers.Conv2D(channels or 1, 1)])
    model.compile("sgd", make())
    before = model.get_weights()[0].copy()
    model.fit(scans, labels, batch_size=2, sample_weight=np.array([1.0, 2, 0, 1]), verbose=0)
    assert np.isfinite(model.get_weights()[0]).all()
    assert not np.allclose(before, model.get_weights()[0], atol=0)
    expected = number(make()(labels, model(scans)))
    assert model.evaluate(scans, labels, batch_size=4, verbose=0) == pytest.approx(float(expected), rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.evaluate(scans, labels, batch_size=4, verbose=0) == pytest.approx(float(expected), rel=1e-5)


def test_half_precision_predictions_are_computed_in_float32():
    labels = np.ones((1, 4), "uint8")
    logits = keras.ops.cast(np.full((1, 4), -3e4), "float16")
    close(MaskedBinaryCrossentropy(reduction="sum")(labels, logits), 4 * float(np.float16(3e4)))


# ---- Absolute errors, of places that are labelled


@pytest.mark.parametrize("ignore", [-1, None])
def test_a_mask_of_keras_and_labels_without_meaning_count_once(ignore):
    """A layer that masks rows attaches the mask to its output, and Keras's own reduction would see it."""
    draw = np.random.default_rng(0)
    inputs = keras.Input((6, 3))
    masked = keras.layers.Masking()(inputs)
    dense = keras.layers.Dense(3, name="logits")
    model, plain = keras.Model(inputs, dense(masked)), keras.Model(inputs, dense(inputs))
    x = draw.normal(size=(2, 6, 3)).astype("float32")
    x[0, 2:] = x[1, 5:] = 0
    y = draw.integers(0, 3, (2, 6))
    there = x.any(axis=-1)
    loss = MaskedCategoricalCrossentropy(ignore=ignore)
    labels = np.where(there, y, -1) if ignore else y
    for each in (model, plain):
        each.compile("sgd", loss)
    logits = plain.predict_on_batch(x)
    expected = -np.log(np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True))
    expected = np.take_along_axis(expected, y[..., None], axis=-1)[..., 0][there].mean()
    assert model.test_on_batch(x, labels) == pytest.approx(expected, rel=1e-5)
    assert plain.test_on_batch(x, np.where(there, y, -1)) == pytest.approx(expected, rel=1e-5) or ignore is None


def test_only_finite_labels_count():
    label = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, -1.0]], "float32")
    score = np.array([[1.5, 99.0, 1.0], [np.nan, 7.0, -1.0]], "float32")
    assert number(MaskedMeanAbsoluteError()(label, score)) == pytest.approx((0.5 + 2 + 0) / 3)
    single = keras.ops.convert_to_numpy(MaskedMeanAbsoluteError(reduction=None)(label, score))
    np.testing.assert_allclose(single, [[0.5, 0, 2], [0, 0, 0]])
    assert number(MaskedMeanAbsoluteError()(label * np.nan, score)) == 0


def test_what_was_known_sends_no_gradient():
    dense = keras.layers.Dense(2, use_bias=False, kernel_initializer="ones")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile(keras.optimizers.SGD(1.0), MaskedMeanAbsoluteError())
    label = np.array([[np.nan, 5.0], [np.nan, 5.0]], "float32")
    model.train_on_batch(np.ones((2, 1), "float32"), label)
    np.testing.assert_allclose(model.get_weights()[0], [[1, 2]])


def test_absolute_errors_of_a_volume_and_its_channel():
    draw = np.random.default_rng(0)
    label, score = draw.normal(size=(2, 2, 3, 4, 5)).astype("float32")
    label[draw.random(label.shape) < 0.5] = np.nan
    expected = np.nanmean(np.abs(label - score))
    assert number(MaskedMeanAbsoluteError()(label, score[..., None])) == pytest.approx(expected, rel=1e-5)
    with pytest.raises(InputError):
        MaskedMeanAbsoluteError()(label, score[:, :1])


def test_an_equal_absolute_error_is_made_of_its_config():
    loss = keras.losses.deserialize(keras.losses.serialize(MaskedMeanAbsoluteError(reduction="sum")))
    assert type(loss) is MaskedMeanAbsoluteError and loss.reduction == "sum"
