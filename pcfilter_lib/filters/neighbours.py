"""Filters that look at a point's nearest neighbours in space, wherever they lie in the image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.spatial import cKDTree

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter, spread
from pcfilter_lib.filters.footprint import pixel_footprint


@dataclass(frozen=True, kw_only=True)
class StatisticalOutliers(ArtefactFilter):
    """Removes points whose neighbours are unusually far away.

    For each point the mean distance to its nearest neighbours; the score is how many standard deviations, over all
    points of the scan, this lies below the mean of all points. With its own threshold of -`ratio` it is Open3D's
    filter, which counts the point itself among its neighbours (PCL's does not).

    Parameters
    ----------
    neighbours : int, default 20
        How many.

    References
    ----------
    Rusu, R. B., Marton, Z. C., Blodow, N., Dolha, M. and Beetz, M. (2008). Towards 3D point cloud based object maps
    for household environments. Robotics and Autonomous Systems 56(11), section 5.
    """

    name: ClassVar[str] = "statistical outliers"
    requirement: ClassVar[str] = "points"
    neighbours: int = 20
    threshold: float = -2.0

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return by how many standard deviations the neighbours are nearer than usual."""
        count = whole_number("StatisticalOutliers", "neighbours", self.neighbours)
        points = scan.xyz[scan.valid].astype(np.float64)
        if len(points) < 2:
            return spread(np.zeros(len(points)), scan)  # nothing to compare with: no reason to remove it
        distances, _ = cKDTree(points).query(points, k=min(count, len(points)), workers=-1)
        mean = np.atleast_2d(distances.T).T.mean(axis=1)
        return spread((mean.mean() - mean) / max(mean.std(ddof=1), np.finfo(np.float32).tiny), scan)


@dataclass(frozen=True, kw_only=True)
class RadiusOutliers(ArtefactFilter):
    """Removes points with few neighbours nearby; the score is their number.

    Parameters
    ----------
    radius : float, default 3
        How far away they may be, in pixel footprints: on a surface that faces the camera a circle of radius r holds
        about pi r^2 of them.
    """

    name: ClassVar[str] = "radius outliers"
    radius: float = 3.0
    threshold: float = 8.0

    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return how many other points lie within the radius."""
        radius = number_within("RadiusOutliers", "radius", self.radius, 0, np.inf, low_included=False)
        points = scan.xyz[scan.valid].astype(np.float64)
        if not len(points):
            return spread(np.zeros(0), scan)
        reach = radius * pixel_footprint(scan)[scan.valid].astype(np.float64)
        if np.isnan(reach).any():
            problem = "there are no intrinsics, and too few neighbours to estimate them"
            raise InputError("RadiusOutliers", "scan", problem, "load the scan with its intrinsics")
        found = cKDTree(points).query_ball_point(points, reach, return_length=True, workers=-1)
        return spread(found - 1, scan)
