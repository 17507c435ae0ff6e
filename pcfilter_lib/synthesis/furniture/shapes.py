"""What furniture is built of: boards, bars, cushions and bowls, each a closed shell, and how they become one solid.

Makers build in metres, in one frame: width along x, the front at -y, the back at +y, z up, the floor at z = 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib.synthesis.scenes.shapes import cross, volume_and_centroid
from pcfilter_lib.synthesis.scenes.solid import Solid

CORNERS = 32  # of a round outline; a multiple of 8, so that an outline of power infinity has its four corners
SIDES = 10  # of a round bar


class Assembly:
    """Shells with the names of their pieces, on their way to one solid.

    Parameters
    ----------
    kind : str
        The name of what it is.
    pieces : tuple of str
        The names of its pieces; a piece's number is its place here.
    """

    def __init__(self, kind: str, pieces: tuple[str, ...]):
        self.kind, self.pieces = kind, pieces
        self._shells: list[tuple[int, Solid]] = []

    def add(self, piece: str, *shells: Solid) -> None:
        """Add shells to a piece."""
        number = self.pieces.index(piece)
        self._shells += [(number, shell) for shell in shells]

    def solid(self) -> Solid:
        """Return all shells as one solid."""
        starts = np.cumsum([0] + [len(shell.vertices) for _, shell in self._shells])
        faces = [shell.faces + start for start, (_, shell) in zip(starts[:-1], self._shells, strict=True)]
        numbers = [np.full(len(shell.faces), number) for number, shell in self._shells]
        vertices = np.concatenate([shell.vertices for _, shell in self._shells])
        return Solid(vertices, np.concatenate(faces), np.concatenate(numbers), self.kind)


def quantiles(g: np.random.Generator, low: float, middle: float, high: float) -> float:
    """Draw a positive number whose 10 %, 50 % and 90 % quantiles these are; none lies far outside."""
    deviation = float(np.clip(g.standard_normal(), -2, 2)) / 1.2816
    return float(middle * (high / middle if deviation > 0 else middle / low) ** deviation)


def chance(g: np.random.Generator, share: float) -> bool:
    """Return True in that share of the draws."""
    return bool(g.random() < share)


def pick(g: np.random.Generator, weights: dict) -> object:
    """Return one of the keys, as often as its weight says."""
    share = np.array(list(weights.values()), float)
    return list(weights)[int(g.choice(len(share), p=share / share.sum()))]


def loft(rings: ArrayLike, closed: bool = False) -> Solid:
    """Return the shell through rings of corners.

    Parameters
    ----------
    rings : array_like, shape (R, N, 3)
        Each ring is joined to the next, corner by corner; seen along the way, all turn in the same sense.
    closed : bool, default False
        Whether the last ring is joined to the first. Otherwise the first and the last get lids: fans about their
        middle, from which each of their corners must be seen.

    Returns
    -------
    Solid
        Closed, its faces outwards.
    """
    rings = np.asarray(rings, np.float64)
    vertices = rings.reshape(-1, 3)
    if not closed:
        vertices = np.concatenate([vertices, rings[[0, -1]].mean(axis=1)])
    shell = Solid(vertices, _loft_faces(*rings.shape[:2], closed))
    return shell if volume_and_centroid(shell)[0] > 0 else Solid(vertices, shell.faces[:, ::-1])


@lru_cache(maxsize=256)
def _loft_faces(count: int, corners: int, closed: bool) -> np.ndarray:
    """Return the faces between so many rings; they depend on nothing else, and a piece of furniture has many such."""
    index = np.arange(count * corners).reshape(count, corners)
    low, high = (index, np.roll(index, -1, axis=0)) if closed else (index[:-1], index[1:])
    a, b, c, d = low, np.roll(low, -1, axis=1), np.roll(high, -1, axis=1), high
    faces = [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    if not closed:
        middle = np.full(corners, count * corners)
        faces.append(np.stack([middle, np.roll(index[0], -1), index[0]], -1))
        faces.append(np.stack([middle + 1, index[-1], np.roll(index[-1], -1)], -1))
    faces = np.concatenate(faces)
    faces.flags.writeable = False
    return faces


def outline(width: float, depth: float, power: float = np.inf, back: float | None = None) -> np.ndarray:
    """Return a superellipse about the origin, shape (N, 2).

    Parameters
    ----------
    width, depth : float
        Its extent along x and y.
    power : float, default infinity
        2 is an ellipse, infinity a rectangle, between them the corners are more or less round (Lame's curve).
    back : float, optional
        Another power for the half with y > 0.
    """
    angle = 2 * np.pi * np.arange(CORNERS) / CORNERS
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    radius = [
        np.linalg.norm(unit, ord=each, axis=1) if np.isinf(each) else (np.abs(unit) ** each).sum(axis=1) ** (1 / each)
        for each in (power, back or power)
    ]
    return unit / np.where(unit[:, 1] > 1e-9, radius[1], radius[0])[:, None] * (width / 2, depth / 2)


def stack(corners: np.ndarray, levels: Sequence[tuple[float, float]], place: tuple[float, float] = (0, 0)) -> Solid:
    """Return an outline of shape (N, 2) lofted through levels (height, scale), about a place."""
    return loft([[(*(corner * scale + place), height) for corner in corners] for height, scale in levels])


def cuboid(low: ArrayLike, high: ArrayLike) -> Solid:
    """Return a box between two corners."""
    (x, y, z), (u, v, w) = low, high
    return loft([[(x, y, h), (u, y, h), (u, v, h), (x, v, h)] for h in (z, w)])


def board(middle: tuple[float, float], size: tuple[float, float], low: float, high: float) -> Solid:
    """Return a box about a place on the floor plan, between two heights."""
    (x, y), (w, d) = middle, np.divide(size, 2)
    return cuboid((x - w, y - d, low), (x + w, y + d, high))


def cushion(middle: ArrayLike, size: ArrayLike, softness: float = 0.25, power: float = 6) -> Solid:
    """Return a box with round edges about its middle; `softness` is how much of its height the edges take."""
    (x, y, z), (w, d, h) = middle, size
    inset = 1 - min(softness * h / min(w, d), 0.3)
    half, edge = h / 2, softness * h / 2
    levels = [(z - half, inset), (z - half + edge, 1), (z + half - edge, 1), (z + half, inset)]
    return stack(outline(w, d, power), levels, (x, y))


def sweep(path: ArrayLike, profile: ArrayLike, side: ArrayLike | None = None, closed: bool = False) -> Solid:
    """Return a profile carried along a path.

    Parameters
    ----------
    path : array_like, shape (P, 3)
        Points, no two in a row equal; the path must not turn back.
    profile : array_like, shape (N, 2) or (P, N, 2)
        The cross-section, the same everywhere or one for each point: across and up.
    side : array_like, shape (3,), optional
        The direction across the path, never along it. By default it is carried along, from the x axis.
    closed : bool, default False
        Whether the path's end is joined to its start; needs `side`.
    """
    path = np.asarray(path, np.float64)
    profile = np.broadcast_to(profile, (len(path), *np.shape(profile)[-2:]))
    steps = np.diff(path, axis=0, append=path[:1])
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    if closed:
        tangents = steps + np.roll(steps, 1, axis=0)
    else:
        tangents = np.concatenate([steps[:1], steps[:-2] + steps[1:-1], steps[-2:-1]])
    tangents /= np.linalg.norm(tangents, axis=1, keepdims=True)
    across = np.array((1.0, 0, 0) if side is None else side, float)
    rings = []
    for point, tangent, corners in zip(path, tangents, profile, strict=True):
        if abs(across @ tangent) > 0.95 * np.linalg.norm(across):
            across = np.array([0.0, 1, 0]) if abs(tangent[1]) < 0.9 else np.array([0.0, 0, 1])
        u = across - (across @ tangent) * tangent
        u /= np.linalg.norm(u)
        rings.append(point + corners[:, :1] * u + corners[:, 1:] * cross(tangent, u))
        across = u if side is None else across
    return loft(rings, closed)


def bar(path: ArrayLike, radius: ArrayLike, sides: int = SIDES) -> Solid:
    """Return a bar along a path, round or, with four sides, square; `radius` is half its width, one or one a point."""
    start = np.pi / 4 if sides == 4 else 0
    angle = start + 2 * np.pi * np.arange(sides) / sides
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1) / (np.cos(np.pi / 4) if sides == 4 else 1)
    return sweep(path, np.broadcast_to(radius, len(path))[:, None, None] * unit)


def placed(shell: Solid, place: ArrayLike = (0, 0, 0), turn: float = 0, tilt: float = 0) -> Solid:
    """Return a shell after a tilt (about x, the top backwards), a turn (about z), both in radians, and a shift."""
    c, s, k, t = np.cos(turn), np.sin(turn), np.cos(tilt), np.sin(tilt)
    pose = np.eye(4)
    pose[:3, :3] = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]]) @ np.array([[1, 0, 0], [0, k, t], [0, -t, k]])
    pose[:3, 3] = place
    return shell.moved(pose)


def mirrored(shell: Solid) -> Solid:
    """Return the shell on the other side of the plane x = 0."""
    return Solid(shell.vertices * (-1, 1, 1), shell.faces[:, ::-1])


def both(shell: Solid) -> tuple[Solid, Solid]:
    """Return a shell and its mirror image across x = 0."""
    return shell, mirrored(shell)


def arc(width: float, bulge: float, count: int = 9) -> np.ndarray:
    """Return points (x, y) from -width / 2 to width / 2 on a parabola whose middle lies `bulge` behind its ends."""
    x = np.linspace(-0.5, 0.5, count)
    return np.stack([x * width, bulge * (1 - 4 * x**2)], axis=1)
