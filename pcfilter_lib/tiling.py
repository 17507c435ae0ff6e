"""Cutting an image that is too large for one pass of a network into tiles that overlap."""

from __future__ import annotations

from typing import NamedTuple

from pcfilter_lib.errors import InputError


class Piece(NamedTuple):
    """A part of an axis: what a tile sees of it, and what is kept of that."""

    seen: slice
    kept: slice
    """Counted from the beginning of the axis."""

    @property
    def inside(self) -> slice:
        """What is kept, counted from the beginning of the tile."""
        return slice(self.kept.start - self.seen.start, self.kept.stop - self.seen.start)


def cut(owner: str, size: int, tile: int, overlap: int, stride: int, name: str) -> list[Piece]:
    """Cut an axis into tiles of one length; one that is no longer than a tile stays whole.

    Parameters
    ----------
    owner : str
        Named in an error.
    size, tile : int
        Of the axis, and of a tile, at most: ``length <= tile`` with ``length = size (mod stride)``.
    overlap : int
        How far a tile sees beyond what is kept of it.
    stride : int
        Tiles begin at its multiples.
    name : str
        Of the axis' pixels, for an error.

    Raises
    ------
    InputError
        If a tile is too small for the overlap.
    """
    if size <= tile:
        return [Piece(slice(0, size), slice(0, size))]
    length = tile - (tile - size) % stride  # of each tile: that rest which the whole axis leaves
    step = (length - 2 * overlap) // stride * stride
    if step < stride:
        # The longest that a tile may have to be, whatever the rest
        remedy = f"pass tile={2 * overlap + 2 * stride - 1} or more, or a smaller overlap"
        problem = f"{tile} is too small for an overlap of {overlap} {name} on each side and a stride of {stride}"
        raise InputError(owner, "tile", problem, remedy)
    starts = [*range(0, size - length, step), size - length]
    # Two tiles share 2 * overlap pixels or more: each is kept up to the middle of these.
    cuts = [0, *((left + length + right) // 2 for left, right in zip(starts, starts[1:], strict=False)), size]
    return [
        Piece(slice(start, start + length), slice(low, high))
        for start, low, high in zip(starts, cuts[:-1], cuts[1:], strict=True)
    ]
