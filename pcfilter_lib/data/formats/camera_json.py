"""A camera's file: JSON as Open3D writes it, or three rows of text."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._scan_fields import check_intrinsics
from pcfilter_lib.data.formats.matrix_text import read_matrix
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes


@dataclass(frozen=True, eq=False)
class CameraFile:
    """A camera's JSON file that was read already, for use with many scans.

    Attributes
    ----------
    matrix : ndarray of float64, shape (3, 3)
    size : (int, int) or None
        Rows and columns of its image, if the file says them.
    """

    matrix: np.ndarray
    size: tuple[int, int] | None

    def tolist(self) -> list:
        """Return matrix and size as lists, which JSON can hold."""
        return [self.matrix.tolist(), self.size]


def read_camera(value: Any) -> tuple[np.ndarray, tuple[int, int] | None]:
    """Return a camera matrix, and the size of its image if that is known, from an array or a camera's file.

    Parameters
    ----------
    value : array_like, shape (3, 3), or str or os.PathLike or CameraFile
        The matrix, or the path of a file as Open3D writes it: ``intrinsic_matrix`` holds nine numbers column by
        column, in the file itself (``PinholeCameraIntrinsic``) or under ``intrinsic`` (``PinholeCameraParameters``),
        beside ``width`` and ``height``. Of a file that ends in ``.txt``, three rows of three numbers.

    Returns
    -------
    matrix : ndarray of float64, shape (3, 3)
        The camera matrix.
    size : (int, int) or None
        Rows and columns. None for an array, and for a file without both, or with 0.

    Raises
    ------
    InputError
        If the file is missing or holds no camera matrix, or a size that is none.
    """
    if isinstance(value, CameraFile):
        return value.matrix, value.size
    if not isinstance(value, str | os.PathLike):
        return check_intrinsics(value, "intrinsics", ""), None
    path, remedy = Path(value), "give a camera as Open3D's write_pinhole_camera_intrinsic saves it"
    if path.suffix.lower() == ".txt":
        return check_intrinsics(read_matrix(path, 3), path), None
    data = read_bytes(path)  # its error is a ValueError too
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        raise InputError(path, "", "it is no JSON", remedy) from None
    if isinstance(content, dict) and isinstance(content.get("intrinsic"), dict):
        content = content["intrinsic"]
    numbers = content.get("intrinsic_matrix") if isinstance(content, dict) else None
    if not isinstance(numbers, list) or len(numbers) != 9:
        raise InputError(path, "intrinsic_matrix", "there are no nine numbers", remedy)
    if not all(isinstance(n, int | float) for n in numbers):
        raise InputError(path, "intrinsic_matrix", "it holds something that is no number", remedy)
    matrix = check_intrinsics(np.array(numbers, dtype=object).reshape(3, 3).T, path, "intrinsic_matrix")
    size = tuple(content.get(name, 0) for name in ("height", "width"))
    for name, number in zip(("height", "width"), size, strict=True):
        if not isinstance(number, int) or number < 0:
            raise InputError(path, name, f"{number!r} is no number of pixels", remedy)
    return matrix, size if all(size) else None
