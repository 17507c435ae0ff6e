"""Inputs, targets and a baseline for completion networks."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pcfilter_lib.data.voxels.grid import FREE, SURFACE, UNKNOWN
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.furniture.catalogue import BACK_AT_Y, FURNITURE

#: Voxels beyond which distances are cut off.
NEAR = 3


def completion_target(occupied: np.ndarray) -> np.ndarray:
    """Return the distance of each voxel from the nearest occupied one, truncated.

    Parameters
    ----------
    occupied : array-like of bool, shape (B, X, Y, Z)

    Returns
    -------
    numpy.ndarray of float32, shape (B, X, Y, Z)
        In voxels, from centre to centre, at most three.
    """
    found = np.empty(np.shape(occupied), np.float32)
    for one, volume in zip(found, np.asarray(occupied, bool), strict=True):
        one[...] = ndimage.distance_transform_edt(~volume) if volume.any() else NEAR
    return np.minimum(found, NEAR, out=found)


def completion_channels(known: np.ndarray) -> np.ndarray:
    """Return the input channels of a completion network.

    Parameters
    ----------
    known : array-like of int8, shape (B, X, Y, Z)
        ``data.UNKNOWN``, ``data.FREE`` or ``data.SURFACE``, as from :func:`partial_scan`.

    Returns
    -------
    numpy.ndarray of float32, shape (B, X, Y, Z, 3)
        How near a surface was seen, from 1 on it to 0 at three voxels; whether the voxel was seen to be free;
        whether nobody has looked there.
    """
    known = np.asarray(known)
    if known.ndim != 4 or not np.isin(known, (UNKNOWN, FREE, SURFACE)).all():
        problem = f"it is {known.dtype} of shape {known.shape}"
        raise InputError("completion_channels", "known", problem, "pass -1, 0 and 1 of shape (B, X, Y, Z)")
    near = 1 - completion_target(known == SURFACE) / NEAR
    return np.stack([near, known == FREE, known == UNKNOWN], axis=-1).astype(np.float32)


def completion_mirror(known: np.ndarray, kinds: np.ndarray) -> np.ndarray:
    """Complete a partial scan by its mirror image: the baseline that a network has to beat.

    Furniture of :func:`make_furniture`, normalised by its centroid, is symmetric in the middle of the grid: left is
    like right, seen from its front. The class gives the plane. The image is kept where the scan knows nothing.

    Parameters
    ----------
    known : array-like of int8, shape (B, X, Y, Z)
        As from :func:`partial_scan`.
    kinds : array-like of int, shape (B,)
        The classes, as places in :data:`FURNITURE`.

    Returns
    -------
    numpy.ndarray of bool, shape (B, X, Y, Z)
    """
    known = np.asarray(known)
    seen = known == SURFACE
    in_x = np.isin(kinds, [FURNITURE.index(kind) for kind in BACK_AT_Y])
    image = np.where(in_x[:, None, None, None], seen[:, ::-1], seen[:, :, ::-1])
    return seen | (image & (known == UNKNOWN))
