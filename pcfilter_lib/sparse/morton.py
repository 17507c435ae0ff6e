"""Morton codes: three coordinates, bit by bit in turns, as one number."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError

#: Bits of each coordinate that fit into a code of 64.
BITS = 21

# Each step moves half of the remaining bits apart: shift, then keep these bits.
_STEPS = (
    (32, 0x1F00000000FFFF),
    (16, 0x1F0000FF0000FF),
    (8, 0x100F00F00F00F00F),
    (4, 0x10C30C30C30C30C3),
    (2, 0x1249249249249249),
)


def morton_encode(coordinates: np.ndarray) -> np.ndarray:
    """Interleave the bits of three coordinates.

    The lowest three bits of a code are the lowest bits of x, y and z, in this order from the highest to the lowest;
    the next three are the bits above these, and so on. The code of the cell that holds a cell, on the next coarser
    level of an octree, is the code without its last three bits.

    Parameters
    ----------
    coordinates : array-like of int, shape (..., 3)
        From 0 to 2^21 - 1.

    Returns
    -------
    numpy.ndarray of uint64, shape (...)

    Raises
    ------
    InputError
        If a coordinate is out of this range, or not a whole number.

    References
    ----------
    Morton, G. M. (1966). A computer oriented geodetic data base and a new technique in file sequencing. IBM.

    Examples
    --------
    >>> from pcfilter_lib import sparse
    >>> int(sparse.morton_encode([1, 0, 0])), int(sparse.morton_encode([0, 0, 3]))
    (4, 9)
    """
    coordinates = np.asarray(coordinates)
    if coordinates.shape[-1:] != (3,) or coordinates.dtype.kind not in "iu":
        problem = f"they are {coordinates.dtype} of shape {coordinates.shape}"
        raise InputError("morton_encode", "coordinates", problem, "pass whole numbers of shape (..., 3)")
    if coordinates.size and (coordinates.min() < 0 or coordinates.max() >= 1 << BITS):
        problem = f"they go from {coordinates.min()} to {coordinates.max()}"
        raise InputError("morton_encode", "coordinates", problem, f"pass numbers from 0 to {(1 << BITS) - 1}")
    code = np.zeros(coordinates.shape[:-1], np.uint64)
    for axis in range(3):
        spread = coordinates[..., axis].astype(np.uint64)
        for shift, mask in _STEPS:
            spread |= spread << np.uint64(shift)
            spread &= np.uint64(mask)
        code |= spread << np.uint64(2 - axis)
    return code


def morton_decode(codes: np.ndarray) -> np.ndarray:
    """Return the coordinates of Morton codes: the inverse of :func:`morton_encode`.

    Parameters
    ----------
    codes : array-like of int, shape (...)

    Returns
    -------
    numpy.ndarray of int32, shape (..., 3)

    Raises
    ------
    InputError
        If a code is negative, not a whole number, or has more than 63 bits.
    """
    codes = np.asarray(codes)
    if codes.dtype.kind not in "iu" or (codes.size and (codes.min() < 0 or int(codes.max()) >> (3 * BITS))):
        raise InputError("morton_decode", "codes", f"they are no codes ({codes.dtype})", "pass what morton_encode gave")
    coordinates = np.empty((*codes.shape, 3), np.int32)
    masks = [0x1FFFFF, *(mask for _, mask in _STEPS)]  # of the steps back
    for axis in range(3):
        packed = (codes.astype(np.uint64) >> np.uint64(2 - axis)) & np.uint64(masks[-1])
        for (shift, _), mask in zip(reversed(_STEPS), masks[-2::-1], strict=True):
            packed |= packed >> np.uint64(shift)
            packed &= np.uint64(mask)
        coordinates[..., axis] = packed
    return coordinates
