"""Bringing clouds to one size and place, so that a network need not learn units."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError


def unit_sphere(points: np.ndarray) -> np.ndarray:
    """Move a cloud's centroid to the origin and scale the cloud so that its farthest point has distance 1.

    As in C. R. Qi, H. Su, K. Mo, L. J. Guibas. PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR 2017, section 5.1. The result does not depend on the unit or the place of the cloud.

    Parameters
    ----------
    points : numpy.ndarray, shape (N, 3) or (B, N, 3)
        A cloud, or a batch of them, each of which is normalised by itself.

    Returns
    -------
    numpy.ndarray, same shape, float32
        A cloud whose points are all in one place, a single point for instance, has no size: it comes back as zeros.

    Raises
    ------
    InputError
        If the shape is another, there are no points, or a point is not finite.
    """
    points = np.asarray(points)
    if points.ndim not in (2, 3) or points.shape[-1] != 3 or points.shape[-2] == 0:
        problem = f"points of shape (N, 3) or (B, N, 3) are expected, not {points.shape}"
        raise InputError("points", "", problem, "give at least one point of three coordinates")
    if not np.isfinite(points).all():
        raise InputError("points", "", "some are not finite", "drop what was not measured before")
    points = points.astype(np.float64)
    points -= points.min(axis=-2, keepdims=True)  # equal coordinates become exactly 0
    extent = points.max(axis=(-1, -2), keepdims=True)
    points /= np.where(extent > 0, extent, 1)  # so that squares neither overflow nor vanish
    points -= points.mean(axis=-2, keepdims=True)
    radius = np.linalg.norm(points, axis=-1).max(axis=-1)[..., None, None]
    return (points / np.where(radius > 0, radius, 1)).astype(np.float32)
