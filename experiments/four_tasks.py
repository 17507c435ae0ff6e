"""A PointNet that knows six classes learns four new ones: a head on its frozen extractor, fine-tuned, from scratch.

"random" is a head on an extractor that was never trained: what the other frozen one has to beat.

    python experiments/four_tasks.py --data FOLDER [--json FILE] [--extractor FILE.keras]

FOLDER holds ModelNet10, see data_scripts/fetch_modelnet10.py. The extractor is `pointnet-modelnet6`, which has never
seen a chair, a desk, a table or a toilet. Each way gets 5, 20 or all training shapes of each of the four; judged are
the test shapes, after the last step, without voting. Which shapes are drawn, and how the training starts, depends on
the seed: five for the head and for few shapes, two for whole networks on all shapes. Interrupt it at any time: the same
command goes on after the last finished training. The book's chapter "The four tasks" reads what it writes. The head
takes seconds once the features are there; whole networks on all shapes take ten minutes of one core each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402

FILE = results.path("four_tasks")
CLASSES = data.HELD_OUT_CLASSES
SPLITS = ("train", "test")
POINTS, BATCH, COPIES = 1024, 32, 4
AUGMENT = data.CloudAugmentation(rotate="", jitter=0.01, scale=(0.8, 1.25), drop=0.3)
#: way -> 5, 20 or all shapes of each class -> steps, learning rate
WAYS = {
    "random": {5: (300, 1e-3), 20: (600, 1e-3), "all": (1500, 1e-3)},
    "head": {5: (300, 1e-3), 20: (600, 1e-3), "all": (1500, 1e-3)},
    "fine-tuned": {5: (160, 1e-3), 20: (240, 1e-3), "all": (1000, 2e-3)},
    "fine-tuned briefly": {"all": (400, 1e-3)},  # what a smaller budget makes of the comparison
    "scratch": {5: (160, 2e-3), 20: (240, 2e-3), "all": (1000, 2e-3)},
}
SEEDS = {5: 5, 20: 5, "all": 2}


def network(way: str, source: keras.Model) -> keras.Model:
    """Return a PointNet of four classes; but for "scratch", its extractor is the source's."""
    model = models.PointNet(len(CLASSES), transforms=False)
    if way.startswith("fine-tuned"):
        for layer in model.layers:
            layer.set_weights(source.get_layer(layer.name).get_weights())
            if layer.name == "global":  # what follows is the head: it begins anew
                break
    return model


def head(features: int) -> keras.Model:
    """Return the head of a PointNet, from the features of a cloud to the logits."""
    layers = [keras.Input((features,))]
    for units in (512, 256):
        layers += [keras.layers.Dense(units, use_bias=False), keras.layers.BatchNormalization(momentum=0.9)]
        layers += [keras.layers.ReLU()]
    return keras.Sequential([*layers, keras.layers.Dropout(0.3), keras.layers.Dense(len(CLASSES))])


def drawn(labels: np.ndarray, per_class: int | str, seed: int) -> np.ndarray:
    """Return the rows of so many shapes of each class."""
    if per_class == "all":
        return np.arange(len(labels))
    generator = np.random.default_rng(seed)
    return np.concatenate([generator.permutation(np.flatnonzero(labels == kind))[:per_class] for kind in range(4)])


class Features:
    """What the frozen extractor says of all clouds, as they are and of varied copies: it is asked but once."""

    def __init__(self, source: keras.Model, clouds: np.ndarray, labels: np.ndarray, copies: int):
        start = time.perf_counter()
        extractor = keras.Model(source.input, source.get_layer("global").output)
        generator = np.random.default_rng(0)
        versions = [clouds] + [AUGMENT(clouds, labels, generator)[0] for _ in range(copies)]
        self.of_copies = [extractor.predict(version, batch_size=64, verbose=0) for version in versions]
        self.seconds = time.perf_counter() - start


def train(way: str, per_class: int | str, seed: int, train_set, test_set, source, kept: dict) -> dict[str, object]:
    """Train once, and judge."""
    (x, y), (x_test, y_test) = train_set, test_set
    keras.utils.set_random_seed(seed)
    steps, rate = WAYS[way][per_class]
    rows = drawn(y, per_class, seed)
    start = time.perf_counter()
    if way in ("head", "random"):
        if way not in kept:
            asked = source if way == "head" else models.PointNet(6, transforms=False)
            kept[way] = Features(asked, x, y, COPIES), Features(asked, x_test, y_test, 0)
        copies = kept[way][0].of_copies
        model, x_test = head(copies[0].shape[1]), kept[way][1].of_copies[0]
        examples, labels, augment = np.concatenate([copy[rows] for copy in copies]), np.tile(y[rows], len(copies)), None
    else:
        model, examples, labels, augment = network(way, source), x[rows], y[rows], AUGMENT
    batches = data.ShuffledBatches(
        examples, np.eye(4, dtype="float32")[labels], batch_size=BATCH, seed=seed, augment=augment
    )
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-2), loss, jit_compile=False)
    for step in range(steps):
        model.train_on_batch(*batches[step % len(batches)])
        if (step + 1) % len(batches) == 0:
            batches.on_epoch_end()
    told = model.predict(x_test, batch_size=64, verbose=0).argmax(axis=-1)
    confusion = np.zeros((4, 4), int)
    np.add.at(confusion, (y_test, told), 1)
    return {
        "way": way,
        "per_class": per_class,
        "seed": seed,
        "accuracy": round(float((told == y_test).mean()), 4),
        "recall": dict(zip(CLASSES, (confusion.diagonal() / confusion.sum(axis=1)).round(4).tolist(), strict=True)),
        "confusion": confusion.tolist(),
        "seconds": round(time.perf_counter() - start, 1),
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of ModelNet10")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results are, and go")
    parser.add_argument("--extractor", type=Path, help="a PointNet of six classes, instead of the shipped one")
    parser.add_argument("--ways", nargs="+", choices=tuple(WAYS), default=tuple(WAYS))
    options = parser.parse_args()
    source = (
        models.load(options.extractor, compile=False)
        if options.extractor
        else models.load_pretrained("pointnet-modelnet6")
    )
    train_set, test_set = (data.load_shapes(options.data, split, POINTS, classes=CLASSES) for split in SPLITS)
    counts = {split: np.bincount(each[1]).tolist() for split, each in zip(SPLITS, (train_set, test_set), strict=True)}
    if options.json.exists():
        result = json.loads(options.json.read_text())
    else:
        how = {"classes": CLASSES, "shapes": counts, "points": POINTS, "batch": BATCH, "copies of features": COPIES}
        result = {"provenance": provenance("keras", "tensorflow", "numpy"), **how, "runs": []}
    result["steps and learning rates"] = {
        way: {str(per_class): budget for per_class, budget in budgets.items()} for way, budgets in WAYS.items()
    }
    done = {(run["way"], run["per_class"], run["seed"]) for run in result["runs"]}
    todo = [
        (way, per_class, seed)
        for way in options.ways
        for per_class in WAYS[way]
        for seed in range(5 if way in ("head", "random") else SEEDS[per_class])
        if (way, per_class, seed) not in done
    ]
    kept: dict[str, tuple[Features, Features]] = {}
    for way, per_class, seed in tqdm(todo, unit=" trainings"):
        result["runs"].append(train(way, per_class, seed, train_set, test_set, source, kept))
        if "head" in kept:
            result["seconds of the features"] = round(sum(each.seconds for each in kept["head"]), 1)
        with replacing(options.json) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n")
    for way in options.ways:
        for per_class in WAYS[way]:
            runs = [run for run in result["runs"] if (run["way"], run["per_class"]) == (way, per_class)]
            found = [run["accuracy"] for run in runs]
            recall = {name: round(statistics.mean(run["recall"][name] for run in runs), 3) for name in CLASSES}
            print(
                f"{way:10} {per_class!s:>4} shapes of a class: accuracy {statistics.mean(found):.3f}, least"
                f" {min(found):.3f} ({len(found)} seeds), recall {recall},"
                f" {statistics.mean(run['seconds'] for run in runs):.0f} s"
            )


if __name__ == "__main__":
    main()
