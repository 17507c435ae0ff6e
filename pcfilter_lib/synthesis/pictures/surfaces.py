"""Surfaces as pictures: one ray through the centre of each pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.pictures.rendered import Pictures
from pcfilter_lib.synthesis.pictures.spheres import check_cameras
from pcfilter_lib.synthesis.scanner.geometry import Camera
from pcfilter_lib.synthesis.scanner.tracing import Tracer
from pcfilter_lib.synthesis.scenes.solid import Body, Scene, Solid


def render(scene: Scene | Body | Solid, cameras: Sequence[Camera]) -> Pictures:
    """Return pictures of surfaces: depth, normals, silhouettes, and the colour of the material.

    Rays are cast by Open3D, as the simulated scanner casts them. Where facets meet at a small
    angle, normals are interpolated, so that shading is smooth (Phong 1975). For light that bounces, shadows and noise
    there is the simulated scanner: :func:`pcfilter_lib.synthesis.simulate`.

    Parameters
    ----------
    scene : Scene, Body or Solid
        A solid is rendered in plain grey; bodies and scenes have their materials, textures included.
    cameras : sequence of Camera
        With pictures of one size, as from :func:`turntable`. Lenses are ignored: everything is in focus.

    Returns
    -------
    Pictures
        `source` holds the numbers of triangles, body after body; `colour` one channel: the albedo.

    Raises
    ------
    InputError
        If `scene` is something else, or the cameras' pictures differ in size.
    """
    if isinstance(scene, Solid):
        scene = Body(scene)
    if isinstance(scene, Body):
        scene = Scene((scene,))
    if not isinstance(scene, Scene):
        problem = f"a {type(scene).__name__} has no surface to render"
        raise InputError("render", "scene", problem, "pass a Scene, a Body or a Solid; splat renders clouds")
    cameras, shape = check_cameras(cameras, "render")
    tracer = Tracer(scene, np.eye(4))
    origins, directions = [], []
    for camera in cameras:
        rays = camera.rays.reshape(-1, 3) @ camera.pose[:3, :3]
        directions.append(rays)
        origins.append(np.broadcast_to(camera.to_world[:3, 3], rays.shape))
    origins, directions = (np.concatenate(each).astype(np.float32) for each in (origins, directions))
    hits = tracer.cast(origins, directions)
    found = hits.found
    # Directions are scaled to z = 1, so that depth is how many of them reach the point.
    depth = np.einsum("nc,nc->n", hits.point - origins, directions) / np.einsum("nc,nc->n", directions, directions)
    depth = np.where(found, depth, np.nan).astype(np.float32)
    normal = np.where(found[:, None], hits.normal, 0).astype(np.float32)
    source = np.where(found, hits.face.astype(np.int64), -1).astype(np.int32)
    everywhere = (len(cameras), *shape)
    return Pictures(
        cameras,
        depth.reshape(everywhere),
        normal.reshape(*everywhere, 3),
        source.reshape(everywhere),
        tracer.reflectance(hits).reshape(*everywhere, 1),
    )
