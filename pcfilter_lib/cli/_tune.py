"""``pcfilter tune``: fit a filter to labelled scans of one's own scanner."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

from pcfilter_lib.cli._scan_options import add_scan_options, as_options, scan_options
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.filters.tuning.fit import check_target, tune_filter
from pcfilter_lib.filters.tuning.labelled import LabelledFiles


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's description and its options to its parser."""
    parser.description = (
        "Fit a filter to labelled scans of one scanner, and say what to expect of it. Whole scans are kept aside in "
        "turns to choose the learner and the threshold. Needs pip install 'pcfilter_lib[tune]'; the filter does not."
    )
    parser.epilog = (
        "The filter's file is written at the end, whole or not at all: after an interruption the same command gives "
        "the same file. Exit status: 0 the filter was written, 1 something could not be used, 2 wrong options."
    )
    parser.add_argument(
        "paths",
        nargs="+",
        metavar="LABELLED",
        type=Path,
        help="labelled scans, or folders of them (pcfilter label); a folder counts as one scene",
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", type=Path, help="the filter's file, such as mine.filter"
    )
    parser.add_argument(
        "--keep", type=_share, metavar="SHARE", help="of the true geometry, such as 0.99 (best balance)"
    )
    parser.add_argument(
        "--clean",
        metavar="DIR",
        type=Path,
        help="scans cleaned by hand, named as LABELLED: what they lack is an artefact",
    )
    add_scan_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command, and return its exit status."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", UserWarning)
        warnings.showwarning = lambda message, *_: print(f"warning: {as_options(str(message))}", file=sys.stderr)
        try:
            check_target(options.out)
            files = LabelledFiles.found(options.paths, options.clean, **scan_options(options))
            tuning = tune_filter(files, files.scenes, options.keep, origin=files.names)
            tuning.save(options.out)
        except (InputError, MissingExtraError) as error:
            print(f"error: {as_options(str(error))}", file=sys.stderr)
            return 1
    print(f"{options.out}: tuned on {len(files)} scans. On scans that were kept aside:\n")
    print(tuning.expectation)
    print(f"\nUse it: pcfilter filter SCANS --filter {options.out} --out CLEANED")
    return 0


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share between 0 and 1, such as 0.99")
    return share
