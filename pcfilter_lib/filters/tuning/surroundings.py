"""What surrounds each point of a scan, near and far, in every direction: what a tuned filter sees.

Numbers that no unit, camera or resolution changes, as the channels of the network are
(:data:`pcfilter_lib.filters.CHANNELS`), made to be quick: a scan of 640 x 480 takes less than a tenth of a second.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.filters.channels import WINDOWS, ChannelMaker, _Integral
from pcfilter_lib.filters.footprint import footprint_angle

#: How far the compared pixels are, in pixels.
DISTANCES = (1, 2, 4, 8, 16)
#: Rows and columns of the windows in which the nearest and the farthest point are looked for.
EXTREMES = (3, 7, 15, 31)
_SIDES = ("left", "right", "above", "below")
#: What is known about a point:
#:
#: * ``left 1`` ... ``below 16``: how much nearer than the point the pixel is that lies so many pixels to a side, in
#:   footprints; ``across 1`` ... ``16``, ``down 1`` ... ``16``: the sum of two opposite ones, which is 0 on a plane;
#: * ``nearest 3`` ... ``31``, ``farthest 3`` ... ``31``: how much nearer the nearest and the farthest point are within
#:   a window;
#: * ``slope``: how steep the surface is, from means over 2 x 2 pixels;
#: * ``hole left`` ... ``hole below``: how many pixels there are to the next that was not measured;
#: * ``measured 5`` ... ``65``: the share of the pixels around it that were measured;
#: * ``brightness``, ``contrast``: as in :data:`pcfilter_lib.filters.CHANNELS`; 0 for a scan without intensity.
SURROUNDINGS = (
    *(f"{side} {far}" for far in DISTANCES for side in _SIDES),
    *(f"{axis} {far}" for far in DISTANCES for axis in ("across", "down")),
    *(f"{which} {window}" for window in EXTREMES for which in ("nearest", "farthest")),
    "slope",
    *(f"hole {side}" for side in _SIDES),
    *(f"measured {window}" for window in WINDOWS),
    "brightness",
    "contrast",
)
_GAIN = np.float32(4)
_FAR_AWAY = np.float32(1e6)  # an inverse depth for pixels that were not measured


def scan_surroundings(scan: OrganizedScan) -> np.ndarray:
    """Return what surrounds each point, see :data:`SURROUNDINGS`.

    Parameters
    ----------
    scan : OrganizedScan

    Returns
    -------
    ndarray of float32, shape (n, 48)
        Of the n measured points, row by row; a view of an array in which each feature is a row.

    Raises
    ------
    InputError
        If most points lie behind the camera.

    Notes
    -----
    Points are compared in the inverse of the depth, which is linear in the image wherever the surface is flat:
    ``(z / z' - 1) / angle`` is how much nearer z' is, in footprints. Lengths pass through ``sign(r) log2(1 + 4 |r|)``.
    """
    maker = ChannelMaker(scan)
    seen, angle = maker.seen(), np.float32(footprint_angle(scan))
    features = np.zeros((len(SURROUNDINGS), np.count_nonzero(scan.valid)), np.float32)
    rows = dict(zip(SURROUNDINGS, features, strict=True))
    measured = np.flatnonzero(scan.valid)

    def put(name: str, image: np.ndarray) -> None:
        np.take(image.ravel(), measured, out=rows[name])

    counts = _Integral(seen, np.int32)
    shares = {window: counts.sums(window) for window in WINDOWS}
    jobs = [lambda: _put_holes(put, seen)]
    if np.isfinite(angle):
        inverse = np.divide(1, scan.depth, out=np.zeros(scan.shape, np.float32), where=seen, casting="same_kind")
        scale = np.where(seen, scan.depth / angle, 0).astype(np.float32)
        offset = seen / angle
        jobs += [lambda far=far: _put_sides(put, inverse, scale, offset, far) for far in DISTANCES]
        jobs += [lambda: _put_extremes(put, inverse, scale, offset, seen)]
    with ThreadPoolExecutor(2) as pool:  # NumPy works without the lock
        for job in [pool.submit(job) for job in jobs]:
            job.result()
    for window, count in shares.items():
        put(f"measured {window}", count / np.float32(window**2) - np.float32(0.5))
    if scan.intensity is not None and maker._median_intensity is not None:
        shade = {name: np.zeros(scan.shape, np.float32) for name in ("intensity known", "brightness", "contrast")}
        maker._put_intensity(shade, (slice(None), slice(None)), seen, np.maximum(shares[WINDOWS[1]], 1))
        put("brightness", shade["brightness"])
        put("contrast", shade["contrast"])
    return features.T


def _compressed(lengths: np.ndarray) -> np.ndarray:
    """Return lengths in footprints, linear where they are small and logarithmic where they are large; in place."""
    sizes = np.abs(lengths)
    sizes *= _GAIN
    sizes += 1
    np.log2(sizes, out=sizes)
    return np.copysign(sizes, lengths, out=lengths)


def _put_sides(put, inverse, scale, offset, far: int) -> None:
    """Compare each pixel with those to its four sides."""
    height, width = inverse.shape
    padded = np.pad(inverse, far)
    there = {
        "left": padded[far : far + height, :width],
        "right": padded[far : far + height, 2 * far : 2 * far + width],
        "above": padded[:height, far : far + width],
        "below": padded[2 * far : 2 * far + height, far : far + width],
    }
    for axis, pair in (("across", ("left", "right")), ("down", ("above", "below"))):
        nearer, both = [], None
        for side in pair:
            known = there[side] > 0
            step = there[side] * scale
            step -= offset
            step *= known
            nearer.append(step)
            both = known if both is None else both & known
        put(f"{axis} {far}", _compressed((nearer[0] + nearer[1]) * both))
        for side, step in zip(pair, nearer, strict=True):
            put(f"{side} {far}", _compressed(step))


def _put_extremes(put, inverse, scale, offset, seen) -> None:
    """Compare each pixel with the nearest and the farthest around it: windows grow from window to window."""
    for name, image, extreme, beyond in (
        ("nearest", inverse, np.maximum, np.float32(0)),
        ("farthest", np.where(seen, inverse, _FAR_AWAY), np.minimum, _FAR_AWAY),
    ):
        window = 1
        for wanted in EXTREMES:
            reach = (wanted - window) // 2
            for axis in (0, 1):
                image = _extreme(image, extreme, reach, window, axis, beyond)
            window = wanted
            put(f"{name} {wanted}", _compressed(image * scale - offset))
    rows = inverse[1:] + inverse[:-1]
    mean = rows[:, 1:] + rows[:, :-1]  # of 2 x 2 pixels, which is enough against the noise
    slope = np.zeros_like(inverse)
    slope[:-2, :-2] = np.hypot(mean[1:, :-1] - mean[:-1, :-1], mean[:-1, 1:] - mean[:-1, :-1])
    put("slope", _compressed(slope * scale / 4))


def _extreme(image, extreme, reach: int, window: int, axis: int, beyond) -> np.ndarray:
    """Return the extreme over a window that is wider by `reach` on both sides than that of the image."""
    pad = [(0, 0), (0, 0)]
    pad[axis] = (reach, reach)
    padded = np.pad(image, pad, constant_values=beyond)
    size = image.shape[axis]
    result = image
    steps = sorted({*range(0, 2 * reach + 1, window), 2 * reach})  # windows side by side leave no gap
    for step in steps:
        part = padded[step : step + size] if axis == 0 else padded[:, step : step + size]
        result = extreme(result, part)
    return result


def _put_holes(put, seen) -> None:
    """Count the pixels to the next hole, or to the border, on each side."""
    logarithms = np.log2(1 + np.arange(max(seen.shape) + 2, dtype=np.float32))
    for side, grid in (("left", seen), ("right", seen[:, ::-1]), ("above", seen.T), ("below", seen.T[:, ::-1])):
        place = np.arange(1, grid.shape[1] + 1, dtype=np.int32)
        last = np.maximum.accumulate(np.where(grid, 0, place), axis=1)
        far = logarithms[place - last]
        far = far if side in ("left", "above") else far[:, ::-1]
        put(f"hole {side}", far if side in ("left", "right") else far.T)
