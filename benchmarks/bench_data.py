"""Time what `pcfilter_lib.data` promises to be quick at, side by side with the libraries that people use.

    python benchmarks/bench_data.py [--json FILE] [--off FILE ...]

Meshes are made here: one of 100,000 vertices and 200,000 triangles, and one as large as a typical mesh of ModelNet10;
`--off` adds files. Each library takes its turn in each round, so that what else the machine does meets all of them
alike; the median counts. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import open3d
import trimesh

from pcfilter_lib import data
from pcfilter_lib.provenance import provenance

OFF_TIMES_TRIMESH = 5.0  # OFF parsing: at least so many times as fast as trimesh
OFF_TIMES_OPEN3D = 1.0
SAMPLING_TIMES_OPEN3D = 1.0
IMPORT_SECONDS = 0.3
PACKAGES = ("numpy", "trimesh", "open3d", "open3d-cpu", "plyfile", "lazy-loader")


def interleaved(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median time of each call in milliseconds."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:  # the first round warms the caches
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def write_off(path: Path, rings: int, columns: int) -> Path:
    """Write a bumpy sphere with six decimals, as ModelNet has them."""
    polar, azimuth = np.meshgrid(
        np.linspace(0.01, np.pi - 0.01, rings), np.linspace(0, 2 * np.pi, columns, endpoint=False)
    )
    radius = 30 + np.sin(9 * polar) * np.cos(7 * azimuth)
    x, y = radius * np.sin(polar) * np.cos(azimuth), radius * np.sin(polar) * np.sin(azimuth)
    vertices = np.stack([x, y, radius * np.cos(polar)], axis=-1).reshape(-1, 3)
    index = np.arange(len(vertices)).reshape(columns, rings)
    a, b = index[:, :-1].ravel(), index[:, 1:].ravel()
    c, d = np.roll(index, -1, 0)[:, :-1].ravel(), np.roll(index, -1, 0)[:, 1:].ravel()
    faces = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    with open(path, "w") as file:
        file.write(f"OFF\n{len(vertices)} {len(faces)} 0\n")
        np.savetxt(file, vertices, fmt="%.6f")
        np.savetxt(file, np.column_stack([np.full(len(faces), 3), faces]), fmt="%d")
    return path


def bench_off(path: Path, rounds: int) -> dict[str, float]:
    calls = {"ours": lambda: data.load_mesh(path), "trimesh": lambda: trimesh.load_mesh(path, process=False)}
    if len(open3d.io.read_triangle_mesh(str(path)).triangles):  # it cannot read headers glued to their counts
        calls["open3d"] = lambda: open3d.io.read_triangle_mesh(str(path))
    return interleaved(calls, rounds)


def bench_sampling(path: Path, rounds: int) -> dict[str, float]:
    """Time 2,048 points from a mesh in memory; `first call` is on a mesh whose areas are not known yet."""
    mesh = data.load_mesh(path)
    other = open3d.geometry.TriangleMesh(
        open3d.utility.Vector3dVector(mesh.vertices), open3d.utility.Vector3iVector(mesh.faces.astype(np.int32))
    )
    fresh = iter([data.Mesh(mesh.vertices, mesh.faces) for _ in range(rounds + 1)])
    calls = {
        "ours": lambda: data.sample_surface(mesh, 2048),
        "open3d": lambda: other.sample_points_uniformly(2048),
        "ours, first call": lambda: data.sample_surface(next(fresh), 2048),
    }
    return interleaved(calls, rounds)


def bench_load_and_sample(path: Path, rounds: int) -> dict[str, float]:
    calls = {"ours": lambda: data.sample_surface(data.load_mesh(path), 2048)}
    if len(open3d.io.read_triangle_mesh(str(path)).triangles):
        calls["open3d"] = lambda: open3d.io.read_triangle_mesh(str(path)).sample_points_uniformly(2048)
    return interleaved(calls, rounds)


def bench_farthest_points(number: int, count: int, rounds: int) -> dict[str, float]:
    points = np.random.default_rng(0).normal(size=(number, 3))
    cloud = open3d.geometry.PointCloud(open3d.utility.Vector3dVector(points))
    calls = {
        "ours": lambda: data.farthest_point_sampling(points, count),
        "open3d": lambda: cloud.farthest_point_down_sample(count),
    }
    return interleaved(calls, rounds)


def bench_import(rounds: int) -> dict[str, float]:
    def run(code: str) -> Callable[[], object]:
        return lambda: subprocess.run([sys.executable, "-c", code], check=True)

    times = interleaved({"python": run("pass"), "ours": run("import pcfilter_lib")}, rounds)
    return times | {"ours, less python": times["ours"] - times["python"]}


def measure(off_files: list[Path], rounds: int) -> list[dict[str, object]]:
    """Return one row for each thing timed: its name, the medians in milliseconds, and the bars it has to clear."""
    rows: list[dict[str, object]] = []

    def add(name: str, times: dict[str, float], **bars: float) -> None:
        ratios = {other: times[other] / times["ours"] for other in bars if other in times}
        missed = [other for other, ratio in ratios.items() if ratio < bars[other]]
        rows.append({"name": name, "ms": times, "ratio": ratios, "bars": bars, "missed": missed})

    with tempfile.TemporaryDirectory() as folder:
        large = write_off(Path(folder, "200,000 triangles"), 250, 400).rename(Path(folder, "200k.off"))
        usual = write_off(Path(folder, "20,000 triangles"), 100, 101).rename(Path(folder, "20k.off"))
        for path in (large, usual, *off_files):
            few = rounds if path.stat().st_size < 2**21 else max(3, rounds // 3)
            bars = {"trimesh": OFF_TIMES_TRIMESH, "open3d": OFF_TIMES_OPEN3D}
            add(f"read {path.name}", bench_off(path, few), **bars)
            add(f"sample 2,048 of {path.name}", bench_sampling(path, rounds), open3d=SAMPLING_TIMES_OPEN3D)
            add(f"read {path.name} and sample 2,048", bench_load_and_sample(path, few), open3d=SAMPLING_TIMES_OPEN3D)
        for number, count in ((2048, 512), (10_000, 1024), (100_000, 1024)):
            name = f"{count} farthest of {number:,} points"
            add(name, bench_farthest_points(number, count, max(3, rounds // 3)), open3d=0)
    times = bench_import(rounds)
    missed = ["0.3 s"] if times["ours"] > 1e3 * IMPORT_SECONDS else []
    rows.append(
        {"name": "import pcfilter_lib", "ms": times, "ratio": {}, "bars": {"seconds": IMPORT_SECONDS}, "missed": missed}
    )
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results and where they come from to this file")
    parser.add_argument("--off", type=Path, nargs="*", default=[], help="more OFF files to read")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    rows = measure(options.off, options.rounds)
    for row in rows:
        times = "  ".join(f"{name} {ms:.2f} ms" for name, ms in row["ms"].items())
        ratios = "  ".join(
            f"{ratio:.1f}x {other}" + (f" (bar {row['bars'][other]:g})" if row["bars"][other] else "")
            for other, ratio in row["ratio"].items()
        )
        print(f"{'MISSED' if row['missed'] else 'ok':7}{row['name']}\n       {times}\n       {ratios}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(
            json.dumps({"provenance": provenance(*PACKAGES), "rounds": options.rounds, "rows": rows}, indent=1)
        )
    return int(any(row["missed"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
