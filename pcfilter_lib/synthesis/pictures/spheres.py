"""Clouds as pictures: each point a sphere, the nearest one in front. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib._arguments import number_within
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.pictures.rendered import Pictures
from pcfilter_lib.synthesis.scanner.geometry import Camera

_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)


def splat(
    points: ArrayLike, cameras: Sequence[Camera], radius: float = 0.05, colours: ArrayLike | None = None
) -> Pictures:
    """Return pictures of a cloud whose points are spheres.

    The ray through the centre of a pixel, with the direction d scaled to z = 1, meets a sphere around c with the radius
    r first at the depth ``t = (d.c - sqrt((d.c)^2 - d.d (c.c - r^2))) / d.d``. A z-buffer keeps the nearest sphere of
    each pixel (E. Catmull, *A subdivision algorithm for computer display of curved surfaces*, PhD thesis, University of
    Utah, 1974, chapter 5). Rendering shapes as spheres for a network is from Qi, C. R., Su, H., Niessner, M., Dai, A.,
    Yan, M. and Guibas, L. J. (2016). *Volumetric and multi-view CNNs for object classification on 3D data*. CVPR.

    Parameters
    ----------
    points : array_like, shape (N, 3)
        In the world's frame.
    cameras : sequence of Camera
        With pictures of one size, as from :func:`turntable`. Lenses are ignored: everything is in focus.
    radius : float, default 0.05
        Of the spheres, in the unit of the points. A sphere that reaches behind a camera is left out of its picture. One
        that covers no pixel's centre is not seen.
    colours : array_like, shape (N, C), optional
        Of the points.

    Returns
    -------
    Pictures
        `source` holds the numbers of the points, `count` how many spheres each ray meets.

    Raises
    ------
    InputError
        If there are no points or cameras, a point is not finite, or the cameras' pictures differ in size.
    """
    points = np.asarray(points, np.float32)
    if points.ndim != 2 or points.shape[1] != 3 or not len(points) or not np.isfinite(points).all():
        problem = f"their shape is {points.shape}, or some are not finite"
        raise InputError("splat", "points", problem, "pass at least one point, in three finite numbers")
    number_within("splat", "radius", radius, 0, np.inf, low_included=False, high_included=False)
    if colours is not None:
        colours = np.asarray(colours, np.float32)
        if colours.ndim != 2 or len(colours) != len(points):
            raise InputError("splat", "colours", f"their shape is {colours.shape}", "pass one row for each point")
    cameras, shape = check_cameras(cameras, "splat")
    nearest = np.full(len(cameras) * shape[0] * shape[1], _EMPTY)
    centres = [
        points @ camera.pose[:3, :3].T.astype(np.float32) + camera.pose[:3, 3].astype(np.float32) for camera in cameras
    ]
    count = np.empty((len(cameras), *shape), np.int32)
    for number, (camera, centre) in enumerate(zip(cameras, centres, strict=True)):
        own = nearest[number * shape[0] * shape[1] :][: shape[0] * shape[1]]
        count[number] = _splat_one(own, centre, camera, np.float32(radius)).reshape(shape)
    depth = (nearest >> np.uint64(32)).astype(np.uint32).view(np.float32).reshape(-1, *shape)
    source = (nearest & np.uint64(0xFFFFFFFF)).astype(np.uint32).view(np.int32).reshape(-1, *shape)
    depth[source < 0] = np.nan
    normal = np.zeros((*depth.shape, 3), np.float32)
    for number, (camera, centre) in enumerate(zip(cameras, centres, strict=True)):
        seen = np.nonzero(source[number] >= 0)
        hit = camera.rays[seen].astype(np.float32) * depth[number][seen][:, None] - centre[source[number][seen]]
        normal[number][seen] = hit @ (camera.pose[:3, :3] / radius).astype(np.float32)
    if colours is not None:
        colours = np.concatenate([colours, np.zeros_like(colours[:1])])[source]  # -1: the background
    return Pictures(cameras, depth, normal, source, colours, count)


def check_cameras(cameras: Sequence[Camera], owner: str) -> tuple[tuple[Camera, ...], tuple[int, int]]:
    """Return the cameras, and the rows and columns of their pictures."""
    cameras = tuple(cameras)
    if len({camera.shape for camera in cameras}) != 1:
        raise InputError(owner, "cameras", "there are none, or their pictures differ in size", "pass equal cameras")
    return cameras, cameras[0].shape


def _splat_one(nearest: np.ndarray, centre: np.ndarray, camera: Camera, radius: np.float32) -> np.ndarray:
    """Keep the nearest sphere of each pixel, and return how many there are.

    The depth stands in the upper half of `nearest`, the number of the sphere in the lower.
    """
    rows, columns = camera.shape
    (fx, _, cx), (_, fy, cy), _ = camera.intrinsics.astype(np.float32)
    number = np.flatnonzero(centre[:, 2] > radius)
    x, y, z = centre[number].T
    # The sphere's outline along an axis: the tangents of the angles asin(r / |c|) to both sides of the centre.
    bounds = []
    for across, focal, middle, last in ((x, fx, cx, columns - 1), (y, fy, cy, rows - 1)):
        spread = radius * np.sqrt(across * across + z * z - radius * radius)
        scale = focal / (z * z - radius * radius)
        low, high = (scale * (across * z + sign * spread) + middle for sign in (-1, 1))
        bounds += [
            np.clip(np.ceil(low), 0, last + 1).astype(np.int32),
            np.clip(np.floor(high), -1, last).astype(np.int32),
        ]
    left, right, top, bottom = bounds
    seen = np.flatnonzero((left <= right) & (top <= bottom))
    number, x, y, z, left, right, top, bottom = (each[seen] for each in (number, x, y, z, left, right, top, bottom))
    # Each sphere fills a box of pixels; all boxes are listed one after the other.
    wide = right - left + 1
    count = wide * (bottom - top + 1)
    ends = np.cumsum(count)
    sphere = np.repeat(np.arange(len(number), dtype=np.int32), count)
    inside = np.arange(len(sphere), dtype=np.int32) - np.repeat(ends - count, count).astype(np.int32)
    row, column = np.divmod(inside, wide[sphere])
    row += top[sphere]
    column += left[sphere]
    along, up = ((column - cx) / fx).astype(np.float32), ((row - cy) / fy).astype(np.float32)
    x, y, z = x[sphere], y[sphere], z[sphere]
    square = along * along + up * up + 1
    # In two steps, so that float32 does: the ray's point nearest to the centre, and the chord's half from there.
    middle = (along * x + up * y + z) / square
    off = (along * middle - x) ** 2 + (up * middle - y) ** 2 + (middle - z) ** 2
    half = radius * radius - off
    hit = np.flatnonzero(half >= 0)
    depth = middle[hit] - np.sqrt(half[hit] / square[hit])
    key = (depth.astype(np.float32).view(np.uint32).astype(np.uint64) << np.uint64(32)) | number[sphere[hit]].astype(
        np.uint64
    )
    pixel = row[hit] * columns + column[hit]
    np.minimum.at(nearest, pixel, key)
    return np.bincount(pixel, minlength=rows * columns)
