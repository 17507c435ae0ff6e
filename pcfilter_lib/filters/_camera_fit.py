"""Cameras that fit a sample of points and their pixels, by linear least squares that ignores the worst half."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_ROUNDS = 4  # of fitting and leaving out the points that fit worst
_KEPT = 0.6  # proportion of the points that each round is fitted to
_STRONGEST_LENS = 0.15  # how far a lens may move a point, as a part of its distance from the image's centre
_INDEPENDENT = 1e-5  # smallest ratio of singular values at which a projection counts as determined


@dataclass(frozen=True)
class Frame:
    """A camera that explains which point belongs to which pixel.

    Attributes
    ----------
    matrix : ndarray, shape (3, 3)
        Camera matrix with positive focal lengths.
    rotation : ndarray, shape (3, 3)
        From the points' frame to the camera's; its determinant is -1 if the points are mirrored.
    error : float
        Median distance between the points' projections and their pixels.
    at_origin : bool
        Whether the camera stands at the origin of the points' frame.
    """

    matrix: np.ndarray
    rotation: np.ndarray
    error: float
    at_origin: bool = True


def lens_camera(points: np.ndarray, pixels: np.ndarray) -> Frame | None:
    """Fit a camera with a lens that stands at the origin and looks along z.

    The pixel is linear in ``x, y, x r^2, y r^2, x r^4, y r^4`` with ``r^2 = x^2 + y^2`` at z = 1, which allows a
    rotation in the image plane, a mirroring, and radial distortion.

    Parameters
    ----------
    points : ndarray, shape (N, 3)
    pixels : ndarray, shape (N, 2)
        Column and row.

    Returns
    -------
    Frame or None
        None if most points do not lie in front of that camera, or its lens is stronger than any pinhole's.
    """
    front = points[:, 2] > 0
    if front.mean() < 0.8:
        return None
    plane, seen = points[front, :2] / points[front, 2:], pixels[front]
    size = np.median(np.abs(plane)) or 1.0
    plane = plane / size
    square = (plane**2).sum(axis=1, keepdims=True)
    square = np.minimum(square, 100 * np.median(square))  # points far out are nothing that a lens has to explain
    terms = np.hstack([np.ones_like(square), plane, plane * square, plane * square**2])
    kept = np.arange(len(terms))
    for _ in range(_ROUNDS):
        solution = np.linalg.lstsq(terms[kept], seen[kept], rcond=None)[0]
        errors = np.linalg.norm(terms @ solution - seen, axis=1)
        kept = np.argsort(errors)[: max(int(_KEPT * len(terms)), 12)]
    slopes = solution[1:3].T / size  # of (column, row) along (x, y)
    bent, straight = terms[:, 3:] @ solution[3:], terms[:, 1:3] @ solution[1:3]
    lengths = np.linalg.norm(straight, axis=1)
    if np.quantile(np.linalg.norm(bent, axis=1)[kept] / np.maximum(lengths[kept], 1e-9), 0.95) > _STRONGEST_LENS:
        return None
    sizes = np.linalg.norm(slopes, axis=1)  # of a row: the focal lengths, whatever the rotation
    if not (np.isfinite(sizes).all() and sizes.min() > 0):
        return None
    turned = slopes / sizes[:, None]
    if abs(np.linalg.det(turned)) < 0.5:
        return None  # sheared beyond any camera
    left, _, right = np.linalg.svd(turned)  # for the nearest rotation, or rotation and mirroring
    rotation = np.eye(3)
    rotation[:2, :2] = left @ right
    matrix = np.array([[sizes[0], 0, solution[0, 0]], [0, sizes[1], solution[0, 1]], [0, 0, 1]])
    return Frame(matrix, rotation, _median_with(errors, front))


def turned_camera(points: np.ndarray, pixels: np.ndarray) -> Frame | None:
    """Fit a pinhole camera that stands at the origin and looks anywhere: a homography from directions to pixels.

    Parameters and return value as for :func:`lens_camera`.
    """
    directions = points / np.linalg.norm(points, axis=1, keepdims=True)
    solution, error, _ = _projection(directions, pixels)
    return None if solution is None else _decomposed(solution, points, error, at_origin=True)


def moved_camera(points: np.ndarray, pixels: np.ndarray) -> tuple[Frame | None, float, bool]:
    """Fit a pinhole camera that stands and looks anywhere: the direct linear transform of 3 x 4 numbers.

    Returns
    -------
    frame : Frame or None
        None if the points determine no camera, as those of one plane do not.
    error : float
        Median error in pixels of the best projection, whether it is determined or not.
    parallel : bool
        Whether the best projection is a parallel one: a height map's.

    Notes
    -----
    Hartley and Zisserman, *Multiple View Geometry*, 2004, section 7.1.
    """
    middle = np.median(points, axis=0)
    size = np.median(np.linalg.norm(points - middle, axis=1)) or 1.0
    shifted = np.hstack([(points - middle) / size, np.ones((len(points), 1))])
    solution, error, determined = _projection(shifted, pixels)
    if solution is None:
        return None, error, False
    back = np.eye(4) / size
    back[:3, 3], back[3, 3] = -middle / size, 1
    parallel = bool(np.linalg.norm(solution[2, :3]) < 1e-3 * abs(solution[2, 3]))
    if parallel or not determined:
        return None, error, parallel
    solution = solution @ back
    centre = -np.linalg.lstsq(solution[:, :3], solution[:, 3], rcond=None)[0]
    return _decomposed(solution[:, :3], points - centre, error, at_origin=False), error, False


def _projection(rays: np.ndarray, pixels: np.ndarray) -> tuple[np.ndarray | None, float, bool]:
    """Return the matrix that maps homogeneous `rays` to pixels, its median error, and whether it is the only one."""
    middle, size = pixels.mean(axis=0), np.abs(pixels - pixels.mean(axis=0)).mean() or 1.0
    column, row = ((pixels - middle) / size).T[..., None]
    zeros = np.zeros_like(rays)
    upper, lower = np.hstack([rays, zeros, -column * rays]), np.hstack([zeros, rays, -row * rays])
    kept, solution, errors, values = np.arange(len(rays)), None, np.full(len(rays), np.inf), np.zeros(1)
    for _ in range(_ROUNDS):
        some = np.vstack([upper[kept], lower[kept]])
        # From the triangular factor the same singular vectors come as from the tall matrix, and sooner.
        _, values, vectors = np.linalg.svd(np.linalg.qr(some, mode="r"))
        solution = vectors[-1].reshape(3, -1)
        images = rays @ solution.T
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            errors = np.hypot(images[:, 0] / images[:, 2] - column[:, 0], images[:, 1] / images[:, 2] - row[:, 0])
        errors = np.nan_to_num(errors, nan=np.inf) * size
        kept = np.argsort(errors)[: max(int(_KEPT * len(rays)), 12)]
    solution = np.array([[size, 0, middle[0]], [0, size, middle[1]], [0, 0, 1]]) @ solution
    return solution, float(np.median(errors)), bool(values[-2] > _INDEPENDENT * values[0])


def _decomposed(projection: np.ndarray, rays: np.ndarray, error: float, at_origin: bool) -> Frame | None:
    """Split ``K R`` into a camera matrix and a rotation; None if this is no plausible camera."""
    if np.median(np.sign(rays @ projection[2])) < 0:
        projection = -projection  # the points lie in front of the camera
    if not abs(np.linalg.det(projection)) > 0:
        return None
    # RQ decomposition by the QR decomposition of the matrix turned upside down.
    orthogonal, triangular = np.linalg.qr(projection[::-1].T)
    matrix, rotation = triangular.T[::-1, ::-1], orthogonal.T[::-1]
    signs = np.sign(np.diag(matrix))
    if not signs.all():
        return None
    matrix, rotation = matrix * signs, rotation * signs[:, None]
    matrix = matrix / matrix[2, 2]
    along, across = matrix[0, 0], matrix[1, 1]
    if not (0.7 < along / across < 1.4 and abs(matrix[0, 1]) < 0.1 * along):
        return None
    return Frame(matrix, rotation, error, at_origin)


def _median_with(errors: np.ndarray, front: np.ndarray) -> float:
    """Return the median error of all points, where those behind the camera fit nothing."""
    every = np.full(len(front), np.inf)
    every[front] = errors
    return float(np.median(every))
