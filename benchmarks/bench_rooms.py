"""Time a network that labels a whole room in one pass, compared with the same network column by column.

    python benchmarks/bench_rooms.py [--json FILE] [--windows 128]

The room has 100 x 100 x 56 voxels, the network sees 31 x 31 x 31 around each. Column by column, each of the 10,000
columns gets a window of its own of 31 x 31 columns, the whole height at once, in batches of 32; of these windows so
many are timed, and the time of all is their multiple. Both ways take their turns. The numbers have to agree to 1e-5.
Ends with 1 when a bar is missed: 300 times as fast, 3 s and 2 GB for the room.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from pathlib import Path

import numpy as np
from bench_data import interleaved

from pcfilter_lib import data, frameworks, models
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402

DILATIONS, WIDTH, BATCH = (1, 1, 1, 4, 8), 16, 32
BARS = {"times as fast": 300, "room, s": 3.0, "peak memory, GB": 2.0, "largest difference": 1e-5}


def main() -> None:
    """Measure, print, and compare with the bars."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the result there")
    parser.add_argument("--windows", type=int, default=128)
    options = parser.parse_args()
    keras.utils.set_random_seed(0)
    model = models.VoxelContextNet(len(data.ROOM_CLASSES), width=WIDTH, dilations=DILATIONS)
    room = data.load_rooms("test")[0] != data.UNLABELLED
    side = 2 * model.reach + 1
    padded = np.pad(room, model.reach)[..., None].astype("float32")
    columns = np.argwhere(np.ones(room.shape[:2], bool))
    chosen = columns[np.linspace(0, len(columns) - 1, options.windows).astype(int)]
    windows = np.stack([padded[x : x + side, y : y + side] for x, y in chosen])

    def column_by_column() -> np.ndarray:
        parts = [model.predict_on_batch(windows[start : start + BATCH]) for start in range(0, len(windows), BATCH)]
        return np.concatenate(parts)[:, 0, 0]

    def at_once() -> np.ndarray:
        return model.predict_on_batch(padded[None])[0]

    whole = at_once()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # before the windows take more
    difference = float(np.abs(column_by_column() - whole[tuple(chosen.T)]).max())
    times = interleaved({"room": at_once, "columns": column_by_column}, 3)
    seconds = {name: each / 1e3 for name, each in times.items()}
    every = seconds["columns"] * len(columns) / len(chosen)
    found = {
        "room, s": seconds["room"],
        "all columns, s (extrapolated)": every,
        "times as fast": every / seconds["room"],
        "largest difference": difference,
        "peak memory, GB": memory,
    }
    missed = [
        name for name, bar in BARS.items() if (found[name] < bar if name == "times as fast" else found[name] > bar)
    ]
    for name, value in found.items():
        bar = f"   bar {BARS[name]:g}" if name in BARS else ""
        print(f"{name:30} {value:12.5g}{bar}{'   MISSED' if name in missed else ''}")
    if options.json:
        content = {"results": found, "provenance": provenance("keras", "tensorflow", "numpy")}
        options.json.write_text(json.dumps(content, indent=1) + "\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
