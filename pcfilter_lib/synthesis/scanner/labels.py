"""Labels that are right by construction: what is an artefact, and what made it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.data.labels import CAUSES, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.recipe import Recipe
from pcfilter_lib.synthesis.scanner.decoding import column_sigma, decode
from pcfilter_lib.synthesis.scanner.geometry import Projector, triangulate
from pcfilter_lib.synthesis.scanner.patterns import PatternSet
from pcfilter_lib.synthesis.scanner.sensor import variance

if TYPE_CHECKING:
    from pcfilter_lib.synthesis.scanner.transport import Transport

#: A point whose distance from the surface is within this factor of the tolerance, either way, is borderline.
BAND = 1.5
# A footprint whose depths leave the plane through them by more than this share of the tolerance lies on an edge.
_EDGE = 0.25


def tolerances(images: np.ndarray, modulation: np.ndarray, slope: np.ndarray, recipe: Recipe) -> np.ndarray:
    """Return how far a point may lie from the true surface and still be true geometry.

    Parameters
    ----------
    images : ndarray, shape (4, ...)
        The images of the phase pattern, as shares of full scale.
    modulation : ndarray, shape (...)
        Its amplitude.
    slope : ndarray, shape (...)
        How far the point moves for one column, m.
    recipe : Recipe
        A drawn recipe.

    Returns
    -------
    ndarray of float32, shape (...)
        ``max(tolerance, sigmas sigma)`` in metres, with ``sigma`` the standard deviation that the noise model predicts
        at the pixel's modulation: a fixed tolerance would call the noise of dark surfaces an artefact.
    """
    if not recipe.noise:
        return np.full(modulation.shape, recipe.tolerance, np.float32)
    noise = np.sqrt(variance(images.mean(axis=0), recipe))
    sigma = column_sigma(noise, modulation, recipe.period) * np.abs(slope)
    return np.fmax(np.float32(recipe.tolerance), np.float32(recipe.sigmas) * sigma.astype(np.float32))


def borderline(distance: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Return which points are neither clearly on the surface nor clearly off it, bool of the arrays' shape."""
    return (distance > tolerance / BAND) & (distance < tolerance * BAND)


def ignore_borderline(scan: OrganizedScan) -> OrganizedScan:
    """Return a simulated scan whose borderline points are labelled 255, neither.

    Parameters
    ----------
    scan : OrganizedScan
        A scan with ``extras["borderline"]``.

    Returns
    -------
    OrganizedScan

    Raises
    ------
    InputError
        If the scan does not know which points are borderline.
    """
    if "borderline" not in scan.extras or scan.label is None:
        raise InputError("scan", "extras", "there is no 'borderline'", "pass a scan that simulate_scan made")
    label = np.where(scan.extras["borderline"], np.uint8(UNLABELLED), scan.label)
    return dataclasses.replace(scan, label=label)


def cause_shares(scan: OrganizedScan) -> dict[str, float]:
    """Return which share of a simulated scan's artefacts each cause has.

    Parameters
    ----------
    scan : OrganizedScan
        A scan with ``extras["cause"]``.

    Returns
    -------
    dict of str to float
        From the names of :data:`pcfilter_lib.data.CAUSES`, without the first, to shares that sum to 1; all 0 without
        artefacts.

    Raises
    ------
    InputError
        If the scan does not know the causes.
    """
    if "cause" not in scan.extras:
        raise InputError("scan", "extras", "there is no 'cause'", "pass a scan that simulate_scan made")
    counts = np.bincount(scan.extras["cause"].ravel(), minlength=len(CAUSES))[1:]
    return dict(zip(CAUSES[1:], (counts / max(counts.sum(), 1)).tolist(), strict=True))


@dataclasses.dataclass(frozen=True, eq=False)
class Reader:
    """All that turns the light of some pixels into points and tells whether they are right.

    Attributes
    ----------
    patterns : PatternSet
    rows : ndarray of float32, shape (blurs * columns, K)
        The blurred patterns.
    rays : ndarray, shape (n, 3)
        Of the pixels.
    projector, calibrated : Projector
        As it stands, and as it is believed to stand.
    distance : callable
        From points (n, 3) to their distance from the surface.
    recipe : Recipe
    gain : float
    """

    patterns: PatternSet
    rows: np.ndarray
    rays: np.ndarray
    projector: Projector
    calibrated: Projector
    distance: Callable[[np.ndarray], np.ndarray]
    recipe: Recipe
    gain: float

    def wrong(
        self, transport: Transport, light_paths: tuple[str, ...], tolerance: np.ndarray, ideal: bool = False
    ) -> np.ndarray:
        """Return which pixels would be artefacts without noise or saturation, by these light paths alone."""
        radiance = transport.render(self.rows, light_paths).T
        radiance += np.float32(self.recipe.ambient) * transport.ambient
        radiance *= np.float32(self.gain)
        recipe = self.recipe
        found = decode(radiance, self.patterns, min_modulation=recipe.min_modulation, max_mismatch=recipe.max_mismatch)
        depth = triangulate(found.column, self.rays, self.projector if ideal else self.calibrated)
        measured = np.flatnonzero((depth >= recipe.near) & (depth <= recipe.far))
        bad = np.zeros(len(depth), bool)
        off = self.distance(self.rays[measured] * depth[measured, None])
        bad[measured] = off > tolerance[measured]
        return bad


def causes(reader: Reader, transport: Transport, saturated: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Return what made each of some artefacts.

    Each question takes something away and asks whether the artefact goes with it; the first that answers yes is the
    cause. In this order: is there direct light at all? does it go with the noise (or, where the sensor overflowed, with
    the saturation)? with the glossy light? with the diffuse bounce? with both? with the error of the calibration? What
    is left comes from the direct light alone: the pixel covers an edge in depth, or the border of a shadow, or two
    tones of one surface, of which the brighter counts more (Curless and Levoy, *Better optical triangulation through
    spacetime analysis*, ICCV 1995).

    Parameters
    ----------
    reader : Reader
        For these n pixels.
    transport : Transport
        Their light.
    saturated : ndarray of bool, shape (n,)
        Whether one of the pixel's images is at full scale.
    tolerance : ndarray, shape (n,)
        Of the labels, m.

    Returns
    -------
    ndarray of uint8, shape (n,)
        Places in :data:`pcfilter_lib.data.CAUSES`.
    """
    cause = np.zeros(len(tolerance), np.uint8)

    def settle(name: str, where: np.ndarray) -> None:
        cause[(cause == 0) & where] = CAUSES.index(name)

    light_paths = ("direct", "diffuse", "glossy")
    settle("full shadow", ~transport.lit.any(axis=1))
    quiet = ~reader.wrong(transport, light_paths, tolerance)
    settle("saturation", quiet & saturated)
    settle("noise", quiet)
    settle("glossy ghost", ~reader.wrong(transport, ("direct", "diffuse"), tolerance))
    settle("interreflection", ~reader.wrong(transport, ("direct", "glossy"), tolerance))
    settle("interreflection", ~reader.wrong(transport, ("direct",), tolerance))
    settle("calibration", ~reader.wrong(transport, ("direct",), tolerance, ideal=True))
    settle("mixed pixel", _on_edge(transport.depth, tolerance))
    settle("shadow border", ~transport.lit.all(axis=1))
    settle("texture", np.ones(len(cause), bool))
    return cause


def _on_edge(depth: np.ndarray, tolerance: np.ndarray) -> np.ndarray:
    """Return which footprints see more than one surface: their depths, shape (n, count**2), do not lie in a plane."""
    count = int(np.sqrt(depth.shape[1]))
    dy, dx = np.indices((count, count)).reshape(2, -1)
    plane = np.stack([np.ones(count**2), dx, dy], axis=1)
    leave = np.eye(count**2) - plane @ np.linalg.pinv(plane)
    return (np.abs(depth @ leave).max(axis=1) > _EDGE * tolerance) | ~(depth > 0).all(axis=1)
