import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_each_bar_has_its_name_height_and_error():
    figure = plots.bars({"a": 1, "b": 2.5}, errors={"b": 0.5}, title="Heights", ylabel="m")
    assert (figure.data[0].x, figure.data[0].y) == (("a", "b"), (1.0, 2.5))
    assert figure.data[0].error_y.array[1] == 0.5 and not figure.layout.showlegend
    assert figure.alt == "Heights (m): a 1, b 2.5."


def test_groups_are_told_apart_by_more_than_colour():
    figure = plots.bars({"old": {"a": 1, "b": 2}, "new": {"a": 3, "b": 4}}, log=True)
    assert len({trace.marker.pattern.shape for trace in figure.data}) == 2
    assert figure.layout.showlegend and figure.layout.yaxis.type == "log"
    assert "old: a 1, b 2; new: a 3, b 4" in figure.alt


def test_nothing_to_draw_is_refused():
    with pytest.raises(InputError, match="no bar"):
        plots.bars({})
