"""Rays through a scene: what they hit, what it is made of, and what stands between."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass

import numpy as np

from pcfilter_lib.errors import InputError, require
from pcfilter_lib.synthesis.scenes.solid import TEXTURES, Scene

MISS = np.uint32(0xFFFFFFFF)
# New rays start this far above a surface, m: more than the rounding of float32 at some metres, less than any detail.
LIFT = np.float32(2e-5)
# Neighbouring faces that meet at a smaller angle are facets of one curved surface.
_CREASE = np.cos(np.deg2rad(30))
# Directions of the three waves that make a texture, and their lengths relative to its grain.
_WAVES = np.array([[0.9, 0.3, 0.32], [-0.36, 0.81, 0.46], [0.2, -0.62, 0.76]], np.float32) * 2 * np.pi
_WAVES *= np.array([[1.0], [0.73], [1.31]], np.float32)


@dataclass(frozen=True, eq=False)
class Hits:
    """Where n rays met a surface; rays that met none have `face` equal to ``MISS``.

    Attributes
    ----------
    face : ndarray of uint32, shape (n,)
    point, flat, normal : ndarray of float32, shape (n, 3)
        The point, the normal of the triangle, and that of the smooth surface; both normals on the side of the ray.
    """

    face: np.ndarray
    point: np.ndarray
    flat: np.ndarray
    normal: np.ndarray

    @property
    def found(self) -> np.ndarray:
        """Which rays met a surface, shape (n,)."""
        return self.face != MISS

    def __getitem__(self, chosen: np.ndarray) -> Hits:
        return Hits(self.face[chosen], self.point[chosen], self.flat[chosen], self.normal[chosen])


class Tracer:
    """A scene in the camera's frame, ready for rays.

    Parameters
    ----------
    scene : Scene
        The bodies.
    pose : ndarray, shape (4, 4)
        From the world's frame to the camera's.

    Attributes
    ----------
    albedo, specular, shininess : ndarray of float32, shape (M,)
        Of each material; `material` of shape (F,) says which one a face is made of.
    object, piece, kind : ndarray, shape (F,)
        The number of the object that a face belongs to (0 for table and bin), of its piece, and of its kind.
    kinds : tuple of str
        The names of the kinds.
    """

    def __init__(self, scene: Scene, pose: np.ndarray):
        with contextlib.redirect_stdout(io.StringIO()):  # in a notebook it announces its own viewer
            open3d = require("open3d", "open3d")
        vertices, faces, piece, material, body_of_face = [], [], [], [], []
        materials, count, first = [], 0, 0
        for number, body in enumerate(scene.bodies):
            solid = body.in_place()
            vertices.append(solid.vertices @ pose[:3, :3].T + pose[:3, 3])
            faces.append(solid.faces + count)
            piece.append(solid.pieces)
            material.append(first + np.minimum(solid.pieces, len(body.materials) - 1))
            body_of_face.append(np.full(len(solid.faces), number))
            materials += body.materials
            count, first = count + len(solid.vertices), first + len(body.materials)
        self.vertices = np.concatenate(vertices).astype(np.float32)
        self.faces = np.concatenate(faces).astype(np.uint32)
        self.piece = np.concatenate(piece).astype(np.uint8)
        self.material = np.concatenate(material).astype(np.int32)
        self.body = np.concatenate(body_of_face)
        numbers = np.cumsum([not body.support for body in scene.bodies])
        self.object = np.where([body.support for body in scene.bodies], 0, numbers)[self.body].astype(np.uint8)
        self.kinds = tuple(sorted({body.solid.kind for body in scene.bodies}))
        self.kind = np.array([self.kinds.index(body.solid.kind) for body in scene.bodies], np.uint8)[self.body]
        self.albedo, self.specular, self.shininess, self._contrast, self._grain = (
            np.array([getattr(m, name) for m in materials], np.float32)
            for name in ("albedo", "specular", "shininess", "contrast", "grain")
        )
        self._body_of_material = np.repeat(np.arange(len(scene.bodies)), [len(b.materials) for b in scene.bodies])
        self._texture = np.array([TEXTURES.index(m.texture) for m in materials])
        self._is_glossy = np.append(self.specular[self.material] > 0, False)  # the last one: no face at all
        self._corner_normals = _corner_normals(self.vertices.astype(np.float64), self.faces)
        self._is_curved = np.abs(self._corner_normals[:, 1:]).max(axis=(1, 2)) > 1e-6
        # Textures are solid: they belong to the body, wherever it lies.
        self._to_body = np.stack([np.linalg.inv(pose @ body.pose) for body in scene.bodies]).astype(np.float32)
        self._rays = open3d.t.geometry.RaycastingScene()
        self._tensor = open3d.core.Tensor
        self._rays.add_triangles(self._tensor(self.vertices), self._tensor(self.faces))

    def cast(self, origins: np.ndarray, directions: np.ndarray) -> Hits:
        """Return what rays meet first.

        Parameters
        ----------
        origins, directions : ndarray of float32, shape (n, 3)
            A single origin of shape (3,) serves for all.

        Returns
        -------
        Hits
        """
        return self._cast(origins, directions)[1]

    def cast_glossy(self, origins: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, Hits]:
        """Return which rays meet a glossy surface first, as numbers of shape (m,), and their hits."""
        return self._cast(origins, directions, glossy=True)

    def _cast(self, origins: np.ndarray, directions: np.ndarray, glossy: bool = False) -> tuple[np.ndarray, Hits]:
        rays = np.empty((len(directions), 6), np.float32)
        rays[:, :3], rays[:, 3:] = origins, directions
        answer = self._rays.cast_rays(self._tensor(rays))
        face, reach, uv, flat = (
            answer[name].numpy() for name in ("primitive_ids", "t_hit", "primitive_uvs", "primitive_normals")
        )
        chosen = np.arange(len(rays))
        if glossy:
            chosen = np.flatnonzero(self._is_glossy[np.where(face == MISS, len(self.faces), face)])
            face, reach, uv, flat = face[chosen], reach[chosen], uv[chosen], flat[chosen]
            rays, directions = rays[chosen], directions[chosen]
        found = face != MISS
        reach[~found] = 0
        point = directions * reach[:, None]
        point += rays[:, :3]
        normal = flat.copy()
        curved = np.flatnonzero(self._is_curved[np.where(found, face, 0)] & found)
        corners, uv = self._corner_normals[face[curved]], uv[curved]
        smooth = corners[:, 0] + uv[:, :1] * corners[:, 1] + uv[:, 1:] * corners[:, 2]
        normal[curved] = smooth / np.sqrt(np.einsum("nc,nc->n", smooth, smooth))[:, None]
        away = np.flatnonzero(np.einsum("nc,nc->n", flat, directions) > 0)
        flat[away] *= -1
        normal[away] *= -1
        return chosen, Hits(face, point, flat, normal)

    def sees(self, hits: Hits, target: np.ndarray) -> np.ndarray:
        """Return whether nothing stands between the hits and a point (or one for each), bool of shape (n,)."""
        rays = np.empty((len(hits.face), 6), np.float32)
        start, towards = rays[:, :3], rays[:, 3:]
        np.multiply(hits.flat, LIFT, out=start)
        start += hits.point
        np.subtract(target.astype(np.float32, copy=False), start, out=towards)
        above = np.einsum("nc,nc->n", hits.flat, towards) > 0
        return above & ~self._rays.test_occlusions(self._tensor(rays), tfar=1.0).numpy()

    def reflectance(self, hits: Hits) -> np.ndarray:
        """Return the albedo at hits, texture included, float32 of shape (n,)."""
        material = self.material[np.where(hits.found, hits.face, 0)]
        albedo = np.where(hits.found, self.albedo[material], np.float32(0))
        # A loop over materials: their points share a body, and one product of matrices serves them all.
        for number in np.flatnonzero((self._texture > 0) & (self._contrast > 0)):
            of = np.flatnonzero(hits.found & (material == number))
            if not len(of):
                continue
            motion = self._to_body[self._body_of_material[number]]
            place = hits.point[of] @ motion[:3, :3].T + motion[:3, 3]
            waves = np.sin(place @ (_WAVES / self._grain[number]).T).sum(axis=1)
            share = waves > 0 if self._texture[number] == TEXTURES.index("print") else 0.5 + waves / 6
            albedo[of] *= 1 - self._contrast[number] * share.astype(np.float32)
        return albedo

    def distance(self, points: np.ndarray) -> np.ndarray:
        """Return the distance of points, shape (n, 3), to the nearest surface, in metres, float32 of shape (n,)."""
        return self._rays.compute_distance(self._tensor(np.ascontiguousarray(points, np.float32))).numpy()

    def check_outside(self, point: np.ndarray, option: str, what: str) -> None:
        """Raise :class:`InputError` if a point lies inside a body; the message names the option.

        A closed surface winds once around what it encloses: the solid angles of its triangles sum to 4 pi there, and to
        0 outside (van Oosterom and Strackee, *The solid angle of a plane triangle*, IEEE Transactions on Biomedical
        Engineering 30, 1983).
        """
        corners = (self.vertices[self.faces] - point).astype(np.float64)
        length = np.linalg.norm(corners, axis=2)
        a, b, c = corners.transpose(1, 0, 2)
        volume = np.einsum("nc,nc->n", a, np.cross(b, c))
        dots = [np.einsum("nc,nc->n", x, y) for x, y in ((a, b), (b, c), (c, a))]
        below = length.prod(axis=1) + dots[0] * length[:, 2] + dots[1] * length[:, 0] + dots[2] * length[:, 1]
        winding = np.bincount(self.body, 2 * np.arctan2(volume, below)) / (4 * np.pi)
        if (inside := np.flatnonzero(winding > 0.5)).size:
            kind = self.kinds[self.kind[np.searchsorted(self.body, inside[0])]]
            problem = f"{what} stands inside a body of the scene ({kind}, number {inside[0]})"
            raise InputError("Recipe", option, problem, "move it, or aim from farther away")


def _corner_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the smooth normal at a face's first corner and its change towards the other two, float32 of (F, 3, 3).

    The normal at a corner is the mean of the normals around its vertex, weighted by area, of the faces that its own
    face meets at a small angle.
    """
    corners = vertices[faces]
    cross = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    unit = cross / np.maximum(np.linalg.norm(cross, axis=1, keepdims=True), 1e-300)
    # Faces around each place: vertices that lie in the same place count as one.
    _, place = np.unique(np.round(vertices, 7), axis=0, return_inverse=True)
    place = place.reshape(-1)[faces].ravel()
    order = np.argsort(place, kind="stable")
    start = np.searchsorted(place[order], np.arange(place.max() + 2))
    count = np.diff(start)
    total = np.zeros((place.size, 3))
    face_of = np.repeat(np.arange(len(faces)), 3)
    for turn in range(int(count.max())):
        # The turn-th face around the place of every corner.
        has = np.flatnonzero(count[place] > turn)
        other = face_of[order[start[place[has]] + turn]]
        smooth = np.einsum("nc,nc->n", unit[other], unit[face_of[has]]) > _CREASE
        total[has[smooth]] += cross[other[smooth]]
    total /= np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-300)
    normals = total.reshape(-1, 3, 3).astype(np.float32)
    normals[:, 1:] -= normals[:, :1]
    return normals
