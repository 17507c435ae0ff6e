"""The camera's sensor: exposure, noise, saturation, steps of grey."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.synthesis.recipe import Recipe

# Pixels that get their noise from one generator, so that the noise is the same however the work is divided.
_BLOCK = 1 << 15
# Of the pixels under full white, so many saturate at exposure 1.
_SATURATED = 0.02


def gain(white: np.ndarray, recipe: Recipe) -> float:
    """Return the share of full scale that radiance 1 gives, as an automatic exposure chooses it.

    Parameters
    ----------
    white : ndarray, shape (n,)
        Radiance of the pixels under full white; those that are black (they see nothing) do not count.
    recipe : Recipe
        A drawn recipe; its `exposure` multiplies the result.

    Returns
    -------
    float
    """
    seen = white[white > 0]
    if not len(seen):
        return 1.0
    place = min(int((1 - _SATURATED) * len(seen)), len(seen) - 1)
    return float(recipe.exposure / np.partition(seen, place)[place])


def expose(radiance: np.ndarray, gain: float, recipe: Recipe, seed: int) -> np.ndarray:
    """Turn radiance into what the sensor reports, in place.

    Light arrives as electrons, which obey Poisson's law (here its normal limit); reading them adds noise of its own.
    The well overflows at full scale, and the converter rounds (EMVA standard 1288, *Standard for characterization of
    image sensors and cameras*, release 4.0, 2021, section 2). Laser light makes some pixels brighter than others, by a
    gamma distribution, mostly the same in all patterns (Goodman, *Speckle phenomena in optics*, 2007): that leaves the
    phase as it is, but not the contrast.

    Parameters
    ----------
    radiance : ndarray of float32, shape (K, n)
        One row for each pattern; overwritten.
    gain : float
        From :func:`gain`.
    recipe : Recipe
        A drawn recipe. Without `noise` the sensor is ideal: nothing is added, nothing rounded, and no well overflows.
    seed : int
        Of the noise.

    Returns
    -------
    ndarray of float32, shape (K, n)
        The same array, as shares of full scale.
    """
    radiance *= np.float32(gain)
    if not recipe.noise:
        return radiance
    steps = np.float32(2**recipe.bits - 1)
    pixels = radiance.shape[1]
    for number, start in enumerate(range(0, pixels, _BLOCK)):
        block = np.ascontiguousarray(radiance[:, start : start + _BLOCK])
        generator = np.random.Generator(np.random.SFC64([seed, number, 0x5E450]))
        if recipe.speckle:
            looks = 1 / recipe.speckle**2
            block *= generator.standard_gamma(looks, block.shape[1], dtype=np.float32) / np.float32(looks)
        draw = generator.standard_normal(block.shape, dtype=np.float32)
        draw *= np.sqrt(variance(block, recipe, rounding=False))
        block += draw
        np.clip(block, 0, 1, out=block)
        block *= steps
        np.rint(block, out=block)
        block /= steps
        radiance[:, start : start + _BLOCK] = block
    return radiance


def variance(value: np.ndarray, recipe: Recipe, *, rounding: bool = True) -> np.ndarray:
    """Return the variance of a sensor value, in squares of full scale.

    Parameters
    ----------
    value : ndarray
        Its mean, as a share of full scale.
    recipe : Recipe
        A drawn recipe.
    rounding : bool, default True
        Whether the converter's steps count: a twelfth of the square of one.

    Returns
    -------
    ndarray
        ``value / full_well + (read_noise / full_well)^2 + (speckle speckle_change value)^2 + step^2 / 12``.
    """
    dtype = value.dtype.type
    fixed = (recipe.read_noise / recipe.full_well) ** 2
    if rounding:
        fixed += 1 / (12 * (2**recipe.bits - 1) ** 2)
    total = value * dtype((recipe.speckle * recipe.speckle_change) ** 2)
    total += dtype(1 / recipe.full_well)
    total *= value
    total += dtype(fixed)
    return total
