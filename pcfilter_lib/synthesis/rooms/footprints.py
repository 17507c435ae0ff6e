"""Rectangles on the floor plan: what a piece of furniture occupies, seen from above."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Footprint:
    """A rotated rectangle on the floor, around a piece of furniture whose back looks along its +y axis.

    Attributes
    ----------
    x, y : float
        The middle, in metres.
    width, depth : float
        Extents along its own x and y axes, in metres.
    angle : float
        Counter-clockwise rotation in radians.
    """

    x: float
    y: float
    width: float
    depth: float
    angle: float

    def axes(self) -> np.ndarray:
        """Return its own x and y axes as unit vectors, shape (2, 2)."""
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        return np.array([(cos, sin), (-sin, cos)])

    def corners(self, margin: float = 0.0) -> np.ndarray:
        """Return the corners, shape (4, 2), of the rectangle grown by a margin on all sides."""
        (cx, cy), (sx, sy) = self.axes()
        across, along = self.width / 2 + margin, self.depth / 2 + margin
        signs = ((-across, -along), (across, -along), (across, along), (-across, along))
        return np.array([(self.x + u * cx + v * sx, self.y + u * cy + v * sy) for u, v in signs])

    def at(self, across: float, along: float) -> tuple[float, float]:
        """Return a point given in its own axes, relative to its middle."""
        (cx, cy), (sx, sy) = self.axes()
        return self.x + across * cx + along * sx, self.y + across * cy + along * sy

    def front(self, depth: float) -> Footprint:
        """Return the strip of floor of some depth before it, in metres."""
        x, y = self.at(0, -(self.depth + depth) / 2)
        return Footprint(x, y, self.width, depth, self.angle)

    def reach(self, angle: float) -> float:
        """Return the extent from the middle in a direction at some angle, in metres."""
        turn = angle - self.angle
        return (self.width * abs(np.cos(turn)) + self.depth * abs(np.sin(turn))) / 2

    def inside(self, length: float, width: float, margin: float) -> bool:
        """Whether it lies within a floor from (0, 0), at least a margin away from its edges."""
        x, y = self.corners().T
        return bool(min(x.min(), y.min()) >= margin and x.max() <= length - margin and y.max() <= width - margin)

    def overlaps(self, other: Footprint, gap: float = 0.0) -> bool:
        """Whether two rectangles overlap or come nearer than a gap.

        Two convex shapes are disjoint if some axis separates their projections; for rectangles the four side
        directions are enough (S. Gottschalk, M. Lin, D. Manocha, *OBBTree*, SIGGRAPH 1996, section 5, in the plane).
        """
        radii = np.hypot(self.width + 2 * gap, self.depth + 2 * gap) + np.hypot(other.width, other.depth)
        if 2 * np.hypot(self.x - other.x, self.y - other.y) > radii:  # spares most of the work
            return False
        own, others = self.corners(gap), other.corners()
        for axis in (*self.axes(), *other.axes()):
            a, b = own[:, 0] * axis[0] + own[:, 1] * axis[1], others[:, 0] * axis[0] + others[:, 1] * axis[1]
            if a.max() <= b.min() or b.max() <= a.min():
                return False
        return True
