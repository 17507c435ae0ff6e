"""Train PointNet on the clouds of ModelNet10, or on parametric furniture, and write the weights that ship.

    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --seed 0     # and 1, and 2
    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs --ship

`modelnet6` is the same without desk, chair, toilet and table. FOLDER holds <class>/<split>/<shape>, meshes or clouds,
see data_scripts/fetch_modelnet10.py. Interrupt it at any time (Ctrl-C): the same command goes on after the last
finished epoch. What is judged is the network after the last epoch, without voting; `--ship` writes that of seed 0 to
pcfilter_lib/weights, with the scores of all seeds and its origin. ModelNet is for academic research only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from pathlib import Path

import numpy as np

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib._files import replacing
from pcfilter_lib._weights import WEIGHTS

frameworks.start("tensorflow")
import keras  # noqa: E402

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from provenance import provenance  # noqa: E402

HELD_BACK = ("chair", "desk", "table", "toilet")
CLASSES = {
    "modelnet10": data.MODELNET10,
    "modelnet6": tuple(name for name in data.MODELNET10 if name not in HELD_BACK),
}
NETWORK = {"width": 1.0, "transforms": False, "dropout": 0.3}
POINTS, BATCH, EPOCHS, RATE, SMOOTHING = 1024, 32, 60, 2e-3, 0.1
AUGMENTATION = {"rotate": "", "jitter": 0.01, "scale": (0.8, 1.25), "drop": 0.3}


def build(classes: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.PointNet(classes, **NETWORK)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.utils.set_random_seed(options.seed)
    classes = CLASSES[options.set]
    clouds, labels = data.load_shapes(options.data, "train", POINTS, classes=classes, cache=options.out / "clouds")
    batches = data.ShuffledBatches(
        clouds,
        np.eye(len(classes), dtype="float32")[labels],
        batch_size=BATCH,
        seed=options.seed,
        augment=data.CloudAugmentation(**AUGMENTATION),
    )
    folder = options.out / f"{options.set}-seed-{options.seed}"
    steps = options.epochs * len(batches)
    trained, _ = training.fit_resumable(
        lambda: build(len(classes), steps), batches, folder, epochs=options.epochs, verbose=2
    )
    return trained


def scores(model: keras.Model, options: argparse.Namespace) -> dict[str, object]:
    """Return what share of the test shapes is told right: of all, and of each class."""
    classes = CLASSES[options.set]
    clouds, labels = data.load_shapes(options.data, "test", POINTS, classes=classes, cache=options.out / "clouds")
    told = model.predict(clouds, batch_size=64, verbose=0).argmax(axis=-1)
    recall = {name: round(float((told[labels == kind] == kind).mean()), 4) for kind, name in enumerate(classes)}
    return {"shapes": len(labels), "accuracy": round(float((told == labels).mean()), 4), "recall": recall}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=tuple(CLASSES), help="which classes")
    parser.add_argument("--data", type=Path, required=True, help="folder of the shapes")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the network of seed 0 to pcfilter_lib/weights")
    options = parser.parse_args()
    finished = options.out / f"{options.set}-seed-{options.seed}.keras"
    if not finished.exists():
        model = train(options)
        with replacing(finished) as path:
            model.save(path)
        found = scores(model, options)
        finished.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(found, indent=1))
    if options.ship:
        ship(options)


def ship(options: argparse.Namespace) -> None:
    """Write the network of seed 0, the scores of all seeds, and where it comes from."""
    runs = sorted(options.out.glob(f"{options.set}-seed-*.json"))
    found = [json.loads(path.read_text()) for path in runs]
    accuracies = [run["accuracy"] for run in found]
    model = models.load(options.out / f"{options.set}-seed-0.keras", compile=False)
    file = WEIGHTS / f"pointnet-{options.set}.keras"
    origin = {
        "about": f"PointNet that tells {len(CLASSES[options.set])} classes of furniture, trained on ModelNet10",
        "classes": CLASSES[options.set],
        "made by": "data_scripts/train_pointnet.py",
        "licence": "ModelNet is for academic research only; so are these weights",
        "recipe": {
            "points": POINTS, "batch": BATCH, "epochs": options.epochs, "learning rate": RATE, "seed": 0,
            "label smoothing": SMOOTHING, "augmentation": AUGMENTATION, "network": NETWORK,
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"seeds": len(found), "mean accuracy": round(statistics.mean(accuracies), 4), "runs": found},
    }  # fmt: skip
    with replacing(file) as path:
        model.save(path)
    with replacing(file.with_suffix(".json")) as path:
        path.write_text(json.dumps(origin, indent=1) + "\n")
    print(f"mean accuracy of {len(found)} seeds {statistics.mean(accuracies):.4f} ({accuracies}) -> {file}")


if __name__ == "__main__":
    main()
