"""Average precision in bins against that of the rounded scores, and its bounds, on each backend."""

import math

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pcfilter_lib.register  # noqa: F401
from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics import AveragePrecision, average_precision

pytestmark = pytest.mark.backend

examples = settings(max_examples=40, deadline=None)
seeds = st.integers(0, 2**31)
classes = st.sampled_from([0, 1])


def number(tensor):
    return keras.ops.convert_to_numpy(tensor)


def slow(labels, scores, positive, weights=None):
    """The definition, threshold by threshold, in float64."""
    weights = np.ones(labels.shape) if weights is None else weights.astype(float)
    order = scores if positive else -scores
    counted = labels != 255
    total = weights[counted & (labels == positive)].sum()
    area = recall = 0.0
    for threshold in sorted(set(order[counted].tolist()), reverse=True):
        above = counted & (order >= threshold)
        found = weights[above & (labels == positive)].sum()
        if total and weights[above].sum():
            area += (found / total - recall) * found / weights[above].sum()
            recall = found / total
    return area if total else math.nan


def scan(seed, share):
    """Return labels and logits that lie in the middle of the default bins."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, random.integers(1, 3), (4, 5, 3))
    labels = np.where(random.random(labels.shape) < share, 255, labels)
    step = random.choice([1, 200])
    logits = (random.integers(-4000 // step, 4000 // step, labels.shape) * step + 0.5) / 512
    return labels, logits.astype("float32"), random


@examples
@given(seeds, st.sampled_from([0.0, 0.5, 1.0]), classes, st.booleans())
def test_scores_that_differ_by_a_bin_are_told_apart(seed, share, positive, weighted):
    labels, logits, random = scan(seed, share)
    weights = random.random(labels.shape).astype("float32") if weighted else None
    wanted = slow(labels, logits, positive, weights)
    if weights is None:
        assert average_precision(labels, logits, positive=positive) == pytest.approx(wanted, rel=1e-12, nan_ok=True)
    metric = AveragePrecision(positive)
    metric.update_state(labels, logits, weights)
    np.testing.assert_allclose(number(metric.result()), wanted, rtol=1e-6, atol=1e-6)
    metric.reset_state()
    for k in range(4):
        metric.update_state(labels[k : k + 1], logits[k : k + 1], None if weights is None else weights[k : k + 1])
    np.testing.assert_allclose(number(metric.result()), wanted, rtol=1e-6, atol=1e-6)


@examples
@given(seeds, classes, st.sampled_from([2, 8, 16384]))
def test_the_bounds_hold_the_exact_figure(seed, positive, bins):
    random = np.random.default_rng(seed)
    labels, logits = random.integers(0, 2, 75), random.normal(size=75).astype("float32")
    metric = AveragePrecision(positive, bins=bins)
    metric.update_state(labels, logits)
    low, high = metric.bounds()
    assert low - 1e-9 <= average_precision(labels, logits, positive=positive) <= high + 1e-9
    assert low - 1e-6 <= number(metric.result()) <= high + 1e-6


def test_the_bounds_by_hand_and_how_near_they_are():
    metric = AveragePrecision(1, bins=2)
    metric.update_state(np.array([1, 0, 1]), np.ones(3, "float32"))
    assert metric.bounds() == pytest.approx(((1 / 2 + 2 / 3) / 2, 1))
    np.testing.assert_allclose(number(metric.result()), 2 / 3, rtol=1e-6)
    random = np.random.default_rng(0)
    labels = random.random(2**18) < 0.9
    logits = (random.normal(size=2**18) + 2 * labels).astype("float32")
    metric = AveragePrecision(0)
    metric.update_state(labels, logits)
    low, high = metric.bounds()
    assert 0 < high - low < 0.002
    assert abs(number(metric.result()) - average_precision(labels, logits, positive=0)) < 3e-4


def test_the_bounds_hold_where_equal_scores_raise_the_precision():
    labels, logits = np.array([0] * 100 + [1, 1, 0]), np.array([3.0] * 100 + [-3.0] * 3, "float32")
    metric = AveragePrecision(1)
    metric.update_state(labels, logits)
    low, high = metric.bounds()
    np.testing.assert_allclose(number(metric.result()), 2 / 103, rtol=1e-6)
    assert (low, high) == pytest.approx(((1 / 102 + 2 / 103) / 2, 2 / 102))


def test_probabilities_for_logits():
    labels, logits, _ = scan(5, 0.2)
    probabilities = (1 / (1 + np.exp(-logits.astype(float)))).astype("float32")
    metric = AveragePrecision(0, from_logits=False)
    metric.update_state(labels, probabilities)
    np.testing.assert_allclose(number(metric.result()), slow(labels, logits, 0), rtol=1e-5)
    metric.reset_state()
    metric.update_state(np.array([0, 1, 1, 0]), np.array([0.0, 1.0, 1.0000001, 0.5], "float32"))
    assert number(metric.result()) == 1


def test_extreme_scores():
    metric = AveragePrecision(0)
    metric.update_state(np.array([0, 1, 255]), np.array([-1e30, np.inf, np.nan], "float32"))
    assert number(metric.result()) == 1


def test_counts_are_exact_beyond_float32():
    metric = AveragePrecision(1)
    for labels, logit in (((1, 0), 3.0), ((1, 0, 0), -3.0)):
        metric.update_state(np.array(labels), np.full(len(labels), logit, "float32"))
    tally = metric._tally
    doubled = (tally.numbers() * 10**9).astype(np.int64)
    tally._carries.assign(doubled >> 16)
    tally._units.assign(doubled % 2**16)
    assert tally.numbers().sum() == 5 * 10**9
    np.testing.assert_allclose(number(metric.result()), (1 / 2 + 2 / 5) / 2, rtol=1e-6)


def test_undefined():
    metric = AveragePrecision(0)
    assert math.isnan(number(metric.result()))
    metric.update_state(np.array([1, 255]), np.zeros(2, "float32"))
    assert math.isnan(number(metric.result()))
    assert all(math.isnan(bound) for bound in metric.bounds())
    metric.update_state(np.array([0, 2]), np.zeros(2, "float32"))
    assert math.isnan(number(metric.result()))
    with pytest.raises(InputError, match="were no classes"):
        metric.bounds()


def test_config():
    metric = AveragePrecision(1, bins=100, from_logits=False, ignore=3, name="mine")
    restored = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert restored.get_config() == metric.get_config()
    assert (restored.positive, restored.bins, restored.from_logits, restored.ignore) == (1, 100, False, 3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: AveragePrecision(2), "positive: 2 .* 0, 1"),
        (lambda: AveragePrecision(0, bins=1), "bins: 1 .* 2 or more"),
        (lambda: AveragePrecision(0, bins=20_000), "from 2 to 16384"),
        (lambda: AveragePrecision(0).update_state(np.zeros(2), np.zeros(2, int)), "have no order"),
        (lambda: AveragePrecision(0).update_state(np.zeros(2), np.zeros(3, "float32")), "do not fit"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()


def test_bounds_of_weights_are_refused():
    metric = AveragePrecision(0)
    metric.update_state(np.array([0, 1]), np.zeros(2, "float32"), np.array([0.5, 1.0]))
    with pytest.raises(InputError, match="without sample weights"):
        metric.bounds()
