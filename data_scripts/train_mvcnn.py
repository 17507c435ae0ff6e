"""Train MVCNN on pictures of ModelNet10's clouds, or of parametric furniture, and write the weights that ship.

    python data_scripts/train_mvcnn.py modelnet10 --data FOLDER --out runs --seed 0     # and 1, and 2
    python data_scripts/train_mvcnn.py modelnet10 --data FOLDER --out runs --ship
    python data_scripts/train_mvcnn.py furniture --out runs --ship

Each cloud of 1,024 points is drawn as spheres from six cameras around it, 48 x 48 pixels: depth, shading, and how many
spheres a ray meets, an X-ray that shows what is inside. The network has seen no other pictures before, and takes the
mean over views. `--channels` trains on others, such as silhouettes alone. *furniture* learns from parametric shapes
alone; it needs no data, and `--data` only to be tested on ModelNet10 too. FOLDER holds <class>/<split>/<shape>, see
data_scripts/fetch_modelnet10.py. Interrupt it at any time (Ctrl-C): the same command goes on after the last finished
epoch. What is judged is the network after the last epoch, with six views, without voting, and with other numbers of
views. Five minutes a seed on two cores. What ships is rounded to float16.
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
from pcfilter_lib.synthesis import FURNITURE, furniture_clouds, splat, turntable
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

POINTS, BATCH, RATE, SMOOTHING, EPOCHS = 1024, 32, 2e-3, 0.1, 12
SIZE, VIEWS, ELEVATION, RADIUS, POOLING = 48, 6, 30, 0.07, "mean"
CHANNELS = ("depth", "shade", "count")
VERSIONS = 4  # of each training cloud: rotated a little, its points jittered, scaled, some of them lost
YAW = 0.2  # radians about the vertical, at most
SHIFT = 2  # pixels by which all pictures of a shape are moved along each axis, at most
AUGMENTATION = {"rotate": "", "jitter": 0.01, "scale": (0.85, 1.1), "drop": 0.4}
MADE = {"train": 400, "test": 40}  # parametric shapes of a class
TESTED_VIEWS = (1, 2, 3, 12)  # beside the six


def pictures(clouds: np.ndarray, what: tuple[str, ...], views: int, doing: str) -> np.ndarray:
    """Return pictures of clouds in the unit sphere, uint8, shape (N, views, SIZE, SIZE, channels)."""
    cameras = turntable(views, ELEVATION, size=SIZE)
    found = None
    for number, cloud in enumerate(tqdm(clouds, desc=doing, unit=" clouds", leave=False, disable=None)):
        drawn = splat(cloud, cameras, RADIUS).channels(what)
        if found is None:
            found = np.empty((len(clouds), *drawn.shape), np.uint8)
        found[number] = np.rint(255 * drawn)
    return found


def clouds_of(options: argparse.Namespace, split: str, made: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds in the unit sphere, and the numbers of their classes."""
    if made:
        return furniture_clouds(FURNITURE, MADE[split], POINTS, seed=[("train", "test").index(split), 9])
    return data.load_shapes(options.data, split, POINTS, classes=data.MODELNET10, cache=options.out / "clouds")


def training_pictures(options: argparse.Namespace) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of all versions of the training clouds, (VERSIONS, N, ...), and their classes, kept on disk."""
    kept = options.out / f"pictures-{options.set}-{'-'.join(options.channels)}.npz"
    if not kept.exists():
        clouds, labels = clouds_of(options, "train", options.set == "furniture")
        vary = data.CloudAugmentation(**AUGMENTATION)
        versions = []
        for number in range(VERSIONS):
            draw = np.random.default_rng([7, number])
            varied = data.rotated(vary(clouds, labels, draw)[0], draw.uniform(-YAW, YAW, len(clouds)))
            versions.append(pictures(varied, options.channels, VIEWS, f"version {number}"))
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez(file, pictures=np.stack(versions), labels=labels)
    with np.load(kept) as arrays:
        return arrays["pictures"], arrays["labels"]


class Versions(data.ShuffledBatches):
    """Batches of one of several versions of each example: moved by a few pixels, half of them mirrored.

    Cameras at equal angles, one of them at 0, see in the mirror image of a shape the mirror images of its pictures, in
    another order, which the network does not notice.
    """

    def __init__(self, versions: np.ndarray, labels: np.ndarray, **kwargs):
        super().__init__(versions[0], np.eye(labels.max() + 1, dtype="float32")[labels], **kwargs)
        self.versions = versions

    def batch(self, rows, generator):
        """Return inputs and targets of these examples, varied."""
        version = generator.integers(len(self.versions), size=len(rows))
        padded = np.pad(self.versions[version, rows], [(0, 0), (0, 0), (SHIFT,) * 2, (SHIFT,) * 2, (0, 0)])
        starts = generator.integers(2 * SHIFT + 1, size=(len(rows), 2))
        x = np.stack([one[:, a : a + SIZE, b : b + SIZE] for one, (a, b) in zip(padded, starts, strict=True)])
        mirrored = generator.random(len(rows)) < 0.5
        x[mirrored] = x[mirrored, :, :, ::-1]
        return as_input(x), self.y[rows]


def as_input(drawn: np.ndarray) -> np.ndarray:
    """Return pictures as numbers from 0 to 1."""
    return drawn.astype("float32") / 255


def build(classes: int, channels: int, steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.MVCNN(classes, SIZE, channels, pooling=POOLING)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=1e-2), loss, metrics=["accuracy"], jit_compile=False)
    return model


def tested(model: keras.Model, options: argparse.Namespace, made: bool) -> dict[str, object]:
    """Return the accuracy on the test shapes, with six views, and with others."""
    clouds, labels = clouds_of(options, "test", made)

    def score(views: int) -> dict[str, object]:
        return scores(model, as_input(pictures(clouds, options.channels, views, "test")), labels, data.MODELNET10)

    return {**score(VIEWS), "accuracy by views": {views: score(views)["accuracy"] for views in TESTED_VIEWS}}


def prefix(options: argparse.Namespace) -> str:
    """Return what the files of a training are called, up to the seed."""
    return f"mvcnn-{options.set}-{'-'.join(options.channels)}-seed-"


def train(options: argparse.Namespace) -> keras.Model:
    """Train, or go on."""
    keras.utils.set_random_seed(options.seed)
    versions, labels = training_pictures(options)
    batches = Versions(versions, labels, batch_size=BATCH, seed=options.seed)
    folder = options.out / f"{prefix(options)}{options.seed}"
    steps = options.epochs * len(batches)
    trained, _ = training.fit_resumable(
        lambda: build(len(data.MODELNET10), versions.shape[-1], steps),
        batches,
        folder,
        epochs=options.epochs,
        verbose=2,
    )
    return trained


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=("modelnet10", "furniture"), help="pictures of what")
    parser.add_argument("--data", type=Path, help="folder of the shapes; furniture does without")
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--channels", nargs="+", default=CHANNELS, help="of the pictures: depth, shade, count, silhouette"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the network of seed 0 to pcfilter_lib/weights")
    options = parser.parse_args()
    options.channels = tuple(options.channels)
    if options.set == "modelnet10" and options.data is None:
        parser.error("modelnet10 needs --data FOLDER: see data_scripts/fetch_modelnet10.py")
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
        "about": "MVCNN that classifies pictures of clouds into ModelNet10's classes, trained on "
        + ("parametric shapes alone" if made else "ModelNet10"),
        "classes": data.MODELNET10,
        "made by": "data_scripts/train_mvcnn.py",
        **({} if made else {"licence": LICENCE}),
        "recipe": {
            "set": options.set, "points": POINTS, "pictures": SIZE, "views": VIEWS, "elevation, degrees": ELEVATION,
            "radius of the spheres": RADIUS, "channels": options.channels, "pooling": POOLING, "batch": BATCH,
            "epochs": options.epochs,
            "learning rate": RATE, "seed": 0, "label smoothing": SMOOTHING, "versions": VERSIONS,
            "augmentation": AUGMENTATION, "yaw, radians": YAW, "shift": SHIFT, "mirrored": True,
            **({"shapes of a class": MADE} if made else {}),
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"seeds": len(found), **mean_accuracy(found), "runs": found},
    }  # fmt: skip
    file = ship(model, f"mvcnn-{options.set}", origin)
    print(f"{len(found)} seeds: {mean_accuracy(found)} -> {file}")


if __name__ == "__main__":
    main()
