"""Finding a place for each piece of furniture: along walls, around tables, beside beds, on desks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE_PIECES
from pcfilter_lib.synthesis.rooms.footprints import Footprint
from pcfilter_lib.synthesis.rooms.room import RoomPiece
from pcfilter_lib.synthesis.rooms.sizes import SIDEWAYS
from pcfilter_lib.synthesis.scenes.settling import CLEARANCE
from pcfilter_lib.synthesis.scenes.solid import Solid

GAP = 0.05  # metres between the rectangles around two pieces
WALL_GAP = 0.01  # metres between a piece and the edge of the floor, at least
_ATTEMPTS = 60  # places proposed for one piece
_ALONG_WALL = {"bed": 0.85, "chair": 0.1, "table": 0.2}  # probability; 0.95 for all other classes
_ACCESS = 0.5  # metres that stay free before these, as long as there are places enough
_ACCESSIBLE = ("desk", "dresser", "sofa", "toilet", "bathtub")
_MOBILE = ("chair", "table", "night_stand", "monitor")  # may stand there all the same
_CARRIERS = ("desk", "table", "dresser")  # what a monitor may stand on,
_HIGHEST = 1.2  # metres: if its top is not higher than this
# The angle at which a piece has its back to each wall.
WALL_ANGLES = {"+y": 0.0, "-x": np.pi / 2, "-y": np.pi, "+x": 1.5 * np.pi}


@dataclass
class Layout:
    """The pieces placed so far on a floor.

    Attributes
    ----------
    size : tuple of float
        Size of the room in metres.
    walls : tuple of str
        The sides that have a wall.
    pieces : list of RoomPiece
        In the order in which they were placed.
    """

    size: tuple[float, float, float]
    walls: tuple[str, ...]
    pieces: list[RoomPiece] = field(default_factory=list)
    _footprints: list[Footprint] = field(default_factory=list)

    def place(self, solid: Solid, generator: np.random.Generator) -> bool:
        """Find a free place for a piece, and add it; return whether there was one.

        Parameters
        ----------
        solid : Solid
            The piece in metres, in the frame of :func:`pcfilter_lib.synthesis.make_furniture`.
        generator : numpy.random.Generator
            Source of the proposed places.
        """
        width, depth, _ = solid.extent[[1, 0, 2]] if solid.kind in SIDEWAYS else solid.extent
        if solid.kind == "monitor" and self._place_on_top(solid, width, depth, generator):
            return True
        for attempt, footprint in enumerate(self._proposals(solid.kind, width, depth, generator)):
            free = not any(footprint.overlaps(other, GAP) for other in self._footprints)
            if free and attempt < _ATTEMPTS // 2:
                free = self._accessible(solid.kind, footprint)
            if free and footprint.inside(*self.size[:2], WALL_GAP):
                self._add(solid, footprint, CLEARANCE, 0)
                return True
        return False

    def _add(self, solid: Solid, footprint: Footprint, height: float, stands_on: int) -> None:
        # The frame of `make_furniture` has the back of some classes at +x; that of a footprint always at +y.
        angle = footprint.angle + (np.pi / 2 if solid.kind in SIDEWAYS else 0)
        cos, sin = np.cos(angle), np.sin(angle)
        pose = np.eye(4)
        pose[:2, :2] = (cos, -sin), (sin, cos)
        pose[:3, 3] = footprint.x, footprint.y, height
        self.pieces.append(RoomPiece(solid, pose, stands_on))
        self._footprints.append(footprint)

    def _accessible(self, kind: str, footprint: Footprint) -> bool:
        """Whether a piece leaves the floor before others free, and has free floor before itself."""
        if kind in _MOBILE:
            return True
        fixed = [(piece.kind, own) for piece, own in zip(self.pieces, self._footprints, strict=True)]
        fixed = [each for each in fixed if each[0] not in _MOBILE]
        fronts = [own.front(_ACCESS) for name, own in fixed if name in _ACCESSIBLE]
        if any(footprint.overlaps(front) for front in fronts):
            return False
        own = footprint.front(_ACCESS)
        return kind not in _ACCESSIBLE or (
            own.inside(*self.size[:2], 0) and not any(own.overlaps(other) for _, other in fixed)
        )

    def _hosts(self, *kinds: str) -> list[int]:
        return [number for number, piece in enumerate(self.pieces) if piece.kind in kinds]

    def _proposals(self, kind: str, width: float, depth: float, g: np.random.Generator) -> Iterator[Footprint]:
        """Yield places to try, the likelier ones first as a rule."""
        hosts = {"chair": self._hosts("desk", "table"), "night_stand": self._hosts("bed")}.get(kind, [])
        for attempt in range(_ATTEMPTS):
            if hosts and g.random() < 0.8 and attempt < _ATTEMPTS // 2:
                host = int(hosts[g.integers(len(hosts))])
                beside = self._at_table if kind == "chair" else self._beside_bed
                yield beside(host, width, depth, g)
            elif g.random() < _ALONG_WALL.get(kind, 0.95):
                yield self._at_wall(width, depth, g)
            else:
                angle = g.uniform(0, 2 * np.pi) if g.random() < 0.6 else np.pi / 2 * g.integers(4)
                x, y = g.uniform(0, self.size[:2])
                yield Footprint(x, y, width, depth, angle)

    def _at_wall(self, width: float, depth: float, g: np.random.Generator) -> Footprint:
        """Return a place with its back to a wall, a little askew."""
        wall = self.walls[g.integers(len(self.walls))]
        angle = WALL_ANGLES[wall] + np.deg2rad(g.normal(0, 1))
        length, broad = self.size[:2]
        shape = Footprint(0, 0, width, depth, angle)
        reach_x, reach_y = shape.reach(0), shape.reach(np.pi / 2)
        x, y = (
            g.uniform(min(reach, side / 2), max(side - reach, side / 2))
            for reach, side in ((reach_x, length), (reach_y, broad))
        )
        gap = WALL_GAP + g.uniform(0, 0.04)
        x = {"-x": reach_x + gap, "+x": length - reach_x - gap}.get(wall, x)
        y = {"-y": reach_y + gap, "+y": broad - reach_y - gap}.get(wall, y)
        return Footprint(x, y, width, depth, angle)

    def _at_table(self, host: int, width: float, depth: float, g: np.random.Generator) -> Footprint:
        """Return a place for a chair that faces a table from any side, or a desk from its front."""
        table = self._footprints[host]
        side = g.integers(4) if self.pieces[host].kind == "table" else 2
        away = table.angle + side * np.pi / 2  # where the chair's back looks
        distance = GAP + g.uniform(0, 0.2) + depth / 2
        shift = g.uniform(-0.3, 0.3)
        reach = (table.depth if side % 2 == 0 else table.width) / 2 + distance
        x, y = {
            0: table.at(shift * table.width, reach),
            1: table.at(-reach, shift * table.depth),
            2: table.at(shift * table.width, -reach),
            3: table.at(reach, shift * table.depth),
        }[int(side)]
        return Footprint(x, y, width, depth, away + np.deg2rad(g.normal(0, 8)))

    def _beside_bed(self, host: int, width: float, depth: float, g: np.random.Generator) -> Footprint:
        """Return a place for a night stand beside the head of a bed."""
        bed = self._footprints[host]
        side = 1 if g.random() < 0.5 else -1
        across = side * ((bed.width + width) / 2 + GAP + g.uniform(0.001, 0.1))
        x, y = bed.at(across, (bed.depth - depth) / 2)
        return Footprint(x, y, width, depth, bed.angle)

    def _place_on_top(self, solid: Solid, width: float, depth: float, g: np.random.Generator) -> bool:
        """Put a monitor on a desk, a table or a dresser whose top is free, and return whether there was one."""
        tops = [(host, top) for host in self._hosts(*_CARRIERS) if (top := _flat_top(self.pieces[host])) is not None]
        if not tops:
            return False
        feet = solid.faces[solid.pieces == FURNITURE_PIECES["monitor"].index("foot")]
        x, y = solid.vertices[feet, :2].reshape(-1, 2).T
        # Into the frame of a footprint: the back is at +y.
        foot = [(-v, u) for u in (x.min(), x.max()) for v in (y.min(), y.max())]
        for _ in range(_ATTEMPTS):
            host, top = tops[g.integers(len(tops))]
            carrier = self._footprints[host]
            across, along = g.uniform(-0.5, 0.5, 2) * (carrier.width, carrier.depth)
            place = Footprint(*carrier.at(across, along), width, depth, carrier.angle + np.deg2rad(g.normal(0, 5)))
            others = (other for number, other in enumerate(self._footprints) if number != host)
            stands = _covers(top, np.array([place.at(*corner) for corner in foot]))
            height = float(top[0, 0, 2]) + CLEARANCE
            low = height + solid.extent[2] < self.size[2]
            inside = place.inside(*self.size[:2], WALL_GAP)
            if stands and low and inside and not any(place.overlaps(other, GAP) for other in others):
                self._add(solid, place, height, host + 1)
                return True
        return False


def _flat_top(piece: RoomPiece) -> np.ndarray | None:
    """Return the triangles of a tabletop's upper side, shape (T, 3, 3); None if it is high, or not the highest part."""
    vertices, solid = piece.in_place(), piece.solid
    corners = vertices[solid.faces[solid.pieces == FURNITURE_PIECES[solid.kind].index("top")]]
    level = corners[..., 2].max()
    if level > _HIGHEST or vertices[:, 2].max() > level + 1e-3:  # a shelf or a mirror
        return None
    return corners[(corners[..., 2] > level - 1e-6).all(axis=1)]


def _covers(triangles: np.ndarray, points: np.ndarray) -> bool:
    """Whether each of some points, shape (N, 2), lies in one of the triangles, shape (T, 3, 3), seen from above."""
    corners = triangles[:, :, :2]
    edges = np.roll(corners, -1, axis=1) - corners
    offsets = points[:, None, None] - corners
    left = edges[..., 0] * offsets[..., 1] - edges[..., 1] * offsets[..., 0] >= -1e-12
    return bool(left.all(axis=2).any(axis=1).all())
