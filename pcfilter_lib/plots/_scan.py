"""Organised scans, with the mask that a filter or a person gave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import MAX_POINTS, PALETTE, Figure, extent, go, space, thin, titled

if TYPE_CHECKING:
    from pcfilter_lib.data import OrganizedScan


def scan(
    scan: OrganizedScan,
    keep: np.ndarray | None = None,
    *,
    title: str = "",
    alt: str = "",
    names: tuple[str, str] = ("kept", "removed"),
    size: float = 1.6,
) -> Figure:
    """Draw the measured points of a scan as the camera sees them, shaded by depth, the removed ones in orange.

    Parameters
    ----------
    scan : OrganizedScan
        The scan, H by W pixels.
    keep : (H, W) array of bool, optional
        Which points are kept. By default the scan's own labels, where it has them: 1 is kept, 0 is not.
    title, alt : str
        As for :func:`pcfilter_lib.plots.cloud`.
    names : (str, str)
        What the two groups are called in the legend.
    size : float
        Diameter of a point, in pixels.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If `keep` has another shape than the scan.
    """
    valid = np.asarray(scan.valid)
    if keep is None and scan.label is not None:
        keep = np.asarray(scan.label) != 0
    if keep is not None and np.shape(keep) != valid.shape:
        raise InputError("keep", f"shape {np.shape(keep)}", f"the scan is {valid.shape}", "pass one value per pixel")
    points = np.asarray(scan.xyz)[valid]
    kept = np.ones(len(points), bool) if keep is None else np.asarray(keep, bool)[valid]
    # Removed points are few, and what the figure is about: thin the others first.
    removed = np.flatnonzero(~kept)
    removed = removed[thin(len(removed), MAX_POINTS // 2)]
    chosen = np.flatnonzero(kept)
    chosen = np.concatenate([chosen[thin(len(chosen), MAX_POINTS - len(removed))], removed])
    shown, kept_shown = points[chosen].astype(np.float32), kept[chosen]
    traces = [_trace(shown[kept_shown], f"{names[0]}: {kept.sum():,}", size, masked=keep is not None)]
    if keep is not None:
        marker = {"size": size + 1.4, "color": PALETTE["orange"]}
        x, y, z = shown[~kept_shown].T
        name = f"{names[1]}: {(~kept).sum():,}"
        traces.append(go.Scatter3d(x=x, y=y, z=z, mode="markers", name=name, marker=marker, hoverinfo="skip"))
    rows, columns = valid.shape
    measured = f"{len(points):,} of {valid.size:,} pixels measured, extent {extent(points)} m"
    if keep is not None and len(points):
        measured += f"; {names[0]} {kept.mean():.1%}, {names[1]} {1 - kept.mean():.1%} of them"
    alt = alt or f"{title or 'Organised scan'}: {rows} rows by {columns} columns, {measured}."
    layout = {
        "title": {"text": titled(title, len(chosen), len(points))},
        "showlegend": keep is not None,
        "legend": {"itemsizing": "constant", "x": 0.02, "y": 0.98},
        # The camera looks along z with y down: so does the first view of the figure.
        **space("m", up={"x": 0, "y": -1, "z": 0}, eye={"x": 0.2, "y": -0.35, "z": -1.25}),
    }
    return Figure(traces, layout, alt=alt)


def _trace(points: np.ndarray, name: str, size: float, masked: bool) -> go.Scatter3d:
    """Draw the kept points, shaded by their distance; in shades of blue where orange ones stand beside them."""
    x, y, z = points.T
    marker = {"size": size, "color": z, "colorscale": "Blues_r" if masked else "Viridis_r"}
    if masked and len(z):
        # The palest blues vanish on a white page.
        marker |= {"cmin": float(z.min()), "cmax": float(z.max() + 0.6 * np.ptp(z))}
    if not masked:
        marker["colorbar"] = {"title": {"text": "depth, m"}, "thickness": 12}
    return go.Scatter3d(x=x, y=y, z=z, mode="markers", name=name, marker=marker, hoverinfo="skip")
