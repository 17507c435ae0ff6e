"""Makers of beds and monitors. The frame is that of :mod:`_furniture_shapes`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.furniture.legs import legs
from pcfilter_lib.synthesis.furniture.shapes import (
    SIDES,
    Assembly,
    arc,
    bar,
    board,
    both,
    chance,
    cuboid,
    cushion,
    loft,
    outline,
    pick,
    placed,
    quantiles,
    stack,
    sweep,
)
from pcfilter_lib.synthesis.scenes.shapes import revolve

PIECES = {
    "bed": ("mattress", "frame", "headboard", "footboard", "leg", "pillow", "blanket", "canopy", "ladder"),
    "monitor": ("screen", "housing", "neck", "foot"),
}


def make_bed(g: np.random.Generator) -> Assembly:
    """Return a bed: boxed or on legs, with boards at its ends, pillows, a blanket; some have a canopy or are bunks."""
    made = Assembly("bed", PIECES["bed"])
    width, length = quantiles(g, 0.95, 1.55, 2.0), quantiles(g, 1.9, 2.05, 2.2)
    top = quantiles(g, 0.38, 0.52, 0.68)
    thick = g.uniform(0.14, 0.3)
    style = pick(g, {"box": 0.5, "legs": 0.38, "canopy": 0.06, "bunk": 0.06})
    low, x, y = top - thick, width / 2, length / 2
    made.add(
        "mattress", cushion((0, 0, top - thick / 2), (width - 0.02, length - 0.02, thick), g.uniform(0.1, 0.5), 16)
    )
    rail, foot = g.uniform(0, 0.06), 0.0 if style == "box" and chance(g, 0.6) else low * g.uniform(0.3, 0.8)
    over = g.uniform(0, 0.5) * thick  # how far the frame stands up around the mattress
    if chance(g, 0.6):
        made.add("frame", cuboid((-x - rail, -y - rail, foot), (x + rail, y, low)))
    if over > 0.02:
        made.add("frame", *both(cuboid((x, -y - rail, foot), (x + rail + 0.02, y, low + over))))
    else:
        made.add("frame", board((0, 0), (width + 2 * rail, length), max(low - 0.1, foot), low + 0.001))
    if foot:
        made.add("leg", *legs(g, width + 2 * rail, length, max(low, foot), 0.01))
    head = top + quantiles(g, 0.16, 0.38, 0.65)
    if chance(g, 0.9):
        _end_board(made, g, "headboard", width + 2 * rail, y, head, low)
    if chance(g, 0.32):
        _end_board(made, g, "footboard", width + 2 * rail, -y - rail - 0.03, top + g.uniform(-0.1, 0.35), low)
    if chance(g, 0.55):
        count = 1 if width < 1.25 else 2
        for each in range(count):
            place = (width * ((each + 0.5) / count - 0.5), y - 0.28, top + 0.06)
            made.add(
                "pillow",
                placed(
                    cushion((0, 0, 0), (0.42 * width if count == 2 else 0.65 * width, 0.4, 0.14), 0.8, 4),
                    place,
                    tilt=-g.uniform(0, 0.4),
                ),
            )
    if chance(g, 0.4):
        start, drop = y - g.uniform(0.5, 1.0), g.uniform(0.05, top * 0.9)
        made.add(
            "blanket",
            cushion((0, (start - y) / 2, top + 0.02 - drop / 2), (width + 0.06, start + y + 0.06, drop), 0.15, 16),
        )
    if chance(g, 0.07) and style in ("box", "legs"):  # shelves beside the head belong to some
        wide = g.uniform(0.35, 0.55)
        made.add("headboard", *both(board((x + rail + wide / 2, y - 0.2), (wide, 0.4), 0, top * g.uniform(0.7, 1.1))))
    if style == "canopy":
        _canopy(made, g, x + rail, y, quantiles(g, 1.5, 1.9, 2.2))
    elif style == "bunk":
        _bunk(made, g, x + rail, y, top, thick)
    return made


def _end_board(
    made: Assembly, g: np.random.Generator, piece: str, width: float, y: float, high: float, low: float
) -> None:
    """Add a head- or footboard: a panel, a curved or padded one, posts with slats or spindles."""
    wide, thick = width * (g.uniform(1, 1.15) if chance(g, 0.3) else 1), quantiles(g, 0.025, 0.05, 0.12)
    style = pick(g, {"panel": 0.42, "arched": 0.2, "bowed": 0.12, "slats": 0.13, "spindles": 0.13})
    floor = 0.0 if chance(g, 0.6) else low
    if style == "panel":
        made.add(piece, board((0, y + thick / 2), (wide, thick), floor, high))
    elif style == "arched":  # the upper edge is an arc
        lift, x = g.uniform(0.1, 0.5) * (high - low), np.linspace(-0.5, 0.5, 13)
        edge = high - lift + lift * (np.cos(np.pi * x) if chance(g, 0.7) else 1 - (2 * x) ** 4)
        rings = [
            [(u * wide, y, floor), (u * wide, y + thick, floor), (u * wide, y + thick, z), (u * wide, y, z)]
            for u, z in zip(x, edge, strict=True)
        ]
        made.add(piece, loft(rings))
    elif style == "bowed":
        path = [(u, y + v, (floor + high) / 2) for u, v in arc(wide, g.uniform(0.05, 0.2))]
        half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (thick / 2, (high - floor) / 2)
        made.add(piece, sweep(path, half, side=(0, 1, 0)))
    else:
        post, x = g.uniform(0.02, 0.045), wide / 2 - 0.03
        sides = pick(g, {4: 0.5, SIDES: 0.5})
        made.add(piece, *both(bar([(x, y + 0.02, 0), (x, y + 0.02, high + g.uniform(0, 0.1))], post, sides)))
        start = low + 0.1 * (high - low)
        if style == "slats":
            for z in np.linspace(start, high, int(g.integers(2, 5)), endpoint=False):
                made.add(piece, board((0, y + 0.02), (2 * x, 0.02), z, z + 0.12 * (high - low)))
        else:
            made.add(piece, *(bar([(-x, y + 0.02, z), (x, y + 0.02, z)], 0.02, 6) for z in (start, high - 0.03)))
            for u in np.linspace(-x, x, int(g.integers(6, 14)))[1:-1]:
                made.add(piece, bar([(u, y + 0.02, start), (u, y + 0.02, high - 0.03)], 0.01, 6))


def _canopy(made: Assembly, g: np.random.Generator, x: float, y: float, high: float) -> None:
    radius, sides = g.uniform(0.02, 0.05), pick(g, {4: 0.5, SIDES: 0.5})
    for v in (-y, y):
        made.add("canopy", *both(bar([(x, v, 0), (x, v, high)], radius, sides)))
    if chance(g, 0.65):
        made.add("canopy", *(bar([(-x, v, high - radius), (x, v, high - radius)], radius * 0.7, 4) for v in (-y, y)))
        made.add("canopy", *both(bar([(x, -y, high - radius), (x, y, high - radius)], radius * 0.7, 4)))
    if chance(g, 0.3):
        made.add("canopy", board((0, 0), (2 * x, 2 * y), high, high + 0.03))


def _bunk(made: Assembly, g: np.random.Generator, x: float, y: float, top: float, thick: float) -> None:
    upper = top + g.uniform(0.8, 1.0)
    high, radius = upper + g.uniform(0.25, 0.5), g.uniform(0.02, 0.04)
    for v in (-y, y):
        made.add("frame", *both(bar([(x, v, 0), (x, v, high)], radius, 4)))
    made.add("mattress", cushion((0, 0, upper - thick / 2), (2 * x - 0.04, 2 * y - 0.04, thick), 0.2, 16))
    made.add("frame", board((0, 0), (2 * x, 2 * y), upper - thick - 0.06, upper - thick))
    for z in np.linspace(upper + 0.1, high - 0.03, 2):
        made.add("frame", *both(bar([(x, -y, z), (x, y, z)], 0.02, 4)))
        made.add("frame", *(bar([(-x, v, z), (x, v, z)], 0.02, 4) for v in (-y, y)))
    rungs = np.linspace(0.25, upper, 5)
    for v in (-y + 0.1, -y + 0.45):
        made.add("ladder", bar([(-x - 0.15, v, 0), (-x - 0.03, v, high)], 0.018, 4))
    for z in rungs:
        u = -x - 0.15 + 0.12 * z / high
        made.add("ladder", bar([(u, -y + 0.1, z), (u, -y + 0.45, z)], 0.015, 6))


def make_monitor(g: np.random.Generator) -> Assembly:
    """Return a monitor: a flat panel or a tube on a neck with a round, square or open foot, or on two feet."""
    made = Assembly("monitor", PIECES["monitor"])
    tube = chance(g, 0.14)
    wide = quantiles(g, 0.38, 0.47, 0.62)
    tall = wide * pick(g, {0.6: 0.35, 0.68: 0.25, 0.78: 0.4}) * g.uniform(0.94, 1.06)
    thick = quantiles(g, 0.014, 0.03, 0.065) if not tube else g.uniform(0.04, 0.1)
    gap, tilt = quantiles(g, 0.02, 0.07, 0.13) * (0.6 if tube else 1), g.uniform(-0.02, 0.2) * chance(g, 0.6)
    corners = outline(wide, tall, pick(g, {np.inf: 0.65, 14: 0.35}))
    frame, middle = g.uniform(0.01, 0.03), (0, 0, gap + tall / 2)

    def upright(shell):  # from lying with the front downwards
        return placed(shell, middle, tilt=tilt - np.pi / 2)

    made.add("housing", upright(stack(corners, [(-thick, g.uniform(0.9, 1)), (-0.004, 1)])))
    made.add("screen", upright(stack(corners * (1 - 2 * frame / tall), [(-0.012, 1), (0.0, 1)])))
    behind = thick
    if tube:
        deep = wide * g.uniform(0.6, 1.0)
        first, boxy = deep * g.uniform(0.2, 0.65), g.uniform(0.75, 0.98)
        back = [(-deep, boxy * g.uniform(0.4, 0.8)), (-first, boxy), (-thick * 0.9, 0.98)]
        made.add("housing", upright(stack(corners, back)))
        behind = 0.5 * deep
    elif chance(g, 0.55):
        bulge = g.uniform(0.02, 0.09)
        made.add("housing", upright(stack(corners * g.uniform(0.4, 0.95), [(-thick - bulge, 0.7), (-thick, 1)])))
    _monitor_foot(made, g, wide, gap, behind, tube, tall)
    return made


def _monitor_foot(
    made: Assembly, g: np.random.Generator, wide: float, gap: float, behind: float, tube: bool, tall: float
) -> None:
    foot = pick(g, {"round": 0.42, "square": 0.3, "fork": 0.14, "ring": 0.08, "feet": 0.06})
    flat, y = g.uniform(0.008, 0.025), behind * g.uniform(0.4, 1)
    across, deep = wide * quantiles(g, 0.3, 0.46, 0.7), quantiles(g, 0.1, 0.17, 0.25)
    if tube:
        foot, deep = pick(g, {"round": 0.6, "square": 0.4}), deep * 1.2
    forward = y - g.uniform(-0.02, 0.3) * deep
    if foot == "feet":
        made.add("foot", *both(board((wide * 0.35, behind / 2), (0.03, deep), 0, flat)))
        made.add("neck", *both(board((wide * 0.35, behind / 2), (0.025, 0.025), 0, gap + 0.03)))
        return
    if foot in ("round", "square"):
        shape = outline(across, deep, 2 if foot == "round" else pick(g, {np.inf: 0.5, 6: 0.5}))
        made.add("foot", stack(shape, [(0, 1), (flat * 0.6, 1), (flat * 1.5, g.uniform(0.6, 1))], (0, forward)))
    elif foot == "fork":
        path = [(0, y, flat), (across * 0.6, y - deep * 0.6, flat)]
        made.add("foot", *both(sweep(path, np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (0.02, flat), side=None)))
        made.add("foot", board((0, y + 0.02), (0.08, deep * 0.5), 0, 2 * flat))
    else:
        angle = 2 * np.pi * np.arange(24) / 24
        path = np.column_stack([across / 2 * np.cos(angle), forward + deep / 2 * np.sin(angle), np.full(24, 0.01)])
        half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * 0.01
        made.add("foot", sweep(path, half, side=(0, 0, 1), closed=True))
    reach = gap + tall * g.uniform(0.05, 0.45)
    if chance(g, 0.5):
        radius = g.uniform(0.012, 0.035)
        made.add("neck", bar([(0, y + 0.5 * radius, 0), (0, y + 0.5 * radius, reach)], radius))
    else:
        broad = across * g.uniform(0.15, 0.5)
        made.add("neck", placed(board((0, 0), (broad, 0.025), 0, reach), (0, y + 0.01, 0), tilt=-g.uniform(0, 0.2)))
    if chance(g, 0.3):
        hub = revolve([(0, 0), (0.05, 0), (0.04, max(y, 0.03)), (0, max(y, 0.03))], 12)
        made.add("neck", placed(hub, (0, 0.005, reach), tilt=np.pi / 2))
