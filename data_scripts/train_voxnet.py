"""Train VoxNet on the clouds of ModelNet10, or on parametric furniture, and write the weights that ship.

    python data_scripts/train_voxnet.py distance --data FOLDER --out runs --seed 0     # and 1, and 2
    python data_scripts/train_voxnet.py occupancy --data FOLDER --out runs --seed 0
    python data_scripts/train_voxnet.py furniture --out runs --ship

*distance*: from each cloud of 1,024 points, a field of distances at 32 x 32 x 32, cut off at three voxels, as numbers
from 1 on a point to 0 at three voxels and beyond. *occupancy*: which of 16 x 16 x 16 voxels hold a point; `--size`
tries other resolutions. *furniture*: distances again, of parametric shapes alone; it needs no data, and `--data` only
to be tested on ModelNet10 too. FOLDER holds <class>/<split>/<shape>, see data_scripts/fetch_modelnet10.py. Interrupt it
at any time (Ctrl-C): the same command goes on after the last finished epoch. What is judged is the network after the
last epoch, without voting. Ten minutes a seed on two cores at 32, three at 16. What ships is rounded to float16.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm
from train_pointnet import LICENCE, keep, mean_accuracy, scores

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, furniture_clouds
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

POINTS, BATCH, RATE, SMOOTHING = 1024, 32, 1e-3, 0.1
EPOCHS = {"distance": 20, "occupancy": 60, "furniture": 20}
NEAR = 3  # voxels at which distances are cut off
VERSIONS = 4  # of each training cloud: their points jittered, scaled, some of them lost
SHIFT = {32: 2, 16: 1}  # voxels by which a grid is moved along each axis, at most
AUGMENTATION = {"rotate": "", "jitter": 0.01, "scale": (0.85, 1.1), "drop": 0.3}
MADE = {"train": 400, "test": 40}  # parametric shapes of a class
SIZES = {"distance": 32, "occupancy": 16, "furniture": 32}


def grids(clouds: np.ndarray, size: int, occupancy: bool, what: str) -> np.ndarray:
    """Return the voxels of clouds in the unit sphere, uint8, shape (N, size, size, size)."""
    empty = data.VoxelGrid(np.zeros((size,) * 3, bool), (-1, -1, -1), 2 / size)
    found = np.empty((len(clouds), size, size, size), np.uint8)
    near = NEAR * empty.voxel_size
    for number, cloud in enumerate(tqdm(clouds, desc=what, unit=" clouds", leave=False, disable=None)):
        if occupancy:
            found[number] = 255 * data.voxelize(cloud, grid=empty).values
        else:
            distances = data.distance_field(cloud, empty, truncation=near).values
            found[number] = np.rint(255 * (1 - distances / near))
    return found


def clouds_of(options: argparse.Namespace, split: str, made: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds in the unit sphere, and the numbers of their classes."""
    if made:
        return furniture_clouds(FURNITURE, MADE[split], POINTS, seed=[("train", "test").index(split), 9])
    return data.load_shapes(options.data, split, POINTS, classes=data.MODELNET10, cache=options.out / "clouds")


def training_grids(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Return the voxels of all versions of the training clouds, (VERSIONS, N, ...), and their classes, kept on disk."""
    kept = options.out / f"grids-{options.set}-{options.size}.npz"
    if not kept.exists():
        clouds, labels = clouds_of(options, "train", options.set == "furniture")
        vary = data.CloudAugmentation(**AUGMENTATION)
        versions = []
        for number in range(VERSIONS):
            varied, _ = vary(clouds, labels, np.random.default_rng([7, number]))
            versions.append(grids(varied, options.size, options.set == "occupancy", f"version {number}"))
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez(file, grids=np.stack(versions), labels=labels)
    with np.load(kept) as arrays:
        return arrays["grids"], arrays["labels"]


class Versions(data.ShuffledBatches):
    """Batches of one of several versions of each example, moved by a few voxels."""

    def __init__(self, versions: np.ndarray, labels: np.ndarray, shift: int, **kwargs):
        super().__init__(versions[0], np.eye(labels.max() + 1, dtype="float32")[labels], **kwargs)
        self.versions, self.shift = versions, shift

    def batch(self, rows, generator):
        """Return inputs and targets of these examples, varied."""
        version = generator.integers(len(self.versions), size=len(rows))
        x = self.versions[version, rows]
        if self.shift:
            padded = np.pad(x, [(0, 0), *[(self.shift,) * 2] * 3])
            starts = generator.integers(2 * self.shift + 1, size=(len(x), 3))
            size = x.shape[1]
            x = np.stack(
                [one[a : a + size, b : b + size, c : c + size] for one, (a, b, c) in zip(padded, starts, strict=True)]
            )
        return as_input(x), self.y[rows]


def as_input(voxels: np.ndarray) -> np.ndarray:
    """Return voxels as numbers from 0 to 1, with an axis for the channel."""
    return voxels[..., None].astype("float32") / 255


def build(classes: int, size: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.VoxNet(classes, size)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def tested(model: keras.Model, options: argparse.Namespace, made: bool) -> dict[str, object]:
    """Return the accuracy on the test shapes."""
    clouds, labels = clouds_of(options, "test", made)
    voxels = as_input(grids(clouds, options.size, options.set == "occupancy", "test"))
    return scores(model, voxels, labels, data.MODELNET10)


def prefix(options: argparse.Namespace) -> str:
    """Return what the files of a training are called, up to the seed."""
    return f"voxnet-{options.set}-{options.size}-seed-"


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.utils.set_random_seed(options.seed)
    versions, labels = training_grids(options)
    batches = Versions(versions, labels, SHIFT.get(options.size, 1), batch_size=BATCH, seed=options.seed)
    folder = options.out / f"{prefix(options)}{options.seed}"
    steps = options.epochs * len(batches)
    trained, _ = training.fit_resumable(
        lambda: build(len(data.MODELNET10), options.size, steps), batches, folder, epochs=options.epochs, verbose=2
    )
    return trained


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=tuple(SIZES), help="of what")
    parser.add_argument("--data", type=Path, help="folder of the shapes; furniture does without")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--size", type=int, help="voxels a side, instead of 32, or 16 for occupancy")
    parser.add_argument("--epochs", type=int, help="instead of 20, or 60 for occupancy")
    parser.add_argument("--ship", action="store_true", help="write the network of seed 0 to pcfilter_lib/weights")
    options = parser.parse_args()
    options.size = options.size or SIZES[options.set]
    options.epochs = options.epochs or EPOCHS[options.set]
    if options.set != "furniture" and options.data is None:
        parser.error(f"{options.set} needs --data FOLDER: see data_scripts/fetch_modelnet10.py")
    finished = options.out / f"{prefix(options)}{options.seed}.keras"
    if not finished.exists():
        model = train(options)
        keep(model, finished, options, lambda made: tested(model, options, made))
    if options.ship:
        write_weights(options)


def write_weights(options: argparse.Namespace) -> None:
    """Write the network of seed 0, the scores of all seeds, and where it comes from."""
    found = [json.loads(path.read_text()) for path in sorted(options.out.glob(f"{prefix(options)}*.json"))]
    model = models.load(options.out / f"{prefix(options)}0.keras", compile=False)
    made = options.set == "furniture"
    origin = {
        "about": "VoxNet that classifies distance fields into ModelNet10's classes, trained on "
        + ("parametric shapes alone" if made else "ModelNet10"),
        "classes": data.MODELNET10,
        "made by": "data_scripts/train_voxnet.py",
        **({} if made else {"licence": LICENCE}),
        "recipe": {
            "set": options.set, "size": options.size, "points": POINTS, "distances cut off at, voxels": NEAR,
            "batch": BATCH, "epochs": options.epochs, "learning rate": RATE, "seed": 0, "label smoothing": SMOOTHING,
            "versions": VERSIONS, "augmentation": AUGMENTATION, "shift": SHIFT.get(options.size, 1),
            **({"shapes of a class": MADE} if made else {}),
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"seeds": len(found), **mean_accuracy(found), "runs": found},
    }  # fmt: skip
    file = ship(model, f"voxnet-{'furniture' if made else 'modelnet10'}", origin)
    print(f"{len(found)} seeds: {mean_accuracy(found)} -> {file}")


if __name__ == "__main__":
    main()
