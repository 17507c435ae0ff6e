"""The interactive picture of a kernel that slides over an image."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots.figure import PALETTE, Figure, go

#: More positions than this make a slow page, and nobody drags through them.
_MAX_POSITIONS = 100


def sliding_window(image: np.ndarray, kernel: np.ndarray, *, title: str = "", alt: str = "") -> Figure:
    """Draw a kernel at each of its positions over an image, with the sum that it computes there.

    The sum is the one deep learning calls convolution: the kernel is not flipped. Pass ``kernel[::-1, ::-1]`` to see
    the convolution of mathematics.

    Parameters
    ----------
    image : (H, W) array
        A small image.
    kernel : (h, w) array
        The weights, no larger than the image.
    title, alt : str
        As for :func:`pcfilter_lib.plots.cloud`.

    Returns
    -------
    Figure
        With a slider: one step for each of the (H-h+1)(W-w+1) positions.

    Raises
    ------
    InputError
        If the kernel is larger than the image, or there are more than 100 positions.
    """
    image, kernel = np.asarray(image, float), np.asarray(kernel, float)
    if image.ndim != 2 or kernel.ndim != 2 or any(k > n for k, n in zip(kernel.shape, image.shape, strict=True)):
        raise InputError(
            "kernel", f"shape {kernel.shape}", f"it does not fit the image {image.shape}", "pass a smaller kernel"
        )
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    out = np.einsum("abij,ij->ab", windows, kernel)
    if out.size > _MAX_POSITIONS:
        raise InputError("image", f"shape {image.shape}", f"{out.size} positions are too many", "pass a smaller image")
    rows, columns = out.shape
    positions = [(row, column) for row in range(rows) for column in range(columns)]

    def written(values: np.ndarray) -> np.ndarray:
        return np.vectorize(lambda v: "" if np.isnan(v) else f"{v:.3g}")(values)

    def heat(values: np.ndarray, axis: str, largest: float) -> go.Heatmap:
        return go.Heatmap(
            z=values, text=written(values), texttemplate="%{text}", zmin=-largest, zmax=largest, colorscale="RdBu_r",
            showscale=False, xgap=1, ygap=1, xaxis=f"x{axis}", yaxis=f"y{axis}", hoverongaps=False,
            hovertemplate="row %{y}, column %{x}: %{z:.3g}<extra></extra>",
        )  # fmt: skip

    def outline(row: int, column: int, height: int, width: int, axis: str) -> dict:
        return {
            "type": "rect", "xref": f"x{axis}", "yref": f"y{axis}", "line": {"color": PALETTE["green"], "width": 4},
            "x0": column - 0.5, "x1": column + width - 0.5, "y0": row - 0.5, "y1": row + height - 0.5,
        }  # fmt: skip

    def note(text: str, x: float, y: float) -> dict:
        return {"text": text, "x": x, "y": y, "xref": "paper", "yref": "paper", "showarrow": False}

    def state(step: int) -> tuple[np.ndarray, dict]:
        """Return the output computed so far, and the outlines and the sum that belong to it."""
        row, column = positions[step]
        so_far = np.where(np.arange(out.size).reshape(out.shape) <= step, out, np.nan)
        terms = " + ".join(f"{w:.3g}·{k:.3g}" for w, k in zip(windows[row, column].flat, kernel.flat, strict=True) if k)
        layout = {
            "shapes": [outline(row, column, *kernel.shape, ""), outline(row, column, 1, 1, "3")],
            "annotations": [
                note("image", 0.20, 1.08),
                note("kernel", 0.54, 1.08),
                note("output", 0.85, 1.08),
                note(f"{terms or '0'} = {out[row, column]:.3g}".replace("+ -", "− "), 0.5, -0.14),
            ],
        }
        return so_far, layout

    pixels, weights, sums = (float(np.abs(a).max()) or 1.0 for a in (image, kernel, out))
    frames = []
    for step in range(out.size):
        so_far, layout = state(step)
        frames.append(go.Frame(name=str(step), data=[heat(so_far, "3", sums)], traces=[2], layout=layout))
    now = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    steps = [
        {"label": f"{row},{column}", "method": "animate", "args": [[str(step)], now]}
        for step, (row, column) in enumerate(positions)
    ]
    so_far, first = state(0)
    layout = {
        "title": {"text": title},
        "height": 460,
        "margin": {"t": 90, "b": 30},
        "sliders": [{"steps": steps, "currentvalue": {"prefix": "row, column: "}, "y": -0.18, "pad": {"t": 8}}],
        **first,
    }
    # The three panels, left to right, with cells of one size as far as the width allows.
    for axis, domain, shape in (
        ("", [0, 0.42], image.shape),
        ("3", [0.7, 1], out.shape),
        ("2", [0.47, 0.62], kernel.shape),
    ):
        layout[f"xaxis{axis}"] = {"domain": domain, "anchor": f"y{axis}", "constrain": "domain", "dtick": 1}
        layout[f"yaxis{axis}"] = {
            "anchor": f"x{axis}", "scaleanchor": f"x{axis}", "constrain": "domain", "dtick": 1,
            "range": [shape[0] - 0.5, -0.5],
        }  # fmt: skip
        layout[f"xaxis{axis}"] |= {"showgrid": False, "zeroline": False, "range": [-0.5, shape[1] - 0.5]}
        layout[f"yaxis{axis}"] |= {"showgrid": False, "zeroline": False}
    traces = [heat(image, "", pixels), heat(kernel, "2", weights), heat(so_far, "3", sums)]
    alt = alt or (
        f"{title or 'Sliding window'}: a kernel of {kernel.shape[0]}x{kernel.shape[1]} over an image of "
        f"{image.shape[0]}x{image.shape[1]}; a slider moves it through its {out.size} positions. At each, the products "
        f"of weights and pixels are added up and written into the output of {rows}x{columns}, which runs from "
        f"{out.min():.3g} to {out.max():.3g}."
    )
    return Figure(traces, layout, frames, alt=alt)
