"""Label images: one colour for each kind of pixel."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots.figure import PALETTE, Figure, go
from pcfilter_lib.plots.image import grid_layout

#: The labels of a scan, as everywhere in this library.
SCAN_LABELS = {1: "true geometry", 0: "artefact", 255: "neither"}
_COLOURS = ("sky", "orange", "light", "green", "purple", "amber", "yellow", "blue")


def labels(
    values: np.ndarray, names: Mapping[int, str] = SCAN_LABELS, *, title: str = "Labels", alt: str = ""
) -> Figure:
    """Draw a label image.

    Parameters
    ----------
    values : (H, W) array of int
        A label for each pixel.
    names : mapping of int to str
        What each label means, in the order of the legend; at most eight. By default the labels of a scan.
    title, alt : str
        As for :func:`pcfilter_lib.plots.image`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the array is not two-dimensional, or holds a label without a name.
    """
    values = np.asarray(values)
    if values.ndim != 2 or not values.size:
        raise InputError("values", f"shape {values.shape}", "this is no label image", "pass an array (H, W)")
    if len(names) > len(_COLOURS):
        raise InputError("names", "", f"{len(names)} kinds cannot be told apart", f"draw at most {len(_COLOURS)}")
    unknown = np.setdiff1d(values, list(names))
    if len(unknown):
        raise InputError("values", f"label {unknown[0]}", "it has no name", "add it to names")
    kind = np.zeros(values.shape, np.uint8)
    for number, value in enumerate(names):
        kind[values == value] = number
    count = len(names)
    colours = [("#d9d9d9" if name == "light" else PALETTE[name]) for name in _COLOURS[:count]]
    steps = [(edge / count, colour) for number, colour in enumerate(colours) for edge in (number, number + 1)]
    shares = {name: np.mean(values == value) for value, name in names.items()}
    trace = go.Heatmap(
        z=kind,
        zmin=-0.5,
        zmax=count - 0.5,
        colorscale=steps,
        colorbar={"tickvals": list(range(count)), "ticktext": list(names.values()), "thickness": 14, "len": 0.5},
        hovertemplate="row %{y}, column %{x}<extra></extra>",
    )
    rows, columns = values.shape
    told = ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
    return Figure(
        trace, grid_layout(title, values.shape), alt=alt or f"{title}: {rows} rows by {columns} columns; {told}."
    )
