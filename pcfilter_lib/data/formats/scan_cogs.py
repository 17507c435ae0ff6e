"""Organised scans in the ``.cogs`` container.

The layout was read off pairs of files from a PhoXi structured-light scanner; no document of it is public.
Little-endian::

    "COGS FILE", 4 bytes of version, u64 offset of the directory
    points:     u32 N, u64 number of properties;
                per property u32 length of its name, the name, u32 type, u64 bytes per point;
                then one array of N float32 tuples per property, in that order
    scan:       u64 0, u32 N, u32 sensor width, u32 sensor height,
                f32: camera basis (3 x 3, rows), camera position (3), fx fy cx cy, k1 k2 k3 p1 p2;
                N x (u32 column, u32 row)
    directory:  u16 number of blocks; per block u32 length of its name, the name, u8, u64 offset of the block

The points are in the world's frame: ``q = (P - C) R^T`` with basis R and position C, then (x, -y, -z), is the frame of
:class:`OrganizedScan`. Its pose is the way back, ``[[R^T diag(1, -1, -1), C], [0, 0, 0, 1]]``.

A file holds measured points only, in an order of its own. Removing points makes each of its arrays shorter, as the
device's own software does. A file that has lost all of its points is a scan of the whole sensor that measured nothing.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import pose_from
from pcfilter_lib.data._scan_fields import check_pose
from pcfilter_lib.data.scan import OrganizedScan, Origin, from_file
from pcfilter_lib.data.scan_units import metres_per_unit
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_MAGIC = b"COGS FILE"
_BLOCKS = [b"PointCloudDataBlock", b"ScanDataBlock"]
_EXPORT_AGAIN = "export the file again"
_FLIP = np.array([1.0, -1.0, -1.0])  # the file's y points up and its z backwards


def read(path: Path, *, shape: Any, intrinsics: Any, unit: str | None, depth_scale: None) -> OrganizedScan:
    """Load a ``.cogs`` file; see :func:`pcfilter_lib.data.load_scan`.

    The grid is the bounding box of the measured pixels, or the whole sensor where there are none. `offset` says where
    it lies on the sensor, and `intrinsics` belong to it. `extras` holds ``sensor_shape``, the rows and columns of the
    whole sensor.
    """
    data = read_bytes(path)
    parts = _parse(path, data)
    pixels = parts["pixels"].astype(np.int64)
    width, height = parts["sensor"]
    if np.any(pixels >= (width, height)):
        point = int(np.argmax((pixels >= (width, height)).any(axis=1)))
        raise InputError(
            path,
            f"point {point}",
            f"its pixel {tuple(pixels[point].tolist())} lies outside the sensor of {width} x {height}",
            _EXPORT_AGAIN,
        )
    start = pixels.min(axis=0) if len(pixels) else np.zeros(2, np.int64)
    columns, rows = (int(n) for n in pixels.max(axis=0) - start + 1) if len(pixels) else (width, height)
    if rows == 0 or columns == 0:
        raise InputError(path, "scan block", f"the sensor is {width} x {height}", _EXPORT_AGAIN)
    if shape is not None and shape != (rows, columns):
        raise InputError("shape", "", f"{path} has {rows} x {columns} measured pixels", "leave it out for .cogs")
    if rows * columns > max(2**23, 64 * len(pixels)):
        raise InputError(
            path, "pixels", f"{len(pixels)} points lie spread over {rows} x {columns} pixels", _EXPORT_AGAIN
        )
    index = (pixels[:, 1] - start[1]) * columns + pixels[:, 0] - start[0]
    taken = np.zeros(rows * columns, dtype=bool)
    taken[index] = True
    if np.count_nonzero(taken) != len(index):
        order = np.argsort(index, kind="stable")
        point = int(order[1:][np.diff(index[order]) == 0].min())
        raise InputError(path, f"point {point}", "another point has the same pixel", _EXPORT_AGAIN)
    for name in ("positions", "basis", "position"):
        if not np.isfinite(parts[name]).all():
            raise InputError(path, name, "it holds a number that is not finite", _EXPORT_AGAIN)

    scale = metres_per_unit(path, parts["positions"], unit, defined=True)
    turn = parts["basis"].astype(np.float64).T
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is no point
        points = (parts["positions"].astype(np.float64) - parts["position"]) @ turn * (_FLIP * scale)
        fields: dict[str, Any] = {"xyz": _spread(points, index, taken, (rows, columns))}
        if "normals" in parts:
            fields["normals"] = _spread(
                parts["normals"].astype(np.float64) @ turn * _FLIP, index, taken, (rows, columns)
            )
    if "intensities" in parts:
        fields["intensity"] = _spread(parts["intensities"], index, taken, (rows, columns))[..., 0]
    pose = check_pose(pose_from(turn * _FLIP, parts["position"] * scale), path, "basis")
    fx, fy, cx, cy = parts["camera"].astype(np.float64)
    k1, k2, k3, p1, p2 = parts["distortion"].astype(np.float64)
    origin = Origin(".cogs", data, scale, {}, {"index": index})
    return from_file(
        path,
        origin,
        intrinsics=[[fx, 0, cx - start[0]], [0, fy, cy - start[1]], [0, 0, 1]],
        distortion=[k1, k2, p1, p2, k3],
        offset=(int(start[0]), int(start[1])),
        pose=pose,
        extras={"sensor_shape": np.array([height, width])},
        **fields,
    )


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file without the points where `removed`, shape (H, W), is true."""
    data = origin.payload
    parts = _parse("", data)
    stay = ~removed.reshape(-1)[origin.details["index"]]
    count = struct.pack("<I", np.count_nonzero(stay))
    first = parts["first_array"]
    arrays = b"".join(parts["raw"][i][stay].tobytes() for i in range(len(parts["raw"])))
    scan_at, pixels_at = parts["scan_at"], parts["pixels_at"]
    scan_block = data[scan_at : scan_at + 8] + count + data[scan_at + 12 : pixels_at] + parts["pixels"][stay].tobytes()
    directory_at = first + len(arrays) + len(scan_block)
    tail = bytearray(data[parts["directory_at"] :])
    struct.pack_into("<Q", tail, parts["scan_entry"], first + len(arrays))
    head = data[:13] + struct.pack("<Q", directory_at) + count + data[25:first]
    return head + arrays + scan_block + bytes(tail)


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Refuse: a ``.cogs`` file holds the scanner's own data, which no other format brings."""
    raise InputError(
        path, "", ".cogs is written only for scans that were loaded from .cogs and not changed", "save as .npz"
    )


def _spread(values: np.ndarray, index: np.ndarray, taken: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    grid = np.full((len(taken), values.shape[1]), np.nan, dtype=np.float32)
    grid[index] = values
    return grid.reshape(*shape, -1)


class _Cursor:
    """Walks over the bytes; whatever the file claims, nothing beyond its end is read."""

    def __init__(self, path: str | os.PathLike, data: bytes, at: int = 0):
        self.path, self.data, self.at = path, data, at

    def take(self, size: int, what: str) -> bytes:
        left = len(self.data) - self.at
        if size > left:
            raise InputError(
                self.path, f"byte {self.at}", f"{what} should take {size} bytes, but {left} are left", _EXPORT_AGAIN
            )
        self.at += size
        return self.data[self.at - size : self.at]

    def unpack(self, layout: str, what: str) -> tuple:
        return struct.unpack("<" + layout, self.take(struct.calcsize("<" + layout), what))

    def name(self, what: str) -> bytes:
        (length,) = self.unpack("I", f"the length of {what}")
        return self.take(length, what)


def _parse(path: str | os.PathLike, data: bytes) -> dict[str, Any]:
    cursor = _Cursor(path, data)
    if not data.startswith(_MAGIC):
        raise InputError(path, "header", "it does not begin with 'COGS FILE'", "check that this is a .cogs file")
    cursor.take(13, "the header")
    (directory_at,) = cursor.unpack("Q", "the header")
    count, properties = cursor.unpack("IQ", "the header")
    if count > len(data) // 20 or properties > 64:
        problem = f"it claims {count} points with {properties} properties in {len(data)} bytes"
        raise InputError(path, "header", problem, _EXPORT_AGAIN)
    strides = {}
    for number in range(properties):
        name = cursor.name(f"the name of property {number}").decode("latin-1")
        _, stride = cursor.unpack("IQ", f"property {number}")
        expected = {"positions": 12, "normals": 12, "intensities": 4}.get(name, stride)
        if stride != expected or stride > 2**16 or name in strides:
            raise InputError(path, f"property {name!r}", f"a size of {stride} bytes a point is wrong", _EXPORT_AGAIN)
        strides[name] = stride
    if "positions" not in strides:
        raise InputError(path, "properties", "there are no positions", _EXPORT_AGAIN)
    parts: dict[str, Any] = {"first_array": cursor.at, "raw": []}
    for name, stride in strides.items():
        block = np.frombuffer(cursor.take(count * stride, f"{name} of {count} points"), np.uint8).reshape(count, stride)
        parts["raw"].append(block)
        if name in ("positions", "normals", "intensities"):
            parts[name] = block.view("<f4")

    parts["scan_at"] = cursor.at
    _, again, width, height = cursor.unpack("QIII", "the scan block")
    if again != count:
        raise InputError(path, "scan block", f"it has {again} pixels for {count} points", _EXPORT_AGAIN)
    camera = np.array(cursor.unpack("21f", "the camera"), dtype=np.float32)
    parts.update(basis=camera[:9].reshape(3, 3), position=camera[9:12], camera=camera[12:16], distortion=camera[16:])
    parts["sensor"], parts["pixels_at"] = (width, height), cursor.at
    parts["pixels"] = np.frombuffer(cursor.take(8 * count, f"the pixels of {count} points"), "<u4").reshape(count, 2)

    parts["directory_at"] = cursor.at
    (blocks,) = cursor.unpack("H", "the directory")
    names, offsets = [], []
    for number in range(min(blocks, 3)):
        names.append(cursor.name(f"the name of block {number}"))
        offsets.append(cursor.unpack("BQ", f"block {number}")[1])
        parts["scan_entry"] = cursor.at - 8 - parts["directory_at"]
    if directory_at != parts["directory_at"] or names != _BLOCKS or offsets != [21, parts["scan_at"]]:
        raise InputError(path, "directory", "it does not agree with the blocks", _EXPORT_AGAIN)
    if cursor.at != len(data):
        raise InputError(path, f"byte {cursor.at}", "there is more than the directory names", _EXPORT_AGAIN)
    return parts
