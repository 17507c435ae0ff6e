"""The geometry of an organised scan: the camera's model, depth, and normals from the grid."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib.data._scan_fields import check_intrinsics
from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.errors import InputError


def scan_depth(scan: OrganizedScan) -> np.ndarray:
    """Return the distance of each point along the camera's axis.

    Parameters
    ----------
    scan : OrganizedScan
        The scan.

    Returns
    -------
    ndarray of float32, shape (H, W)
        z in metres; NaN where there is no point.
    """
    return scan.depth.copy()


def backproject(depth: np.ndarray, intrinsics: np.ndarray, distortion: np.ndarray | None = None) -> np.ndarray:
    """Return the points that a depth image shows.

    The pinhole model (Hartley and Zisserman, *Multiple View Geometry*, 2004, section 6.1), inverted:
    ``y = (row - cy) z / fy``, ``x = ((column - cx) z - s y) / fx``.

    Parameters
    ----------
    depth : array_like, shape (H, W)
        Distance along the camera's axis. What is not finite or not positive gives NaN.
    intrinsics : array_like, shape (3, 3)
        Camera matrix in pixels; the centre of the top left pixel is (0, 0).
    distortion : array_like, shape (5,), optional
        ``k1, k2, p1, p2, k3`` of the lens. Without it, straight rays.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Points in the unit of `depth`.

    Raises
    ------
    InputError
        If `depth` is no image or `intrinsics` is no camera matrix.
    """
    depth = np.asarray(depth)
    if depth.ndim != 2 or depth.dtype.kind not in "fiu":
        problem = f"it is {depth.dtype} of shape {depth.shape}, not numbers of shape (H, W)"
        raise InputError("depth", "", problem, "give one number per pixel")
    xyz = np.empty((*depth.shape, 3), dtype=np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        z = xyz[..., 2]
        z[...] = depth
        np.copyto(z, np.nan, where=~(np.isfinite(z) & (z > 0)))
        if distortion is None:
            matrix = check_intrinsics(intrinsics, "intrinsics", "")
            y = (np.arange(depth.shape[0])[:, None] - matrix[1, 2]) / matrix[1, 1]
            x = (np.arange(depth.shape[1]) - matrix[0, 2]) / matrix[0, 0]
            if matrix[0, 1]:  # else one row of x is enough
                x = x - matrix[0, 1] * y / matrix[0, 0]
        else:
            rays = pixel_rays(depth.shape, intrinsics, distortion)
            x, y = rays[..., 0], rays[..., 1]
        np.multiply(x, z, out=xyz[..., 0], casting="same_kind")  # no temporary as large as the image
        np.multiply(y, z, out=xyz[..., 1], casting="same_kind")
    return xyz


def project(points: np.ndarray, intrinsics: np.ndarray, distortion: np.ndarray | None = None) -> np.ndarray:
    """Return the pixels at which a camera sees points.

    The lens is that of D. C. Brown, *Decentering distortion of lenses* (Photogrammetric Engineering 32, 1966), with
    coefficients in the order of OpenCV's ``calib3d`` documentation. With ``r2 = x^2 + y^2`` at ``z = 1``::

        x' = x (1 + k1 r2 + k2 r2^2 + k3 r2^3) + 2 p1 x y + p2 (r2 + 2 x^2)
        y' = y (1 + k1 r2 + k2 r2^2 + k3 r2^3) + p1 (r2 + 2 y^2) + 2 p2 x y

    Parameters
    ----------
    points : array_like, shape (..., 3)
        Points in the camera's frame, in any unit.
    intrinsics : array_like, shape (3, 3)
        Camera matrix in pixels.
    distortion : array_like, shape (5,), optional
        ``k1, k2, p1, p2, k3``.

    Returns
    -------
    ndarray of float64, shape (..., 2)
        Column and row. NaN for points that are not in front of the camera.

    Raises
    ------
    InputError
        If `intrinsics` is no camera matrix or `distortion` does not have five entries.
    """
    matrix = check_intrinsics(intrinsics, "intrinsics", "")
    points = np.asarray(points, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        z = np.where(points[..., 2] > 0, points[..., 2], np.nan)
        plane = points[..., :2] / z[..., None]
        if distortion is not None:
            plane = _distort(plane, _coefficients(distortion))
        return plane @ matrix[:2, :2].T + matrix[:2, 2]


def undistort(pixels: np.ndarray, intrinsics: np.ndarray, distortion: np.ndarray) -> np.ndarray:
    """Return where on the plane ``z = 1`` a camera with a lens sees its pixels: the inverse of :func:`project`.

    The distortion has no inverse in closed form. Newton's method finds it, to rounding where the lens is invertible.

    Parameters
    ----------
    pixels : array_like, shape (..., 2)
        Column and row.
    intrinsics : array_like, shape (3, 3)
        Camera matrix in pixels.
    distortion : array_like, shape (5,)
        ``k1, k2, p1, p2, k3``.

    Returns
    -------
    ndarray of float64, shape (..., 2)
        x and y at z = 1. NaN where the lens folds over and no point is seen at that pixel.

    Raises
    ------
    InputError
        If `intrinsics` is no camera matrix or `distortion` does not have five entries.
    """
    matrix, coefficients = check_intrinsics(intrinsics, "intrinsics", ""), _coefficients(distortion)
    seen = np.asarray(pixels, dtype=np.float64) - matrix[:2, 2]
    seen = seen @ np.linalg.inv(matrix[:2, :2]).T
    plane = seen.copy()
    with np.errstate(all="ignore"):  # pixels that nothing is seen at run away, and end as NaN
        for _ in range(10):
            wrong = _distort(plane, coefficients) - seen
            (a, b), (c, d) = _distortion_slopes(plane, coefficients)
            determinant = a * d - b * c
            plane[..., 0] -= (d * wrong[..., 0] - b * wrong[..., 1]) / determinant
            plane[..., 1] -= (a * wrong[..., 1] - c * wrong[..., 0]) / determinant
        plane[~(np.abs(_distort(plane, coefficients) - seen) < 1e-9).all(axis=-1)] = np.nan
    return plane


def pixel_rays(shape: tuple[int, int], intrinsics: np.ndarray, distortion: np.ndarray | None = None) -> np.ndarray:
    """Return the ray of each pixel, scaled to z = 1, with the lens undone.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    intrinsics : array_like, shape (3, 3)
        Camera matrix in pixels.
    distortion : array_like, shape (5,), optional
        ``k1, k2, p1, p2, k3``.

    Returns
    -------
    ndarray of float64, shape (H, W, 3)
        Directions; multiplied by a depth, they are points.
    """
    rows, columns = np.indices(shape)
    pixels = np.stack([columns, rows], axis=-1)
    rays = np.ones((*shape, 3))
    rays[..., :2] = undistort(pixels, intrinsics, np.zeros(5) if distortion is None else distortion)
    return rays


def scan_normals(scan: OrganizedScan, max_jump: float = 0.02) -> np.ndarray:
    """Return surface normals from the neighbours in the grid.

    The normal is the cross product of the differences along the row and along the column (Holzer et al., *Adaptive
    neighborhood selection for real-time surface normal estimation from organized point cloud data using integral
    images*, IROS 2012, section III, without its smoothing). The differences are central where both neighbours are on
    the same surface, and to one side where only one is.

    Parameters
    ----------
    scan : OrganizedScan
        The scan.
    max_jump : float, default 0.02
        A neighbour is on another surface if their distances from the camera differ by more than this part of them.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
        Unit normals that point towards the camera. NaN where there is no point, or no neighbour along the row or along
        the column.

    Raises
    ------
    InputError
        If `max_jump` is not positive.
    """
    if not max_jump > 0:
        raise InputError("max_jump", "", f"{max_jump} is not positive", "give a part of the distance, such as 0.02")
    xyz = scan.xyz.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        normals = np.cross(_difference(xyz, max_jump, axis=1), _difference(xyz, max_jump, axis=0))
        normals /= np.linalg.norm(normals, axis=2, keepdims=True)
        away = np.einsum("ijk,ijk->ij", normals, xyz) > 0
    normals[away] *= -1
    normals[~np.isfinite(normals).all(axis=2)] = np.nan
    return normals.astype(np.float32)


def _difference(xyz: np.ndarray, max_jump: float, axis: int) -> np.ndarray:
    step = np.diff(xyz, axis=axis)
    distance = np.linalg.norm(xyz, axis=2)
    before, after = [slice(None)] * 2, [slice(None)] * 2
    before[axis], after[axis] = slice(None, -1), slice(1, None)
    before, after = tuple(before), tuple(after)
    # One jump separates both its sides, so that the result does not depend on the direction.
    jump = np.abs(distance[before] - distance[after])
    step[~(jump <= max_jump * np.minimum(distance[before], distance[after]))] = 0
    total = np.zeros_like(xyz)
    total[before] += step
    total[after] += step
    return total  # twice as long where it is central; zero, thus no normal, where there is no neighbour


def _coefficients(distortion: Any) -> np.ndarray:
    values = np.asarray(distortion, dtype=np.float64)
    if values.shape != (5,):
        raise InputError("distortion", "", f"its shape is {values.shape}, not (5,)", "give k1, k2, p1, p2, k3")
    return values


def _distort(plane: np.ndarray, coefficients: np.ndarray) -> np.ndarray:
    k1, k2, p1, p2, k3 = coefficients
    x, y = plane[..., 0], plane[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x), y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y],
        axis=-1,
    )


def _distortion_slopes(plane: np.ndarray, coefficients: np.ndarray) -> tuple[tuple, tuple]:
    k1, k2, p1, p2, k3 = coefficients
    x, y = plane[..., 0], plane[..., 1]
    r2 = x * x + y * y
    radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 2 * (k1 + r2 * (2 * k2 + r2 * 3 * k3))  # of radial along r2, times 2
    mixed = x * y * slope + 2 * p1 * x + 2 * p2 * y
    return (radial + x * x * slope + 2 * p1 * y + 6 * p2 * x, mixed), (
        mixed,
        radial + y * y * slope + 6 * p1 * y + 2 * p2 * x,
    )
