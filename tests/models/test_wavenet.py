"""WaveNet sees the past only, as far back as it says, and remembers what it has computed."""

import keras
import numpy as np
import pytest
from isolation import seeded

from pcfilter_lib import models
from pcfilter_lib.errors import InputError
from pcfilter_lib.models.wavenet import WaveNet, mu_law_decode, mu_law_encode

pytestmark = pytest.mark.backend
SETTINGS = [
    {"dilations": (1, 2, 4)},
    {"dilations": (1, 2, 4), "kernel_size": 3},
    {"dilations": (3, 1), "kernel_size": 2},
    {"dilations": (1,), "kernel_size": 1},
]


@seeded(0)
def small(**how):
    """A network whose outputs differ visibly from sample to sample."""
    how = {"classes": 16, "channels": 6, "skip_channels": 7, "dilations": (1, 2, 4), **how}
    model = WaveNet(**how)
    model.build()
    random = np.random.default_rng(0)
    model.set_weights([random.normal(0, 0.7, weight.shape) for weight in model.weights])
    return model


def sounds(length, count=2, classes=16):
    return np.random.default_rng(1).integers(0, classes, size=(count, length)).astype("int32")


def logits_of(model, samples):
    return keras.ops.convert_to_numpy(model(samples))


@pytest.mark.parametrize("how", SETTINGS)
def test_causal(how):
    model, samples = small(**how), sounds(15)
    before = logits_of(model, samples)
    assert before.shape == (2, 15, 16)
    for t in (0, 7, 14):
        changed = samples.copy()
        changed[:, t] = (changed[:, t] + 1) % 16
        after = logits_of(model, changed)
        np.testing.assert_array_equal(before[:, :t], after[:, :t])
        assert np.abs(before[:, t] - after[:, t]).max() > 1e-3


@pytest.mark.parametrize(("how", "field"), zip(SETTINGS, (9, 17, 6, 1), strict=True))
def test_receptive_field(how, field):
    """The sample that far back still counts, the one before it does not."""
    model, samples = small(**how), sounds(20)
    assert model.receptive_field == field
    last = logits_of(model, samples)[:, -1]
    for back, counts in [(field, True), (field + 1, False)]:
        changed = samples.copy()
        changed[:, -back] = (changed[:, -back] + 1) % 16
        assert np.any(logits_of(model, changed)[:, -1] != last) == counts


@pytest.mark.parametrize("how", SETTINGS)
@pytest.mark.parametrize("chunks", [[1] * 12, [5, 1, 1, 3, 2], [12]])
def test_queues_give_the_same_logits(how, chunks):
    model, samples = small(**how), sounds(12)
    queues, parts, at = None, [], 0
    for length in chunks:
        logits, queues = model.advance(samples[:, at : at + length], queues)
        parts.append(keras.ops.convert_to_numpy(logits))
        at += length
    np.testing.assert_allclose(np.concatenate(parts, axis=1), logits_of(model, samples), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("length", [1, 9, 30])
@pytest.mark.parametrize("temperature", [0.01, 1.0])
def test_cached_samples_are_the_same(length, temperature):
    model, beginning = small(), sounds(length)
    cached, anew = (
        model.generate(beginning, 40, temperature=temperature, seed=3, cached=cached) for cached in (True, False)
    )
    np.testing.assert_array_equal(cached, anew)
    assert cached.shape == (2, 40)
    assert cached.dtype == np.int32
    assert len(np.unique(cached)) > 1


@pytest.mark.parametrize("cached", [True, False])
def test_samples_follow_the_probabilities(cached):
    """Step by step: one random number each, the first class whose cumulated probability exceeds it."""
    model, samples = small(), sounds(9, count=60)  # as many samples as the receptive field: each of them counts
    numbers = np.random.default_rng(5).random((6, 60)).astype("float32")
    expected = samples.copy()
    for drawn in numbers:
        odds = np.exp(logits_of(model, expected[:, -9:])[:, -1].astype(float) / 2)
        sums = np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)
        chosen = (sums[:, :-1] <= drawn[:, None]).sum(axis=1)
        expected = np.concatenate([expected, chosen[:, None]], axis=1)
    got = model.generate(samples, 6, temperature=2, seed=5, cached=cached)
    np.testing.assert_array_equal(got, expected[:, 9:])


def test_another_seed_gives_other_samples():
    model, beginning = small(), sounds(9)
    one, again, other = (model.generate(beginning, 30, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert np.any(one != other)


@pytest.mark.parametrize("cached", [True, False])
def test_generating_uses_the_weights_of_now(cached):
    model, beginning = small(), sounds(9)
    before = model.generate(beginning, 30, seed=1, cached=cached)
    model.set_weights([-weight for weight in model.get_weights()])
    assert np.any(before != model.generate(beginning, 30, seed=1, cached=cached))


def test_saving(tmp_path):
    model, samples = small(), sounds(11)
    path = tmp_path / "model.keras"
    model.save(path)
    loaded = models.load(path)
    assert loaded.get_config() == model.get_config()
    np.testing.assert_allclose(logits_of(loaded, samples), logits_of(model, samples), rtol=1e-6)
    np.testing.assert_array_equal(loaded.generate(samples, 5, seed=0), model.generate(samples, 5, seed=0))


def test_training_step():
    model = small()
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = [np.array(weight) for weight in model.get_weights()]
    samples = sounds(13, count=4)
    losses = [model.train_on_batch(samples[:, :-1], samples[:, 1:]) for _ in range(2)]
    assert losses[1] < losses[0]
    assert all(np.any(old != new) for old, new in zip(before, model.get_weights(), strict=True))


def test_unknown_sizes():
    model = small()
    symbolic = model(keras.Input((None,), dtype="int32"))
    assert symbolic.shape == (None, None, 16)
    for length in (3, 8):
        assert model.predict(sounds(length), verbose=0).shape == (2, length, 16)


@pytest.mark.parametrize("classes", [2, 16, 255, 256])
def test_mu_law(classes):
    every = np.arange(classes)
    np.testing.assert_array_equal(mu_law_encode(mu_law_decode(every, classes), classes), every)
    amplitudes = np.linspace(-1.5, 1.5, 1001)
    encoded = mu_law_encode(amplitudes, classes)
    assert (encoded.min(), encoded.max()) == (0, classes - 1)
    assert np.all(np.diff(encoded) >= 0)


def test_mu_law_by_hand():
    """G.711's curve at 0.1: ln(1 + 25.5) / ln 256 = 0.591, so class 0.5 * 1.591 * 255 = 202.8."""
    assert mu_law_encode(0.1) == 203
    assert mu_law_encode(0.0) == 128
    assert mu_law_decode(255) == 1
    assert mu_law_decode(0) == -1
    steps = np.diff(mu_law_decode(np.arange(256)))
    assert steps[127] < steps[-1] / 100  # fine near zero, coarse far out


@pytest.mark.parametrize(
    ("how", "named"),
    [
        ({"classes": 1}, "classes.*2 or more"),
        ({"channels": 0}, "channels"),
        ({"skip_channels": 1.5}, "skip_channels"),
        ({"kernel_size": -2}, "kernel_size"),
        ({"dilations": ()}, "dilations"),
        ({"dilations": (1, -2)}, "dilations"),
        ({"dilations": 4}, "dilations"),
    ],
)
def test_wrong_arguments(how, named):
    with pytest.raises(InputError, match=named):
        WaveNet(**how)


@pytest.mark.parametrize(
    ("seed_samples", "how", "named"),
    [
        (sounds(3) + 16, {}, "seed_samples.*0 to 15"),
        (sounds(3) - 16, {}, "seed_samples.*0 to 15"),
        (sounds(3) / 2, {}, "seed_samples.*whole numbers"),
        (sounds(3)[0], {}, r"seed_samples.*\(B, T\)"),
        (sounds(0), {}, r"seed_samples.*\(B, T\)"),
        (sounds(3), {"count": 0}, "count"),
        (sounds(3), {"temperature": 0}, "temperature"),
        (sounds(3), {"temperature": float("nan")}, "temperature"),
    ],
)
def test_wrong_arguments_of_generate(seed_samples, how, named):
    with pytest.raises(InputError, match=named):
        small().generate(seed_samples, **{"count": 4, **how})
