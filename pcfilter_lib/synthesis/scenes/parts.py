"""The catalogue of parts: random proportions of the things that lie in bins.

Each part is a closed solid whose largest extent is 1; whoever places it scales it. Its pieces are numbered, for
segmentation.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.data import load_mesh
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes
from pcfilter_lib.synthesis.scenes.board import make_board
from pcfilter_lib.synthesis.scenes.shapes import boxes, revolve, volume_and_centroid
from pcfilter_lib.synthesis.scenes.solid import Solid

MESH_SUFFIXES = (".off", ".ply", ".stl", ".obj")


def make_part(kind: str, generator: np.random.Generator) -> Solid:
    """Return a part of a kind, with random proportions.

    Parameters
    ----------
    kind : str
        One of :data:`KINDS`.
    generator : numpy.random.Generator
        Where the proportions come from.

    Returns
    -------
    Solid
        Largest extent 1, the centre of its bounding box at the origin.

    Raises
    ------
    InputError
        If there is no such kind.
    """
    return _of_size_one(_MAKERS[one_of("make_part", "kind", kind, KINDS)](generator))


def folder_parts(folder: str | os.PathLike) -> list[Solid]:
    """Return the meshes in a folder as parts.

    Parameters
    ----------
    folder : str or os.PathLike
        The folder; files that end in .off, .ply, .stl or .obj are read, others are not looked at.

    Returns
    -------
    list of Solid
        Sorted by file name. Largest extent 1, the centre of its bounding box at the origin; faces of a mesh that is
        inside out are turned. The solids of files that have not changed since the last call are kept.

    Raises
    ------
    InputError
        If there is no such folder or no mesh in it, or a mesh is broken, has no faces or no size.
    """
    return [_file_part(os.fspath(path), path.stat().st_mtime_ns, path.stat().st_size) for path in _mesh_files(folder)]


def folder_fingerprint(folder: str | os.PathLike) -> str:
    """Return a short text that changes when a mesh in the folder does; errors are those of :func:`folder_parts`."""
    digest = hashlib.sha256()
    for path in _mesh_files(folder):
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(read_bytes(path)).digest())
    return digest.hexdigest()[:16]


def _mesh_files(folder: str | os.PathLike) -> list[Path]:
    try:
        files = sorted(path for path in Path(folder).iterdir() if path.suffix.lower() in MESH_SUFFIXES)
    except OSError as error:
        problem = f"it cannot be opened as a folder ({error.strerror})"
        raise InputError(folder, "", problem, "check the option mesh_folder") from None
    if not files:
        problem = f"it holds no mesh ({', '.join(MESH_SUFFIXES)})"
        raise InputError(folder, "", problem, "put one there, or change the option mesh_folder")
    return files


@lru_cache(maxsize=256)
def _file_part(path: str, changed: int, size: int) -> Solid:
    remedy = "mend the file, or take it out of the folder that the option mesh_folder names"
    try:
        mesh = load_mesh(path)
    except InputError as error:
        raise InputError(path, error.place, error.problem, remedy) from None
    solid = Solid(mesh.vertices, mesh.faces, kind=Path(path).name)
    if not 0 < solid.extent.max() < np.inf:
        raise InputError(path, "", "all its vertices are at one place", remedy)
    solid = _of_size_one(solid)
    if volume_and_centroid(solid)[0] < 0:
        solid = Solid(solid.vertices, solid.faces[:, ::-1], kind=solid.kind)
    return solid


def _of_size_one(solid: Solid) -> Solid:
    low, high = solid.vertices.min(axis=0), solid.vertices.max(axis=0)
    return Solid((solid.vertices - (low + high) / 2) / (high - low).max(), solid.faces, solid.pieces, solid.kind)


def _round(radius: float) -> int:
    """Return how many corners make a circle of that radius round: chords stay within 0.2 % of the part's size."""
    return int(np.clip(np.ceil(np.pi / np.arccos(1 - 0.002 / max(radius, 0.01))), 16, 48))


def _log_uniform(g: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(g.uniform(np.log(low), np.log(high))))


def _box(g: np.random.Generator) -> Solid:
    size = (1, g.uniform(0.3, 1), _log_uniform(g, 0.08, 0.9))
    return boxes([(0, (0, 0, 0), size)], "box")


def _cylinder(g: np.random.Generator) -> Solid:
    radius, height = 0.5, _log_uniform(g, 0.1, 6)
    return revolve(
        [(0, 0), (radius, 0), (radius, height), (0, height)], _round(radius / max(1, height)), kind="cylinder"
    )


def _sphere(g: np.random.Generator) -> Solid:
    angle = np.linspace(-np.pi / 2, np.pi / 2, 21)
    radius = np.where(np.abs(angle) < 1.57, np.cos(angle), 0) / 2
    return revolve(np.stack([radius, np.sin(angle) / 2], axis=1), 40, kind="sphere")


def _cone(g: np.random.Generator) -> Solid:
    base, height = 0.5, g.uniform(0.4, 1.6)
    top = base * g.uniform(0.2, 0.7) * (g.random() < 0.6)  # most are cut off
    return revolve([(0, 0), (base, 0)] + ([(top, height)] if top else []) + [(0, height)], 40, kind="cone")


def _ring(g: np.random.Generator) -> Solid:
    if g.random() < 0.35:  # a torus
        thick = g.uniform(0.06, 0.16)
        angle = 2 * np.pi * np.arange(16) / 16
        profile = np.stack([0.5 - thick + thick * np.cos(angle), thick * np.sin(angle)], axis=1)
        return revolve(profile, 40, kind="ring")
    inner, height = 0.5 * g.uniform(0.4, 0.88), _log_uniform(g, 0.1, 2.5)
    return revolve([(inner, 0), (0.5, 0), (0.5, height), (inner, height)], 40, kind="ring")


def _cup(g: np.random.Generator) -> Solid:
    height, wall = g.uniform(0.5, 1.5), g.uniform(0.03, 0.08)
    foot = 0.5 * g.uniform(0.65, 1)
    profile = [(0, 0), (foot, 0), (0.5, height), (0.5 - wall, height), (foot - wall, wall), (0, wall)]
    return revolve(profile, 40, pieces=[0, 0, 0, 1, 1, 1], kind="cup")


def _nut(g: np.random.Generator) -> Solid:
    """Return a nut: a hexagon outside, a round hole inside, the corners bevelled."""
    hole, height, bevel = 0.5 * g.uniform(0.4, 0.62), g.uniform(0.3, 0.6), g.uniform(0.03, 0.07)
    low, high = bevel, height - bevel
    inner, outer = [(hole, height), (hole, 0)], [(0.44, 0), (0.5, low), (0.5, high), (0.44, height)]
    solid = revolve(inner + outer, 36, kind="nut")
    # Every sixth vertex of the outer circles is a corner; those between move in, to the flat sides.
    angle = np.mod(np.arctan2(solid.vertices[:, 1], solid.vertices[:, 0]), np.pi / 3)
    flat = np.cos(np.pi / 6) / np.cos(angle - np.pi / 6)
    radius = np.hypot(solid.vertices[:, 0], solid.vertices[:, 1])
    factor = np.where(radius > 0.4, flat, 1)
    return Solid(solid.vertices * np.stack([factor, factor, np.ones_like(factor)], 1), solid.faces, kind="nut")


def _shaft(g: np.random.Generator) -> Solid:
    steps = int(g.integers(2, 6))
    ends = np.concatenate([[0], np.cumsum(g.uniform(0.4, 1.6, steps))])
    radii = ends[-1] * g.uniform(0.04, 0.2, steps)
    profile, pieces = [(0, 0)], [0]
    for step in range(steps):
        profile += [(radii[step], ends[step]), (radii[step], ends[step + 1])]
        pieces += [step, min(step + 1, steps - 1)]  # the shoulder belongs to the next step
    return revolve(profile + [(0, ends[-1])], 32, pieces=pieces + [steps - 1], kind="shaft")


def _bracket(g: np.random.Generator) -> Solid:
    """Return two legs, 0 and 1, most with a window, and often a rib between them, 2."""
    width, leg, thick = g.uniform(0.3, 0.9), g.uniform(0.4, 1), g.uniform(0.04, 0.12)
    rows = [(0, (0, 0, 0), (1, width, thick)), (1, (0, 0, thick), (thick, width, leg))]
    if g.random() < 0.6:
        middle, half, reach = width / 2, g.uniform(0.02, 0.05), g.uniform(0.25, 0.8) * min(leg, 1)
        steps = np.linspace(thick, reach, 7)
        for start, end, top in zip(steps[:-1], steps[1:], steps[:0:-1], strict=True):
            if top > thick:
                rows.append((2, (start, middle - half, thick), (end, middle + half, top)))
    for low, high, upright in ((0.3, 0.9, False), (0.3, 0.9, True)):
        if g.random() < 0.75:
            across = width * (0.5 + g.uniform(0.12, 0.3) * np.array([-1, 1]))
            ends = np.sort(g.uniform(low, high, 2)) * (leg if upright else 1)
            ends[1] = min(max(ends[1], ends[0] + 0.1), (leg if upright else 1) - 0.03)
            ends[0] = max(min(ends[0], ends[1] - 0.05), thick + 0.01)
            if upright:
                rows.append((None, (0, across[0], ends[0]), (thick, across[1], ends[1])))
            else:
                rows.append((None, (ends[0], across[0], 0), (ends[1], across[1], thick)))
    return boxes(rows, "bracket")


def _channel(g: np.random.Generator) -> Solid:
    """Return a web, 0, between two flanges, 1 and 2."""
    width, thick = g.uniform(0.2, 0.6), g.uniform(0.02, 0.07)
    left, right = g.uniform(0.15, 0.6, 2)
    web, end = (0, (0, 0, 0), (1, width, thick)), width - thick
    return boxes([web, (1, (0, 0, thick), (1, thick, left)), (2, (0, end, thick), (1, width, right))], "channel")


def _stairs(g: np.random.Generator) -> Solid:
    steps, width, rise = int(g.integers(3, 7)), g.uniform(0.25, 0.9), g.uniform(0.5, 1)
    return boxes([(s, (s / steps, 0, 0), (1, width, (s + 1) / steps * rise)) for s in range(steps)], "stairs")


def _tray(g: np.random.Generator) -> Solid:
    """Return a floor, 0, four walls, 1 to 4, and sometimes dividers, 5 and 6."""
    width, height, wall = g.uniform(0.4, 1), g.uniform(0.15, 0.5), g.uniform(0.02, 0.06)
    rows = [(0, (0, 0, 0), (1, width, wall))]
    rows += [(1, (0, 0, wall), (1, wall, height)), (2, (0, width - wall, wall), (1, width, height))]
    rows += [(3, (0, wall, wall), (wall, width - wall, height)), (4, (1 - wall, wall, wall), (1, width - wall, height))]
    for divider in range(int(g.integers(0, 3))):
        start = (divider + g.uniform(0.35, 0.65)) / 2
        top = height * g.uniform(0.5, 1)
        rows.append((5 + divider, (start, wall, wall), (start + wall / 2, width - wall, top)))
    return boxes(rows, "tray")


def _fins(g: np.random.Generator) -> Solid:
    """Return a plate, 0, and fins, from 1."""
    count, width = int(g.integers(6, 15)), g.uniform(0.4, 1)
    plate, height = g.uniform(0.04, 0.1), g.uniform(0.15, 0.5)
    thick = g.uniform(0.15, 0.45) / count
    rows = [(0, (0, 0, 0), (1, width, plate))]
    for fin in range(count):
        start = fin * (1 - thick) / (count - 1)
        rows.append((1 + fin, (start, 0, plate), (start + thick, width, height)))
    return boxes(rows, "fins")


def _grille(g: np.random.Generator) -> Solid:
    """Return a frame, 0, with rows of slots, and sometimes a rim around it, 1."""
    width, thick, edge = g.uniform(0.4, 1), g.uniform(0.03, 0.1), g.uniform(0.05, 0.1)
    columns, rows = int(g.integers(4, 15)), int(g.integers(1, 5))
    solid = [(0, (0, 0, 0), (1, width, thick))]
    pitch = np.array([(1 - 2 * edge) / columns, (width - 2 * edge) / rows])
    bar = np.minimum(pitch * g.uniform(0.25, 0.6, 2), 0.08)
    for column in range(columns):
        for row in range(rows):
            start = edge + pitch * (column, row) + bar / 2
            solid.append((None, (*start, 0), (*(start + pitch - bar), thick)))
    if g.random() < 0.5:
        rim, height = edge / 2, thick + g.uniform(0.05, 0.25)
        outer, inner = ((0, 0, thick), (1, width, height)), ((rim, rim, thick), (1 - rim, width - rim, height))
        solid += [(1, *outer), (None, *inner)]
    return boxes(solid, "grille")


_MAKERS = {
    "box": _box,
    "cylinder": _cylinder,
    "sphere": _sphere,
    "cone": _cone,
    "ring": _ring,
    "cup": _cup,
    "nut": _nut,
    "shaft": _shaft,
    "bracket": _bracket,
    "channel": _channel,
    "stairs": _stairs,
    "tray": _tray,
    "fins": _fins,
    "grille": _grille,
    "board": make_board,
}
KINDS: tuple[str, ...] = tuple(_MAKERS)
