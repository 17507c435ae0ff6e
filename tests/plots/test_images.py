import numpy as np
import pytest

from pcfilter_lib import plots
from pcfilter_lib.errors import InputError


def test_each_picture_lies_in_its_place_with_gaps_between():
    pictures = np.arange(3 * 2 * 4).reshape(3, 2, 4)
    sheet = plots.images(pictures, columns=2).data[0].z
    assert np.array_equal(sheet[:2, :4], pictures[0])
    assert np.array_equal(sheet[:2, 5:9], pictures[1])
    assert np.array_equal(sheet[3:5, :4], pictures[2])
    assert np.isnan(sheet[:, 4]).all() and np.isnan(sheet[2]).all() and np.isnan(sheet[3:, 5:]).all()


def test_all_pictures_share_their_greys_unless_each_is_stretched():
    pictures = np.array([[[0.0, 1]], [[2, 10]]])
    shared, each = plots.images(pictures).data[0], plots.images(pictures, limits="each").data[0]
    assert (shared.zmin, shared.zmax) == (0, 10)
    assert plots.images(pictures, limits=(-1, 5)).data[0].zmin == -1
    assert np.nanmax(each.z) == 1 and np.array_equal(each.z[0, -2:], [0, 1])


def test_a_flat_picture_can_be_stretched():
    assert np.nanmax(np.abs(plots.images(np.full((1, 2, 2), 7.0), limits="each").data[0].z)) == 0


def test_colours_are_kept_and_the_gaps_are_transparent():
    pictures = np.random.default_rng(0).random((2, 3, 3, 3))
    sheet = np.asarray(plots.images(pictures).data[0].z)
    assert np.array_equal(sheet[:, :3, :3], np.round(pictures[0] * 255))
    assert (sheet[:, 3, 3] == 0).all() and (sheet[:, :3, 3] == 255).all()


def test_each_picture_has_a_frame():
    """A white picture on a white page would be lost."""
    first, second = plots.images(np.ones((2, 3, 5)), columns=2).layout.shapes
    assert (first.x0, first.x1, first.y0, first.y1) == (-0.5, 4.5, -0.5, 2.5)
    assert (second.x0, second.x1) == (5.5, 10.5)


def test_names_stand_above_their_pictures_and_in_the_text_alternative():
    figure = plots.images(np.zeros((2, 4, 4)), names=["a", "b"], title="Two", columns=1)
    first, second = figure.layout.annotations
    assert (first.text, second.text) == ("a", "b") and first.y < second.y and first.x == second.x == 1.5
    assert figure.alt == "Two: 2 pictures of 4 rows by 4 columns, values 0 to 0: a, b."


@pytest.mark.parametrize(
    "pictures", [np.zeros((2, 3)), [np.zeros((2, 2)), np.zeros((3, 2))], np.zeros((1, 2, 2, 2)), []]
)
def test_what_is_no_set_of_pictures_is_refused(pictures):
    with pytest.raises(InputError, match="no pictures of one size"):
        plots.images(pictures)


def test_names_may_be_the_classes_of_the_pictures():
    figure = plots.images(np.zeros((2, 4, 4)), names=np.array([7, 3]))
    assert [annotation.text for annotation in figure.layout.annotations] == ["7", "3"]


def test_a_missing_name_is_refused():
    with pytest.raises(InputError, match="there are 2 pictures"):
        plots.images(np.zeros((2, 2, 2)), names=["a"])


def test_a_grid_says_how_high_it_is_for_its_width():
    one, two = (plots.images(np.zeros((count, 8, 16)), columns=1).layout for count in (1, 2))
    assert one.meta["aspect"] == 0.5 and 1.0 < two.meta["aspect"] < 1.3
