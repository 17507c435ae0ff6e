"""What a scene consists of: solids, what they are made of, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within, one_of
from pcfilter_lib.data import Mesh
from pcfilter_lib.errors import InputError

TEXTURES = ("plain", "waves", "print")


@dataclass(frozen=True)
class Material:
    """How a surface reflects: a Lambertian share and a glossy lobe.

    The reflectance is ``albedo / pi + specular (n + 1) / (2 pi) cos(a)^n / cos(i)`` with ``n`` the shininess, ``a`` the
    angle to the mirror direction and ``i`` the angle of incidence: Phong's lobe (*Illumination for computer generated
    pictures*, Communications of the ACM 18, 1975), normalised so that a mirror reflects the same share at every angle
    (Lewis, *Making shaders more physically plausible*, Computer Graphics Forum 13, 1994). It conserves energy as long
    as albedo and specular sum to at most 1.

    Parameters
    ----------
    albedo : float, default 0.6
        Share of the light that is reflected diffusely, 0 to 1.
    specular : float, default 0
        Share that is reflected around the mirror direction, 0 to 1.
    shininess : float, default 50
        The lobe's exponent: 10 is satin, 1,000 nearly a mirror.
    texture : {"plain", "waves", "print"}, default "plain"
        How the albedo varies over the surface: not at all, smoothly, or in two tones with sharp borders.
    contrast : float, default 0
        How much of the albedo the texture takes away at most, 0 to 1.
    grain : float, default 0.01
        Size of the texture's features, in metres.

    Raises
    ------
    InputError
        If a value is out of its range, or more light would be reflected than arrives.
    """

    albedo: float = 0.6
    specular: float = 0.0
    shininess: float = 50.0
    texture: str = "plain"
    contrast: float = 0.0
    grain: float = 0.01

    def __post_init__(self):
        number_within("Material", "albedo", self.albedo, 0, 1)
        number_within("Material", "specular", self.specular, 0, 1)
        number_within("Material", "shininess", self.shininess, 1, 1e6)
        one_of("Material", "texture", self.texture, TEXTURES)
        number_within("Material", "contrast", self.contrast, 0, 1)
        number_within("Material", "grain", self.grain, 0, np.inf, low_included=False, high_included=False)
        if self.albedo + self.specular > 1 + 1e-9:
            raise InputError(
                "Material",
                "albedo + specular",
                f"{self.albedo:g} + {self.specular:g} is more than 1: it would reflect more light than it receives",
                "lower one of the two",
            )


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed triangle mesh whose faces belong to named pieces.

    Parameters
    ----------
    vertices : array_like, shape (V, 3)
        Corners in metres.
    faces : array_like of int, shape (F, 3)
        Counter-clockwise seen from outside.
    pieces : array_like of int, shape (F,), optional
        Which piece of the solid each face belongs to, from 0 (a fin, a plate, a shaft). By default all to piece 0.
    kind : str, default "mesh"
        The name of what it is.

    Raises
    ------
    InputError
        As for :class:`pcfilter_lib.data.Mesh`: no faces, a vertex that is not finite, a face without its vertex.
    """

    vertices: np.ndarray
    faces: np.ndarray
    pieces: np.ndarray | None = None
    kind: str = "mesh"

    def __post_init__(self):
        mesh = Mesh(self.vertices, self.faces, source=self.kind)
        pieces = np.zeros(len(mesh.faces), np.int64) if self.pieces is None else np.asarray(self.pieces, np.int64)
        if pieces.shape != (len(mesh.faces),) or pieces.min() < 0:
            raise InputError(self.kind, "pieces", f"their shape is {pieces.shape}", "give one number from 0 per face")
        object.__setattr__(self, "vertices", mesh.vertices)
        object.__setattr__(self, "faces", mesh.faces)
        object.__setattr__(self, "pieces", pieces)

    @property
    def extent(self) -> np.ndarray:
        """Size along x, y and z in metres, shape (3,)."""
        return np.ptp(self.vertices, axis=0)

    def scaled(self, factor: float) -> Solid:
        """Return the solid `factor` times as large."""
        return Solid(self.vertices * factor, self.faces, self.pieces, self.kind)

    def moved(self, pose: np.ndarray) -> Solid:
        """Return the solid after a rigid motion `pose`, shape (4, 4)."""
        return Solid(self.vertices @ pose[:3, :3].T + pose[:3, 3], self.faces, self.pieces, self.kind)


@dataclass(frozen=True, eq=False)
class Body:
    """A solid in its place.

    Parameters
    ----------
    solid : Solid
        The shape, in a frame of its own.
    materials : tuple of Material
        One for each piece of the solid; the last one counts for further pieces.
    pose : array_like, shape (4, 4), optional
        From the solid's frame to the world's (z up, the table at z = 0), metres. By default it lies as it is.
    support : bool, default False
        Whether it is part of the table or the bin rather than one of the objects.
    """

    solid: Solid
    materials: tuple[Material, ...] = (Material(),)
    pose: np.ndarray | None = None
    support: bool = False

    def __post_init__(self):
        pose = np.eye(4) if self.pose is None else np.asarray(self.pose, np.float64)
        rotation = pose[:3, :3] if pose.shape == (4, 4) else np.zeros((3, 3))
        if not (np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-6) and np.linalg.det(rotation) > 0):
            raise InputError("Body", "pose", "it is not a rigid motion", "give a (4, 4) matrix with a rotation in it")
        object.__setattr__(self, "pose", pose)
        if not self.materials or not all(isinstance(material, Material) for material in self.materials):
            raise InputError("Body", "materials", "it is not a tuple of Material", "give at least one")
        object.__setattr__(self, "materials", tuple(self.materials))

    def in_place(self) -> Solid:
        """Return the solid in the world's frame."""
        return self.solid.moved(self.pose)


@dataclass(frozen=True, eq=False)
class Scene:
    """Bodies in the world's frame: z up, metres; the camera looks at `target`.

    Parameters
    ----------
    bodies : tuple of Body
        Supports (table, bin) and objects. The objects are numbered from 1 in this order.
    target : array_like, shape (3,), default (0, 0, 0)
        The point that the scanner is aimed at.

    Raises
    ------
    InputError
        If there is no body.
    """

    bodies: tuple[Body, ...]
    target: np.ndarray = (0.0, 0.0, 0.0)

    def __post_init__(self):
        if not self.bodies or not all(isinstance(body, Body) for body in self.bodies):
            raise InputError("Scene", "bodies", "there is no body to scan", "give a tuple of Body")
        object.__setattr__(self, "bodies", tuple(self.bodies))
        object.__setattr__(self, "target", np.asarray(self.target, np.float64))

    @property
    def objects(self) -> tuple[Body, ...]:
        """The bodies that are not part of the table or the bin."""
        return tuple(body for body in self.bodies if not body.support)
