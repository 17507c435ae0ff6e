"""Time EdgeConv and PointNet++ beside plain Keras ports of the published layers.

    KERAS_BACKEND=tensorflow python benchmarks/bench_neighbours.py [--json FILE] [--steps 8]

EdgeConv (1,024 points, k = 20, 64 to 128 features, a batch of 8 clouds) stands beside what its formula says: gather the
neighbours, put [x_i, x_j - x_i] together, dense layer, batch normalisation, leaky rectifier, maximum; with the same
table of neighbours, so that finding them, which costs both the same, does not blur the comparison; the ratio with it is
printed, too. A step is a forward and a backward pass. Its memory is the largest resident size of a fresh process after
three steps, less that of one that has made the same tensors and no step. PointNet++ (one scale, 1,024 points, a batch
of 16) stands beside farthest-point sampling, ball query, grouping, three 1x1 convolutions, each normalised and
rectified, and a maximum, all in the graph as published; ours gets its clouds in farthest-point order, and the time of
the ordering, one core's, counts. All take turns, call by call, in one process. Bars: 3 for a step of EdgeConv, half
of the memory, 1.3 for PointNet++ in clouds a second. The file keeps one entry for each backend. Ends with 1 when a bar
is missed.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from pcfilter_lib.frameworks import start
from pcfilter_lib.provenance import provenance

BACKEND = start()

import keras  # noqa: E402  only after the backend was started quietly
from keras import layers, ops  # noqa: E402

from pcfilter_lib import data, models  # noqa: E402
from pcfilter_lib import layers as ours  # noqa: E402

EDGES, MEMORY, CLOUDS = 3.0, 0.5, 1.3
POINTS, K, CHANNELS, UNITS, BATCH = 1024, 20, 64, 128, 8
WHOLE = 16  # clouds in a batch of PointNet++
COMPILE = {"jit_compile": False} if BACKEND == "tensorflow" else {}


def rows_of(features, table):
    """Return (B, N, k, C): the features of the rows in a table."""
    channels = features.shape[-1]
    first = ops.arange(ops.shape(features)[0], dtype="int32")[:, None, None] * ops.shape(features)[1]
    return ops.take(ops.reshape(features, (-1, channels)), table + first, axis=0)


class PlainEdgeConv(layers.Layer):
    """EdgeConv as its formula says."""

    def __init__(self, units: int):
        super().__init__()
        self.dense, self.norm = layers.Dense(units, use_bias=False), layers.BatchNormalization(momentum=0.9)

    def call(self, inputs, training=False):
        features, table = inputs
        others = rows_of(features, table)
        own = ops.broadcast_to(features[:, :, None], ops.shape(others))
        edges = self.dense(ops.concatenate([own, others - own], axis=-1))
        return ops.max(ops.leaky_relu(self.norm(edges, training=training), 0.2), axis=2)


def edge_model(name: str, dynamic: bool = False) -> keras.Model:
    """Return a layer in a model; the graph is given, or found among the features."""
    features = keras.Input((POINTS, CHANNELS))
    layer = ours.EdgeConv(UNITS, K) if name == "ours" else PlainEdgeConv(UNITS)
    if dynamic:
        model = keras.Model(features, layer([features, ours.NearestNeighbors(K)(features)]))
    else:
        table = keras.Input((POINTS, K), dtype="int32")
        model = keras.Model([features, table], layer([features, table]))
    model.compile("sgd", "mse", **COMPILE)
    return model


def edge_data() -> tuple[list[np.ndarray], np.ndarray]:
    """Return features, a table of neighbours, and what the layer should make of them."""
    random = np.random.default_rng(0)
    features = random.normal(size=(BATCH, POINTS, CHANNELS)).astype("float32")
    table = random.integers(0, POINTS, (BATCH, POINTS, K)).astype("int32")
    return [features, table], random.normal(size=(BATCH, POINTS, UNITS)).astype("float32")


class Sample(layers.Layer):
    """Farthest-point sampling in the graph."""

    def __init__(self, count: int):
        super().__init__()
        self.count = count

    def call(self, points):
        batch = ops.shape(points)[0]

        def choose(step, state):
            nearest, chosen, last = state
            centre = ops.take_along_axis(points, last[:, None, None], axis=1)
            nearest = ops.minimum(nearest, ops.sum((points - centre) ** 2, axis=-1))
            last = ops.cast(ops.argmax(nearest, axis=-1), "int32")
            place = ops.cast(ops.arange(self.count) == step, "int32")
            return nearest, chosen + place * last[:, None], last

        zeros = ops.zeros((batch,), "int32")
        begin = ops.zeros_like(points[..., 0]) + 1e10, ops.zeros((batch, self.count), "int32"), zeros
        table = ops.fori_loop(1, self.count, choose, begin)[1]
        return rows_of(points, table[..., None])[:, :, 0]


class PlainAbstraction(layers.Layer):
    """Sampling, ball query, grouping and three shared layers, as published."""

    def __init__(self, centres: int, radius: float, count: int, widths: tuple[int, ...]):
        super().__init__()
        self.sample, self.query = Sample(centres), ours.BallQuery(radius, count)
        self.convolutions = [layers.Conv2D(width, 1, use_bias=False) for width in widths]
        self.norms = [layers.BatchNormalization(momentum=0.9) for _ in widths]

    def call(self, inputs, training=False):
        points, *features = inputs if isinstance(inputs, list | tuple) else (inputs,)
        centres = self.sample(points)
        table = self.query([points, centres])
        grouped = rows_of(points, table) - centres[:, :, None]
        if features:
            grouped = ops.concatenate([grouped, rows_of(features[0], table)], axis=-1)
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            grouped = ops.relu(norm(convolution(grouped), training=training))
        return centres, ops.max(grouped, axis=2)


def plain_network() -> keras.Model:
    """Return PointNet++ with one scale."""
    points = keras.Input((POINTS, 3))
    near, features = PlainAbstraction(512, 0.2, 32, (64, 64, 128))(points)
    near, features = PlainAbstraction(128, 0.4, 64, (128, 128, 256))([near, features])
    x = layers.Concatenate()([near, features])
    for units in (256, 512, 1024):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Conv1D(units, 1, use_bias=False)(x)))
    x = layers.GlobalMaxPooling1D()(x)
    for units in (512, 256):
        x = layers.Dropout(0.5)(layers.ReLU()(layers.BatchNormalization()(layers.Dense(units, use_bias=False)(x))))
    return keras.Model(points, layers.Dense(10)(x))


def in_turn(calls: dict[str, object], steps: int) -> dict[str, list[float]]:
    """Return the seconds of each call, taking turns; the first two turns compile."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(steps + 2):
        for name in list(calls)[:: 1 if number % 2 else -1]:
            begin = time.perf_counter()
            calls[name]()  # returns numbers, so that it waits for them
            if number >= 2:
                seconds[name].append(time.perf_counter() - begin)
    return seconds


def compared(seconds: dict[str, list[float]]) -> dict[str, float]:
    """Return medians in milliseconds, and how many times as fast ours is."""
    ratio = statistics.median(b / a for a, b in zip(seconds["ours"], seconds["plain"], strict=True))
    medians = {f"{name}_ms": round(1e3 * statistics.median(times), 1) for name, times in seconds.items()}
    return {**medians, "times as fast": round(ratio, 2)}


def edges(steps: int) -> dict[str, dict[str, float]]:
    """Return the times of EdgeConv, with a table and without."""
    x, y = edge_data()
    found = {}
    for dynamic in (False, True):
        made = {name: edge_model(name, dynamic) for name in ("ours", "plain")}
        inputs = x[0] if dynamic else x
        kind = ", graph found" if dynamic else ""
        for what, call in (
            ("step", lambda model, inputs=inputs: model.train_on_batch(inputs, y)),
            ("inference", lambda model, inputs=inputs: model.predict_on_batch(inputs)),
        ):
            calls = {name: lambda model=model, call=call: call(model) for name, model in made.items()}
            found[f"EdgeConv, {what}{kind}"] = compared(in_turn(calls, steps))
    return found


def network(steps: int) -> dict[str, dict[str, float]]:
    """Return the times of PointNet++'s inference."""
    clouds = np.stack([data.unit_sphere(cloud) for cloud in np.random.default_rng(0).normal(size=(WHOLE, POINTS, 3))])
    clouds = clouds.astype("float32")
    mine, plain = models.PointNet2(10), plain_network()
    for model in (mine, plain):
        model.compile("sgd", "mse", **COMPILE)

    def ordered():
        return np.stack([cloud[data.farthest_order(cloud, 512, start=0)] for cloud in clouds])

    before = ordered()
    calls = {"ours": lambda: mine.predict_on_batch(ordered()), "plain": lambda: plain.predict_on_batch(clouds)}
    found = {"PointNet++, inference": compared(in_turn(calls, steps))}
    calls["ours"] = lambda: mine.predict_on_batch(before)
    return found | {"PointNet++, inference, clouds ordered before": compared(in_turn(calls, steps))}


def high_water() -> float:
    """Return the largest resident size of this process so far, in MiB. (getrusage's begins with the parent's.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def memory(name: str) -> float:
    """Return the mebibytes that three steps of EdgeConv take, in a process of their own."""
    sizes = []
    for steps in (0, 3):
        command = [sys.executable, __file__, "--memory-of", name, "--steps", str(steps)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        sizes.append(float(done.stdout.split()[-1]))
    return sizes[1] - sizes[0]


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="file for the results")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--memory-of", choices=("ours", "plain"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        (x, y), model = edge_data(), edge_model(options.memory_of)
        for _ in range(options.steps):
            model.train_on_batch(x, y)
        print(high_water())
        return 0
    result = {"provenance": provenance("keras", BACKEND, "numpy"), **edges(options.steps), **network(options.steps)}
    bars = {"EdgeConv, step": EDGES, "PointNet++, inference": CLOUDS}
    missed = False
    for name, found in result.items():
        if name != "provenance":
            bar = f" (bar {bars[name]})" if name in bars else ""
            missed |= found["times as fast"] < bars.get(name, 0)
            print(f"{BACKEND}, {name}: {found['ours_ms']} ms, plain {found['plain_ms']} ms: "
                  f"{found['times as fast']} times as fast{bar}")  # fmt: skip
    sizes = {name: round(memory(name), 1) for name in ("ours", "plain")}
    share = sizes["ours"] / sizes["plain"]
    missed |= share > MEMORY
    print(f"{BACKEND}, memory of a step: {sizes['ours']} MiB, plain {sizes['plain']} MiB: {share:.2f} (bar {MEMORY})")
    result["memory_mib"] = sizes
    if options.json:
        known = json.loads(options.json.read_text()) if options.json.exists() else {}
        options.json.write_text(json.dumps(known | {BACKEND: result}, indent=1) + "\n")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
