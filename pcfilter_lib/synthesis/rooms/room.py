"""A furnished room and its pieces of furniture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.data.room_examples import ROOM_CLASSES as ROOM_CLASSES
from pcfilter_lib.synthesis.scenes.solid import Solid


@dataclass(frozen=True, eq=False)
class RoomPiece:
    """A piece of furniture in a room.

    Attributes
    ----------
    solid : Solid
        The shape in metres, in the frame of :func:`pcfilter_lib.synthesis.make_furniture`: it stands on z = 0, with
        the middle of its floor plan at the origin.
    pose : numpy.ndarray, shape (4, 4)
        Rigid transform from that frame to the room's: a rotation about the vertical and a translation.
    stands_on : int
        0 for the floor, otherwise the number of the piece below it, counted from 1.
    """

    solid: Solid
    pose: np.ndarray
    stands_on: int = 0

    @property
    def kind(self) -> str:
        """The class name, one of :data:`pcfilter_lib.synthesis.FURNITURE`."""
        return self.solid.kind

    def in_place(self) -> np.ndarray:
        """Return the vertices in the frame of the room, shape (V, 3), in metres."""
        x, y, z = self.solid.vertices.T
        # Not by BLAS, whose last bit may depend on its threads.
        rows = [pose[0] * x + pose[1] * y + pose[2] * z + pose[3] for pose in self.pose[:3]]
        return np.stack(rows, axis=1)


@dataclass(frozen=True, eq=False)
class Room:
    """A furnished room: one mesh, with the class of each face.

    Attributes
    ----------
    mesh : Mesh
        Floor, walls and furniture in metres; z is up. The floor is the rectangle from (0, 0, 0) to (X, Y, 0). Floor and
        walls are flat, without thickness, and face inwards. There is no ceiling.
    face_class : numpy.ndarray of uint8, shape (F,)
        The class of each face, as an index into :data:`pcfilter_lib.data.ROOM_CLASSES`.
    face_piece : numpy.ndarray of uint8, shape (F,)
        The piece of furniture that each face belongs to, counted from 1; 0 for floor and walls.
    size : tuple of float
        (X, Y, Z): length, width and height of the walls in metres.
    walls : tuple of str
        The sides that have a wall, some of ``"-x"``, ``"+x"``, ``"-y"``, ``"+y"``.
    pieces : tuple of RoomPiece
        The furniture; piece number n is ``pieces[n - 1]``.
    room_type : str
        ``"bedroom"``, ``"living room"``, ``"study"``, ``"bathroom"`` or ``"studio"``.
    """

    mesh: Mesh
    face_class: np.ndarray
    face_piece: np.ndarray
    size: tuple[float, float, float]
    walls: tuple[str, ...]
    pieces: tuple[RoomPiece, ...]
    room_type: str
