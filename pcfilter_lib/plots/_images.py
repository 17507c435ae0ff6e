"""Many small pictures side by side: examples of a data set, filters, feature maps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.plots._figure import PALETTE, Figure, go


def images(
    pictures: np.ndarray | Sequence[np.ndarray],
    *,
    names: Sequence | np.ndarray = (),
    title: str = "",
    alt: str = "",
    columns: int = 8,
    limits: tuple[float, float] | str | None = None,
) -> Figure:
    """Draw a grid of pictures of one size.

    Parameters
    ----------
    pictures : (N, H, W) or (N, H, W, 3) array, or N arrays (H, W) or (H, W, 3)
        Grey values, or red, green and blue as ``uint8`` or floats in [0, 1].
    names : sequence
        Written above the pictures, in their order.
    title, alt : str
        As for :func:`pcfilter_lib.plots.image`.
    columns : int
        Pictures in a row.
    limits : (float, float) or "each", optional
        The grey values drawn black and white. By default the smallest and the largest of all pictures, so that they
        can be compared; ``"each"`` stretches every picture by itself.

    Returns
    -------
    Figure

    Raises
    ------
    InputError
        If the pictures differ in size, or a name is missing.
    """
    shapes = {np.shape(picture) for picture in pictures}
    shape = shapes.pop() if len(shapes) == 1 else ()
    if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3) or not np.prod(shape):
        raise InputError("pictures", "", "they are no pictures of one size", "pass (N, H, W) or (N, H, W, 3)")
    pictures = np.stack([np.asarray(picture) for picture in pictures])
    names = [str(name) for name in names]
    if names and len(names) != len(pictures):
        raise InputError("names", f"{len(names)} names", f"there are {len(pictures)} pictures", "name each or none")
    count, height, width = pictures.shape[:3]
    columns = min(columns, count)
    rows = -(-count // columns)
    gap = 1 + max(height, width) // 16
    above = gap + (max(height, width) // 5 if names else 0)  # room for a name
    tops = [row * (height + above) for row in range(rows) for _ in range(columns)][:count]
    lefts = [column * (width + gap) for _ in range(rows) for column in range(columns)][:count]
    size = rows * (height + above) - above, columns * (width + gap) - gap

    if pictures.ndim == 4:
        if pictures.dtype != np.uint8:
            pictures = (np.clip(pictures, 0, 1) * 255).round().astype(np.uint8)
        sheet = np.zeros((*size, 4), np.uint8)  # transparent between the pictures
        for picture, top, left in zip(pictures, tops, lefts, strict=True):
            sheet[top : top + height, left : left + width] = np.dstack([picture, np.full((height, width), 255)])
        trace = go.Image(z=sheet, colormodel="rgba", hoverinfo="skip")
        span = "in colour"
    else:
        pictures = pictures.astype(np.float32)
        low, high = float(np.nanmin(pictures)), float(np.nanmax(pictures))
        if limits == "each":
            floor = np.nanmin(pictures, axis=(1, 2), keepdims=True)
            pictures = (pictures - floor) / np.maximum(np.nanmax(pictures - floor, axis=(1, 2), keepdims=True), 1e-12)
            span, (low, high) = "each stretched to its own values", (0.0, 1.0)
        else:
            low, high = limits or (low, high)
            span = f"values {low:.3g} to {high:.3g}"
        sheet = np.full(size, np.nan, np.float32)
        for picture, top, left in zip(pictures, tops, lefts, strict=True):
            sheet[top : top + height, left : left + width] = picture
        trace = go.Heatmap(
            z=sheet,
            colorscale="gray",
            zmin=low,
            zmax=high,
            showscale=limits != "each",
            colorbar={"thickness": 12},
            hoverongaps=False,
            hovertemplate="%{z:.3g}<extra></extra>",
        )

    hidden = {"visible": False, "constrain": "domain"}
    layout = {
        "title": {"text": title},
        "height": int(np.clip(90 + 680 * size[0] / size[1], 180, 900)),
        "meta": {"aspect": size[0] / size[1]},  # so that a narrow page can choose its own height
        "xaxis": hidden,
        "yaxis": {**hidden, "autorange": "reversed", "scaleanchor": "x"},
        "margin": {"l": 8, "r": 8, "t": 64, "b": 8},
        "shapes": [  # frames: a white picture would be lost on a white page
            {
                "type": "rect",
                "x0": left - 0.5,
                "x1": left + width - 0.5,
                "y0": top - 0.5,
                "y1": top + height - 0.5,
                "line": {"width": 1, "color": PALETTE["grey"]},
            }
            for top, left in zip(tops, lefts, strict=True)
        ],
        "annotations": [
            {"text": name, "x": left + (width - 1) / 2, "y": top - 0.5, "yanchor": "bottom", "showarrow": False}
            for name, top, left in zip(names, tops, lefts, strict=False)
        ],
    }
    if not alt:
        named = f": {', '.join(names)}" if names else ""
        alt = f"{title or 'Pictures'}: {count} pictures of {height} rows by {width} columns, {span}{named}."
    return Figure(trace, layout, alt=alt)
