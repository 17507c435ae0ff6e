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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib.bench.command import add_bench
from pcfilter_lib.data.scan_units import UNITS
from pcfilter_lib.errors import InputError
from pcfilter_lib.inspection import KNOWN_SUFFIXES, as_text, describe, find_files

_FEW = 20  # files: more than these are worth a progress bar
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
        description="Say what is in scans, clouds and meshes, remove artefacts from scans, and measure a machine.",
        epilog="Exit status: 0 all went well, 1 a file could not be used, 2 wrong options.",
    )
    parser.add_argument("--version", action="version", version=f"pcfilter {pcfilter_lib.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_info(commands)
    _add_filter(commands)
    add_bench(commands)
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


def _add_filter(commands: argparse._SubParsersAction) -> None:
    from pcfilter_lib.filters import FILTERS

    parser = commands.add_parser(
        "filter",
        help="remove artefacts from scans",
        description="Remove points that are not there from organised scans. Each file is written to another folder, in "
        "its own format and unit, with everything else that it holds.",
        epilog="Interrupt it at any time: the same command goes on with the files that are missing. "
        "Exit status: 0 all files were filtered, 1 a file could not be used, 2 wrong options.",
    )
    parser.add_argument("paths", nargs="+", metavar="FILE", type=Path, help="a scan, or a folder of scans")
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder for the filtered scans")
    parser.add_argument("--filter", default=next(iter(FILTERS)), choices=tuple(FILTERS), help="%(default)s")
    parser.add_argument("--threshold", type=_number, metavar="N", help="keep points with this score or more")
    parser.add_argument("--overwrite", action="store_true", help="filter files again that are in DIR already")
    add_scan_options(parser)
    parser.set_defaults(run=_filter)


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


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
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


def _info(options: argparse.Namespace) -> int:
    files, errors = find_files(options.paths)
    reports = []
    for error in errors:
        reports.append({"file": error.source, "error": str(error)})
        print(f"error: {error}", file=sys.stderr)
    progress = tqdm(files, unit=" files", leave=False, disable=None if len(files) > _FEW else True)
    for path in progress:
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
            print(as_text(report))
    if options.json:
        print(json.dumps(reports, indent=2))
    return int(any("error" in report for report in reports))


def _filter(options: argparse.Namespace) -> int:
    from pcfilter_lib import filters

    chosen = filters.load_filter(options.filter)
    if options.threshold is not None:
        chosen = chosen.at(options.threshold)
    try:
        pairs, errors = filters.plan_files(options.paths, options.out)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    failed, done, skipped, points, removed = len(errors), 0, 0, 0, 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        results = filters.filter_files(pairs, chosen, options.overwrite, **scan_options(options))
        progress = tqdm(results, total=len(pairs), unit=" scans", leave=False, disable=None if len(pairs) > 1 else True)
        for result in progress:
            progress.clear()
            for warning in caught:
                if issubclass(warning.category, UserWarning):
                    print(f"warning: {as_options(str(warning.message))}", file=sys.stderr)
            caught.clear()
            if result.error:
                failed += 1
                print(f"error: {as_options(str(result.error))}", file=sys.stderr)
            elif result.skipped:
                skipped += 1
            else:
                done, points, removed = done + 1, points + result.points, removed + result.removed
                print(f"{result.target}: {result.removed:,} of {result.points:,} points removed")
    print(f"{done} filtered, {removed:,} of {points:,} points removed" + (f"; {failed} failed" if failed else ""))
    if skipped:
        print(f"{skipped} were there already; --overwrite filters them again")
    return int(failed > 0)
