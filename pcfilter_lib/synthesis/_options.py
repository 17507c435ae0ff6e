"""The numeric options of a recipe: what each may be, and which random numbers belong to it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from pcfilter_lib.errors import InputError

Range = float | tuple[float, float]


class Limit(NamedTuple):
    """What a numeric option may be.

    Attributes
    ----------
    stream : int
        The number of the option's own random stream. It belongs to the option's name for ever: a new option takes the
        next free number, wherever it is listed, and no number is used again. So what the other options draw from a
        seed never changes.
    low, high : float
        The interval of allowed values.
    included : bool
        Whether `low` itself is allowed.
    whole : bool
        Whether only whole numbers are.
    fixed : bool
        Whether a range is refused: all images of a set must have one size, whatever the seed.
    """

    stream: int
    low: float
    high: float
    included: bool = True
    whole: bool = False
    fixed: bool = False

    def draw(self, value: tuple[float, float], seed: int) -> float:
        """Return a number from a range, evenly distributed.

        Parameters
        ----------
        value : (float, float)
            The range.
        seed : int
            The same seed gives the same number, whatever the other options are.

        Returns
        -------
        int or float
        """
        generator = np.random.default_rng([seed, self.stream, 0xD4A3])
        if self.whole:
            return int(generator.integers(value[0], value[1], endpoint=True))
        return float(generator.uniform(*value))


LIMITS = {
    "parts": Limit(0, 1, 200, whole=True),
    "part_size": Limit(1, 1e-4, 10),
    "area": Limit(2, 1e-3, 100),
    "bin_height": Limit(3, 1e-3, 10),
    "albedo": Limit(4, 0, 1),
    "support_albedo": Limit(5, 0, 1),
    "dark_share": Limit(6, 0, 1),
    "dark_albedo": Limit(7, 0, 1),
    "glossy_share": Limit(8, 0, 1),
    "specular": Limit(9, 0, 1),
    "shininess": Limit(10, 1, 1e6),
    "texture_share": Limit(11, 0, 1),
    "texture_contrast": Limit(12, 0, 1),
    "texture_grain": Limit(13, 0, 10, included=False),
    "width": Limit(14, 8, 10_000, whole=True, fixed=True),
    "height": Limit(15, 8, 10_000, whole=True, fixed=True),
    "field_of_view": Limit(16, 1, 120),
    "distance": Limit(17, 0, 100, included=False),
    "elevation": Limit(18, 5, 90),
    "azimuth": Limit(19, -360, 360),
    "aim_error": Limit(20, 0, 10),
    "camera_aperture": Limit(21, 0, 0.1),
    "focus_error": Limit(22, -0.5, 0.5),
    "baseline": Limit(23, -10, 10),
    "projector_columns": Limit(24, 16, 8192, whole=True, fixed=True),
    "projector_field_of_view": Limit(25, 1, 120),
    "projector_aperture": Limit(26, 0, 0.1),
    "projector_blur": Limit(27, 0, 20),
    "calibration_error": Limit(28, 0, 50),
    "period": Limit(29, 4, 256, whole=True, fixed=True),
    "ambient": Limit(30, 0, 100),
    "exposure": Limit(31, 0, 100, included=False),
    "full_well": Limit(32, 10, 1e7),
    "read_noise": Limit(33, 0, 1e5),
    "speckle": Limit(34, 0, 1),
    "speckle_change": Limit(35, 0, 1),
    "bits": Limit(36, 1, 16, whole=True, fixed=True),
    "min_modulation": Limit(37, 0, 1),
    "max_mismatch": Limit(38, 0, 1),
    "near": Limit(39, 0, 100),
    "far": Limit(40, 0, 1000, included=False),
    "tolerance": Limit(41, 0, 10, included=False),
    "sigmas": Limit(42, 0, 100),
    "footprint": Limit(43, 1, 16, whole=True, fixed=True),
    "gather_step": Limit(44, 1, 64, whole=True, fixed=True),
    "gather_rays": Limit(45, 4, 4096, whole=True, fixed=True),
    "photon_density": Limit(46, 0.01, 1000),
}


def impossible(name: str, problem: str, remedy: str) -> InputError:
    """Return the error that an impossible option raises."""
    return InputError("Recipe", name, problem, remedy)


def ends(value: Range) -> tuple[float, float]:
    """Return the ends of a range; both ends of a number are the number."""
    return value if isinstance(value, tuple) else (value, value)


def number_or_range(name: str, value: Any) -> Range:
    """Return a number or an ordered pair of them, or raise an error that names the option."""
    _, low, high, included, whole, fixed = LIMITS[name]
    is_range = isinstance(value, tuple | list)
    if is_range and fixed:
        raise impossible(name, f"{value!r} is a range", "pass one whole number")
    found = tuple(value) if is_range else (value,)
    number = "a whole number" if whole else "a number"
    interval = f"{number} {'from' if included else 'above'} {low:g} to {high:g}"
    remedy = f"pass {interval}" + ("" if fixed else ", or a range (low, high) of such")
    if is_range and len(found) != 2:
        raise impossible(name, f"{value!r} is not a pair", remedy)
    for end in found:
        good = isinstance(end, int | np.integer if whole else int | float | np.integer | np.floating)
        if not good or isinstance(end, bool) or not (low <= end <= high) or (end == low and not included):
            raise impossible(name, f"{value!r} is not allowed", remedy)
    if is_range and found[0] > found[1]:
        raise impossible(name, f"{value!r} begins above its end", "swap the two")
    found = tuple(int(end) if whole else float(end) for end in found)
    return found if is_range else found[0]
