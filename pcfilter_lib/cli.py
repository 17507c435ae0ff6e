"""The ``pcfilter`` command."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import re
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import pcfilter_lib
from pcfilter_lib._files import read_bytes
from pcfilter_lib.data.scan_io import SCAN_SUFFIXES
from pcfilter_lib.data.scan_units import UNITS
from pcfilter_lib.errors import InputError

_MESH_SUFFIXES = (".off", ".stl", ".obj")
_CLOUD_SUFFIXES = (".xyz", ".xyzn", ".xyzrgb", ".pts", ".asc")
_TEXT_SUFFIXES = (".txt", ".csv")  # points when named; in a folder more likely somebody's notes
KNOWN_SUFFIXES = (*SCAN_SUFFIXES, *_MESH_SUFFIXES, *_CLOUD_SUFFIXES)

_FEW = 20  # files: more than these are worth a count of progress
_ARGUMENT = re.compile(r"\b(shape|intrinsics|unit|depth_scale)=(?:\(([^)]*)\)|'([^']*)'|([\w.]+))")


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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a file name may hold what the terminal cannot show
    parser = argparse.ArgumentParser(
        prog="pcfilter",
        description="Say what is in 3D scans, point clouds and meshes: size, unit, holes, fields.",
        epilog="Exit status: 0 all went well, 1 a file could not be used, 2 wrong options.",
    )
    parser.add_argument("--version", action="version", version=f"pcfilter {pcfilter_lib.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_info(commands)
    options = parser.parse_args(arguments)
    try:
        status = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read the output, such as head, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        return 130
    return status


def _add_info(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "info",
        help="say what is in files",
        description="Say what is in meshes, point clouds and organised scans. Nothing is written.",
        epilog=f"A folder stands for all files below it that end in {', '.join(KNOWN_SUFFIXES)}. "
        "Exit status: 0 all files were read, 1 a file could not be read, 2 wrong options.",
    )
    parser.add_argument("paths", nargs="+", metavar="FILE", type=Path, help="a file or a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    add_scan_options(parser)
    parser.set_defaults(run=_info)


def add_scan_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what scan files do not; :func:`scan_options` collects them."""
    group = parser.add_argument_group("what a file does not say")
    group.add_argument(
        "--shape", type=_shape, metavar="ROWSxCOLUMNS", help="grid of a PLY or flat PCD, such as 480x640"
    )
    group.add_argument(
        "--intrinsics", type=_camera, metavar="FILE", help="camera of depth images: a JSON file as Open3D writes it"
    )
    unit = group.add_mutually_exclusive_group()
    unit.add_argument("--unit", choices=tuple(UNITS), help="unit of the numbers in scans")
    unit.add_argument(
        "--depth-scale", type=_positive, metavar="N", help="units per metre of depth images; no other file has one"
    )


def scan_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments of :func:`pcfilter_lib.data.load_scan` that the user gave."""
    return {name: getattr(options, name) for name in ("shape", "intrinsics", "unit", "depth_scale")}


def _shape(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9][0-9]{0,8})[xX]([1-9][0-9]{0,8})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not ROWSxCOLUMNS, such as 480x640")
    return int(match[1]), int(match[2])


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not (math.isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is no positive number, such as 1000 for millimetres")
    return number


def _camera(text: str) -> np.ndarray:
    from pcfilter_lib.data.scan_geometry import read_intrinsics

    try:
        return read_intrinsics(text)
    except InputError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def as_options(message: str) -> str:
    """Return a message of the library with its arguments as options of the command: ``unit='mm'`` as ``--unit mm``.

    Only what follows ``Remedy:`` changes, and the name of an argument at the beginning, which is where
    :class:`pcfilter_lib.errors.InputError` puts what the message is about.
    """

    def option(match: re.Match) -> str:
        name, several, text, plain = match.groups()
        value = "x".join(part.strip().upper() for part in several.split(",")) if several else text or plain
        return f"--{name.replace('_', '-')} {value}"

    problem, mark, remedy = message.rpartition("Remedy: ")
    problem = re.sub(r"^(shape|intrinsics|unit|depth_scale)(?=: )", lambda m: "--" + m[1].replace("_", "-"), problem)
    return problem + mark + _ARGUMENT.sub(option, remedy)


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[InputError]]:
    """Return the files that the user means: a folder stands for all files of a known format below it.

    Parameters
    ----------
    paths : iterable of pathlib.Path
        Files and folders, as given.

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
        found = [
            Path(folder, name)
            for folder, _, names in os.walk(path, onerror=unreadable.append)
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in KNOWN_SUFFIXES
        ]
        files += sorted(found)
        for error in unreadable:
            problem = f"this folder cannot be read ({error.strerror})"
            errors.append(InputError(error.filename, "", problem, "check its permissions"))
        if not found and not unreadable:
            problem = f"no file in this folder ends in {', '.join(KNOWN_SUFFIXES)}"
            errors.append(InputError(path, "", problem, "check the path"))
    return files, errors


class Progress:
    """A line on the terminal, ``12 of 340 files``; nothing for a few files, or where stderr is no terminal."""

    def __init__(self, total: int):
        self.total, self.done, self.line = total, 0, ""
        self.wanted = total > _FEW and sys.stderr.isatty()

    def step(self) -> None:
        """Show that the next file begins."""
        self.done += 1
        if self.wanted:
            self.clear()
            self.line = f"{self.done} of {self.total} files"
            print(self.line, end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, so that something else can be printed there."""
        if self.line:
            print(f"\r{' ' * len(self.line)}\r", end="", file=sys.stderr, flush=True)
            self.line = ""


def _info(options: argparse.Namespace) -> int:
    files, errors = find_files(options.paths)
    reports = []
    for error in errors:
        reports.append({"file": error.source, "error": str(error)})
        print(f"error: {error}", file=sys.stderr)
    progress = Progress(len(files))
    for path in files:
        progress.step()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                report = describe(path, **scan_options(options))
            except InputError as error:
                report = {"file": str(path), "error": as_options(str(error))}
        reports.append(report)
        progress.clear()
        for warning in caught:
            if issubclass(warning.category, UserWarning):
                print(f"warning: {as_options(str(warning.message))}", file=sys.stderr)
        if "error" in report:
            print(f"error: {report['error']}", file=sys.stderr)
        elif not options.json:
            print(_as_text(report))
    if options.json:
        print(json.dumps(reports, indent=2))
    return int(any("error" in report for report in reports))


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
        from pcfilter_lib.data.off import read_off

        return "mesh" if len(read_off(path)[1]) else "point cloud"
    if suffix in _MESH_SUFFIXES:
        return "mesh"
    if suffix not in SCAN_SUFFIXES:
        return "point cloud"
    if suffix == ".pcd" and not given_shape:
        from pcfilter_lib.data.pcd import read_pcd

        file = read_pcd(path)
        return "organised scan" if min(file.height, file.width) > 1 else "point cloud"
    if suffix == ".ply" and not given_shape:
        from pcfilter_lib.data.ply import read_ply

        content = read_ply(path)
        if "range_grid" in content or any(line.startswith("num_rows") for line in content.obj_info):
            return "organised scan"
        return "mesh" if "face" in content and len(content["face"].data) else "point cloud"
    if suffix == ".npz":
        from pcfilter_lib.data.scan_npz import read_arrays

        xyz = read_arrays(path, read_bytes(path)).get("xyz")
        return "organised scan" if xyz is not None and xyz.ndim == 3 else "point cloud"
    return "organised scan"


def _unit_name(metres: float) -> str:
    names = {scale: name for name, scale in UNITS.items()}
    return names.get(metres, f"1/{1 / metres:g} m")


def _as_text(report: dict[str, Any]) -> str:
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
