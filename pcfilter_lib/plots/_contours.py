"""A surface seen from above, and the ways that lead down."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import Figure, go
from pcfilter_lib.plots._lines import DASHES


def contours(
    x: np.ndarray,
    y: np.ndarray,
    z: np.ndarray,
    *,
    paths: Mapping[str, np.ndarray] | None = None,
    levels: int = 20,
    title: str = "",
    alt: str = "",
    xlabel: str = "",
    ylabel: str = "",
) -> Figure:
    """Draw the contour lines of a function of two variables, and paths over them.

    Parameters
    ----------
    x : (N,) array
        Where the columns of `z` lie.
    y : (M,) array
        Where the rows of `z` lie.
    z : (M, N) array
        The function's values.
    paths : mapping of str to (K, 2) array, optional
        Points (x, y) in the order of the steps, under the name that the legend shows. A dot marks the first.
    levels : int
        About how many contour lines.
    title, alt, xlabel, ylabel : str
        As for :func:`pcfilter_lib.plots.lines`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If `z` is not (M, N), or a path not (K, 2).
    """
    x, y, z = np.asarray(x), np.asarray(y), np.asarray(z)
    if z.shape != (y.size, x.size):
        raise InputError("z", f"shape {z.shape}", f"x has {x.size} and y {y.size} values", "pass z as (len(y), len(x))")
    traces = [
        go.Contour(
            x=x,
            y=y,
            z=z.astype(np.float32),
            ncontours=levels,
            colorscale="Greys",
            contours={"coloring": "lines"},
            showscale=False,
            line={"width": 1},
            hovertemplate="%{z:.4g}<extra></extra>",
        )
    ]
    ends = []
    for number, (name, path) in enumerate((paths or {}).items()):
        path = np.asarray(path, dtype=float)
        if path.ndim != 2 or path.shape[1] != 2 or not len(path):
            raise InputError(f"path {name!r}", f"shape {path.shape}", "this is no path", "pass an array (K, 2)")
        sizes = [11] + [4] * (len(path) - 1)
        traces.append(
            go.Scatter(
                x=path[:, 0],
                y=path[:, 1],
                name=name,
                mode="lines+markers",
                line={"dash": DASHES[number % len(DASHES)], "width": 2.5},
                marker={"size": sizes},
            )
        )
        ends.append(f"{name} goes from ({path[0, 0]:.3g}, {path[0, 1]:.3g}) to ({path[-1, 0]:.3g}, {path[-1, 1]:.3g})")
    layout = {
        "title": {"text": title},
        "height": 480,
        "xaxis": {"title": {"text": xlabel}, "automargin": True, "range": [float(x.min()), float(x.max())]},
        "yaxis": {"title": {"text": ylabel}, "automargin": True, "range": [float(y.min()), float(y.max())]},
    }
    alt = alt or f"{title or 'Contour lines'}: values from {z.min():.3g} to {z.max():.3g}. {'; '.join(ends)}"
    return Figure(traces, layout, alt=alt.strip().rstrip(".") + ".")
