"""``pcfilter label``: let views of one scene label each other's points."""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib import data, filters
from pcfilter_lib.cli._scan_options import add_scan_options, as_options, positive, scan_options
from pcfilter_lib.errors import InputError


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = (
        "Label the points of scans of one scene by each other: what other views look through is an artefact, what they "
        "measured again is true geometry. Each view is written to another folder as .npz, with its labels."
    )
    parser.epilog = (
        "Interrupt it at any time: the same command goes on with the views that are missing. "
        "Exit status: 0 all views were labelled, 1 something could not be used, 2 wrong options."
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="VIEWS",
        type=Path,
        help="a folder of posed scans: depth images with *.pose.txt, a TUM sequence, or scans that hold their poses",
    )
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder for the labelled views")
    parser.add_argument("--poses", metavar="FILE", type=Path, help="camera trajectory: .log or .json, or TUM's .txt")
    parser.add_argument("--tolerance", type=positive, metavar="METRES", help="how far off a true point may be")
    parser.add_argument(
        "--others", type=int, metavar="N", help="views that are asked about each (16; 40 of many if poses are poor)"
    )
    parser.add_argument("--stride", type=int, metavar="N", help="label every so many rows and columns")
    parser.add_argument("--overwrite", action="store_true", help="label views again that are in DIR already")
    add_scan_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
    asked = {name: getattr(options, name) for name in ("tolerance", "others", "stride")}
    points = true = wrong = done = skipped = 0
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: print(f"warning: {as_options(str(message))}", file=sys.stderr)
        try:
            paths = options.paths[0] if len(options.paths) == 1 else options.paths
            views = data.find_views(paths, poses=options.poses, **scan_options(options))
            results = filters.label_files(views, options.out, options.overwrite, os.cpu_count() or 1, **asked)
            for result in tqdm(results, total=len(views), unit=" views", leave=False, disable=None):
                skipped += result.skipped
                done += not result.skipped
                points, true, wrong = points + result.points, true + result.true, wrong + result.artefacts
        except InputError as error:
            print(f"error: {as_options(str(error))}", file=sys.stderr)
            return 1
    print(f"{done} views labelled in {options.out}: {true:,} points true geometry, {wrong:,} artefacts")
    if skipped:
        print(f"{skipped} were there already; --overwrite labels them again")
    return 0
