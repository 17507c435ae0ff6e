"""The one renderer for both worlds: JupyterLab, and the pages that jupyter-book builds."""

from __future__ import annotations

import html
import json
import sys

import numpy as np

from pcfilter_lib.errors import require

go = require("plotly.graph_objects", "plot")
pio = require("plotly.io", "plot")

#: More points than this are thinned before they are drawn, and the title says so.
MAX_POINTS = 30_000

#: Okabe and Ito's palette (2008), told apart with any common colour blindness.
PALETTE = {
    "blue": "#0072B2",
    "orange": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "amber": "#E69F00",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "grey": "#7F7F7F",
}

#: Lighting of meshes. Plotly's defaults drop the normals of small triangles, and light objects from behind.
LIGHT = {"facenormalsepsilon": 0, "vertexnormalsepsilon": 0}
LAMP = {"x": 1000, "y": -2000, "z": 3000}

pio.templates["pcfilter"] = go.layout.Template(
    layout={
        "colorway": list(PALETTE.values()),
        "colorscale": {"sequential": "Viridis", "diverging": "RdBu_r"},
        "font": {"family": "system-ui, sans-serif", "size": 14, "color": "#222222"},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 48, "r": 24, "t": 56, "b": 48},
        "title": {"x": 0.02, "xanchor": "left", "y": 0.97, "yanchor": "top", "font": {"size": 16}},
        "xaxis": {"gridcolor": "#dddddd", "zerolinecolor": "#bbbbbb"},
        "yaxis": {"gridcolor": "#dddddd", "zerolinecolor": "#bbbbbb"},
        "height": 440,
        "annotationdefaults": {"arrowcolor": PALETTE["grey"]},  # visible on a light and on a dark page
    }
)


class Figure(go.Figure):
    """A Plotly figure with a text alternative, which draws without a network.

    In JupyterLab the front end's own Plotly draws it. In the book the page holds the figure as data, and the book's
    ``_static/figures.js`` draws it when the reader scrolls to it. Colab has a Plotly of its own, which is used there.

    Parameters
    ----------
    data, layout, frames
        As for :class:`plotly.graph_objects.Figure`.
    alt : str
        What the figure shows, in words: what a reader who cannot see it needs to follow the text.
    """

    def __init__(self, data=None, layout=None, frames=None, *, alt: str = ""):
        super().__init__(data=data, layout=layout, frames=frames)
        self.update_layout(template="pcfilter")
        if alt:
            self.describe(alt)

    def describe(self, alt: str) -> Figure:
        """Replace the text alternative, and return the figure."""
        self.update_layout(meta={**(self.layout.meta or {}), "alt": alt})
        return self

    @property
    def alt(self) -> str:
        """The text alternative."""
        return (self.layout.meta or {}).get("alt", "")

    def to_book_html(self) -> str:
        """Return the figure as HTML that holds data alone: no script of ours, no copy of Plotly."""
        content = json.loads(self.to_json())
        content["config"] = {"responsive": True, "displaylogo": False, "scrollZoom": False}
        data = json.dumps(content, separators=(",", ":")).replace("</", "<\\/")
        height = int(self.layout.height or 440)
        return (
            '<figure class="pcfilter-figure">'
            f'<div class="pcfilter-plot" role="img" aria-label="{html.escape(self.alt, quote=True)}" '
            f'style="height:{height}px"></div>'
            f'<script type="application/json">{data}</script></figure>'
        )

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if "google.colab" in sys.modules:
            pio.show(self, renderer="colab")
        else:
            bundle = {
                "application/vnd.plotly.v1+json": json.loads(self.to_json()),
                "text/html": self.to_book_html(),
                "text/plain": self.alt,
            }
            display(bundle, raw=True)
        caption = f'<p class="pcfilter-caption">{html.escape(self.alt)}</p>'
        display({"text/html": caption, "text/plain": self.alt}, raw=True)

    def show(self, *args, **kwargs) -> None:
        """Draw the figure here; with arguments, as Plotly's own ``show`` does (``show("browser")``)."""
        if args or kwargs:
            super().show(*args, **kwargs)
        else:
            self._ipython_display_()


def thin(count: int, limit: int = MAX_POINTS) -> np.ndarray:
    """Choose which of `count` points are drawn.

    A regular stride would draw stripes over a grid of pixels, so the choice is random, and the same each time.

    Returns
    -------
    (min(count, limit),) ndarray of int
        Indices in rising order.
    """
    if count <= limit:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, limit, replace=False))


def titled(title: str, shown: int, total: int, what: str = "points") -> str:
    """Return the title, with "showing n of N" where something was left out."""
    note = "" if shown == total else f"showing {shown:,} of {total:,} {what}"
    return f"{title} ({note})" if title and note else title or note.capitalize()


def space(unit: str = "", up: dict | None = None, eye: dict | None = None) -> dict:
    """Return the layout of a 3-D scene with equal units on its three axes."""
    axes = {f"{letter}axis": {"title": {"text": f"{letter}, {unit}" if unit else letter}} for letter in "xyz"}
    camera = {"up": up or {"x": 0, "y": 0, "z": 1}, "eye": eye or {"x": 1.4, "y": -1.4, "z": 0.9}}
    margin = {"l": 0, "r": 0, "t": 56, "b": 0}
    return {"scene": {"aspectmode": "data", "camera": camera, **axes}, "margin": margin, "height": 520}


def extent(points: np.ndarray) -> str:
    """Return the size of a set of points in words: ``"0.20 x 0.11 x 0.15"``."""
    finite = points[np.isfinite(points).all(axis=1)]
    if not len(finite):
        return "no points"
    return " x ".join(f"{size:.3g}" for size in np.ptp(finite, axis=0))
