"""Furnished rooms as voxels that ship with the library, for semantic segmentation."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.data.example import example_path
from pcfilter_lib.data.labels import UNLABELLED
from pcfilter_lib.data.modelnet import MODELNET10
from pcfilter_lib.errors import InputError

#: The classes of the voxels of a room, by label. A voxel without a surface is ``UNLABELLED``.
ROOM_CLASSES = ("floor", "wall", *MODELNET10)
#: How many rooms each split has.
ROOM_SPLITS = {"train": 6, "test": 2}
#: Side of a voxel in metres.
ROOM_VOXEL_SIZE = 0.05
#: Voxels along x, y and z: what the largest room needs.
ROOM_SHAPE = (100, 100, 56)


def load_rooms(split: str = "train") -> list[np.ndarray]:
    """Return the voxels of the furnished rooms that ship with the library.

    They were made by :func:`pcfilter_lib.synthesis.make_room` and labelled by
    :func:`pcfilter_lib.synthesis.label_voxels`; the seeds stand in ``data_scripts/make_rooms.py``. Both splits hold all
    twelve classes.

    Parameters
    ----------
    split : str, default "train"
        ``"train"`` (6 rooms) or ``"test"`` (2).

    Returns
    -------
    list of ndarray of uint8, shape (100, 100, 56)
        The class of each voxel, as an index into :data:`pcfilter_lib.data.ROOM_CLASSES`; ``UNLABELLED`` (255) where
        there is no surface. A voxel's side is ``ROOM_VOXEL_SIZE``, 5 cm; the third axis is up, and voxel (0, 0, 0) is a
        corner of the floor.

    Raises
    ------
    InputError
        If there is no such split.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> rooms = data.load_rooms("test")
    >>> len(rooms), rooms[0].shape, rooms[0].dtype
    (2, (100, 100, 56), dtype('uint8'))
    """
    split = one_of("load_rooms", "split", split, tuple(ROOM_SPLITS))
    names = tuple(ROOM_SPLITS)
    begin = sum(ROOM_SPLITS[name] for name in names[: names.index(split)])
    with np.load(example_path("rooms.npz")) as file:
        coordinates, labels, counts = file["coordinates"], file["label"], file["count"]
    ends = np.cumsum(counts)
    rooms = []
    for number in range(begin, begin + ROOM_SPLITS[split]):
        own = slice(ends[number] - counts[number], ends[number])
        grid = np.full(ROOM_SHAPE, UNLABELLED, np.uint8)
        grid[tuple(coordinates[own].T)] = labels[own]
        rooms.append(grid)
    return rooms


def room_channels(occupied: np.ndarray, *, margin: int = 0) -> np.ndarray:
    """Return the input of the network ``rooms-dense``: what is occupied, and how high each voxel is.

    Parameters
    ----------
    occupied : array-like of bool, shape (X, Y, Z)
        A room in the layout of :func:`load_rooms`: the third axis is up, and the floor begins at 0.
    margin : int, default 0
        Empty voxels to add on every side. With valid padding, a network that sees `margin` voxels on each side of its
        own then predicts every voxel of the room.

    Returns
    -------
    ndarray of float32, shape (X + 2 margin, Y + 2 margin, Z + 2 margin, 2)
        1 where a voxel is occupied and 0 elsewhere; and the height of its lower face above the floor's, in metres.

    Raises
    ------
    InputError
        If the room is not a volume, or the margin is negative.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> room = data.load_rooms("test")[0]
    >>> data.room_channels(room != data.UNLABELLED, margin=15).shape
    (130, 130, 86, 2)
    """
    occupied = np.asarray(occupied, bool)
    if occupied.ndim != 3:
        raise InputError("room_channels", "occupied", f"its shape is {occupied.shape}", "pass (X, Y, Z)")
    margin = whole_number("room_channels", "margin", margin, at_least=0)
    padded = np.pad(occupied, margin)
    height = ROOM_VOXEL_SIZE * (np.arange(padded.shape[2]) - margin)
    return np.stack([padded, np.broadcast_to(height, padded.shape)], axis=-1).astype(np.float32)


def room_voxels(occupied: np.ndarray, voxel_size: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the input of the network ``rooms-sparse``: the occupied voxels, and how high each of them is.

    Parameters
    ----------
    occupied : array-like of bool, shape (X, Y, Z)
        A room whose third axis is up, and whose floor begins at 0.
    voxel_size : float
        Side of a voxel in metres: 0.025 for ``rooms-sparse``.

    Returns
    -------
    coordinates : ndarray of int64, shape (N, 3)
        The occupied voxels, in lexicographic order. Pass them to :func:`pcfilter_lib.sparse.unet_tables`.
    features : ndarray of float32, shape (N, 2)
        1, and the height of the voxel's lower face above the floor's, in metres.

    Raises
    ------
    InputError
        If the room is not a volume, or the voxel size is not positive.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> room = data.load_rooms("test")[0]
    >>> coordinates, features = data.room_voxels(room != data.UNLABELLED, data.ROOM_VOXEL_SIZE)
    >>> coordinates.shape, features.shape
    ((41311, 3), (41311, 2))
    """
    occupied = np.asarray(occupied, bool)
    if occupied.ndim != 3:
        raise InputError("room_voxels", "occupied", f"its shape is {occupied.shape}", "pass (X, Y, Z)")
    size = number_within("room_voxels", "voxel_size", voxel_size, 0, np.inf, low_included=False)
    coordinates = np.argwhere(occupied)
    height = size * coordinates[:, 2]
    return coordinates, np.stack([np.ones_like(height), height], axis=1).astype(np.float32)
