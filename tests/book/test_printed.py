"""What counts as the same printed line on another processor."""

import pytest
from printed import close

SAME = [
    ("loss 0.68", "loss 0.67"),
    ("kept 99.7%, found 40%", "kept 99.8%, found 41%"),
    ("-1.00 dB", "-0.99 dB"),
    ("of 1,234.5 mm", "of 1,234.6 mm"),
    ("1.2e-07", "1.3e-07"),
    ("  0.10 |", " 0.09 |"),
    ("cloud3d v2 x_1", "cloud3d v2 x_1"),
    ("NaN and inf", "NaN and inf"),
]
OTHER = [
    ("loss 0.69", "loss 0.67"),
    ("40%", "42%"),
    ("3 of 5", "4 of 5"),
    ("1,234 points", "1,235 points"),
    ("0.68", "0.7"),
    ("0.68 m", "0.68 mm"),
    ("0.1 0.2", "0.1"),
    ("40%", "40"),
    ("1.2e-07", "1.2e-06"),
    ("x_1", "x_2"),
    ("nan", "0.5"),
]


@pytest.mark.parametrize(("text", "stored"), SAME)
def test_the_last_digit_of_a_rounded_number_may_differ(text, stored):
    assert close(text, stored) and close(stored, text) and close(text, stored, approximate=True)


@pytest.mark.parametrize(("text", "stored"), OTHER)
def test_everything_else_is_compared(text, stored):
    assert not close(text, stored) and not close(stored, text)


def test_approximate_numbers_may_differ_by_five_percent():
    assert close("331,243 points, threshold -1.3", "331,249 points, threshold -1.5", approximate=True)
    assert close("1651 removed", "1657 removed", approximate=True)
    assert not close("1500 removed", "1657 removed", approximate=True)
    assert not close("0.62 of some", "0.62 of all", approximate=True)
    assert not close("3 of 5", "4 of 5", approximate=True)
