"""Train PointNet on the clouds of ModelNet10, or on parametric furniture, and write the weights that ship.

    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --seed 0     # and 1, and 2
    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --ship

`modelnet6` is the same without desk, chair, toilet and table; `turned` has all ten, turned about the vertical by any
angle (see experiments/pointnet_scores.py). `furniture` learns the ten classes from parametric shapes alone
(`synthesis.furniture_clouds`): it needs no data, and `--data` only to be tested on ModelNet10 too. FOLDER holds
<class>/<split>/<shape>, meshes or clouds, see data_scripts/fetch_modelnet10.py. Interrupt it at any time (Ctrl-C): the
same command goes on after the last finished epoch. What is judged is the network after the last epoch, without voting;
`--ship` writes that of seed 0 to pcfilter_lib/weights, with the scores of all seeds and its origin. ModelNet is for
academic research only, and so are weights that were trained on it. About forty minutes of one core for ten classes.
"""

from __future__ import annotations

import argparse
import json
import statistics
from pathlib import Path

import numpy as np

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, furniture_clouds
from pcfilter_lib.weights import FOLDER as WEIGHTS

frameworks.start("tensorflow")
import keras  # noqa: E402

CLASSES = {
    "modelnet10": data.MODELNET10,
    "turned": data.MODELNET10,
    "modelnet6": tuple(name for name in data.MODELNET10 if name not in data.HELD_OUT_CLASSES),
    "furniture": FURNITURE,
}
ABOUT = {
    "modelnet10": "PointNet that tells ten classes of furniture, trained on ModelNet10",
    "turned": "PointNet that tells ten classes of furniture turned about the vertical, trained on ModelNet10",
    "modelnet6": "PointNet that tells six of ModelNet10's classes, trained without chair, desk, table and toilet",
    "furniture": "PointNet that tells ModelNet10's classes, trained on parametric shapes alone",
}
LICENCE = "ModelNet is for academic research only; so are these weights"
NETWORK = {"width": 1.0, "transforms": False, "dropout": 0.3}
POINTS, BATCH, RATE, SMOOTHING = 1024, 32, 2e-3, 0.1
EPOCHS = {"modelnet10": 40, "turned": 40, "modelnet6": 40, "furniture": 12}
MADE = {"train": 400, "test": 40}  # parametric shapes of a class
AUGMENTATION = {"jitter": 0.01, "scale": (0.8, 1.25), "drop": 0.3}


def build(classes: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.PointNet(classes, **NETWORK)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def augmentation(name: str) -> dict[str, object]:
    """Return how the clouds of a set vary: `turned` ones stand upright, but look anywhere."""
    return {"rotate": "z" if name == "turned" else "", **AUGMENTATION}


def furniture(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of parametric shapes, their points drawn uniformly, and the numbers of their classes."""
    return furniture_clouds(FURNITURE, MADE[split], POINTS, seed=[("train", "test").index(split), 7])


def shapes(options: argparse.Namespace, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the clouds that this set is trained or tested on."""
    if options.set == "furniture":
        return furniture(split)
    cache = options.out / "clouds"
    return data.load_shapes(options.data, split, POINTS, classes=CLASSES[options.set], cache=cache)


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.utils.set_random_seed(options.seed)
    classes = CLASSES[options.set]
    clouds, labels = shapes(options, "train")
    batches = data.ShuffledBatches(
        clouds,
        np.eye(len(classes), dtype="float32")[labels],
        batch_size=BATCH,
        seed=options.seed,
        augment=data.CloudAugmentation(**augmentation(options.set)),
    )
    folder = options.out / f"{options.set}-seed-{options.seed}"
    steps = options.epochs * len(batches)
    trained, _ = training.fit_resumable(
        lambda: build(len(classes), steps), batches, folder, epochs=options.epochs, verbose=2
    )
    return trained


def scores(model: keras.Model, clouds: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, object]:
    """Return what share of the shapes is told right: of all, and of each class."""
    told = model.predict(clouds, batch_size=64, verbose=0).argmax(axis=-1)
    recall = {name: round(float((told[labels == kind] == kind).mean()), 4) for kind, name in enumerate(classes)}
    return {"shapes": len(labels), "accuracy": round(float((told == labels).mean()), 4), "recall": recall}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=tuple(CLASSES), help="which classes")
    parser.add_argument("--data", type=Path, help="folder of the shapes; furniture does without")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help=f"instead of {EPOCHS}")
    parser.add_argument("--ship", action="store_true", help="write the network of seed 0 to pcfilter_lib/weights")
    options = parser.parse_args()
    if options.set != "furniture" and options.data is None:
        parser.error(f"{options.set} needs --data FOLDER: see data_scripts/fetch_modelnet10.py")
    options.epochs = options.epochs or EPOCHS[options.set]
    finished = options.out / f"{options.set}-seed-{options.seed}.keras"
    if not finished.exists():
        model = train(options)
        with replacing(finished) as path:
            model.save(path)
        classes = CLASSES[options.set]
        found = {"seed": options.seed, **scores(model, *shapes(options, "test"), classes)}
        if options.set == "furniture" and options.data:
            real = data.load_shapes(options.data, "test", POINTS, classes=classes, cache=options.out / "clouds")
            found["on ModelNet10"] = scores(model, *real, classes)
        finished.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(found, indent=1))
    if options.ship:
        ship(options)


def ship(options: argparse.Namespace) -> None:
    """Write the network of seed 0, the scores of all seeds, and where it comes from."""
    found = [json.loads(path.read_text()) for path in sorted(options.out.glob(f"{options.set}-seed-*.json"))]
    model = models.load(options.out / f"{options.set}-seed-0.keras", compile=False)
    file = WEIGHTS / f"pointnet-{options.set}.keras"
    origin = {
        "about": ABOUT[options.set],
        "classes": CLASSES[options.set],
        "made by": "data_scripts/train_pointnet.py",
        **({} if options.set == "furniture" else {"licence": LICENCE}),
        "recipe": {
            "points": POINTS, "batch": BATCH, "epochs": options.epochs, "learning rate": RATE, "seed": 0,
            "label smoothing": SMOOTHING, "augmentation": augmentation(options.set), "network": NETWORK,
            **({"shapes of a class": MADE} if options.set == "furniture" else {}),
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"seeds": len(found), **mean_accuracy(found), "runs": found},
    }  # fmt: skip
    with replacing(file) as path:
        model.save(path)
    with replacing(file.with_suffix(".json")) as path:
        path.write_text(json.dumps(origin, indent=1) + "\n")
    print(f"{len(found)} seeds: {mean_accuracy(found)} -> {file}")


def mean_accuracy(runs: list[dict]) -> dict[str, float]:
    """Return the mean over seeds: on the test shapes, and on ModelNet10's where those are others."""
    found = {"mean accuracy": runs}
    if all("on ModelNet10" in run for run in runs):
        found["mean accuracy on ModelNet10"] = [run["on ModelNet10"] for run in runs]
    return {name: round(statistics.mean(run["accuracy"] for run in each), 4) for name, each in found.items()}


if __name__ == "__main__":
    main()
