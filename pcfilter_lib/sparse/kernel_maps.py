"""Kernel maps: which active voxel each weight of a convolution multiplies, for each output."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError

_LARGEST = 1 << 19  # of coordinates, so that a key of three fits into 64 bits


def kernel_offsets(kernel_size: int = 3) -> np.ndarray:
    """Return the steps from an output to the voxels under a cubic kernel.

    Parameters
    ----------
    kernel_size : int, default 3
        Odd: the kernel is centred.

    Returns
    -------
    numpy.ndarray of int64, shape (kernel_size ** 3, 3)
        In the order of the weights of ``keras.layers.Conv3D``: z changes fastest.

    Raises
    ------
    InputError
        If the size is not odd.
    """
    size = whole_number("kernel_offsets", "kernel_size", kernel_size)
    if size % 2 == 0:
        raise InputError("kernel_offsets", "kernel_size", f"{size} is even", "pass an odd number; coarsen() takes two")
    steps = range(-(size // 2), size // 2 + 1)
    return np.array(list(itertools.product(steps, repeat=3)))


def kernel_map(coordinates: np.ndarray, kernel_size: int = 3) -> np.ndarray:
    """Return the neighbours of each active voxel, for a submanifold convolution.

    Only active voxels have outputs, and only active voxels count: an output is the sum of the weights times the
    features of the rows in this table. Keys are sorted once. A step is then the same number added to all keys, and
    each key is looked up in the sorted list; the opposite step has the opposite neighbours.

    Parameters
    ----------
    coordinates : array-like of int, shape (N, 3)
        The active voxels, each once, from -2^19 to 2^19 - 1.
    kernel_size : int, default 3
        Odd.

    Returns
    -------
    numpy.ndarray of int32, shape (N, kernel_size ** 3)
        Rows of the neighbours, in the order of :func:`kernel_offsets`, -1 where a voxel is not active.

    Raises
    ------
    InputError
        If a voxel occurs twice, or the coordinates are not allowed.

    References
    ----------
    Graham, B., Engelcke, M. and van der Maaten, L. (2018). 3D semantic segmentation with submanifold sparse
    convolutional networks. CVPR.

    Examples
    --------
    >>> from pcfilter_lib import sparse
    >>> table = sparse.kernel_map([[0, 0, 0], [0, 0, 1]])
    >>> table.shape, table[0, 13:15].tolist()
    ((2, 27), [0, 1])
    """
    offsets = kernel_offsets(kernel_size)
    keys, strides = _keys("kernel_map", coordinates, margin=kernel_size // 2)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    twice = np.flatnonzero(ordered[1:] == ordered[:-1])
    if len(twice):
        problem = f"voxel {np.asarray(coordinates)[order[twice[0]]].tolist()} occurs twice"
        raise InputError("kernel_map", "coordinates", problem, "pass each voxel once: numpy.unique(..., axis=0)")
    table = np.full((len(keys), len(offsets)), -1, np.int32)
    middle = len(offsets) // 2
    table[:, middle] = np.arange(len(keys))
    for number, step in enumerate(offsets[:middle] @ strides):
        wanted = ordered + step
        place = np.searchsorted(ordered, wanted)
        found = np.flatnonzero(np.take(ordered, place, mode="clip") == wanted)
        here, there = order[found], order[place[found]]
        table[here, number] = there
        table[there, -1 - number] = here
    return table


class Coarsening(NamedTuple):
    """The active voxels of a grid with half the resolution, and what they are made of.

    Parameters
    ----------
    coordinates : numpy.ndarray of int64, shape (M, 3)
        Of the coarse voxels, in lexicographic order.
    children : numpy.ndarray of int32, shape (M, 8)
        Rows of the fine voxels in each, -1 where one is not active; z changes fastest. The kernel map of a convolution
        of size and stride 2.
    parents : numpy.ndarray of int32, shape (N,)
        Of each fine voxel, the row of the coarse one that holds it.
    positions : numpy.ndarray of int32, shape (N,)
        Which of its children it is, from 0 to 7.
    """

    coordinates: np.ndarray
    children: np.ndarray
    parents: np.ndarray
    positions: np.ndarray


def coarsen(coordinates: np.ndarray) -> Coarsening:
    """Halve the resolution: a coarse voxel is active if one of its eight fine ones is.

    Parameters
    ----------
    coordinates : array-like of int, shape (N, 3)
        The active voxels, each once.

    Returns
    -------
    Coarsening

    Raises
    ------
    InputError
        If the coordinates are not allowed.

    Examples
    --------
    >>> from pcfilter_lib import sparse
    >>> coarse = sparse.coarsen([[2, 0, 0], [2, 0, 1], [7, 7, 7]])
    >>> coarse.coordinates.tolist(), coarse.parents.tolist(), coarse.positions.tolist()
    ([[1, 0, 0], [3, 3, 3]], [0, 0, 1], [0, 1, 7])
    """
    coordinates = np.asarray(coordinates)
    keys, _ = _keys("coarsen", coordinates // 2 if coordinates.dtype.kind in "iu" else coordinates)
    _, first, parents = np.unique(keys, return_index=True, return_inverse=True)
    positions = (coordinates % 2) @ [4, 2, 1]
    children = np.full((len(first), 8), -1, np.int32)
    children[parents, positions] = np.arange(len(coordinates))
    return Coarsening(coordinates[first] // 2, children, parents.astype(np.int32), positions.astype(np.int32))


def _keys(owner: str, coordinates: np.ndarray | Sequence, margin: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return one number for each voxel, in lexicographic order, and by how much it grows with each coordinate.

    With a margin of so many voxels, no step leads from the end of one line to the beginning of the next.
    """
    coordinates = np.asarray(coordinates)
    if coordinates.ndim != 2 or coordinates.shape[1] != 3 or coordinates.dtype.kind not in "iu":
        problem = f"they are {coordinates.dtype} of shape {coordinates.shape}"
        raise InputError(owner, "coordinates", problem, "pass whole numbers of shape (N, 3)")
    if not len(coordinates):
        return np.empty(0, np.int64), np.ones(3, np.int64)
    low, high = coordinates.min(axis=0).astype(np.int64), coordinates.max(axis=0).astype(np.int64)
    if low.min() < -_LARGEST or high.max() >= _LARGEST:
        problem = f"they go from {low.min()} to {high.max()}"
        raise InputError(owner, "coordinates", problem, f"pass numbers from {-_LARGEST} to {_LARGEST - 1}")
    size = high - low + 1 + 2 * margin
    strides = np.array([size[1] * size[2], size[2], 1])
    return (coordinates.astype(np.int64) - low + margin) @ strides, strides
