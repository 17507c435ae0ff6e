"""A scene with a scanner in it, and the light that is found once for all pixels."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np

from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.scanner.bounces import diffuse_light, ghost_light, reflected_light
from pcfilter_lib.synthesis.scanner.geometry import Camera, Projector
from pcfilter_lib.synthesis.scanner.tracing import Hits, Tracer
from pcfilter_lib.synthesis.scanner.transport import Factors, Stage, Transport, direct_light
from pcfilter_lib.synthesis.scenes.solid import Scene

THREADS = 2


class Rig:
    """Scene, scanner, and the light that is found once for all pixels."""

    def __init__(self, recipe: Recipe, scene: Scene, camera: Camera, projector: Projector):
        self.recipe = recipe
        tracer = Tracer(scene, camera.pose)
        tracer.check_outside(np.zeros(3), "distance", "the camera")
        tracer.check_outside(projector.position, "baseline", "the projector")
        self.stage = Stage(tracer, camera, projector, recipe.distance, recipe.shadows)
        self.gain = 1.0

    @cached_property
    def centres(self) -> Hits:
        """What the centre of each pixel sees."""
        rays = self.stage.camera.rays.reshape(-1, 3).astype(np.float32)
        return self.stage.tracer.cast(np.zeros(3, np.float32), rays)

    def prepare(self) -> None:
        """Find the light that does not belong to one pixel alone."""
        recipe, stage, centres = self.recipe, self.stage, self.centres
        self.diffuse = self.ghosts = None
        with ThreadPoolExecutor(THREADS) as pool:
            if recipe.diffuse_bounce:
                self.diffuse = pool.submit(diffuse_light, stage, centres, recipe.gather_step, recipe.gather_rays)
            if recipe.glossy_bounce and (stage.tracer.specular > 0).any():
                self.ghosts = pool.submit(ghost_light, stage, centres, recipe.photon_density)
        self.diffuse = self.diffuse and self.diffuse.result()
        self.ghosts = self.ghosts and self.ghosts.result()

    def transport(self, pixels: np.ndarray) -> Transport:
        """Return the light transport of some pixels."""
        recipe, footprint = self.recipe, self.recipe.footprint
        direct, ambient, hits, directions, lit = direct_light(self.stage, pixels, footprint)
        light_paths: dict[str, list[Factors]] = {}
        if recipe.direct_light:
            light_paths["direct"] = [[direct]]
        if self.diffuse is not None:
            weights, gathered = self.diffuse
            light_paths["diffuse"] = [[weights[pixels], gathered]]
        if self.ghosts is not None:
            reflected = reflected_light(self.stage, hits, directions, footprint**2)
            light_paths["glossy"] = [[reflected], [self.ghosts[pixels]]]
        depth = np.where(hits.found, hits.point[:, 2], np.float32(0)).reshape(len(pixels), -1)
        return Transport(recipe.projector_columns, light_paths, ambient, lit, depth)
