"""Organised scans as depth images: PNG of 16-bit integers, TIFF of 16-bit integers or floating-point numbers.

A pixel holds the distance along the camera's axis; 0 (or NaN, or a negative number) is no point. In 16 bits 65535 is
none, either: 7-Scenes writes it where nothing was measured, and elsewhere it is a sensor at the end of its range. The
image says neither its camera nor its unit, so the caller does.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import says_something
from pcfilter_lib.data.formats import scan_png, scan_tiff
from pcfilter_lib.data.scan import AmbiguousUnitWarning, OrganizedScan, Origin, from_file
from pcfilter_lib.data.scan_geometry import backproject
from pcfilter_lib.data.scan_units import known_unit, metres_per_unit
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

#: No point in 16 bits, besides 0.
NOT_MEASURED = 65535


def read(
    path: Path, *, shape: Any, intrinsics: np.ndarray | None, unit: str | None, depth_scale: float | None
) -> OrganizedScan:
    """Load a depth image; see :func:`pcfilter_lib.data.load_scan`."""
    data = read_bytes(path)
    image = _codec(path).decode(path, data)
    if shape is not None and shape != image.shape:
        raise InputError(
            "shape", "", f"{path} has {image.shape[0]} x {image.shape[1]} pixels", "leave it out for images"
        )
    if intrinsics is None:
        raise InputError(
            path,
            "",
            "a depth image does not say what its camera was",
            "give the camera's 3x3 matrix in pixels, as in intrinsics='camera.json' (a file as Open3D writes it)",
        )
    scale = _metres_per_unit(path, image, unit, depth_scale)
    if image.dtype == np.uint16:
        image[image == NOT_MEASURED] = 0
    with np.errstate(over="ignore", invalid="ignore"):
        depth = np.multiply(image, scale, out=np.empty(image.shape, np.float32), casting="unsafe", dtype=np.float64)
    del image  # a depth image can be packed a thousandfold: hold no more of it than is needed
    xyz = backproject(depth, intrinsics)
    del depth
    origin = Origin(".png" if _codec(path) is scan_png else ".tif", data, scale, {})
    return from_file(path, origin, xyz=xyz, intrinsics=intrinsics)


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the image with the pixels where `removed`, shape (H, W), is true set to its own sign for no point."""
    codec = scan_png if origin.format == ".png" else scan_tiff
    image = codec.decode("", origin.payload)
    missing = image[~origin.fields["valid"]]
    return codec.without_points(origin.payload, image, removed, missing[0] if len(missing) else image.dtype.type(0))


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as a depth image: millimetres in a PNG, metres in a float32 TIFF."""
    from pcfilter_lib.data.scan_io import warn_lost

    if scan.intrinsics is None:
        raise InputError(
            path, "", "a depth image needs a camera, and this scan has no intrinsics", "save as .npz or .pcd"
        )
    again = backproject(np.where(scan.valid, scan.depth, 0), scan.intrinsics)
    off_ray = np.linalg.norm(again - scan.xyz, axis=2)[scan.valid]
    if not np.all(off_ray <= 1e-3 * scan.depth[scan.valid]):
        raise InputError(
            path,
            "",
            "the points do not lie on straight rays through the pixels, so depth alone cannot hold them",
            "save as .npz or .pcd",
        )
    lost = [
        name
        for name in ("intensity", "normals", "label", "intrinsics", "distortion", "offset")
        if getattr(scan, name) is not None
    ]
    lost += ["pose"] * says_something(scan.pose)
    depth = np.where(scan.valid, scan.depth, 0)
    if _codec(path) is scan_tiff:
        warn_lost(path, [*lost, *scan.extras])
        return scan_tiff.encode(depth)
    millimetres = np.rint(depth.astype(np.float64) * 1000)
    if millimetres.max() >= NOT_MEASURED:
        raise InputError(path, "", "a 16-bit image in millimetres ends below 65.535 m", "save as .tif")
    if np.any(millimetres[scan.valid] < 1):
        raise InputError(path, "", "points nearer than 0.5 mm round to no point", "save as .tif")
    warn_lost(path, [*lost, *scan.extras, "fractions of a millimetre"])
    return scan_png.encode(millimetres.astype(np.uint16))


def _codec(path: str | os.PathLike) -> Any:
    return scan_png if Path(path).suffix.lower() == ".png" else scan_tiff


def _metres_per_unit(path: Path, image: np.ndarray, unit: str | None, depth_scale: float | None) -> float:
    if depth_scale is not None:
        if not (isinstance(depth_scale, int | float | np.number) and np.isfinite(depth_scale) and depth_scale > 0):
            problem = f"{depth_scale!r} is no positive number"
            raise InputError(
                "depth_scale", "", problem, "give the units per metre, as in depth_scale=1000 for millimetres"
            )
        return 1 / float(depth_scale)
    if unit is not None:
        return known_unit(unit)
    if image.dtype.kind == "f":
        return metres_per_unit(path, np.where(image > 0, image, 0)[..., None], None, defined=False)
    warnings.warn(
        f"{path}: the unit is ambiguous. A 16-bit depth image does not say it; its numbers were taken as millimetres. "
        "Remedy: give the units per metre: depth_scale=1000 for millimetres, depth_scale=5000 for the TUM data sets.",
        AmbiguousUnitWarning,
        stacklevel=4,
    )
    return 1e-3
