"""Organised scans in PCD: the HEIGHT of the file is the number of rows.

The Point Cloud Library's cameras look along z, with x to the right and y down, so the coordinates are taken as they
are; VIEWPOINT is kept and not applied.
"""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data.formats import lzf
from pcfilter_lib.data.formats.pcd import PcdFile, parse_pcd, write_pcd
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
    return from_file(path, origin, intrinsics=intrinsics, **fields)


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file with its own sign for no point where `removed`, shape (H, W), is true."""
    points, data = origin.details["points"], origin.payload
    removed, valid = removed.reshape(-1), origin.fields["valid"].reshape(-1)
    start = re.search(rb"(?m)^\s*DATA[^\n]*\n", data).end()
    if origin.details["encoding"] == "ascii":
        return data[:start] + lines_without_points(data[start:], points, removed, valid)
    points = without_points(points, removed, valid)
    if origin.details["encoding"] == "binary":
        return data[:start] + points.tobytes() + data[start + points.nbytes :]
    raw = b"".join(points[name].tobytes() for name in points.dtype.names)
    packed = lzf.compress(raw)
    return data[:start] + struct.pack("<II", len(packed), len(raw)) + packed


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as a binary PCD file in metres, with NaN where there is no point."""
    from pcfilter_lib.data.scan_io import warn_lost

    records, lost = records_of(scan, ("normal_x", "normal_y", "normal_z"))
    if lost:
        warn_lost(path, lost)
    rows, columns = scan.shape
    return written_with(write_pcd, PcdFile(records, records.dtype.names, columns, rows), ".pcd")
