"""Grids of voxels: as cubes, and plane by plane."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import LAMP, LIGHT, PALETTE, Figure, go, space

if TYPE_CHECKING:
    from pcfilter_lib.data import VoxelGrid

_MAX_FACES = 60_000  # a page has to carry them
_MAX_PLANES = 32
_KINDS = (*PALETTE.values(), "#882255", "#44AA99", "#999933", "#d9d9d9")
_TERNARY = {-1: "unknown", 0: "free", 1: "surface"}
# Four corners of each face of a cube, seen from outside counter-clockwise, by the axis and side that it looks to.
_CORNERS = {
    (0, 0): ((0, 0, 0), (0, 0, 1), (0, 1, 1), (0, 1, 0)),
    (0, 1): ((1, 0, 0), (1, 1, 0), (1, 1, 1), (1, 0, 1)),
    (1, 0): ((0, 0, 0), (1, 0, 0), (1, 0, 1), (0, 0, 1)),
    (1, 1): ((0, 1, 0), (0, 1, 1), (1, 1, 1), (1, 1, 0)),
    (2, 0): ((0, 0, 0), (0, 1, 0), (1, 1, 0), (1, 0, 0)),
    (2, 1): ((0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1)),
}


def voxels(
    grid: VoxelGrid,
    values: np.ndarray | None = None,
    *,
    names: Mapping[int, str] | None = None,
    title: str = "",
    alt: str = "",
    label: str = "value",
    unit: str = "m",
) -> Figure:
    """Draw the occupied voxels of a grid as cubes.

    Parameters
    ----------
    grid : VoxelGrid
        Of any kind that says where something is. Of a probability, the colour is the probability.
    values : (X, Y, Z) array, optional
        A number per voxel, drawn as its colour; with `names`, a class.
    names : mapping of int to str, optional
        What each class is called, at most twelve.
    title, alt : str
        As for :func:`pcfilter_lib.plots.cloud`.
    label : str
        What `values` are, for the colour bar.
    unit : str
        The unit of the coordinates, for the axes.

    Returns
    -------
    Figure
        Only the outer faces are drawn. Where there are more than 60,000 of them, eight voxels are drawn as one, and
        the title says so.

    Raises
    ------
    InputError
        If `values` has another shape, or a class no name.
    """
    occupied, step = grid.occupied, 1
    if values is None and grid.kind == "probability":
        values, label = grid.values, "probability"
    if values is not None and np.shape(values) != grid.shape:
        raise InputError(
            "values", "", f"their shape is {np.shape(values)}", f"pass one for each of {grid.shape} voxels"
        )
    values = None if values is None else np.asarray(values)
    while len((found := _outer_faces(occupied))[0]) > _MAX_FACES:
        occupied, values, step = *_coarser(occupied, values), 2 * step
    faces, cubes = found
    corners, index = np.unique(faces.reshape(-1, 3), axis=0, return_inverse=True)
    x, y, z = (grid.origin + corners * step * grid.voxel_size).astype(np.float32).T
    quads = index.reshape(-1, 4).astype(np.int32)
    # All first triangles, then all second ones.
    i, j, k = np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]).T
    mesh = {"x": x, "y": y, "z": z, "i": i, "j": j, "k": k, "flatshading": True, "hoverinfo": "skip"}
    mesh["lighting"] = LIGHT | {"ambient": 0.55, "diffuse": 0.7, "specular": 0.05}
    mesh["lightposition"] = LAMP
    traces = []
    if values is None:
        traces.append(go.Mesh3d(**mesh, color=PALETTE["sky"]))
    else:
        colour = np.tile(values[tuple(cubes.T)], 2)
        if names is None:
            bar = {"title": {"text": label}, "thickness": 12}
            traces.append(
                go.Mesh3d(
                    **mesh,
                    intensity=colour.astype(np.float32),
                    intensitymode="cell",
                    colorscale="Viridis",
                    colorbar=bar,
                )
            )
        else:
            colours = _colours(colour, names)
            traces.append(go.Mesh3d(**mesh, facecolor=[colours[value] for value in colour.tolist()]))
            here = set(np.unique(colour).tolist())
            for value, name in names.items():
                if value in here:
                    marker = {"symbol": "square", "size": 10, "color": colours[value]}
                    traces.append(go.Scatter3d(x=[None], y=[None], z=[None], mode="markers", marker=marker, name=name))
    count = int(grid.occupied.sum())
    size = " x ".join(map(str, grid.shape))
    alt = alt or f"{title or 'Voxels'}: {count:,} of {size} voxels are occupied ({count / grid.occupied.size:.1%})."
    note = "" if step == 1 else f"{step**3} voxels drawn as one"
    text = f"{title} ({note})" if title and note else title or note.capitalize()
    layout = {"title": {"text": text}, **space(unit), "showlegend": names is not None}
    return Figure(traces, layout, alt=alt)


def slices(
    grid: VoxelGrid,
    axis: str = "z",
    *,
    title: str = "",
    alt: str = "",
    label: str = "",
    unit: str = "m",
) -> Figure:
    """Draw a grid plane by plane, with a slider.

    Parameters
    ----------
    grid : VoxelGrid
        Of any kind, with one number a voxel. Distances with a sign are red outside and blue inside, white on the
        surface.
    axis : {"x", "y", "z"}, optional
        Across which the planes lie. At most 32 of them are drawn, evenly spread.
    title, alt : str
        As for :func:`pcfilter_lib.plots.image`.
    label : str
        What the values are, for the colour bar; by default the grid's kind.
    unit : str
        The unit of the coordinates, for the axes.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the grid has several numbers a voxel, or there is no such axis.
    """
    across = "xyz".index(one_of("slices", "axis", axis, ("x", "y", "z")))
    if grid.values.ndim != 3:
        raise InputError("slices", "grid", f"its shape is {grid.values.shape}", "draw one channel")
    count = grid.shape[across]
    chosen = np.unique(np.linspace(0, count - 1, min(count, _MAX_PLANES)).round().astype(int))
    places = [grid.to_points(np.arange(max(grid.shape))[:, None].repeat(3, axis=1))[:, each] for each in range(3)]
    right, up = (each for each in range(3) if each != across)
    values = np.moveaxis(grid.values.astype(np.float32), across, 0)
    middle = len(chosen) // 2
    traces = [
        go.Heatmap(
            z=values[plane].T,
            x=places[right][: grid.shape[right]],
            y=places[up][: grid.shape[up]],
            visible=number == middle,
            hovertemplate="%{z:.3g}<extra></extra>",
            **_colouring(grid, label or grid.kind),
        )
        for number, plane in enumerate(chosen)
    ]
    steps = [
        {
            "method": "update",
            "args": [{"visible": [each == number for each in range(len(chosen))]}],
            "label": f"{places[across][plane]:.3g}",
        }
        for number, plane in enumerate(chosen)
    ]
    slider = {"active": middle, "steps": steps, "currentvalue": {"prefix": f"{axis} = ", "suffix": f" {unit}"}}
    slider["pad"] = {"t": 56}  # below the axis' title
    layout = {
        "title": {"text": title},
        "sliders": [slider],
        "height": 520,
        "xaxis": {"title": {"text": f"{'xyz'[right]}, {unit}"}, "constrain": "domain"},
        "yaxis": {"title": {"text": f"{'xyz'[up]}, {unit}"}, "scaleanchor": "x", "constrain": "domain"},
    }
    size = " x ".join(map(str, grid.shape))
    alt = alt or f"{title or 'Slices'}: {len(chosen)} of {count} planes across {axis} of a grid of {size} voxels."
    return Figure(traces, layout, alt=alt)


def _outer_faces(occupied: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the corners (F, 4, 3) of the faces between occupied and empty voxels, in voxels, and each face's cube."""
    padded = np.pad(occupied, 1)
    corners, cubes = [], []
    for (axis, side), offsets in _CORNERS.items():
        window = [slice(1, -1)] * 3
        window[axis] = slice(2, None) if side else slice(0, -2)
        cube = np.argwhere(occupied & ~padded[tuple(window)])
        corners.append(cube[:, None] + np.array(offsets))
        cubes.append(cube)
    return np.concatenate(corners), np.concatenate(cubes)


def _coarser(occupied: np.ndarray, values: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Return blocks of eight voxels: occupied if one of them is, with the value of the first that is."""

    def blocks(array):
        array = np.pad(array, [(0, length % 2) for length in array.shape])
        x, y, z = (length // 2 for length in array.shape)
        return array.reshape(x, 2, y, 2, z, 2).transpose(0, 2, 4, 1, 3, 5).reshape(x, y, z, 8)

    cells = blocks(occupied)
    if values is None:
        return cells.any(axis=-1), None
    first = cells.argmax(axis=-1)[..., None]
    return cells.any(axis=-1), np.take_along_axis(blocks(values), first, axis=-1)[..., 0]


def _colours(values: np.ndarray, names: Mapping[int, str]) -> dict[int, str]:
    if len(names) > len(_KINDS):
        raise InputError("names", "", f"{len(names)} kinds cannot be told apart", f"draw at most {len(_KINDS)}")
    unknown = np.setdiff1d(values, list(names))
    if len(unknown):
        raise InputError("values", f"class {unknown[0]}", "it has no name", "add it to names")
    return dict(zip(names, _KINDS, strict=False))


def _colouring(grid: VoxelGrid, label: str) -> dict:
    bar = {"title": {"text": label}, "thickness": 12}
    if grid.kind == "ternary":
        third = 1 / 3
        colours = ("#bbbbbb", "#ffffff", PALETTE["orange"])
        steps = [(edge * third, colour) for number, colour in enumerate(colours) for edge in (number, number + 1)]
        bar |= {"tickvals": list(_TERNARY), "ticktext": list(_TERNARY.values()), "len": 0.5}
        return {"zmin": -1.5, "zmax": 1.5, "colorscale": steps, "colorbar": bar}
    finite = grid.values[np.isfinite(grid.values)]
    if grid.kind == "signed":
        reach = float(np.abs(finite).max()) if finite.size else 1.0
        return {"zmin": -reach, "zmax": reach, "colorscale": "RdBu_r", "colorbar": bar}
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return {"zmin": min(low, 0.0), "zmax": max(high, low + 1e-9), "colorscale": "Viridis", "colorbar": bar}
