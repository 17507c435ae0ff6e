"""A camera's file: JSON as Open3D writes it, or three rows of text."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._scan_fields import check_intrinsics
from pcfilter_lib.data.formats.matrix_text import read_matrix
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes


def read_intrinsics(value: Any) -> np.ndarray:
    """Return a camera matrix from an array, or from a camera's file.

    Parameters
    ----------
    value : array_like, shape (3, 3), or str or os.PathLike
        The matrix, or the path of a file as Open3D writes it: ``intrinsic_matrix`` holds nine numbers column by
        column, in the file itself (``PinholeCameraIntrinsic``) or under ``intrinsic`` (``PinholeCameraParameters``).
        Of a file that ends in ``.txt``, three rows of three numbers.

    Returns
    -------
    ndarray of float64, shape (3, 3)
        The camera matrix.

    Raises
    ------
    InputError
        If the file is missing or holds no camera matrix.
    """
    if not isinstance(value, str | os.PathLike):
        return check_intrinsics(value, "intrinsics", "")
    path, remedy = Path(value), "give a camera as Open3D's write_pinhole_camera_intrinsic saves it"
    if path.suffix.lower() == ".txt":
        return check_intrinsics(read_matrix(path, 3), path)
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
    return check_intrinsics(np.array(numbers, dtype=object).reshape(3, 3).T, path, "intrinsic_matrix")
