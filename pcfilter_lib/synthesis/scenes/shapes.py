"""Closed solids: unions of boxes, and profiles turned about an axis."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scenes.solid import Solid


def blocks(
    xs: ArrayLike,
    ys: ArrayLike,
    zs: ArrayLike,
    filled: ArrayLike,
    pieces: ArrayLike | None = None,
    kind: str = "blocks",
) -> Solid:
    """Return a union of boxes, given as the filled cells between coordinate planes.

    Only faces between a filled and an empty cell become triangles. So nothing is hidden inside: the distance to the
    surface, and whether a point is in the solid, are right.

    Parameters
    ----------
    xs, ys, zs : array_like, shape (X + 1,), (Y + 1,), (Z + 1,)
        The planes along each axis in metres, strictly increasing. They need not be evenly spaced.
    filled : array_like of bool, shape (X, Y, Z)
        Which cells between the planes are solid.
    pieces : array_like of int, shape (X, Y, Z), optional
        The piece of each cell, from 0; a face belongs to the piece of its filled cell. By default all to piece 0.
    kind : str, default "blocks"
        The name of what it is.

    Returns
    -------
    Solid
        Closed: each edge belongs to two faces, or to four where cells touch along that edge only.

    Raises
    ------
    InputError
        If planes do not increase, a shape does not fit, or no cell is filled.
    """
    planes = [np.asarray(plane, np.float64) for plane in (xs, ys, zs)]
    for name, plane in zip(("xs", "ys", "zs"), planes, strict=True):
        if plane.ndim != 1 or len(plane) < 2 or not (np.diff(plane) > 0).all():
            raise InputError(kind, name, "the planes do not increase", "give two or more different numbers in order")
    filled = np.asarray(filled, bool)
    pieces = np.zeros(filled.shape, np.int64) if pieces is None else np.asarray(pieces, np.int64)
    cells = tuple(len(plane) - 1 for plane in planes)
    for name, array in (("filled", filled), ("pieces", pieces)):
        if array.shape != cells:
            raise InputError(kind, name, f"its shape is {array.shape}, the planes make {cells} cells", "make them fit")
    if not filled.any():
        raise InputError(kind, "filled", "no cell is filled", "fill at least one")

    padded = np.pad(filled, 1)
    quads, owners = [], []
    for axis in range(3):
        for side in (0, 1):
            window = [slice(1, -1)] * 3
            window[axis] = slice(2, None) if side else slice(None, -2)
            cell = np.argwhere(filled & ~padded[tuple(window)])
            step_u, step_v = np.roll(np.eye(3, dtype=int), axis + 1, axis=1)[:2]  # u, v and the axis: right-handed
            first = cell + side * np.eye(3, dtype=int)[axis]
            quad = np.stack([first, first + step_u, first + step_u + step_v, first + step_v], axis=1)
            quads.append(quad if side else quad[:, ::-1])
            owners.append(pieces[tuple(cell.T)])
    quads = np.concatenate(quads)
    corners = np.ravel_multi_index(tuple(np.moveaxis(quads, -1, 0)), tuple(n + 1 for n in cells))
    used, corners = np.unique(corners, return_inverse=True)
    corners = corners.reshape(-1, 4)
    places = np.unravel_index(used, tuple(n + 1 for n in cells))
    vertices = np.stack([plane[place] for plane, place in zip(planes, places, strict=True)], axis=1)
    faces = corners[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3)
    return Solid(vertices, faces, np.repeat(np.concatenate(owners), 2), kind)


def boxes(rows: Sequence[tuple[int | None, ArrayLike, ArrayLike]], kind: str = "blocks") -> Solid:
    """Return a union of boxes, given by their corners.

    Parameters
    ----------
    rows : sequence of (piece, low, high)
        The piece's number, and the corners with the smallest and the largest coordinates, shape (3,), in metres. A
        later box takes the place of an earlier one where they overlap; the piece None cuts away.
    kind : str, default "blocks"
        The name of what it is.

    Returns
    -------
    Solid
        As from :func:`blocks`.

    Raises
    ------
    InputError
        As for :func:`blocks`.
    """
    # To nanometres, so that planes which differ by rounding alone make no slivers.
    ends = np.round(np.array([[low, high] for _, low, high in rows], np.float64), 9)
    planes = [np.unique(ends[..., axis]) for axis in range(3)]
    pieces = np.full([max(len(plane) - 1, 0) for plane in planes], -1)
    for (piece, _, _), corners in zip(rows, ends, strict=True):
        first, last = (tuple(np.searchsorted(planes[axis], corner[axis]) for axis in range(3)) for corner in corners)
        pieces[tuple(map(slice, first, last))] = -1 if piece is None else piece
    return blocks(*planes, pieces >= 0, np.maximum(pieces, 0), kind)


def revolve(profile: ArrayLike, segments: int, pieces: ArrayLike | None = None, kind: str = "revolved") -> Solid:
    """Return a closed profile turned about the z axis.

    The result is a polygon of `segments` corners at each height, not a circle: its volume is the one of Pappus's
    theorem times ``segments / (2 pi) sin(2 pi / segments)``.

    Parameters
    ----------
    profile : array_like, shape (P, 2)
        Corners (radius, height) of a simple polygon in metres, in either sense; the last is joined to the first.
        Points of radius 0 lie on the axis.
    segments : int
        How many corners each circle gets, 3 or more.
    pieces : array_like of int, shape (P,), optional
        The piece that the face from each corner of the profile to the next one belongs to. By default all to piece 0.
    kind : str, default "revolved"
        The name of what it is.

    Returns
    -------
    Solid
        Closed, without triangles that have no area.

    Raises
    ------
    InputError
        If the profile has fewer than three corners, a negative radius, equal neighbours or no area.
    """
    segments = whole_number(kind, "segments", segments, at_least=3)
    profile = np.asarray(profile, np.float64)
    if profile.ndim != 2 or profile.shape[1] != 2 or len(profile) < 3 or not np.isfinite(profile).all():
        raise InputError(kind, "profile", f"its shape is {profile.shape}", "give three or more pairs (radius, height)")
    radius, height = profile.T
    next_radius, next_height = np.roll(profile, -1, axis=0).T
    if radius.min() < 0:
        raise InputError(kind, "profile", "a radius is negative", "keep the profile on one side of the axis")
    if ((radius == next_radius) & (height == next_height)).any():
        raise InputError(kind, "profile", "two corners in a row are equal", "leave one out")
    area = (radius * next_height - next_radius * height).sum() / 2
    if area == 0:
        raise InputError(kind, "profile", "it has no area", "give the corners in order around it")
    pieces = np.zeros(len(profile), np.int64) if pieces is None else np.asarray(pieces, np.int64)
    if pieces.shape != (len(profile),):
        raise InputError(kind, "pieces", f"their shape is {pieces.shape}", "give one for each corner of the profile")

    # Each corner becomes a circle of vertices, or one vertex on the axis.
    angle = 2 * np.pi * np.arange(segments) / segments
    counts = np.where(radius > 0, segments, 1)
    starts = np.cumsum(counts) - counts
    turn = np.arange(counts.sum()) - np.repeat(starts, counts)
    vertices = np.stack([np.cos(angle)[turn], np.sin(angle)[turn], np.ones(len(turn))], axis=1)
    vertices *= np.stack([radius, radius, height], axis=1).repeat(counts, axis=0)

    here, there = np.arange(segments), (np.arange(segments) + 1) % segments
    faces, owners = [], []
    for corner in range(len(profile)):
        after = (corner + 1) % len(profile)
        a, b = (starts[corner] + (place if counts[corner] > 1 else 0 * place) for place in (here, there))
        d, c = (starts[after] + (place if counts[after] > 1 else 0 * place) for place in (here, there))
        rings = ([np.stack([a, b, c], 1)] if counts[corner] > 1 else []) + (
            [np.stack([a, c, d], 1)] if counts[after] > 1 else []
        )
        for ring in rings:
            faces.append(ring if area > 0 else ring[:, ::-1])
            owners.append(np.full(segments, pieces[corner]))
    return Solid(vertices, np.concatenate(faces), np.concatenate(owners), kind)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the cross product of vectors of shape (3,) or (N, 3): as `numpy.cross`, many times as fast for few."""
    (u, v, w), (x, y, z) = a.T, b.T
    return np.stack([v * z - w * y, w * x - u * z, u * y - v * x], axis=-1)


def volume_and_centroid(solid: Solid) -> tuple[float, np.ndarray]:
    """Return the volume of a closed solid in cubic metres, and its centre of mass, shape (3,).

    Both are sums over the tetrahedra between the faces and the middle of the vertices. The volume is negative if the
    faces look inwards.
    """
    middle = solid.vertices.mean(axis=0)
    a, b, c = (solid.vertices[column] - middle for column in solid.faces.T)
    sixfold = np.einsum("ij,ij->i", a, cross(b, c))
    volume = float(sixfold.sum() / 6)
    if volume == 0:  # an open sheet has no inside
        return 0.0, middle
    return volume, middle + (sixfold[:, None] * (a + b + c)).sum(axis=0) / (24 * volume)
