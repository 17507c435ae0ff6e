"""What depth images of one camera have in common: their size, intrinsics and unit, each settled once."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from pcfilter_lib.data.formats.camera_json import read_camera
from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.data.scan_io import load_scan
from pcfilter_lib.data.views.headers import image_header
from pcfilter_lib.data.views.layouts import CAMERAS, Entry, camera_beside
from pcfilter_lib.data.views.posed_file import PosedFile
from pcfilter_lib.data.views.trajectories import Trajectory
from pcfilter_lib.errors import InputError

TUM_SCALE = 5000.0  # units per metre of its 16-bit images


def checked_images(
    entries: list[Entry],
    intrinsics: np.ndarray | None,
    trajectory: Trajectory | None,
    size: tuple[int, int] | None = None,
) -> np.ndarray:
    """Return the intrinsics of depth images, which must fit all of them, as must the size that belongs to them."""
    first, kinds = entries[0].path, []
    for entry in entries:
        header = image_header(entry.path)
        if header is None:
            remedy = "check that this is the depth image, not the picture, and a whole one"
            raise InputError(entry.path, "", "it is no depth image of 16-bit or floating-point numbers", remedy)
        kinds.append(header)
    for entry, (shape, kind) in zip(entries, kinds, strict=True):
        if (shape, kind) != kinds[0]:
            (rows, columns), kind_before = kinds[0]
            problem = f"it has {shape[0]} x {shape[1]} pixels of {kind}, and {first.name} has {rows} x {columns} "
            raise InputError(
                entry.path, "", problem + f"of {kind_before}", "find the views of each camera by themselves"
            )
    rows, columns = kinds[0][0]
    source: Any = "intrinsics"
    if intrinsics is None:
        source = camera_beside(first)
        if source is None:
            problem = f"a depth image does not say what its camera was, and there is no {CAMERAS[0]} beside it"
            remedy = (
                "give the camera's 3x3 matrix in pixels, as in intrinsics=[[585, 0, 320], [0, 585, 240], [0, 0, 1]]"
            )
            raise InputError(first, "", problem, remedy)
        intrinsics, size = read_camera(source)
    elif trajectory is not None and trajectory.shape is not None and trajectory.intrinsics is intrinsics:
        source = trajectory.source
        size = trajectory.shape
    if size not in (None, (rows, columns)):
        problem = f"they belong to images of {size[0]} x {size[1]} pixels, and {first.name} has {rows} x {columns}"
        raise InputError(source, "", problem, "give the intrinsics of the depth images")
    cx, cy = intrinsics[0, 2], intrinsics[1, 2]
    if not (0 <= cx < columns and 0 <= cy < rows):
        problem = f"the principal point ({cx:g}, {cy:g}) lies outside the images of {rows} x {columns} pixels"
        raise InputError(source, "", problem, "give the intrinsics of the depth images, at their size")
    return intrinsics


def settle_scale(views: list[PosedFile], options: dict[str, Any], tum: bool) -> None:
    """Decide once what a number of the depth images is in metres."""
    if options["unit"] is not None or options["depth_scale"] is not None:
        return
    if tum:
        options["depth_scale"] = TUM_SCALE
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scan = load_scan(views[0].path, intrinsics=options["intrinsics"])
    options["depth_scale"] = 1 / scan._origin.metres_per_unit
    for warning in caught:
        if issubclass(warning.category, AmbiguousUnitWarning):
            warn_unit(warning.message, len(views))


def warn_unit(doubt: Warning, count: int) -> None:
    """Warn once for a sequence that its unit was guessed."""
    warnings.warn(f"{doubt} The same was taken for all {count} views.", AmbiguousUnitWarning, 4)
