"""A part with fine structure: something like a graphics card."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.synthesis.scenes.shapes import blocks, revolve
from pcfilter_lib.synthesis.scenes.solid import Solid

# The pieces of a board; each chip, connector and capacitor on it is a further piece.
PLATE, PANEL, CONTACTS, HEAT_SINK = range(4)


def make_board(g: np.random.Generator) -> Solid:
    """Return a plate with a slotted panel at one end, contacts, a heat sink, chips, connectors and capacitors."""
    width, thick = g.uniform(0.36, 0.55), g.uniform(0.01, 0.016)
    count = int(g.integers(12, 24))
    start, end = g.uniform(0.2, 0.42), g.uniform(0.68, 0.9)
    pitch = (end - start) / count
    fin = pitch * g.uniform(0.2, 0.4)
    fins = (start + pitch * np.arange(count)[:, None] + [0, fin]).ravel()  # thin cells are fins, wide ones gaps
    before, after = np.sort(g.uniform(0.02, start - 0.01, 9)), np.sort(g.uniform(end + 0.01, 0.99, 5))
    xs = _apart([-0.012, 0, *before, *fins, *after, 1])
    ys = _apart([-0.035, 0, *g.uniform(0.01, width - 0.01, 16), width])
    panel, tall = g.uniform(0.02, 0.08), g.uniform(0.16, 0.3)
    base, top = g.uniform(0.02, 0.04), g.uniform(0.1, 0.9) * (tall - 0.08) + 0.05
    levels = thick + np.array([0, 0.008, 0.02, base, 0.06, top])
    zs = _apart([-panel, 0, *levels, tall, tall + 0.02])
    nx, ny, nz = len(xs) - 1, len(ys) - 1, len(zs) - 1

    def at(planes, value):
        return int(np.argmin(np.abs(planes - value)))

    floor, ground = at(zs, 0), at(zs, thick)
    cells = np.full((nx, ny, nz), -1)
    cells[1:, 1:, floor:ground] = PLATE
    contacts = at(xs, g.uniform(0.1, 0.2)), at(xs, g.uniform(0.5, 0.7))
    cells[contacts[0] : contacts[1], 0, floor:ground] = CONTACTS
    cells[0, :, :] = PANEL
    for low in range(2, ny - 1, 2):  # slots
        if g.random() < 0.7:
            cells[0, low, ground + 1 : nz - 1] = -1
    first, last = at(xs, fins[0]), at(xs, fins[-1])
    side = np.sort(g.choice(np.arange(1, ny), 2, replace=False))
    side = (min(side[0], ny // 3), max(side[1], 2 * ny // 3))
    cells[first:last, side[0] : side[1], ground : at(zs, thick + base)] = HEAT_SINK
    thin = np.isin(np.arange(nx), np.searchsorted(xs, fins[::2] + fin / 2) - 1)
    cells[np.ix_(thin, np.arange(side[0], side[1]), np.arange(ground, at(zs, thick + top)))] = HEAT_SINK

    def is_free(x, y):
        return (cells[x[0] : x[1], y[0] : y[1], ground] < 0).all()

    piece = HEAT_SINK + 1
    for _ in range(int(g.integers(15, 40))):  # chips, and connectors at the panel
        at_panel = g.random() < 0.15
        x0 = 1 if at_panel else int(g.integers(1, nx - 1))
        y0, size = int(g.integers(1, ny - 1)), g.integers(1, 4, 2)
        x, y = (x0, min(x0 + size[0], nx)), (y0, min(y0 + size[1], ny))
        if is_free(x, y):
            height = at(zs, thick + 0.06) if at_panel else ground + int(g.integers(1, 4))
            cells[x[0] : x[1], y[0] : y[1], ground:height] = piece
            piece += 1
    shells = [blocks(xs, ys, zs, cells >= 0, np.maximum(cells, 0), "board")]
    for _ in range(int(g.integers(0, 14))):  # capacitors, a hair above the plate: shells of their own
        x, y = int(g.integers(2, nx)), int(g.integers(1, ny))
        radius = 0.4 * min(xs[x + 1] - xs[x] if x < nx else 0, ys[y + 1] - ys[y] if y < ny else 0)
        if x < nx and y < ny and radius > 0.004 and is_free((x, x + 1), (y, y + 1)):
            low, high = thick + 2e-4, thick + g.uniform(1, 4) * radius
            can = revolve([(0, low), (radius, low), (radius, high), (0, high)], 12)
            place = (xs[x] + xs[x + 1]) / 2, (ys[y] + ys[y + 1]) / 2, 0
            shells.append(Solid(can.vertices + place, can.faces, np.full(len(can.faces), piece), "board"))
            cells[x, y, ground] = piece
            piece += 1
    return _joined(shells, "board")


def _apart(planes: Sequence[float]) -> np.ndarray:
    """Return sorted planes without those that are nearly the same as the one before."""
    planes = np.sort(planes)
    return planes[np.concatenate([[True], np.diff(planes) > 1e-4])]


def _joined(solids: Sequence[Solid], kind: str) -> Solid:
    """Return solids that do not touch each other as one; their pieces keep their numbers."""
    starts = np.cumsum([0] + [len(solid.vertices) for solid in solids[:-1]])
    faces = np.concatenate([solid.faces + start for solid, start in zip(solids, starts, strict=True)])
    vertices, pieces = (np.concatenate([getattr(solid, name) for solid in solids]) for name in ("vertices", "pieces"))
    return Solid(vertices, faces, pieces, kind)
