"""Organised scans in PCD: the HEIGHT of the file is the number of rows.

The Point Cloud Library's cameras look along z, with x to the right and y down, so the coordinates are taken as they
are: VIEWPOINT is the pose of the camera, and is not applied to them. A header without that line, or with seven zeros,
which some programs write for "not known", gives no pose.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import in_unit, pose_from, quaternion_of, rotation_of
from pcfilter_lib.data.formats import lzf
from pcfilter_lib.data.formats._text import shortest
from pcfilter_lib.data.formats.pcd import NO_VIEWPOINT, PcdFile, parse_pcd, write_pcd
from pcfilter_lib.data.formats.scan_records import (
    fields_of,
    lines_without_points,
    records_of,
    without_points,
    written_with,
)
from pcfilter_lib.data.scan import OrganizedScan, Origin, from_file
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_VIEWPOINT = re.compile(rb"(?m)^[ \t]*VIEWPOINT\b[^\r\n]*")


def read(path: Path, *, shape: Any, intrinsics: Any, unit: str | None, depth_scale: None) -> OrganizedScan:
    """Load an organised PCD file; see :func:`pcfilter_lib.data.load_scan`."""
    payload = read_bytes(path)
    file = parse_pcd(payload, path)
    count = len(file.points)
    if file.height > 1 and (file.width != 1 or shape == (file.height, 1)):
        found = (file.height, file.width)
        if shape is not None and shape != found:
            raise InputError("shape", "", f"{path} has {found[0]} x {found[1]} pixels", "leave it out for this file")
    elif shape is None:
        problem = f"WIDTH is {file.width}" if file.height > 1 else f"HEIGHT is {file.height}"
        problem += f": its {count} points are in no grid"
        remedy = "give shape=(rows, columns) if they are, or use load_cloud if this is a plain cloud"
        raise InputError(path, "header", problem, remedy)
    else:
        found = shape
    if count == 0 or found[0] * found[1] != count:
        raise InputError(
            path, "header", f"it holds {count} points, not {found[0]} x {found[1]}", "give the shape that it has"
        )
    fields, metres = fields_of(path, file.points, found, unit)
    origin = Origin(".pcd", payload, metres, {}, {"points": file.points, "encoding": file.data})
    pose = _pose(path, file, metres) if _VIEWPOINT.search(payload, 0, _body(payload)) else None
    return from_file(path, origin, intrinsics=intrinsics, pose=pose, **fields)


def _pose(path: Path, file: PcdFile, metres: float) -> np.ndarray | None:
    position, quaternion = np.array(file.viewpoint[:3]), np.array(file.viewpoint[3:])
    if np.any(quaternion):
        return pose_from(rotation_of(quaternion), position * metres)
    if np.any(position):
        problem = "VIEWPOINT has a quaternion of length 0, which is no orientation"
        raise InputError(path, "header", problem, "write x y z 1 0 0 0 if the camera was not rotated")
    return None


def with_pose(content: bytes, pose: np.ndarray | None, metres: float) -> bytes:
    """Return a file whose header has another pose; everything else stays as it is.

    Without a pose, VIEWPOINT is the identity that the format prescribes.
    """
    viewpoint = NO_VIEWPOINT if pose is None else viewpoint_of(in_unit(pose, 1 / metres))
    line = "VIEWPOINT " + " ".join(shortest(np.array(viewpoint)))
    body = _body(content)
    if found := _VIEWPOINT.search(content, 0, body):
        return content[: found.start()] + line.encode() + content[found.end() :]
    before = re.search(rb"(?m)^[ \t]*(POINTS|DATA)\b", content[:body])
    ending = "\r\n" if b"\r\n" in content[:body] else "\n"
    return content[: before.start()] + (line + ending).encode() + content[before.start() :]


def viewpoint_of(pose: np.ndarray) -> tuple[float, ...]:
    """Return position and quaternion w x y z of a pose."""
    return (*pose[:3, 3].tolist(), *quaternion_of(pose[:3, :3]).tolist())


def _body(content: bytes) -> int:
    """Return where the header of a PCD file ends."""
    return re.search(rb"(?m)^[ \t]*DATA\b[^\n]*\n", content).end()


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file with its own sign for no point where `removed`, shape (H, W), is true."""
    points, data = origin.details["points"], origin.payload
    removed, valid = removed.reshape(-1), origin.fields["valid"].reshape(-1)
    start = _body(data)
    if origin.details["encoding"] == "ascii":
        return data[:start] + lines_without_points(data[start:], points, removed, valid)
    points = without_points(points, removed, valid)
    if origin.details["encoding"] == "binary":
        return data[:start] + points.tobytes() + data[start + points.nbytes :]
    raw = b"".join(points[name].tobytes() for name in points.dtype.names)
    packed = lzf.compress(raw)
    return data[:start] + struct.pack("<II", len(packed), len(raw)) + packed


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as a binary PCD file in metres, with NaN where there is no point and its pose as VIEWPOINT."""
    from pcfilter_lib.data.scan_io import warn_lost

    records, lost = records_of(scan, ("normal_x", "normal_y", "normal_z"))
    if lost:
        warn_lost(path, lost)
    rows, columns = scan.shape
    viewpoint = NO_VIEWPOINT if scan.pose is None else viewpoint_of(scan.pose)
    return written_with(write_pcd, PcdFile(records, records.dtype.names, columns, rows, viewpoint), ".pcd")
