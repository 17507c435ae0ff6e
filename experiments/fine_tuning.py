"""Fine-tune the shipped network on a few labelled scans of another scanner, and see what it gains and forgets.

    python data_scripts/make_benchmark.py --out scans
    python experiments/fine_tuning.py --benchmark scans [--json FILE]

The new scanner is the preset "phoxi-like": from the split "boards" come the k labelled scans, drawn anew for each draw
and nested (the two scans are the one and another), and on "boards validation" the result is measured. What is measured
on the first scans of "validation" tells what was forgotten. Threshold and training see the k scans only. Interrupt it
at any time: the same command goes on after the last finished training. To run all anew, remove the file. The book's
chapter "Retrained" reads what it writes.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, filters, frameworks, models, results, synthesis
from pcfilter_lib.data.labels import ARTEFACT
from pcfilter_lib.files import replacing
from pcfilter_lib.losses import MaskedBinaryCrossentropy
from pcfilter_lib.provenance import provenance
from pcfilter_lib.weights import origin

frameworks.start("tensorflow")
import keras  # noqa: E402

FILE = results.path("fine_tuning")
SHIPPED = "artefact-unet"
COUNTS = (1, 2, 5, 20)
BATCH, WINDOW, CLIP = 8, (128, 128), 0.3
POOL, FEWEST = 80, 50  # scans to draw from, and the artefacts without which nobody would label one
NEW, OLD, MIXED = 24, 12, 40  # scans to measure on, in the new domain and the old one; old scans to mix in
THRESHOLDS = 20  # draws of the k scans where only the threshold moves, which costs next to nothing


@dataclasses.dataclass(frozen=True)
class Way:
    """How to go on from the shipped weights, or from none."""

    rate: float
    counts: tuple[int, ...] = COUNTS
    steps: int = 100
    draws: int = 3
    shipped: bool = True
    old_share: float = 0.0  # of each batch
    back: float = 0.0  # how far the weights are then taken back towards the shipped ones


WAYS = {
    "fine-tuned": Way(3e-4),
    "from scratch": Way(3e-3, counts=(5, 20), steps=300, draws=2, shipped=False),
    "fine-tuned, longer and faster": Way(1e-3, counts=(20,), steps=300, draws=2),
    "fine-tuned, old scans mixed in": Way(3e-4, counts=(5,), draws=2, old_share=0.5),
    "fine-tuned, a tenth of the rate": Way(3e-5, counts=(5,), draws=2),
    "fine-tuned, half the way back": Way(3e-4, counts=(5,), draws=2, back=0.5),
}


class Trainer:
    """One compiled network, whose weights and optimiser are set anew for each training; compiling takes long."""

    def __init__(self, old: Callable[[], filters.ScanBatches]):
        self.model = models.load_pretrained(SHIPPED)
        self.shipped = self.model.get_weights()
        self.optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=CLIP)
        self.model.compile(self.optimizer, MaskedBinaryCrossentropy())
        self.optimizer.build(self.model.trainable_variables)
        self._old = old
        self._network = keras.models.clone_model  # fresh weights of the same architecture

    def train(self, way: Way, scans: list[data.OrganizedScan], seed: int, bar: tqdm) -> filters.LearnedFilter:
        """Return the filter after training on labelled scans, with the threshold that is best on them."""
        keras.utils.set_random_seed(seed)
        start = self.shipped if way.shipped else self._network(self.model).get_weights()
        self.model.set_weights(start)
        for variable in self.optimizer.variables:
            variable.assign(keras.ops.zeros_like(variable))
        old = round(way.old_share * BATCH)
        new = endless(filters.ScanBatches(scans, batch_size=BATCH - old, seed=seed, window=WINDOW, windows=BATCH))
        mixed = endless(self._old(batch_size=old, seed=seed)) if old else None
        for step in range(way.steps):
            # Up for a tenth of the steps, then down to zero along a cosine.
            share = (step + 1) / way.steps
            self.optimizer.learning_rate = way.rate * min(share / 0.1, (1 + np.cos(np.pi * (share - 0.1) / 0.9)) / 2)
            batch = next(new)
            if mixed:
                batch = tuple(np.concatenate(pair) for pair in zip(batch, next(mixed), strict=True))
            self.model.train_on_batch(*batch)
            bar.update(1 / way.steps)
        ends = zip(self.model.get_weights(), start, strict=True)
        self.model.set_weights([(1 - way.back) * end + way.back * begin for end, begin in ends])
        return filters.tune_threshold(filters.LearnedFilter.of_model(self.model), scans)


def endless(batches: filters.ScanBatches):
    """Yield full batches, epoch after epoch."""
    while True:
        for index in range(len(batches)):
            images, labels = batches[index]
            if len(images) == batches.batch_size:
                yield images, labels
        batches.on_epoch_end()


def load(folder: Path, split: str, count: int | None = None) -> list[data.OrganizedScan]:
    """Load a split of the benchmark, or its first scans."""
    files = synthesis.split_files(folder, split)[:count]
    return [data.load_scan(path) for path in tqdm(files, desc=split, unit=" scans", leave=False)]


def figures(points: filters.ScoredPoints, threshold: float) -> dict[str, dict[str, float]]:
    """Return the figures with and without the borderline points."""
    return {
        name: {key: round(value, 4) for key, value in some.metrics(threshold).items()}
        for name, some in (("all", points), ("clear", points.clear()))
    }


def at_threshold(points: dict[str, filters.ScoredPoints], threshold: float) -> dict[str, dict[str, float]]:
    """Return those figures that depend on the threshold: the order of the scores need not be found again."""
    reports = {name: some.report(threshold) for name, some in points.items()}
    wanted = {"mean_iou": "mean_iou", "kept": "recall", "found": "true_negative_rate"}
    return {
        name: {key: round(float(report[place]), 4) for key, place in wanted.items()} for name, report in reports.items()
    }


def drawn(draw: int, count: int, pool: int) -> list[int]:
    """Return which scans somebody labelled in a draw: the first ones of an order, so that 5 hold the 2."""
    return np.random.default_rng([2105, draw]).permutation(pool)[:count].tolist()


def moved_thresholds(
    shipped: filters.ArtefactFilter, pool: list[data.OrganizedScan], new: filters.ScoredPoints
) -> list[dict[str, object]]:
    """Return what moving the threshold alone gives, for many draws: the network stays, so all is scored once."""
    scored = [filters.score_scans(shipped, [scan]) for scan in tqdm(pool, desc="scores", unit=" scans", leave=False)]
    both, result = {"all": new, "clear": new.clear()}, []
    for count in COUNTS:
        for draw in range(THRESHOLDS):
            some = [scored[number] for number in drawn(draw, count, len(pool))]
            scores, labels = (np.concatenate([getattr(one, name) for one in some]) for name in ("scores", "labels"))
            threshold = filters.best_threshold(scores, labels)[0]
            found = {"scans": count, "draw": draw, "threshold": round(threshold, 4)}
            result.append({**found, "new": at_threshold(both, threshold)})
    return result


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, required=True, help="folder that make_benchmark.py wrote")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results are, and go")
    options = parser.parse_args()
    pool = [scan for scan in load(options.benchmark, "boards", POOL) if (scan.label == ARTEFACT).sum() >= FEWEST]
    new = load(options.benchmark, "boards validation", NEW)
    old = load(options.benchmark, "validation", OLD)
    mixed: list[data.OrganizedScan] = []

    def old_batches(**kwargs) -> filters.ScanBatches:
        if not mixed:
            mixed.extend(load(options.benchmark, "train", MIXED))
        return filters.ScanBatches(mixed, window=WINDOW, **kwargs)

    shipped = filters.load_filter(SHIPPED)
    weights = origin(SHIPPED)["network"]
    if options.json.exists():
        result = json.loads(options.json.read_text())
        if result["network"] != weights:
            parser.error(f"{options.json} is about other weights; remove it, or name another file")
    else:
        scored = {"new": filters.score_scans(shipped, new), "old": filters.score_scans(shipped, old)}
        best = scored["new"].best_threshold()
        result = {
            "provenance": provenance("keras", "tensorflow", "numpy"),
            "network": weights,
            "how": {
                "batch": BATCH,
                "window": WINDOW,
                "gradient clipped to": CLIP,
                "measured on": {"boards validation": len(new), "validation": len(old)},
                "drawn from": {"boards": len(pool), "of the first": POOL, "fewest artefacts": FEWEST},
                "old scans to mix in": MIXED,
            },
            "shipped": {
                "threshold": shipped.threshold,
                **{name: figures(points, shipped.threshold) for name, points in scored.items()},
            },
            # Chosen on the scans that it is measured on: what no choice can surpass, and nobody has.
            "best threshold": {"threshold": round(best, 4), "new": figures(scored["new"], best)},
            "threshold moved": moved_thresholds(shipped, pool, scored["new"]),
            "runs": [],
        }
    result["how"]["ways"] = {name: dataclasses.asdict(way) for name, way in WAYS.items()}
    trainer = Trainer(old_batches)
    done = {(run["way"], run["scans"], run["draw"]) for run in result["runs"]}
    todo = [
        (name, count, draw)
        for draw in range(max(way.draws for way in WAYS.values()))
        for name, way in WAYS.items()
        for count in way.counts
        if draw < way.draws and (name, count, draw) not in done
    ]
    with tqdm(total=len(todo), unit=" trainings", bar_format="{l_bar}{bar}| {n:.2f}/{total} [{elapsed}]") as bar:
        for name, count, draw in todo:
            bar.set_description(f"{name}, {count} scans, draw {draw}")
            began = time.perf_counter()
            scans = [pool[number] for number in drawn(draw, count, len(pool))]
            tuned = trainer.train(WAYS[name], scans, draw, bar)
            run = {"way": name, "scans": count, "draw": draw, "threshold": round(tuned.threshold, 4)}
            run["new"] = figures(filters.score_scans(tuned, new), tuned.threshold)
            if WAYS[name].shipped:
                run["old"] = figures(filters.score_scans(tuned, old), tuned.threshold)
            result["runs"].append({**run, "seconds": round(time.perf_counter() - began, 1)})
            with replacing(options.json) as temporary:
                temporary.write_text(json.dumps(result, indent=1) + "\n")
    print(table(result))


def table(result: dict) -> str:
    """Return the result as lines of text: means, and standard deviations over the draws, on all points."""
    rows = [("shipped", 0, [result["shipped"]])]
    for name in ("threshold moved", *WAYS):
        runs = result.get(name) or [run for run in result["runs"] if run["way"] == name]
        rows += [(name, k, here) for k in COUNTS if (here := [run for run in runs if run["scans"] == k])]
    lines = []
    for name, count, runs in rows:
        cells = []
        for domain in ("new", "old"):
            for key in ("mean_iou", "average_precision", "kept"):
                values = [run[domain]["all"][key] for run in runs if key in run.get(domain, {}).get("all", {})]
                spread = statistics.stdev(values) if len(values) > 1 else 0
                cells.append(f"{statistics.mean(values):.3f} +- {spread:.3f}" if values else " " * 14)
        lines.append(f"{name:32} {count:2} {'  '.join(cells)}")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
