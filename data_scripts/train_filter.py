"""Train the artefact filter's U-Net on the benchmark's scans, see `pcfilter_lib.synthesis.BENCHMARK`.

    python data_scripts/make_benchmark.py --out scans
    python data_scripts/train_filter.py --benchmark scans --out runs --seed 0
    python data_scripts/train_filter.py --benchmark scans --out runs --seed 0 --ship

Interrupt it at any time (Ctrl-C): the same command goes on after the last finished epoch. A seed takes about 40 minutes
on one core, and ends with runs/seed-0.keras, which `experiments/leaderboard.py` compares with other filters. `--ship`
writes such a network to pcfilter_lib/weights, with the threshold that is best on the validation scans, its scores and
its origin; `measure_familiarity.py` then adds which scans it is familiar with.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from pcfilter_lib import data, filters, frameworks, models, synthesis, training
from pcfilter_lib.files import replacing
from pcfilter_lib.filters._onnx import OnnxNetwork
from pcfilter_lib.losses import MaskedBinaryCrossentropy
from pcfilter_lib.provenance import provenance
from pcfilter_lib.weights import FOLDER as WEIGHTS

frameworks.start("tensorflow")
import keras  # noqa: E402
from tqdm import tqdm  # noqa: E402

FILE = WEIGHTS / "artefact-unet.onnx"
NETWORK = {"depth": 4, "base_filters": 8, "max_filters": 128, "batch_norm": False}
BATCH, WINDOW, RATE, WARM_UP = 12, (128, 128), 3e-3, 0.05
CLIP = 0.3  # norm of the gradient: without normalisation layers single windows throw the network about


def scans(folder: Path, split: str) -> Iterator[data.OrganizedScan]:
    """Load a split of the benchmark, scan by scan."""
    for path in tqdm(synthesis.split_files(folder, split), desc=split, unit=" scans"):
        yield data.load_scan(path)


def build(steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate rises for a twentieth of the steps and then falls to 0."""
    warm = round(WARM_UP * steps)
    rate = keras.optimizers.schedules.CosineDecay(0.0, steps - warm, warmup_target=RATE, warmup_steps=warm)
    model = models.UNet(channels=len(filters.CHANNELS), **NETWORK)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=CLIP), MaskedBinaryCrossentropy(), jit_compile=False)
    return model


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on, in mixed precision; return the network in single precision."""
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    keras.utils.set_random_seed(options.seed)
    batches = filters.ScanBatches(scans(options.benchmark, "train"), batch_size=BATCH, seed=options.seed, window=WINDOW)
    steps = options.epochs * len(batches)
    folder = options.out / f"seed-{options.seed}"
    trained, _ = training.fit_resumable(lambda: build(steps), batches, folder, epochs=options.epochs, verbose=2)
    keras.mixed_precision.set_global_policy("float32")
    model = models.UNet(channels=len(filters.CHANNELS), **NETWORK)
    model.set_weights(trained.get_weights())
    return model


def ship(model: keras.Model, options: argparse.Namespace) -> None:
    """Write the network, its threshold and where it comes from to the library."""
    found = filters.LearnedFilter.of_model(model)
    scored = filters.score_scans(found, scans(options.benchmark, "validation"))
    threshold = scored.best_threshold()
    scores = {}
    for split in ("validation", "test", "unseen"):
        scored = filters.score_scans(found, scans(options.benchmark, split))
        for name, points in ((split, scored), (f"{split}, without borderline points", scored.clear())):
            scores[name] = {figure: round(value, 4) for figure, value in points.metrics(threshold).items()}
    recipe = {
        "splits": {"train": {"scans": synthesis.BENCHMARK["train"].count, "seed": synthesis.BENCHMARK["train"].seed}},
        "seed": options.seed,
        "epochs": options.epochs,
        "batch": BATCH,
        "window": WINDOW,
        "learning rate": RATE,
        "gradient clipped to": CLIP,
        "precision": "mixed bfloat16",
        "network": NETWORK,
    }
    WEIGHTS.mkdir(exist_ok=True)
    origin = {
        "about": "U-Net that tells true geometry from artefacts in organised scans, trained on simulated scans alone",
        "made by": "data_scripts/train_filter.py, data_scripts/make_benchmark.py",
        "licence": "that of pcfilter_lib",
    }
    versions = provenance("keras", "tensorflow", "numpy", "onnx")
    card = {**origin, "recipe": recipe, "provenance": versions, "scores": scores}
    filters.save_filter(model, FILE, threshold, **card)
    card |= OnnxNetwork(FILE).description
    with replacing(FILE.with_suffix(".json")) as path:
        path.write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")
    with replacing(FILE.with_suffix(".keras")) as path:
        model.save(path)
    print(json.dumps(scores, indent=1))
    print(f"threshold {threshold:.3f} -> {FILE}")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, required=True, help="folder that make_benchmark.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--ship", action="store_true", help="write the network to pcfilter_lib/weights")
    options = parser.parse_args()
    finished = options.out / f"seed-{options.seed}.keras"
    if finished.exists():
        model = models.load(finished, compile=False)
    else:
        model = train(options)
        with replacing(finished) as path:
            model.save(path)
    if options.ship:
        ship(model, options)


if __name__ == "__main__":
    main()
