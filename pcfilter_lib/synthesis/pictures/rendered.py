"""What a rendered picture holds, pixel by pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.geometry import Camera

CHANNELS = ("depth", "normal", "silhouette", "shade", "colour", "count")
HALF = 8  # spheres on a ray for a count of one half
AMBIENT = 0.2  # of the light, from all sides


@dataclass(frozen=True, eq=False)
class Pictures:
    """Pictures of one scene from V cameras: H by W pixels, and what each of them shows.

    Attributes
    ----------
    cameras : tuple of Camera
        Of all pictures, which have the same size.
    depth : ndarray of float32, shape (V, H, W)
        Along the camera's axis, in the unit of the scene; NaN where a picture shows the background.
    normal : ndarray of float32, shape (V, H, W, 3)
        Of the surface, in the world's frame, of length 1 and towards the camera; 0 in the background.
    source : ndarray of int32, shape (V, H, W)
        Number of the sphere, or of the triangle, that is seen; -1 in the background.
    colour : ndarray of float32, shape (V, H, W, C), or None
        Of the surface without shading, texture included; 0 in the background.
    count : ndarray of int32, shape (V, H, W), or None
        How many spheres a pixel's ray meets: an X-ray of a cloud. None for pictures of triangles.
    """

    cameras: tuple[Camera, ...]
    depth: np.ndarray
    normal: np.ndarray
    source: np.ndarray
    colour: np.ndarray | None = None
    count: np.ndarray | None = None

    @property
    def silhouette(self) -> np.ndarray:
        """Whether a pixel shows a surface, bool of shape (V, H, W)."""
        return self.source >= 0

    @property
    def points(self) -> np.ndarray:
        """Where each pixel's ray meets the surface, in the world's frame; NaN in the background; (V, H, W, 3)."""
        found = np.empty((*self.depth.shape, 3), np.float32)
        for number, camera in enumerate(self.cameras):
            local = camera.rays * self.depth[number][..., None]
            found[number] = local @ camera.pose[:3, :3] + camera.to_world[:3, 3]
        return found

    def shade(self, light: ArrayLike | None = None) -> np.ndarray:
        """Return the brightness of a matt white surface.

        Parameters
        ----------
        light : array_like, shape (3,), optional
            Direction towards a lamp at infinity, in the world's frame. By default the lamp is on each camera and shines
            along its axis.

        Returns
        -------
        ndarray of float32, shape (V, H, W)
            Lambert's cosine, and a fifth of the light from everywhere: 0.2 to 1 on surfaces, 0 in the background.

        Raises
        ------
        InputError
            If the direction is not finite, or zero.
        """
        if light is None:
            towards = np.stack([-camera.pose[2, :3] for camera in self.cameras])
        else:
            towards = np.asarray(light, np.float64)
            if towards.shape != (3,) or not np.isfinite(towards).all() or not towards.any():
                raise InputError("shade", "light", f"{light!r} is not allowed", "pass a direction")
            towards = np.broadcast_to(towards / np.linalg.norm(towards), (len(self.cameras), 3))
        cosine = np.einsum("vhwc,vc->vhw", self.normal, towards.astype(np.float32), optimize=False)
        bright = AMBIENT + (1 - AMBIENT) * np.clip(cosine, 0, 1)
        return np.where(self.silhouette, bright, 0).astype(np.float32)

    def channels(
        self, what: Sequence[str] = ("depth", "shade"), *, radius: float = 1.0, target: ArrayLike = (0.0, 0.0, 0.0)
    ) -> np.ndarray:
        """Return what a network sees: numbers from 0 to 1, or from -1 to 1 for normals, with zeros in the background.

        Parameters
        ----------
        what : sequence of str, default ("depth", "shade")
            Some of "depth" (falls from 1 to 0.2 within a sphere: nearest to the camera, and farthest from it), "normal"
            (three channels, in the world's frame), "silhouette" (1 on the shape), "shade" (with the light at the
            camera), "colour", and "count" (n spheres on the ray become n / (n + 8)).
        radius : float, default 1
            Of the sphere in which depth is measured.
        target : array_like, shape (3,), default (0, 0, 0)
            The centre of that sphere.

        Returns
        -------
        ndarray of float32, shape (V, H, W, C)

        Raises
        ------
        InputError
            If a name is unknown, or the pictures have no colour or count.
        """
        found = []
        for name in what:
            one_of("channels", "what", name, CHANNELS)
            if name == "depth":
                middle = np.stack([camera.pose[2, :3] @ target + camera.pose[2, 3] for camera in self.cameras])
                near = 0.5 - (self.depth - middle[:, None, None]) / (2 * radius)  # 1 in front, 0 behind
                found.append(np.where(self.silhouette, 0.2 + 0.8 * np.clip(near, 0, 1), 0)[..., None])
            elif name == "colour" and self.colour is None:
                raise InputError("channels", "what", "the pictures have no colour", "give the points colours")
            elif name == "count" and self.count is None:
                raise InputError("channels", "what", "pictures of triangles have no count", "draw a cloud by splat")
            elif name == "count":
                found.append((self.count / (self.count + HALF))[..., None])
            else:
                values = self.shade() if name == "shade" else getattr(self, name)
                found.append(values if values.ndim == 4 else values[..., None])
        return np.concatenate(found, axis=-1).astype(np.float32)
