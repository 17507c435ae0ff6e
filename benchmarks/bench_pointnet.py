"""Time PointNet's training step and inference beside the network of the well-known Keras example.

    KERAS_BACKEND=tensorflow python benchmarks/bench_pointnet.py [--json FILE] [--steps 12]

Both have the same widths and transforms. The example's is built of Conv1D, BatchNormalization, ReLU and
GlobalMaxPooling1D, as published, but for its two bugs: a penalty that multiplies every sample with every other, and a
momentum of 0, neither of which makes it faster. Both networks take turns, step by step, in one process, so that what
else the machine does falls on both. The bars are 1.3 for a training step (batch 32, 1,024 points) and 1.5 for
inference. The file keeps one entry for each backend. Ends with 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from pcfilter_lib.frameworks import start
from pcfilter_lib.provenance import provenance

BACKEND = start()

import keras  # noqa: E402  only after the backend was started quietly
from keras import layers, ops  # noqa: E402

from pcfilter_lib import models  # noqa: E402
from pcfilter_lib.regularizers import Orthogonality  # noqa: E402

TRAINING, INFERENCE = 1.3, 1.5
BATCH, POINTS, CLASSES, WIDTH = 32, 1024, 10, 0.5  # the example has half of the paper's widths


class Matrices(keras.regularizers.Regularizer):
    """The penalty on flat matrices."""

    def __init__(self, size: int):
        self.size, self.penalty = size, Orthogonality(0.001)

    def __call__(self, x):
        return self.penalty(ops.reshape(x, (-1, self.size, self.size)))


def example() -> keras.Model:
    """Return the network of the Keras example "Point cloud classification with PointNet"."""

    def normalised(x):
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    def conv(x, units):
        return normalised(layers.Conv1D(round(units * WIDTH), 1)(x))

    def dense(x, units):
        return normalised(layers.Dense(round(units * WIDTH))(x))

    def transform(inputs, size):
        x = inputs
        for units in (64, 128, 1024):
            x = conv(x, units)
        x = layers.GlobalMaxPooling1D()(x)
        for units in (512, 256):
            x = dense(x, units)
        identity = keras.initializers.Constant(np.eye(size).flatten())
        x = layers.Dense(size**2, "linear", True, "zeros", identity, activity_regularizer=Matrices(size))(x)
        return layers.Dot(axes=(2, 1))([inputs, layers.Reshape((size, size))(x)])

    inputs = keras.Input((POINTS, 3))
    x = transform(inputs, 3)
    for units in (64, 64):
        x = conv(x, units)
    x = transform(x, round(64 * WIDTH))
    for units in (64, 128, 1024):
        x = conv(x, units)
    x = layers.GlobalMaxPooling1D()(x)
    for units in (512, 256):
        x = layers.Dropout(0.3)(dense(x, units))
    return keras.Model(inputs, layers.Dense(CLASSES)(x))


def timed(steps: int) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each step, of both networks in turn."""
    random = np.random.default_rng(0)
    x, y = random.normal(size=(BATCH, POINTS, 3)).astype("float32"), random.integers(0, CLASSES, BATCH)
    networks = {"ours": models.PointNet(CLASSES, width=WIDTH), "example": example()}
    for network in networks.values():
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        network.compile("adam", loss, **({"jit_compile": False} if BACKEND == "tensorflow" else {}))
    seconds = {name: {"training": [], "inference": []} for name in networks}
    for number in range(steps + 2):  # the first ones compile
        for name in list(networks)[:: 1 if number % 2 else -1]:  # each goes first in every other turn
            for kind, call in (
                ("training", lambda network: network.train_on_batch(x, y)),
                ("inference", lambda network: network.predict_on_batch(x)),
            ):
                begin = time.perf_counter()
                call(networks[name])  # returns numbers, so that it waits for them
                if number >= 2:
                    seconds[name][kind].append(time.perf_counter() - begin)
    return seconds


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--steps", type=int, default=12)
    options = parser.parse_args()
    seconds, missed = timed(options.steps), False
    result: dict[str, object] = {"provenance": provenance("keras", BACKEND, "numpy")}
    for kind, bar in (("training", TRAINING), ("inference", INFERENCE)):
        ours, theirs = (statistics.median(seconds[name][kind]) for name in ("ours", "example"))
        ratio = statistics.median(b / a for a, b in zip(seconds["ours"][kind], seconds["example"][kind], strict=True))
        missed |= ratio < bar
        result[kind] = {"ours_ms": 1e3 * ours, "example_ms": 1e3 * theirs, "times as fast": round(ratio, 2)}
        print(f"{BACKEND}, {kind}: {1e3 * ours:.0f} ms, the example {1e3 * theirs:.0f} ms: "
              f"{ratio:.2f} times as fast (bar {bar})")  # fmt: skip
    if options.json:
        known = json.loads(options.json.read_text()) if options.json.exists() else {}
        options.json.write_text(json.dumps(known | {BACKEND: result}, indent=1) + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
