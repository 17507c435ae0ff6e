"""The interactive picture of a kernel that slides over an image."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import PALETTE, Figure, go

#: More positions than this make a slow page, and nobody drags through them.
_MAX_POSITIONS = 100


#: The three panels, left to right, and the number of each one's axes.
_PANELS = {"image": "", "kernel": "2", "output": "3"}
_GAP = 0.08  # between two panels, as a share of the width


def _signed(value: float) -> str:
    """Write a number so that its sign cannot be taken for an operation."""
    return f"(−{-value:.3g})" if value < 0 else f"{value:.3g}"


def _cells(values: np.ndarray, panel: str, largest: float) -> go.Heatmap:
    """Draw numbers in coloured cells, and nothing where they are NaN."""
    axis = _PANELS[panel]
    text = np.vectorize(lambda value: "" if np.isnan(value) else f"{value:.3g}")(values)
    # Twice the range keeps the cells pale, and the numbers in them readable.
    return go.Heatmap(
        z=values, zmin=-2 * largest, zmax=2 * largest, colorscale="RdBu_r", showscale=False, xgap=1, ygap=1,
        text=text, texttemplate="%{text}", xaxis=f"x{axis}", yaxis=f"y{axis}", hoverongaps=False,
        hovertemplate="row %{y}, column %{x}: %{z:.3g}<extra></extra>",
    )  # fmt: skip


def _outline(panel: str, row: int, column: int, height: int, width: int) -> dict:
    axis = _PANELS[panel]
    return {
        "type": "rect", "xref": f"x{axis}", "yref": f"y{axis}", "line": {"color": PALETTE["green"], "width": 4},
        "x0": column - 0.5, "x1": column + width - 0.5, "y0": row - 0.5, "y1": row + height - 0.5,
    }  # fmt: skip


def _sum(window: np.ndarray, kernel: np.ndarray, total: float) -> dict:
    """Write the sum under the panels, a line for each row of the kernel: it must fit a phone."""
    terms = " +<br>".join(
        " + ".join(f"{_signed(weight)}·{_signed(pixel)}" for weight, pixel in zip(*row, strict=True))
        for row in zip(kernel, window, strict=True)
    )
    return {
        "text": f"<b>{terms} = {total:.3g}</b>", "x": 0.5, "y": -0.02, "xref": "paper", "yref": "paper",
        "yanchor": "top", "showarrow": False,
    }  # fmt: skip


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
    positions = list(np.ndindex(out.shape))

    def state(step: int) -> tuple[go.Heatmap, dict]:
        """Return the output computed so far, and the outlines and the sum that belong to it."""
        row, column = positions[step]
        so_far = np.where(np.arange(out.size).reshape(out.shape) <= step, out, np.nan)
        layout = {
            "shapes": [_outline("image", row, column, *kernel.shape), _outline("output", row, column, 1, 1)],
            "annotations": [_sum(windows[row, column], kernel, out[row, column])],
        }
        return _cells(so_far, "output", largest["output"]), layout

    shown = {"image": image, "kernel": kernel, "output": out}
    largest = {panel: float(np.abs(values).max()) or 1.0 for panel, values in shown.items()}
    now = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    frames, steps = [], []
    for step, (row, column) in enumerate(positions):
        cells, layout = state(step)
        frames.append(go.Frame(name=str(step), data=[cells], traces=[2], layout=layout))
        steps.append({"label": f"{row},{column}", "method": "animate", "args": [[str(step)], now]})

    cells, first = state(0)
    below = 46 + 20 * len(kernel)  # pixels for the sum
    layout = {
        "title": {"text": title},
        "height": 450 + below,
        "margin": {"t": 120, "b": 90 + below},
        "sliders": [{"steps": steps, "currentvalue": {"prefix": "row, column: "}, "y": 0, "pad": {"t": below}}],
        **first,
    }
    share = (1 - 2 * _GAP) / sum(values.shape[1] for values in shown.values())  # of the width, for one cell
    left = 0.0
    for panel, axis in _PANELS.items():
        height, width = shown[panel].shape
        domain, left = (left, min(left + width * share, 1)), left + width * share + _GAP
        plain = {"showgrid": False, "zeroline": False, "dtick": 1, "constrain": "domain"}
        layout[f"xaxis{axis}"] = {
            "title": {"text": panel, "font": {"size": 14}}, "side": "top", "domain": domain, "anchor": f"y{axis}",
            "range": [-0.5, width - 0.5], **plain,
        }  # fmt: skip
        layout[f"yaxis{axis}"] = {
            "anchor": f"x{axis}", "scaleanchor": f"x{axis}", "constraintoward": "top",
            "range": [height - 0.5, -0.5], **plain,
        }  # fmt: skip
    traces = [_cells(image, "image", largest["image"]), _cells(kernel, "kernel", largest["kernel"]), cells]
    sizes = {panel: "x".join(map(str, values.shape)) for panel, values in shown.items()}
    alt = alt or (
        f"{title or 'Sliding window'}: a kernel of {sizes['kernel']} over an image of {sizes['image']}; a slider moves "
        f"it through its {out.size} positions. At each, the products of weights and pixels are added up and written "
        f"into the output of {sizes['output']}, which runs from {out.min():.3g} to {out.max():.3g}."
    )
    return Figure(traces, layout, frames, alt=alt)
