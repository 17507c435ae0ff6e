import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_zero_is_in_the_middle_of_the_colours():
    trace = plots.matrix(np.array([[1.0, -4.0], [0.0, 2.0]])).data[0]
    assert (trace.zmin, trace.zmax, trace.zmid) == (-4, 4, 0)


def test_small_matrices_show_their_numbers_and_large_ones_do_not():
    assert plots.matrix(np.array([[0.12345, 2]])).data[0].text.tolist() == [["0.123", "2"]]
    assert plots.matrix(np.zeros((2, 21))).data[0].text is None


def test_names_can_stand_in_for_numbers():
    assert plots.matrix(np.ones((1, 2)), text=np.array([["k1", "k2"]])).data[0].text.tolist() == [["k1", "k2"]]


def test_rows_and_columns_have_a_word_for_all_or_a_name_each():
    layout = plots.matrix(np.ones((2, 3)), rows="rule", columns=["noise", "shadow", "ghost"]).layout
    assert layout.yaxis.title.text == "rule" and layout.yaxis.dtick == 1
    assert list(layout.xaxis.ticktext) == ["noise", "shadow", "ghost"] and list(layout.xaxis.tickvals) == [0, 1, 2]
    with pytest.raises(InputError, match="2 names for 3 columns"):
        plots.matrix(np.ones((2, 3)), columns=["noise", "shadow"])


def test_the_text_alternative_counts_what_is_not_zero():
    assert plots.matrix(np.eye(3), title="I").alt == "I: 3 rows by 3 columns; 3 of 9 entries are not zero."


@pytest.mark.parametrize("shape", [(3,), (1, 2, 3), (0, 2)])
def test_what_is_no_matrix_is_refused(shape):
    with pytest.raises(InputError, match="no matrix"):
        plots.matrix(np.zeros(shape))
