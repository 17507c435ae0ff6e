"""Train the artefact filter's U-Net on the benchmark's scans, see `pcfilter_lib.synthesis.BENCHMARK`.

    python data_scripts/make_benchmark.py --out scans
    python data_scripts/train_filter.py --benchmark scans --out runs --seed 0     # and 1, and 2
    python data_scripts/train_filter.py --benchmark scans --out runs --seed 0 --ship

Interrupt it at any time (Ctrl-C): the same command goes on after the last finished epoch. `--ship` writes the trained
network to pcfilter_lib/weights, with the threshold that is best on the validation scans, its scores and its origin.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pcfilter_lib
from pcfilter_lib import data, filters, frameworks, models, synthesis, training
from pcfilter_lib._files import replacing
from pcfilter_lib.losses import MaskedBinaryCrossentropy

frameworks.start("tensorflow")
import keras  # noqa: E402

WEIGHTS = Path(pcfilter_lib.__file__).parent / "weights" / "artefact-unet.onnx"
NETWORK = {"depth": 4, "width": 16, "max_width": 64, "batch_norm": False}
BATCH, RATE, WARM_UP = 12, 3e-3, 0.05
TRAINING = ("train", "boards")


def build(steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate rises for a twentieth of the steps and then falls to 0."""
    warm = round(WARM_UP * steps)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps - warm, warmup_target=RATE, warmup_steps=warm)
    model = models.UNet(channels=len(filters.CHANNELS), **NETWORK)
    model.compile(keras.optimizers.Adam(rate), MaskedBinaryCrossentropy())
    return model


def scans(folder: Path, split: str, count: int | None = None) -> list[data.OrganizedScan]:
    """Load a split of the benchmark."""
    return [data.load_scan(path) for path in synthesis.split_files(folder, split)[:count]]


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.mixed_precision.set_global_policy(options.precision)
    keras.utils.set_random_seed(options.seed)
    shown = [scan for split in TRAINING for scan in scans(options.benchmark, split)]
    batches = filters.ScanBatches(shown, batch_size=BATCH, seed=options.seed, windows=4)
    del shown
    steps = options.epochs * len(batches)
    folder = options.out / f"seed-{options.seed}"
    model, _ = training.fit_resumable(lambda: build(steps), batches, folder, epochs=options.epochs, verbose=2)
    keras.mixed_precision.set_global_policy("float32")
    whole = models.UNet(channels=len(filters.CHANNELS), **NETWORK)
    whole.set_weights(model.get_weights())
    return whole
