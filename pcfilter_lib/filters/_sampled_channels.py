"""The channels of a scan at some of its pixels, in a fraction of the time that all of them take."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.filters.channels import _DARKEST, CHANNELS, WINDOWS, ChannelMaker, _compress, _within
from pcfilter_lib.filters.plane_residual import _DIRECTIONS, _REACHES, COMPARISONS, FARTHEST


def sampled_channels(scan: OrganizedScan, count: int) -> dict[str, np.ndarray]:
    """Return the channels at some of the pixels that a filter sees.

    Parameters
    ----------
    scan : OrganizedScan
    count : int
        How many pixels, at most; a fixed choice.

    Returns
    -------
    dict of str to ndarray of float32, shape (N,)
        The channels by their names; without ``valid`` and the two that only say what is known, and without those that
        are not known.

    Raises
    ------
    InputError
        If most points lie behind the camera.
    """
    maker = ChannelMaker(scan)
    seen = maker.seen()
    places = np.flatnonzero(seen)
    if len(places) > count:
        places = places[np.random.default_rng(0).integers(len(places), size=count)]
    rows, columns = np.divmod(places, scan.shape[1])
    known = {}
    if np.isfinite(maker._angle):
        known |= _shape(scan, maker._angle, seen, rows, columns)
    table = _summed(seen.astype(np.int32))
    counts = {window: _window_sums(table, rows, columns, window) for window in WINDOWS}
    for window, number in counts.items():
        known[f"measured {window}"] = number / np.float32(window**2) - np.float32(0.5)
    if maker._median_intensity is not None:
        with np.errstate(over="ignore"):
            intensity = _within(scan.intensity / maker._median_intensity, _DARKEST, 1 / _DARKEST)
        means = _window_sums(_summed((intensity * seen).astype(np.float64)), rows, columns, WINDOWS[1])
        here, means = intensity[rows, columns], means / np.maximum(counts[WINDOWS[1]], 1)
        known["brightness"] = np.log2(here)
        known["contrast"] = np.log2(here / np.maximum(means, _DARKEST))
    if maker._median_modulation is not None:
        relative = maker._modulation((rows, columns)) - maker._median_modulation
        known["modulation"] = _within(relative, np.log2(_DARKEST), -np.log2(_DARKEST))
    return {name: known[name].astype(np.float32) for name in CHANNELS if name in known}


def _shape(scan: OrganizedScan, angle: np.float32, seen: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> dict:
    """Return the channels that compare depths, see :func:`pcfilter_lib.filters.plane_residual.compare`."""
    margin = max(_REACHES)
    padded = np.pad(np.where(seen, scan.depth, np.float32(np.nan)), margin, constant_values=np.nan)
    depth = padded[rows + margin, columns + margin]

    def at(direction: tuple[int, int], pixels: int) -> np.ndarray:
        return padded[rows + margin + direction[0] * pixels, columns + margin + direction[1] * pixels]

    channels = {}
    for name, direction in (("step right", (0, 1)), ("step down", (1, 0))):
        there = at(direction, 1)
        channels[name] = np.nan_to_num((there - depth) / (np.minimum(depth, there) * angle))
        _compress(channels[name])
    inverse = {(way, pixels): 1 / at(way, pixels) / angle for way in _DIRECTIONS for pixels in (1, 2, 4, 8)}
    here, limit = 1 / depth / angle, FARTHEST / depth
    steps = np.stack([inverse[way, 1] - here for way in _DIRECTIONS])
    compared = [np.fmin(np.abs(steps), limit).min(axis=0)]
    for reach in _REACHES:
        near, middle, far = (reach // part for part in (4, 2, 1))
        lines = [inverse[w, near] + (inverse[w, middle] - inverse[w, far]) / 2 - here for w in _DIRECTIONS]
        compared.append(np.partition(np.fmin(np.abs(np.stack(lines)), limit), 2, axis=0)[2])
    for name, values in zip(COMPARISONS, compared, strict=True):
        channels[name] = values * depth
        _compress(channels[name])
    return channels


def _summed(image: np.ndarray) -> np.ndarray:
    """Return the sums of all pixels above and to the left."""
    table = np.zeros((image.shape[0] + 1, image.shape[1] + 1), image.dtype)
    np.cumsum(image, axis=0, out=table[1:, 1:])
    np.cumsum(table[1:, 1:], axis=1, out=table[1:, 1:])
    return table


def _window_sums(table: np.ndarray, rows: np.ndarray, columns: np.ndarray, window: int) -> np.ndarray:
    """Return the sums over the windows around some pixels, as far as they lie within the image."""
    half = window // 2
    top, bottom = np.maximum(rows - half, 0), np.minimum(rows + half + 1, table.shape[0] - 1)
    left, right = np.maximum(columns - half, 0), np.minimum(columns + half + 1, table.shape[1] - 1)
    return table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
