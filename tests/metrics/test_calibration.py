import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics import expected_calibration_error, fit_temperature, reliability

RANDOM = np.random.default_rng(0)


def looped_error(probabilities, classes, bins):
    """The definition, answer by answer."""
    total = 0.0
    for m in range(bins):
        members = [
            (p.max(), p.argmax() == c)
            for p, c in zip(probabilities, classes, strict=True)
            if m / bins < p.max() <= (m + 1) / bins or (m == bins - 1 and p.max() > 1)
        ]
        if members:
            total += abs(sum(right for _, right in members) - sum(confidence for confidence, _ in members))
    return total / len(classes)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), classes=st.integers(2, 6), bins=st.integers(1, 20), seed=st.integers(0, 10**6))
def test_the_error_is_that_of_the_definition(n, classes, bins, seed):
    random = np.random.default_rng(seed)
    probabilities, truth = random.dirichlet(np.ones(classes), size=n), random.integers(0, classes, n)
    assert np.isclose(
        expected_calibration_error(probabilities, truth, bins=bins), looped_error(probabilities, truth, bins)
    )


def test_by_hand():
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.5, 0.5]])
    found = reliability(probabilities, np.array([0, 1, 1, 1]), bins=5)
    assert found.count.tolist() == [0, 0, 1, 1, 2]
    assert np.allclose(found.confidence, [np.nan, np.nan, 0.5, 0.7, 0.9], equal_nan=True)
    assert np.allclose(found.accuracy, [np.nan, np.nan, 0, 1, 0.5], equal_nan=True)
    error = expected_calibration_error(probabilities, np.array([0, 1, 1, 1]), bins=5)
    assert np.isclose(error, (0.5 + 0.3 + 2 * 0.4) / 4)


def test_answers_drawn_from_the_probabilities_are_calibrated_and_sharpened_ones_are_not():
    logits = RANDOM.normal(scale=2, size=(20_000, 4))
    truth = np.array([RANDOM.choice(4, p=p) for p in softmax(logits, axis=1)])
    assert expected_calibration_error(softmax(logits, axis=1), truth) < 0.02
    assert expected_calibration_error(softmax(3 * logits, axis=1), truth) > 0.1
    assert np.isclose(fit_temperature(3 * logits, truth), 3, rtol=0.05)
    assert np.isclose(fit_temperature(0.5 * logits, truth), 0.5, rtol=0.05)


def test_float32_that_exceeds_one_by_a_rounding_is_counted():
    probabilities = np.array([[1.0000001, 0.0]], dtype="float32")
    assert reliability(probabilities, np.array([0])).count[-1] == 1


@pytest.mark.parametrize(
    "values, classes, message",
    [
        (np.ones((2, 2)) / 2, np.array([0]), "do not fit"),
        (np.zeros((0, 2)), np.zeros(0, int), "do not fit"),
        (np.ones((2, 2)) / 2, np.array([0, 2]), "integers from 0 to 1"),
        (np.ones((2, 2)) / 2, np.array([0, -1]), "integers from 0 to 1"),
        (np.ones((2, 2)) / 2, np.array([0.0, 1.0]), "integers from 0 to 1"),
        (np.array([[3.0, -1]]), np.array([0]), "pass the softmax"),
        (np.array([[np.nan, 1]]), np.array([0]), "not finite"),
    ],
)
def test_wrong_arguments_are_refused(values, classes, message):
    with pytest.raises(InputError, match=message):
        expected_calibration_error(values, classes)


def test_logits_that_are_not_finite_are_refused():
    with pytest.raises(InputError, match="logits: some are not finite"):
        fit_temperature(np.array([[np.inf, 1.0]]), np.array([0]))
