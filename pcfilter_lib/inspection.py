"""What is in a file: for the ``pcfilter`` command, and for programs that want to know before they load."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data.scan_io import SCAN_SUFFIXES
from pcfilter_lib.data.scan_units import UNITS
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

_MESH_SUFFIXES = (".off", ".stl", ".obj")
_CLOUD_SUFFIXES = (".xyz", ".xyzn", ".xyzrgb", ".pts", ".asc")
_TEXT_SUFFIXES = (".txt", ".csv")  # points when named; in a folder more likely somebody's notes
#: The files of a folder that are looked at.
KNOWN_SUFFIXES = (*SCAN_SUFFIXES, *_MESH_SUFFIXES, *_CLOUD_SUFFIXES)


def find_files(
    paths: Iterable[Path], suffixes: tuple[str, ...] = KNOWN_SUFFIXES, leave_out: Path | None = None
) -> tuple[list[Path], list[InputError]]:
    """Return the files that the user means: a folder stands for all files of a known format below it.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files and folders, as given.
    suffixes : tuple of str, optional
        How the files of a folder end.
    leave_out : pathlib.Path, optional
        A folder that is not looked into.

    Returns
    -------
    files : list of pathlib.Path
        In the order of `paths`, sorted within a folder. Hidden files of a folder are left out.
    errors : list of InputError
        One for each folder that cannot be read or has no such file.
    """
    files, errors = [], []
    for path in paths:
        if not os.path.isdir(path):
            files.append(path)
            continue
        unreadable: list[OSError] = []
        found = []
        for folder, folders, names in os.walk(path, onerror=unreadable.append):
            if leave_out is not None:
                folders[:] = [name for name in folders if Path(folder, name).resolve() != leave_out.resolve()]
            wanted = [name for name in names if not name.startswith(".") and Path(name).suffix.lower() in suffixes]
            found += [Path(folder, name) for name in wanted]
        files += sorted(found)
        for error in unreadable:
            problem = f"this folder cannot be read ({error.strerror})"
            errors.append(InputError(error.filename, "", problem, "check its permissions"))
        if not found and not unreadable:
            problem = f"no file in this folder ends in {', '.join(suffixes)}"
            errors.append(InputError(path, "", problem, "check the path"))
    return files, errors


def describe(path: Path, **options: Any) -> dict[str, Any]:
    """Return what is in a file, as JSON can hold it.

    Parameters
    ----------
    path : pathlib.Path
        A mesh, a point cloud or an organised scan.
    **options
        Passed on to :func:`pcfilter_lib.data.load_scan` where the file is a scan; `depth_scale` for depth images only.

    Returns
    -------
    dict
        ``file``, ``kind``, ``format``, ``unit``, ``bounds`` (two corners, or None without points), and ``shape``,
        ``points``, ``valid_share``, ``fields`` or ``vertices``, ``faces``, according to the kind.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    from pcfilter_lib import data

    suffix = path.suffix.lower()
    if not os.path.exists(path):
        read_bytes(path)  # raises what says why
    if os.path.getsize(path) == 0:
        raise InputError(path, "", "it is empty (0 bytes)", "copy or export it again")
    if suffix not in (*KNOWN_SUFFIXES, *_TEXT_SUFFIXES):
        problem = f"{suffix or 'a name without extension'} is no format known here"
        raise InputError(path, "", problem, f"use one of {', '.join((*KNOWN_SUFFIXES, *_TEXT_SUFFIXES))}")
    if suffix not in (".png", ".tif", ".tiff"):
        options.pop("depth_scale", None)
    kind = _kind(path, given_shape=options.get("shape") is not None)
    report: dict[str, Any] = {"file": str(path), "kind": kind, "format": path.suffix.lower().lstrip(".")}
    if kind == "organised scan":
        scan = data.load_scan(path, **options)
        held = ("intensity", "normals", "label", "intrinsics", "distortion", "offset")
        report |= {
            "shape": list(scan.shape),
            "points": len(scan.points),
            "valid_share": float(scan.valid.mean()),
            "unit": _unit_name(scan._origin.metres_per_unit),
            "fields": ["xyz"] + [name for name in held if getattr(scan, name) is not None] + list(scan.extras),
        }
        points = scan.points
    elif kind == "mesh":
        mesh = data.load_mesh(path)
        report |= {"vertices": len(mesh.vertices), "faces": len(mesh.faces), "unit": "not stated"}
        points = mesh.vertices
    else:
        points = data.load_cloud(path)
        report |= {"points": len(points), "unit": "not stated"}
    points = points[np.isfinite(points).all(axis=1)]
    report["bounds"] = [points.min(axis=0).tolist(), points.max(axis=0).tolist()] if len(points) else None
    return report


def _kind(path: Path, given_shape: bool) -> str:
    suffix = path.suffix.lower()
    if suffix == ".off":
        from pcfilter_lib.data.formats.off import read_off

        return "mesh" if len(read_off(path)[1]) else "point cloud"
    if suffix in _MESH_SUFFIXES:
        return "mesh"
    if suffix not in SCAN_SUFFIXES:
        return "point cloud"
    if suffix == ".pcd" and not given_shape:
        from pcfilter_lib.data.formats.pcd import read_pcd

        file = read_pcd(path)
        return "organised scan" if min(file.height, file.width) > 1 else "point cloud"
    if suffix == ".ply" and not given_shape:
        from pcfilter_lib.data.formats.ply import read_ply

        content = read_ply(path)
        if "range_grid" in content or any(line.startswith("num_rows") for line in content.obj_info):
            return "organised scan"
        return "mesh" if "face" in content and len(content["face"].data) else "point cloud"
    if suffix == ".npz":
        from pcfilter_lib.data.formats.scan_npz import read_arrays

        xyz = read_arrays(path, read_bytes(path)).get("xyz")
        return "organised scan" if xyz is not None and xyz.ndim == 3 else "point cloud"
    return "organised scan"


def _unit_name(metres: float) -> str:
    names = {scale: name for name, scale in UNITS.items()}
    return names.get(metres, f"1/{1 / metres:g} m")


def as_text(report: dict[str, Any]) -> str:
    """Write what :func:`describe` returns as a few lines for people."""
    size = f"{report['shape'][0]} x {report['shape'][1]} pixels" if "shape" in report else ""
    if "vertices" in report:
        size = f"{report['vertices']:,} vertices, {report['faces']:,} faces"
    elif "valid_share" in report:
        measured = round(report["valid_share"] * 100, 1)
        size += f", {report['points']:,} points ({measured:.1f} % measured, {100 - measured:.1f} % holes)"
    else:
        size = f"{report['points']:,} points"
    unit = report["unit"] + (" in the file" if "shape" in report else "")
    lines = [f"{report['file']}: {report['kind']}, {report['format']}", f"  size    {size}", f"  unit    {unit}"]
    if report["bounds"]:
        shown = " x ".join(f"[{low:.4g}, {high:.4g}]" for low, high in zip(*report["bounds"], strict=True))
        lines.append(f"  bounds  {shown}{' m' if 'shape' in report else ''}")
    else:
        lines.append("  bounds  no points")
    if "fields" in report:
        lines.append(f"  fields  {', '.join(report['fields'])}")
    return "\n".join(lines)
