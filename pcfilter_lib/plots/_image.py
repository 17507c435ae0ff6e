"""Images and depth maps."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import Figure, go


def grid_layout(title: str, shape: tuple[int, int]) -> dict:
    """Rows downwards, square pixels, and a height that fits the picture."""
    height = int(np.clip(120 + 640 * shape[0] / max(shape[1], 1), 260, 620))
    return {
        "title": {"text": title},
        "height": height,
        "meta": {"aspect": shape[0] / max(shape[1], 1)},  # so that a narrow page can choose its own height
        "xaxis": {
            "title": {"text": "column"},
            "automargin": True,
            "constrain": "domain",
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "title": {"text": "row"},
            "automargin": True,
            "autorange": "reversed",
            "scaleanchor": "x",
            "constrain": "domain",
            "showgrid": False,
            "zeroline": False,
        },
    }


def image(pixels: np.ndarray, *, title: str = "", alt: str = "", limits: tuple[float, float] | None = None) -> Figure:
    """Draw a picture.

    Parameters
    ----------
    pixels : (H, W) or (H, W, 3) array
        Grey values, or red, green and blue: ``uint8``, or floats in [0, 1].
    title : str
        Shown above the picture.
    alt : str
        The text alternative; made from the shape and the range of values where it is not given.
    limits : (float, float), optional
        The grey values drawn black and white. By default the smallest and the largest.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the array is not a picture.
    """
    pixels = np.asarray(pixels)
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3) or not pixels.size:
        raise InputError("pixels", f"shape {pixels.shape}", "this is no picture", "pass (H, W) or (H, W, 3)")
    rows, columns = pixels.shape[:2]
    if pixels.ndim == 3:
        if pixels.dtype != np.uint8:
            pixels = (np.clip(pixels, 0, 1) * 255).round().astype(np.uint8)
        trace = go.Image(z=pixels)
        alt = alt or f"{title or 'Colour picture'}: {rows} rows by {columns} columns, in colour."
    else:
        low, high = limits or (float(np.nanmin(pixels)), float(np.nanmax(pixels)))
        trace = go.Heatmap(z=_compact(pixels), colorscale="gray", zmin=low, zmax=high, colorbar={"thickness": 12})
        alt = alt or f"{title or 'Grey picture'}: {rows} rows by {columns} columns, values {low:.3g} to {high:.3g}."
    return Figure(trace, grid_layout(title, (rows, columns)), alt=alt)


def depth_map(depth: np.ndarray, *, title: str = "Depth", alt: str = "") -> Figure:
    """Draw a depth map: near is bright, far is dark, and where nothing was measured is blank.

    Parameters
    ----------
    depth : (H, W) array
        Metres along the camera's axis; NaN where nothing was measured.
    title, alt : str
        As for :func:`image`.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the array is not two-dimensional.
    """
    depth = np.asarray(depth, dtype=np.float32)
    if depth.ndim != 2 or not depth.size:
        raise InputError("depth", f"shape {depth.shape}", "this is no depth map", "pass an array (H, W)")
    finite = np.isfinite(depth)
    share = finite.mean()
    if finite.any():
        low, high = np.percentile(depth[finite], [0.5, 99.5])  # one far ghost must not flatten the part
        span = f"{depth[finite].min():.3g} to {depth[finite].max():.3g} m"
    else:
        low, high, span = 0.0, 1.0, "nothing measured"
    rows, columns = depth.shape
    trace = go.Heatmap(
        z=_compact(depth),
        colorscale="Viridis_r",
        zmin=float(low),
        zmax=float(high),
        colorbar={"title": {"text": "m"}, "thickness": 12},
        hoverongaps=False,
    )
    alt = alt or f"{title}: {rows} rows by {columns} columns, {span}; {share:.1%} of the pixels are measured."
    return Figure(trace, grid_layout(title, depth.shape), alt=alt)


def _compact(values: np.ndarray) -> np.ndarray:
    """Four bytes a pixel are enough for the eye, and halve the page."""
    return values.astype(np.float32) if values.dtype == np.float64 else values
