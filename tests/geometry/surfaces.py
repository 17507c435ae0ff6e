"""Irregular surfaces, for tests."""

import numpy as np

from pcfilter_lib.data import Mesh
from pcfilter_lib.geometry import sheet


def bumpy(rows=9, columns=12, seed=0):
    """A sheet with random heights and positions: angles of all kinds, also obtuse ones."""
    flat, random = sheet(rows, columns, rows - 1.0, columns - 1.0), np.random.default_rng(seed)
    return Mesh(flat.vertices + random.uniform(-0.3, 0.3, flat.vertices.shape), flat.faces)


def together(*meshes):
    """Meshes as one, whose parts are not connected."""
    starts = np.cumsum([0, *(len(mesh.vertices) for mesh in meshes)])
    faces = [mesh.faces + start for mesh, start in zip(meshes, starts, strict=False)]
    return Mesh(np.concatenate([mesh.vertices for mesh in meshes]), np.concatenate(faces))
