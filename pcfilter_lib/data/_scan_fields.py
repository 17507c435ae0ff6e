"""Checks of the fields of an organised scan: each names the field, and what it should be."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.errors import InputError

#: How far R R^T may be from the identity: seven digits in a file are exact to 1e-6, three digits to this.
_NOT_A_ROTATION = 5e-3


def check_intrinsics(value: Any, source: str | os.PathLike = "OrganizedScan", place: str = "intrinsics") -> np.ndarray:
    """Return a camera matrix as float64, shape (3, 3), or raise :class:`InputError`."""
    remedy = "give [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels"
    try:
        matrix = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(source, place, "it is not a matrix of numbers", remedy) from None
    if matrix.shape != (3, 3):
        raise InputError(source, place, f"its shape is {matrix.shape}, not (3, 3)", remedy)
    if not np.isfinite(matrix).all():
        raise InputError(source, place, "it holds a number that is not finite", remedy)
    if matrix[0, 0] <= 0 or matrix[1, 1] <= 0 or matrix[1, 0] != 0 or not np.array_equal(matrix[2], [0, 0, 1]):
        raise InputError(source, place, "it is not a camera matrix", remedy)
    return matrix


def check_pose(value: Any, source: str | os.PathLike = "OrganizedScan", place: str = "pose") -> np.ndarray:
    """Return a pose as float64, shape (4, 4), or raise :class:`InputError` if it is no rotation and translation."""
    remedy = "give [[R, t], [0, 0, 0, 1]], from the camera to the world, in metres"
    try:
        matrix = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise InputError(source, place, "it is not a matrix of numbers", remedy) from None
    if matrix.shape != (4, 4):
        raise InputError(source, place, f"its shape is {matrix.shape}, not (4, 4)", remedy)
    if not np.isfinite(matrix).all():
        raise InputError(source, place, "it holds a number that is not finite, as trackers write when lost", remedy)
    if not np.allclose(matrix[3], [0, 0, 0, 1], rtol=0, atol=1e-6):
        raise InputError(source, place, "its last row is not 0 0 0 1", remedy + "; transpose it if t stands there")
    rotation = matrix[:3, :3]
    determinant = float(np.linalg.det(rotation))
    if abs(determinant) < 0.5:
        raise InputError(source, place, f"it is singular (determinant {determinant:.3g})", remedy)
    if determinant < 0:
        raise InputError(source, place, "it is left-handed: it mirrors the world", "negate the axis that was mirrored")
    if not np.allclose(rotation @ rotation.T, np.eye(3), rtol=0, atol=_NOT_A_ROTATION):
        raise InputError(source, place, "its upper left part is not a rotation: it scales or shears", remedy)
    return matrix


def wrong(name: str, problem: str, remedy: str) -> InputError:
    return InputError("OrganizedScan", name, problem, remedy)


def numbers(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different lengths
        array = np.empty(0, dtype=object)
    if array.dtype.kind not in "fiu":
        raise wrong(name, f"its type is {array.dtype}, not a number", "give real numbers")
    return array


def shaped(array: np.ndarray, shape: tuple[int, ...], name: str) -> np.ndarray:
    if array.shape != shape:
        raise wrong(name, f"its shape is {array.shape}, not {shape}", "give one entry per pixel of xyz")
    return array


def float32(value: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    with np.errstate(over="ignore", invalid="ignore"):
        return shaped(numbers(value, name), shape, name).astype(np.float32)


def checked_labels(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    label = np.asarray(value)
    if label.dtype == bool:
        label = label.astype(np.uint8)
    label = shaped(numbers(label, "label"), shape, "label")
    if not np.isin(label, (ARTEFACT, TRUE_GEOMETRY, UNLABELLED)).all():
        raise wrong("label", "it holds other values than 0, 1 and 255", "1 true geometry, 0 artefact, 255 neither")
    return label.astype(np.uint8)
