"""Makers of bathtubs and toilets. The frame is that of :mod:`_furniture_shapes`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.furniture.legs import legs
from pcfilter_lib.synthesis.furniture.shapes import (
    CORNERS,
    SIDES,
    Assembly,
    bar,
    board,
    both,
    chance,
    cuboid,
    loft,
    outline,
    pick,
    placed,
    quantiles,
    stack,
)
from pcfilter_lib.synthesis.scenes.shapes import revolve

PIECES = {
    "bathtub": ("tub", "casing", "foot", "tap"),
    "toilet": ("bowl", "seat", "lid", "tank", "foot", "button"),
}


def make_bathtub(g: np.random.Generator) -> Assembly:
    """Return a bathtub: free-standing on feet, a plinth or the floor, cased in, or bare under its rim."""
    made = Assembly("bathtub", PIECES["bathtub"])
    length = quantiles(g, 1.45, 1.7, 1.95)
    width, height = length * quantiles(g, 0.42, 0.5, 0.78), length * quantiles(g, 0.23, 0.33, 0.45)
    style = pick(g, {"cased": 0.45, "oval": 0.4, "bare": 0.15})
    deep, power = height * g.uniform(0.5, 0.92), pick(g, {2: 0.35, 3: 0.3, 6: 0.35})
    if style == "oval":
        _free_tub(made, g, length, width, height, power)
    else:
        rim, bottom = quantiles(g, 0.04, 0.08, 0.16), g.uniform(0.6, 0.9)
        outer = pick(g, {np.inf: 0.6, 10: 0.25, 4: 0.15})
        rectangle, bowl = outline(length, width, outer), outline(length - 2 * rim, width - 2 * rim, power)
        floor = height - deep
        inner = [(height, 1.0), (height - 0.15 * deep, 0.97), (floor + 0.2 * deep, bottom), (floor, bottom * 0.8)]
        inside = [[(x * s, y * s, z) for x, y in bowl] for z, s in inner]
        if style == "cased" and chance(g, 0.5):  # one block with the bowl sunk into it
            low = [[(x * s, y * s, z) for x, y in rectangle] for z, s in ((0, g.uniform(0.93, 1)), (height, 1))]
            made.add("tub", loft(low + inside))
        else:
            slab = [[(x, y, z) for x, y in rectangle] for z in (height - 0.03, height)]
            under = [[(x * (s + 0.04), y * (s + 0.04), z - 0.02) for x, y in bowl] for z, s in inner[::-1]]
            made.add("tub", loft(under[:-1] + slab + inside))
            x, y = length / 2 - 0.01, width / 2 - 0.01
            if style == "cased":
                made.add("casing", *both(cuboid((x - 0.02, -y, 0), (x, y, height - 0.02))))
                made.add("casing", *(board((0, v), (2 * x, 0.02), 0, height - 0.02) for v in (-y, y)))
            else:
                made.add("foot", *legs(g, length * 0.7, width * 0.55, floor + 0.02))
    if chance(g, 0.3):
        end, radius = length / 2 - 0.06, 0.015
        path = [(end, height - 0.05), (end, height + 0.15), (end - 0.04, height + 0.2), (end - 0.15, height + 0.19)]
        made.add("tap", bar([(x, 0, z) for x, z in path], radius))
    return made


def _free_tub(made: Assembly, g: np.random.Generator, length: float, width: float, height: float, power: float) -> None:
    """Add a tub that stands free, some of them with a higher end, on feet, a plinth or the floor."""
    wall, bottom = g.uniform(0.02, 0.05), g.uniform(0.6, 0.9)
    stand = pick(g, {"feet": 0.4, "plinth": 0.2, "floor": 0.4})
    low = height * g.uniform(0.1, 0.25) if stand != "floor" else 0.0
    raised = g.uniform(0.1, 0.35) * height * chance(g, 0.35)  # a slipper: one end, or both, higher
    two_ended = chance(g, 0.5)
    shape = outline(length, width, power)
    lip = g.uniform(1.0, 1.05)

    def ring(z, scale):
        share = (z - low) / (height - low)
        lift = raised * share**2 * (2 * np.abs(shape[:, 0]) / length if two_ended else shape[:, 0] / length + 0.5) ** 3
        return np.column_stack([shape * scale, z + lift])

    mid = low + 0.4 * (height - low)
    outside = [(low, bottom * 0.85), (low + 0.08 * height, bottom * 0.97), (mid, (1 + bottom) / 2)]
    outside += [(height - 0.04, 0.98), (height - 0.03, lip), (height, lip)]
    shrink = 1 - 2 * wall / width
    inside = [(height, shrink), (mid, (1 + bottom) / 2 * shrink), (low + 0.12 * height, bottom * 0.9 * shrink)]
    inside += [(low + 0.07 * height, bottom * 0.7)]
    if stand == "feet":
        x, y = 0.3 * length * bottom, 0.36 * width * bottom
        for u, v in ((-x, -y), (x, -y), (x, y), (-x, y)):
            path = [(u * 1.15, v * 1.15, 0), (u * 1.2, v * 1.2, 0.5 * low), (u * 0.9, v * 0.9, low + 0.06)]
            made.add("foot", bar(path, [0.03, 0.02, 0.035]))
    elif stand == "plinth":
        made.add("foot", stack(shape * bottom * g.uniform(0.6, 0.9), [(0, 1), (low + 0.01, 0.95)]))
    made.add("tub", loft([ring(*level) for level in outside + inside]))


def make_toilet(g: np.random.Generator) -> Assembly:
    """Return a toilet: a bowl with its foot, seat and lid; most with a tank, behind or high up, others at a wall."""
    made = Assembly("toilet", PIECES["toilet"])
    shares = {"tank": 0.58, "low tank": 0.1, "block": 0.06, "high tank": 0.03, "wall": 0.03, "none": 0.2}
    style = pick(g, shares)
    width, length, rim = quantiles(g, 0.34, 0.39, 0.46), quantiles(g, 0.42, 0.48, 0.56), quantiles(g, 0.34, 0.39, 0.44)
    egg = outline(width, length, g.uniform(2, 2.5), 12 if chance(g, 0.25) else g.uniform(2.2, 5))
    back, behind = length / 2, g.uniform(0.1, 0.2)  # what carries the tank, or reaches the wall
    hung = style in ("none", "wall") and chance(g, 0.5)
    _bowl(made, g, egg, rim, behind, hung)
    thick, lid_open, lid = g.uniform(0.012, 0.03), chance(g, 0.35), chance(g, 0.85)
    seat = rim + thick
    if lid_open or not lid or chance(g, 0.6):
        levels = (rim, 0.7), (rim, 1.02), (seat, 1.0), (seat, 0.72)
        made.add("seat", loft([[(*corner, z) for corner in egg * scale] for z, scale in levels], closed=True))
    if lid:
        plate = stack(egg * 1.02, [(0, 1), (thick, 1), (thick * 1.6, 0.85)])
        upright = {"place": (0, back + 0.02, seat + length / 2), "tilt": np.pi / 2 + g.uniform(0.05, 0.2)}
        made.add("lid", placed(plate, **(upright if lid_open else {"place": (0, 0, seat + 0.001)})))
    if style.endswith("tank"):
        _tank(made, g, style, width, back, behind, rim)
    elif style == "block":  # one piece with its tank, down to the floor
        size = width * g.uniform(0.95, 1.25), g.uniform(0.16, 0.28)
        made.add("tank", board((0, back + size[1] / 2), size, 0, g.uniform(0.65, 0.95)))
    elif style == "wall":
        made.add("tank", board((0, back + behind), (g.uniform(0.45, 0.7), 0.12), 0, g.uniform(0.9, 1.15)))
    return made


def _bowl(made: Assembly, g: np.random.Generator, egg: np.ndarray, rim: float, behind: float, hung: bool) -> None:
    """Add a bowl on a waisted or a straight foot, or hung at the wall, and what lies behind it."""
    back, width = egg[:, 1].max(), np.ptp(egg[:, 0])
    low, skirted = rim * g.uniform(0.15, 0.35) * hung, chance(g, 0.28)
    foot, waist = g.uniform(0.55, 1.05), g.uniform(0.45, 0.85)
    if skirted:  # straight down to the floor
        foot = waist = g.uniform(0.85, 0.98)
    elif hung or chance(g, 0.25):  # tapered
        foot, waist = g.uniform(0.35, 0.75), g.uniform(0.75, 0.9)
    heights = low + (rim - low) * np.array([0, 0.1, 0.45, 0.8, 1])
    outside = np.array([foot, 0.96 * foot if waist < foot else 0.8 * foot + 0.2 * waist, waist, max(waist, 0.92), 1])
    # Below, the bowl draws back towards the wall.
    drawn = np.minimum(1, 0.45 + 0.6 * outside)
    middles, sizes = back * (1 - drawn), np.stack([outside, drawn], axis=1)
    rings = [
        np.column_stack([egg * size + (0, middle), np.full(CORNERS, z)])
        for z, size, middle in zip(heights, sizes, middles, strict=True)
    ]
    wall = g.uniform(0.76, 0.86)
    inside = [(rim, wall), (0.8 * rim, wall * 0.9), (0.6 * rim, wall * 0.55), (0.55 * rim, wall * 0.3)]
    rings += [np.column_stack([egg * scale, np.full(CORNERS, z)]) for z, scale in inside]
    made.add("bowl", loft(rings))
    across = width * (g.uniform(0.85, 1.0) if skirted or hung else g.uniform(0.4, 0.95))
    start = g.uniform(0.06, 0.16)
    made.add("foot", board((0, back + (behind - start) / 2), (across, behind + start), low, rim - 0.005))


def _tank(
    made: Assembly, g: np.random.Generator, style: str, width: float, back: float, behind: float, rim: float
) -> None:
    """Add a tank with its lid and a button or a lever."""
    wide, deep = width * g.uniform(0.95, 1.4), g.uniform(0.15, 0.22)
    tall = g.uniform(0.05, 0.2) if style == "low tank" else quantiles(g, 0.27, 0.36, 0.48)
    low, y = rim - 0.02, back + max(behind, deep / 2 + 0.02)
    if style == "high tank":
        made.add("tank", bar([(0, y, rim - 0.05), (0, y, low + 0.7)], 0.025))
        low += g.uniform(0.5, 0.68)
    shape, top = outline(wide, deep, pick(g, {4: 0.4, 10: 0.3, np.inf: 0.3}), 12), low + tall
    made.add("tank", stack(shape, [(low, g.uniform(0.8, 1)), (top, 1)], (0, y)))
    made.add("tank", stack(shape, [(top, 1.05), (top + 0.02, 1.05), (top + 0.03, 0.98)], (0, y)))
    if chance(g, 0.5):
        knob = revolve([(0, 0), (0.02, 0), (0.02, 0.012), (0, 0.012)], SIDES)
        made.add("button", placed(knob, (0, y, top + 0.03)))
    elif chance(g, 0.6):
        front, high = y - deep / 2 - 0.02, top - 0.05
        made.add("button", bar([(-0.4 * wide, front, high), (-0.2 * wide, front - 0.01, high)], 0.008))
