import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_each_label_has_its_colour_and_its_name():
    trace = plots.labels(np.array([[1, 1, 0], [255, 1, 0]])).data[0]
    assert np.array_equal(trace.z, [[0, 0, 1], [2, 0, 1]])
    assert (trace.zmin, trace.zmax) == (-0.5, 2.5), "each number in the middle of its colour"
    assert list(trace.colorbar.ticktext) == ["true geometry", "artefact", "neither"]
    # A colour is flat from edge to edge of its third of the scale.
    edges, colours = zip(*trace.colorscale, strict=True)
    assert np.allclose(edges, [0, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 1]) and len(set(colours)) == 3


def test_the_text_alternative_tells_the_shares():
    alt = plots.labels(np.array([[1, 1], [1, 0]]), title="Mug").alt
    assert alt == "Mug: 2 rows by 2 columns; true geometry 75.0%, artefact 25.0%, neither 0.0%."


def test_a_label_without_a_name_is_refused():
    with pytest.raises(InputError, match="label 7"):
        plots.labels(np.array([[1, 7]]))
    with pytest.raises(InputError, match="no label image"):
        plots.labels(np.zeros(3, int))
    with pytest.raises(InputError, match="at most 8"):
        plots.labels(np.zeros((1, 1), int), {n: str(n) for n in range(9)})


def test_several_label_images_share_colours_and_one_legend():
    pictures = np.array([[[1, 0], [0, 0]], [[0, 0], [255, 1]]])
    figure = plots.label_images(pictures, names=["one", "two"], title="Two")
    legend = {trace.name: trace.marker.color for trace in figure.data if trace.type == "scatter"}
    assert list(legend) == ["true geometry", "artefact", "neither"]
    single = plots.labels(pictures[1]).data[0].colorscale
    assert [colour for _, colour in single[::2]] == list(legend.values())
    assert "Two" in figure.alt
    with pytest.raises(InputError, match="label 7"):
        plots.label_images(np.array([[[7]]]))
    with pytest.raises(InputError, match="one size"):
        plots.label_images([np.zeros((2, 2), int), np.zeros((3, 2), int)])
