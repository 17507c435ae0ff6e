"""Real sizes of the ten classes of furniture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE_PIECES, make_furniture
from pcfilter_lib.synthesis.scenes.solid import Solid

_ATTEMPTS = 60  # shapes drawn until the proportions of one fit
SIDEWAYS = ("bathtub", "desk", "dresser", "monitor", "night_stand", "sofa", "table")  # their backs are at +x


class RealSize(NamedTuple):
    """Ranges of the outer dimensions of a class of furniture, in metres.

    Attributes
    ----------
    width, depth, height : tuple of float
        Smallest and largest extent from left to right, from front to back, and from the floor up. Chaises longues,
        second wings of desks, shelves on desks, bunks, canopies, mirrors and tanks count.
    level : tuple of (str, float, float), optional
        The name of a piece, and the range of the height of its upper edge.
    """

    width: tuple[float, float]
    depth: tuple[float, float]
    height: tuple[float, float]
    level: tuple[str, float, float] | None = None


#: Typical dimensions of furniture in homes, rounded; not measured and not from a standard.
REAL_SIZES = {
    "bathtub": RealSize((1.40, 1.90), (0.60, 1.10), (0.40, 0.85)),
    "bed": RealSize((0.90, 2.20), (1.90, 2.40), (0.50, 2.20)),
    "chair": RealSize((0.38, 0.75), (0.40, 0.80), (0.65, 1.20), ("seat", 0.38, 0.52)),
    "desk": RealSize((1.00, 2.00), (0.50, 1.60), (0.70, 1.60), ("top", 0.70, 0.78)),
    "dresser": RealSize((0.45, 1.80), (0.35, 0.80), (0.65, 1.90)),
    "monitor": RealSize((0.40, 0.80), (0.10, 0.40), (0.30, 0.65)),
    "night_stand": RealSize((0.32, 0.70), (0.28, 0.60), (0.42, 0.75)),
    "sofa": RealSize((1.30, 2.60), (0.75, 1.80), (0.55, 1.00)),
    "table": RealSize((0.50, 2.20), (0.35, 1.20), (0.35, 0.80)),
    "toilet": RealSize((0.34, 0.60), (0.50, 0.85), (0.35, 1.60), ("bowl", 0.35, 0.45)),
}


def real_furniture(kind: str, generator: np.random.Generator, room: tuple[float, float, float]) -> Solid | None:
    """Return a piece of furniture of a realistic size, or None if none was found that fits into the room.

    A shape keeps its proportions: it is scaled by one factor, drawn uniformly from those that bring all its dimensions
    into the ranges of :data:`REAL_SIZES`. A shape without such a factor is dropped, and another one drawn.

    Parameters
    ----------
    kind : str
        One of :data:`pcfilter_lib.synthesis.FURNITURE`.
    generator : numpy.random.Generator
        Source of the shape and the scale.
    room : tuple of float
        Size of the room in metres, which the piece does not exceed.

    Returns
    -------
    Solid or None
        In metres, in the frame of :func:`make_furniture`.
    """
    ranges = REAL_SIZES[kind]
    shorter, longer = sorted(room[:2])
    for _ in range(_ATTEMPTS):
        solid = make_furniture(kind, generator)
        fraction = generator.random()
        extent = solid.extent[[1, 0, 2]] if kind in SIDEWAYS else solid.extent
        bounds = [(low / each, high / each) for (low, high), each in zip(ranges[:3], extent, strict=True)]
        if ranges.level:
            name, low, high = ranges.level
            faces = solid.faces[solid.pieces == FURNITURE_PIECES[kind].index(name)]
            level = solid.vertices[faces, 2].max()
            bounds.append((low / level, high / level))
        least, most = max(low for low, _ in bounds), min(high for _, high in bounds)
        plan = sorted(extent[:2])
        most = min(most, shorter / plan[0], longer / plan[1], 0.99 * room[2] / extent[2])
        if least <= most:
            return solid.scaled(least + fraction * (most - least))
    return None
