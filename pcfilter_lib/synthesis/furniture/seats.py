"""Makers of chairs and sofas. The frame is that of :mod:`_furniture_shapes`."""

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
    outline,
    pick,
    placed,
    quantiles,
    stack,
    sweep,
)
from pcfilter_lib.synthesis.scenes.shapes import revolve

PIECES = {
    "chair": ("seat", "back", "leg", "armrest"),
    "sofa": ("base", "seat", "back", "armrest", "leg"),
}


def make_chair(g: np.random.Generator) -> Assembly:
    """Return a chair: four legs, a star foot, a cantilever, a pedestal, or a shell in one piece."""
    made = Assembly("chair", PIECES["chair"])
    style = pick(g, {"legs": 0.56, "star": 0.16, "cantilever": 0.07, "pedestal": 0.06, "shell": 0.07, "club": 0.08})
    width, depth = quantiles(g, 0.4, 0.48, 0.58), quantiles(g, 0.4, 0.46, 0.55)
    seat, total = quantiles(g, 0.4, 0.45, 0.49), quantiles(g, 0.76, 0.9, 1.1)
    if style == "shell":
        _shell_chair(made, g, width, depth, seat, total)
        return made
    if style == "club":
        _club_chair(made, g, width * 1.25, depth * 1.3, seat * 0.95, total * 0.85)
        return made
    thick = g.uniform(0.06, 0.12) if style == "star" or chance(g, 0.35) else g.uniform(0.015, 0.05)
    power = pick(g, {2.2: 0.15, 4: 0.35, 10: 0.2, np.inf: 0.3})
    if thick > 0.06:
        made.add("seat", cushion((0, 0, seat - thick / 2), (width, depth, thick), 0.5, min(power, 8)))
    else:
        made.add("seat", stack(outline(width, depth, power, 8), [(seat - thick, 1), (seat, 1)]))
    lean = g.uniform(0.02, 0.28)
    armrests = chance(g, {"legs": 0.35, "star": 0.7, "cantilever": 0.5, "pedestal": 0.5}[style])
    below = seat - thick
    if style == "legs":
        _four_legs(made, g, width, depth, below)
    elif style == "cantilever":
        radius, x, y, front = g.uniform(0.01, 0.018), 0.46 * width, 0.46 * depth, -0.42 * depth
        path = [(x, y, below), (x, front, below), (x, -0.55 * depth, below - 0.06), (x, -0.5 * depth, 0.05)]
        path += [(x, front, radius), (x, y, radius)]
        made.add("leg", *both(bar(path, radius)), bar([(-x, y, radius), (x, y, radius)], radius))
    else:
        _centre_foot(made, g, style, min(width, depth), below)
    _back(made, g, width, depth, seat, total, lean)
    if armrests:
        _armrests(made, g, width, depth, seat, lean)
    return made


def _four_legs(made: Assembly, g: np.random.Generator, width: float, depth: float, height: float) -> None:
    if chance(g, 0.12):  # runners on the floor instead of single legs
        radius, x, y = g.uniform(0.01, 0.02), width / 2 - 0.02, depth / 2 - 0.02
        path = [(x, y - 0.03, height), (x, y, 0.03), (x, y - 0.04, radius), (x, 0.04 - y, radius), (x, -y, 0.03)]
        made.add("leg", *both(bar([*path, (x, 0.03 - y, height)], radius)))
        return
    made.add("leg", *legs(g, width, depth, height, 0.01))
    if chance(g, 0.35):  # stretchers
        low, radius, x, y = height * g.uniform(0.2, 0.6), g.uniform(0.008, 0.015), width / 2 - 0.03, depth / 2 - 0.03
        made.add("leg", *both(bar([(x, -y, low), (x, y, low)], radius, 4)))
        middle = y * pick(g, {0: 0.5, 1: 0.5})
        made.add("leg", bar([(-x, middle, low), (x, middle, low)], radius, 4))
    if chance(g, 0.4):  # an apron
        drop, rim = g.uniform(0.03, 0.08), 0.03
        made.add("leg", board((0, 0), (width - 2 * rim, depth - 2 * rim), height - drop, height))


def _centre_foot(made: Assembly, g: np.random.Generator, style: str, size: float, height: float) -> None:
    if style == "star":
        reach, spokes, hub = size * g.uniform(0.5, 0.68), pick(g, {5: 0.8, 4: 0.2}), g.uniform(0.08, 0.14)
        radius = g.uniform(0.02, 0.035)
        made.add("leg", bar([(0, 0, hub * 0.5), (0, 0, height)], g.uniform(0.02, 0.035)))
        for angle in 2 * np.pi * (np.arange(spokes) + g.random()) / spokes:
            out = np.array([np.cos(angle), np.sin(angle)])
            made.add("leg", bar([(*(0.02 * out), hub), (*(reach * out), 2 * radius)], [0.025, 0.014], 6))
            wheel = revolve([(0, -0.015), (radius, -0.015), (radius, 0.015), (0, 0.015)], SIDES)
            made.add("leg", placed(wheel, (*(reach * out), radius), g.uniform(0, 6), np.pi / 2))
        return
    foot, neck = size * g.uniform(0.35, 0.55), g.uniform(0.02, 0.06)
    profile = [(0, 0), (foot, 0), (foot, 0.015), (neck, 0.05 + 0.1 * chance(g, 0.5)), (neck, height - 0.06)]
    made.add("leg", revolve([*profile, (neck * 2, height), (0, height)], 24))


def _back(made: Assembly, g: np.random.Generator, width: float, depth: float, seat: float, total: float, lean: float):
    """Add a back on posts: a panel, slats, spindles, or a frame, curved in plan and leaning."""
    height, wide, bulge = total - seat, width * g.uniform(0.8, 1), g.uniform(0, 0.16) * width
    base = (0, depth / 2 - 0.02 - 0.5 * bulge, seat - 0.01)

    def add(shell):
        made.add("back", placed(shell, base, tilt=lean))

    def band(low, high, thick, narrow=1.0):
        path = [(x, y, (low + high) / 2) for x, y in arc(wide * narrow, bulge)]
        half = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (thick / 2, (high - low) / 2)
        add(sweep(path, half, side=(0, 1, 0)))

    style = pick(g, {"panel": 0.36, "high panel": 0.18, "slats": 0.16, "spindles": 0.16, "frame": 0.07, "round": 0.07})
    post, ends = g.uniform(0.008, 0.018), wide / 2 - 0.02
    low = height * g.uniform(0.15, 0.45)
    if style != "high panel" and style != "round":
        sides = pick(g, {4: 0.6, SIDES: 0.4})
        for x in (-ends, ends):
            add(bar([(x, 0, -0.02), (x, 0, height - 0.01)], post, sides))
    if style == "panel":
        band(low, height, g.uniform(0.012, 0.05))
    elif style == "high panel":
        band(0, height * 0.8, g.uniform(0.02, 0.08))
        band(height * 0.78, height, g.uniform(0.02, 0.06), g.uniform(0.7, 1))
    elif style == "slats":
        slats, fill = int(g.integers(2, 6)), g.uniform(0.35, 0.7)
        pitch = (height - 0.3 * low) / slats
        for each in range(slats):
            start = 0.3 * low + each * pitch + pitch * (1 - fill)
            band(start, start + pitch * fill, g.uniform(0.01, 0.02))
    elif style == "spindles":
        band(height - g.uniform(0.04, 0.12), height, 0.025)
        spindles, radius = int(g.integers(3, 9)), g.uniform(0.005, 0.016)
        for x, y in arc(wide, bulge, spindles + 2)[1:-1]:
            add(bar([(x, y, 0), (x, y, height - 0.03)], radius, 6))
    elif style == "frame":
        band(height - 0.04, height, 0.03)
        band(low * 0.4, low * 0.4 + 0.04, 0.03)
        band(low * 0.4 + 0.03, height - 0.03, 0.012, g.uniform(0.25, 0.6))
    else:  # a round or oval back rest, upright
        disc = stack(outline(wide, height, g.uniform(2, 3.5)), [(-0.015, 1), (0.015, 1)])
        add(placed(disc, (0, 0, height / 2), tilt=-np.pi / 2))
        add(bar([(-0.2 * wide, 0, -0.02), (-0.2 * wide, 0, 0.3 * height)], post))
        add(bar([(0.2 * wide, 0, -0.02), (0.2 * wide, 0, 0.3 * height)], post))


def _armrests(made: Assembly, g: np.random.Generator, width: float, depth: float, seat: float, lean: float) -> None:
    high, x, radius = seat + g.uniform(0.17, 0.26), width / 2 + g.uniform(0, 0.03), g.uniform(0.01, 0.022)
    back, front = depth / 2 + lean * (high - seat) - 0.02, -depth / 2 * g.uniform(0.3, 1)
    style = pick(g, {"loop": 0.5, "post": 0.35, "side": 0.15})
    if style == "loop":  # from the back rest forwards, and down
        low = seat - 0.04 if chance(g, 0.7) else radius
        path = [(x - 0.02, back, high), (x, 0, high + g.uniform(0, 0.02)), (x, front, high - g.uniform(0, 0.03))]
        made.add("armrest", *both(bar([*path, (x, front - 0.01, low)], radius, pick(g, {4: 0.5, SIDES: 0.5}))))
    elif style == "post":
        y = g.uniform(-0.2, 0.15) * depth
        made.add("armrest", *both(bar([(x, y, seat - 0.05), (x, y, high)], 0.018, 4)))
        pad = cushion((x, y, high), (g.uniform(0.05, 0.09), depth * g.uniform(0.45, 0.7), 0.03), 0.3)
        made.add("armrest", *both(pad))
    else:
        made.add("armrest", *both(cuboid((x - 0.03, front, seat - 0.06), (x, back, high))))


def _shell_chair(made: Assembly, g: np.random.Generator, width: float, depth: float, seat: float, total: float) -> None:
    """Add seat and back bent from one sheet, on legs, a centre foot, or, as Panton's, down to the floor."""
    lean, half, thick = g.uniform(0.08, 0.3) * (total - seat), depth / 2, g.uniform(0.006, 0.015)
    above = total - seat
    path = [(half + lean, total), (half + 0.5 * lean, seat + 0.5 * above), (half, seat + 0.15 * above)]
    path += [(0.75 * half, seat + 0.02), (0, seat - 0.01), (-0.8 * half, seat + 0.005), (-half, seat - 0.02)]
    scale = np.array([0.75, 1, 1, 0.95, 1, 0.95, 0.8])
    cut = 3  # the sheet is the back down to here, then the seat
    panton = chance(g, 0.25)
    if panton:
        path += [(-0.85 * half, 0.6 * seat), (-0.5 * half, 0.25 * seat), (0.2 * half, 0.04), (0.9 * half, 0.01)]
        scale = np.append(scale, [0.6, 0.6, 0.9, 0.9])
    middle = np.array([(0, *point) for point in path])
    bowl = g.uniform(0, 0.14) * width  # the sides stand up, or forward
    across = np.linspace(-1, 1, 9)
    lifted = np.where(np.arange(len(path)) < 7, bowl, 0)[:, None] * across**2
    x = scale[:, None] * width / 2 * across
    upper = np.stack([x, lifted + thick], axis=-1)
    lower = np.stack([x, lifted], axis=-1)[:, ::-1]
    profile = np.concatenate([upper, lower], axis=1)
    pieces = [("back", slice(0, cut + 1)), ("seat", slice(cut, 7))] + ([("leg", slice(6, None))] if panton else [])
    for name, part in pieces:
        made.add(name, sweep(middle[part], profile[part], side=(1, 0, 0)))
    if not panton:
        if chance(g, 0.55):
            made.add("leg", *legs(g, 0.85 * width, 0.8 * depth, seat))
        else:
            _centre_foot(made, g, pick(g, {"star": 0.5, "pedestal": 0.5}), min(width, depth), seat - 0.005)
        if chance(g, 0.3):
            _armrests(made, g, width, depth, seat, 0.2)


def _club_chair(made: Assembly, g: np.random.Generator, width: float, depth: float, seat: float, total: float) -> None:
    """Add an armchair of cushions and closed sides."""
    arm, back, low = g.uniform(0.06, 0.14), g.uniform(0.08, 0.16), g.uniform(0.03, 0.18)
    high = seat + g.uniform(0.12, 0.24)
    made.add("seat", cuboid((-width / 2, -depth / 2, low), (width / 2, depth / 2 - back, seat - 0.08)))
    made.add("seat", cushion((0, -back / 2, seat - 0.05), (width - 2 * arm, depth - back, 0.1), 0.5))
    made.add("armrest", *both(cuboid((width / 2 - arm, -depth / 2, low), (width / 2, depth / 2, high))))
    rest = cuboid((-width / 2, -back, 0), (width / 2, 0, total - low))
    made.add("back", placed(rest, (0, depth / 2, low), tilt=g.uniform(0, 0.15)))
    made.add("leg", *legs(g, width, depth, low + 0.01, 0.02))


def make_sofa(g: np.random.Generator) -> Assembly:
    """Return a sofa for two or three, some with a chaise longue or a corner, with arms of several shapes."""
    made = Assembly("sofa", PIECES["sofa"])
    width, total = quantiles(g, 1.5, 2.1, 2.6), quantiles(g, 0.62, 0.75, 0.9)
    depth = quantiles(g, 0.78, 0.9, 1.02)
    seats = 1 if width < 1.4 else int(np.clip(round(width / 0.75 + g.uniform(-0.5, 0.5)), 2, 4))
    foot, seat = g.uniform(0.0, 0.14) * chance(g, 0.7), total * g.uniform(0.48, 0.64)
    back, arm = g.uniform(0.12, 0.26), g.uniform(0.08, 0.26) * chance(g, 0.92)
    soft, thick = g.uniform(0.1, 0.6), g.uniform(0.1, 0.2)
    inner, front = width - 2 * arm, -depth / 2
    made.add(
        "base", cuboid((-width / 2 + 0.7 * arm, front + 0.02, foot), (width / 2 - 0.7 * arm, depth / 2, seat - thick))
    )
    pitch = inner / seats
    middles = pitch * (np.arange(seats) + 0.5) - inner / 2
    long = 1.0 if chance(g, 0.8) else 0.0  # else the seat is one cushion
    for x in middles if long else [0.0]:
        wide = pitch if long else inner
        made.add("seat", cushion((x, -back / 2, seat - thick / 2), (wide - 0.01, depth - back, thick), soft, 10))
    frame = total - (g.uniform(0.02, 0.12) if chance(g, 0.5) else 0)
    lean = g.uniform(0, 0.2)
    rest = cushion((0, -back / 2, (frame - foot) / 2), (width - 0.6 * arm, back, frame - foot), 0.1, 12)
    made.add("back", placed(rest, (0, depth / 2, foot), tilt=0.5 * lean))
    if chance(g, 0.7):  # loose cushions before it
        deep, tall = g.uniform(0.1, 0.2), max(total - seat, 0.2)
        for x in middles:
            pillow = cushion((0, 0, tall / 2), (pitch - 0.02, deep, tall), soft, 5)
            made.add("back", placed(pillow, (x, depth / 2 - back - 0.4 * deep, seat - 0.01), tilt=lean))
    if arm:
        _sofa_arms(made, g, width, depth, arm, foot, seat, total)
    if chance(g, 0.22):
        _chaise(made, g, width, depth, arm, foot, seat, back, total, thick)
    if foot > 0.02:
        made.add("leg", *legs(g, width - 0.05, depth - 0.05, foot + 0.005, 0.02))
    return made


def _sofa_arms(
    made: Assembly,
    g: np.random.Generator,
    width: float,
    depth: float,
    arm: float,
    foot: float,
    seat: float,
    total: float,
) -> None:
    high = seat + (total - seat) * g.uniform(0.3, 1.0 if chance(g, 0.3) else 0.75)
    x, style = width / 2 - arm / 2, pick(g, {"box": 0.5, "roll": 0.25, "soft": 0.25})
    if style == "box":
        made.add("armrest", *both(board((x, 0), (arm, depth), foot, high)))
    elif style == "soft":
        made.add("armrest", *both(cushion((x, 0, (foot + high) / 2), (arm, depth, high - foot), 0.3, 10)))
    else:
        roll = 0.62 * arm
        made.add("armrest", *both(board((x, 0), (arm * 0.8, depth - 0.02), foot, high - roll)))
        made.add("armrest", *both(bar([(x, -depth / 2, high - roll), (x, depth / 2, high - roll)], roll, 16)))


def _chaise(
    made: Assembly,
    g: np.random.Generator,
    width: float,
    depth: float,
    arm: float,
    foot: float,
    seat: float,
    back: float,
    total: float,
    thick: float,
) -> None:
    """Add a longer seat at one end, with or without a back along its side: an L."""
    side, reach, wide = pick(g, {-1: 0.5, 1: 0.5}), quantiles(g, 0.5, 0.8, 1.4), g.uniform(0.6, 0.95)
    outer, inner = side * width / 2, side * (width / 2 - wide)
    x, front = sorted((outer, inner)), -depth / 2
    made.add("base", cuboid((x[0], front - reach, foot), (x[1], front + 0.05, seat - thick)))
    middle = ((x[0] + x[1]) / 2, front - reach / 2 + 0.02, seat - thick / 2)
    made.add("seat", cushion(middle, (wide - 0.02, reach, thick), 0.3, 10))
    if chance(g, 0.6):
        ends = sorted((outer, outer - side * back))
        made.add("back", cuboid((ends[0], front - reach, foot), (ends[1], front + 0.1, total * g.uniform(0.85, 1))))
    if foot > 0.02:
        made.add("leg", *(placed(leg, (middle[0], middle[1], 0)) for leg in legs(g, wide, reach, foot + 0.005, 0.03)))
