"""A surface on a turntable, as an animated picture."""

from __future__ import annotations

import base64
import dataclasses
import html
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.plots._figure import PALETTE

if TYPE_CHECKING:
    from pcfilter_lib.data import Mesh, VoxelGrid

_FORMATS = {".webp": "WEBP", ".gif": "GIF"}
_BACKGROUND = np.array([255, 255, 255])
_COLOUR = np.array(list(bytes.fromhex(PALETTE["sky"][1:])))


class Animation:
    """Pictures that follow one another, with a text alternative.

    JupyterLab and the book show it as an animated WebP; readers who asked their system for less motion see its first
    picture.

    Parameters
    ----------
    frames : ndarray of uint8, shape (F, H, W, 3)
    seconds : float
        For all of them.
    alt : str
        What the animation shows, in words.
    """

    def __init__(self, frames: np.ndarray, seconds: float, alt: str = ""):
        self.frames, self.seconds, self.alt = frames, seconds, alt

    def describe(self, alt: str) -> Animation:
        """Replace the text alternative, and return the animation."""
        self.alt = alt
        return self

    def encoded(self, form: str = "WEBP", frames: int | None = None) -> bytes:
        """Return the file's content: all pictures, or so many of the first."""
        from PIL import Image

        pictures = [Image.fromarray(frame) for frame in self.frames[:frames]]
        buffer = io.BytesIO()
        duration = round(1000 * self.seconds / len(self.frames))
        options = {"save_all": True, "append_images": pictures[1:], "duration": duration, "loop": 0}
        pictures[0].save(buffer, form, **options, **({"quality": 70, "method": 2} if form == "WEBP" else {}))
        return buffer.getvalue()

    def save(self, path: str | os.PathLike) -> None:
        """Write a ``.webp`` or a ``.gif`` file.

        Raises
        ------
        InputError
            If the name ends with something else.
        """
        path = Path(path)
        if path.suffix.lower() not in _FORMATS:
            raise InputError(str(path), "", f"{path.suffix!r} is no animated picture", "end it with .webp or .gif")
        content = self.encoded(_FORMATS[path.suffix.lower()])
        with replacing(path) as temporary:
            temporary.write_bytes(content)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict[str, str]:
        moving, still = (
            "data:image/webp;base64," + base64.b64encode(self.encoded(frames=count)).decode() for count in (None, 1)
        )
        alt = html.escape(self.alt, quote=True)
        picture = (
            f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
            f'<img src="{moving}" alt="{alt}"></picture>'
        )
        caption = f'<p class="pcfilter-caption">{html.escape(self.alt)}</p>'
        return {"text/html": f'<figure class="pcfilter-figure">{picture}</figure>{caption}', "text/plain": self.alt}


def turntable(
    surface: Mesh | VoxelGrid,
    *,
    frames: int = 36,
    size: int = 240,
    elevation: float = 25.0,
    seconds: float = 4.0,
    alt: str = "",
) -> Animation:
    """Show a surface from all sides, as if on a turntable.

    Parameters
    ----------
    surface : Mesh or VoxelGrid
        Of voxels, the surface at which occupancy or probability passes one half, or the distance zero.
    frames : int, default 36
        How many pictures.
    size : int, default 240
        Rows and columns of each, in pixels.
    elevation : float, default 25
        Of the camera, in degrees.
    seconds : float, default 4
        For one turn.
    alt : str
        What the animation shows, in words.

    Returns
    -------
    Animation

    Raises
    ------
    InputError
        If there is no surface, or an argument is out of its range.
    """
    from pcfilter_lib import data, synthesis

    whole_number("turntable", "frames", frames, at_least=2)
    number_within("turntable", "seconds", seconds, 0, 3600, low_included=False)
    mesh = surface if isinstance(surface, data.Mesh) else data.marching_cubes(_closed(surface))
    if not len(mesh.faces):
        raise InputError("turntable", "surface", "it has no faces", "pass a mesh with triangles")
    low, high = mesh.vertices.min(axis=0), mesh.vertices.max(axis=0)
    radius = np.linalg.norm(high - low) / 2
    solid = synthesis.Solid((mesh.vertices - (low + high) / 2) / radius, mesh.faces)
    cameras = synthesis.turntable(frames, elevation, size=size)
    shade = synthesis.render(solid, cameras).shade()[..., None]
    pictures = np.where(shade > 0, shade * _COLOUR, _BACKGROUND)
    return Animation(np.rint(pictures).astype(np.uint8), seconds, alt)


def _closed(grid: VoxelGrid) -> VoxelGrid:
    """Return a grid with a border of empty voxels, so that its surface is closed."""
    if grid.kind not in ("occupancy", "probability"):
        return grid
    origin = np.asarray(grid.origin) - grid.voxel_size
    return dataclasses.replace(grid, values=np.pad(grid.values, 1), origin=origin)
