"""Organised scans in PLY.

The format has no grid of its own. Three ways to have one are read:

- Stanford's range grids: an element ``range_grid`` lists for each pixel its vertex or none, and
  ``obj_info num_cols`` and ``num_rows`` give the shape (https://graphics.stanford.edu/data/3Dscanrep/).
- The same two lines of ``obj_info`` with one vertex per pixel.
- One vertex per pixel, row by row, and the shape from the caller.

The coordinates are taken as they are, whatever way the file's camera looks. There is no place for a pose that programs
agree on: Stanford's lie in files beside, MeshLab's in an element of its own.
"""

from __future__ import annotations

import copy
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import plyfile

from pcfilter_lib.data._poses import says_something
from pcfilter_lib.data.formats.ply import parse_ply, write_ply
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

_EXPORT_AGAIN = "export the file again"
_FACE_LISTS = ("vertex_indices", "vertex_index")


def read(path: Path, *, shape: Any, intrinsics: Any, unit: str | None, depth_scale: None) -> OrganizedScan:
    """Load an organised PLY file; see :func:`pcfilter_lib.data.load_scan`."""
    payload = read_bytes(path)
    content = parse_ply(payload, path)
    elements = {element.name: element for element in content.elements}
    if "vertex" not in elements:
        raise InputError(path, "header", "there is no element 'vertex'", "check that this file holds points")
    vertices = elements["vertex"].data
    told = _told_shape(path, content.obj_info)
    if shape is None and told is None:
        raise InputError(
            path,
            "header",
            f"it does not say in which grid its {len(vertices)} points are",
            "give shape=(rows, columns) if they are in one, or use load_cloud if this is a plain cloud",
        )
    if shape is not None and told is not None and shape != told:
        raise InputError("shape", "", f"{path} has {told[0]} x {told[1]} pixels", "leave it out for this file")
    rows, columns = shape or told
    index = None
    if "range_grid" in elements:
        index = _range_grid(path, elements["range_grid"], rows, columns, len(vertices))
    elif rows * columns != len(vertices) or not len(vertices):
        raise InputError(
            path, "header", f"it holds {len(vertices)} points, not {rows} x {columns}", "give the shape that it has"
        )
    fields, metres = fields_of(path, vertices, (rows, columns), unit, index)
    origin = Origin(".ply", payload, metres, {}, {"index": index, "content": content})
    return from_file(path, origin, intrinsics=intrinsics, **fields)


def _told_shape(path: Path, lines: list[str]) -> tuple[int, int] | None:
    told = {}
    for line in lines:
        words = line.split()
        if len(words) == 2 and words[0] in ("num_rows", "num_cols"):
            if not re.fullmatch(r"[0-9]{1,9}", words[1]) or int(words[1]) == 0:
                raise InputError(path, "header", f"obj_info {words[0]} is {words[1][:20]!r}", "correct the header")
            told[words[0]] = int(words[1])
    return (told["num_rows"], told["num_cols"]) if len(told) == 2 else None


def _range_grid(path: Path, element: plyfile.PlyElement, rows: int, columns: int, count: int) -> np.ndarray:
    if len(element.data) != rows * columns:
        problem = f"range_grid has {len(element.data)} entries, not {rows} x {columns}"
        raise InputError(path, "range_grid", problem, _EXPORT_AGAIN)
    if len(element.properties) != 1 or not isinstance(element.properties[0], plyfile.PlyListProperty):
        raise InputError(path, "range_grid", "it is no single list of vertices", _EXPORT_AGAIN)
    lists = element.data[element.properties[0].name]
    lengths = np.fromiter((len(entry) for entry in lists), dtype=np.int64, count=len(lists))
    if np.any(lengths > 1):
        pixel = int(np.argmax(lengths > 1))
        raise InputError(path, f"range_grid entry {pixel}", f"it has {lengths[pixel]} vertices", _EXPORT_AGAIN)
    index = np.full(len(lists), -1, dtype=np.int64)
    held = np.concatenate([*lists, []]) if len(lists) else np.empty(0)
    if np.any((held < 0) | (held >= count) | (held != np.floor(held))) or len(np.unique(held)) != len(held):
        problem = f"its entries are not different numbers from 0 to {count - 1}"
        raise InputError(path, "range_grid", problem, _EXPORT_AGAIN)
    index[lengths == 1] = held.astype(np.int64)
    return index.reshape(rows, columns)


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file without the points where `removed`, shape (H, W), is true.

    In a range grid their vertices go. Elsewhere a vertex stays for each pixel, and says *no point* in the file's own
    way. Faces that touch a removed point go with it.
    """
    content, index = origin.details["content"], origin.details["index"]
    if index is None:
        gone, valid = removed.reshape(-1), origin.fields["valid"].reshape(-1)
        patched = _patched(origin.payload, content, gone, valid)
        if patched is not None:
            return patched
        vertices = without_points(content["vertex"].data, gone, valid)
        place = np.arange(len(vertices))
    else:
        gone = np.zeros(len(content["vertex"].data), dtype=bool)
        gone[index[removed]] = True
        vertices = content["vertex"].data[~gone]
        place = np.cumsum(~gone) - 1
    elements = []
    for element in content.elements:
        element = copy.copy(element)
        if element.name == "vertex":
            element.data = vertices
        elif _lists(element):
            element.data = _without_references(element, gone, place)
        elements.append(element)
    parts = (content.text, content.byte_order, content.comments, content.obj_info)
    return written_with(write_ply, plyfile.PlyData(elements, *parts), ".ply")


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as a binary PLY file in metres, with NaN where there is no point and its shape in ``obj_info``."""
    from pcfilter_lib.data.scan_io import warn_lost

    records, lost = records_of(scan, ("nx", "ny", "nz"))
    lost += ["pose"] * says_something(scan.pose)
    if lost:
        warn_lost(path, lost)
    rows, columns = scan.shape
    element = plyfile.PlyElement.describe(records, "vertex")
    told = [f"num_cols {columns}", f"num_rows {rows}"]
    return written_with(write_ply, plyfile.PlyData([element], byte_order="<", obj_info=told), ".ply")


def _lists(element: plyfile.PlyElement) -> list[str]:
    return [prop.name for prop in element.properties if isinstance(prop, plyfile.PlyListProperty)]


def _patched(data: bytes, content: plyfile.PlyData, gone: np.ndarray, valid: np.ndarray) -> bytes | None:
    """Return the file with only the bytes of its points changed, or None where it is not that simple."""
    first, others = content.elements[0], content.elements[1:]
    if first.name != "vertex" or _lists(first) or any(_lists(element) for element in others):
        return None
    start = re.search(rb"end_header[ \t]*(\r\n|\n|\r)", data).end()
    body = data[start:]
    if content.text:
        if b"\r" in body.replace(b"\r\n", b"\n"):
            return None
        return data[:start] + lines_without_points(body, first.data, gone, valid)
    size = first.data.nbytes
    if body[:size] != first.data.tobytes():
        return None
    return data[:start] + without_points(first.data, gone, valid).tobytes() + body[size:]


def _without_references(element: plyfile.PlyElement, gone: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the rows of a range grid or of faces, without those that name a removed vertex."""
    names, grid = _lists(element), element.name == "range_grid"
    if not grid and (len(names) != 1 or names[0] not in _FACE_LISTS):
        raise InputError(
            element.name, "", "this element of the file may name points that were removed", "save as .npz instead"
        )
    rows = element.data
    lists = [np.asarray(entry, dtype=np.int64) for entry in rows[names[0]]]
    if any(np.any((entry < 0) | (entry >= len(gone))) for entry in lists):
        raise InputError(element.name, "", "it names vertices that are not there", _EXPORT_AGAIN)
    stay = np.array([not gone[entry].any() for entry in lists], dtype=bool)
    result = np.empty(len(rows), dtype=[(n, object if n in names else rows.dtype[n]) for n in rows.dtype.names])
    for name in rows.dtype.names:
        if name != names[0]:
            result[name] = rows[name]
    for row, entry in enumerate(lists):
        kind = np.asarray(rows[names[0]][row]).dtype
        result[names[0]][row] = place[entry if stay[row] else entry[:0]].astype(kind)
    return result if grid else result[stay]
