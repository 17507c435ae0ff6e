"""Triangle meshes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import LAMP, LIGHT, MAX_POINTS, PALETTE, Figure, extent, go, space, titled

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh


def mesh(
    shape: Mesh,
    values: np.ndarray | None = None,
    *,
    title: str = "",
    alt: str = "",
    label: str = "value",
    unit: str = "",
    edges: bool = False,
) -> Figure:
    """Draw a triangle mesh.

    Parameters
    ----------
    shape : Mesh
        What :func:`pcfilter_lib.data.load_mesh` returns. More than `MAX_POINTS` vertices are merged cell by cell.
    values : (V,) array, optional
        A number per vertex, drawn as its colour, blended across triangles.
    title, alt : str
        As for :func:`pcfilter_lib.plots.cloud`.
    label : str
        What `values` are, for the colour bar.
    unit : str
        The unit of the coordinates, for the axes.
    edges : bool
        Also draw the sides of the triangles.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If `values` has another length.
    """
    if values is not None and np.shape(values) != (len(shape.vertices),):
        problem = f"there are {len(shape.vertices)} vertices"
        raise InputError("values", f"shape {np.shape(values)}", problem, "pass one value per vertex")
    vertices, faces, kept = _cluster(np.asarray(shape.vertices, np.float32), np.asarray(shape.faces), MAX_POINTS)
    x, y, z = vertices.T
    i, j, k = faces.astype(np.int32).T
    colour = {"color": PALETTE["sky"]}
    if values is not None:
        bar = {"title": {"text": label}, "thickness": 12}
        colour = {"intensity": np.asarray(values)[kept].astype(np.float32), "colorscale": "Viridis", "colorbar": bar}
    traces = [
        go.Mesh3d(
            x=x, y=y, z=z, i=i, j=j, k=k, **colour, flatshading=True, hoverinfo="skip",
            lighting=LIGHT | {"ambient": 0.45, "diffuse": 0.8, "specular": 0.15}, lightposition=LAMP,
        )
    ]  # fmt: skip
    if edges:
        # One line through all triangles; NaN lifts the pen between two of them.
        corners = np.full((len(faces), 5, 3), np.nan, np.float32)
        corners[:, :4] = vertices[faces[:, [0, 1, 2, 0]]]
        ex, ey, ez = corners.reshape(-1, 3).T
        line = {"color": "#333333", "width": 1.5}
        traces.append(go.Scatter3d(x=ex, y=ey, z=ez, mode="lines", line=line, hoverinfo="skip", showlegend=False))
    total = len(shape.vertices)
    alt = alt or (
        f"{title or 'Mesh'}: {total:,} vertices, {len(shape.faces):,} triangles, "
        f"extent {extent(np.asarray(shape.vertices))}{unit and f' {unit}'}."
    )
    layout = {"title": {"text": titled(title, len(vertices), total, "vertices")}, **space(unit)}
    return Figure(traces, layout, alt=alt)


def _cluster(vertices: np.ndarray, faces: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Merge vertices cell by cell until at most `limit` are left (Rossignac and Borrel, 1993), and say which."""
    if len(vertices) <= limit:
        return vertices, faces, np.arange(len(vertices))
    low, span = vertices.min(axis=0), float(np.ptp(vertices, axis=0).max()) or 1.0
    cells = 256
    while True:
        key = np.floor((vertices - low) / span * cells).astype(np.int64)
        _, first, member = np.unique(key, axis=0, return_index=True, return_inverse=True)
        if len(first) <= limit:
            break
        cells = int(cells * 0.8)
    merged = member.reshape(-1)[faces]
    a, b, c = merged.T
    return vertices[first], merged[(a != b) & (b != c) & (c != a)], first
