"""Figures cut out of paper: flat surfaces with pieces that have names."""

from __future__ import annotations

import numpy as np
from scipy.spatial import Delaunay

from pcfilter_lib._arguments import number_within
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.geometry.merging import merge_vertices

PAPER_PIECES = ("torso", "head", "arms", "legs")
_TORSO = 0.2, 0.68  # half its width, its height
_ARM, _LEG = 0.075, 0.09  # half the width


def make_paper_figure(generator: np.random.Generator, spacing: float = 0.055) -> tuple[Mesh, np.ndarray]:
    """Return a person cut out of paper, and which piece each vertex belongs to.

    No two have the same proportions, posture or triangles.

    Parameters
    ----------
    generator : numpy.random.Generator
        Draws the lengths and angles of arms and legs, the size of the head, and where the vertices lie.
    spacing : float, default 0.055
        Distance between neighbouring vertices, about, from 0.01 to 0.08; the figure is about 2 high.

    Returns
    -------
    Mesh
        In the plane z = 0, the torso above the origin.
    numpy.ndarray of int64, shape (V,)
        The place of each vertex's piece in `PAPER_PIECES`. Left and right have the same.

    Raises
    ------
    InputError
        If the spacing is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from pcfilter_lib import synthesis
    >>> mesh, piece = synthesis.make_paper_figure(np.random.default_rng(0))
    >>> len(mesh.vertices) == len(piece), np.unique(piece).tolist()
    (True, [0, 1, 2, 3])
    """
    spacing = number_within("make_paper_figure", "spacing", spacing, 0.01, 0.08)
    arm, leg, head = generator.uniform((0.55, 0.7, 0.19), (0.8, 1.0, 0.25))
    raised, spread = generator.uniform((-0.5, 0.12), (0.5, 0.3))

    def pieces(points: np.ndarray) -> np.ndarray:
        """Return the piece at each point, -1 beside the figure."""
        found = np.full(len(points), -1)
        for side in (1, -1):
            mirrored = points * [side, 1]
            found[_strip(mirrored, (0.1, 0.0), spread - np.pi / 2, leg, _LEG)] = 3
            found[_strip(mirrored, (0.15, 0.55), raised, arm, _ARM)] = 2
        found[np.hypot(points[:, 0], points[:, 1] - _TORSO[1] - head + 0.02) < head] = 1
        found[(np.abs(points[:, 0]) < _TORSO[0]) & (np.abs(points[:, 1] - _TORSO[1] / 2) < _TORSO[1] / 2)] = 0
        return found

    x, y = np.meshgrid(np.arange(-1.1, 1.1, spacing), np.arange(-1.2, 1.3, spacing * 3**0.5 / 2))
    x = x + spacing / 2 * (np.arange(len(x)) % 2)[:, None]
    points = np.stack([x, y], axis=-1).reshape(-1, 2)
    points += generator.uniform(-0.2, 0.2, points.shape) * spacing
    points = points[pieces(points) >= 0]
    faces = Delaunay(points).simplices
    corners = points[faces]
    middles = [corners.mean(axis=1), *((corners[:, i] + corners[:, i - 1]) / 2 for i in range(3))]
    faces = faces[np.all([pieces(middle) >= 0 for middle in middles], axis=0)]  # none leads across a gap
    mesh = merge_vertices(Mesh(np.column_stack([points, np.zeros(len(points))]), faces))
    return mesh, pieces(mesh.vertices[:, :2])


def _strip(points: np.ndarray, start: tuple[float, float], angle: float, length: float, half: float) -> np.ndarray:
    """Return which points lie in a strip that leaves a point in a direction."""
    (x, y), cosine, sine = (points - start).T, np.cos(angle), np.sin(angle)
    along, across = cosine * x + sine * y, cosine * y - sine * x
    return (along > 0) & (along < length) & (np.abs(across) < half)
