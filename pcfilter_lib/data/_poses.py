"""Rotations as quaternions, and poses as formats write them."""

from __future__ import annotations

import numpy as np


def rotation_of(quaternion: np.ndarray) -> np.ndarray:
    """Return the rotation matrix of a quaternion ``w x y z``, which need not have length 1 but must not be zero.

    Shoemake, *Animating rotation with quaternion curves*, SIGGRAPH 1985.
    """
    w, x, y, z = np.asarray(quaternion, np.float64) / np.max(np.abs(quaternion))  # no square under- or overflows
    scale = 2 / (w * w + x * x + y * y + z * z)
    return np.array(
        [
            [1 - scale * (y * y + z * z), scale * (x * y - w * z), scale * (x * z + w * y)],
            [scale * (x * y + w * z), 1 - scale * (x * x + z * z), scale * (y * z - w * x)],
            [scale * (x * z - w * y), scale * (y * z + w * x), 1 - scale * (x * x + y * y)],
        ]
    )


def quaternion_of(rotation: np.ndarray) -> np.ndarray:
    """Return the unit quaternion ``w x y z``, with w not negative, of the rotation nearest to a 3 x 3 matrix.

    The eigenvector of a symmetric 4 x 4 matrix (Bar-Itzhack, *New method for extracting the quaternion from a rotation
    matrix*, Journal of Guidance, Control, and Dynamics 23, 2000): exact to rounding at every angle.
    """
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = np.asarray(rotation, np.float64)
    matrix = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    quaternion = np.linalg.eigh(matrix)[1][:, -1]
    return quaternion if quaternion[0] >= 0 else -quaternion


def pose_from(rotation: np.ndarray, translation: np.ndarray) -> np.ndarray:
    """Return ``[[R, t], [0, 0, 0, 1]]`` as float64."""
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = rotation, translation
    return pose


def in_unit(pose: np.ndarray, metres: float) -> np.ndarray:
    """Return a pose whose translation is multiplied by `metres`: to metres, or with 1 / metres, from them."""
    return pose_from(pose[:3, :3], pose[:3, 3] * metres)


def inverse(pose: np.ndarray) -> np.ndarray:
    """Return the inverse of a rigid pose: from the world to the camera."""
    return pose_from(pose[:3, :3].T, -pose[:3, :3].T @ pose[:3, 3])


def says_something(pose: np.ndarray | None) -> bool:
    """Return whether a pose is lost with a format that has no place for it; one that is the identity is not."""
    return pose is not None and not np.array_equal(pose, np.eye(4))


def perturbed(pose: np.ndarray, sigma: float, depth: float, generator: np.random.Generator) -> np.ndarray:
    """Return a pose with an error of `sigma` metres at a depth, half by rotation and half by translation."""
    size = sigma / np.sqrt(2)
    axis, shift = (direction / np.linalg.norm(direction) for direction in generator.normal(size=(2, 3)))
    angle = size / depth
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned = pose.copy()
    turned[:3, :3] = pose[:3, :3] @ (np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross)
    turned[:3, 3] += size * shift
    return turned
