"""Octrees of solids: each cell is empty, full, or mixed, and only mixed ones are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse.kernel_maps import kernel_map

#: What is in a cell.
EMPTY, FULL, MIXED = 0, 1, 2


@dataclass(frozen=True, eq=False)
class SolidOctree:
    """A solid whose cells are split again and again, as long as they are neither empty nor full.

    Parameters
    ----------
    first : int
        The coarsest level, which holds all of its 2^first x 2^first x 2^first cells.
    coordinates : tuple of numpy.ndarray of int32, shape (N, 3)
        Of the cells of each level, from the first to the finest. The first level is in lexicographic order; on each
        further one follow the eight children of each mixed cell, z fastest.
    labels : tuple of numpy.ndarray of uint8, shape (N,)
        ``EMPTY`` (0), ``FULL`` (1) or ``MIXED`` (2): of each cell. On the finest level none is mixed.

    References
    ----------
    Tatarchenko, M., Dosovitskiy, A. and Brox, T. (2017). Octree generating networks: efficient convolutional
    architectures for high-resolution 3D outputs. ICCV.
    """

    first: int
    coordinates: tuple[np.ndarray, ...]
    labels: tuple[np.ndarray, ...]

    @classmethod
    def from_voxels(cls, occupied: np.ndarray, first: int = 0) -> SolidOctree:
        """Return the octree of a solid.

        Parameters
        ----------
        occupied : array-like of bool, shape (2^depth, 2^depth, 2^depth)
        first : int, default 0
            The coarsest level, below `depth`.

        Returns
        -------
        SolidOctree

        Raises
        ------
        InputError
            If the array is not a cube whose side is a power of two, or there is no such level.
        """
        occupied = np.asarray(occupied, bool)
        side = len(occupied) if occupied.ndim else 0
        if occupied.shape != (side,) * 3 or side < 2 or side & (side - 1):
            problem = f"their shape is {occupied.shape}"
            raise InputError("SolidOctree.from_voxels", "occupied", problem, "pass a cube with a side of 2, 4, 8, ...")
        depth = side.bit_length() - 1
        if whole_number("SolidOctree.from_voxels", "first", first, at_least=0) >= depth:
            problem, remedy = f"{first} is not above the voxels, level {depth}", f"pass 0 to {depth - 1}"
            raise InputError("SolidOctree.from_voxels", "first", problem, remedy)
        content = [np.where(occupied, np.uint8(FULL), np.uint8(EMPTY))]
        while len(content[0]) > 1 << first:
            half = len(content[0]) // 2
            eight = content[0].reshape(half, 2, half, 2, half, 2)
            low, high = eight.min(axis=(1, 3, 5)), eight.max(axis=(1, 3, 5))
            content.insert(0, np.where(low == high, low, np.uint8(MIXED)))
        coordinates, labels = [first_cells(first)], [content[0].ravel()]
        for cells in content[1:]:
            coordinates.append(split_cells(coordinates[-1][labels[-1] == MIXED]))
            labels.append(cells[tuple(coordinates[-1].T)])
        return cls(first, tuple(coordinates), tuple(labels))

    @property
    def depth(self) -> int:
        """The number of the finest level."""
        return self.first + len(self.labels) - 1

    def to_voxels(self) -> np.ndarray:
        """Return the solid as a grid: the inverse of :meth:`from_voxels`.

        Returns
        -------
        numpy.ndarray of bool, shape (2^depth, 2^depth, 2^depth)
            A mixed cell on the finest level counts as full.
        """
        grid = self.labels[0].reshape((1 << self.first,) * 3)
        for coordinates, labels in zip(self.coordinates[1:], self.labels[1:], strict=True):
            grid = grid.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)
            grid[tuple(coordinates.T)] = labels
        return grid != EMPTY

    def tables(self) -> dict[str, np.ndarray]:
        """Return what :class:`pcfilter_lib.models.OctreeGenerator` needs to know of the cells.

        Returns
        -------
        dict of numpy.ndarray of int32
            For each level but the first, `parents_<level>` (N,), the row of the cell that holds each cell, and
            `positions_<level>` (N,), which of its eight children it is. For each level between the first and the
            finest, `neighbours_<level>` (N, 27).
        """
        tables = {}
        for number, labels in enumerate(self.labels[:-1]):
            level, mixed = self.first + 1 + number, np.flatnonzero(labels == MIXED).astype(np.int32)
            tables |= tables_of_children(mixed, level)
            if level < self.depth:
                tables[f"neighbours_{level}"] = kernel_map(self.coordinates[number + 1])
        return tables


def first_cells(level: int) -> np.ndarray:
    """Return all cells of a level in lexicographic order, int32, (8^level, 3)."""
    return np.indices((1 << level,) * 3, np.int32).reshape(3, -1).T


def split_cells(coordinates: np.ndarray) -> np.ndarray:
    """Return the eight children of each cell, z fastest: (N, 3) give (8 N, 3)."""
    return (2 * coordinates[:, None] + first_cells(1)).reshape(-1, 3).astype(np.int32)


def tables_of_children(rows: np.ndarray, level: int) -> dict[str, np.ndarray]:
    """Return parents and positions of the children of these rows."""
    positions = np.tile(np.arange(8, dtype=np.int32), len(rows))
    return {f"parents_{level}": rows.repeat(8), f"positions_{level}": positions}
