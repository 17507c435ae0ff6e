"""Train a network on the clouds of ModelNet10, or on parametric furniture, and write the weights that ship.

    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --seed 0     # and 1, and 2
    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --ship
    python data_scripts/train_pointnet.py modelnet10 --network pointnet2 --data FOLDER --out runs --seed 0

`modelnet6` is the same without desk, chair, toilet and table; `turned` has all ten, turned about the vertical by any
angle (see experiments/pointnet_scores.py). `furniture` learns the ten classes from parametric shapes alone
(`synthesis.furniture_clouds`): it needs no data, and `--data` only to be tested on ModelNet10 too. FOLDER holds
<class>/<split>/<shape>, meshes or clouds, see data_scripts/fetch_modelnet10.py. `--network` is PointNet unless said
otherwise; PointNet++ gets each cloud in farthest-point order, which is computed once. Interrupt it at any time
(Ctrl-C): the same command goes on after the last finished epoch. What is judged is the network after the last epoch,
without voting; `--ship` writes that of seed 0 to pcfilter_lib/weights, with the scores of all seeds and its origin.
ModelNet is for academic research only, and so are weights that were trained on it. For ten classes, two cores need
about half an hour with PointNet, as long with PointNet++ and with DGCNN, and as long with PointNet++ on several
scales, which is narrower and has half as many centres. What ships is rounded to float16.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, furniture_clouds
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

CLASSES = {
    "modelnet10": data.MODELNET10,
    "turned": data.MODELNET10,
    "modelnet6": tuple(name for name in data.MODELNET10 if name not in data.HELD_OUT_CLASSES),
    "furniture": FURNITURE,
}
ABOUT = {
    "modelnet10": "tells ten classes of furniture, trained on ModelNet10",
    "turned": "tells ten classes of furniture turned about the vertical, trained on ModelNet10",
    "modelnet6": "tells six of ModelNet10's classes, trained without chair, desk, table and toilet",
    "furniture": "tells ModelNet10's classes, trained on parametric shapes alone",
}
LICENCE = "ModelNet is for academic research only; so are these weights"
POINTS, BATCH, RATE, SMOOTHING = 1024, 32, 2e-3, 0.1
MADE = {"train": 400, "test": 40}  # parametric shapes of a class
CENTRES = 512  # of a cloud's points come in farthest-point order: as many as PointNet++ begins with


class Recipe(NamedTuple):
    """Say how a network is built and trained."""

    title: str
    network: type[keras.Model]
    arguments: dict[str, object]
    epochs: int = 20
    drop: float = 0.0  # share of a cloud's points that may be lost
    ordered: bool = False  # whether it is to get each cloud in farthest-point order


NETWORKS = {
    "pointnet": Recipe("PointNet", models.PointNet, {"width": 1.0, "transforms": False, "dropout": 0.3}, 40, drop=0.3),
    "pointnet2": Recipe("PointNet++", models.PointNet2, {"width": 0.5, "dropout": 0.4}, 16, drop=0.3, ordered=True),
    "pointnet2-msg": Recipe(
        "PointNet++ on several scales",
        models.PointNet2,
        {"multi_scale": True, "width": 0.25, "dropout": 0.4, "centres": (256, 64)},
        12,
        drop=0.95,  # as in the paper's supplement, section B.1
        ordered=True,
    ),
    "dgcnn": Recipe("DGCNN", models.DGCNN, {"width": 0.5, "dropout": 0.4}, 10),
}
EPOCHS = {"furniture": 12}  # instead of the recipe's


def build(recipe: Recipe, classes: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = recipe.network(classes, **recipe.arguments)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def augmentation(options: argparse.Namespace) -> dict[str, object]:
    """Return how the clouds of a set vary: `turned` ones stand upright, but look anywhere."""
    rotate = "z" if options.set == "turned" else ""
    return {"rotate": rotate, "jitter": 0.01, "scale": (0.8, 1.25), "drop": NETWORKS[options.network].drop}


def furniture(split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of parametric shapes, their points drawn uniformly, and the numbers of their classes."""
    return furniture_clouds(FURNITURE, MADE[split], POINTS, seed=[("train", "test").index(split), 7])


def modelnet(options: argparse.Namespace, split: str) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of ModelNet10, and the numbers of their classes."""
    cache = options.out / "clouds"
    return data.load_shapes(options.data, split, POINTS, classes=CLASSES[options.set], cache=cache)


def shapes(options: argparse.Namespace, split: str, made: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return parametric shapes or ModelNet10's, in the order of points that the network expects."""
    clouds, labels = furniture(split) if made else modelnet(options, split)
    if not NETWORKS[options.network].ordered:
        return clouds, labels
    kept = options.out / "clouds" / f"ordered-{hashlib.sha256(clouds.tobytes()).hexdigest()[:16]}.npy"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        counted = tqdm(clouds, desc="farthest-point order", unit=" clouds", leave=False, disable=None)
        ordered = np.stack([cloud[data.farthest_order(cloud, min(CENTRES, POINTS))] for cloud in counted])
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.save(file, ordered)
    return np.load(kept), labels


def prefix(options: argparse.Namespace) -> str:
    """Return what the files of a training are called, up to the seed."""
    return f"{options.network}-{options.set}-seed-"


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.utils.set_random_seed(options.seed)
    classes, recipe = CLASSES[options.set], NETWORKS[options.network]
    clouds, labels = shapes(options, "train", options.set == "furniture")
    batches = data.ShuffledBatches(
        clouds,
        np.eye(len(classes), dtype="float32")[labels],
        batch_size=BATCH,
        seed=options.seed,
        augment=data.CloudAugmentation(**augmentation(options)),
    )
    folder = options.out / f"{prefix(options)}{options.seed}"
    steps = options.epochs * len(batches)
    trained, _ = training.fit_resumable(
        lambda: build(recipe, len(classes), steps), batches, folder, epochs=options.epochs, verbose=2
    )
    return trained


def scores(model: keras.Model, clouds: np.ndarray, labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, object]:
    """Return what share of the shapes is told right: of all, and of each class."""
    told = model.predict(clouds, batch_size=64, verbose=0).argmax(axis=-1)
    recall = {name: round(float((told[labels == kind] == kind).mean()), 4) for kind, name in enumerate(classes)}
    return {"shapes": len(labels), "accuracy": round(float((told == labels).mean()), 4), "recall": recall}


def keep(model: keras.Model, file: Path, options: argparse.Namespace, tested: Callable[[bool], dict]) -> None:
    """Save a trained network and its scores: of parametric shapes if it has learned these, and of ModelNet10's."""
    with replacing(file) as path:
        model.save(path)
    found = {"seed": options.seed, **tested(options.set == "furniture")}
    if options.set == "furniture" and options.data:
        found["on ModelNet10"] = tested(False)
    file.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=tuple(CLASSES), help="which classes")
    parser.add_argument("--network", choices=tuple(NETWORKS), default="pointnet", help="pointnet, if not given")
    parser.add_argument("--data", type=Path, help="folder of the shapes; furniture does without")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, help="instead of the recipe's")
    parser.add_argument("--ship", action="store_true", help="write the network of seed 0 to pcfilter_lib/weights")
    options = parser.parse_args()
    if options.set != "furniture" and options.data is None:
        parser.error(f"{options.set} needs --data FOLDER: see data_scripts/fetch_modelnet10.py")
    options.epochs = options.epochs or EPOCHS.get(options.set, NETWORKS[options.network].epochs)
    finished = options.out / f"{prefix(options)}{options.seed}.keras"
    if not finished.exists():
        model, classes = train(options), CLASSES[options.set]
        keep(model, finished, options, lambda made: scores(model, *shapes(options, "test", made), classes))
    if options.ship:
        write_weights(options)


def write_weights(options: argparse.Namespace) -> None:
    """Write the network of seed 0, the scores of all seeds, and where it comes from."""
    found = [json.loads(path.read_text()) for path in sorted(options.out.glob(f"{prefix(options)}*.json"))]
    model = models.load(options.out / f"{prefix(options)}0.keras", compile=False)
    recipe = NETWORKS[options.network]
    origin = {
        "about": f"{recipe.title} that {ABOUT[options.set]}",
        "classes": CLASSES[options.set],
        "made by": "data_scripts/train_pointnet.py",
        **({} if options.set == "furniture" else {"licence": LICENCE}),
        "recipe": {
            "points": POINTS, "batch": BATCH, "epochs": options.epochs, "learning rate": RATE, "seed": 0,
            "label smoothing": SMOOTHING, "augmentation": augmentation(options), "network": recipe.arguments,
            **({"farthest-point order": CENTRES} if recipe.ordered else {}),
            **({"shapes of a class": MADE} if options.set == "furniture" else {}),
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"seeds": len(found), **mean_accuracy(found), "runs": found},
    }  # fmt: skip
    file = ship(model, f"{options.network}-{options.set}", origin)
    print(f"{len(found)} seeds: {mean_accuracy(found)} -> {file}")


def mean_accuracy(runs: list[dict]) -> dict[str, float]:
    """Return the mean over seeds: on the test shapes, and on ModelNet10's where those are others."""
    found = {"mean accuracy": runs}
    if all("on ModelNet10" in run for run in runs):
        found["mean accuracy on ModelNet10"] = [run["on ModelNet10"] for run in runs]
    return {name: round(statistics.mean(run["accuracy"] for run in each), 4) for name, each in found.items()}


if __name__ == "__main__":
    main()
