"""The projector's patterns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.patterns import PatternSet

COLUMNS = st.integers(1, 3000)
PERIODS = st.integers(2, 128).map(lambda half: 2 * half)


def test_names_order_and_count():
    patterns = PatternSet(columns=32, period=16)
    assert patterns.names == (
        "white",
        "black",
        "gray 1",
        "gray 1 inverse",
        "gray 2",
        "gray 2 inverse",
        "phase 0",
        "phase 90",
        "phase 180",
        "phase 270",
    )
    rows = patterns.rows()
    assert rows.dtype == np.float32
    assert (rows[0] == 1).all()
    assert (rows[1] == 0).all()
    assert rows[2].tolist() == [0] * 16 + [1] * 16
    assert rows[4].tolist() == [0] * 8 + [1] * 16 + [0] * 8


def test_the_usual_projector():
    patterns = PatternSet()
    assert (patterns.columns, patterns.period, patterns.cells, patterns.bits, patterns.count) == (1024, 16, 128, 7, 20)


@given(COLUMNS, PERIODS)
def test_rows_fit_the_names_and_stay_within_black_and_white(columns, period):
    patterns = PatternSet(columns, period)
    rows = patterns.rows()
    assert rows.shape == (patterns.count, columns) == (len(patterns.names), columns)
    assert rows.min() >= 0
    assert rows.max() <= 1
    np.testing.assert_array_equal(rows[2:-4:2] + rows[3:-4:2], 1)


@given(COLUMNS, PERIODS)
def test_neighbouring_cells_differ_in_one_bit_and_no_two_cells_share_a_code(columns, period):
    patterns = PatternSet(columns, period)
    bits = patterns.rows()[2:-4:2]
    changes = np.abs(np.diff(bits, axis=1)).sum(axis=0)
    border = np.arange(1, columns) % (period // 2) == 0
    np.testing.assert_array_equal(changes, border)
    codes = bits[:, :: period // 2]
    assert np.unique(codes, axis=1).shape[1] == patterns.cells == codes.shape[1]
    assert patterns.bits == np.ceil(np.log2(patterns.cells))


@given(COLUMNS, PERIODS)
def test_phase_patterns_are_a_cosine_shifted_by_quarters(columns, period):
    rows = PatternSet(columns, period).rows()[-4:]
    angle = 2 * np.pi * np.arange(columns) / period
    expected = [np.cos(angle), -np.sin(angle), -np.cos(angle), np.sin(angle)]
    np.testing.assert_allclose(2 * rows - 1, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("options", "place"),
    [({"columns": 0}, "columns"), ({"columns": 1.5}, "columns"), ({"period": 2}, "period"), ({"period": 15}, "period")],
)
def test_impossible_options_are_named(options, place):
    with pytest.raises(InputError) as error:
        PatternSet(**options)
    assert error.value.place == place
