"""Bars: one number for each of a few things."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import Figure, go


def bars(
    values: Mapping[str, float] | Mapping[str, Mapping[str, float]],
    *,
    errors: Mapping[str, float] | None = None,
    title: str = "",
    alt: str = "",
    xlabel: str = "",
    ylabel: str = "",
    log: bool = False,
) -> Figure:
    """Draw bars from zero, or groups of bars.

    Parameters
    ----------
    values : mapping of str to float, or of str to such a mapping
        Each bar's height under its name; or, for groups, such a mapping for each series under the series' name.
    errors : mapping of str to float, optional
        Half the length of an error bar, under the bar's name. Not for groups.
    title, alt, xlabel, ylabel : str
        As for :func:`pcfilter_lib.plots.lines`.
    log : bool
        Draw the heights in powers of ten.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If there is no bar to draw.
    """
    if not values:
        raise InputError("values", "", "there is no bar to draw", "pass at least one name and its number")
    grouped = isinstance(next(iter(values.values())), Mapping)
    series = values if grouped else {"": values}
    traces = []
    for name, heights in series.items():
        trace = go.Bar(x=list(heights), y=[float(height) for height in heights.values()], name=name)
        if len(series) > 1:  # told apart by more than colour
            trace.marker.pattern.shape = ("", "/", "x", ".", "-")[len(traces) % 5]
        if errors and not grouped:
            trace.error_y = {"array": [float(errors.get(key, np.nan)) for key in heights]}
        traces.append(trace)
    layout = {
        "title": {"text": title},
        "xaxis": {"title": {"text": xlabel}, "automargin": True, "type": "category"},
        "yaxis": {"title": {"text": ylabel}, "automargin": True, "type": "log" if log else "linear"},
        "showlegend": grouped,
        "barmode": "group",
    }
    if not alt:
        parts = [
            f"{name + ': ' if name else ''}{', '.join(f'{key} {float(height):.4g}' for key, height in heights.items())}"
            for name, heights in series.items()
        ]
        alt = f"{title or 'Bars'}{f' ({ylabel})' if ylabel else ''}: {'; '.join(parts)}."
    return Figure(traces, layout, alt=alt)
