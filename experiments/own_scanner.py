"""Run the three commands for owners of scanners on real scans, and record what they print, cost and promise.

    python experiments/own_scanner.py --kinect FOLDER --phoxi SCAN SCAN --work FOLDER [--write]

The Kinect folder holds 200 posed depth images (every fifth of 1,000 frames of the 7-Scenes data set). `pcfilter label`
labels them, `pcfilter tune` is fitted to the first 160 with its defaults, and the last 40, which choose nothing, are
the test. The two PhoXi scans were cleaned by hand. Only numbers leave the scans. They go to
pcfilter_lib/results/own_scanner.json, which the chapter *A filter for your own scanner* reads. Interrupt it at any
time: the same command goes on with the commands that are missing in the working folder.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from pcfilter_lib import data, filters, results
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.tuning.expectation import Expectation
from pcfilter_lib.filters.tuning.labelled import LabelledFiles
from pcfilter_lib.provenance import provenance

RESULT = results.path("own_scanner")
TESTED = 40  # of the frames, the last ones
BLOCKS = 4  # rows and columns of blocks of a PhoXi scan
PHOXI_NAMES = ("004", "006")
# Where the files lie on this machine is nobody's business.
_FOLDERS = re.compile(r"(?:\.{1,2}|~)?(?:/[^\s/]+)+/|\.\./")


def timed(work: Path, name: str, *words: str | Path) -> dict[str, Any]:
    """Run a command of pcfilter unless it has run, and return its output, its seconds and its peak memory."""
    record = work / f"{name}.json"
    if not record.exists():
        code = "import sys; from pcfilter_lib.cli import main; sys.exit(main())"
        start = time.monotonic()
        with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as warned:
            process = subprocess.Popen([sys.executable, "-c", code, *map(str, words)], stdout=said, stderr=warned)
            memory = _watched(process)
            seconds = time.monotonic() - start
            lines = []
            for stream in (said, warned):
                stream.seek(0)
                lines.append(_FOLDERS.sub("", stream.read()).replace("\r", "\n").splitlines())
        if process.returncode:
            raise SystemExit(f"pcfilter {name} failed: {lines[1][-1]}")
        content = {
            "printed": lines[0],
            "warnings": [line for line in lines[1] if line.startswith("warning: ")],
            "seconds": round(seconds, 1),
            "peak memory, MB": round(memory / 2**20),
        }
        record.write_text(json.dumps(content, indent=1))
    return json.loads(record.read_text())


def _usable(path: Path) -> list[str]:
    """Return the filters that were not tuned, without those that need what the scan does not tell, as modulation."""
    scan, names = data.load_scan(path), []
    for name in filters.FILTERS:
        try:
            filters.load_filter(name).score(scan)
            names.append(name)
        except InputError:
            pass
    return names


def _watched(process: subprocess.Popen) -> int:
    """Wait for a process, and return the most that it and its children held, bytes."""
    most = 0
    while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
        most = max(most, _memory(psutil.Process(process.pid)))
        time.sleep(0.5)
    process.returncode = os.waitstatus_to_exitcode(ended[1])
    return max(most, ended[2].ru_maxrss * 1024)  # a short process ends before it is looked at again


def _memory(process: psutil.Process) -> int:
    """Return what a process and its children hold, bytes; what they share counts once."""
    total = 0
    try:
        for one in (process, *process.children(recursive=True)):
            total += one.memory_full_info().pss
    except psutil.NoSuchProcess:
        pass  # it ended in between
    return total


def kinect(folder: Path, work: Path) -> dict[str, Any]:
    """Label, tune and evaluate, and return what each command said."""
    said = {"label": timed(work, "label", "label", folder, "--out", work / "labelled")}
    files = sorted((work / "labelled").glob("*.npz"))
    parts = {"tuned on": files[:-TESTED], "kept aside": files[-TESTED:]}
    for name, some in parts.items():
        (work / name).mkdir(exist_ok=True)
        for file in some:
            link = work / name / file.name
            if not link.exists():
                shutil.copy(file, link)
    mine = work / "mine.filter"
    said["tune"] = timed(work, "tune", "tune", work / "tuned on", "--out", mine)
    chosen = [word for name in (mine, *_usable(files[0])) for word in ("--filter", name)]
    said["evaluate"] = timed(
        work, "evaluate", "evaluate", *chosen, work / "kept aside", "--json", work / "evaluated.json"
    )
    evaluated = json.loads((work / "evaluated.json").read_text())["filters"]
    return {
        "frames": {name: len(some) for name, some in parts.items()},
        "labels": _label_counts(files),
        "commands": said,
        "expected": filters.load_filter(mine).card["expectation"],
        "evaluated": {("tuned" if name == str(mine) else name): each for name, each in evaluated.items()},
    }


def phoxi(paths: list[Path]) -> dict[str, Any]:
    """Tune on two scans, and return what keeping one aside, or blocks of both, promises."""
    scans = dict(zip(PHOXI_NAMES, (data.load_scan(path) for path in paths), strict=True))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        both = filters.tune_filter(list(scans.values()), progress=False)
    found = {
        "warnings": [f"{each.category.__name__}: {each.message}" for each in warned],
        "learner": both.filter.card["learner"],
        "one scan, the other kept aside": both.expectation.to_dict(),
        "blocks of both, neighbours left out": _by_blocks(list(scans.values())).to_dict(),
    }
    for name, scan in scans.items():
        reports = [one.check(scan) for one in (filters.load_filter("artefact-unet"), both.filter)]
        found[f"findings on {name}"] = [[finding.kind for finding in report.findings] for report in reports]
    return found


def _by_blocks(scans: list[data.OrganizedScan]) -> Expectation:
    """Return what blocks promise: each is scored by a filter that saw neither it nor the blocks around it."""
    scores, labels, places = [], [], []
    for number, scan in enumerate(scans):
        block = _blocks(scan)
        for row in range(BLOCKS):
            for column in range(BLOCKS):
                around = (abs(block[0] - row) <= 1) & (abs(block[1] - column) <= 1)
                here = (block[0] == row) & (block[1] == column)
                some = [_unlabelled(each, around) if each is scan else each for each in scans]
                scored = filters.tune_filter(some, progress=False).filter.score(scan)
                known = here & (scan.label != data.UNLABELLED)
                scores.append(scored[known])
                labels.append(scan.label[known])
                places.append(np.full(known.sum(), number * BLOCKS**2 + row * BLOCKS + column))
    scores, labels, places = map(np.concatenate, (scores, labels, places))
    return Expectation.of(scores, labels, np.ones(len(labels)), places)


def _blocks(scan: data.OrganizedScan) -> tuple[np.ndarray, np.ndarray]:
    """Return the row and the column of the block in which each pixel lies; blocks share the measured part."""
    rows, columns = np.indices(scan.shape)
    edges = [np.quantile(each[scan.valid], np.linspace(0, 1, BLOCKS + 1)[1:-1]) for each in (rows, columns)]
    return tuple(np.searchsorted(edge, each) for edge, each in zip(edges, (rows, columns), strict=True))


def _unlabelled(scan: data.OrganizedScan, where: np.ndarray) -> data.OrganizedScan:
    return dataclasses.replace(scan, label=np.where(where, data.UNLABELLED, scan.label).astype(np.uint8))


def _label_counts(paths: list[Path]) -> dict[str, int]:
    counts = np.zeros(256, np.int64)
    measured = 0
    for scan in LabelledFiles.found(paths):
        counts += np.bincount(scan.label.ravel(), minlength=256)
        measured += int(scan.valid.sum())
    return {"measured": measured, "true geometry": int(counts[1]), "artefacts": int(counts[0])}


def main() -> None:
    """Run the commands, and write what they said."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinect", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--phoxi", type=Path, required=True, nargs=2, metavar="SCAN", help="scans 004 and 006")
    parser.add_argument("--work", type=Path, required=True, metavar="FOLDER", help="for files on the way")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    content = {
        "about": "What pcfilter label, tune and evaluate say about real scans, and what tuning promises",
        "made by": "experiments/own_scanner.py",
        "recipe": {"tested": TESTED, "blocks": BLOCKS},
        "provenance": provenance("numpy", "scipy", "scikit-learn", "onnxruntime"),
        "entries": {
            "kinect": kinect(options.kinect, options.work),
            "phoxi": phoxi(options.phoxi),
        },
    }
    print(json.dumps(content["entries"], indent=1))
    if options.write:
        RESULT.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
