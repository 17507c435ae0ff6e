"""Curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import PALETTE, Figure, go

DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def lines(
    x: np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    title: str = "",
    alt: str = "",
    xlabel: str = "",
    ylabel: str = "",
    log: bool | str = False,
    bands: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    markers: bool = True,
) -> Figure:
    """Draw curves over a common axis, told apart by colour and by dash.

    Parameters
    ----------
    x : (N,) array
        Where the curves are given.
    curves : mapping of str to (N,) array
        Each curve's values under the name that the legend shows.
    title, alt : str
        As for :func:`pcfilter_lib.plots.cloud`.
    xlabel, ylabel : str
        What the two axes are, with units.
    log : bool or {"x", "y"}
        Draw both axes, or the one that is named, in powers of ten.
    bands : mapping of str to ((N,) array, (N,) array), optional
        The lower and the upper edge of a band around a curve, under the curve's name: a spread over seeds.
    markers : bool
        Mark the points between which the curves are drawn.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the length of a curve or of a band's edge is not that of `x`, or a band has no curve.
    """
    x = np.asarray(x)
    bands = dict(bands or {})
    if stray := set(bands) - set(curves):
        raise InputError("bands", repr(min(stray)), "there is no curve of this name", f"use one of {', '.join(curves)}")
    colours = list(PALETTE.values())
    traces = []
    for number, (name, values) in enumerate(curves.items()):
        values = _like(x, values, f"curve {name!r}")
        colour = colours[number % len(colours)]
        for edge, fill in zip(bands.get(name, ()), (None, "tonexty"), strict=False):
            edge = _like(x, edge, f"band {name!r}")
            look = {"line": {"width": 0}, "fillcolor": _faint(colour), "showlegend": False, "hoverinfo": "skip"}
            traces.append(go.Scatter(x=x, y=edge, mode="lines", fill=fill, name=name, **look))
        line = {"dash": DASHES[number % len(DASHES)], "width": 2.5, "color": colour}
        mode = "lines+markers" if markers else "lines"
        traces.append(go.Scatter(x=x, y=values, name=name, mode=mode, line=line, marker={"size": 5}))
    kinds = {axis: "log" if log is True or log == axis else "linear" for axis in "xy"}
    layout = {
        "title": {"text": title},
        "xaxis": {"title": {"text": xlabel}, "type": kinds["x"], "exponentformat": "power", "automargin": True},
        "yaxis": {"title": {"text": ylabel}, "type": kinds["y"], "exponentformat": "power", "automargin": True},
    }
    for axis, values in (("x", [x]), ("y", list(curves.values()))):
        if kinds[axis] == "log" and _decades(values) >= 2:  # a bare 2 between powers of ten is read as 2
            layout[f"{axis}axis"] |= {"dtick": 1, "minor": {"ticks": "outside", "dtick": "D1"}}
    if not alt:
        ends = "; ".join(f"{name} from {float(v[0]):.3g} to {float(v[-1]):.3g}" for name, v in curves.items())
        alt = f"{title or 'Curves'}: {ylabel or 'values'} over {xlabel or 'x'} from {x[0]:.3g} to {x[-1]:.3g}. {ends}."
    return Figure(traces, layout, alt=alt)


def _like(x: np.ndarray, values: np.ndarray, what: str) -> np.ndarray:
    values = np.asarray(values)
    if values.shape != x.shape:
        raise InputError(what, f"shape {values.shape}", f"x is {x.shape}", "give both equal lengths")
    return values


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 0.18)"


def _decades(values: list) -> float:
    positive = np.concatenate([np.ravel(each) for each in values])
    positive = positive[np.isfinite(positive) & (positive > 0)]
    return float(np.log10(positive.max() / positive.min())) if len(positive) else 0.0
