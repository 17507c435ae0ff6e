import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._dots import SYMBOLS, dots

ROWS = [
    {"name": "u", "value": 1, "colour": "jax", "symbol": "float32", "group": "mine", "note": "12 < 13\nhere"},
    {"name": "v", "value": 20, "colour": "jax", "symbol": "float32", "group": "mine"},
    {"name": "u", "value": 3, "colour": "torch", "symbol": "float32", "group": "mine"},
    {"name": "u", "value": 400, "colour": "jax", "symbol": "bfloat16", "group": "yours"},
]


def test_dots_that_share_all_words_are_one_series():
    figure = dots(ROWS, title="Speed", xlabel="items a second", log=True)
    first, second, third = figure.data
    assert (first.x, first.y, first.name) == ((1.0, 20.0), ("u", "v"), "jax, float32")
    assert (second.name, third.name) == ("torch, float32", "jax, bfloat16")
    assert figure.layout.xaxis.type == "log" and figure.layout.showlegend


def test_each_word_has_its_look_in_every_group():
    first, second, third = dots(ROWS).data
    assert first.marker.color == third.marker.color != second.marker.color
    assert first.marker.symbol == second.marker.symbol != third.marker.symbol
    assert [trace.legendgroup for trace in (first, second, third)] == ["mine", "mine", "yours"]


def test_the_note_is_under_the_pointer_and_is_text():
    first = dots(ROWS).data[0]
    assert first.customdata[0] == "12 &lt; 13<br>here" and first.customdata[1] == "jax, float32"
    assert "customdata" in first.hovertemplate


def test_the_first_name_is_on_top_and_every_name_has_room():
    figure = dots({"name": f"n{number}", "value": number} for number in range(40))
    assert figure.layout.yaxis.categoryarray[-1] == "n0"
    assert figure.layout.height > 40 * 24 and not figure.layout.showlegend


def test_the_alternative_gives_each_line_of_dots():
    assert dots(ROWS, title="Speed", xlabel="items a second").alt == "Speed (items a second): u 1 to 400; v 20."
    assert dots(ROWS, alt="in words").alt == "in words"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "no dot to draw"),
        ([{"name": "a"}], "value is missing"),
        ([{"name": "a", "value": 1, "symbol": n} for n in range(len(SYMBOLS) + 1)], "too many to be told apart"),
        ([{"name": "a", "value": 1, "colour": n} for n in range(9)], "colour: 9 are too many"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rows, said):
    with pytest.raises(InputError, match=said):
        dots(rows)
