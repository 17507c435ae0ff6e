"""Putting parts on what lies below them, without a physics engine.

A part is dropped straight down on a height map in several poses, and the pose in which its centre of mass lies lowest
wins; then small turns and shifts are kept as long as it sinks. At rest, potential energy is at a minimum: this looks
for a low one. Whether a part would still slip or tip over is not asked.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from pcfilter_lib.synthesis.scenes.shapes import volume_and_centroid
from pcfilter_lib.synthesis.scenes.solid import Solid

CLEARANCE = 2e-5  # metres between surfaces that touch, so that no two coincide
_CELLS = 480  # fine cells along each side of the square
_COARSE = 6  # fine cells along each side of a coarse one; a divisor of _CELLS
_ORIENTATIONS = 3  # resting orientations that compete,
_TURNS = 2  # turns about the vertical for each,
_PLACES = 8  # and places for each of these
_STEPS = 12  # turns and shifts at the end


class HeightMap:
    """The highest surface above each cell of a square around the origin.

    There are two: a coarse one, on which many poses are tried, and a fine one, on which the best is put down. A cell
    holds the highest point in it. So bodies never reach into each other by more than the spacing of the points that
    stand for them (0.15 % of the side), and a part that lies on a slope keeps a gap of at most a cell.

    Parameters
    ----------
    side : float
        Side of the square in metres. Parts stay within it.
    floor : float
        Height of the empty square, m.
    """

    def __init__(self, side: float, floor: float):
        self.side, self.floor = side, floor
        self._fine = np.full((_CELLS, _CELLS), floor, np.float64)
        self._coarse = np.full((_CELLS // _COARSE,) * 2, floor, np.float64)

    def put(self, solid: Solid, generator: np.random.Generator, spread: float) -> np.ndarray:
        """Put a solid down, and return its pose, shape (4, 4).

        Parameters
        ----------
        solid : Solid
            No longer along any axis than 0.9 of the side.
        generator : numpy.random.Generator
            Where the poses that are tried come from.
        spread : float
            Standard deviation of the places that are tried around the middle of the square, m.
        """
        centre = _centre_of_mass(solid)
        vertices = solid.vertices - centre
        cell = self.side / len(self._coarse)
        points = _samples(vertices[solid.faces], 0.7 * cell, flat=False, extra=vertices)

        best = (np.inf, np.eye(3), np.zeros(2))
        for orientation in _resting(vertices, generator):
            turns = generator.uniform(0, 2 * np.pi, _TURNS)
            places = generator.normal(0, spread, (_PLACES, 2))
            found = [self._lowest(points, _turned(orientation, turn), places) for turn in turns]
            if not np.isfinite([height for height, _, _ in found]).any():  # a large part: look for a turn that fits
                turns = np.arange(0, np.pi, np.pi / 12)
                found = [self._lowest(points, _turned(orientation, turn), places) for turn in turns]
            best = min([best, *found], key=lambda candidate: candidate[0])
        if best[0] == np.inf:
            best = self._lowest(points, np.eye(3), np.zeros((1, 2)))
        height, rotation, place = best
        if height > self.floor - _lowest_point(points, rotation) + 1e-9:  # it does not lie flat on the floor
            rotation, place = self._refined(points, rotation, place, height, generator)
        return self._put_down(vertices, solid.faces, centre, rotation, place)

    def _lowest(self, points: np.ndarray, rotation: np.ndarray, places: np.ndarray) -> tuple:
        """Return height of the centre, rotation and place of the lowest of some places, moved to where it fits."""
        cell, count = self.side / len(self._coarse), len(self._coarse)
        rows, columns, bottom = _raster(_rotated(points, rotation), cell, np.minimum)
        low = -np.array([rows.min(), columns.min()])
        high = count - 1 - np.array([rows.max(), columns.max()])
        if (low > high).any():
            return np.inf, rotation, np.zeros(2)
        at = np.clip(np.rint((places + self.side / 2) / cell).astype(int), low, high)
        under = self._coarse[rows + at[:, :1], columns + at[:, 1:]]
        heights = (under - bottom).max(axis=1)
        first = int(np.argmin(heights))
        return float(heights[first]), rotation, at[first] * cell - self.side / 2

    def _refined(self, points, rotation, place, height, generator) -> tuple[np.ndarray, np.ndarray]:
        """Turn and shift the part a little as long as its centre of mass sinks."""
        cell = self.side / len(self._coarse)
        steps = np.concatenate([generator.normal(0, 0.12, (_STEPS, 3)), generator.normal(0, cell, (_STEPS, 2))], axis=1)
        step, spread = None, np.linspace(1, 0.3, _STEPS)
        for proposed, size in zip(steps, spread, strict=True):
            step = proposed * size if step is None else step  # what helped is done once more
            turned, moved = _small_turn(step[:3]) @ rotation, place + step[3:]
            x, y, z = _rotated(points, turned)
            offset = moved + self.side / 2
            rows, columns, bottom = _raster((x + offset[0], y + offset[1], z), cell, np.minimum)
            fits = min(rows.min(), columns.min()) >= 0 and max(rows.max(), columns.max()) < len(self._coarse)
            sunk = (self._coarse[rows, columns] - bottom).max() if fits else np.inf
            if sunk < height - 1e-4:
                rotation, place, height = turned, moved, sunk
            else:
                step = None
        return rotation, place

    def _put_down(self, vertices, faces, centre, rotation, place) -> np.ndarray:
        """Drop the part on the fine map, add it to both maps, and return its pose."""
        cell = self.side / _CELLS
        x, y, z = _rotated(vertices.T, rotation)
        corners = np.stack([x + place[0] + self.side / 2, y + place[1] + self.side / 2, z], axis=1)[faces]
        edges = corners[:, 1:, :2] - corners[:, :1, :2]
        facing = edges[:, 0, 0] * edges[:, 1, 1] - edges[:, 0, 1] * edges[:, 1, 0]  # up if above 0
        # Of a solid's faces, those that look down make its lower side, and their rims those that stand upright.
        rows, columns, bottom = _raster(_samples(corners[facing < 0], 0.7 * cell, flat=True), cell, np.minimum)
        height = (self._fine[rows, columns] - bottom).max() + CLEARANCE
        rows, columns, top = _raster(_samples(corners[facing > 0], 0.7 * cell, flat=True), cell, np.maximum)
        top += height
        self._fine[rows, columns] = np.maximum(self._fine[rows, columns], top)
        np.maximum.at(self._coarse, (rows // _COARSE, columns // _COARSE), top)

        pose = np.eye(4)
        pose[:3, :3] = rotation
        pose[:3, 3] = (*place, height) - np.array(_rotated(centre, rotation))
        return pose


def random_rotation(generator: np.random.Generator) -> np.ndarray:
    """Return a rotation, shape (3, 3), evenly drawn from all: a normalised quaternion of normal numbers."""
    quaternion = generator.normal(size=4)
    w, *xyz = quaternion / np.sqrt((quaternion**2).sum())
    x, y, z = xyz
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) * (w * w - x * x - y * y - z * z) + 2 * np.outer(xyz, xyz) + 2 * w * cross


def _centre_of_mass(solid: Solid) -> np.ndarray:
    volume, centre = volume_and_centroid(solid)
    low, high = solid.vertices.min(axis=0), solid.vertices.max(axis=0)
    if volume > 1e-6 * np.prod(high - low) and ((low <= centre) & (centre <= high)).all():
        return centre
    return (low + high) / 2  # an open mesh from a folder has no inside


def _resting(vertices: np.ndarray, generator: np.random.Generator) -> list[np.ndarray]:
    """Return rotations that put a face of the convex hull down, the likelier ones as a rule first.

    A part that is thrown lands on a face with a probability near the solid angle under which its centre of mass sees
    that face, and stays there if it is above the face. The centre of mass is at the origin.
    """
    try:
        hull = ConvexHull(vertices)
    except QhullError:  # flat
        return [np.eye(3)]
    a, b, c = (vertices[column] for column in hull.simplices.T)
    la, lb, lc = (np.sqrt((corner**2).sum(axis=1)) for corner in (a, b, c))
    # Van Oosterom and Strackee, The solid angle of a plane triangle, IEEE Trans. Biomedical Engineering 30, 1983.
    triple = np.abs((a * np.cross(b, c)).sum(axis=1))
    weight = 2 * np.arctan2(triple, la * lb * lc + (a * b).sum(1) * lc + (a * c).sum(1) * lb + (b * c).sum(1) * la)
    picks = generator.choice(len(weight), size=24, p=weight / weight.sum())
    normals, offsets = hull.equations[:, :3], hull.equations[:, 3]
    nearest = int(np.argmax(offsets))  # the part is always stable on the face that is nearest to its centre of mass
    chosen: list[int] = []
    for face in [*picks, nearest]:
        foot = -offsets[face] * normals[face]
        over = (normals[:, 0] * foot[0] + normals[:, 1] * foot[1] + normals[:, 2] * foot[2] + offsets).max()
        new = all(np.abs(normals[face] - normals[other]).max() > 1e-3 for other in chosen)
        if over <= 1e-6 * la.max() and new:
            chosen.append(face)
        if len(chosen) == _ORIENTATIONS:
            break
    rotations = []
    for normal in normals[chosen or [nearest]]:
        side = np.cross(normal, np.eye(3)[np.argmin(np.abs(normal))])
        side /= np.sqrt((side**2).sum())
        rotations.append(np.stack([side, np.cross(-normal, side), -normal]))
    return rotations


def _turned(rotation: np.ndarray, angle: float) -> np.ndarray:
    """Return a rotation followed by a turn about the vertical."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.stack([cos * rotation[0] - sin * rotation[1], sin * rotation[0] + cos * rotation[1], rotation[2]])


def _small_turn(vector: np.ndarray) -> np.ndarray:
    """Return the rotation about a vector by its length in radians (Rodrigues' formula)."""
    angle = np.sqrt((vector**2).sum())
    x, y, z = vector / max(angle, 1e-12)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * (cross @ cross)


def _rotated(points: np.ndarray, rotation: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return x, y, z of rotated points of shape (3, N). Not by BLAS, whose last bit may depend on its threads."""
    x, y, z = points
    return tuple(row[0] * x + row[1] * y + row[2] * z for row in rotation)


def _lowest_point(points: np.ndarray, rotation: np.ndarray) -> float:
    return float(_rotated(points, rotation)[2].min())


def _samples(corners: np.ndarray, spacing: float, flat: bool, extra: np.ndarray | None = None) -> np.ndarray:
    """Return points on triangles, edges included, shape (3, N).

    Parameters
    ----------
    corners : numpy.ndarray, shape (F, 3, 3)
        Triangles, corner by corner.
    spacing : float
        Largest distance between neighbours along edges, m.
    flat : bool
        Whether that distance is measured from above, along x and y alone.
    extra : numpy.ndarray, shape (V, 3), optional
        The triangles' vertices; then a triangle that needs no more points than its corners adds none.
    """
    sides = corners - np.roll(corners, -1, axis=1)
    lengths = np.sqrt((sides[..., : 2 if flat else 3] ** 2).sum(axis=-1))
    # From the corner opposite to the longest side, along the two shorter ones.
    first = (np.argmax(lengths, axis=1) + 2) % 3
    face = np.arange(len(corners))
    apex, u, v = (corners[face, (first + step) % 3] for step in range(3))
    u, v = u - apex, v - apex
    steps_u, steps_v = (
        np.maximum(np.ceil(lengths[face, place] / spacing), 1).astype(np.int64) for place in (first, (first + 2) % 3)
    )
    if extra is not None:
        large = steps_u * steps_v > 1
        apex, u, v, steps_u, steps_v = apex[large], u[large], v[large], steps_u[large], steps_v[large]
    # Rows along v; each has as many steps along u as its length needs, and ends on the longest side.
    owner = np.repeat(np.arange(len(apex)), steps_v + 1)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(steps_v + 1) - steps_v - 1, steps_v + 1)
    along = row / steps_v[owner]
    steps = np.maximum(np.ceil(steps_u[owner] * (1 - along) - 1e-9), 1).astype(np.int64)
    starts = apex[owner] + along[:, None] * v[owner]
    strides = u[owner] * ((1 - along) / steps)[:, None]
    counts = np.where(row == steps_v[owner], 1, steps + 1)
    index = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    points = np.stack(
        [np.repeat(starts[:, axis], counts) + index * np.repeat(strides[:, axis], counts) for axis in range(3)]
    )
    return points if extra is None else np.concatenate([extra.T, points], axis=1)


def _raster(points: tuple | np.ndarray, cell: float, extreme: np.ufunc) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return row and column of each cell that holds points, and the lowest or highest z in it."""
    x, y, z = points
    rows, columns = np.floor(x / cell).astype(np.int64), np.floor(y / cell).astype(np.int64)
    first_row, first_column = rows.min(), columns.min()
    width = columns.max() - first_column + 1
    grid = np.full((rows.max() - first_row + 1) * width, np.inf if extreme is np.minimum else -np.inf)
    extreme.at(grid, (rows - first_row) * width + columns - first_column, z)
    used = np.flatnonzero(np.isfinite(grid))
    return used // width + first_row, used % width + first_column, grid[used]
