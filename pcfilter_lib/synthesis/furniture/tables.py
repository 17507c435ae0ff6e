"""Maker of tables. The frame is that of :mod:`_furniture_shapes`."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.furniture.legs import frames, legs, pedestal, trestle
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

PIECES = {
    "table": ("top", "leg", "frame", "shelf"),
}


def make_table(g: np.random.Generator) -> Assembly:
    """Return a table: a round, oval, square or long top on legs, a pedestal, panels, a trestle or frames."""
    made = Assembly("table", PIECES["table"])
    height = pick(g, {"dining": 0.5, "coffee": 0.38, "side": 0.14})
    if height == "dining":
        height, width, ratio = g.uniform(0.7, 0.78), quantiles(g, 0.9, 1.5, 2.2), quantiles(g, 0.42, 0.62, 1.0)
    elif height == "coffee":
        height, width, ratio = g.uniform(0.32, 0.5), quantiles(g, 0.75, 1.1, 1.4), quantiles(g, 0.42, 0.6, 1.0)
    else:
        height, width, ratio = g.uniform(0.5, 0.9), quantiles(g, 0.45, 0.65, 0.95), quantiles(g, 0.45, 0.8, 1.0)
    ratio = 1.0 if ratio > 0.9 else ratio
    depth, thick = width * ratio, quantiles(g, 0.015, 0.03, 0.07)
    power = pick(g, {np.inf: 0.62, 12: 0.08, 3: 0.06, 2: 0.24 if ratio < 1 else 0.6})
    corners, below = outline(width, depth, power), height - thick
    edge = g.uniform(0.93, 1) if chance(g, 0.3) else 1.0
    made.add("top", stack(corners, [(below, edge), (height, 1)]))
    legs_wide = width * (0.72 if power < 4 else 1)  # under a round top they stand further in
    legs_deep = depth * (0.72 if power < 4 else 1)
    inset = g.uniform(0, 0.12) * depth * chance(g, 0.6)
    wide, deep = legs_wide - 2 * inset, legs_deep - 2 * inset
    shares = {"legs": 0.62, "pedestal": 0.06, "panels": 0.1, "trestle": 0.07, "frames": 0.07, "block": 0.05}
    if ratio > 0.75:
        shares |= {"pedestal": 0.35 if power < 4 else 0.12}
    elif ratio < 0.65:
        shares |= {"two": 0.05}
    style = pick(g, shares)
    if style == "legs":
        made.add("leg", *legs(g, wide, deep, below + 0.001))
        if chance(g, 0.55):
            _apron(made, g, wide, deep, below)
        if chance(g, 0.2):
            low, thin = below * g.uniform(0.15, 0.4), g.uniform(0.012, 0.03)
            made.add("shelf", board((0, 0), (wide - 0.03, deep - 0.03), low, low + thin))
        elif chance(g, 0.15):
            _stretcher(made, g, wide, deep, below)
    elif style == "pedestal":
        made.add("leg", *pedestal(g, min(width, depth), below))
    elif style == "two":
        column = pedestal(g, depth * 0.9, below)
        made.add("leg", *(placed(shell, (x, 0, 0)) for x in (-0.3 * width, 0.3 * width) for shell in column))
    elif style == "panels":
        thin = quantiles(g, 0.02, 0.04, 0.1)
        made.add("leg", *both(board((wide / 2 - thin / 2, 0), (thin, deep), 0, below)))
        if chance(g, 0.5):
            low = below * g.uniform(0.1, 0.7)
            made.add("shelf", board((0, 0), (wide - 2 * thin, deep * g.uniform(0.1, 1)), low, low + 0.025))
    elif style in ("trestle", "frames"):
        made.add("leg", *(trestle if style == "trestle" else frames)(g, wide, deep, below))
    else:  # a block, as some coffee tables are
        body = stack(outline(wide * 0.95, deep * 0.95, power), [(0, g.uniform(0.5, 1)), (below, g.uniform(0.6, 1))])
        made.add("frame", body)
    return made


def _apron(made: Assembly, g: np.random.Generator, wide: float, deep: float, below: float) -> None:
    drop, thin = quantiles(g, 0.03, 0.07, 0.13), 0.02
    x, y = wide / 2 - 0.02, deep / 2 - 0.02
    made.add("frame", *both(cuboid((x - thin, -y, below - drop), (x, y, below))))
    made.add("frame", *(cuboid((-x, v - thin / 2, below - drop), (x, v + thin / 2, below)) for v in (-y, y)))


def _stretcher(made: Assembly, g: np.random.Generator, wide: float, deep: float, below: float) -> None:
    low, x, y = below * g.uniform(0.12, 0.35), wide / 2 - 0.03, deep / 2 - 0.03
    made.add("frame", *both(bar([(x, -y, low), (x, y, low)], 0.014, 4)))
    made.add("frame", bar([(-x, 0, low), (x, 0, low)], 0.014, 4))
