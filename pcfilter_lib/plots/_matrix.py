"""Matrices, with their numbers where there is room for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import Figure, go

#: Up to this many columns the entries are written into their cells.
_MAX_WRITTEN = 20


def matrix(
    values: np.ndarray,
    *,
    title: str = "",
    alt: str = "",
    text: np.ndarray | None = None,
    rows: str | Sequence[str] = "row",
    columns: str | Sequence[str] = "column",
) -> Figure:
    """Draw a matrix: zero is white, positive entries are red, negative ones blue.

    Parameters
    ----------
    values : (M, N) array
        The entries.
    title : str
        Shown above the matrix.
    alt : str
        The text alternative; made from the shape and the number of non-zero entries where it is not given.
    text : (M, N) array of str, optional
        Written into the cells in place of the numbers, for example the names of the weights.
    rows, columns : str or sequence of str
        What the rows and the columns are, for the axes: a word for all of them, or a name for each.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the array is not two-dimensional, or there is not one name for each row or column.
    """
    values = np.asarray(values)
    if values.ndim != 2 or not values.size:
        raise InputError("values", f"shape {values.shape}", "this is no matrix", "pass an array (M, N)")
    count, width = values.shape
    ticks = {"xaxis": _named(columns, width, "columns"), "yaxis": _named(rows, count, "rows")}
    row, column = (
        "" if "ticktext" in ticks[axis] else f"{word} " for axis, word in (("yaxis", rows), ("xaxis", columns))
    )
    largest = float(np.abs(values).max()) or 1.0
    if text is None and width <= _MAX_WRITTEN:
        text = np.vectorize(lambda value: f"{value:.3g}")(values)
    trace = go.Heatmap(
        z=values,
        zmin=-largest,
        zmax=largest,
        zmid=0,
        colorscale="RdBu_r",
        text=text,
        texttemplate="%{text}" if text is not None else None,
        xgap=1,
        ygap=1,
        showscale=text is None,
        hovertemplate=f"{row}%{{y}}, {column}%{{x}}: %{{z:.4g}}<extra></extra>",
    )
    layout = {
        "title": {"text": title},
        "height": int(np.clip(130 + 34 * count, 220, 620)),
        "xaxis": {
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
            "constrain": "domain",
        },
        "yaxis": {
            "automargin": True,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
    }
    for axis, named in ticks.items():
        layout[axis] |= named
    nonzero = np.count_nonzero(values)
    alt = alt or (
        f"{title or 'Matrix'}: {count} rows by {width} columns; {nonzero} of {values.size} entries are not zero."
    )
    return Figure(trace, layout, alt=alt)


def _named(words: str | Sequence[str], size: int, argument: str) -> dict[str, object]:
    """Return what labels an axis: a title and numbers, or a name at each tick."""
    if isinstance(words, str):
        return {"title": {"text": words}} | ({"dtick": 1} if size <= _MAX_WRITTEN else {})
    if len(words) != size:
        problem = f"there are {len(words)} names for {size} {argument}"
        raise InputError("matrix", argument, problem, "pass one name for each, or one word for all")
    return {"tickvals": list(range(size)), "ticktext": list(words)}
