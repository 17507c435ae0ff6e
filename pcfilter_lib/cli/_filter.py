"""``pcfilter filter``: remove artefacts from scans."""

from __future__ import annotations

import argparse
import math
import sys
import warnings
from collections import Counter
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib import filters
from pcfilter_lib.cli._scan_options import add_scan_options, as_options, filter_name, scan_options
from pcfilter_lib.errors import InputError

#: What a warning says about a file, for the count at the end.
_DOUBTS = {
    filters.CameraWarning: "not quite as their camera should have measured them",
    filters.UnfamiliarScanWarning: "outside of what the filter was fitted to",
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = (
        "Remove artefacts from organised scans. Each file is written to another folder, in its own format and unit, "
        "with everything else that it holds."
    )
    parser.epilog = (
        "Interrupt it at any time: the same command goes on with the files that are missing. "
        "Exit status: 0 all files were filtered, 1 a file could not be used, 2 wrong options."
    )
    parser.add_argument("paths", nargs="+", metavar="FILE", type=Path, help="a scan, or a folder of scans")
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder for the filtered scans")
    parser.add_argument(
        "--filter",
        type=filter_name,
        default=next(iter(filters.FILTERS)),
        help=f"a file that pcfilter tune wrote, or {', '.join(filters.FILTERS)} (%(default)s)",
    )
    parser.add_argument("--threshold", type=_number, metavar="N", help="keep points with this score or more")
    parser.add_argument("--overwrite", action="store_true", help="filter files again that are in DIR already")
    parser.add_argument(
        "--force",
        action="store_true",
        help="filter even scans that the checks refuse: they may be destroyed",
    )
    add_scan_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
    try:
        chosen = filters.load_filter(options.filter)
        if options.threshold is not None:
            chosen = chosen.with_threshold(options.threshold)
        pairs, errors = filters.plan_files(options.paths, options.out)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    failed, done, skipped, points, removed = len(errors), 0, 0, 0, 0
    doubtful: Counter[type[Warning]] = Counter()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loading = scan_options(options)
        results = filters.filter_files(pairs, chosen, options.out, options.overwrite, options.force, **loading)
        progress = tqdm(results, total=len(pairs), unit=" scans", leave=False, disable=None if len(pairs) > 1 else True)
        for result in progress:
            progress.clear()
            for warning in caught:
                if issubclass(warning.category, UserWarning):
                    print(f"warning: {as_options(str(warning.message))}", file=sys.stderr)
            doubtful.update({each.category for each in caught})
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
    for category, what in _DOUBTS.items():
        if doubtful[category]:
            print(f"{doubtful[category]} {what}: see the warnings", file=sys.stderr)
    if skipped:
        print(f"{skipped} were there already; --overwrite filters them again")
    return int(failed > 0)


def _number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isnan(number):
        raise argparse.ArgumentTypeError(f"{text!r} is no number")
    return number
