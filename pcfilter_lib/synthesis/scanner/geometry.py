"""The geometry of the scanner: a camera, a projector beside it, and the triangle between them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from pcfilter_lib.synthesis.recipe import Recipe

ASPECT = 0.75  # rows to columns of the projector's image


@dataclass(frozen=True, eq=False)
class Camera:
    """A camera with a thin lens, which looks along z from the origin of its own frame.

    Parameters
    ----------
    intrinsics : ndarray, shape (3, 3)
        Camera matrix in pixels.
    shape : (int, int)
        Rows and columns.
    pose : ndarray, shape (4, 4)
        From the world's frame to the camera's.
    aperture : float
        Diameter of the lens, m.
    focus : float
        Depth that is in focus, m.
    """

    intrinsics: np.ndarray
    shape: tuple[int, int]
    pose: np.ndarray
    aperture: float = 0.0
    focus: float = 1.0

    @property
    def focal(self) -> float:
        """Focal length in pixels."""
        return float(self.intrinsics[0, 0])

    @property
    def to_world(self) -> np.ndarray:
        """From the camera's frame to the world's, the inverse of `pose`, float64 of shape (4, 4)."""
        rotation = self.pose[:3, :3].T
        result = np.eye(4)
        result[:3, :3], result[:3, 3] = rotation, -rotation @ self.pose[:3, 3]
        return result

    @cached_property
    def rays(self) -> np.ndarray:
        """The ray through the centre of each pixel, scaled to z = 1, float64 of shape (H, W, 3)."""
        (fx, _, cx), (_, fy, cy), _ = self.intrinsics
        rays = np.ones((*self.shape, 3))
        rays[..., 0] = (np.arange(self.shape[1]) - cx) / fx
        rays[..., 1] = ((np.arange(self.shape[0]) - cy) / fy)[:, None]
        return rays

    def footprint(self, pixels: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Return rays that cover the pixels, and with them the lens.

        A fixed grid, centred on the pixel and the same for all: its centre of gravity is the pixel's centre, so that it
        adds no noise (random offsets would move the measured point). Each ray leaves from another point of the lens:
        the grid turned by 90 degrees. Out of focus, the grid thus turns and grows; blur is a wider footprint (Potmesil
        and Chakravarty, *Synthetic image generation with a lens and aperture camera model*, ACM Transactions on
        Graphics 1, 1982).

        Parameters
        ----------
        pixels : ndarray of int, shape (n,)
            Numbers of the pixels, row by row.
        count : int
            The grid is count by count.

        Returns
        -------
        origins, directions : ndarray of float32, shape (n, count * count, 3)
            Directions reach the plane in focus at length 1.
        """
        steps = (np.arange(count) + 0.5) / count - 0.5
        dy, dx = (grid.ravel() for grid in np.meshgrid(steps, steps, indexing="ij"))
        (fx, _, cx), (_, fy, cy), _ = self.intrinsics
        row, column = np.divmod(pixels, self.shape[1])
        origins = np.zeros((len(pixels), count * count, 3), np.float32)
        origins[..., 0], origins[..., 1] = -dy * self.aperture, dx * self.aperture
        directions = np.empty_like(origins)
        directions[..., 0] = (column[:, None] + dx - cx) / fx
        directions[..., 1] = (row[:, None] + dy - cy) / fy
        directions[..., 2] = 1
        directions *= np.float32(self.focus)
        directions -= origins
        return origins, directions


@dataclass(frozen=True, eq=False)
class Projector:
    """A projector: a camera turned round, of which only the columns matter.

    Parameters
    ----------
    position : ndarray, shape (3,)
        Centre of its lens in the camera's frame, m.
    rotation : ndarray, shape (3, 3)
        From the camera's axes to its own.
    focal : float
        Focal length in columns.
    columns : int
        How many columns it resolves. The centre of the first is at coordinate 0.
    aperture : float
        Diameter of the lens, m.
    focus : float
        Depth that is in focus, m.
    blur : float
        Standard deviation of the blur in focus, columns.
    """

    position: np.ndarray
    rotation: np.ndarray
    focal: float
    columns: int
    aperture: float = 0.0
    focus: float = 1.0
    blur: float = 0.0

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the column, the row (from the middle) and the depth at which the projector has each point.

        Parameters
        ----------
        points : ndarray, shape (..., 3)
            In the camera's frame, m.

        Returns
        -------
        column, row, depth : ndarray, shape (...)
            In the precision of `points`. Where the depth is not positive, column and row mean nothing.
        """
        local = (points - self.position.astype(points.dtype)) @ self.rotation.T.astype(points.dtype)
        depth = local[..., 2]
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = points.dtype.type(self.focal) / depth
            middle = points.dtype.type((self.columns - 1) / 2)
            return local[..., 0] * scale + middle, local[..., 1] * scale, depth

    def column(self, points: np.ndarray) -> np.ndarray:
        """Return only the column of each point, shape (...)."""
        return self.project(np.asarray(points))[0]

    def lights(self, column: np.ndarray, row: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """Return whether such a point lies in the projector's image, shape (...).

        The image reaches from the centre of the first column to that of the last: half a column beyond, the light no
        longer tells where it comes from.
        """
        inside = (column >= 0) & (column <= self.columns - 1)
        return inside & (np.abs(row) <= ASPECT * self.columns / 2) & (depth > 0)

    def lens(self, count: int) -> np.ndarray:
        """Return points that cover the lens, one for each ray of a footprint, float32 of shape (count * count, 3), m.

        Each row and each column of the footprint's grid meets each row and each column of the lens once, so that blur
        and footprint do not add up along a diagonal. The corners of the grid are drawn in to the spread of a disc.
        """
        i, j = np.indices((count, count)).reshape(2, -1)
        across, along = (((k % count + 0.5) / count - 0.5) * self.aperture * np.sqrt(3 / 4) for k in (i + j, i - j))
        return (across[:, None] * self.rotation[0] + along[:, None] * self.rotation[1] + self.position).astype(
            np.float32
        )

    def out_of_focus(self, depth: np.ndarray) -> np.ndarray:
        """Return how many columns light moves for each metre by which it leaves the lens beside its centre, (...).

        A ray that leaves at ``a`` meets the plane in focus where a central ray of another column does: ``a focal
        (1 / focus - 1 / depth)`` columns away.
        """
        return self.focal * (1 / self.focus - 1 / depth)

    def spread(self, depth: np.ndarray, count: int = 1) -> np.ndarray:
        """Return the standard deviation of the blur at a depth, in columns, shape (...).

        A point out of focus is a disc; the standard deviation of a disc along one axis is a quarter of its diameter.

        Parameters
        ----------
        depth : ndarray, shape (...)
            In front of the projector, m.
        count : int, default 1
            What a lens that is covered by count x count points leaves to each of them.
        """
        disc = self.aperture * np.abs(self.out_of_focus(depth))
        return np.sqrt(self.blur**2 + (disc / (4 * count)) ** 2)

    def plane(self, column: np.ndarray) -> np.ndarray:
        """Return the normal of the plane of light that leaves through each column, shape (..., 3); not of unit length.

        The plane contains the projector's position.
        """
        x = np.asarray(column, np.float64) - (self.columns - 1) / 2
        # The plane through the lens and the line x = const at z = focal has the normal (focal, 0, -x).
        return self.focal * self.rotation[0] - x[..., None] * self.rotation[2]

    def turned(self, yaw: float, roll: float) -> Projector:
        """Return the projector turned about its y axis and its z axis, radians."""
        turn = _about(2, roll) @ _about(1, yaw)
        return dataclasses.replace(self, rotation=turn @ self.rotation)


def triangulate(column: np.ndarray, rays: np.ndarray, projector: Projector) -> np.ndarray:
    """Return the depth at which each camera ray meets the plane of light of its projector column.

    The plane with normal n through the projector's position p holds the point z r of the ray where
    ``z = n.p / n.r`` (Lanman and Taubin, *Build your own 3D scanner*, SIGGRAPH courses 2009, section 2.4).

    Parameters
    ----------
    column : ndarray, shape (...)
        Projector columns; NaN where there is none.
    rays : ndarray, shape (..., 3)
        Camera rays, scaled to z = 1.
    projector : Projector
        The calibrated projector.

    Returns
    -------
    ndarray of float64, shape (...)
        Depth z in metres; NaN where there is no column, or the two do not meet in front of the camera.
    """
    # The plane's normal is a - x b, with x the column: no array of normals is needed.
    a, b = projector.focal * projector.rotation[0], projector.rotation[2]
    x = np.asarray(column, np.float64) - (projector.columns - 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (a @ projector.position - x * (b @ projector.position)) / (rays @ a - x * (rays @ b))
        return np.where(np.isfinite(depth) & (depth > 0), depth, np.nan)


def set_up(recipe: Recipe, seed: int, target: np.ndarray) -> tuple[Camera, Projector, Projector]:
    """Return the camera, the projector as it stands, and the projector as the calibration believes that it stands.

    Parameters
    ----------
    recipe : Recipe
        A drawn recipe.
    seed : int
        Decides where beside the target the camera is aimed, and the error of the calibration.
    target : ndarray, shape (3,)
        The middle of the scene in the world's frame, m.

    Returns
    -------
    camera : Camera
    projector, calibrated : Projector
    """
    generator = np.random.default_rng([seed, 0xCA3E])
    side = generator.uniform(0, 2 * np.pi)
    target = target + recipe.aim_error * np.array([np.cos(side), np.sin(side), 0])
    height, turn = np.deg2rad(recipe.elevation), np.deg2rad(recipe.azimuth)
    back = np.array([np.cos(height) * np.cos(turn), np.cos(height) * np.sin(turn), np.sin(height)])
    right = np.array([-np.sin(turn), np.cos(turn), 0])
    axes = np.stack([right, np.cross(-back, right), -back])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = axes, -axes @ (target + recipe.distance * back)

    focal = recipe.width / 2 / np.tan(np.deg2rad(recipe.field_of_view) / 2)
    matrix = np.array([[focal, 0, (recipe.width - 1) / 2], [0, focal, (recipe.height - 1) / 2], [0, 0, 1]])
    focus = recipe.distance * (1 + recipe.focus_error)
    camera = Camera(matrix, (recipe.height, recipe.width), pose, recipe.camera_aperture, focus)

    focal = recipe.projector_columns / 2 / np.tan(np.deg2rad(recipe.projector_field_of_view) / 2)
    away = np.hypot(recipe.baseline, recipe.distance)
    calibrated = Projector(
        np.array([recipe.baseline, 0.0, 0.0]),
        _about(1, np.arctan2(recipe.baseline, recipe.distance)),  # aimed at the same point
        focal,
        recipe.projector_columns,
        recipe.projector_aperture,
        away * (1 + recipe.focus_error),
        recipe.projector_blur,
    )
    yaw, roll = recipe.calibration_error * generator.standard_normal(2) / focal
    return camera, calibrated.turned(yaw, roll * 2), calibrated


def _about(axis: int, angle: float) -> np.ndarray:
    """Return the rotation matrix about an axis of the frame."""
    i, j = [k for k in range(3) if k != axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = np.sin(angle), -np.sin(angle)
    return matrix
