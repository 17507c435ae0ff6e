"""A grid of octrees of three levels, each described by 73 bits: OctNet's way to store a volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse.morton import morton_decode, morton_encode

#: Voxels along each side of a tree, and the bits that describe it: one of the root, 8 and 64 of the cells below.
SIDE, BITS = 8, 73
_FIRST = (0, 1, 9)  # the bit of the first cell on each level
# Of the voxels of a tree in Morton order: where each lies.
_PLACES = morton_decode(np.arange(SIDE**3))


@dataclass(frozen=True, eq=False)
class ShallowOctrees:
    """A volume as a grid of shallow octrees, each cell of which is split only where it is not uniform.

    Bit i says whether cell i is split. The root is cell 0, the children of cell i are the cells 8 i + 1 to 8 i + 8, in
    Morton order; the voxels themselves are never split and have no bits. The values of the cells that are not split,
    the leaves, stand in a list, in the order of their numbers, tree after tree.

    Parameters
    ----------
    split : numpy.ndarray of bool, shape (X, Y, Z, 73)
        The bits of each tree. The volume has 8 X by 8 Y by 8 Z voxels.
    values : numpy.ndarray, shape (L,)
        Of all leaves.
    starts : numpy.ndarray of int64, shape (X, Y, Z)
        Number of each tree's first leaf.

    References
    ----------
    Riegler, G., Ulusoy, A. O. and Geiger, A. (2017). OctNet: learning deep 3D representations at high resolutions.
    CVPR. Section 3.1.
    """

    split: np.ndarray
    values: np.ndarray
    starts: np.ndarray

    @classmethod
    def from_voxels(cls, volume: np.ndarray) -> ShallowOctrees:
        """Return the shallow octrees of a volume.

        Parameters
        ----------
        volume : array-like, shape (8 X, 8 Y, 8 Z)
            Numbers or booleans.

        Returns
        -------
        ShallowOctrees

        Raises
        ------
        InputError
            If a side is not a multiple of eight, or something is not a number.
        """
        volume = np.asarray(volume)
        if volume.ndim != 3 or 0 in volume.shape or any(side % SIDE for side in volume.shape):
            problem = f"its shape is {volume.shape}"
            raise InputError("ShallowOctrees", "volume", problem, "pad each side to a multiple of 8")
        if volume.dtype.kind not in "biuf" or (volume.dtype.kind == "f" and np.isnan(volume).any()):
            raise InputError("ShallowOctrees", "volume", "it holds something that is no number", "replace it first")
        grid = tuple(side // SIDE for side in volume.shape)
        blocks = volume.reshape(grid[0], SIDE, grid[1], SIDE, grid[2], SIDE).transpose(0, 2, 4, 1, 3, 5)
        voxels = blocks[(..., *_PLACES.T)].reshape(-1, SIDE**3)  # (trees, 512) in Morton order
        split = np.zeros((len(voxels), BITS), bool)
        exists = np.zeros((len(voxels), BITS + SIDE**3), bool)
        exists[:, 0] = True
        for level, first in enumerate(_FIRST):
            cells = voxels.reshape(len(voxels), 8**level, -1)
            # A family exists where its parent is split. Uniform cells are leaves.
            here = slice(first, first + 8**level)
            split[:, here] = exists[:, here] & (cells != cells[..., :1]).any(axis=-1)
            below = 8 * first + 1
            exists[:, below : below + 8 ** (level + 1)] = split[:, here].repeat(8, axis=1)
        leaf = exists.copy()
        leaf[:, :BITS] &= ~split
        # What a cell holds is what its first voxel holds.
        held = np.concatenate([voxels[:, :: 8 ** (3 - level)] for level in range(4)], axis=1)
        counts = leaf.sum(axis=1)
        starts = (np.cumsum(counts) - counts).reshape(grid)
        return cls(split.reshape(*grid, BITS), held[leaf], starts)

    def find(self, coordinates: np.ndarray) -> np.ndarray:
        """Return for voxels the numbers of the leaves that hold them, by counting bits.

        Parameters
        ----------
        coordinates : array-like of int, shape (M, 3)
            Inside the volume.

        Returns
        -------
        numpy.ndarray of int64, shape (M,)
            Places in `values`.

        Raises
        ------
        InputError
            If a voxel lies outside.
        """
        coordinates = np.asarray(coordinates)
        if ((coordinates < 0) | (coordinates >= np.array(self.starts.shape) * SIDE)).any():
            raise InputError("ShallowOctrees", "coordinates", "some lie outside of the volume", "clip them first")
        tree = tuple((coordinates // SIDE).T)
        split, code = self.split[tree], morton_encode(coordinates % SIDE).astype(np.int64)
        cell = np.zeros(len(split), np.int64)
        rows = np.arange(len(split))
        for level in range(1, 4):
            further = split[rows, np.minimum(cell, BITS - 1)] & (cell < BITS)
            cell = np.where(further, 8 * cell + 1 + ((code >> (3 * (3 - level))) & 7), cell)
        before = np.concatenate([np.zeros((len(split), 1), np.int64), np.cumsum(split, axis=1)], axis=1)
        parent = np.maximum((cell - 1) // 8, 0)
        # Cells that come earlier, less those of them that are split.
        siblings = np.where(cell > 0, 1 + 8 * before[rows, parent] + (cell - 1) % 8, 0)
        return self.starts[tree] + siblings - before[rows, np.minimum(cell, BITS)]

    def to_voxels(self) -> np.ndarray:
        """Return the volume: the inverse of :meth:`from_voxels`.

        Returns
        -------
        numpy.ndarray, shape (8 X, 8 Y, 8 Z)
        """
        shape = tuple(SIDE * count for count in self.starts.shape)
        every = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)
        return self.values[self.find(every)].reshape(shape)
