"""Furniture in the ten classes of ModelNet10: random variants and proportions of each.

ModelNet10 is from Z. Wu and others, *3D ShapeNets: a deep representation for volumetric shapes*, CVPR 2015. Nothing
of it is in here: each shape is put together from boards, bars, cushions and bowls.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tqdm import tqdm

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.data.mesh import Mesh
from pcfilter_lib.data.normalise import unit_sphere
from pcfilter_lib.data.sampling import sample_surface
from pcfilter_lib.errors import require
from pcfilter_lib.synthesis.furniture import bath, beds, cases, seats, tables
from pcfilter_lib.synthesis.scenes.solid import Solid

_MAKERS = {
    "bathtub": bath.make_bathtub,
    "bed": beds.make_bed,
    "chair": seats.make_chair,
    "desk": cases.make_desk,
    "dresser": cases.make_dresser,
    "monitor": beds.make_monitor,
    "night_stand": cases.make_night_stand,
    "sofa": seats.make_sofa,
    "table": tables.make_table,
    "toilet": bath.make_toilet,
}
_PIECES = bath.PIECES | beds.PIECES | cases.PIECES | seats.PIECES | tables.PIECES
FURNITURE: tuple[str, ...] = tuple(_MAKERS)
#: The names of each class's pieces; a piece's number is its place. Not every shape has all of them.
FURNITURE_PIECES: dict[str, tuple[str, ...]] = {kind: _PIECES[kind] for kind in FURNITURE}
#: Classes whose backs are at +y, as in ModelNet10, so that left is like right along x; those of others are at +x.
BACK_AT_Y = ("bed", "chair", "toilet")


def make_furniture(kind: str, generator: np.random.Generator) -> Solid:
    """Return a piece of furniture of a class, with a random structure and random proportions.

    It stands as ModelNet10's shapes do: z is up; the head of a bed, the back of a chair and the tank of a toilet are
    at +y, the backs of all others at +x, so that these are wide along y.

    Parameters
    ----------
    kind : str
        One of :data:`FURNITURE`.
    generator : numpy.random.Generator
        Where the structure and the proportions come from.

    Returns
    -------
    Solid
        Largest extent 1, standing on z = 0, the middle of its floor plan at the origin. The pieces have the numbers of
        :data:`FURNITURE_PIECES`. Each consists of closed shells that look outwards; shells may overlap, as a leg does
        with the seat that it ends in.

    Raises
    ------
    InputError
        If there is no such class.

    Examples
    --------
    >>> chair = make_furniture("chair", np.random.default_rng(0))
    >>> {FURNITURE_PIECES["chair"][piece] for piece in chair.pieces} >= {"seat", "back", "leg"}
    True
    """
    solid = _MAKERS[one_of("make_furniture", "kind", kind, FURNITURE)](generator).solid()
    vertices = solid.vertices if kind in BACK_AT_Y else solid.vertices[:, [1, 0, 2]] * (1, -1, 1)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    middle = np.array([*(low + high)[:2] / 2, low[2]])
    return Solid((vertices - middle) / (high - low).max(), solid.faces, solid.pieces, kind)


def furniture_clouds(
    kinds: Sequence[str], count: int, points: int, *, seed: int | Sequence[int] = 0, evenly: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of so many random pieces of furniture of each class, as ModelNet10's are prepared.

    Parameters
    ----------
    kinds : sequence of str
        Some of :data:`FURNITURE`; the order gives them their numbers.
    count : int
        Shapes of each class.
    points : int
        Of each shape.
    seed : int or sequence of int, optional
        The same seed gives the same clouds.
    evenly : bool, optional
        Whether points keep a distance from each other, as Poisson disks, instead of being drawn one by one. It takes a
        hundred times as long, and Open3D.

    Returns
    -------
    clouds : numpy.ndarray, shape (len(kinds) count, points, 3), float32
        Each in the unit sphere, class after class.
    labels : numpy.ndarray, shape (len(kinds) count,), int
        The number of each cloud's class.

    Raises
    ------
    InputError
        If there is no such class, or a number is below 1.
    MissingExtraError
        If Open3D is not installed, and `evenly`.
    """
    whole_number("furniture_clouds", "count", count)
    whole_number("furniture_clouds", "points", points)
    generator = np.random.default_rng(seed)
    if evenly:
        o3d = require("open3d", "open3d")
        o3d.utility.random.seed(int(generator.integers(2**31)))
    labels = np.repeat(np.arange(len(kinds)), count)
    clouds = np.empty((len(labels), points, 3), np.float32)
    for row, label in enumerate(tqdm(labels, desc="furniture", unit=" shapes", leave=False, disable=None)):
        solid = make_furniture(kinds[label], generator)
        if evenly:
            corners, faces = o3d.utility.Vector3dVector(solid.vertices), o3d.utility.Vector3iVector(solid.faces)
            drawn = o3d.geometry.TriangleMesh(corners, faces).sample_points_poisson_disk(points)
            cloud = np.asarray(drawn.points)
        else:
            cloud = sample_surface(Mesh(solid.vertices, solid.faces), points, seed=generator)
        clouds[row] = unit_sphere(cloud)
    return clouds, labels
