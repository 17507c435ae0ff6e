import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pcfilter_lib.errors import InputError
from pcfilter_lib.tiling import Piece, cut


@settings(max_examples=300, deadline=None)
@given(size=st.integers(2, 3000), tile=st.integers(1, 600), overlap=st.integers(0, 200), stride=st.integers(1, 40))
def test_the_pieces_of_an_axis(size, tile, overlap, stride):
    assume(size > tile)
    if tile < 2 * overlap + 2 * stride - 1:
        try:
            pieces = cut("somebody", size, tile, overlap, stride, "rows")
        except InputError as error:
            assert f"tile={2 * overlap + 2 * stride - 1} or more" in str(error)
            return
    else:
        pieces = cut("somebody", size, tile, overlap, stride, "rows")
    assert [place for piece in pieces for place in range(piece.kept.start, piece.kept.stop)] == list(range(size))
    for piece in pieces:
        assert piece.seen.start % stride == 0
        length = piece.seen.stop - piece.seen.start
        assert 0 < length <= tile and (length - size) % stride == 0
        assert piece.seen.start == 0 or piece.kept.start - piece.seen.start >= overlap
        assert piece.seen.stop == size or piece.seen.stop - piece.kept.stop >= overlap
        assert 0 <= piece.seen.start <= piece.kept.start < piece.kept.stop <= piece.seen.stop <= size


@pytest.mark.parametrize(("size", "tile"), [(1, 1), (7, 8), (8, 8)])
def test_a_short_axis_stays_whole_whatever_the_overlap(size, tile):
    assert cut("somebody", size, tile, 100, 16, "rows") == [Piece(slice(0, size), slice(0, size))]


def test_what_is_kept_can_be_found_in_the_tile():
    for piece in cut("somebody", 100, 40, 6, 4, "rows"):
        seen = list(range(piece.seen.start, piece.seen.stop))
        assert seen[piece.inside] == list(range(piece.kept.start, piece.kept.stop))


def test_an_error_names_who_asked_and_the_axis():
    with pytest.raises(InputError, match=r"somebody.*tile.*50 columns.*stride of 16.*tile=131"):
        cut("somebody", 1000, 100, 50, 16, "columns")
