"""Reading and writing organised scans: the front, which hands over to one module per format."""

from __future__ import annotations

import importlib
import os
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from pcfilter_lib import files
from pcfilter_lib.data.scan import ConversionWarning, OrganizedScan
from pcfilter_lib.errors import InputError

# Each module has read(path, shape=, intrinsics=, unit=, depth_scale=), rewrite(origin, removed) -> bytes and
# encode(scan, path) -> bytes; and where the format's header has a place for a pose,
# with_pose(content, pose or None, metres_per_unit) -> bytes.
_MODULES = {
    ".npz": "scan_npz",
    ".pcd": "scan_pcd",
    ".ply": "scan_ply",
    ".ptx": "scan_ptx",
    ".png": "depth_images",
    ".tif": "depth_images",
    ".cogs": "scan_cogs",
}

#: The suffixes of depth images, which do not say their camera.
DEPTH_IMAGE_SUFFIXES = (".png", ".tif", ".tiff")
#: The suffixes that :func:`load_scan` reads.
SCAN_SUFFIXES = (*_MODULES, ".tiff")


def load_scan(
    path: str | os.PathLike,
    shape: tuple[int, int] | None = None,
    intrinsics: Any = None,
    unit: str | None = None,
    depth_scale: float | None = None,
) -> OrganizedScan:
    """Load an organised scan; the suffix of `path` names the format.

    =================  ============================================================================================
    ``.npz``           the arrays are the fields of :class:`OrganizedScan`; other arrays become `extras`
    ``.pcd``           organised point cloud (PCD): HEIGHT above 1, or `shape`
    ``.ply``           a range grid, ``obj_info num_cols`` and ``num_rows``, or `shape`
    ``.ptx``           Leica's text format, one scan a file
    ``.png``,          depth image of 16-bit integers, or floating-point (TIFF), with `intrinsics`; 0 is no point,
    ``.tif(f)``        and in 16 bits neither is 65535, which 7-Scenes writes where nothing was measured
    ``.cogs``          what PhoXi structured-light scanners are cleaned in; cropped to the measured points
    =================  ============================================================================================

    The points stay in the camera's frame. Where the file says where the camera stood, `pose` takes them to the world:

    =================  ============================================================================================
    ``.npz``           the array ``pose``, shape (4, 4)
    ``.pcd``           ``VIEWPOINT``: position, and orientation as a quaternion w x y z. Seven zeros are no pose
    ``.ptx``           the 4 x 4 transformation, which the file applies to rows. One that scales, shears or mirrors
                       is no pose; `extras` has it nevertheless
    ``.cogs``          the camera's basis and position: the file has its points in the world's frame
    =================  ============================================================================================

    Depth images have no place for a pose, and PLY has none that programs agree on; :func:`find_views` reads poses from
    the files beside them.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    shape : (int, int), optional
        Rows and columns, where the file does not say them (or to check what it says).
    intrinsics : array_like, shape (3, 3), or str or os.PathLike, optional
        Camera matrix in pixels, or a file with it: JSON as Open3D writes it, or text of three rows. Needed for depth
        images. For other formats it is kept with the scan where the file has none of its own. A JSON file's width and
        height have to be those of the scan.
    unit : {"m", "cm", "mm", "um", "in"}, optional
        Unit of the file's numbers, those of its pose included. See :mod:`pcfilter_lib.data.scan_units` for what
        happens without it.
    depth_scale : float, optional
        For depth images, how many of the file's units are one metre: 1000 for millimetres.

    Returns
    -------
    OrganizedScan
        In metres. Where the file has NaN, (0, 0, 0) or no entry, `valid` is false.

    Raises
    ------
    InputError
        If the file is missing or broken, its format is not known, or something about it must be said by the caller.

    Warns
    -----
    AmbiguousUnitWarning
        If the unit was guessed.
    """
    path = Path(path)
    module = _module(path)
    if unit is not None and depth_scale is not None:
        raise InputError("depth_scale", "", "it says the same as unit", "give one of the two")
    if depth_scale is not None and module.__name__.rpartition(".")[2] != "depth_images":
        raise InputError("depth_scale", "", f"{path.suffix} holds points, no depth image", "give unit='mm' instead")
    if shape is not None:
        shape = _checked_shape(shape)
    if intrinsics is not None:
        from pcfilter_lib.data.formats.camera_json import read_camera

        intrinsics, size = read_camera(intrinsics)
    scan = module.read(path, shape=shape, intrinsics=intrinsics, unit=unit, depth_scale=depth_scale)
    used = intrinsics is not None and np.array_equal(scan.intrinsics, intrinsics)
    if used and size not in (None, scan.shape):
        problem = f"its camera has {size[1]} x {size[0]} pixels, but the scan has {scan.shape[1]} x {scan.shape[0]}"
        raise InputError(path, "", problem, "give the intrinsics of the camera that took it, at this resolution")
    return scan


def save_scan(scan: OrganizedScan, path: str | os.PathLike) -> None:
    """Save an organised scan; the suffix of `path` names the format.

    In the format that the scan was loaded from, writing is lossless: the file keeps its unit, fields, colours, header,
    order and its own sign for *no point*, and only the points that were removed change. With no point removed it is the
    same file, byte for byte. If the pose was replaced, in PCD and PTX only the lines of the header that hold it change.

    Saving in another format, or after another field was replaced, converts: metres, float32, NaN where there is no
    point. ``.npz`` takes everything. A :class:`ConversionWarning` names what the format has no place for.

    The pose has a place in NPZ, PCD (the rotation as a unit quaternion: of a matrix with few digits, the nearest
    rotation) and PTX. Elsewhere it is lost with a warning, unless it is the identity, which says no more than the
    file does.

    The file is written beside and renamed, so an interrupted run leaves the old file or none.

    Parameters
    ----------
    scan : OrganizedScan
        The scan.
    path : str or os.PathLike
        Where to write it.

    Raises
    ------
    InputError
        If the format is not known, cannot hold the scan, or the file cannot be written.

    Warns
    -----
    ConversionWarning
        If something that the scan holds is not in the file.
    """
    path = Path(path)
    module = _module(path)
    origin, with_pose = scan._origin, getattr(module, "with_pose", None)
    if origin is not None and origin.format == _format(path) and origin.describes(scan, with_pose is not None):
        added = [name for name in origin.added(scan) if name != "pose" or with_pose is None]
        if added and origin.format == ".npz":
            data = module.encode(scan, path)
        else:
            if added:
                warn_lost(path, added)
            removed = origin.fields["valid"] & ~scan.valid
            data = module.rewrite(origin, removed) if np.any(removed) else origin.payload
            if with_pose is not None and origin.moved(scan):
                data = with_pose(data, scan.pose, origin.metres_per_unit)
    else:
        data = module.encode(scan, path)
    with files.replacing(path) as temporary:
        temporary.write_bytes(data)


def warn_lost(path: str | os.PathLike, names: list[str]) -> None:
    """Warn that a format has no place for what `names` lists."""
    warnings.warn(
        f"{os.fspath(path)}: this format has no place for {', '.join(names)}; not saved. "
        "Remedy: save as .npz to keep everything.",
        ConversionWarning,
        stacklevel=4,
    )


def _format(path: Path) -> str:
    suffix = path.suffix.lower()
    return ".tif" if suffix == ".tiff" else suffix


def _module(path: Path) -> ModuleType:
    name = _MODULES.get(_format(path))
    if name is None:
        raise InputError(
            path,
            "",
            f"{path.suffix or 'no suffix'} is no format of an organised scan",
            f"use {', '.join(SCAN_SUFFIXES)}",
        )
    return importlib.import_module(f"pcfilter_lib.data.formats.{name}")


def _checked_shape(shape: Any) -> tuple[int, int]:
    try:
        rows, columns = (int(n) for n in shape)
    except (TypeError, ValueError, OverflowError):
        rows = columns = 0
    if rows < 1 or columns < 1:
        raise InputError("shape", "", f"{shape!r} is not (rows, columns)", "give two positive integers")
    return rows, columns
