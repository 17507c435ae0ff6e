"""Filters that look at the image: its holes, its depth around each pixel, and how strong the pattern was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.footprint import pixel_footprint

_ROWS_AT_ONCE = 64  # a window of 7x7 over them is 49 times as large


@dataclass(frozen=True, kw_only=True)
class KeepAll(ArtefactFilter):
    """Removes nothing: what every other filter has to beat."""

    name: ClassVar[str] = "keep all"
    requirement: ClassVar[str] = "points"
    threshold: float = 0.5

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return 1 for every point."""
        return np.where(scan.valid, np.float32(1), np.float32(np.nan))


@dataclass(frozen=True, kw_only=True)
class MedianResidual(ArtefactFilter):
    """Compares each depth with the median depth around it.

    The score is minus the distance from the median, in pixel footprints: a threshold of -3 removes what lies more than
    three footprints from it. A depth edge has its median on one side, so a narrow true thing is removed as well.

    Parameters
    ----------
    window : int, default 5
        Rows and columns of the window, odd.
    """

    name: ClassVar[str] = "median residual"
    window: int = 5
    threshold: float = -3.0

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return minus the distance in depth from the window's median, in footprints."""
        size = _odd("MedianResidual", "window", self.window)
        depth = np.where(scan.valid, scan.xyz[..., 2], np.nan).astype(np.float32)
        median = np.full_like(depth, np.nan)
        padded = np.pad(depth, size // 2, constant_values=np.nan)
        for top in range(0, scan.shape[0], _ROWS_AT_ONCE):
            rows = slice(top, min(top + _ROWS_AT_ONCE, scan.shape[0]))
            windows = sliding_window_view(padded[rows.start : rows.stop + size - 1], (size, size))
            wanted = scan.valid[rows]
            if wanted.any():  # every window has its own pixel, so none of these is empty
                median[rows][wanted] = np.nanmedian(windows[wanted].reshape(-1, size * size), axis=1)
        return -np.abs(depth - median) / pixel_footprint(scan)


@dataclass(frozen=True, kw_only=True)
class ModulationThreshold(ArtefactFilter):
    """Removes points whose phase was read from a weak pattern; the score is the pattern's amplitude.

    A reflection in a shiny part can be stronger than a dark surface: this filter removes noise, not ghosts.
    """

    name: ClassVar[str] = "modulation"
    requirement: ClassVar[str] = "points"
    threshold: float = 0.03

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the amplitude of the pattern, ``scan.extras["modulation"]``."""
        if "modulation" not in scan.extras:
            problem = "the scan does not say how strong the pattern was"
            remedy = "keep the scanner's modulation image as extras['modulation'], or choose another filter"
            raise InputError("ModulationThreshold", "scan.extras", problem, remedy)
        return np.where(scan.valid, scan.extras["modulation"], np.nan).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class ErosionDilation(ArtefactFilter):
    """Removes islands and thin things: erodes the image of measured pixels, then dilates what is left.

    The ancestor of this project cleaned its masks so, with windows of 5 x 5 and 7 x 7.

    Parameters
    ----------
    erosion, dilation : int, default 5 and 7
        Rows and columns of the two square windows, odd. What lies beyond the border counts as measured for the
        erosion.
    """

    name: ClassVar[str] = "erosion and dilation"
    requirement: ClassVar[str] = "grid"
    erosion: int = 5
    dilation: int = 7
    threshold: float = 0.5

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return 1 for points that are left, and 0 for the others."""
        erosion, dilation = (_odd("ErosionDilation", name, getattr(self, name)) for name in ("erosion", "dilation"))
        core = ndimage.minimum_filter(scan.valid, erosion, mode="constant", cval=True)
        left = ndimage.maximum_filter(core, dilation, mode="constant", cval=False)
        return np.where(scan.valid, left.astype(np.float32), np.float32(np.nan))


def _odd(owner: str, name: str, value: int) -> int:
    if whole_number(owner, name, value) % 2 == 0:
        raise InputError(owner, name, f"{value} is even", "pass an odd number: a window has a pixel in its middle")
    return value
