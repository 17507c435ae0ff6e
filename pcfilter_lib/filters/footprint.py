"""The natural unit of a scan: what one pixel covers on the surface."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.data import OrganizedScan

_LEAST_PAIRS = 8
_ENOUGH = 2**18  # pixels for an estimate; of larger scans some rows and columns are taken


def pixel_footprint(scan: OrganizedScan) -> np.ndarray:
    """Return the distance between the lines of sight of neighbouring pixels, at each point's depth.

    Lengths in this unit mean the same for a near and a far camera, and for a coarse and a fine one: a surface that
    faces the camera has its neighbours one footprint away.

    Parameters
    ----------
    scan : OrganizedScan
        With intrinsics the footprint is the depth over the focal length. Without them the focal length is
        estimated: on most surfaces the step across the line of sight from a pixel to the next is one footprint.

    Returns
    -------
    ndarray of float32, shape (H, W)
        In metres; NaN where nothing was measured, and everywhere if there are no intrinsics and too few neighbours to
        estimate them.
    """
    depth = np.where(scan.valid, scan.xyz[..., 2], np.nan).astype(np.float64)
    return (depth * footprint_angle(scan)).astype(np.float32)


def footprint_angle(scan: OrganizedScan) -> float:
    """Return the angle between the lines of sight of neighbouring pixels, in radians: the footprint at depth 1.

    NaN if there are no intrinsics and too few neighbours to estimate it.
    """
    if scan.intrinsics is not None:
        return float(1 / np.sqrt(abs(scan.intrinsics[0, 0] * scan.intrinsics[1, 1])))
    every = -(-scan.valid.size // _ENOUGH)
    steps = []
    for axis, some in enumerate((np.s_[:, ::every], np.s_[::every])):  # whole columns downwards, whole rows sideways
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            rays = (scan.xyz[some][..., :2] / scan.xyz[some][..., 2:]).astype(np.float64)
            lengths = np.linalg.norm(np.diff(rays, axis=axis), axis=-1)
        steps.append(lengths[np.isfinite(lengths) & (lengths > 0)])
    steps = np.concatenate(steps)
    return float(np.median(steps)) if len(steps) >= _LEAST_PAIRS else np.nan
