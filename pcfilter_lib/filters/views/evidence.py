"""What other views say about each point of a view, in units of the tolerance.

Two things contradict a point: another camera looks *through* it, and what it sees lies behind; or the point lies
*behind* a surface that others measured, through which its own camera would have had to look. A measurement of another
view nearby confirms it. All distances are between points in space, so that neither the slant of a surface nor the grid
matters, and are divided by the tolerance, so that no scanner's scale does.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

from pcfilter_lib.filters.views._geometry import NOWHERE, View

#: Of the nearest measurements of other views, so many are looked at one by one.
NEAREST = 5
#: Of the strongest contradictions, so many.
STRONGEST = 3
#: What other views say about each point:
#:
#: * ``views``: how many other cameras have the point in their image, and ``holes``: how many of these measured nothing
#:   there;
#: * ``near 0.5``, ``0.7``, ``1``, ``1.4``: how many have measured something that near;
#: * ``nearest 1`` ... ``5``: the distances of the nearest measurements, of one view each;
#: * ``through``, ``behind``: how many contradict it in each of the two ways by more than 0, with no measurement within
#:   1.2; ``through 1``, ``behind 1``: by more than 1; ``either``: in one of the ways;
#: * ``through by 1`` ... ``3``, ``behind by 1`` ... ``3``: the strongest contradictions of each way: the smaller of how
#:   far the view looks past the point and of its nearest measurement.
EVIDENCE = (
    "views",
    "holes",
    *(f"near {limit}" for limit in (0.5, 0.7, 1, 1.4)),
    *(f"nearest {n + 1}" for n in range(NEAREST)),
    *("through", "behind", "through 1", "behind 1", "either"),
    *(f"{way} by {n + 1}" for way in ("through", "behind") for n in range(STRONGEST)),
)
_FAR = np.float32(20)
_NONE = np.float32(-_FAR)
_CLEAR = np.float32(1.2)
_AROUND = np.arange(-2, 3)


def gather_evidence(view: View, others: Iterable[View], tolerance: np.ndarray) -> np.ndarray:
    """Return what other views say about each point of a view.

    Parameters
    ----------
    view : View
    others : iterable of View
        Taken one at a time.
    tolerance : ndarray of float32, shape (N,)
        Of each point, m.

    Returns
    -------
    ndarray of float32, shape (N, 22)
        The columns are those of :data:`EVIDENCE`.
    """
    count = len(view.pixels)
    seen, holes = (np.zeros(count, np.float32) for _ in range(2))
    near = np.zeros((4, count), np.float32)
    nearest = np.full((NEAREST, count), _FAR)
    through, behind = (np.full((STRONGEST, count), _NONE) for _ in range(2))
    counts = np.zeros((5, count), np.float32)
    for other in others:
        inside, empty, past, distance = _through(view, other, tolerance)
        back, distance_behind = _behind(view, other, tolerance)
        distance = np.minimum(distance, distance_behind)
        seen += inside
        holes += empty
        for row, limit in zip(near, (0.5, 0.7, 1.0, 1.4), strict=True):
            row += distance < limit
        _insert(nearest, -distance, -1)
        clear = distance > _CLEAR
        for row, vote in zip(
            counts,
            ((past > 0) & clear, (back > 0) & clear, (past > 1) & clear, (back > 1) & clear),
            strict=False,
        ):
            row += vote
        counts[4] += ((past > 0) | (back > 0)) & clear
        _insert(through, np.minimum(past, distance), 1)
        _insert(behind, np.minimum(back, distance), 1)
    return np.stack([seen, holes, *near, *nearest, *counts, *through, *behind], axis=1)


def _insert(best: np.ndarray, values: np.ndarray, sign: int) -> None:
    """Keep the largest values seen so far, the largest first; with a sign of -1 they are stored negated."""
    values = values.copy()
    for row in best:
        old = sign * row
        larger = values > old
        row[:] = sign * np.where(larger, values, old)
        values = np.where(larger, old, values)


def _through(view: View, other: View, tolerance: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what another camera sees of a view's points.

    Whether they are in its image; whether it measured nothing there; how far it looks past them; how near to them it
    measured anything.
    """
    moved = view.in_frame_of(other)
    places, inside = other.look(moved)
    pixels = np.rint(places).astype(np.int32)
    flat = pixels[:, 1] * other.shape[1] + pixels[:, 0]
    surface = other.nearest_around[flat]
    past = np.where(inside & (surface > 0), (surface - moved[:, 2]) / tolerance, _NONE)
    empty = inside & (other.depth.ravel()[flat] == 0)
    start = (pixels[:, 1] + 2) * (other.shape[1] + 4) + pixels[:, 0] + 2
    distance = _nearest(moved, other.padded, start, other.shape[1] + 4, tolerance)
    # Between the pixels of a coarse grid a surface goes on where they lie on a plane.
    off, even = other.off_plane(moved, places, pixels)
    distance = np.where(even < tolerance, np.minimum(distance, off / tolerance), distance)
    return inside, empty, np.clip(past, _NONE, _FAR), np.where(inside, distance, _FAR)


def _behind(view: View, other: View, tolerance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how far points lie behind what another view measured along their own rays, and how near it measured."""
    rows, columns = view.shape
    moved = other.in_frame_of(view)
    pixels, inside = view.look(moved)
    pixels = np.rint(pixels[inside]).astype(np.int32)
    moved = moved[inside]
    far_first = np.argsort(-moved[:, 2], kind="stable")
    pixels, moved = pixels[far_first], moved[far_first]
    width = columns + 4
    drawn = np.full(((rows + 4) * width, 3), NOWHERE)
    drawn[(pixels[:, 1] + 2) * width + pixels[:, 0] + 2] = moved  # of those at one pixel the nearest is drawn last
    depth = drawn[:, 2].reshape(rows + 4, width)
    # Between pixels that the other view hits lie some that it does not: the surface goes on there.
    depth = np.where(depth == NOWHERE, ndimage.minimum_filter(depth, 2), depth)
    farthest = ndimage.maximum_filter(depth, 3)[2:-2, 2:-2].ravel()[view.pixels]
    back = np.clip((view.points[:, 2] - farthest) / tolerance, _NONE, _FAR)
    start = (view.pixels // columns + 2) * width + view.pixels % columns + 2
    return back, _nearest(view.points, drawn, start, width, tolerance)


def _nearest(points: np.ndarray, grid: np.ndarray, start: np.ndarray, width: int, tolerance: np.ndarray) -> np.ndarray:
    """Return the distance to the nearest point of a grid within 5 x 5 pixels, in units of the tolerance."""
    best = np.square(grid[start] - points).sum(axis=1)
    # What the pixel in the middle confirms needs no closer look, nor does what lies far before or behind all around it.
    depth = grid[:, 2].reshape(-1, width)
    low, high = ndimage.minimum_filter(depth, 5), ndimage.maximum_filter(np.where(depth == NOWHERE, 0, depth), 5)
    far, z = _FAR * tolerance, points[:, 2]
    rest = (z > low.ravel()[start] - far) & (z < high.ravel()[start] + far)
    rest = np.flatnonzero(rest & (best > np.square(tolerance * np.float32(0.5))))
    points, start, nearest = points[rest], start[rest], best[rest]
    for row in _AROUND:
        for column in _AROUND:
            if row or column:
                step = np.take(grid, start + np.int32(row * width + column), axis=0)
                step -= points
                np.minimum(nearest, np.einsum("ij,ij->i", step, step), out=nearest)
    best[rest] = nearest
    return np.minimum(np.sqrt(best) / tolerance, _FAR)
