"""The ``pcfilter`` command."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pcfilter_lib
from pcfilter_lib.errors import InputError

_MESH_SUFFIXES = (".off", ".stl", ".obj")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What stands behind ``pcfilter`` on the command line. By default, what does.

    Returns
    -------
    int
        0 if all went well, 1 if a file could not be used. Wrong options end the program with 2.
    """
    parser = argparse.ArgumentParser(prog="pcfilter", description="Remove artefacts from 3D scans.")
    parser.add_argument("--version", action="version", version=f"pcfilter {pcfilter_lib.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_info(commands)
    options = parser.parse_args(arguments)
    return options.run(options)


def _add_info(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "info",
        help="say what is in files",
        description="Say what is in meshes, point clouds and organised scans. Nothing is written.",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", type=Path)
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    add_scan_options(parser)
    parser.set_defaults(run=_info)


def add_scan_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what scan files do not; :func:`scan_options` collects them."""
    parser.add_argument("--shape", nargs=2, type=int, metavar=("ROWS", "COLUMNS"), help="grid of a PLY or flat PCD")
    parser.add_argument("--intrinsics", metavar="JSON", help="camera of a depth image, as Open3D writes it")
    parser.add_argument("--unit", help="unit of the numbers: m, cm, mm, um or in")
    parser.add_argument("--depth-scale", type=float, metavar="N", help="units per metre of a depth image")


def scan_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of :func:`pcfilter_lib.data.load_scan` that the user gave."""
    return {name: getattr(options, name) for name in ("shape", "intrinsics", "unit", "depth_scale")}


def _info(options: argparse.Namespace) -> int:
    reports, failed = [], False
    for path in options.files:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                report = describe(path, **scan_options(options))
            except InputError as error:
                report = {"file": str(path), "error": str(error)}
        failed |= "error" in report
        reports.append(report)
        for warning in caught:
            if issubclass(warning.category, UserWarning):
                print(f"warning: {warning.message}", file=sys.stderr)
        if "error" in report:
            print(f"error: {report['error']}", file=sys.stderr)
        elif not options.json:
            print(_as_text(report))
    if options.json:
        print(json.dumps(reports, indent=2))
    return int(failed)


def describe(path: Path, **options: Any) -> dict[str, Any]:
    """Return what is in a file, as JSON can hold it.

    Parameters
    ----------
    path : pathlib.Path
        A mesh, a point cloud or an organised scan.
    **options
        Passed on to :func:`pcfilter_lib.data.load_scan` where the file is a scan.

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
    from pcfilter_lib.data.scan_io import SCAN_SUFFIXES

    suffix = path.suffix.lower()
    if suffix in _MESH_SUFFIXES:
        return "mesh"
    if suffix not in SCAN_SUFFIXES:
        return "point cloud"
    if suffix == ".pcd" and not given_shape:
        from pcfilter_lib.data.pcd import read_pcd

        return "organised scan" if read_pcd(path).height > 1 else "point cloud"
    if suffix == ".ply" and not given_shape:
        from pcfilter_lib.data.ply import read_ply

        content = read_ply(path)
        if "range_grid" in content or any(line.startswith("num_rows") for line in content.obj_info):
            return "organised scan"
        return "mesh" if "face" in content and len(content["face"].data) else "point cloud"
    if suffix == ".npz":
        from pcfilter_lib._files import read_bytes
        from pcfilter_lib.data.scan_npz import read_arrays

        xyz = read_arrays(path, read_bytes(path)).get("xyz")
        return "organised scan" if xyz is not None and xyz.ndim == 3 else "point cloud"
    return "organised scan"


def _unit_name(metres: float) -> str:
    from pcfilter_lib.data.scan_units import UNITS

    names = {scale: name for name, scale in UNITS.items()}
    return names.get(metres, f"1/{1 / metres:g} m")


def _as_text(report: dict[str, Any]) -> str:
    size = f"{report['shape'][0]} x {report['shape'][1]} pixels" if "shape" in report else ""
    if "vertices" in report:
        size = f"{report['vertices']:,} vertices, {report['faces']:,} faces"
    elif "valid_share" in report:
        size += f", {report['points']:,} points ({report['valid_share'] * 100:.1f} % valid)"
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
