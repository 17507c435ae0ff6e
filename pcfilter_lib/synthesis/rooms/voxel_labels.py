"""Class labels of the voxels that the surfaces of a room pass through."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import number_within, whole_numbers
from pcfilter_lib.data.labels import UNLABELLED
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.data.voxels._raycasting import distances
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.data.voxels.voxelization import voxelize
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.rooms.room import Room

_TIE = 1e-3  # of a voxel: distances that differ by less are equal


def label_voxels(room: Room, voxel_size: float = 0.05, shape: tuple[int, int, int] | None = None) -> np.ndarray:
    """Return the class of each voxel that a surface of the room touches.

    A voxel gets the class of the nearest triangle to its centre, among the triangles that touch it. Where two classes
    are equally near, as floor and wall along the edge between them, the larger label wins. A piece that stands flat on
    the floor hides it. Surfaces inside a piece, where its shells overlap, are labelled too.

    Parameters
    ----------
    room : Room
        What :func:`make_room` returns.
    voxel_size : float, default 0.05
        Side of a voxel in metres.
    shape : (int, int, int), optional
        Voxels along x, y and z. Voxel (0, 0, 0) begins at the origin, a corner of the floor. By default, as many as the
        room needs.

    Returns
    -------
    numpy.ndarray of uint8, shape (X, Y, Z)
        Indices into :data:`pcfilter_lib.data.ROOM_CLASSES`; 255 for voxels without a surface.

    Raises
    ------
    InputError
        If `voxel_size` is not a positive number, or the room does not fit into the grid.
    MissingExtraError
        If Open3D is not installed.

    Examples
    --------
    >>> from pcfilter_lib import synthesis
    >>> labels = synthesis.label_voxels(synthesis.make_room(0), 0.05, (100, 100, 56))
    >>> float((labels < 255).mean().round(2))
    0.05
    """
    number_within("label_voxels", "voxel_size", voxel_size, 1e-3, 1)
    needed = tuple(int(np.ceil(side / voxel_size - 1e-9)) for side in room.size)
    shape = needed if shape is None else whole_numbers("label_voxels", "shape", shape, 3)
    if any(own < least for own, least in zip(shape, needed, strict=True)):
        problem = f"a room of {' x '.join(f'{side:.3g}' for side in room.size)} m needs {needed} voxels, not {shape}"
        raise InputError("label_voxels", "shape", problem, "pass a larger shape or a larger voxel_size")
    grid = VoxelGrid(np.zeros(shape, bool), voxel_size=voxel_size)
    labels = np.full(shape, UNLABELLED, np.uint8)
    nearest = np.full(shape, np.inf, np.float32)
    for label in np.unique(room.face_class):
        part = Mesh(room.mesh.vertices, room.mesh.faces[room.face_class == label])
        here = np.nonzero(voxelize(part, grid=grid).values)
        distance = distances(part, grid.to_points(np.stack(here, axis=-1)))
        nearer = distance <= nearest[here] + _TIE * voxel_size
        labels[here] = np.where(nearer, label, labels[here])
        nearest[here] = np.minimum(distance, nearest[here])
    return labels
