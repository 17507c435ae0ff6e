"""What furniture stands on. The frame is that of :mod:`_furniture_shapes`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.furniture.shapes import (
    SIDES,
    bar,
    board,
    chance,
    mirrored,
    pick,
    quantiles,
)
from pcfilter_lib.synthesis.scenes.shapes import revolve
from pcfilter_lib.synthesis.scenes.solid import Solid


def legs(g: np.random.Generator, width: float, depth: float, height: float, inset: float = 0.0) -> list[Solid]:
    """Return four legs under a rectangle: straight, tapered, splayed or turned, square or round."""
    sides, radius = pick(g, {4: 0.6, SIDES: 0.4}), quantiles(g, 0.012, 0.02, 0.035) * (0.6 + 0.8 * height)
    x, y = width / 2 - inset - radius, depth / 2 - inset - radius
    splay = g.uniform(0.05, 0.2) * min(width, depth, height) if chance(g, 0.25) else 0.0
    levels, radii = np.array([0.0, 1.0]), radius * np.array([1 if chance(g, 0.5) else g.uniform(0.4, 0.8), 1])
    if chance(g, 0.15):  # turned on a lathe
        levels = np.array([0, 0.08, 0.14, 0.45, 0.7, 0.78, 1])
        radii = radius * np.array([0.6, 0.9, 0.5, 0.75, 0.95, 0.7, 1.1])
    made = []
    for u, v in ((-x, -y), (x, -y), (x, y), (-x, y)):
        outwards = np.sign((u, v)) * splay
        path = [(*((u, v) + outwards * (1 - level)), level * height) for level in levels]
        made.append(bar(path, radii, sides))
    return made


def frames(g: np.random.Generator, width: float, depth: float, height: float) -> list[Solid]:
    """Return an upright frame at each end of a rectangle, or crossed bars with a bar from one end to the other."""
    radius, x, y = g.uniform(0.012, 0.035), width / 2 - 0.04, depth / 2 - 0.04
    if chance(g, 0.4):
        ends = [bar([(x, -y, 0), (x, y, height)], radius, 4), bar([(x, y, 0), (x, -y, height)], radius, 4)]
        return [*ends, *map(mirrored, ends), bar([(-x, 0, height / 2), (x, 0, height / 2)], radius, 4)]
    ends = [bar([(x, v, 0), (x, v, height)], radius, 4) for v in (-y, y)]
    ends += [bar([(x, -y, z), (x, y, z)], radius, 4) for z in (radius, height - radius)]
    return [*ends, *map(mirrored, ends)]


def trestle(g: np.random.Generator, width: float, depth: float, height: float) -> list[Solid]:
    """Return a post with a foot and a head across at each end, and most often a beam between them."""
    x, thin, beam = width * g.uniform(0.28, 0.47), g.uniform(0.015, 0.045), height * g.uniform(0.25, 0.8)
    y = depth * g.uniform(-0.1, 0.1)
    end = [bar([(x, y, 0.03), (x, y, height)], thin * g.uniform(1, 2), 4)]
    end += [board((x, 0), (2 * thin, depth * 0.88), 0, 1.5 * thin)]
    end += [board((x, 0), (2 * thin, depth * 0.7), height - 1.5 * thin, height)]
    between = [board((0, y), (2 * x, thin), beam, beam + 2.5 * thin)] if chance(g, 0.75) else []
    return [*end, *map(mirrored, end), *between]


def pedestal(g: np.random.Generator, size: float, height: float) -> list[Solid]:
    """Return a column on a disc, on three or four feet, or on a cone, under a top of that size."""
    neck, reach = size * quantiles(g, 0.02, 0.045, 0.13), size * g.uniform(0.25, 0.42)
    style = pick(g, {"disc": 0.4, "feet": 0.4, "cone": 0.2})
    if style == "feet":
        path = [(0, 0, 0.12 * height), (0, 0, 0.5 * height), (0, 0, height)]
        made, rise = [bar(path, neck * np.array([1.3, 0.8, 1.2]))], g.uniform(0.12, 0.35) * height
        count = pick(g, {3: 0.4, 4: 0.6})
        for angle in 2 * np.pi * (np.arange(count) + 0.5) / count:
            out = reach * np.array([np.cos(angle), np.sin(angle)])
            made.append(bar([(0, 0, rise), (*(0.6 * out), 0.6 * rise), (*out, 0.02)], [0.025, 0.022, 0.018], 6))
        return made
    foot = [(0, 0), (reach, 0), (reach, 0.02), (neck, 0.05 + g.uniform(0, 0.15) * height)]
    if style == "cone":
        foot = [(0, 0), (reach * 0.9, 0), (neck, height * g.uniform(0.3, 0.7))]
    top = neck * g.uniform(1, 4)
    return [revolve([*foot, (neck * 0.99, 0.8 * height), (top, height), (0, height)], 24)]
