"""Label images, one or several: one colour for each kind of pixel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import PALETTE, Figure, go
from pcfilter_lib.plots._image import grid_layout
from pcfilter_lib.plots._images import images

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
    kind, colours = _kinds(values, names)
    count = len(names)
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


def label_images(
    pictures: np.ndarray | Sequence[np.ndarray],
    labels: Mapping[int, str] = SCAN_LABELS,
    *,
    names: Sequence = (),
    title: str = "",
    alt: str = "",
    columns: int = 4,
) -> Figure:
    """Draw a grid of label images of one size, with the colours of :func:`labels` and one legend.

    Parameters
    ----------
    pictures : (N, H, W) array of int, or N arrays (H, W)
        A label for each pixel.
    labels : mapping of int to str
        What each label means, in the order of the legend; at most eight.
    names, title, alt, columns
        As for :func:`pcfilter_lib.plots.images`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the pictures differ in size, a name is missing, or a label has none.
    """
    kinds = [_kinds(np.asarray(picture), labels) for picture in pictures]
    painted = [np.array([_rgb(colour) for colour in colours], np.uint8)[kind] for kind, colours in kinds]
    figure = images(painted, names=names, title=title, alt=alt, columns=columns)
    for name, colour in zip(labels.values(), kinds[0][1], strict=True):
        square = {"symbol": "square", "size": 12, "color": colour, "line": {"width": 1, "color": PALETTE["grey"]}}
        figure.add_trace(go.Scatter(x=[None], y=[None], mode="markers", marker=square, name=name, showlegend=True))
    figure.update_layout(showlegend=True, legend={"orientation": "h", "y": 0, "yanchor": "top"})
    return figure.update_layout(margin_b=48, height=figure.layout.height + 40)


def _kinds(values: np.ndarray, names: Mapping[int, str]) -> tuple[np.ndarray, list[str]]:
    """Return each pixel's place among the names, and the colour of each name."""
    if len(names) > len(_COLOURS):
        raise InputError("names", "", f"{len(names)} kinds cannot be told apart", f"draw at most {len(_COLOURS)}")
    unknown = np.setdiff1d(values, list(names))
    if len(unknown):
        raise InputError("values", f"label {unknown[0]}", "it has no name", "add it to names")
    kind = np.zeros(values.shape, np.uint8)
    for number, value in enumerate(names):
        kind[values == value] = number
    return kind, [("#d9d9d9" if name == "light" else PALETTE[name]) for name in _COLOURS[: len(names)]]


def _rgb(colour: str) -> list[int]:
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
