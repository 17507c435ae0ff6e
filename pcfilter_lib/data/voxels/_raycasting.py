"""What Open3D computes by ray casting, for meshes that may lie far from the origin."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.errors import require


def distances(mesh: Mesh, points: np.ndarray) -> np.ndarray:
    """Return the distance of each point, shape (..., 3), from the nearest triangle, shape (...), float32."""
    scene, points = _scene(mesh, points)
    return scene.compute_distance(points).numpy()


def encloses(shell: Mesh, points: np.ndarray) -> np.ndarray:
    """Return which points, shape (..., 3), a single closed shell encloses, shape (...), bool.

    A ray from such a point crosses the shell an odd number of times. Three rays vote, because one may graze an edge.
    """
    scene, points = _scene(shell, points)
    return scene.compute_occupancy(points, nsamples=3).numpy() > 0


def _scene(mesh: Mesh, points: np.ndarray) -> tuple[Any, np.ndarray]:
    """Return a scene that holds the mesh, and the points in its frame.

    Open3D computes in float32, whose digits are used up far from the origin: the mesh is moved there.
    """
    o3d = require("open3d", "open3d")
    middle = mesh.bounds.mean(axis=0)
    scene = o3d.t.geometry.RaycastingScene()
    scene.add_triangles((mesh.vertices - middle).astype(np.float32), mesh.faces.astype(np.uint32))
    return scene, np.ascontiguousarray(points - middle, np.float32)
