"""From the images of the patterns to the projector column that each pixel saw."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.patterns import PatternSet

# Pixels that are decoded at once: all their intermediate values fit into a core's cache.
_BLOCK = 1 << 14
_TURN = np.float32(2 * np.pi)


@dataclass(frozen=True, eq=False)
class Decoded:
    """What :func:`decode` read from the images, pixel by pixel; all arrays have the images' shape.

    Attributes
    ----------
    column : numpy.ndarray, float32
        The projector column, with its fraction; the centre of column c lies at c. NaN where nothing was measured.
    valid : numpy.ndarray, bool
        Whether the pixel was measured.
    modulation : numpy.ndarray, float32
        Amplitude of the cosine patterns, as a share of full scale.
    phase : numpy.ndarray, float32
        Phase of the cosine patterns, in [0, 2 pi).
    cell : numpy.ndarray, int32
        Number of the Gray code's cell.
    mismatch : numpy.ndarray, float32
        Distance from the decoded column to the middle of the cell, as a share of the period: up to a quarter where
        code and phase agree, at most a half.
    """

    column: np.ndarray
    valid: np.ndarray
    modulation: np.ndarray
    phase: np.ndarray
    cell: np.ndarray
    mismatch: np.ndarray


def decode(
    images: np.ndarray, patterns: PatternSet, *, min_modulation: float = 0.02, max_mismatch: float = 0.4
) -> Decoded:
    """Read the projector column of each pixel from the images of the patterns.

    A bit of the Gray code is 1 where its pattern is brighter than the inverse, which needs no threshold and cancels
    ambient light. With the images ``I0`` to ``I3`` of the shifted cosines, the phase is
    ``atan2(I3 - I1, I0 - I2)`` and the modulation ``hypot(I3 - I1, I0 - I2) / 2`` (Bruning et al., *Digital wavefront
    measuring interferometer for testing optical surfaces and lenses*, Applied Optics 13, 1974, for any number of
    steps; Srinivasan, Liu and Halioua, Applied Optics 23, 1984, for four). The phase gives the column up to whole
    periods; of those, the one is taken that comes nearest to the middle of the cell.

    Parameters
    ----------
    images : array_like of float, shape (count, ...)
        One image for each pattern, in the order of ``patterns.names``, in shares of full scale.
    patterns : PatternSet
        What was projected.
    min_modulation : float, default 0.02
        A pixel with less modulation was not measured, 0 or more.
    max_mismatch : float, default 0.4
        A pixel whose code and phase disagree by more was not measured, as a share of the period, 0 to 1.

    Returns
    -------
    Decoded
        Columns and what the decision rests on, in arrays of the images' trailing shape.

    Raises
    ------
    InputError
        If there is not one image for each pattern, the images are not floating-point numbers, or a threshold is out of
        its range.
    """
    images = np.asarray(images)
    if images.ndim == 0 or len(images) != patterns.count:
        problem = f"their shape is {images.shape}, and {patterns.count} patterns were projected"
        raise InputError("decode", "images", problem, f"pass an array of shape ({patterns.count}, ...)")
    if not np.issubdtype(images.dtype, np.floating):
        problem = f"they are {images.dtype}, not shares of full scale"
        raise InputError("decode", "images", problem, "divide them by the sensor's largest value")
    number_within("decode", "min_modulation", min_modulation, 0, np.inf, high_included=False)
    number_within("decode", "max_mismatch", max_mismatch, 0, 1)

    shape = images.shape[1:]
    images = images.reshape(len(images), -1)
    pixels = images.shape[1]
    column, modulation, phase, mismatch = (np.empty(pixels, np.float32) for _ in range(4))
    cell, valid = np.empty(pixels, np.int32), np.empty(pixels, bool)
    for start in range(0, pixels, _BLOCK):
        block = slice(start, start + _BLOCK)
        _decode_cell(images[2:-4, block], cell[block])
        _decode_phase(images[-4:, block], phase[block], modulation[block])
        _unwrap(phase[block], cell[block], patterns, column[block], mismatch[block])
    # A comparison with NaN is false, so that a broken image is not measured either.
    np.greater_equal(modulation, np.float32(min_modulation), out=valid)
    valid &= mismatch <= np.float32(max_mismatch)
    valid &= (column >= -0.5) & (column <= patterns.columns - 0.5)
    column[~valid] = np.nan
    values = (column, valid, modulation, phase, cell, mismatch)
    return Decoded(*(value.reshape(shape) for value in values))


def column_sigma(image_sigma: float | np.ndarray, modulation: float | np.ndarray, period: float) -> np.ndarray:
    """Return the standard deviation of a decoded column from that of the images' values.

    Independent noise of standard deviation ``s`` in four images gives the phase one of ``s / (sqrt(2) B)`` at
    modulation ``B`` (Surrel, *Additive noise effect in digital phase detection*, Applied Optics 36, 1997), as long as
    that is small against 1; a turn of phase is one period.

    Parameters
    ----------
    image_sigma : float or array_like
        Standard deviation of a pixel's value, as a share of full scale.
    modulation : float or array_like
        Amplitude of the cosine patterns, as a share of full scale; infinite noise results where it is 0.
    period : float
        Columns of one period.

    Returns
    -------
    numpy.ndarray or float
        Standard deviation in columns.
    """
    with np.errstate(divide="ignore"):
        return period / (2 * np.pi) * np.divide(image_sigma, np.sqrt(2) * np.asarray(modulation))


def _decode_cell(images: np.ndarray, cell: np.ndarray) -> None:
    """Write the cell's number from the pairs of pattern and inverse, the coarsest first."""
    cell[:] = 0
    bit = np.zeros(cell.shape, bool)
    for pattern, inverse in zip(images[::2], images[1::2], strict=True):
        bit ^= pattern > inverse  # a bit of the Gray code says whether the binary bit changes
        cell <<= 1
        cell |= bit


def _decode_phase(images: np.ndarray, phase: np.ndarray, modulation: np.ndarray) -> None:
    """Write phase and modulation from the four shifted cosines."""
    cosine = np.subtract(images[0], images[2], dtype=np.float32, casting="same_kind")
    sine = np.subtract(images[3], images[1], dtype=np.float32, casting="same_kind")
    np.arctan2(sine, cosine, out=phase)
    phase += _TURN * (phase < 0)
    phase[phase >= _TURN] = 0  # a tiny negative angle, rounded
    # Not hypot, which is several times slower and guards against overflows that shares of full scale cannot have.
    np.multiply(cosine, cosine, out=modulation)
    modulation += sine * sine
    np.sqrt(modulation, out=modulation)
    modulation *= np.float32(0.5)


def _unwrap(
    phase: np.ndarray, cell: np.ndarray, patterns: PatternSet, column: np.ndarray, mismatch: np.ndarray
) -> None:
    """Write the column nearest to the middle of the cell among those of this phase, and how far from it that is."""
    period = np.float32(patterns.period)
    np.multiply(phase, period / _TURN, out=column)
    middle = np.multiply(cell, np.float32(patterns.cell), dtype=np.float32)
    middle += np.float32((patterns.cell - 1) / 2)
    turns = middle - column
    turns /= period
    np.rint(turns, out=turns)
    turns *= period
    column += turns
    np.subtract(column, middle, out=mismatch)
    np.abs(mismatch, out=mismatch)
    mismatch /= period
