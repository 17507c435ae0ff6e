"""``pcfilter info``: say what is in files."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib.cli._scan_options import add_scan_options, as_options, scan_options
from pcfilter_lib.errors import InputError
from pcfilter_lib.inspection import KNOWN_SUFFIXES, as_text, describe, find_files

_FEW = 20  # files: more than these are worth a progress bar


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = "Say what is in meshes, point clouds and organised scans. Nothing is written."
    parser.epilog = (
        f"A folder stands for all files below it that end in {', '.join(KNOWN_SUFFIXES)}. "
        "Exit status: 0 all files were read, 1 a file could not be read, 2 wrong options."
    )
    parser.add_argument("paths", nargs="+", metavar="FILE", type=Path, help="a file or a folder")
    parser.add_argument("--json", action="store_true", help="print one JSON list instead of text")
    add_scan_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
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
