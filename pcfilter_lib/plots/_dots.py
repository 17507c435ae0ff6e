"""Dots: many numbers under a few names, each with a note of its own."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import PALETTE, Figure, go

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "x", "cross", "star", "triangle-down")


def dots(
    rows: Iterable[Mapping[str, object]],
    *,
    title: str = "",
    alt: str = "",
    xlabel: str = "",
    log: bool = False,
) -> Figure:
    """Draw one line of dots for each name; a dot's note appears when the pointer is on it.

    Series are told apart by colour, and by the symbol. A click in the legend hides one, a double click all others.

    Parameters
    ----------
    rows : iterable of mapping
        One for each dot: its ``"name"`` (the line that it is on) and its ``"value"``. Also, if wanted, ``"colour"`` and
        ``"symbol"``: words, and dots with the same word look alike; ``"group"``: a heading over the series in the
        legend; ``"note"``: text of one or more lines.
    title, alt, xlabel : str
        As for :func:`pcfilter_lib.plots.lines`.
    log : bool
        Draw the values in powers of ten.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If there is no dot to draw, one lacks name or value, or there are too many colours or symbols.
    """
    rows = [{"colour": "", "symbol": "", "group": "", "note": ""} | dict(row) for row in rows]
    if not rows:
        raise InputError("rows", "", "there is no dot to draw", "pass at least one name and its value")
    for number, row in enumerate(rows):
        if missing := {"name", "value"} - set(row):
            raise InputError("rows", str(number), f"{min(missing)} is missing", "give each dot its name and its value")
    looks = {"colour": _looks(rows, "colour", list(PALETTE.values())), "symbol": _looks(rows, "symbol", SYMBOLS)}
    series: dict[tuple, list] = {}
    for row in rows:
        series.setdefault((row["group"], row["colour"], row["symbol"]), []).append(row)
    traces = []
    for (group, colour, symbol), members in series.items():
        name = ", ".join(str(word) for word in (colour, symbol) if word)
        notes = [html.escape(str(row["note"] or name)).replace("\n", "<br>") for row in members]
        traces.append(
            go.Scatter(
                x=[float(row["value"]) for row in members],
                y=[row["name"] for row in members],
                mode="markers",
                name=name,
                marker={
                    "color": looks["colour"][colour],
                    "symbol": looks["symbol"][symbol],
                    "size": 10,
                    "line": {"width": 1, "color": "#ffffff"},
                },
                customdata=notes,
                hovertemplate="<b>%{y}</b>: %{x:.4g}<br>%{customdata}<extra></extra>",
                **({"legendgroup": group, "legendgrouptitle": {"text": group}} if group else {}),
            )
        )
    names = list(dict.fromkeys(row["name"] for row in rows))
    layout = {
        "title": {"text": title},
        "xaxis": {
            "title": {"text": xlabel},
            "type": "log" if log else "linear",
            "exponentformat": "power",
            "automargin": True,
            **({"dtick": 1} if log else {}),
        },
        "yaxis": {"automargin": True, "categoryorder": "array", "categoryarray": names[::-1], "type": "category"},
        "height": max(440, 140 + 26 * len(names)),
        "showlegend": any(trace.name for trace in traces),
        "hovermode": "closest",
        "legend": {"groupclick": "toggleitem"},
    }
    if not alt:
        parts = []
        for name in names:
            values = [float(row["value"]) for row in rows if row["name"] == name]
            parts.append(f"{name} {min(values):.3g}" + (f" to {max(values):.3g}" if len(values) > 1 else ""))
        alt = f"{title or 'Dots'}{f' ({xlabel})' if xlabel else ''}: {'; '.join(parts)}."
    return Figure(traces, layout, alt=alt)


def _looks(rows: list[dict], key: str, available) -> dict[object, str]:
    words = list(dict.fromkeys(row[key] for row in rows))
    if len(words) > len(available):
        raise InputError(
            "rows", key, f"{len(words)} are too many to be told apart", f"use at most {len(available)} words"
        )
    return dict(zip(words, available, strict=False))
