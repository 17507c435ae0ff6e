"""Curves."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots.figure import Figure, go

_DASHES = ("solid", "dash", "dot", "dashdot", "longdash")


def lines(
    x: np.ndarray,
    curves: Mapping[str, np.ndarray],
    *,
    title: str = "",
    alt: str = "",
    across: str = "",
    up: str = "",
    log: bool = False,
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
    across, up : str
        What the two axes are, with units.
    log : bool
        Draw both axes in powers of ten.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If a curve's length is not that of `x`.
    """
    x = np.asarray(x)
    traces = []
    for number, (name, values) in enumerate(curves.items()):
        values = np.asarray(values)
        if values.shape != x.shape:
            raise InputError(f"curve {name!r}", f"shape {values.shape}", f"x is {x.shape}", "give both equal lengths")
        line = {"dash": _DASHES[number % len(_DASHES)], "width": 2.5}
        traces.append(go.Scatter(x=x, y=values, name=name, mode="lines+markers", line=line, marker={"size": 5}))
    kind = "log" if log else "linear"
    layout = {
        "title": {"text": title},
        "xaxis": {"title": {"text": across}, "type": kind, "exponentformat": "power", "automargin": True},
        "yaxis": {"title": {"text": up}, "type": kind, "exponentformat": "power", "automargin": True},
        "legend": {"x": 0.02, "y": 0.98, "bgcolor": "rgba(0,0,0,0)"},
    }
    if not alt:
        ends = "; ".join(f"{name} from {float(v[0]):.3g} to {float(v[-1]):.3g}" for name, v in curves.items())
        alt = f"{title or 'Curves'}: {up or 'values'} over {across or 'x'} from {x[0]:.3g} to {x[-1]:.3g}. {ends}."
    return Figure(traces, layout, alt=alt)
