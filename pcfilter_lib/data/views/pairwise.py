"""Two views, aligned by features and ICP, and how far one contradicts the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from pcfilter_lib.data._poses import inverse
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.errors import InputError

_TRIES = 4  # of RANSAC: on a table it finds the right pose only most of the time
_FEWEST = 100  # points of a view on the grid
_RAYS = 40_000


@dataclass(frozen=True, eq=False)
class Cloud:
    """A view as it is aligned: on a grid with features, on a grid of a third for precision, and as rays.

    Attributes
    ----------
    coarse, fine : open3d.geometry.PointCloud
    features : open3d.pipelines.registration.Feature
    relief : ndarray, shape (n, 3)
        The points of the coarse grid that do not lie in the largest plane, or all of them if next to none is left.
    rays : scipy.spatial.cKDTree
        Unit directions from the camera, one for each pixel (of at most 40,000).
    reach : ndarray, shape (n,)
        How far each ray goes until it meets the surface, m.
    width : float
        How far a direction may be from a ray that stands for it.
    """

    coarse: Any
    fine: Any
    features: Any
    relief: np.ndarray
    rays: cKDTree
    reach: np.ndarray
    width: float

    def seen(self, points: np.ndarray, tolerance: float) -> tuple[int, int]:
        """Count points of another view, in this camera's frame, that this view contradicts, and that it confirms.

        A point nearer than the surface behind it would have been seen, so the view contradicts it. One at the surface
        is confirmed. One behind it is hidden, which says nothing.
        """
        distance = np.linalg.norm(points, axis=1)
        apart, ray = self.rays.query(points / np.maximum(distance, 1e-12)[:, None], distance_upper_bound=self.width)
        inside = np.isfinite(apart)
        gap = distance[inside] - self.reach[ray[inside]]
        return int((gap < -tolerance).sum()), int((np.abs(gap) <= tolerance).sum())


def grid_size(scans: list[OrganizedScan]) -> float:
    """Return the grid that fits views of this size, m: a sixtieth of the median diagonal."""
    sizes = [np.linalg.norm(np.ptp(np.percentile(s.points, [2, 98], axis=0), axis=0)) for s in scans if s.valid.any()]
    return float(np.median(sizes)) / 60 if sizes else 1.0


def cloud_of(o3d: Any, scan: OrganizedScan, voxel: float, number: int) -> Cloud:
    """Prepare a view, or raise :class:`InputError` if it has too few points; `number` is for the message."""
    points = scan.points.astype(np.float64)
    whole = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points))
    grids = []
    for size in (voxel, voxel / 3):
        grid = whole.voxel_down_sample(size)
        if len(grid.points) < _FEWEST:
            problem = f"on a grid of {voxel:.4g} m only {len(grid.points)} points are left, fewer than {_FEWEST}"
            raise InputError(
                "views", f"view {number}", problem, "take views with more points, or a smaller voxel=0.005"
            )
        grid.estimate_normals(o3d.geometry.KDTreeSearchParamHybrid(2.5 * size, 30))
        grid.orient_normals_towards_camera_location(np.zeros(3))
        grids.append(grid)
    radius = o3d.geometry.KDTreeSearchParamHybrid(5 * voxel, 100)
    features = o3d.pipelines.registration.compute_fpfh_feature(grids[0], radius)
    some = points[:: -(-len(points) // _RAYS)]
    reach = np.linalg.norm(some, axis=1)
    rays = cKDTree(some / reach[:, None])
    between = rays.query(rays.data[:: -(-len(some) // 500)], 2)[0][:, 1]
    (*normal, offset), _ = grids[0].segment_plane(voxel / 2, 3, 200)
    relief = np.asarray(grids[0].points)
    off = np.abs(relief @ normal + offset) > voxel
    relief = relief[off] if off.sum() >= _FEWEST // 2 else relief
    return Cloud(*grids, features, relief, rays, reach, 2 * float(np.median(between)))


def contradiction(source: Cloud, target: Cloud, transformation: np.ndarray, voxel: float) -> float:
    """Return which fraction of the points that both views must have seen they disagree about, 0 to 1.

    Points in the largest plane do not count: on a table they agree wherever the parts are.
    """
    wrong = right = 0
    for one, other, motion in ((source, target, transformation), (target, source, inverse(transformation))):
        counts = other.seen(one.relief @ motion[:3, :3].T + motion[:3, 3], 2 * voxel)
        wrong, right = wrong + counts[0], right + counts[1]
    return wrong / max(wrong + right, 1)


def fit(o3d: Any, source: Cloud, target: Cloud, transformation: np.ndarray, voxel: float) -> tuple[float, float]:
    """Return fitness and inlier RMSE, m, on the fine grid: of both directions the worse."""
    evaluate = o3d.pipelines.registration.evaluate_registration
    there = evaluate(source.fine, target.fine, voxel, transformation)
    back = evaluate(target.fine, source.fine, voxel, inverse(transformation))
    return min(there.fitness, back.fitness), max(there.inlier_rmse, back.inlier_rmse)


def align(o3d: Any, source: Cloud, target: Cloud, voxel: float) -> np.ndarray:
    """Return the transformation from the source's frame to the target's, shape (4, 4).

    Of several RANSACs the one is taken in which the views contradict each other least: parts on a table fit at many
    places as long as only the overlap is counted.
    """
    registration = o3d.pipelines.registration
    point, plane = (
        registration.TransformationEstimationPointToPoint(),
        registration.TransformationEstimationPointToPlane(),
    )
    checks = [
        registration.CorrespondenceCheckerBasedOnEdgeLength(0.9),
        registration.CorrespondenceCheckerBasedOnDistance(1.5 * voxel),
        registration.CorrespondenceCheckerBasedOnNormal(np.deg2rad(30)),
    ]
    stop = registration.RANSACConvergenceCriteria(100_000, 0.999)
    steps = registration.ICPConvergenceCriteria(max_iteration=40)
    best, least = np.eye(4), np.inf
    for _ in range(_TRIES):
        found = registration.registration_ransac_based_on_feature_matching(
            *(source.coarse, target.coarse, source.features, target.features),
            *(True, 1.5 * voxel, point, 3, checks, stop),
        ).transformation
        found = registration.registration_icp(source.coarse, target.coarse, voxel, found, plane, steps).transformation
        if (wrong := contradiction(source, target, found, voxel)) < least:
            best, least = found, wrong
    for distance in (voxel, voxel / 2):
        best = registration.registration_icp(source.fine, target.fine, distance, best, plane, steps).transformation
    return np.array(best)
