"""A scan from beginning to end: scene, light, patterns, sensor, decoding, points, labels."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.scanner.decoding import Decoded, decode
from pcfilter_lib.synthesis.scanner.geometry import Camera, Projector, set_up, triangulate
from pcfilter_lib.synthesis.scanner.labels import Reader, borderline, causes, tolerances
from pcfilter_lib.synthesis.scanner.patterns import PatternSet
from pcfilter_lib.synthesis.scanner.rig import THREADS, Rig
from pcfilter_lib.synthesis.scanner.sensor import expose, gain
from pcfilter_lib.synthesis.scanner.transport import Transport, blurred
from pcfilter_lib.synthesis.scenes.building import build_scene
from pcfilter_lib.synthesis.scenes.solid import Scene

# Pixels whose light is followed at once: a compromise of memory and of calls.
_TILE = 1 << 14


@dataclass(frozen=True, eq=False)
class Simulation:
    """A simulated scan and all that led to it.

    Attributes
    ----------
    scan : OrganizedScan
        The result, see :func:`simulate_scan`.
    recipe : Recipe
        Drawn: with a number for each range.
    scene : Scene
    camera : Camera
    projector, calibrated : Projector
        As it stands, and as the decoding believes that it stands.
    patterns : PatternSet
        What was projected.
    images : ndarray of float32, shape (count, H, W)
        What the sensor reported, as shares of full scale, in the order of ``patterns.names``.
    decoded : Decoded
        What was read from the images.
    """

    scan: OrganizedScan
    recipe: Recipe
    scene: Scene
    camera: Camera
    projector: Projector
    calibrated: Projector
    patterns: PatternSet
    images: np.ndarray
    decoded: Decoded
    _rig: Rig

    def transport(self, pixels: np.ndarray) -> Transport:
        """Return the light transport of some pixels.

        Parameters
        ----------
        pixels : int or array_like of int
            Numbers of the pixels, row by row: ``row * width + column``.

        Returns
        -------
        Transport

        Raises
        ------
        InputError
            If there is no pixel, or one is not in the image.
        """
        pixels = np.asarray(pixels).ravel()
        height, width = self.camera.shape
        if not len(pixels) or pixels.dtype.kind not in "iu" or pixels.min() < 0 or pixels.max() >= height * width:
            remedy = f"pass whole numbers from 0 to {height * width - 1}: row * {width} + column"
            raise InputError("transport", "pixels", "there is none, or one is not in the image", remedy)
        return self._rig.transport(pixels)

    @property
    def gain(self) -> float:
        """The share of full scale that radiance 1 gives."""
        return self._rig.gain


def simulate_scan(recipe: Recipe, seed: int = 0, scene: Scene | None = None) -> OrganizedScan:
    """Simulate one scan of a structured-light scanner.

    Parameters
    ----------
    recipe : Recipe
        What to simulate; its ranges are drawn by the seed.
    seed : int, default 0
        Decides everything that is left to chance: the same recipe and seed give the same bytes.
    scene : Scene, optional
        What to scan. By default the recipe and the seed make one.

    Returns
    -------
    OrganizedScan
        In metres, with intensity (the image under white light, as a share of full scale), intrinsics, pose (from the
        camera to the frame of the scene, exactly as it was simulated), and label: 1 true geometry, 0 artefact (a
        measured point farther from the true surface than the tolerance), 255 not measured. The extras:

        * ``recipe``: the drawn recipe as JSON; :func:`reproduce_scan` makes the scan from it
        * ``seed``: the seed
        * ``scene``: empty, or the fingerprint of a scene that was passed in
        * ``cause``: what made an artefact, a place in :data:`pcfilter_lib.data.CAUSES`
        * ``borderline``: whether a point is neither clearly on the surface nor clearly off it
        * ``distance``: of the measured point from the true surface, m
        * ``tolerance``: what is allowed there, m
        * ``modulation``: amplitude of the phase pattern, as a share of full scale
        * ``depth_true``: depth of the surface that the centre of the pixel sees, m; NaN where there is none
        * ``normal_true``: its normal, towards the camera
        * ``object``: number of the object there, 0 for table, bin and nothing
        * ``piece``: number of the piece of that object
        * ``kind``: what kind of part it is, a place in ``kinds``
        * ``kinds``: names of the kinds

    Raises
    ------
    InputError
        If an option of the recipe is impossible in this scene; the message names it.
    """
    return simulate(recipe, seed, scene).scan


def simulate(recipe: Recipe, seed: int = 0, scene: Scene | None = None) -> Simulation:
    """Simulate one scan, and return all that led to it; see :func:`simulate_scan`.

    Returns
    -------
    Simulation
    """
    if not isinstance(recipe, Recipe):
        raise InputError("simulate", "recipe", f"it is a {type(recipe).__name__}", "pass a synthesis.Recipe")
    seed = whole_number("simulate", "seed", seed, at_least=0)
    given = scene is not None
    recipe = recipe.draw(seed)
    scene = scene if given else build_scene(recipe, seed)
    camera, projector, calibrated = set_up(recipe, seed, scene.target)
    rig = Rig(recipe, scene, camera, projector)
    rig.prepare()

    patterns = PatternSet(recipe.projector_columns, recipe.period)
    rows = blurred(patterns.rows())
    height, width = camera.shape
    pixels = np.arange(height * width)
    images = np.empty((patterns.count, height * width), np.float32)

    def render(start: int) -> None:
        tile = rig.transport(pixels[start : start + _TILE])
        radiance = tile.render(rows)
        radiance += np.float32(recipe.ambient) * tile.ambient[:, None]
        images[:, start : start + _TILE] = radiance.T

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(render, range(0, height * width, _TILE)))

    rig.gain = gain(images[0], recipe)
    expose(images, rig.gain, recipe, seed)
    images = images.reshape(patterns.count, height, width)
    decoded = decode(images, patterns, min_modulation=recipe.min_modulation, max_mismatch=recipe.max_mismatch)
    scan = _measure(rig, patterns, rows, images, decoded, calibrated, seed, _fingerprint(scene) if given else "")
    return Simulation(scan, recipe, scene, camera, projector, calibrated, patterns, images, decoded, rig)


def reproduce_scan(scan: OrganizedScan, scene: Scene | None = None) -> OrganizedScan:
    """Make a simulated scan again from what it carries, byte for byte on the same machine and lock file.

    Parameters
    ----------
    scan : OrganizedScan
        A scan that :func:`simulate_scan` made.
    scene : Scene, optional
        The scene that was passed in then, if one was.

    Returns
    -------
    OrganizedScan

    Raises
    ------
    InputError
        If the scan does not carry its recipe, or was made from another scene.
    """
    if missing := [name for name in ("recipe", "seed", "scene") if name not in scan.extras]:
        raise InputError("scan", "extras", f"there is no {missing[0]!r}", "pass a scan that simulate_scan made")
    if str(scan.extras["scene"]) != (_fingerprint(scene) if scene is not None else ""):
        remedy = "pass the scene that it was made from" if str(scan.extras["scene"]) else "leave the scene out"
        raise InputError("scan", "extras['scene']", "it was made from another scene", remedy)
    return simulate_scan(Recipe.from_json(str(scan.extras["recipe"])), int(scan.extras["seed"]), scene)


def _measure(
    rig: Rig,
    patterns: PatternSet,
    rows: np.ndarray,
    images: np.ndarray,
    decoded: Decoded,
    calibrated: Projector,
    seed: int,
    fingerprint: str,
) -> OrganizedScan:
    """Turn decoded columns into a labelled scan."""
    recipe, stage, tracer = rig.recipe, rig.stage, rig.stage.tracer
    shape, rays = stage.camera.shape, stage.camera.rays
    depth = triangulate(decoded.column, rays, calibrated)
    depth[~((depth >= recipe.near) & (depth <= recipe.far))] = np.nan
    if recipe.reject_saturated:
        depth[(images[-4:] >= 1).any(axis=0)] = np.nan
    valid = np.isfinite(depth)
    xyz = (rays * depth[..., None]).astype(np.float32)

    step = np.float32(0.05)
    slope = (triangulate(decoded.column + step, rays, calibrated) - depth) / step * np.linalg.norm(rays, axis=2)
    tolerance = tolerances(images[-4:], decoded.modulation, slope, recipe)
    tolerance[~valid] = np.nan
    distance = np.full(shape, np.nan, np.float32)
    distance[valid] = tracer.distance(xyz[valid])
    label = np.full(shape, UNLABELLED, np.uint8)
    label[valid] = np.where(distance[valid] > tolerance[valid], ARTEFACT, TRUE_GEOMETRY)

    cause = np.zeros(shape, np.uint8)
    wrong = np.flatnonzero(label == ARTEFACT)
    for start in range(0, len(wrong), _TILE):
        some = wrong[start : start + _TILE]
        place = np.unravel_index(some, shape)
        reader = Reader(
            patterns,
            rows,
            rays[place],
            stage.projector,
            calibrated,
            tracer.distance,
            recipe,
            rig.gain,
        )
        saturated = (images[(slice(None), *place)] >= 1).any(axis=0)
        cause[place] = causes(reader, rig.transport(some), saturated, tolerance[place])

    centres = rig.centres
    face = np.where(centres.found, centres.face, 0)
    extras = {
        "recipe": np.array(recipe.to_json()),
        "seed": np.array(seed),
        "scene": np.array(fingerprint),
        "cause": cause,
        "borderline": borderline(distance, tolerance),
        "distance": distance,
        "tolerance": tolerance,
        "modulation": decoded.modulation,
        "depth_true": np.where(centres.found, centres.point[:, 2], np.float32(np.nan)).reshape(shape),
        "normal_true": np.where(centres.found[:, None], centres.normal, np.float32(np.nan)).reshape(*shape, 3),
        "object": np.where(centres.found, tracer.object[face], 0).astype(np.uint8).reshape(shape),
        "piece": np.where(centres.found, tracer.piece[face], 0).astype(np.uint8).reshape(shape),
        "kind": np.where(centres.found, tracer.kind[face], 0).astype(np.uint8).reshape(shape),
        "kinds": np.array(tracer.kinds),
    }
    return OrganizedScan(
        xyz=xyz,
        intensity=images[0],
        label=label,
        intrinsics=stage.camera.intrinsics,
        pose=stage.camera.to_world,
        extras=extras,
    )


def _fingerprint(scene: Scene) -> str:
    """Return a short text that differs for different scenes."""
    digest = hashlib.sha256(scene.target.tobytes())
    for body in scene.bodies:
        for array in (body.solid.vertices, body.solid.faces, body.solid.pieces, body.pose):
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(repr((body.materials, body.support, body.solid.kind)).encode())
    return digest.hexdigest()[:16]
