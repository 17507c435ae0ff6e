"""Point clouds as arrays of shape (N, 3)."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import plyfile

from pcfilter_lib.data.formats.off import read_off
from pcfilter_lib.data.formats.pcd import PcdFile, read_pcd, write_pcd
from pcfilter_lib.data.formats.ply import read_ply, write_ply
from pcfilter_lib.data.formats.scan_npz import read_arrays
from pcfilter_lib.data.formats.xyz import read_xyz
from pcfilter_lib.data.mesh import ply_vertices
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

_RECORD = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4")])


def _pcd_points(path) -> np.ndarray:
    points = read_pcd(path).points
    if not all(name in points.dtype.names and points.dtype[name].shape == () for name in "xyz"):
        raise InputError(path, "header", "it has no fields x, y and z", "export the file again")
    with np.errstate(invalid="ignore"):  # a signalling NaN is a NaN
        return np.stack([points[name] for name in "xyz"], axis=1).astype(np.float64)


def _npz_points(path) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy's advice to save files from Python 2 again
        arrays = read_arrays(path, read_bytes(path))
    name = next((name for name in ("points", "xyz") if name in arrays), None)
    if name is None:
        held = ", ".join(map(repr, arrays)) or "nothing"
        raise InputError(
            path, "", f"it has no array 'points' or 'xyz' (it holds {held})", "save the points as 'points'"
        )
    points = arrays[name]
    if points.ndim < 2 or points.shape[-1] != 3 or points.dtype.kind not in "fiu":
        problem = f"it is {points.dtype} of shape {points.shape}, not numbers of shape (N, 3)"
        raise InputError(path, repr(name), problem, "save an array of shape (N, 3)")
    with np.errstate(invalid="ignore", over="ignore"):  # a signalling NaN; a long double beyond float64
        return points.reshape(-1, 3).astype(np.float64)


_READERS = {
    ".pcd": _pcd_points,
    ".ply": lambda path: ply_vertices(read_ply(path), path),
    ".npz": _npz_points,
    ".off": lambda path: read_off(path)[0],
    **dict.fromkeys((".xyz", ".txt", ".csv", ".pts", ".asc", ".xyzn", ".xyzrgb"), read_xyz),
}


def load_cloud(path: str | os.PathLike) -> np.ndarray:
    """Load the points of a PCD, PLY, XYZ (also TXT, CSV, PTS, ASC), NPZ or OFF file.

    Points with a coordinate that is NaN or infinite were not measured, and are dropped. The others keep their order
    and their unit. A point at (0, 0, 0) is a point here; only in an organised scan does it mean *nothing measured*.

    Parameters
    ----------
    path : str or os.PathLike
        The file. The format is known by its extension. An NPZ file holds the points under ``points`` or ``xyz``.

    Returns
    -------
    numpy.ndarray, shape (N, 3), float32
        At least one point.

    Raises
    ------
    InputError
        If the format is not known, the file is broken, or it has no points.

    Examples
    --------
    >>> from pcfilter_lib import data
    >>> data.load_cloud(data.example_path("mug_scan.pcd")).shape
    (70372, 3)
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _READERS:
        problem = f"{suffix or 'a name without extension'!r} is no point cloud format known here"
        raise InputError(path, "", problem, f"use one of {', '.join(_READERS)}")
    points = _READERS[suffix](path)
    if len(points) == 0:
        raise InputError(path, "", "it has no points", "check where the file comes from")
    points = points[np.isfinite(points).all(axis=1)]
    if len(points) == 0:
        raise InputError(path, "", "none of its points is finite", "check where the file comes from")
    if np.abs(points).max() > np.finfo(np.float32).max:
        raise InputError(path, "", "a coordinate is beyond 3.4e38, the end of float32", "choose a larger unit")
    return points.astype(np.float32)


def save_cloud(points: np.ndarray, path: str | os.PathLike) -> None:
    """Save points as binary PCD or PLY, XYZ or NPZ, so that loading them gives the same float32 values.

    Parameters
    ----------
    points : numpy.ndarray, shape (N, 3)
        The points.
    path : str or os.PathLike
        Where to; the extension chooses the format.

    Raises
    ------
    InputError
        If the shape or the extension is another, or the file cannot be written.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 3 or len(points) == 0:
        raise InputError("points", "", f"points of shape (N, 3) are expected, not {points.shape}", "reshape them")
    points, suffix = np.ascontiguousarray(points, "<f4"), Path(path).suffix.lower()
    if suffix == ".pcd":
        write_pcd(PcdFile(points.view(_RECORD)[:, 0], ("x", "y", "z"), len(points)), path)
    elif suffix == ".ply":
        vertices = plyfile.PlyElement.describe(points.view(_RECORD)[:, 0], "vertex")
        write_ply(plyfile.PlyData([vertices], byte_order="<"), path)
    elif suffix in (".xyz", ".npz"):
        with replacing(path) as temporary:
            if suffix == ".xyz":
                np.savetxt(temporary, points, fmt="%.9g")
            else:
                np.savez_compressed(temporary, points=points)
    else:
        problem = f"{suffix or 'a name without extension'!r} is no format that points can be saved in"
        raise InputError(path, "", problem, "use one of .pcd, .ply, .xyz, .npz")
