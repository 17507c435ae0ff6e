"""What the learned filter sees of a scan: images that no unit, camera or resolution changes."""

from __future__ import annotations

import math

import numpy as np

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.footprint import footprint_angle
from pcfilter_lib.filters.plane_residual import COMPARISONS, compare

#: Rows and columns of the windows in which holes and intensity are averaged, in pixels.
WINDOWS = (5, 17, 65)

#: The names of the channels, in their order:
#:
#: * ``valid``: 1 where the pixel was measured. The other channels are 0 elsewhere;
#: * ``step right``, ``step down``: to the depth of the next pixel, in footprints: the surface's slope, or a jump;
#: * ``nearest step``: the smallest step to one of the eight pixels around, without its sign;
#: * ``plane residual 4``, ``8``: how far the point lies off the surfaces around it, continued to its pixel, in
#:   footprints: of eight directions the one that fits third best, from pixels up to 4 or 8 away;
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
    *COMPARISONS,
    *(f"measured {window}" for window in WINDOWS),
    "intensity known",
    "brightness",
    "contrast",
    "modulation known",
    "modulation",
)
_GAIN = 4  # asinh(4 r): a quarter of a footprint is where large plane residuals begin to be compressed
_DARKEST = np.float32(2**-8)  # of the median: darker counts as so dark, and what is as much brighter as so bright
_FARTHEST = 1_000  # times the median depth
_ENOUGH = 2**20  # pixels for a median; of larger scans some rows and columns are taken


class ChannelMaker:
    """Makes the channels of a scan, or of a part of it.

    What belongs to the scan as a whole (how wide a pixel sees, the medians) is taken from it once, so that parts give
    the same channels as the whole.

    Parameters
    ----------
    scan : OrganizedScan

    Attributes
    ----------
    halo : int
        How far a channel sees: a part's channels are those of the whole this many pixels from its borders.

    Raises
    ------
    InputError
        If most points lie behind the camera.
    """

    halo = max(WINDOWS) // 2

    def __init__(self, scan: OrganizedScan):
        self.scan = scan
        self._angle = np.float32(footprint_angle(scan))
        every = math.ceil(math.sqrt(scan.valid.size / _ENOUGH))
        some = np.s_[::every, ::every]
        depths = scan.depth[some][scan.valid[some]]
        self._median_depth = _median(depths) if len(depths) else np.float32(1)
        if self._median_depth <= 0:
            problem = "most of its points lie behind the camera (their z is 0 or less)"
            raise InputError("scan", "xyz", problem, "give points in the camera's frame, with z pointing forward")
        self._median_intensity = self._median_modulation = None
        if scan.intensity is not None:
            shades = scan.intensity[some][scan.valid[some]]
            self._median_intensity = _median(shades[shades > 0])
        if _is_numbers(scan.extras.get("modulation"), scan.shape):
            self._median_modulation = _median(self._modulation(some)[scan.valid[some]])

    def seen(self, rows: slice = slice(None), columns: slice = slice(None)) -> np.ndarray:
        """Return which points of some rows and columns the channels show.

        All but those behind the camera, and those a thousand times nearer or farther than the median, which no camera
        could have measured and which would outweigh all others in a mean.

        Parameters
        ----------
        rows, columns : slice
            Without a step.

        Returns
        -------
        ndarray of bool, shape (H, W)
        """
        depth = self.scan.depth[rows, columns]  # NaN where nothing was measured
        return (depth > self._median_depth / _FARTHEST) & (depth < self._median_depth * _FARTHEST)

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
        A point is compared with others in the inverse of the depth, which is linear in the image wherever the surface
        is flat (as disparity is), see :func:`pcfilter_lib.filters.plane_residual.compare`. Steps and plane
        residuals, in footprints, pass through ``asinh(4 r)``, which is linear for small values and logarithmic for
        large ones. They are 0 where the angle between rays is not known: without intrinsics, in a scan with hardly any
        neighbours.
        """
        part = rows, columns
        seen = self.seen(*part)
        images = np.zeros((len(CHANNELS), *seen.shape), np.float32)
        put = dict(zip(CHANNELS, images, strict=True))
        put["valid"][...] = seen
        counts = _Integral(seen, np.int32)
        shares = {window: counts.sums(window) for window in WINDOWS}
        for window, count in shares.items():
            put[f"measured {window}"][...] = (count / np.float32(window**2) - np.float32(0.5)) * seen
            np.maximum(count, 1, out=count)  # from here on to divide by
        if np.isfinite(self._angle):
            self._put_shape(put, part, seen)
        if self._median_intensity is not None:
            self._put_intensity(put, part, seen, shares[WINDOWS[1]])
        if self._median_modulation is not None:
            put["modulation known"][...] = 1
            relative = self._modulation(part) - self._median_modulation
            put["modulation"][...] = np.where(seen, _within(relative, np.log2(_DARKEST), -np.log2(_DARKEST)), 0)
        return np.ascontiguousarray(np.moveaxis(images, 0, -1))

    def _put_shape(self, put: dict[str, np.ndarray], part: tuple, seen: np.ndarray) -> None:
        depth = np.where(seen, self.scan.depth[part], self._median_depth)
        for name, here, there in (
            ("step right", np.s_[:, :-1], np.s_[:, 1:]),
            ("step down", np.s_[:-1], np.s_[1:]),
        ):
            step = put[name][here]
            np.subtract(depth[there], depth[here], out=step)
            step /= np.minimum(depth[here], depth[there]) * self._angle
            _compress(step)
            step *= seen[here] & seen[there]
        compared = compare(depth, seen, self._angle)
        _compress(compared)
        for name, image in zip(COMPARISONS, compared, strict=True):
            put[name][...] = image

    def _put_intensity(self, put: dict[str, np.ndarray], part: tuple, seen: np.ndarray, count: np.ndarray) -> None:
        put["intensity known"][...] = 1
        with np.errstate(over="ignore"):
            intensity = self.scan.intensity[part] / self._median_intensity
        intensity = _within(intensity, _DARKEST, 1 / _DARKEST)
        mean = _Integral(intensity * seen, np.float64).sums(WINDOWS[1]) / count
        np.maximum(mean, _DARKEST, out=mean)
        np.multiply(np.log2(intensity), seen, out=put["brightness"])
        np.multiply(np.log2(intensity / mean), seen, out=put["contrast"])

    def _modulation(self, part: tuple) -> np.ndarray:
        """Return the logarithm of modulation over intensity, which need not be finite."""
        modulation = np.asarray(self.scan.extras["modulation"][part], np.float32)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            return np.log2(modulation / (1 if self._median_intensity is None else self.scan.intensity[part]))


def scan_channels(scan: OrganizedScan) -> np.ndarray:
    """Return the channels of a scan, see :data:`pcfilter_lib.filters.CHANNELS`.

    Parameters
    ----------
    scan : OrganizedScan
        With or without intrinsics (see :func:`pcfilter_lib.filters.pixel_footprint`), intensity and modulation.

    Returns
    -------
    ndarray of float32, shape (H, W, 14)

    Raises
    ------
    InputError
        If most points lie behind the camera.
    """
    return ChannelMaker(scan).channels()


def _compress(values: np.ndarray) -> None:
    values *= np.float32(_GAIN)
    np.arcsinh(values, out=values)


def _median(values: np.ndarray) -> np.float32 | None:
    """Return the median of the finite values, or None if there are none."""
    values = values[np.isfinite(values)]
    if not len(values):
        return None
    middle = len(values) // 2
    ordered = np.partition(values, middle)  # np.median asks for more than one place, which takes six times as long
    return ordered[middle] if len(values) % 2 else (ordered[:middle].max() + ordered[middle]) / np.float32(2)


def _within(values: np.ndarray, low: np.float32, high: np.float32) -> np.ndarray:
    """Return the values between two limits; NaN becomes the lower one."""
    return np.fmin(np.fmax(values, low), high)


def _is_numbers(values: np.ndarray | None, shape: tuple[int, int]) -> bool:
    return values is not None and values.shape == shape and values.dtype.kind in "buif"


class _Integral:
    """Sums over windows in constant time (Crow, *Summed-area tables for texture mapping*, SIGGRAPH 1984)."""

    def __init__(self, image: np.ndarray, kind: type[np.number]):
        self.size = height, width = image.shape
        # The sums of all pixels above and to the left. A frame as wide as the largest window reaches, which goes on as
        # the image's border does, spares the windows a look at where the image ends.
        frame = max(WINDOWS) // 2
        table = np.zeros((height + 1 + 2 * frame, width + 1 + 2 * frame), kind)
        below, right = frame + 1 + height, frame + 1 + width
        inner = table[frame + 1 : below, frame + 1 : right]
        np.cumsum(image, axis=0, dtype=kind, out=inner)
        np.cumsum(inner, axis=1, out=inner)
        table[below:] = table[below - 1]
        table[:, right:] = table[:, right - 1 : right]
        self.table, self.frame = table, frame

    def sums(self, window: int) -> np.ndarray:
        """Return the sum over the window around each pixel, as far as it lies within the image, in float32."""
        height, width = self.size
        low, high = self.frame - window // 2, self.frame + window // 2 + 1
        strips = self.table[high : high + height] - self.table[low : low + height]
        sums = np.empty(self.size, np.float32)
        np.subtract(strips[:, high : high + width], strips[:, low : low + width], out=sums, casting="same_kind")
        return sums
