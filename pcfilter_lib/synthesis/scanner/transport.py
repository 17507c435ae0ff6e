"""Light transport: how much light of each projector column reaches each pixel, and by which way.

A scene answers light linearly. One sparse matrix, pixel by projector column, thus renders every pattern (Sen et al.,
*Dual photography*, ACM Transactions on Graphics 24, 2005, section 3). Here it is kept as a sum over the ways that the
light took, so that each way can be left out:

* *direct*: projector, surface, camera;
* *diffuse*: projector, a surface, a second one, camera, scattered evenly by both;
* *glossy*: the same with a mirror-like first or second surface.

Radiance has no unit: 1 is a white Lambertian surface that faces the projector at the distance of the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from pcfilter_lib.synthesis.scanner.geometry import Camera, Projector
from pcfilter_lib.synthesis.scanner.tracing import Hits, Tracer

Factors = list[sparse.csr_matrix]
LIGHT_PATHS = ("direct", "diffuse", "glossy")
# Standard deviations of the projector's blur, in columns, for which patterns are blurred beforehand.
BLURS = np.array([0, 0.25, 0.35, 0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8], np.float32)


@dataclass(frozen=True, eq=False)
class Light:
    """What reaches a surface straight from the projector.

    Attributes
    ----------
    irradiance : ndarray of float32, shape (n,)
        0 in shadow and outside the projector's image; times the albedo it is the radiance.
    column : ndarray of float32, shape (n,)
        Which column it comes from; 0 where there is none.
    blur : ndarray of uint8, shape (n,)
        Which entry of ``BLURS`` it arrives with.
    """

    irradiance: np.ndarray
    column: np.ndarray
    blur: np.ndarray


@dataclass(frozen=True, eq=False)
class Stage:
    """A scene with a scanner in it: the tracer, the camera, the projector, and how far away a white surface is 1."""

    tracer: Tracer
    camera: Camera
    projector: Projector
    reference: float
    shadows: bool = True

    def light(self, hits: Hits, footprint: int = 1) -> Light:
        """Return the projector's light on surfaces.

        The irradiance of a small source falls with the square of the distance and the cosine of incidence.

        Parameters
        ----------
        hits : Hits
            n points on surfaces.
        footprint : int, default 1
            1: all light leaves from the middle of the projector's lens. More: the hits belong to footprints of so many
            rays squared, and each ray takes its light from another point of the lens. Where something hides a part of
            the lens the shadow is soft, and out of focus the columns are shifted: what is left is not centred.

        Returns
        -------
        Light
        """
        column, row, depth = self.projector.project(hits.point)
        lens = self.projector.lens(footprint)
        source = np.tile(lens, (len(hits.face) // len(lens), 1)) if footprint > 1 else lens[0]
        if footprint > 1:
            beside = (lens - lens.mean(axis=0)) @ self.projector.rotation[0].astype(np.float32)
            with np.errstate(divide="ignore", invalid="ignore"):
                shift = self.projector.out_of_focus(depth) * np.tile(beside, len(column) // len(lens))
            column = column + shift.astype(np.float32)
        towards = source - hits.point
        square = np.einsum("nc,nc->n", towards, towards)
        cosine = np.einsum("nc,nc->n", hits.normal, towards) / np.sqrt(square)
        lit = hits.found & (cosine > 0) & self.projector.lights(column, row, depth)
        if self.shadows:
            lit &= self.tracer.sees(hits, source)
        irradiance = np.where(lit, cosine * (np.float32(self.reference**2) / square), np.float32(0))
        spread = self.projector.spread(np.where(lit, depth, np.float32(self.reference)), footprint)
        middles = (BLURS[1:] + BLURS[:-1]) / 2
        blur = np.searchsorted(middles, spread).astype(np.uint8)
        return Light(irradiance, np.where(lit, column, np.float32(0)), blur)

    def lobe(self, hits: Hits, to_eye: np.ndarray) -> np.ndarray:
        """Return the glossy share of the reflectance from projector to eye, times pi, float32 of shape (n,).

        See :class:`pcfilter_lib.synthesis.Material` for the formula.

        Parameters
        ----------
        to_eye : ndarray of float32, shape (n, 3)
            Unit directions.
        """
        material = self.tracer.material[np.where(hits.found, hits.face, 0)]
        towards = self.projector.position.astype(np.float32) - hits.point
        towards /= np.linalg.norm(towards, axis=1, keepdims=True)
        incidence = np.einsum("nc,nc->n", hits.normal, towards)
        mirror = 2 * incidence[:, None] * hits.normal - towards
        cosine = np.clip(np.einsum("nc,nc->n", mirror, to_eye), 0, 1)
        shininess = self.tracer.shininess[material]
        share = self.tracer.specular[material] * (shininess + 1) / 2 * cosine**shininess
        return share / np.maximum(incidence, np.float32(1e-3))


def entries(light: Light, weight: np.ndarray, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return places and values of light in a matrix with a block of columns for each blur, both of shape (n, 2).

    A coordinate between the centres of two columns is shared between them.
    """
    left = np.minimum(light.column.astype(np.int32), columns - 2)
    right = light.column - left
    place = np.empty((len(left), 2), np.int32)
    place[:, 0] = left + light.blur.astype(np.int32) * columns
    place[:, 1] = place[:, 0] + 1
    value = np.empty((len(left), 2), np.float32)
    value[:, 1] = weight * right
    value[:, 0] = weight - value[:, 1]
    return place, value


def even_rows(place: np.ndarray, value: np.ndarray, columns: int) -> sparse.csr_matrix:
    """Return a sparse matrix with the same number of entries in each row, from arrays of shape (rows, entries)."""
    pointer = np.arange(0, place.size + 1, place.shape[1], dtype=np.int32)
    return sparse.csr_matrix((value.ravel(), place.ravel(), pointer), shape=(len(place), columns * len(BLURS)))


def direct_light(
    stage: Stage, pixels: np.ndarray, footprint: int
) -> tuple[sparse.csr_matrix, np.ndarray, Hits, np.ndarray, np.ndarray]:
    """Follow the rays of some pixels' footprints, and light what they meet.

    Returns
    -------
    matrix : csr_matrix, shape (n, blurs * columns)
        Direct light.
    ambient : ndarray of float32, shape (n,)
        Mean reflectance: what even light from everywhere gives.
    hits : Hits
        Of all rays, n * footprint**2 of them.
    directions : ndarray of float32, shape (n * footprint**2, 3)
        Of these rays.
    lit : ndarray of bool, shape (n, footprint**2)
        Which parts of the footprint the projector reaches.
    """
    origins, directions = stage.camera.footprint(pixels, footprint)
    count = origins.shape[1]
    directions = directions.reshape(-1, 3)
    hits = stage.tracer.cast(origins.reshape(-1, 3), directions)
    light = stage.light(hits, footprint)
    albedo = stage.tracer.reflectance(hits)
    material = stage.tracer.material[np.where(hits.found, hits.face, 0)]
    specular = np.where(hits.found, stage.tracer.specular[material], np.float32(0))
    reflectance = albedo.copy()
    glossy = np.flatnonzero((specular > 0) & (light.irradiance > 0))
    if len(glossy):
        to_eye = -directions[glossy]
        to_eye /= np.linalg.norm(to_eye, axis=1, keepdims=True)
        reflectance[glossy] += stage.lobe(hits[glossy], to_eye)
    place, value = entries(light, light.irradiance * reflectance / count, stage.projector.columns)
    matrix = even_rows(place.reshape(len(pixels), -1), value.reshape(len(pixels), -1), stage.projector.columns)
    ambient = (albedo + specular).reshape(len(pixels), count).mean(axis=1)
    return matrix, ambient, hits, directions, (light.irradiance > 0).reshape(len(pixels), count)


@dataclass(frozen=True, eq=False)
class Transport:
    """The light transport of some pixels.

    Attributes
    ----------
    columns : int
        Of the projector.
    light_paths : dict of str to list of lists of csr_matrix
        For each way one or more products of matrices, given by their factors, whose sum is its matrix of shape
        (n, blurs * columns).
    ambient : ndarray of float32, shape (n,)
        Reflectance for light from everywhere.
    lit : ndarray of bool, shape (n, footprint**2)
        Which parts of a pixel's footprint the projector reaches directly.
    depth : ndarray of float32, shape (n, footprint**2)
        Depth of the parts of its footprint, m; 0 where there is no surface.
    """

    columns: int
    light_paths: dict[str, list[Factors]]
    ambient: np.ndarray
    lit: np.ndarray
    depth: np.ndarray

    def render(self, patterns: np.ndarray, light_paths: tuple[str, ...] = LIGHT_PATHS) -> np.ndarray:
        """Return the radiance of the pixels under each pattern.

        Parameters
        ----------
        patterns : ndarray of float32, shape (blurs * columns, K)
            The patterns after each of the projector's blurs.
        light_paths : tuple of str
            The light that takes part.

        Returns
        -------
        ndarray of float32, shape (n, K)
        """
        total = np.zeros((len(self.ambient), patterns.shape[1]), np.float32)
        for way in light_paths:
            for factors in self.light_paths.get(way, []):
                product = patterns
                for factor in reversed(factors):
                    product = factor @ product
                total += product
        return total

    def matrix(self, way: str) -> sparse.csr_matrix:
        """Return how much light of each projector column reaches each pixel by one way, shape (n, columns)."""
        total = sparse.csr_matrix((len(self.ambient), self.columns), dtype=np.float32)
        for factors in self.light_paths.get(way, []):
            product = _blur(self.columns)
            for factor in reversed(factors):
                product = factor @ product
            total = total + product
        return total


def blurred(rows: np.ndarray) -> np.ndarray:
    """Return patterns as the projector throws them, for each of its blurs.

    Parameters
    ----------
    rows : ndarray, shape (K, columns)
        The patterns. Beyond their ends it is dark.

    Returns
    -------
    ndarray of float32, shape (blurs * columns, K)
    """
    columns = rows.shape[1]
    distance = np.arange(columns)
    levels = []
    for sigma in BLURS:
        if sigma == 0:
            levels.append(rows)
            continue
        kernel = np.exp(-0.5 * (distance / sigma) ** 2)
        reach = min(columns - 1, int(np.ceil(5 * sigma)))
        kernel = np.concatenate([kernel[reach:0:-1], kernel[: reach + 1]])
        kernel /= kernel.sum()
        padded = np.pad(rows.astype(np.float64), ((0, 0), (reach, reach)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, len(kernel), axis=1)
        levels.append(windows @ kernel)
    return np.concatenate([level.T for level in levels]).astype(np.float32)


@lru_cache(maxsize=1)
def _blur(columns: int) -> sparse.csr_matrix:
    """Return what each column of the projector becomes for each of its blurs, shape (blurs * columns, columns)."""
    return sparse.csr_matrix(blurred(np.eye(columns, dtype=np.float32)))
