import math

import numpy as np
import pytest

from pcfilter_lib import _arguments as arguments
from pcfilter_lib.errors import InputError


@pytest.mark.parametrize("value", [1, 7, np.int64(3)])
def test_whole_numbers_are_returned_as_int(value):
    assert arguments.whole_number("layer", "n", value) == value
    assert type(arguments.whole_number("layer", "n", value)) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, "1", None, True, math.nan])
def test_anything_else_is_refused_with_what_is_allowed(value):
    with pytest.raises(InputError, match="layer, n: .* Remedy: pass a whole number of 1 or more"):
        arguments.whole_number("layer", "n", value)


def test_one_number_counts_for_every_axis_and_several_are_counted():
    assert arguments.whole_numbers("layer", "n", 2, 3) == (2, 2, 2)
    assert arguments.whole_numbers("layer", "n", [2, 0], 2, at_least=0) == (2, 0)
    with pytest.raises(InputError, match="pass one whole number, or 2 of them"):
        arguments.whole_numbers("layer", "n", (1, 2, 3), 2)
    with pytest.raises(InputError, match="whole number of 1 or more"):
        arguments.whole_numbers("layer", "n", (1, 0), 2)


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, "0.5", None, True])
def test_a_number_outside_its_interval_is_refused(value):
    with pytest.raises(InputError, match=r"pass a number in \[0, 1\]"):
        arguments.number_within("layer", "p", value, 0, 1)


def test_the_ends_of_an_interval():
    assert arguments.number_within("layer", "p", 1, 0, 1) == 1.0
    with pytest.raises(InputError, match=r"in \[0, 1\)"):
        arguments.number_within("layer", "p", 1, 0, 1, high_included=False)
    with pytest.raises(InputError, match=r"in \(0, 1\]"):
        arguments.number_within("layer", "p", 0, 0, 1, low_included=False)


def test_a_choice():
    assert arguments.one_of("layer", "padding", "same", ("same", "valid")) == "same"
    with pytest.raises(InputError, match="'full' is not allowed. Remedy: pass one of 'same', 'valid'"):
        arguments.one_of("layer", "padding", "full", ("same", "valid"))
