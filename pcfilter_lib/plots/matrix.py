"""Matrices, with their numbers where there is room for them."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots.figure import Figure, go

#: Up to this many columns the entries are written into their cells.
_MAX_WRITTEN = 20


def matrix(
    values: np.ndarray,
    *,
    title: str = "",
    alt: str = "",
    text: np.ndarray | None = None,
    rows: str = "row",
    columns: str = "column",
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
    rows, columns : str
        What the rows and the columns are, for the axes.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the array is not two-dimensional.
    """
    values = np.asarray(values)
    if values.ndim != 2 or not values.size:
        raise InputError("values", f"shape {values.shape}", "this is no matrix", "pass an array (M, N)")
    count, width = values.shape
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
        hovertemplate=f"{rows} %{{y}}, {columns} %{{x}}: %{{z:.4g}}<extra></extra>",
    )
    layout = {
        "title": {"text": title},
        "height": int(np.clip(130 + 34 * count, 220, 620)),
        "xaxis": {
            "title": {"text": columns},
            "automargin": True,
            "showgrid": False,
            "zeroline": False,
            "constrain": "domain",
        },
        "yaxis": {
            "title": {"text": rows},
            "automargin": True,
            "autorange": "reversed",
            "showgrid": False,
            "zeroline": False,
        },
    }
    for axis, size in (("xaxis", width), ("yaxis", count)):
        if size <= _MAX_WRITTEN:
            layout[axis]["dtick"] = 1
    nonzero = np.count_nonzero(values)
    alt = alt or (
        f"{title or 'Matrix'}: {count} rows by {width} columns; {nonzero} of {values.size} entries are not zero."
    )
    return Figure(trace, layout, alt=alt)
