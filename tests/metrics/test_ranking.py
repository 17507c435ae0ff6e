import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics import average_precision


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 60),
    st.sampled_from([1, 3, 1000]),
    st.sampled_from([0, 1]),
    st.sampled_from([0.0, 0.5]),
    st.integers(0, 10**6),
)
def test_it_is_that_of_scikit_learn(n, distinct, positive, share, seed):
    random = np.random.default_rng(seed)
    scores = random.integers(0, distinct, n) / distinct
    labels = np.where(random.random(n) < share, 255, random.integers(0, 2, n))
    found = average_precision(labels, scores, positive=positive)
    sought = labels[labels != 255] == positive
    if not sought.any():
        assert math.isnan(found)
    else:
        order = scores if positive else -scores
        assert found == pytest.approx(average_precision_score(sought, order[labels != 255]), rel=1e-12)


def test_by_hand():
    # Artefacts are sought: the lowest scores come first. Right, wrong, right.
    assert average_precision([0, 1, 0], [0.1, 0.2, 0.3], positive=0) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([[0, 1], [0, 255]], [[0.5, 0.5], [0.5, 0.0]], positive=0) == pytest.approx(
        2 / 3
    )  # ties are one
    assert average_precision([0, 1, 1], [-5.0, 1.0, 2.0], positive=0) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: average_precision([0, 1], [1.0], positive=0), "do not fit"),
        (lambda: average_precision([0, 2], [1.0, 2.0], positive=0), "neither 0 nor 1"),
        (lambda: average_precision([0, 255], [1.0, 2.0], ignore=None, positive=0), "neither 0 nor 1"),
        (lambda: average_precision([0, 1], [1.0, math.nan], positive=0), "NaN"),
        (lambda: average_precision([0, 1], [1.0, 2.0], positive=2), "positive: 2"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
