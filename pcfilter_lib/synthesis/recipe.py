"""One object with every option of a simulated scan: what lies there, who looks, what light does, how it is decoded."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from pcfilter_lib._arguments import one_of
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis._options import LIMITS, Range, ends, impossible, number_or_range
from pcfilter_lib.synthesis.furniture.catalogue import FURNITURE
from pcfilter_lib.synthesis.presets import OPTIONS
from pcfilter_lib.synthesis.scenes.parts import KINDS

SUPPORTS = ("table", "bin", "none")

_SWITCHES = ("shadows", "direct_light", "diffuse_bounce", "glossy_bounce", "noise", "reject_saturated")


@dataclass(frozen=True)
class Recipe:
    """Every option of a simulated scan.

    A number may be given as a range ``(low, high)``: :meth:`draw` picks from it, evenly, by the seed. That is domain
    randomisation (Tobin et al., *Domain randomization for transferring deep neural networks from simulation to the
    real world*, IROS 2017). A recipe without ranges is *drawn*: it describes one scan.

    Parameters
    ----------
    support : {"table", "bin", "none"}
        What the parts lie on; "none" lets one part float before a void.
    parts : int or range
        How many.
    kinds : tuple of str
        Which kinds of parts, names of :data:`pcfilter_lib.synthesis.KINDS` (the default is all
        of these) or of :data:`pcfilter_lib.synthesis.FURNITURE`.
    mesh_folder : str
        A folder with meshes that are used as parts besides `kinds`; empty for none.
    part_size : float or range
        Largest extent of a part, m.
    area : float or range
        Side of the square on which parts are dropped, or of the bin, m.
    bin_height : float or range
        Height of the bin's walls, m.
    albedo, support_albedo, dark_albedo : float or range
        Diffuse reflectance of parts, of table and bin, and of dark parts.
    dark_share, glossy_share, texture_share : float or range
        Share of parts that are dark, glossy, textured.
    specular, shininess : float or range
        Glossy parts: reflected share and exponent, see :class:`pcfilter_lib.synthesis.Material`. Their albedo is
        limited to what the gloss leaves.
    texture_contrast, texture_grain : float or range
        Textured parts: contrast, and size of the features in m.
    width, height : int
        Camera image, pixels.
    field_of_view : float or range
        How wide the camera sees, horizontally, degrees.
    distance : float or range
        From the camera to the point that it is aimed at, m.
    elevation, azimuth : float or range
        Where the camera stands: height above the table (90 is straight down) and direction, degrees.
    aim_error : float or range
        How far beside the middle of the parts the camera is aimed, m.
    camera_aperture : float or range
        Diameter of the camera's lens, m. 0 is a pinhole: everything is in focus.
    focus_error : float or range
        By which part of the distance the focus of camera and projector is off.
    baseline : float or range
        From camera to projector, m; the projector stands to the right, with a minus sign to the left.
    projector_columns : int
        Columns that the projector resolves.
    projector_field_of_view : float or range
        How wide the projector's image is, degrees.
    projector_aperture : float or range
        Diameter of the projector's lens, m.
    projector_blur : float or range
        Standard deviation of the projector's blur in focus, columns.
    calibration_error : float or range
        Standard deviation by which the calibrated projector is turned away from the true one, columns.
    period : int
        Columns of one period of the phase pattern.
    ambient : float or range
        Light that does not come from the projector, as a share of what full white gives on a white surface there.
    shadows, direct_light, diffuse_bounce, glossy_bounce : bool
        Switches: parts of the light can be turned off, one at a time.
    noise : bool
        Whether the sensor adds noise, rounds, and saturates. Without, it is ideal.
    exposure : float or range
        1 lets the brightest 2 % of the pixels saturate; 2 twice as much light, and so on.
    full_well : float or range
        Electrons at saturation.
    read_noise : float or range
        Standard deviation of the sensor's own noise, electrons.
    speckle : float or range
        Contrast of laser speckle: by which part of itself the brightness differs from pixel to pixel, the same in all
        patterns; 0 for a lamp.
    speckle_change : float or range
        Share of that contrast that is new in each pattern, a noise proportional to the light.
    bits : int
        Of the analogue-to-digital converter.
    min_modulation : float or range
        Smallest amplitude of the phase pattern that counts as measured, as a share of full scale.
    max_mismatch : float or range
        Largest disagreement of Gray code and phase, as a share of the period.
    reject_saturated : bool
        Whether a pixel at full scale in one of the phase images counts as not measured.
    near, far : float or range
        Range of depth that the scanner reports, m.
    tolerance : float or range
        A measured point farther from the true surface is an artefact, m.
    sigmas : float or range
        The tolerance is at least so many standard deviations of the depth noise at that pixel.
    footprint : int
        A pixel averages footprint x footprint rays.
    gather_step : int
        Diffuse light is gathered at every gather_step-th pixel, and between them where the surface changes.
    gather_rays : int
        Rays that gather it there.
    photon_density : float or range
        Photons that leave the projector in search of glossy surfaces, per pixel of the camera.

    Raises
    ------
    InputError
        If an option is impossible; the message names it.
    """

    # What lies there
    support: str = "table"
    parts: Range = (3, 15)
    kinds: tuple[str, ...] = KINDS
    mesh_folder: str = ""
    part_size: Range = (0.04, 0.12)
    area: Range = (0.2, 0.32)
    bin_height: Range = (0.05, 0.12)
    albedo: Range = (0.25, 0.85)
    support_albedo: Range = (0.15, 0.7)
    dark_share: Range = 0.1
    dark_albedo: Range = (0.02, 0.08)
    glossy_share: Range = 0.25
    specular: Range = (0.15, 0.5)
    shininess: Range = (30, 600)
    texture_share: Range = 0.4
    texture_contrast: Range = (0.2, 0.8)
    texture_grain: Range = (0.003, 0.03)
    # The scanner
    width: int = 320
    height: int = 240
    field_of_view: Range = (30, 42)
    distance: Range = (0.45, 0.8)
    elevation: Range = (50, 90)
    azimuth: Range = (0, 360)
    aim_error: Range = (0, 0.03)
    camera_aperture: Range = (0.001, 0.003)
    focus_error: Range = (-0.1, 0.1)
    baseline: Range = (0.1, 0.22)
    projector_columns: int = 1024
    projector_field_of_view: Range = (38, 48)
    projector_aperture: Range = (0.002, 0.005)
    projector_blur: Range = (0.4, 0.8)
    calibration_error: Range = (0, 0.05)
    period: int = 16
    # Light
    ambient: Range = (0, 0.15)
    shadows: bool = True
    direct_light: bool = True
    diffuse_bounce: bool = True
    glossy_bounce: bool = True
    # Sensor
    noise: bool = True
    exposure: Range = (0.7, 1.3)
    full_well: Range = (8_000, 20_000)
    read_noise: Range = (5, 20)
    speckle: Range = 0.0
    speckle_change: Range = 0.1
    bits: int = 10
    # Decoding
    min_modulation: Range = (0.01, 0.03)
    max_mismatch: Range = (0.3, 0.5)
    reject_saturated: bool = False
    near: Range = 0.1
    far: Range = 3.0
    # Labels
    tolerance: Range = 0.001
    sigmas: Range = 3.5
    # How finely light is followed
    footprint: int = 3
    gather_step: int = 4
    gather_rays: int = 48
    photon_density: Range = 3.0

    def __post_init__(self):
        one_of("Recipe", "support", self.support, SUPPORTS)
        for name in _SWITCHES:
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise impossible(name, f"{getattr(self, name)!r} is not True or False", "pass True or False")
            object.__setattr__(self, name, bool(getattr(self, name)))
        for name in LIMITS:
            object.__setattr__(self, name, number_or_range(name, getattr(self, name)))
        kinds = (self.kinds,) if isinstance(self.kinds, str) else tuple(self.kinds)
        for kind in kinds:
            one_of("Recipe", "kinds", kind, (*KINDS, *FURNITURE))
        if not isinstance(self.mesh_folder, str):
            raise impossible("mesh_folder", f"{self.mesh_folder!r} is not a text", "pass the path of a folder")
        if not kinds and not self.mesh_folder:
            raise impossible("kinds", "there is no kind of part to choose from", "name one, or a mesh_folder")
        object.__setattr__(self, "kinds", kinds)
        low, high = ends(self.baseline)
        if low <= 0 <= high:
            remedy = "pass a distance such as 0.15, or -0.15 for a projector on the left"
            raise impossible("baseline", "it is 0, or a range with 0 in it: without a baseline no depth", remedy)
        if self.period % 4:
            raise impossible("period", f"{self.period} is not a multiple of 4", "pass 16, for example")
        if ends(self.near)[1] >= ends(self.far)[0]:
            raise impossible("near", f"{self.near} is not nearer than far, {self.far}", "swap them")

    @property
    def drawn(self) -> bool:
        """Whether every range has become a number."""
        return not any(isinstance(getattr(self, name), tuple) for name in LIMITS)

    def replace(self, **changes: Any) -> Recipe:
        """Return the recipe with some options changed."""
        if unknown := set(changes) - set(FIELDS):
            raise impossible(sorted(unknown)[0], "there is no such option", f"use one of {', '.join(FIELDS)}")
        return dataclasses.replace(self, **changes)

    def draw(self, seed: int) -> Recipe:
        """Return the recipe with a number for each range.

        Parameters
        ----------
        seed : int
            The same seed draws the same numbers.

        Returns
        -------
        Recipe
            A drawn recipe. An option that was a number keeps it, and what the others get does not depend on it.
        """
        ranges = {name: value for name in LIMITS if isinstance(value := getattr(self, name), tuple)}
        numbers = {name: LIMITS[name].draw(value, seed) for name, value in ranges.items()}
        return dataclasses.replace(self, **numbers)

    def to_json(self) -> str:
        """Return the recipe as JSON, one line."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Recipe:
        """Return the recipe that :meth:`to_json` wrote."""
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise InputError("Recipe", "JSON", f"it cannot be read ({error})", "pass what to_json wrote") from None
        if not isinstance(fields, dict):
            raise InputError("Recipe", "JSON", "it is no object with options", "pass what to_json wrote")
        return cls().replace(**{k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()})

    @classmethod
    def preset(cls, name: str) -> Recipe:
        """Return a recipe by its name, see :data:`pcfilter_lib.synthesis.PRESETS`."""
        return PRESETS[one_of("Recipe", "preset", name, tuple(PRESETS))]


FIELDS = tuple(field.name for field in dataclasses.fields(Recipe))

#: Recipes by their names, for :meth:`Recipe.preset`. What each changes stands in :mod:`pcfilter_lib.synthesis.presets`.
PRESETS = {name: Recipe(**options) for name, options in OPTIONS.items()}
