"""Time the U-Net's training step beside the same network written by hand, and measure tiled inference.

    KERAS_BACKEND=tensorflow python benchmarks/bench_segmentation.py [--json FILE] [--steps 30]

The hand-written network uses layers of Keras alone, at a size that needs no padding. Both networks take turns, step by
step, in one process, so that what else the machine does falls on both. Beside the time on the clock stands that of the
processors, which does not count while others have them: its ratio is the bar. Peak memory of `predict_tiled` on a scan
of 2064x1544 is that of a process of its own. The file keeps one entry for each backend. Ends with 1 when a bar is
missed.
"""

from __future__ import annotations

import argparse
import json
import resource
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
from keras import layers  # noqa: E402

from pcfilter_lib import models  # noqa: E402

RATIO, GIGABYTES = 1.05, 2.0  # two timings of the same network differ by some percent
SIZE, BATCH, CHANNELS, DEPTH, WIDTH = 128, 4, 4, 4, 16
LARGE = (1544, 2064)


def by_hand() -> keras.Model:
    """Return the U-Net that a reader would write, of the same layers at the same widths."""

    def double(maps, width):
        for _ in range(2):
            maps = layers.Conv2D(width, 3, padding="same", use_bias=False, kernel_initializer="he_normal")(maps)
            maps = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(maps))
        return maps

    maps = inputs = keras.Input((SIZE, SIZE, CHANNELS))
    skips = []
    for level in range(DEPTH):
        skips.append(double(maps, WIDTH * 2**level))
        maps = layers.MaxPooling2D()(skips[-1])
    maps = double(maps, WIDTH * 2**DEPTH)
    for level in reversed(range(DEPTH)):
        maps = layers.Conv2D(WIDTH * 2**level, 1)(maps)
        maps = layers.UpSampling2D(interpolation="bilinear")(maps)
        maps = double(layers.Concatenate()([skips[level], maps]), WIDTH * 2**level)
    return keras.Model(inputs, layers.Conv2D(1, 1)(maps))


def training(steps: int) -> dict[str, float]:
    """Time training steps of both networks in turn."""
    random = np.random.default_rng(0)
    x = random.normal(size=(BATCH, SIZE, SIZE, CHANNELS)).astype("float32")
    y = random.integers(0, 2, (BATCH, SIZE, SIZE, 1)).astype("float32")
    ours, theirs = networks = models.UNet(CHANNELS, depth=DEPTH, base_filters=WIDTH), by_hand()
    if ours.count_params() != theirs.count_params():
        raise AssertionError("the networks differ")
    for network in networks:
        network.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    seconds = {clock: ([], []) for clock in (time.perf_counter, time.process_time)}
    for number in range(steps + 3):  # the first ones compile
        for which in (0, 1) if number % 2 else (1, 0):  # each goes first in every other turn
            begin = {clock: clock() for clock in seconds}
            networks[which].train_on_batch(x, y)
            for clock, spent in seconds.items():
                if number >= 3:
                    spent[which].append(clock() - begin[clock])
    result = {"steps": steps}
    for name, spent in zip(("", "processors: "), seconds.values(), strict=True):
        result[f"{name}ours, median ms"], result[f"{name}by hand, median ms"] = (
            1000 * statistics.median(each) for each in spent
        )
        result[f"{name}ratio, median"] = statistics.median(a / b for a, b in zip(*spent, strict=True))
    return result


def tiled() -> dict[str, float]:
    """Predict one scan of a whole sensor; to be run in a process of its own."""
    model = models.UNet(CHANNELS, depth=DEPTH, base_filters=WIDTH)
    image = np.random.default_rng(0).normal(size=(*LARGE, CHANNELS)).astype("float32")
    begin = time.perf_counter()
    models.predict_tiled(model, image, progress=False)
    seconds = time.perf_counter() - begin
    return {"seconds": seconds, "peak GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="write the results and where they come from to this file")
    parser.add_argument("--steps", type=int, default=30, help="training steps of each network")
    parser.add_argument("--tiled-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.tiled_only:
        print(json.dumps(tiled()))
        return 0
    result: dict[str, object] = {"training step": training(options.steps)}
    for name, value in result["training step"].items():
        print(f"{value:8.2f}  {name}")
    command = [sys.executable, __file__, "--tiled-only"]
    finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result["tiled"] = json.loads(finished.stdout.splitlines()[-1])
    print(f"{result['tiled']['seconds']:8.1f}  seconds for {LARGE[1]}x{LARGE[0]}, compilation included")
    print(f"{result['tiled']['peak GB']:8.2f}  GB of memory at most")
    if options.json:
        entries = json.loads(options.json.read_text()) if options.json.exists() else {}
        entries[BACKEND] = {"provenance": provenance("keras", "numpy", BACKEND), **result}
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(entries, indent=1) + "\n")
    return int(result["training step"]["processors: ratio, median"] > RATIO or result["tiled"]["peak GB"] > GIGABYTES)


if __name__ == "__main__":
    sys.exit(main())
