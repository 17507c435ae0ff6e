"""Time the learned filter from scan to mask beside Open3D's statistical outlier removal, and measure its memory.

    python benchmarks/bench_filters.py [--json FILE] [--turns 15]

On a simulated scan of 640x480, channels included; the filters take turns, so that what else the machine does falls on
all of them. Beside the time on the clock stands that of the processors, which does not count while others have them.
Memory is the peak of a process of its own that filters a scan of 2064x1544. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open3d

from pcfilter_lib import data, filters, synthesis
from pcfilter_lib.provenance import provenance

SIZE, LARGE = (480, 640), (1544, 2064)
MILLISECONDS, GIGABYTES = 100, 2.0
NEIGHBOURS, DEVIATIONS = 20, 2.0  # Open3D's own example


def race(turns: int) -> dict[str, dict[str, float]]:
    """Time each filter on one scan, in turns."""
    recipe = synthesis.BENCHMARK["test"].recipe.replace(height=SIZE[0], width=SIZE[1])
    scan = synthesis.simulate_scan(recipe, 5)
    points = scan.points.astype(np.float64)

    def remove_outliers() -> None:
        cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
        cloud.remove_statistical_outlier(nb_neighbors=NEIGHBOURS, std_ratio=DEVIATIONS)

    learned, residual = filters.load_filter("artefact-unet"), filters.load_filter("median-residual")
    jobs: dict[str, Callable[[], object]] = {
        "learned filter, scan to mask": lambda: learned.keep(scan),
        "of that, the channels": lambda: filters.scan_channels(scan),
        "Open3D's statistical outlier removal": remove_outliers,
        "median residual": lambda: residual.keep(scan),
    }
    clocks = {"clock": time.perf_counter, "processors": time.process_time}
    spent = {name: {clock: [] for clock in clocks} for name in jobs}
    for turn in range(turns + 2):
        for name, job in jobs.items():
            begin = {clock: read() for clock, read in clocks.items()}
            job()
            for clock, read in clocks.items():
                if turn >= 2:
                    spent[name][clock].append(1000 * (read() - begin[clock]))
    return {
        name: {f"{clock}, median ms": round(statistics.median(times), 1) for clock, times in each.items()}
        | {"clock, least ms": round(min(each["clock"]), 1)}
        for name, each in spent.items()
    }


def large() -> dict[str, float]:
    """Filter a scan of a whole sensor; to be run in a process of its own."""
    generator = np.random.default_rng(0)
    camera = np.array([[1.2 * LARGE[1], 0, LARGE[1] / 2], [0, 1.2 * LARGE[1], LARGE[0] / 2], [0, 0, 1]])
    depth = generator.normal(1, 2e-4, LARGE).astype(np.float32)
    depth[generator.random(LARGE) < 0.1] = np.nan
    scan = data.OrganizedScan(
        xyz=data.backproject(depth, camera),
        intensity=generator.random(LARGE, dtype=np.float32),
        intrinsics=camera,
        extras={"modulation": generator.random(LARGE, dtype=np.float32)},
    )
    begin = time.perf_counter()
    filters.load_filter("artefact-unet").keep(scan)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results and where they come from to this file")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--large-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.large_only:
        print(json.dumps(large()))
        return 0
    times = race(options.turns)
    for name, each in times.items():
        print(f"{name:38}", ", ".join(f"{what} {value:.1f}" for what, value in each.items()))
    command = [sys.executable, __file__, "--large-only"]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    memory = json.loads(finished.stdout.splitlines()[-1])
    print(f"{LARGE[1]}x{LARGE[0]}: {memory['seconds']:.1f} s, {memory['peak GB']:.2f} GB of memory at most")
    if options.json:
        result = {"provenance": provenance("numpy", "onnxruntime", "open3d", "open3d-cpu")}
        result |= {"640x480": times, "2064x1544": memory}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(result, indent=1) + "\n")
    ours, theirs = (each["clock, median ms"] for each in list(times.values())[::2][:2])
    return int(ours > MILLISECONDS or ours > theirs or memory["peak GB"] > GIGABYTES)


if __name__ == "__main__":
    sys.exit(main())
