"""How noisy a scanner is at which depth, told by views of the same surfaces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.views._geometry import View

#: Three standard deviations of a point and three of what it is compared with.
SIGMAS = 6
_BINS = 12
_ENOUGH = 200  # residuals for one bin
_NORMAL = 1.4826  # from the median of absolute deviations to the standard deviation of a normal distribution
_WIDEST = 0.03  # residuals of more than so many parts of the depth are no noise to begin with
_EVEN = 4  # times the lower quartile of residuals
_WINDOW = 25  # pixels of a plane, whose own noise is so many times less


@dataclass(frozen=True)
class NoiseModel:
    """The standard deviation of measured depth as a function of depth.

    ``sigma(z)^2 = constant + linear z^2 + quadratic z^4``: noise that does not change with depth, that grows with it
    (an angle), and with its square (a disparity, as triangulation has it: Khoshelham and Elberink, *Accuracy and
    resolution of Kinect depth data*, Sensors 12, 2012, equation 8).

    Parameters
    ----------
    constant, linear, quadratic : float
        At least 0; m^2, 1, and m^-2.
    within : float
        By which factor the noise within a view is smaller than that between views: 1 where the poses are exact, less
        where their errors add to the noise.
    """

    constant: float
    linear: float
    quadratic: float
    within: float = 1.0

    def __call__(self, depth: np.ndarray) -> np.ndarray:
        """Return the standard deviation at some depths, both in metres."""
        square = np.square(np.asarray(depth, np.float32))
        return np.sqrt(
            np.float32(self.constant) + square * (np.float32(self.linear) + np.float32(self.quadratic) * square)
        )

    def tolerance(self, depth: np.ndarray) -> np.ndarray:
        """Return how far off a surface a point may be and still be true geometry, both in metres.

        Six standard deviations of the noise within a view, three of the point and three of what it is compared with;
        and once what the views differ by because of their poses, which is no noise: its errors are much the same for
        all points that two views share.
        """
        return self(depth) * np.float32(SIGMAS * self.within + np.sqrt(1 - self.within**2))

    @classmethod
    def of(cls, value: float) -> NoiseModel:
        """Return the model of a noise that is the same at each depth, in metres."""
        return cls(float(value) ** 2, 0.0, 0.0)


def estimate_noise(pairs: Sequence[tuple[View, View]]) -> NoiseModel:
    """Estimate a scanner's noise from pairs of overlapping views.

    A point of one view is compared with the plane that the other view measured where it should be. What they differ by
    is the noise of the point, a little noise of the plane, and the error of the poses. Artefacts are few and far off:
    medians do not see them.

    Parameters
    ----------
    pairs : sequence of (View, View)

    Returns
    -------
    NoiseModel

    Raises
    ------
    InputError
        If the views hardly overlap.
    """
    depths, between, within = [], [], []
    for one, other in pairs:
        depth, difference, own = _differences(one, other)
        depths.append(depth)
        between.append(difference)
        within.append(own)
    depths, between, within = (np.concatenate(each) if each else np.zeros(0) for each in (depths, between, within))
    if len(depths) < _ENOUGH:
        problem = f"only {len(depths)} points are seen by two of them on a plane"
        raise InputError("views", "", problem, "pass views that overlap, with the poses that belong to them")
    bins = min(_BINS, len(depths) // _ENOUGH)
    edges = np.quantile(depths, np.linspace(0, 1, bins + 1))
    number = np.clip(np.searchsorted(edges, depths, side="right") - 1, 0, bins - 1)
    rows, squares, shares = [], [], []
    for each in range(bins):
        here = number == each
        if here.sum() < _ENOUGH // 2:
            continue
        z = float(np.median(depths[here]))
        outer, inner = _spread(between[here]), _spread(within[here])
        rows.append([1, z**2, z**4])
        squares.append(outer**2 / (1 + 1 / _WINDOW))
        shares.append(inner / max(outer, 1e-12))
    rows, squares = np.array(rows), np.array(squares)
    # Each bin counts by its relative error: near and quiet bins would not matter otherwise.
    solution, _ = nnls(rows / squares[:, None], np.ones(len(squares)))
    return NoiseModel(*(float(x) for x in solution), within=float(min(1.0, np.median(shares))))


def _differences(one: View, other: View) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the depths of points of a view, how far another view's planes lie from them, and its own planes."""
    step = max(1, len(one.pixels) // 20_000)
    chosen = slice(None, None, step)
    own_planes, own_residual = one.planes
    pixels = one.pixels[chosen]
    flat = np.isfinite(own_residual[pixels])
    pixels, points = pixels[flat], one.points[chosen][flat]
    own = points[:, 2] - 1 / np.where(own_planes[pixels, 0] > 0, own_planes[pixels, 0], np.nan)
    moved = one.in_frame_of(other, points)
    places, seen = other.look(moved)
    nearest = np.rint(places).astype(np.int32)
    flat = nearest[:, 1] * other.shape[1] + nearest[:, 0]
    planes, residual = other.planes
    even = _EVEN * np.quantile(residual[np.isfinite(residual)], 0.25)
    seen &= residual[flat] < even  # not across an edge or an artefact
    plane, offset = planes[flat], places - nearest
    inverse = plane[:, 0] + plane[:, 1] * offset[:, 0] + plane[:, 2] * offset[:, 1]
    with np.errstate(all="ignore"):
        difference = moved[:, 2] - 1 / inverse
        seen &= (inverse > 0) & (np.abs(difference) < _WIDEST * moved[:, 2]) & np.isfinite(own)
    return points[seen, 2], difference[seen], own[seen] * np.sqrt(1 / (1 - 1 / _WINDOW))


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation of the middle of a distribution, whatever its tails are."""
    limit = np.inf
    spread = 0.0
    for _ in range(20):
        some = values[np.abs(values) <= limit]
        if not len(some):
            break
        now = _NORMAL * float(np.median(np.abs(some)))
        if abs(now - spread) <= 1e-3 * now:
            return now
        spread, limit = now, 4 * now
    return spread
