"""Octrees as sorted lists of Morton codes, one a level: a tree without a single pointer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse.kernel_maps import kernel_map
from pcfilter_lib.sparse.morton import BITS, morton_decode, morton_encode


@dataclass(frozen=True, eq=False)
class Octree:
    """A cube, halved along each axis again and again wherever it holds something.

    Parameters
    ----------
    levels : tuple of numpy.ndarray of uint64
        Of each level, the Morton codes of the cells that hold something, ascending. Level 0 is the whole cube, level d
        has 2^d cells a side; the cell that holds a cell has its code without the last three bits.
    origin : numpy.ndarray, shape (3,)
        The corner with the smallest coordinates, in metres.
    size : float
        Side of the cube in metres.

    References
    ----------
    Meagher, D. (1982). Geometric modeling using octree encoding. Computer Graphics and Image Processing 19.
    Wang, P.-S., Liu, Y., Guo, Y.-X., Sun, C.-Y. and Tong, X. (2017). O-CNN: octree-based convolutional neural networks
    for 3D shape analysis. ACM Transactions on Graphics 36(4).
    """

    levels: tuple[np.ndarray, ...]
    origin: np.ndarray
    size: float

    @classmethod
    def from_points(
        cls, points: np.ndarray, depth: int, origin: np.ndarray | None = None, size: float | None = None
    ) -> Octree:
        """Return the octree whose finest cells are those that hold a point.

        Parameters
        ----------
        points : array-like, shape (N, 3)
            In metres, finite.
        depth : int
            Levels below the whole cube, from 1 to 21.
        origin : array-like, shape (3,), optional
            Corner of the cube. By default the smallest coordinates of the points.
        size : float, optional
            Its side. By default the longest side of their bounding box.

        Returns
        -------
        Octree

        Raises
        ------
        InputError
            If there is no point, one is not finite or lies outside of the cube, or they all lie in one place.
        """
        points = np.asarray(points)
        if points.ndim != 2 or points.shape[1] != 3 or not len(points) or not np.isfinite(points).all():
            problem = f"finite points of shape (N, 3) are expected, not {points.shape}"
            raise InputError("Octree.from_points", "points", problem, "drop what was not measured before")
        low, high = points.min(axis=0), points.max(axis=0)
        origin = low if origin is None else np.asarray(origin, np.float64)
        size = float((high - origin).max()) if size is None else size
        number_within("Octree.from_points", "size", size, 0, np.inf, low_included=False, high_included=False)
        if (np.maximum(origin - low, high - origin - size) > 1e-9 * size).any():  # less is rounding
            raise InputError("Octree.from_points", "points", "some lie outside of the cube", "enlarge it, or crop them")
        side = 1 << _depth("Octree.from_points", depth)
        cells = ((points - origin) * (side / size)).astype(np.int64)
        return cls._from_codes(morton_encode(cells.clip(0, side - 1)), depth, origin, size)

    @classmethod
    def from_voxels(cls, occupied: np.ndarray, origin: np.ndarray = (0.0, 0.0, 0.0), size: float = 1.0) -> Octree:
        """Return the octree whose finest cells are the occupied voxels of a cube.

        Parameters
        ----------
        occupied : array-like of bool, shape (2^d, 2^d, 2^d)
        origin : array-like, shape (3,), optional
        size : float, optional
            Side of the cube in metres.

        Returns
        -------
        Octree

        Raises
        ------
        InputError
            If the array is not a cube whose side is a power of two, or nothing is occupied.
        """
        occupied = np.asarray(occupied, bool)
        side = len(occupied) if occupied.ndim else 0
        if occupied.shape != (side,) * 3 or side < 2 or side & (side - 1):
            problem = f"their shape is {occupied.shape}"
            raise InputError("Octree.from_voxels", "occupied", problem, "pad it to a cube with a side of 2, 4, 8, ...")
        if not occupied.any():
            raise InputError("Octree.from_voxels", "occupied", "none is", "an octree holds one voxel or more")
        codes = morton_encode(np.argwhere(occupied))
        return cls._from_codes(codes, side.bit_length() - 1, np.asarray(origin, np.float64), size)

    @classmethod
    def _from_codes(cls, codes: np.ndarray, depth: int, origin: np.ndarray, size: float) -> Octree:
        codes = np.sort(codes)
        levels = []
        for _ in range(depth + 1):  # from the finest up; what is sorted stays sorted
            codes = codes[np.concatenate([[True], codes[1:] != codes[:-1]])]
            levels.append(codes)
            codes = codes >> np.uint64(3)
        return cls(tuple(reversed(levels)), origin, size)

    @property
    def depth(self) -> int:
        """The number of the finest level."""
        return len(self.levels) - 1

    def coordinates(self, level: int | None = None, *, siblings: bool = False) -> np.ndarray:
        """Return the cells of a level in Morton order.

        Parameters
        ----------
        level : int, optional
            The finest, if not given.
        siblings : bool, default False
            Also the empty cells whose seven siblings are not all empty: all eight children of each cell of the next
            coarser level, one family after the other. O-CNN keeps features of these, too.

        Returns
        -------
        numpy.ndarray of int32, shape (N, 3)
            From 0 to 2^level - 1.
        """
        return morton_decode(self._codes(self._level(level), siblings))

    def find(self, coordinates: np.ndarray, level: int | None = None, *, siblings: bool = False) -> np.ndarray:
        """Return the rows of cells among :meth:`coordinates`, -1 for those that are not there.

        Parameters
        ----------
        coordinates : array-like of int, shape (M, 3)
            Cells of the level, also outside of the cube.
        level, siblings
            As for :meth:`coordinates`.

        Returns
        -------
        numpy.ndarray of int32, shape (M,)
        """
        level = self._level(level)
        coordinates, codes = np.asarray(coordinates), self._codes(level, siblings)
        inside = ((coordinates >= 0) & (coordinates < 1 << level)).all(axis=-1)
        wanted = morton_encode(np.where(inside[:, None], coordinates, 0))
        place = np.searchsorted(codes, wanted)
        found = inside & (np.take(codes, place, mode="clip") == wanted)
        return np.where(found, place, -1).astype(np.int32)

    def kernel_map(self, level: int | None = None, *, siblings: bool = False) -> np.ndarray:
        """Return the 27 neighbours of each cell on a level.

        With siblings, a convolution with this table is O-CNN's.

        Returns
        -------
        numpy.ndarray of int32, shape (N, 27)
            As from :func:`pcfilter_lib.sparse.kernel_map`, rows of :meth:`coordinates`.
        """
        return kernel_map(self.coordinates(level, siblings=siblings))

    def children(self, level: int, *, siblings: bool = False) -> np.ndarray:
        """Return the rows of the eight cells in each cell of a level, on the next finer one.

        Parameters
        ----------
        level : int
            Of the larger cells.
        siblings : bool, default False
            Whether the rows are those of cells with their siblings, on both levels.

        Returns
        -------
        numpy.ndarray of int32, shape (N, 8)
            -1 where there is none. For pooling, and for convolutions of size and stride 2.
        """
        level = self._level(level)
        if level == self.depth:
            raise InputError("Octree.children", "level", f"{level} is the finest", f"pass 0 to {self.depth - 1}")
        larger, smaller = self._codes(level, siblings), self._codes(level + 1, siblings)
        wanted = (larger[:, None] << np.uint64(3)) + np.arange(8, dtype=np.uint64)
        place = np.searchsorted(smaller, wanted)
        return np.where(np.take(smaller, place, mode="clip") == wanted, place, -1).astype(np.int32)

    def to_voxels(self, level: int | None = None) -> np.ndarray:
        """Return which voxels of a level hold something: the inverse of :meth:`from_voxels`.

        Returns
        -------
        numpy.ndarray of bool, shape (2^level, 2^level, 2^level)
        """
        level = self._level(level)
        occupied = np.zeros((1 << level,) * 3, bool)
        occupied[tuple(self.coordinates(level).T)] = True
        return occupied

    def _codes(self, level: int, siblings: bool) -> np.ndarray:
        if not siblings or level == 0:
            return self.levels[level]
        families = self.levels[level - 1][:, None] << np.uint64(3)
        return (families + np.arange(8, dtype=np.uint64)).ravel()

    def _level(self, level: int | None) -> int:
        level = self.depth if level is None else whole_number("Octree", "level", level, at_least=0)
        if level > self.depth:
            raise InputError("Octree", "level", f"{level} is not there", f"the finest is {self.depth}")
        return level


def _depth(owner: str, depth: int) -> int:
    depth = whole_number(owner, "depth", depth)
    if depth > BITS:
        raise InputError(owner, "depth", f"{depth} is not allowed", f"pass a number up to {BITS}")
    return depth
