"""Structured scans in E57 (ASTM E2807), read through pye57.

A structured scan says for each point its row and its column. The points stay in the scanner's own frame, in metres; the
scan's pose, a quaternion and a translation, takes them to the frame of the file. One file may hold several scans.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import pose_from, rotation_of
from pcfilter_lib.data.scan import OrganizedScan, from_file
from pcfilter_lib.errors import InputError, require

_EXPORT_AGAIN = "export the scan again as a structured (gridded) E57"
_MAGIC = b"ASTM-E57"
_MOST_PIXELS = 2**27
_COLOURS = ("colorRed", "colorGreen", "colorBlue")


def e57_poses(path: str | os.PathLike) -> list[np.ndarray | None]:
    """Return the pose of each scan in a file, shape (4, 4) in metres, or None where it has none.

    Raises
    ------
    InputError
        If the file is missing or broken, or holds no scan.
    """
    with _opened(path) as file:
        if not file.scan_count:
            raise InputError(path, "", "there is no scan in it", _EXPORT_AGAIN)
        return [_pose(path, file.get_header(number), number) for number in range(file.scan_count)]


def read_e57(path: str | os.PathLike, number: int = 0, intrinsics: Any = None) -> OrganizedScan:
    """Read one structured scan of an E57 file.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    number : int, default 0
        Which of its scans.
    intrinsics : array_like, shape (3, 3), optional
        Camera matrix to keep with it; the format has no place for one.

    Returns
    -------
    OrganizedScan
        Cropped to the rows and columns that its points name. With colours, `extras` holds ``rgb``, shape (H, W, 3).

    Raises
    ------
    InputError
        If the file is broken, or the scan is not structured.
    """
    with _opened(path) as file:
        if not 0 <= number < file.scan_count:
            raise InputError(path, f"scan {number}", f"the file holds {file.scan_count} scans", "count them from 0")
        header, place = file.get_header(number), f"scan {number}"
        if missing := [name for name in ("rowIndex", "columnIndex") if name not in header.point_fields]:
            raise InputError(path, place, f"its points have no {missing[0]}, so they are in no grid", _EXPORT_AGAIN)
        size = os.path.getsize(path)
        if not 0 < header.point_count <= 64 * size:  # a point's row and column alone take bits
            raise InputError(path, place, f"it claims {header.point_count} points in {size} bytes", _EXPORT_AGAIN)
        has = set(header.point_fields)
        points = file.read_scan(
            number,
            intensity="intensity" in has,
            colors=has.issuperset(_COLOURS),
            row_column=True,
            transform=False,
            ignore_missing_fields=True,
        )
        pose = _pose(path, header, number)
    if "cartesianX" not in points:
        points |= _cartesian(points)
    if not len(points["rowIndex"]):
        raise InputError(path, place, "all of its points are invalid", _EXPORT_AGAIN)
    row, column = (points[name].astype(np.int64) for name in ("rowIndex", "columnIndex"))
    row, column = row - row.min(), column - column.min()
    shape = (int(row.max()) + 1, int(column.max()) + 1)
    if shape[0] * shape[1] > min(_MOST_PIXELS, 64 * len(row) + 2**20):
        raise InputError(
            path, place, f"{len(row)} points lie spread over {shape[0]} x {shape[1]} pixels", _EXPORT_AGAIN
        )
    index = row * shape[1] + column
    if len(np.unique(index)) != len(index):
        raise InputError(path, place, "two of its points have the same row and column", _EXPORT_AGAIN)

    def grid(values: np.ndarray, empty: float) -> np.ndarray:
        result = np.full((shape[0] * shape[1], *values.shape[1:]), empty, values.dtype)
        result[index] = values
        return result.reshape(*shape, *values.shape[1:])

    xyz = np.stack([points[f"cartesian{axis}"] for axis in "XYZ"], axis=-1)
    fields: dict[str, Any] = {"xyz": grid(xyz.astype(np.float64), np.nan)}
    if "intensity" in points:
        fields["intensity"] = grid(points["intensity"].astype(np.float32), np.nan)
    if _COLOURS[0] in points:
        rgb = np.stack([points[name] for name in _COLOURS], axis=-1).astype(np.uint8)
        fields["extras"] = {"rgb": grid(rgb, 0)}
    return from_file(path, intrinsics=intrinsics, pose=pose, **fields)


@contextmanager
def _opened(path: str | os.PathLike) -> Iterator[Any]:
    """Yield the opened file; what the C++ library finds wrong with it becomes an :class:`InputError`."""
    try:
        with open(path, "rb") as file:
            magic = file.read(len(_MAGIC))
    except OSError as error:
        raise InputError(path, "", f"it cannot be read ({error.strerror})", "check the path") from None
    if magic != _MAGIC:
        raise InputError(path, "header", "it does not begin with 'ASTM-E57'", "check that this is an .e57 file")
    pye57 = require("pye57", "e57")
    try:
        with pye57.E57(os.fspath(path)) as file:
            yield file
    except InputError:
        raise
    except Exception as error:  # libE57Format and pye57 raise several kinds of their own
        line = str(error).partition("\n")[0][:120]
        raise InputError(path, "", f"it cannot be read ({line})", _EXPORT_AGAIN) from None


def _pose(path: str | os.PathLike, header: Any, number: int) -> np.ndarray | None:
    if not header.has_pose():
        return None
    quaternion = np.array(header.rotation, np.float64)
    if not np.any(quaternion):
        problem = "its pose has a quaternion of length 0, which is no orientation"
        raise InputError(path, f"scan {number}", problem, _EXPORT_AGAIN)
    return pose_from(rotation_of(quaternion), np.array(header.translation, np.float64))


def _cartesian(points: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return spherical coordinates as x, y and z."""
    distance, azimuth, elevation = (points[f"spherical{name}"] for name in ("Range", "Azimuth", "Elevation"))
    flat = distance * np.cos(elevation)
    return {
        "cartesianX": flat * np.cos(azimuth),
        "cartesianY": flat * np.sin(azimuth),
        "cartesianZ": distance * np.sin(elevation),
    }
