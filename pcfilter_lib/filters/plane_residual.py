"""How well a point fits the surfaces around it, in footprints."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

_REACHES = (4, 8)  # pixels: how far the lines reach with which a point is compared
#: What :func:`compare` returns, in its order.
COMPARISONS = ("nearest step", *(f"plane residual {reach}" for reach in _REACHES))
#: A larger plane residual, or step, counts as so large, and so does one that is not known: in footprints.
FARTHEST = np.float32(8)
_DIRECTIONS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right)
_STRIP = 32  # rows at a time, so that what is compared stays in the processor's cache


def compare(depth: np.ndarray, seen: np.ndarray, angle: np.float32, fitting: int = 3) -> np.ndarray:
    """Compare each point with those in eight directions.

    Parameters
    ----------
    depth : ndarray of float32, shape (H, W)
        Finite everywhere, m or any other unit.
    seen : ndarray of bool, shape (H, W)
        Where it was measured.
    angle : float
        Between the rays of two pixels, radians.
    fitting : int, default 3
        How many of the eight directions have to fit. A corner of a surface has three on its own side.

    Returns
    -------
    ndarray of float32, shape (3, H, W)
        The smallest step to one of the eight pixels around, and the plane residuals 4 and 8, in footprints, at most
        :data:`FARTHEST`; 0 where nothing was measured.

    Notes
    -----
    The inverse ``q`` of the depth is linear in the image wherever the surface is flat. The least squares line through
    it at 1, 2 and 4 pixels in some direction (or 2, 4 and 8) comes to ``e = q1 + (q2 - q4) / 2`` at the pixel itself,
    and ``|z e - 1| / angle`` is how far the point lies off that, in footprints: 0 on every plane, however slanted, up
    to its rims. The plane residual is the third smallest, or the `fitting`-th, over the eight directions.
    """
    margin = max(_REACHES)
    inverse = np.pad(np.where(seen, 1 / depth, np.float32(np.nan)) / angle, margin, constant_values=np.nan)
    compared = np.empty((len(COMPARISONS), *depth.shape), np.float32)
    for top in range(0, len(depth), _STRIP):
        strip = np.s_[top : top + _STRIP]
        part, limit = inverse[top : top + _STRIP + 2 * margin], FARTHEST / depth[strip]
        put = compared[:, strip]
        put[0] = _smallest(_steps(part, margin), limit, 1)
        for image, reach in zip(put[1:], _REACHES, strict=True):
            image[...] = _smallest(_lines(part, margin, reach), limit, fitting)
        put *= depth[strip] * seen[strip]
    return compared


def _steps(inverse: np.ndarray, margin: int) -> Iterator[np.ndarray]:
    """Yield how far the inverse depth lies from that of each neighbour; NaN where one is missing."""
    here = _moved(inverse, margin, (0, 0), 0)
    for direction in _DIRECTIONS:
        yield _moved(inverse, margin, direction, 1) - here


def _lines(inverse: np.ndarray, margin: int, reach: int) -> Iterator[np.ndarray]:
    """Yield how far the inverse depth lies from the line in each direction; NaN where a pixel is missing."""
    here, half = _moved(inverse, margin, (0, 0), 0), np.float32(0.5) * inverse
    for direction in _DIRECTIONS:
        middle, far = (_moved(half, margin, direction, reach // part) for part in (2, 1))
        line = middle - far
        line += _moved(inverse, margin, direction, reach // 4)
        line -= here
        yield line


def _moved(inverse: np.ndarray, margin: int, direction: tuple[int, int], pixels: int) -> np.ndarray:
    """Return a view of what lies so many pixels away in a direction, without the margin."""
    rows, columns = (margin + pixels * way for way in direction)
    height, width = inverse.shape[0] - 2 * margin, inverse.shape[1] - 2 * margin
    return inverse[rows : rows + height, columns : columns + width]


def _smallest(values: Iterator[np.ndarray], limit: np.ndarray, place: int) -> np.ndarray:
    """Return the smallest, second or third smallest magnitude at each pixel, at most the limit."""
    found = [limit.copy() for _ in range(place)]
    for value in values:
        np.abs(value, out=value)
        np.fmin(value, limit, out=value)  # NaN becomes the limit, too
        for smaller in found[:-1]:
            larger = np.maximum(smaller, value)
            np.minimum(smaller, value, out=smaller)
            value = larger  # what did not belong here goes on to the next place
        np.minimum(found[-1], value, out=found[-1])
    return found[-1]
