import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pcfilter_lib.data.formats._text import parse_rows, shortest, whole_number
from pcfilter_lib.errors import InputError


@given(st.lists(st.floats(width=32)))
def test_float32_comes_back_from_its_text(values):
    array = np.array(values, np.float32)
    np.testing.assert_array_equal(np.array(shortest(array), np.float64).astype(np.float32), array)


def test_float32_of_each_exponent_comes_back_from_its_text():
    bits = np.random.default_rng(0).integers(0, 2**31, 20_000, dtype=np.uint32)
    array = bits.view(np.float32)
    array = array[np.isfinite(array)]
    np.testing.assert_array_equal(np.array(shortest(array), np.float64).astype(np.float32), array)


@given(st.lists(st.floats()))
def test_float64_comes_back_from_its_text(values):
    np.testing.assert_array_equal(np.array(shortest(np.array(values)), np.float64), np.array(values))


def test_short_numbers_are_written_short():
    assert shortest(np.array([0.1, 1, -0.0, np.nan], np.float32)) == ["0.1", "1", "-0", "nan"]
    assert shortest(np.array([0.1, 1.0])) == ["0.1", "1"]
    assert shortest(np.array([7, -7])) == ["7", "-7"]


@given(st.lists(st.tuples(st.floats(), st.floats()), max_size=20))
def test_rows_of_numbers(rows):
    lines = [f" {one!r}\t{other!r} " for one, other in rows]
    np.testing.assert_array_equal(parse_rows(lines, 2, "a"), np.array(rows).reshape(-1, 2))


@pytest.mark.parametrize("word", ["1_0", "0x10", "1e", "--1", "1.2.3", "+", "e5", "1,5", "١", "\x00", "1j", "True"])
def test_words_that_are_no_numbers(word):
    with pytest.raises(InputError, match="line 12: .* is no number") as caught:
        parse_rows(["1 2", f"3 {word}"], 2, "a.xyz", first_line=11)
    assert caught.value.place == "line 12"


def test_whole_numbers():
    assert whole_number("0012", "a", "header", "n") == 12
    for word in ("-1", "+1", "1.0", "", "1_0", "²", "9" * 19, "9" * 5000):
        with pytest.raises(InputError, match="a, header: n "):
            whole_number(word, "a", "header", "n")
