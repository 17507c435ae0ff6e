import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_curves_are_told_apart_by_more_than_colour():
    figure = plots.lines(np.arange(3), {"a": np.zeros(3), "b": np.ones(3)})
    assert len({trace.line.dash for trace in figure.data}) == 2
    assert [trace.name for trace in figure.data] == ["a", "b"]


def test_the_text_alternative_tells_where_each_curve_begins_and_ends():
    alt = plots.lines(np.array([1.0, 10.0]), {"loss": np.array([2.5, 0.1])}, title="Training", xlabel="step").alt
    assert alt == "Training: values over step from 1 to 10. loss from 2.5 to 0.1."


def test_powers_of_ten_on_request():
    figure = plots.lines(np.array([1.0, 10.0]), {"a": np.array([1.0, 2.0])}, log=True)
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_a_curve_of_another_length_is_named():
    with pytest.raises(InputError, match="curve 'b'"):
        plots.lines(np.arange(3), {"a": np.zeros(3), "b": np.zeros(2)})


def test_a_band_lies_around_its_curve_and_has_its_colour():
    x = np.arange(3.0)
    figure = plots.lines(x, {"a": x, "b": x}, bands={"b": (x - 1, x + 1)}, log="y", markers=False)
    low, high, curve = figure.data[1:]
    assert (list(low.y), list(high.y), list(curve.y)) == ([-1, 0, 1], [1, 2, 3], [0, 1, 2])
    assert high.fill == "tonexty" and low.fill is None
    assert curve.line.color == "#D55E00" and high.fillcolor == "rgba(213, 94, 0, 0.18)"
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type, curve.mode) == ("linear", "log", "lines")
    assert [trace.showlegend for trace in figure.data] == [None, False, False, None]


def test_a_band_without_a_curve_or_of_another_length_is_named():
    with pytest.raises(InputError, match="'c'.*no curve of this name"):
        plots.lines(np.arange(3), {"a": np.zeros(3)}, bands={"c": (np.zeros(3), np.ones(3))})
    with pytest.raises(InputError, match="band 'a'"):
        plots.lines(np.arange(3), {"a": np.zeros(3)}, bands={"a": (np.zeros(2), np.ones(3))})


def test_only_powers_of_ten_are_written_on_a_long_logarithmic_axis():
    x = np.geomspace(1, 1e4, 20)
    wide = plots.lines(x, {"a": 1 / x}, log=True).layout
    assert wide.xaxis.dtick == wide.yaxis.dtick == 1
    short = plots.lines(np.geomspace(1, 30, 20), {"a": 1 / x}, log="x").layout
    assert short.xaxis.dtick is None and short.yaxis.dtick is None
