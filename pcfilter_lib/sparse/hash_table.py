"""A hash table of voxels: from three coordinates to a row, without a grid."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import number_within
from pcfilter_lib.errors import InputError

#: Bits of each coordinate in a key. Coordinates may be negative: they are counted from the middle.
BITS = 21
_OFFSET = 1 << (BITS - 1)
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)  # no key: they have 63 bits
_MIX = np.uint64(0x9E3779B97F4A7C15)  # 2^64 divided by the golden ratio, as Knuth's multiplicative hashing takes it


class VoxelHash:
    """Row numbers of voxels, looked up by their coordinates in constant time.

    Open addressing with linear probing: a key goes to the slot that its hash names, or to the next one that is free.
    All keys move at the same time: those that find their slot taken step on together, until all are placed.

    Parameters
    ----------
    coordinates : array-like of int, shape (N, 3)
        From -2^20 to 2^20 - 1. Row i of a voxel that occurs more than once is its first.
    load : float, default 0.5
        Fraction of slots that are taken at most, above 0 and below 1. The table has a power of two of them.

    Attributes
    ----------
    slots : int
        How many the table has.
    count : int
        Different voxels.

    Raises
    ------
    InputError
        If a coordinate is no whole number or out of range.

    References
    ----------
    Knuth, D. E. (1998). The Art of Computer Programming, volume 3, section 6.4.
    Graham, B. and van der Maaten, L. (2017). Submanifold sparse convolutional networks. arXiv:1706.01307.

    Examples
    --------
    >>> from pcfilter_lib import sparse
    >>> table = sparse.VoxelHash([[0, 0, 0], [5, -2, 7]])
    >>> table.find([[5, -2, 7], [1, 1, 1]]).tolist()
    [1, -1]
    """

    def __init__(self, coordinates: np.ndarray, load: float = 0.5):
        load = number_within("VoxelHash", "load", load, 0, 1, low_included=False, high_included=False)
        keys = _keys(coordinates)
        self.slots = 1 << max(int(np.ceil(np.log2(max(len(keys), 1) / load))), 1)
        self._keys = np.full(self.slots, _EMPTY)
        self._rows = np.full(self.slots, -1, np.int32)
        self._insert(keys)
        self.count = int((self._keys != _EMPTY).sum())

    def find(self, coordinates: np.ndarray) -> np.ndarray:
        """Return the rows of voxels, -1 for those that the table does not hold.

        Parameters
        ----------
        coordinates : array-like of int, shape (M, 3)

        Returns
        -------
        numpy.ndarray of int32, shape (M,)
        """
        keys = _keys(coordinates)
        rows = np.full(len(keys), -1, np.int32)
        waiting, slot = np.arange(len(keys)), self._first_slots(keys)
        while len(waiting):
            there = self._keys[slot]
            found = there == keys[waiting]
            rows[waiting[found]] = self._rows[slot[found]]
            going_on = ~found & (there != _EMPTY)  # an empty slot: the key would be here
            waiting, slot = waiting[going_on], (slot[going_on] + 1) & (self.slots - 1)
        return rows

    def _insert(self, keys: np.ndarray) -> None:
        waiting, slot = np.arange(len(keys)), self._first_slots(keys)
        while len(waiting):
            # Where several keys want one free slot, the last write counts. Written from the last to the first, the
            # first row of a voxel is kept.
            free = self._keys[slot] == _EMPTY
            rows, places = waiting[free][::-1], slot[free][::-1]
            self._rows[places] = rows
            self._keys[places] = keys[self._rows[places]]
            going_on = self._keys[slot] != keys[waiting]  # those that are there now, or were, need no place
            waiting, slot = waiting[going_on], (slot[going_on] + 1) & (self.slots - 1)

    def _first_slots(self, keys: np.ndarray) -> np.ndarray:
        # One product is linear, and maps the voxels of a wall along y and z to few slots. A second one, with a shift
        # before each, spreads them like random ones.
        mixed = (keys ^ (keys >> np.uint64(32))) * _MIX
        mixed = (mixed ^ (mixed >> np.uint64(32))) * _MIX
        return (mixed >> np.uint64(64 - (self.slots.bit_length() - 1))).astype(np.int64)


def _keys(coordinates: np.ndarray) -> np.ndarray:
    coordinates = np.asarray(coordinates)
    if coordinates.ndim != 2 or coordinates.shape[1] != 3 or coordinates.dtype.kind not in "iu":
        problem = f"they are {coordinates.dtype} of shape {coordinates.shape}"
        raise InputError("VoxelHash", "coordinates", problem, "pass whole numbers of shape (N, 3)")
    if coordinates.size and (coordinates.min() < -_OFFSET or coordinates.max() >= _OFFSET):
        problem = f"they go from {coordinates.min()} to {coordinates.max()}"
        raise InputError("VoxelHash", "coordinates", problem, f"pass numbers from {-_OFFSET} to {_OFFSET - 1}")
    x, y, z = (coordinates.astype(np.int64) + _OFFSET).astype(np.uint64).T
    return (x << np.uint64(2 * BITS)) | (y << np.uint64(BITS)) | z
