"""Making a furnished room from a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE
from pcfilter_lib.synthesis.rooms.layout import Layout
from pcfilter_lib.synthesis.rooms.room import ROOM_CLASSES, Room
from pcfilter_lib.synthesis.rooms.sizes import real_furniture

# Each choice has a random stream of its own. A number belongs to its choice for ever: a new choice takes the next free
# one, so that what the others draw from a seed never changes.
_SIZE, _WALLS, _TYPE, _COUNT, _KINDS, _SHAPE, _PLACE = range(7)
_LAYOUTS = 6  # rooms that are tried until one holds enough pieces
_MOST_PIECES = 100
_FAILURES = 10  # pieces in a row without a place: the floor is full
# What stands in each type of room: the first piece always, the others in random order; all again if more are needed.
_ROOM_TYPES = {
    "bedroom": ("bed", "night_stand", "night_stand", "dresser", "desk", "chair", "monitor", "chair", "table"),
    "living room": ("sofa", "table", "chair", "chair", "monitor", "dresser", "table", "sofa", "night_stand"),
    "study": ("desk", "chair", "monitor", "dresser", "table", "chair", "sofa", "desk", "monitor", "night_stand"),
    "bathroom": ("bathtub", "toilet", "night_stand", "chair", "dresser", "table", "chair", "night_stand"),
    "studio": FURNITURE,
}
_LATER = ("night_stand", "chair", "monitor")  # stand beside or on other pieces, in this order


def make_room(seed: int, *, size: Sequence[float] | None = None, pieces: tuple[int, int] = (3, 8)) -> Room:
    """Make a room with two to four walls and furniture of realistic size.

    Most pieces have their backs to a wall. Chairs face tables and desks, night stands flank beds, and a monitor stands
    on a desk, a table or a dresser if one has a free place for it. All other pieces stand on the floor, 20 micrometres
    above it, so that no two surfaces coincide. The rectangles around two pieces on the floor plan are at least 5 cm
    apart (other than those of a monitor and what it stands on), and 1 cm from the edges of the floor.

    Parameters
    ----------
    seed : int
        The same arguments give the same room, to the bit.
    size : (float, float, float), optional
        Length (x), width (y) and height (z) in metres. By default, length and width are drawn from 3 to 5 m, and the
        height from 2.4 to 2.8 m, so that at 5 cm a grid of 100 x 100 x 56 voxels holds the room.
    pieces : (int, int), default (3, 8)
        Smallest and largest number of pieces of furniture. A number is drawn; if not that many find a place, there are
        fewer, but never fewer than the smallest number.

    Returns
    -------
    Room

    Raises
    ------
    InputError
        If an argument is out of its range, or the room is too small for the smallest number of pieces.

    Examples
    --------
    >>> room = make_room(0)
    >>> 3 <= len(room.pieces) <= 8, 2 <= len(room.walls) <= 4
    (True, True)
    """
    seed = whole_number("make_room", "seed", seed, at_least=0)
    size, (fewest, most) = _checked_size(size, seed), _checked_pieces(pieces)
    order = _generator(seed, _WALLS).permutation(["-x", "+x", "-y", "+y"])
    walls = tuple(sorted(order[: int(_generator(seed, _WALLS, 1).integers(2, 5))].tolist()))
    room_type = list(_ROOM_TYPES)[int(_generator(seed, _TYPE).integers(len(_ROOM_TYPES)))]
    count = int(_generator(seed, _COUNT).integers(fewest, most, endpoint=True))
    kinds = _kinds(room_type, 3 * count, _generator(seed, _KINDS))

    best = Layout(size, walls)
    for attempt in range(_LAYOUTS):
        layout = _furnished(Layout(size, walls), kinds, count, seed, attempt)
        best = max(best, layout, key=lambda each: len(each.pieces))
        if len(best.pieces) >= fewest:
            return _room(best, room_type)
    problem = f"at most {len(best.pieces)} of at least {fewest} pieces of furniture found a place"
    remedy = "ask for fewer pieces, or pass a larger size"
    raise InputError("make_room", "pieces", f"{problem} in {size[0]:.3g} x {size[1]:.3g} x {size[2]:.3g} m", remedy)


def _generator(seed: int, stream: int, *index: int) -> np.random.Generator:
    return np.random.default_rng([seed, stream, 0x4003, *index])


def _checked_size(size: Sequence[float] | None, seed: int) -> tuple[float, float, float]:
    if size is None:
        length, width = _generator(seed, _SIZE).uniform(3, 5, 2).tolist()
        return length, width, float(_generator(seed, _SIZE, 1).uniform(2.4, 2.8))
    if len(size := tuple(np.ravel(size).tolist())) != 3:
        raise InputError("make_room", "size", f"it has {len(size)} numbers", "pass length, width and height in metres")
    low = (1, 1, 0.5)
    return tuple(number_within("make_room", "size", each, least, 50) for each, least in zip(size, low, strict=True))


def _checked_pieces(pieces: tuple[int, int]) -> tuple[int, int]:
    if not isinstance(pieces, tuple | list) or len(pieces) != 2:
        raise InputError("make_room", "pieces", f"{pieces!r} is not a pair", "pass (fewest, most)")
    fewest, most = (whole_number("make_room", "pieces", each) for each in pieces)
    if not fewest <= most <= _MOST_PIECES:
        remedy = f"pass (fewest, most) with fewest <= most <= {_MOST_PIECES}"
        raise InputError("make_room", "pieces", f"{tuple(pieces)} is not allowed", remedy)
    return fewest, most


def _kinds(room_type: str, count: int, generator: np.random.Generator) -> list[str]:
    """Return the classes of so many pieces: the first always, the rest shuffled, and so on."""
    names, kinds = _ROOM_TYPES[room_type], []
    while len(kinds) < count:
        first = [] if room_type == "studio" else [names[0]]
        kinds += first + generator.permutation(names[len(first) :]).tolist()
    return kinds[:count]


def _furnished(layout: Layout, kinds: list[str], count: int, seed: int, attempt: int) -> Layout:
    """Place the first `count` pieces, large ones first, then further ones in the place of those that did not fit."""
    solids = [
        (number, real_furniture(kind, _generator(seed, _SHAPE, attempt, number), layout.size))
        for number, kind in enumerate(kinds[:count])
    ]
    solids = [(number, solid) for number, solid in solids if solid is not None]

    def rank(numbered):
        kind, extent = numbered[1].kind, numbered[1].extent
        return (_LATER.index(kind) + 1 if kind in _LATER else 0), -extent[0] * extent[1]

    failures = 0
    for number, solid in sorted(solids, key=rank):
        failures = 0 if layout.place(solid, _generator(seed, _PLACE, attempt, number)) else failures + 1
        if failures == _FAILURES:
            return layout
    for number in range(count, len(kinds)):
        if len(layout.pieces) == count or failures == _FAILURES:
            break
        solid = real_furniture(kinds[number], _generator(seed, _SHAPE, attempt, number), layout.size)
        placed = solid is not None and layout.place(solid, _generator(seed, _PLACE, attempt, number))
        failures = 0 if placed else failures + 1
    return layout


def _room(layout: Layout, room_type: str) -> Room:
    """Return the room: floor, walls, and the pieces, as one mesh."""
    length, width, height = layout.size
    floor = [(0, 0, 0), (length, 0, 0), (length, width, 0), (0, width, 0)]
    # Each runs counter-clockwise seen from inside, along the floor first.
    lower = {"-x": (0, 3), "+x": (2, 1), "-y": (1, 0), "+y": (3, 2)}
    flat = [(0, floor)]
    for wall in layout.walls:
        start, end = (floor[corner] for corner in lower[wall])
        flat.append((1, [start, end, (*end[:2], height), (*start[:2], height)]))
    vertices, faces, classes, numbers = [], [], [], []
    for label, corners in flat:
        start = 4 * len(vertices)
        vertices.append(np.array(corners, np.float64))
        faces.append(start + np.array([(0, 1, 2), (0, 2, 3)]))
        classes.append(np.full(2, label))
        numbers.append(np.zeros(2))
    start = 4 * len(vertices)
    for number, piece in enumerate(layout.pieces, start=1):
        vertices.append(piece.in_place())
        faces.append(start + piece.solid.faces)
        start += len(vertices[-1])
        classes.append(np.full(len(faces[-1]), ROOM_CLASSES.index(piece.kind)))
        numbers.append(np.full(len(faces[-1]), number))
    mesh = Mesh(np.concatenate(vertices), np.concatenate(faces), "room")
    face_class, face_piece = (np.concatenate(each).astype(np.uint8) for each in (classes, numbers))
    return Room(mesh, face_class, face_piece, layout.size, layout.walls, tuple(layout.pieces), room_type)
