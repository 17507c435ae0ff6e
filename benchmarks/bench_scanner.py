"""Time the simulated scanner, and count what it makes.

    python benchmarks/bench_scanner.py [--json FILE] [--count 24]

How long a 320x240 scan takes, alone and as one of a set, and fifteen parts to settle; time and memory of a whole
2064x1544 sensor, in a process of its own; and for each preset the measured share of the pixels, the share of artefacts,
and what caused them. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from pcfilter_lib import data, synthesis
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis.scenes.building import build_scene

SCANS_PER_SECOND = 1.0
SETTLING_SECONDS = 0.6
LARGE_SECONDS, LARGE_GIGABYTES = 90.0, 4.0
LARGE = {"width": 2064, "height": 1544}


def large() -> dict[str, float]:
    """Simulate one scan of a whole sensor; to be run in a process of its own."""
    recipe = synthesis.Recipe.preset("workbench").replace(**LARGE)
    start = time.perf_counter()
    synthesis.simulate_scan(recipe, seed=0)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}


def speed(count: int) -> dict[str, float]:
    """Time scans of the preset workbench, one after the other and as a set."""
    recipe = synthesis.Recipe.preset("workbench")
    synthesis.simulate_scan(recipe, seed=0)
    seconds = []
    for seed in range(count):
        start = time.perf_counter()
        synthesis.simulate_scan(recipe, seed=seed)
        seconds.append(time.perf_counter() - start)
    parts = synthesis.Recipe(support="bin", parts=15).draw(0)
    settling = []
    for seed in range(3):
        start = time.perf_counter()
        build_scene(parts, seed)
        settling.append(time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        synthesis.write_set(folder, recipe, 2 * count, processes=2, progress=False)
        whole = time.perf_counter() - start
    return {
        "median seconds": statistics.median(seconds),
        "slowest seconds": max(seconds),
        "seconds to settle 15 parts": min(settling),
        "scans per second": count / sum(seconds),
        "scans per second, a set with 2 processes, start and files included": 2 * count / whole,
    }


def contents(name: str, count: int) -> dict[str, object]:
    """Count what a preset makes; the causes are pooled over all artefacts."""
    scans = [synthesis.simulate_scan(synthesis.Recipe.preset(name), seed) for seed in range(count)]
    valid = np.array([scan.valid.sum() for scan in scans])
    wrong = np.array([(scan.label == 0).sum() for scan in scans])
    causes = sum(np.bincount(scan.extras["cause"].ravel(), minlength=len(data.CAUSES))[1:] for scan in scans)
    shares = causes / max(causes.sum(), 1)
    return {
        "scans": count,
        "valid": float(valid.sum() / sum(scan.valid.size for scan in scans)),
        "artefacts": float(wrong.sum() / valid.sum()),
        "borderline": float(sum(scan.extras["borderline"].sum() for scan in scans) / valid.sum()),
        "causes": dict(zip(data.CAUSES[1:], shares.round(4).tolist(), strict=True)),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results and where they come from to this file")
    parser.add_argument("--count", type=int, default=24, help="scans to time, and scans of each preset to count")
    parser.add_argument("--large-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.large_only:
        print(json.dumps(large()))
        return 0
    result: dict[str, object] = {"speed": speed(options.count)}
    for name, value in result["speed"].items():
        print(f"{value:8.2f}  {name}")
    command = [sys.executable, __file__, "--large-only"]
    result["large"] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{result['large']['seconds']:8.1f}  seconds for {LARGE['width']}x{LARGE['height']}")
    print(f"{result['large']['peak GB']:8.2f}  GB of memory at most")
    result["presets"] = {}
    for name in synthesis.PRESETS:
        result["presets"][name] = found = contents(name, options.count)
        print(f"{name}: valid {found['valid']:.1%}, artefacts {found['artefacts']:.2%} of them, {found['causes']}")
    if options.json:
        packages = ("numpy", "scipy", "open3d", "open3d-cpu")
        text = json.dumps({"provenance": provenance(*packages), **result}, indent=1)
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(text + "\n")
    missed = result["speed"]["scans per second"] < SCANS_PER_SECOND
    missed |= result["speed"]["seconds to settle 15 parts"] > SETTLING_SECONDS
    missed |= result["large"]["seconds"] > LARGE_SECONDS or result["large"]["peak GB"] > LARGE_GIGABYTES
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
