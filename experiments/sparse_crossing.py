"""Below which share of active voxels is a submanifold convolution faster than a dense one?

    python experiments/sparse_crossing.py [--json FILE]

One layer, 32 to 32 channels, on 64 x 64 x 64 voxels of which a share is active, from 1 % to all: where smoothed noise
is largest, so that active voxels lie together, as those of shapes do. Both convolutions take their turns; the table of
neighbours is made before, and its time is measured apart. A minute on two cores. The book's chapter *Only where
something is* reads the result.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
from scipy import ndimage

from pcfilter_lib import frameworks, results, sparse
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

from pcfilter_lib.layers import SparseConv3D  # noqa: E402

FILE = results.path("sparse_crossing")
SIDE, CHANNELS, TURNS = 64, 32, 5
SHARES = (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0)


def active(share: float) -> np.ndarray:
    """Return voxels, int64, (N, 3): a share of all that hangs together."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=(SIDE,) * 3), 3, mode="wrap")
    return np.argwhere(noise >= np.quantile(noise, 1 - share))


def milliseconds(calls: dict) -> dict[str, float]:
    """Return the median time of each call; they take turns."""
    times = {name: [] for name in calls}
    for turn in range(TURNS + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if turn:  # the first one warms up
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: round(statistics.median(values), 2) for name, values in times.items()}


def measured(share: float) -> dict[str, float]:
    """Return the times of both convolutions and of the table."""
    voxels = active(share)
    table = tf.constant(sparse.kernel_map(voxels)[None])
    features = tf.random.normal((1, len(voxels), CHANNELS))
    grid = tf.scatter_nd(voxels, features[0], (SIDE,) * 3 + (CHANNELS,))[None]
    ours, theirs = SparseConv3D(CHANNELS), keras.layers.Conv3D(CHANNELS, 3, padding="same")
    ours.build([features.shape, table.shape])
    theirs.build(grid.shape)
    sparsely, densely = (tf.function(layer.call, autograph=False) for layer in (ours, theirs))
    calls = {
        "sparse": lambda: sparsely([features, table]).numpy(),
        "dense": lambda: densely(grid).numpy(),
        "table": lambda: sparse.kernel_map(voxels),
    }
    return {"share": share, "voxels": len(voxels), **milliseconds(calls)}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=FILE, help="where the results go")
    options = parser.parse_args()
    found = [measured(share) for share in SHARES]
    for row in found:
        print("  ".join(f"{name} {value:g}" for name, value in row.items()))
    content = {"side": SIDE, "channels": CHANNELS, "milliseconds": found}
    content["provenance"] = provenance("keras", "tensorflow", "numpy")
    with replacing(options.json) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
