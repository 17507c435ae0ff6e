"""Cameras around a shape."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from pcfilter_lib._arguments import number_within, whole_number, whole_numbers
from pcfilter_lib.errors import InputError
from pcfilter_lib.synthesis.scanner.geometry import Camera


def look_at(
    position: ArrayLike,
    target: ArrayLike = (0.0, 0.0, 0.0),
    *,
    size: int | tuple[int, int] = 64,
    field_of_view: float = 40.0,
    up: ArrayLike = (0.0, 0.0, 1.0),
) -> Camera:
    """Return a camera at a position that looks at a target.

    Parameters
    ----------
    position, target : array_like, shape (3,)
        In the world's frame.
    size : int or (int, int), default 64
        Rows and columns of its pictures; a single number counts for both.
    field_of_view : float, default 40
        Angle between the borders of the shorter side of the picture, in degrees, below 180.
    up : array_like, shape (3,), default (0, 0, 1)
        Direction in the world that points upwards in the picture.

    Returns
    -------
    Camera
        A pinhole camera: x to the right, y down, z forward.

    Raises
    ------
    InputError
        If a vector is not finite, the position is the target, or the camera looks along `up`.
    """
    shape = whole_numbers("look_at", "size", size, 2)
    number_within("look_at", "field_of_view", field_of_view, 0, 180, low_included=False, high_included=False)
    position, target, up = (
        _vector(value, name) for value, name in ((position, "position"), (target, "target"), (up, "up"))
    )
    forward = target - position
    right = np.cross(forward, up)
    if not np.linalg.norm(right) > 1e-9 * np.linalg.norm(forward) * np.linalg.norm(up):
        problem = "the camera is at its target, or looks along `up`"
        raise InputError("look_at", "position, target, up", problem, "move the camera, or pass another `up`")
    forward, right = forward / np.linalg.norm(forward), right / np.linalg.norm(right)
    axes = np.stack([right, np.cross(forward, right), forward])
    pose = np.eye(4)
    pose[:3, :3], pose[:3, 3] = axes, -axes @ position
    focal = min(shape) / 2 / np.tan(np.deg2rad(field_of_view) / 2)
    middle = (shape[1] - 1) / 2, (shape[0] - 1) / 2
    return Camera(np.array([[focal, 0, middle[0]], [0, focal, middle[1]], [0, 0, 1.0]]), shape, pose)


def turntable(
    count: int = 12,
    elevation: float = 30.0,
    *,
    azimuth: float = 0.0,
    size: int | tuple[int, int] = 64,
    radius: float = 1.0,
    distance: float = 3.0,
    target: ArrayLike = (0.0, 0.0, 0.0),
) -> list[Camera]:
    """Return cameras on a circle around the vertical through a target, equally spaced, all looking at it.

    The field of view is as small as it can be with a sphere around the target in every picture: half of it is the angle
    whose sine is radius / distance. The arrangement is that of Su, H., Maji, S., Kalogerakis, E. and Learned-Miller, E.
    (2015). *Multi-view convolutional neural networks for 3D shape recognition*. ICCV. Section 3.1: 12 cameras, 30
    degrees apart and 30 degrees above the ground.

    Parameters
    ----------
    count : int, default 12
        How many cameras.
    elevation : float, default 30
        Of the cameras as seen from the target, in degrees above the horizontal plane; between -90 and 90.
    azimuth : float, default 0
        Of the first camera as seen from the target, in degrees counter-clockwise from +x.
    size : int or (int, int), default 64
        Rows and columns of each picture.
    radius : float, default 1
        Of the sphere that is to be in every picture. The default suits :func:`pcfilter_lib.data.unit_sphere`.
    distance : float, default 3
        From the cameras to the target, more than `radius`.
    target : array_like, shape (3,), default (0, 0, 0)
        The centre of the sphere.

    Returns
    -------
    list of Camera

    Raises
    ------
    InputError
        If an argument is out of its range.
    """
    whole_number("turntable", "count", count)
    number_within("turntable", "elevation", elevation, -90, 90, low_included=False, high_included=False)
    number_within("turntable", "azimuth", azimuth, -np.inf, np.inf, low_included=False, high_included=False)
    number_within("turntable", "radius", radius, 0, np.inf, low_included=False, high_included=False)
    number_within("turntable", "distance", distance, radius, np.inf, low_included=False, high_included=False)
    target = _vector(target, "target", "turntable")
    angles = np.deg2rad(azimuth + 360 / count * np.arange(count))
    level, rise = np.cos(np.deg2rad(elevation)), np.sin(np.deg2rad(elevation))
    directions = np.stack([level * np.cos(angles), level * np.sin(angles), np.full(count, rise)], axis=1)
    view = 2 * np.rad2deg(np.arcsin(radius / distance))
    return [look_at(target + distance * each, target, size=size, field_of_view=view) for each in directions]


def _vector(value: ArrayLike, name: str, owner: str = "look_at") -> np.ndarray:
    vector = np.asarray(value, np.float64)
    if vector.shape != (3,) or not np.isfinite(vector).all():
        raise InputError(owner, name, f"{value!r} is not allowed", "pass three finite numbers")
    return vector
