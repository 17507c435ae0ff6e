"""Point clouds."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import MAX_POINTS, PALETTE, Figure, extent, go, space, thin, titled


def cloud(
    points: np.ndarray,
    values: np.ndarray | None = None,
    *,
    title: str = "",
    alt: str = "",
    label: str = "value",
    unit: str = "",
    size: float = 2.0,
) -> Figure:
    """Draw a point cloud.

    Parameters
    ----------
    points : (N, 3) array
        Coordinates, in any unit. Points with NaN are left out.
    values : (N,) array, optional
        A number per point, drawn as its colour.
    title : str
        Shown above; "showing n of N" is added where more than `MAX_POINTS` points were thinned.
    alt : str
        The text alternative; made from the number of points and their extent where it is not given.
    label : str
        What `values` are, for the colour bar.
    unit : str
        The unit of the coordinates, for the axes.
    size : float
        Diameter of a point, in pixels.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If `points` is not (N, 3), or `values` has another length.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 3:
        raise InputError("points", f"shape {points.shape}", "this is no point cloud", "pass an array (N, 3)")
    if values is not None and np.shape(values) != (len(points),):
        raise InputError(
            "values", f"shape {np.shape(values)}", f"there are {len(points)} points", "pass one value per point"
        )
    finite = np.isfinite(points).all(axis=1)
    points, values = points[finite], None if values is None else np.asarray(values)[finite]
    chosen = thin(len(points), MAX_POINTS)
    x, y, z = points[chosen].astype(np.float32).T
    marker = {"size": size, "color": PALETTE["blue"]}
    if values is not None:
        marker |= {
            "color": values[chosen].astype(np.float32),
            "colorscale": "Viridis",
            "colorbar": {"title": {"text": label}, "thickness": 12},
        }
    alt = alt or f"{title or 'Point cloud'}: {len(points):,} points, extent {extent(points)}{unit and f' {unit}'}."
    trace = go.Scatter3d(x=x, y=y, z=z, mode="markers", marker=marker, showlegend=False)
    eye = _eye(points)
    layout = {"title": {"text": titled(title, len(chosen), len(points))}, **space(unit, eye=eye)}
    if eye:
        layout["height"] = 360  # a row needs no more
    return Figure(trace, layout, alt=alt)


def _eye(points: np.ndarray) -> dict[str, float] | None:
    """Return from where a long row of things is seen whole: from its side, far enough away. None: from a corner."""
    sizes = np.ptp(points, axis=0) if len(points) else np.zeros(3)
    along, across = (0, 1) if sizes[0] >= sizes[1] else (1, 0)
    if not sizes.all() or sizes[along] < 2 * max(sizes[across], sizes[2]):
        return None
    length = sizes[along] / np.prod(sizes) ** (1 / 3)  # Plotly's unit is the geometric mean of the three sizes
    distance = 0.8 * length
    eye = {"x": 0.0, "y": 0.0, "z": 0.35 * distance}
    eye["xy"[across]] = -distance if across == 1 else distance  # to the right is +x, or +y
    return eye
