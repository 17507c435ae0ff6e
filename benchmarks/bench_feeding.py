"""Time how many clouds a second workers make: threads against processes, for three kinds of work.

    python benchmarks/bench_feeding.py [--json FILE] [--most 4] [--clouds 24] [--rounds 100] [--fresh]

The work on one cloud is one of three. *disk* waits 4 ms and computes nothing, as a thread does that reads from a slow
disk. *numpy* finds the distance from each of 512 points to its nearest neighbours with large array operations, during
which NumPy lets other threads run. *python* parses a mesh in OFF's notation word by word, in Python loops. A batch of
two clouds is one task, as a batch is for Keras. With 0 workers the main thread makes all batches itself. Processes are
started with "spawn", and are warm before the clock runs; what the start takes is written down too. All settings take
turns, round by round, in changing order. Rounds are short and many, with a pause before each, and the best of each
setting counts: whatever else the machine does can only slow it down. A second run on the same machine adds its rounds
to those of the file (--fresh: begins anew). ``cores`` is the processor time of all workers in the best round divided by
its seconds: how many cores they kept busy, which tells a machine without a free core from workers that stood in each
other's way.

On Linux it starts itself again with an allocator that keeps what it has got. By default glibc gives the memory of large
arrays back after each use and asks for it anew, page by page, in a process's main thread and not in others: that alone
made one worker thread twice as fast as no worker.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"  # the workers are what is measured, not threads inside NumPy's libraries

import argparse  # noqa: E402
import contextlib  # noqa: E402
import json  # noqa: E402
import multiprocessing  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor  # noqa: E402
from pathlib import Path  # noqa: E402

import numpy as np  # noqa: E402

from pcfilter_lib import results  # noqa: E402

HERE = Path(__file__).parent
EXAMPLE = results.path("feeding")
KINDS, BATCH, WAIT, POINTS = ("disk", "numpy", "python"), 2, 0.004, 512


def work(kind: str, number: int) -> np.ndarray:
    """Make one cloud's worth of data."""
    random = np.random.default_rng(number)
    if kind == "disk":
        time.sleep(WAIT)
        return np.zeros(3)
    if kind == "numpy":
        cloud = random.random((3, POINTS), np.float32)
        squares = sum((axis[:, None] - axis[None, :]) ** 2 for axis in cloud)
        return np.sqrt(np.partition(squares, 8, axis=1)[:, :9]).mean(axis=1)
    text = _mesh_text()
    return np.array([[float(word) for word in line.split()] for line in text.split("\n")])


def batch(kind: str, number: int) -> float:
    """Make a batch, and return the processor seconds that it took."""
    begin = time.thread_time()
    for row in range(BATCH):
        work(kind, number * BATCH + row)
    return time.thread_time() - begin


def timed(pool: Executor | None, kind: str, clouds: int) -> tuple[float, float]:
    """Return the seconds for so many clouds, and the processor seconds of all workers."""
    time.sleep(0.03)
    numbers, do = range(clouds // BATCH), pool.map if pool else map
    begin = time.perf_counter()
    processor = sum(do(batch, [kind] * len(numbers), numbers))
    return time.perf_counter() - begin, processor


def measure(most: int, clouds: int, rounds: int) -> tuple[list[dict], float]:
    """Return the best round of each setting, and the seconds that one process takes to start."""
    spawn = multiprocessing.get_context("spawn")
    with contextlib.ExitStack() as stack:
        pools: dict[tuple[str, int], Executor | None] = {("none", 0): None}
        start = 0.0
        for workers in range(1, most + 1):
            pools["threads", workers] = stack.enter_context(ThreadPoolExecutor(workers))
            begin = time.perf_counter()
            processes = stack.enter_context(ProcessPoolExecutor(workers, mp_context=spawn))
            pools["processes", workers] = processes
            list(processes.map(batch, ["disk"] * 4 * workers, range(4 * workers)))  # all of them are up
            start = start or time.perf_counter() - begin - 4 * BATCH * WAIT
        best: dict[tuple[str, str, int], tuple[float, float]] = {}
        for turn in range(rounds):
            settings = [(kind, *key) for kind in KINDS for key in pools]
            for kind, how, workers in np.random.default_rng(turn).permutation(np.array(settings, object)):
                found = timed(pools[how, workers], kind, clouds)
                best[kind, how, workers] = min(found, best.get((kind, how, workers), found))
            print(f"\rround {turn + 1} of {rounds}", end="\n" if turn + 1 == rounds else "", flush=True)
    rows = []
    for (kind, how, workers), (seconds, processor) in sorted(best.items()):
        row = {"work": kind, "by": how, "workers": workers, "clouds_per_second": round(clouds / seconds, 1)}
        rows.append(row | {"cores": round(processor / seconds, 2)})
    return rows, start


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=EXAMPLE, help="file for the results")
    parser.add_argument("--most", type=int, default=4, help="workers")
    parser.add_argument("--clouds", type=int, default=24, help="clouds in a round, an even number")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--fresh", action="store_true", help="forget the rounds in the file")
    options = parser.parse_args()
    from pcfilter_lib.provenance import provenance  # only here: the processes that are started do not need it

    before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    rows, start = measure(options.most, options.clouds, options.rounds)
    result = {
        "made_by": "benchmarks/bench_feeding.py",
        "provenance": provenance("numpy"),
        "load_before": before,
        "clouds_in_a_round": options.clouds,
        "rounds": options.rounds,
        "wait_for_the_disk": WAIT,
        "seconds_to_start_a_process": round(start, 2),
        "rows": rows,
    }
    known = json.loads(options.json.read_text()) if options.json.exists() and not options.fresh else result
    if known is not result and _setting(known) == _setting(result):
        best = {_key(row): row for row in known["rows"]}
        for row in rows:
            if row["clouds_per_second"] > best[_key(row)]["clouds_per_second"]:
                best[_key(row)] = row
        result["rows"] = rows = list(best.values())
        result["rounds"] += known["rounds"]
        name = "seconds_to_start_a_process"
        result[name] = min(result[name], known[name])
    options.json.write_text(json.dumps(result, indent=1) + "\n")
    for kind in KINDS:
        for how in ("none", "threads", "processes"):
            rates = [row["clouds_per_second"] for row in rows if (row["work"], row["by"]) == (kind, how)]
            print(f"{kind:7} {how:10}", *(f"{rate:7.0f}" for rate in rates), "clouds/s")
    return 0


def _key(row: dict) -> tuple:
    return row["work"], row["by"], row["workers"]


def _setting(result: dict) -> tuple:
    place = result["provenance"]
    return place["machine"], place["python"], place["versions"], result["clouds_in_a_round"], len(result["rows"])


def _mesh_text() -> str:
    if not _TEXT:
        _TEXT.append("\n".join(f"{a:.6f} {b:.6f} {c:.6f}" for a, b, c in np.random.default_rng(0).random((4000, 3))))
    return _TEXT[0]


_TEXT: list[str] = []
_KEEP = {"MALLOC_TRIM_THRESHOLD_": str(2**30), "MALLOC_MMAP_THRESHOLD_": str(2**30)}  # bytes; read as a process starts

if __name__ == "__main__":
    if sys.platform == "linux" and not _KEEP.items() <= os.environ.items():
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | _KEEP)
    sys.exit(main())
