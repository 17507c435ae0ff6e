"""Filters that look along the lines of sight: what a camera saw at a grazing angle was seen badly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data import OrganizedScan, scan_normals
from pcfilter_lib.filters.base import ArtefactFilter


@dataclass(frozen=True, kw_only=True)
class ViewAngle(ArtefactFilter):
    """Removes points whose surface is seen at a grazing angle.

    The score is the cosine of the angle between the surface's normal and the direction to the camera: 1 for a surface
    that faces it, 0 where there is no normal, because a point has no neighbour on its surface.
    """

    name: ClassVar[str] = "view angle"
    threshold: float = 0.17  # 80 degrees

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the cosine of the angle between normal and line of sight."""
        towards = -scan.xyz.astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            towards /= np.linalg.norm(towards, axis=-1, keepdims=True)
        cosine = np.einsum("hwi,hwi->hw", scan_normals(scan).astype(np.float64), towards)
        return np.where(scan.valid, np.nan_to_num(cosine), np.nan).astype(np.float32)


@dataclass(frozen=True, kw_only=True)
class ShadowPoints(ArtefactFilter):
    """Removes veils: points that hang along the line of sight between a near surface and a far one.

    For each neighbour in a window, the angle between the line of sight and the line that joins the two points; the
    score is the sine of the smallest. On a surface that faces the camera it is 1, along a veil it is near 0. Both ends
    of a jump look like a veil, the true edge too.

    Parameters
    ----------
    reach : int, default 1
        How many pixels away a neighbour may be, along the rows, the columns and the diagonals.

    Notes
    -----
    The test of two neighbouring beams that laser scanners' drivers use against veiling points, in two dimensions.
    """

    name: ClassVar[str] = "shadow points"
    reach: int = 1
    threshold: float = 0.1

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return the sine of the smallest angle; 0 for a point without neighbours."""
        reach = whole_number("ShadowPoints", "reach", self.reach)
        xyz = np.where(scan.valid[..., None], scan.xyz, np.nan).astype(np.float64)
        with np.errstate(invalid="ignore", divide="ignore"):
            sight = xyz / np.linalg.norm(xyz, axis=-1, keepdims=True)
        smallest = np.full(scan.shape, np.inf)
        for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
            for step in range(1, reach + 1):
                here, there = _pair(scan.shape, down * step, right * step)
                joined = xyz[there] - xyz[here]
                with np.errstate(invalid="ignore", divide="ignore"):
                    joined /= np.linalg.norm(joined, axis=-1, keepdims=True)
                for end in (here, there):
                    along = np.einsum("hwi,hwi->hw", sight[end], joined)
                    sine = np.sqrt(np.clip(1 - along**2, 0, None))
                    smallest[end] = np.fmin(smallest[end], sine)  # fmin passes over the NaN of a missing neighbour
        smallest[np.isinf(smallest)] = 0
        return np.where(scan.valid, smallest, np.nan).astype(np.float32)


def _pair(shape: tuple[int, int], down: int, right: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the slices of the pixels that have a neighbour there, and of these neighbours."""
    height, width = shape
    rows = slice(0, max(height - down, 0)), slice(down, height)
    if right >= 0:
        columns = slice(0, max(width - right, 0)), slice(right, width)
    else:
        columns = slice(-right, width), slice(0, max(width + right, 0))
    return (rows[0], columns[0]), (rows[1], columns[1])
