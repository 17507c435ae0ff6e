"""What the learned filter sees of a scan: images that no unit, camera or resolution changes."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.filters.footprint import footprint_angle

#: Rows and columns of the windows in which depth and holes are averaged, in pixels.
WINDOWS = (5, 17, 65)

#: The names of the channels, in their order:
#:
#: * ``valid``: 1 where the pixel was measured. The other channels are 0 elsewhere;
#: * ``step right``, ``step down``: to the depth of the next pixel, in footprints: the surface's slope, or a jump;
#: * ``residual 5``, ``17``, ``65``: how far the depth lies behind the mean around it, in footprints;
#: * ``measured 5``, ``17``, ``65``: which share of the pixels around it was measured, minus 1/2;
#: * ``intensity known``: 1 if the scan has an intensity. The next two channels are 0 otherwise;
#: * ``brightness``: the logarithm of the intensity over the scan's median;
#: * ``contrast``: the logarithm of the intensity over the mean around it (17 pixels);
#: * ``modulation known``: 1 if the scanner tells how strong its pattern was, as ``extras["modulation"]``. The next
#:   channel is 0 otherwise;
#: * ``modulation``: the logarithm of the modulation over the intensity (over 1 without), relative to the scan's median.
CHANNELS = (
    "valid",
    "step right",
    "step down",
    *(f"residual {window}" for window in WINDOWS),
    *(f"measured {window}" for window in WINDOWS),
    "intensity known",
    "brightness",
    "contrast",
    "modulation known",
    "modulation",
)
_GAIN = 4  # asinh(4 r): a quarter of a footprint is where large residuals begin to be compressed
_DARKEST = 2**-8  # of the median: darker counts as so dark


class ChannelMaker:
    """Makes the channels of a scan, or of a part of it.

    What belongs to the scan as a whole (how wide a pixel sees, the median of the intensity) is taken from it once, so
    that parts give the same channels as the whole.

    Parameters
    ----------
    scan : OrganizedScan

    Attributes
    ----------
    halo : int
        How far a channel sees: a part's channels are those of the whole this many pixels from its borders.
    """

    halo = max(WINDOWS) // 2

    def __init__(self, scan: OrganizedScan):
        self.scan = scan
        self.angle = footprint_angle(scan)
        self.median = _median_intensity(scan)
        self.modulation = _relative_modulation(scan)

    def channels(self, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
        """Return the channels of some rows and columns.

        Parameters
        ----------
        rows, columns : slice
            Without a step.

        Returns
        -------
        ndarray of float32, shape (H, W, 14)
            In the order of :data:`CHANNELS`.

        Notes
        -----
        A residual is taken in the inverse of the depth, which is linear in the image wherever the surface is flat (as
        disparity is): ``r = (z <1/z> - 1) / angle``, with the mean over the measured pixels of the window and the
        angle between the rays of two pixels. It is 0 on every plane, however slanted, and ``(z - <z>) / (z angle)``,
        the distance from the mean in footprints, where the depths differ little. Steps are computed alike. Both pass
        through ``asinh(4 r)``, which is linear for small residuals and logarithmic for large ones.
        """
        part = rows, columns
        valid = self.scan.valid[part]
        depth = np.where(valid, self.scan.xyz[..., 2][part], np.float32(1))
        angle = np.float32(self.angle)
        images = np.zeros((*valid.shape, len(CHANNELS)), np.float32)
        put = dict(zip(CHANNELS, np.moveaxis(images, -1, 0), strict=True)).__getitem__
        put("valid")[...] = valid
        if not np.isfinite(angle):  # no two neighbours anywhere: there is no scale, and nothing to compare
            return images
        for name, here, there in (
            ("step right", np.s_[:, :-1], np.s_[:, 1:]),
            ("step down", np.s_[:-1], np.s_[1:]),
        ):
            step = (depth[there] - depth[here]) / (np.minimum(depth[here], depth[there]) * angle)
            put(name)[here] = _compressed(step) * (valid[here] & valid[there])
        inverse = _Integral(np.where(valid, 1 / depth, 0))
        counts = _Integral(valid)
        bright = None
        if self.median is not None:
            put("intensity known")[...] = 1
            intensity = np.where(valid, self.scan.intensity[part], 0) / np.float32(self.median)
            intensity = np.clip(intensity, _DARKEST, 1 / _DARKEST) * valid
            bright = _Integral(intensity)
            put("brightness")[...] = np.log2(np.where(valid, intensity, 1))
        if self.modulation is not None:
            put("modulation known")[...] = 1
            put("modulation")[...] = np.where(valid, self.modulation[part], 0)
        for window in WINDOWS:
            count = counts.sums(window)
            put(f"measured {window}")[...] = (count / np.float32(window**2) - np.float32(0.5)) * valid
            count = np.maximum(count, 1)
            residual = (depth * (inverse.sums(window) / count) - 1) / angle
            put(f"residual {window}")[...] = _compressed(residual) * valid
            if bright is not None and window == WINDOWS[1]:
                mean = np.where(valid, bright.sums(window) / count, 1)
                put("contrast")[...] = np.log2(np.where(valid, intensity, 1) / mean)
        return images


def scan_channels(scan: OrganizedScan) -> np.ndarray:
    """Return the channels of a scan, see :data:`pcfilter_lib.filters.CHANNELS`.

    Parameters
    ----------
    scan : OrganizedScan
        With or without intrinsics (see :func:`pcfilter_lib.filters.pixel_footprint`) and intensity.

    Returns
    -------
    ndarray of float32, shape (H, W, 14)
    """
    return ChannelMaker(scan).channels()


def _compressed(values: np.ndarray) -> np.ndarray:
    return np.arcsinh(np.float32(_GAIN) * values)


def _median_intensity(scan: OrganizedScan) -> float | None:
    """Return the median of what is brighter than nothing, or None if the scan has no such intensity."""
    if scan.intensity is None:
        return None
    measured = scan.intensity[scan.valid]
    measured = measured[np.isfinite(measured) & (measured > 0)]
    return float(np.median(measured)) if len(measured) else None


def _relative_modulation(scan: OrganizedScan) -> np.ndarray | None:
    """Return the logarithm of modulation over intensity, less its median; None if there is no modulation."""
    modulation = scan.extras.get("modulation")
    if modulation is None or np.shape(modulation) != scan.shape:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log2(np.asarray(modulation, np.float32) / (1 if scan.intensity is None else scan.intensity))
    measured = ratio[scan.valid]
    measured = measured[np.isfinite(measured)]
    if not len(measured):
        return None
    limit = -np.log2(_DARKEST)
    return np.nan_to_num(np.clip(ratio - np.median(measured), -limit, limit), nan=-limit)


class _Integral:
    """Sums over windows in constant time (Crow, *Summed-area tables for texture mapping*, SIGGRAPH 1984)."""

    def __init__(self, image: np.ndarray):
        # Doubles: a float32 sum over half a million pixels would lose the residuals.
        self.table = np.zeros((image.shape[0] + 1, image.shape[1] + 1))
        np.cumsum(image, axis=0, out=self.table[1:, 1:])
        np.cumsum(self.table[1:, 1:], axis=1, out=self.table[1:, 1:])

    def sums(self, window: int) -> np.ndarray:
        """Return the sum over the window around each pixel, as far as it lies within the image."""
        height, width = (size - 1 for size in self.table.shape)
        reach = window // 2
        top, bottom = (np.clip(np.arange(height) + shift, 0, height) for shift in (-reach, reach + 1))
        left, right = (np.clip(np.arange(width) + shift, 0, width) for shift in (-reach, reach + 1))
        strips = self.table[bottom] - self.table[top]
        return (strips[:, right] - strips[:, left]).astype(np.float32)
