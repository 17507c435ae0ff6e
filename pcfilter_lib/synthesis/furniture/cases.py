"""Makers of desks, dressers and night stands. The frame is that of :mod:`_furniture_shapes`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.furniture.legs import frames, legs, trestle
from pcfilter_lib.synthesis.furniture.shapes import (
    Assembly,
    bar,
    board,
    both,
    chance,
    cuboid,
    outline,
    pick,
    placed,
    quantiles,
    stack,
)
from pcfilter_lib.synthesis.scenes.shapes import boxes, revolve

PIECES = {
    "desk": ("top", "leg", "panel", "body", "drawer", "handle", "shelf"),
    "dresser": ("body", "top", "drawer", "door", "handle", "leg", "mirror"),
    "night_stand": ("body", "top", "drawer", "door", "handle", "leg", "shelf"),
}


def make_desk(g: np.random.Generator) -> Assembly:
    """Return a desk: a top on drawer blocks, panels, legs, a trestle or frames, some with a hutch or a second wing."""
    made = Assembly("desk", PIECES["desk"])
    width, height = quantiles(g, 1.1, 1.5, 1.9), quantiles(g, 0.7, 0.75, 0.8)
    depth, thick = width * quantiles(g, 0.4, 0.47, 0.6), quantiles(g, 0.018, 0.03, 0.06)
    below, thin = height - thick, g.uniform(0.018, 0.04)
    side, shape = pick(g, {-1: 0.5, 1: 0.5}), pick(g, {"plain": 0.74, "wing": 0.2, "round": 0.06})
    if shape == "wing":
        reach, deep = g.uniform(0.35, 1.0), g.uniform(0.4, 0.6)
        ends = sorted((side * width / 2, side * (width / 2 - deep)))
        rows = [(0, (-width / 2, -depth / 2, below), (width / 2, depth / 2, height))]
        rows.append((0, (ends[0], -depth / 2 - reach, below), (ends[1], -depth / 2, height)))
        made.add("top", boxes(rows))
        middle = (ends[0] + ends[1]) / 2
        y = -depth / 2 - reach
        if chance(g, 0.5):
            made.add("panel", board((middle, y + thin), (deep - 0.02, thin), 0, below))
            outer = side * (width / 2 - thin)
            made.add("panel", board((outer, y + reach / 2), (thin, reach), 0.1 * below, below))
        else:
            drawers(made, g, (middle, y + 0.25), (deep - 0.03, 0.48), 0.02, below, int(g.integers(2, 5)), 1)
    elif shape == "round":
        made.add("top", stack(outline(width, depth, 4, np.inf), [(below, 1), (height, 1)]))
    else:
        made.add("top", cuboid((-width / 2, -depth / 2, below), (width / 2, depth / 2, height)))
    inner = width / 2 - g.uniform(0, 0.05)
    shares = {"block": 0.5, "panel": 0.32, "legs": 0.2}
    left, right = pick(g, shares), pick(g, shares)
    if left == "legs" or right == "legs":
        left = right = "legs"
        stand = pick(g, {legs: 0.6, trestle: 0.22, frames: 0.18})
        made.add("leg", *stand(g, 2 * inner, depth - 0.03, below))
        if chance(g, 0.65):  # drawers under the top, or an apron
            size, low = (2 * inner - 0.06, depth - 0.08), below - g.uniform(0.08, 0.16)
            drawers(made, g, (0, 0), size, low, below, 1, int(g.integers(1, 4)))
        if chance(g, 0.35):
            wide = g.uniform(0.3, 0.45)
            drawers(made, g, (inner - wide / 2, 0), (wide, depth - 0.06), below * g.uniform(0.05, 0.5), below, 3, 1)
    for sign, style in ((-1, left), (1, right)):
        if style == "block":
            wide, low = g.uniform(0.28, 0.48), g.uniform(0, 0.12) * chance(g, 0.5)
            place = (sign * (inner - wide / 2), 0)
            drawers(made, g, place, (wide, depth - g.uniform(0.02, 0.1)), low, below, int(g.integers(1, 5)), 1)
            if low > 0.02:
                feet = legs(g, wide, depth - 0.1, low + 0.001)
                made.add("leg", *(placed(foot, (*place, 0)) for foot in feet))
        elif style == "panel":
            made.add("panel", board((sign * (inner - thin / 2), 0), (thin, depth * g.uniform(0.7, 1)), 0, below))
    if chance(g, 0.15 if left == right == "legs" else 0.65):  # the modesty panel
        low = below * pick(g, {0.02: 0.35, 0.35: 0.35, 0.6: 0.3})
        made.add("panel", board((0, depth / 2 - g.uniform(0.03, 0.2)), (2 * inner - thin, thin), low, below))
    if left != "legs" and chance(g, 0.25):
        made.add("shelf", board((0, -0.1), (2 * inner, depth * 0.5), below - 0.12, below - 0.1))
    if chance(g, 0.2):
        _hutch(made, g, width, depth, height)
    return made


def _hutch(made: Assembly, g: np.random.Generator, width: float, depth: float, height: float) -> None:
    tall, deep, thin = g.uniform(0.15, 0.8), depth * g.uniform(0.3, 0.5), 0.02
    y, x, top = depth / 2 - deep / 2, width * g.uniform(0.35, 0.5), height + tall
    made.add("shelf", *both(board((x - thin / 2, y), (thin, deep), height, top)))
    made.add("shelf", board((0, y), (2 * x, deep), top - thin, top))
    if chance(g, 0.75):
        made.add("panel", board((0, depth / 2 - 0.01), (2 * x, 0.015), height, top))
    for level in range(int(g.integers(0, 3))):
        low = height + tall * (0.35 + 0.3 * level)
        made.add("shelf", board((0, y), (2 * x - 2 * thin, deep), low, low + 0.018))
    for where in (-0.3, 0.3):
        if chance(g, 0.4):
            made.add("shelf", board((2 * x * where, y), (thin, deep), height, top))


def drawers(
    made: Assembly,
    g: np.random.Generator,
    middle: tuple[float, float],
    size: tuple[float, float],
    low: float,
    high: float,
    rows: int,
    columns: int,
) -> None:
    """Add a body with drawers or doors in its front: solid, or of boards with boxes or fronts in it."""
    (x, y), (width, depth) = middle, size
    left, right, front, back = x - width / 2, x + width / 2, y - depth / 2, y + depth / 2
    style, thin = pick(g, {"solid": 0.42, "fronts": 0.23, "boxes": 0.35}), g.uniform(0.012, 0.03)
    thin = min(thin, (high - low) / 5)
    if style == "solid":
        made.add("body", cuboid((left, front, low), (right, back, high)))
    else:
        made.add("body", cuboid((left, front, low), (left + thin, back, high)))
        made.add("body", cuboid((right - thin, front, low), (right, back, high)))
        made.add("body", cuboid((left + thin, back - thin, low), (right - thin, back, high)))
        for z in (low, high - thin):
            made.add("body", cuboid((left + thin, front, z), (right - thin, back - thin, z + thin)))
    proud, gap, knob = g.uniform(-0.005, 0.025), g.uniform(0.004, 0.02), pick(g, {"knob": 0.4, "bar": 0.35, "": 0.25})
    proud = max(proud, 0.004) if style == "solid" else proud
    cells = np.cumsum(np.append(0, g.uniform(0.7, 1.6, rows) if chance(g, 0.4) else np.ones(rows)))
    levels = low + thin + cells / cells[-1] * (high - low - 2 * thin)
    walls = np.linspace(left + thin, right - thin, columns + 1)
    if style != "solid" and chance(g, 0.5):  # boards between the rows
        for level in levels[1:-1]:
            half = min(thin / 2, 0.008)
            made.add("body", cuboid((left + thin, front, level - half), (right - thin, back - thin, level + half)))
    for row in range(rows):
        for a, b in zip(walls[:-1], walls[1:], strict=True):
            wide, bottom, top = b - a, levels[row], levels[row + 1]
            gap = min(gap, (top - bottom) / 5, wide / 5)
            tall = top - bottom
            piece = "door" if tall > wide and "door" in made.pieces else "drawer"
            made.add(piece, cuboid((a + gap, front - proud, bottom + gap), (b - gap, front + 0.02, top - gap)))
            if style == "boxes" and piece == "drawer":
                inside, rear = gap + 0.008, back - thin - 0.03
                brim = bottom + gap + 0.7 * (tall - 2 * gap)
                low_out, high_out = np.array([(a + inside, front + 0.02, bottom + gap), (b - inside, rear, brim)])
                wall = np.array([0.01, 0.01, 0])
                hollow = low_out + wall + (0, 0, 0.01), high_out - wall
                made.add(piece, boxes([(0, low_out, high_out), (None, *hollow)]))
            place = ((a + b) / 2, front - proud, (bottom + top) / 2)
            if knob == "knob":
                ball = revolve([(0, 0), (0.008, 0), (0.016, 0.02), (0, 0.03)], 8)
                for shift in (-0.25 * wide, 0.25 * wide) if wide > 0.6 else (0,):
                    made.add("handle", placed(ball, np.add(place, (shift, 0.001, 0)), tilt=-np.pi / 2))
            elif knob == "bar":
                half = min(0.06, wide / 4)
                made.add("handle", bar([np.add(place, (-half, -0.02, 0)), np.add(place, (half, -0.02, 0))], 0.006, 6))


def make_dresser(g: np.random.Generator) -> Assembly:
    """Return a dresser: rows and columns of drawers, some with doors, a mirror, feet or a plinth."""
    made = Assembly("dresser", PIECES["dresser"])
    height = quantiles(g, 0.75, 1.0, 1.5)
    width = height * quantiles(g, 0.56, 0.84, 1.5)
    depth = width * quantiles(g, 0.42, 0.6, 0.84)
    foot = pick(g, {"none": 0.45, "legs": 0.33, "plinth": 0.22})
    low = 0.0 if foot == "none" else height * g.uniform(0.03, 0.14)
    thick, over = g.uniform(0.012, 0.05), g.uniform(0, 0.03)
    columns = int(np.clip(round(width / quantiles(g, 0.4, 0.6, 1.0)), 1, 3))
    rows = pick(g, {1: 0.06, 2: 0.07, 3: 0.25, 4: 0.3, 5: 0.22, 6: 0.1})
    split = chance(g, 0.15)  # drawers below, doors or another arrangement above
    middle = low + (height - thick - low) * g.uniform(0.4, 0.65) if split else height - thick
    drawers(made, g, (0, 0), (width, depth), low, middle, rows, columns)
    if split:
        scale = (g.uniform(0.6, 1) if chance(g, 0.3) else 1.0) * depth
        drawers(made, g, (0, (depth - scale) / 2), (width, scale), middle, height - thick, 1, 2)
    made.add("top", board((0, 0), (width + 2 * over, depth + 2 * over), height - thick, height))
    if foot == "legs":
        made.add("leg", *legs(g, width, depth, low + 0.005))
    elif foot == "plinth":
        made.add("leg", board((0, 0), (width * g.uniform(0.9, 1.02), depth * g.uniform(0.88, 1.02)), 0, low))
    if chance(g, 0.08):
        wide, tall = width * g.uniform(0.5, 0.95), height * g.uniform(0.4, 0.9)
        glass = stack(outline(wide, tall, pick(g, {2: 0.3, np.inf: 0.7})), [(0, 1), (0.03, 1)])
        made.add("mirror", placed(glass, (0, depth / 2 - 0.03, height + tall / 2), tilt=-np.pi / 2))
    return made


def make_night_stand(g: np.random.Generator) -> Assembly:
    """Return a night stand: a box with drawers on short or long legs, an open one with shelves, or a round one."""
    made = Assembly("night_stand", PIECES["night_stand"])
    height = quantiles(g, 0.48, 0.58, 0.72)
    width = height * quantiles(g, 0.62, 0.86, 1.2)
    depth = width * quantiles(g, 0.62, 0.83, 1.05)
    thick, over = quantiles(g, 0.012, 0.022, 0.045), g.uniform(0, 0.03)
    below = height - thick
    round_one = chance(g, 0.06)
    style = pick(g, {"box": 0.56, "legs": 0.29, "open": 0.15})
    if round_one:
        made.add("top", stack(outline(width, width, 2), [(below, 1), (height, 1)]))
        made.add("body", stack(outline(width * 0.93, width * 0.93, 2), [(0.05, 1), (below, 1)]))
        made.add("leg", *legs(g, width * 0.62, width * 0.62, 0.06))
        return made
    made.add("top", board((0, 0), (width + 2 * over, depth + 2 * over), below, height))
    if style == "box":
        foot = pick(g, {"none": 0.35, "legs": 0.45, "plinth": 0.2})
        low = 0.0 if foot == "none" else height * g.uniform(0.04, 0.25)
        rows = pick(g, {1: 0.3, 2: 0.42, 3: 0.28})
        shelf = chance(g, 0.3)
        bottom = low + (below - low) * g.uniform(0.3, 0.6) if shelf else low
        drawers(made, g, (0, 0), (width, depth), bottom, below, rows if not shelf else 1, 1)
        if shelf:
            _open_case(made, width, depth, low, bottom, chance(g, 0.7))
        if foot == "legs":
            made.add("leg", *legs(g, width, depth, low + 0.005))
        elif foot == "plinth":
            made.add("leg", board((0, 0), (width * g.uniform(0.9, 1.04), depth * g.uniform(0.88, 1.04)), 0, low))
        return made
    if style == "legs":  # a drawer high up between long legs
        low = below * g.uniform(0.35, 0.75)
        drawers(made, g, (0, 0), (width - 0.02, depth - 0.02), low, below, pick(g, {1: 0.7, 2: 0.3}), 1)
        made.add("leg", *legs(g, width, depth, below))
        if chance(g, 0.45):
            z = low * g.uniform(0.2, 0.5)
            made.add("shelf", board((0, 0), (width - 0.02, depth - 0.02), z, z + 0.02))
        return made
    low = g.uniform(0, 0.12)
    _open_case(made, width, depth, low, below, chance(g, 0.6))
    made.add("shelf", board((0, 0), (width - 0.03, depth - 0.02), (low + below) / 2, (low + below) / 2 + 0.018))
    if low > 0.02:
        made.add("leg", *legs(g, width, depth, low + 0.005))
    return made


def _open_case(made: Assembly, width: float, depth: float, low: float, high: float, closed: bool) -> None:
    thin = 0.02
    made.add("body", *both(board((width / 2 - thin / 2, 0), (thin, depth), low, high)))
    made.add("shelf", board((0, 0), (width - 2 * thin, depth), low, low + thin))
    if closed:
        made.add("body", board((0, depth / 2 - 0.006), (width - 2 * thin, 0.012), low, high))
