import json
import re

import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.plots._figure import thin, titled


@pytest.fixture
def figure():
    return plots.cloud(np.eye(3), title="Three points")


def test_the_book_gets_the_figure_as_data_and_no_script_to_run(figure):
    page = figure.to_book_html()
    scripts = re.findall(r"<script([^>]*)>", page)
    assert scripts == [' type="application/json"'], "only data, which a browser does not execute"
    content = json.loads(re.search(r'<script type="application/json">(.*)</script>', page, re.S)[1])
    assert content["data"][0]["type"] == "scatter3d"
    assert "http" not in page


def test_text_in_a_figure_cannot_end_its_script(figure):
    figure.update_layout(title_text="</script><b>")
    page = figure.to_book_html()
    assert page.count("</script>") == 1
    content = json.loads(re.search(r'<script type="application/json">(.*)</script>', page, re.S)[1])
    assert content["layout"]["title"]["text"] == "</script><b>"


def test_the_text_alternative_travels_with_the_figure(figure):
    figure.describe('A "ring" <of> points & more')
    assert 'aria-label="A &quot;ring&quot; &lt;of&gt; points &amp; more"' in figure.to_book_html()
    assert type(figure)(json.loads(figure.to_json())).alt == figure.alt


def test_one_cell_shows_the_figure_for_both_worlds_and_its_caption(figure, monkeypatch):
    import IPython.display

    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: shown.append(bundle))
    figure.show()
    drawn, caption = shown
    assert set(drawn) == {"application/vnd.plotly.v1+json", "text/html", "text/plain"}
    assert drawn["text/plain"] == figure.alt and figure.alt in caption["text/html"]


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1, 1), (30_000, 30_000), (30_001, 30_000), (10**6, 30_000)])
def test_thinning_keeps_as_many_as_the_limit_allows(count, kept):
    chosen = thin(count)
    assert len(chosen) == kept == len(np.unique(chosen))
    assert np.array_equal(chosen, thin(count)), "the same each time"
    if kept:
        assert 0 <= chosen[0] and chosen[-1] < count and (np.diff(chosen) > 0).all()


def test_the_title_says_what_was_left_out():
    assert titled("Mug", 5, 5) == "Mug"
    assert titled("Mug", 30_000, 70_372) == "Mug (showing 30,000 of 70,372 points)"
    assert titled("", 3, 4) == "Showing 3 of 4 points"


def test_the_palette_is_told_apart_without_colour_vision():
    """Every two colours of the palette differ in lightness or stay apart under deuteranopia (Viénot et al., 1999)."""
    from pcfilter_lib.plots._figure import PALETTE

    # The colours that stand beside each other in one figure of this library.
    for first, second in [("blue", "orange"), ("sky", "orange"), ("blue", "green")]:
        pair = []
        for name in (first, second):
            rgb = np.array([int(PALETTE[name][i : i + 2], 16) / 255 for i in (1, 3, 5)]) ** 2.2
            red_green = 0.29275 * rgb[0] + 0.70725 * rgb[1]
            pair.append(np.array([red_green, red_green, -0.02234 * rgb[0] + 0.02234 * rgb[1] + rgb[2]]))
        assert np.abs(pair[0] - pair[1]).max() > 0.15, (first, second)
