"""Organised scans in PTX, Leica's text format, one scan a file.

Line by line, as Leica's "Cyclone pointcloud export format - description of ASCII .ptx format" says::

    number of columns
    number of rows
    scanner position x y z
    scanner axis X, axis Y, axis Z         (three lines)
    4 x 4 transformation, applied to rows  (four lines)
    x y z intensity [r g b]                (columns x rows lines)

The points come column by column. They are in metres, in the scanner's own frame, and stay there. ``0 0 0 0.5`` is no
point. Intensity is from 0 to 1, colours from 0 to 255.

The transformation M takes points to the coordinates that were exported, as rows: ``(x y z 1) M``, with the translation
in its last row. The pose of the scan is thus its transpose. Position and axes are where the scanner stood after
registration, axes as rows; they say the same, except where the user had set a coordinate system of their own on export:
then M alone leads to that system. So M is the pose, and the four lines before it are written anew with another pose.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import in_unit
from pcfilter_lib.data._scan_fields import check_pose
from pcfilter_lib.data.formats._text import parse_rows, shortest, whole_number
from pcfilter_lib.data.scan import OrganizedScan, Origin, from_file
from pcfilter_lib.data.scan_units import metres_per_unit
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_HEADER = 10
_IDENTITY = "0 0 0\n1 0 0\n0 1 0\n0 0 1\n1 0 0 0\n0 1 0 0\n0 0 1 0\n0 0 0 1\n"
_COUNTS = ("the number of columns", "the number of rows")
_EXPORT_AGAIN = "export the file again"


def read(path: Path, *, shape: Any, intrinsics: Any, unit: str | None, depth_scale: None) -> OrganizedScan:
    """Load a PTX file; see :func:`pcfilter_lib.data.load_scan`.

    Row 0 of the grid is the first point of each column. `extras` holds ``transform``, shape (4, 4), ``scanner_pose``,
    shape (4, 3), and where there are colours ``rgb``, shape (H, W, 3).
    """
    data = read_bytes(path)
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        place = f"byte {error.start}"
        raise InputError(path, place, "it is not ASCII text", "check that this is a .ptx file") from None
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < _HEADER:
        raise InputError(path, f"line {len(lines)}", "the file ends within its header of 10 lines", _EXPORT_AGAIN)
    columns = whole_number(lines[0].strip(), path, "line 1", _COUNTS[0])
    rows = whole_number(lines[1].strip(), path, "line 2", _COUNTS[1])
    pose = parse_rows(_filled(lines[2:6], path, 3), 3, path, first_line=3, what="row of the pose")
    transform = parse_rows(_filled(lines[6:10], path, 7), 4, path, first_line=7, what="row of the transformation")
    body = lines[_HEADER:]
    if columns == 0 or rows == 0 or columns * rows != len(body):
        problem = f"the header says {columns} columns x {rows} rows, and {len(body)} lines follow"
        more = 0 < columns * rows < len(body)
        remedy = "export each scan to a file of its own, if it holds several" if more else _EXPORT_AGAIN
        raise InputError(path, "header", problem, remedy)
    if shape is not None and shape != (rows, columns):
        raise InputError("shape", "", f"{path} has {rows} x {columns} pixels", "leave it out for .ptx")
    width = len(body[0].split())
    if width not in (4, 7):
        problem = f"a line has {width} numbers, not x y z intensity or x y z intensity r g b"
        raise InputError(path, f"line {_HEADER + 1}", problem, _EXPORT_AGAIN)
    values = parse_rows(_filled(body, path, _HEADER + 1), width, path, first_line=_HEADER + 1, what="point")
    values = values.reshape(columns, rows, width).transpose(1, 0, 2)
    metres = metres_per_unit(path, values[..., :3], unit, defined=True)
    extras = {"transform": transform, "scanner_pose": pose}
    if width == 7:
        colours = values[..., 4:]
        if not (np.all((colours >= 0) & (colours <= 255)) and np.array_equal(colours, np.floor(colours))):
            raise InputError(path, "colours", "they are not whole numbers from 0 to 255", _EXPORT_AGAIN)
        extras["rgb"] = colours.astype(np.uint8)
    with np.errstate(over="ignore", invalid="ignore"):
        xyz = values[..., :3] * metres
    origin = Origin(".ptx", data, metres, {})
    fields = {"xyz": xyz, "intensity": values[..., 3], "intrinsics": intrinsics, "extras": extras}
    return from_file(path, origin, pose=_pose(transform, metres), **fields)


def read_header(path: str | os.PathLike) -> tuple[tuple[int, int], np.ndarray | None]:
    """Return rows and columns of a PTX file, and its pose or None, without reading its points."""
    try:
        with open(path, "rb") as file:
            lines = [file.readline(4096).decode("ascii", "replace") for _ in range(_HEADER)]
    except OSError as error:
        raise InputError(path, "", f"it cannot be read ({error.strerror})", "check the path") from None
    columns, rows = (whole_number(lines[i].strip(), path, f"line {i + 1}", _COUNTS[i]) for i in (0, 1))
    transform = parse_rows(_filled(lines[6:10], path, 7), 4, path, first_line=7, what="row of the transformation")
    return (rows, columns), _pose(transform, 1.0)


def _pose(transform: np.ndarray, metres: float) -> np.ndarray | None:
    """Return the pose that a transformation of rows is, or None if it is not rigid."""
    try:
        return in_unit(check_pose(transform.T), metres)
    except InputError:
        return None


def with_pose(content: bytes, pose: np.ndarray | None, metres: float) -> bytes:
    """Return a file whose header has another pose, or with None the identity; everything else stays as it is."""
    lines = content.split(b"\n")
    ending = b"\r" if lines[_HEADER].endswith(b"\r") else b""
    head = _IDENTITY if pose is None else _head(in_unit(pose, 1 / metres))
    lines[2:_HEADER] = [line + ending for line in head.encode().splitlines()]
    return b"\n".join(lines)


def _head(pose: np.ndarray) -> str:
    """Return the eight lines of position, axes and transformation."""
    table = [pose[:3, 3], *pose[:3, :3].T, *pose.T]
    return "".join(" ".join(shortest(row)) + "\n" for row in table)


def _filled(lines: list[str], path: str | os.PathLike, first: int) -> list[str]:
    for number, line in enumerate(lines, first):
        if not line.strip():
            raise InputError(path, f"line {number}", "it is blank", _EXPORT_AGAIN)
    return lines


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file with its own line for no point where `removed`, shape (H, W), is true.

    That is the first such line in the file, or ``0 0 0 0.500000`` (with black, where there are colours).
    """
    lines = origin.payload.split(b"\n")
    valid = origin.fields["valid"].T.reshape(-1)
    ending = b"\r" if lines[_HEADER].endswith(b"\r") else b""
    if valid.all():
        nothing = b"0 0 0 0.500000" + (b" 0 0 0" if "rgb" in origin.fields["extras"] else b"")
    else:
        nothing = lines[_HEADER + int(np.argmin(valid))].rstrip(b"\r")
    for point in np.flatnonzero(removed.T.reshape(-1)):
        lines[_HEADER + point] = nothing + ending
    return b"\n".join(lines)


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as a PTX file; where it has no intensity, 0.5.

    The pose decides on the header. ``extras["transform"]`` and ``extras["scanner_pose"]`` are written as they are where
    they agree with it, or there is none.
    """
    from pcfilter_lib.data.scan_io import warn_lost

    extras = dict(scan.extras)
    rgb, transform, pose = (extras.pop(name, None) for name in ("rgb", "transform", "scanner_pose"))
    coloured = rgb is not None and rgb.shape == (*scan.shape, 3) and rgb.dtype == np.uint8
    placed = np.shape(transform) == (4, 4) and np.shape(pose) == (4, 3)
    if placed and scan.pose is not None:
        placed = np.allclose(np.transpose(transform), scan.pose, rtol=0, atol=1e-12)
        if not placed:
            extras |= {"transform": transform, "scanner_pose": pose}  # the pose says something else
    lost = [n for n in ("normals", "label", "intrinsics", "distortion", "offset") if getattr(scan, n) is not None]
    lost += [f"extras[{name!r}]" for name in extras]
    if lost:
        warn_lost(path, lost)
    intensity = np.full(scan.shape, 0.5, np.float32) if scan.intensity is None else scan.intensity
    point = np.concatenate([scan.xyz, np.nan_to_num(intensity, nan=0.5)[..., None]], axis=2)
    point[~scan.valid] = (0, 0, 0, 0.5)
    rows, columns = scan.shape
    body = [f"{x:.9g} {y:.9g} {z:.9g} {i:.9g}" for x, y, z, i in point.transpose(1, 0, 2).reshape(-1, 4).tolist()]
    if coloured:
        shades = np.where(scan.valid[..., None], rgb, 0).transpose(1, 0, 2).reshape(-1, 3).tolist()
        body = [f"{line} {r} {g} {b}" for line, (r, g, b) in zip(body, shades, strict=True)]
    head = _IDENTITY if scan.pose is None else _head(scan.pose)
    if placed:
        table = [*np.asarray(pose).tolist(), *np.asarray(transform).tolist()]
        head = "".join(" ".join(map(repr, row)) + "\n" for row in table)
    return (f"{columns}\n{rows}\n{head}" + "\n".join(body) + "\n").encode("ascii")
