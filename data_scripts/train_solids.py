"""Train a network that makes a solid of pictures, on parametric furniture, and write the weights that ship.

    python data_scripts/train_solids.py yovo --out runs --seed 0                    # and 1, and 2
    python data_scripts/train_solids.py yovo --out runs --seed 0 --ship
    python data_scripts/train_solids.py pix2vox --out runs --seed 0                 # or r2n2, or one-level

Ten kinds of parametric furniture as solids of 32 x 32 x 32 voxels, and four shaded pictures of each, 56 x 56 pixels:
the azimuth of the camera is random, its elevation between 25 and 30 degrees. The solids stand as they were made, so a
network has to find out from where it looks. `one-level` is YOVO with its last level alone, widened until it has about
as many parameters (626,326 against 622,927). Training is that of the thesis behind the project: Ranger, DropBlock,
random background, permuted channels, ten times the voxel cross-entropy of the merged and of the refined volume. The
threshold is chosen on the validation shapes. The test compares the network with the mean solid of the class, with the
training solid whose picture looks most similar, and with an oracle that picks the best of 800 training solids.
Interrupt it at any time (Ctrl-C): the same command goes on after the last finished epoch. What ships is rounded to
float16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, look_at, make_furniture, render
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.losses import VoxelBinaryCrossentropy  # noqa: E402
from pcfilter_lib.optimizers import Ranger  # noqa: E402

SIZE, PICTURE, VIEWS = 32, 56, 4
MADE = {"train": 400, "validation": 20, "test": 40}  # shapes of a class
SPLITS = tuple(MADE)
WIDTH, BACKBONE = 1 / 16, 0.5
BATCH, RATE, EPOCHS = 16, 1e-3, 12
MOST_VIEWS = 3  # of a shape in a batch
THRESHOLDS = (0.2, 0.3, 0.4, 0.5)
ORACLE, TESTED_VIEWS = 800, (1, 2, 5)
NETWORKS = {
    "yovo": lambda: models.YOVO(PICTURE, WIDTH, BACKBONE),
    "one-level": lambda: models.YOVO(PICTURE, WIDTH, BACKBONE, levels=((460, 460),)),
    "pix2vox": lambda: models.Pix2Vox(PICTURE, WIDTH, WIDTH),
    "r2n2": lambda: models.R2N2(PICTURE, WIDTH),
}


def camera(azimuth: float, elevation: float):
    """Return a camera that looks at the middle of a shape of height 1."""
    across = np.cos(np.deg2rad(elevation))
    away = np.array([across * np.cos(azimuth), across * np.sin(azimuth), np.sin(np.deg2rad(elevation))])
    return look_at(np.array([0, 0, 0.5]) + 2.6 * away, (0, 0, 0.5), size=PICTURE, field_of_view=34)


def shapes(split: str, kept: Path, views: int) -> dict[str, np.ndarray]:
    """Return solids (packed), their pictures (shade and silhouette, uint8), and classes, kept on disk."""
    if not kept.exists():
        made = {"solids": [], "pictures": [], "labels": []}
        for kind, name in enumerate(FURNITURE):
            for number in tqdm(range(MADE[split]), desc=f"{split}, {name}", leave=False, disable=None):
                draw = np.random.default_rng([SPLITS.index(split), kind, number, 30])
                solid = make_furniture(name, draw)
                voxels = data.voxelize(data.Mesh(solid.vertices, solid.faces), SIZE, solid=True).values
                cameras = [camera(draw.uniform(0, 2 * np.pi), draw.uniform(25, 30)) for _ in range(views)]
                drawn = render(solid, cameras).channels(("shade", "silhouette"))
                made["solids"].append(np.packbits(voxels, axis=-1))
                made["pictures"].append(np.rint(255 * drawn).astype(np.uint8))
                made["labels"].append(kind)
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez(file, **{name: np.stack(each) for name, each in made.items()})
    with np.load(kept) as arrays:
        return {name: arrays[name] for name in arrays.files}


def volumes(packed: np.ndarray) -> np.ndarray:
    """Return solids as float32, (..., SIZE, SIZE, SIZE, 1)."""
    return np.unpackbits(packed, axis=-1).astype(np.float32)[..., None]


def coloured(pictures: np.ndarray, colour: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Return pictures of a shape in a colour, before a background, float32 from 0 to 1, (..., 3)."""
    shade, inside = (pictures[..., None, number].astype(np.float32) / 255 for number in (0, 1))
    return shade * colour + (1 - inside) * background


class Pictures(data.ShuffledBatches):
    """Batches of a few pictures of each shape, in random colours, and of its solid, mirrored or not.

    The mirror image of a picture shows the mirror image of the shape from the mirrored azimuth. (The published code
    mirrors the picture alone.)
    """

    def __init__(self, made: dict[str, np.ndarray], outputs: tuple[str, ...], **kwargs):
        super().__init__(made["pictures"], made["solids"], **kwargs)
        self.outputs = outputs

    def batch(self, rows, generator):
        """Return pictures and volumes."""
        some = generator.permutation(self.x.shape[1])[: generator.integers(1, MOST_VIEWS + 1)]
        x, solids = self.x[rows][:, some], volumes(self.y[rows])
        colour, background = generator.uniform(0.3, 1, (2, len(rows), 1, 1, 1, 3))  # any order of channels is as likely
        x = coloured(x, colour, background - 0.3)
        mirrored = generator.random(len(rows)) < 0.5
        x[mirrored] = x[mirrored, :, :, ::-1]
        solids[mirrored] = solids[mirrored, :, ::-1]
        return x.astype(np.float32), dict.fromkeys(self.outputs, solids)


def build(name: str) -> keras.Model:
    """Return a fresh, compiled network."""
    model = NETWORKS[name]()
    loss = {each: VoxelBinaryCrossentropy(from_logits=False) for each in model.output}
    model.compile(Ranger(RATE), loss, loss_weights=dict.fromkeys(loss, 10.0), jit_compile=False)
    return model


class HalvedRate(keras.callbacks.Callback):
    """Halve the learning rate at 60, 75 and 90 % of the epochs."""

    def on_epoch_begin(self, epoch, logs=None):
        """Set the rate, which depends on the epoch alone, so that a training can go on."""
        passed = sum(epoch >= part * self.params["epochs"] for part in (0.6, 0.75, 0.9))
        self.model.optimizer.learning_rate = RATE / 2**passed


def overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the IoU of each volume of two stacks of booleans."""
    axes = tuple(range(1, one.ndim))
    return (one & other).sum(axis=axes) / np.maximum((one | other).sum(axis=axes), 1)


def predicted(model: keras.Model, pictures: np.ndarray, views: int) -> Iterator[np.ndarray]:
    """Return the refined probabilities of each shape's first pictures, in grey before black."""
    for first in range(0, len(pictures), BATCH):
        x = coloured(pictures[first : first + BATCH, :views], np.full(3, 0.8), np.zeros(3))
        yield model.predict_on_batch(x.astype(np.float32))["refined"]


def scored(model: keras.Model, made: dict[str, np.ndarray], views: int, threshold: float) -> np.ndarray:
    """Return the IoU of each shape."""
    said = np.concatenate(list(predicted(model, made["pictures"], views)))
    return overlap(said >= threshold, volumes(made["solids"]) > 0.5)


def baselines(train: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> dict[str, float]:
    """Return the mean IoU of what needs no network."""
    known, truth = volumes(train["solids"])[..., 0], volumes(test["solids"])[..., 0] > 0.5
    mean = np.stack([known[train["labels"] == kind].mean(axis=0) >= 0.4 for kind in range(len(FURNITURE))])
    # The picture that looks most similar, of 28 x 28 pixels, shade and silhouette.
    small = [each["pictures"].reshape(len(each["labels"]), -1, 28, 2, 28, 2, 2) for each in (train, test)]
    small = [each.mean(axis=(3, 5)).astype(np.float32) for each in small]
    of_train = small[0].reshape(-1, 28 * 28 * 2)
    of_test = small[1][:, 0].reshape(len(truth), -1)
    far = (of_train**2).sum(axis=1) - 2 * of_test @ of_train.T
    nearest = far.argmin(axis=1) // small[0].shape[1]
    some = np.random.default_rng(0).permutation(len(known))[:ORACLE]
    flat, seen = known[some].reshape(len(some), -1), truth.reshape(len(truth), -1).astype(np.float32)
    both = seen @ flat.T
    oracle = both / (seen.sum(axis=1)[:, None] + flat.sum(axis=1) - both)
    return {
        "mean of the class": round(float(overlap(mean[test["labels"]], truth).mean()), 4),
        "most similar picture": round(float(overlap(known[nearest] > 0.5, truth).mean()), 4),
        f"best of {len(some)}": round(float(oracle.max(axis=1).mean()), 4),
    }


def measured(model: keras.Model, made: dict[str, dict[str, np.ndarray]]) -> dict[str, object]:
    """Return the threshold of the validation shapes, and the IoU of the test shapes, with one picture and with more."""
    chosen = max(THRESHOLDS, key=lambda each: scored(model, made["validation"], 1, each).mean())
    found = {views: scored(model, made["test"], views, chosen) for views in TESTED_VIEWS}
    single, seconds = made["test"]["pictures"][:1], []
    for _ in range(12):
        start = time.perf_counter()
        next(predicted(model, single, 1))
        seconds.append(time.perf_counter() - start)
    classes = found[1].reshape(len(FURNITURE), -1)
    return {
        "shapes": len(found[1]),
        "threshold": chosen,
        "IoU": {views: round(float(each.mean()), 4) for views, each in found.items()},
        "standard error": round(float(found[1].std(ddof=1) / np.sqrt(len(found[1]))), 4),
        "IoU of each class": {
            kind: round(float(each.mean()), 4) for kind, each in zip(FURNITURE, classes, strict=True)
        },
        "baselines": baselines(made["train"], made["test"]),
        "milliseconds a picture": round(1e3 * float(np.median(seconds)), 1),
    }


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=tuple(NETWORKS))
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the network to pcfilter_lib/weights")
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    made = {
        split: shapes(
            split, options.out / f"pictures-of-solids-{split}.npz", VIEWS if split == "train" else TESTED_VIEWS[-1]
        )
        for split in SPLITS
    }
    batches = Pictures(made["train"], tuple(NETWORKS[options.network]().output), batch_size=BATCH, seed=options.seed)
    name = f"{options.network}-furniture-seed-{options.seed}"
    model, _ = training.fit_resumable(
        lambda: build(options.network), batches, options.out / name, epochs=options.epochs, verbose=2,
        callbacks=[HalvedRate()],
    )  # fmt: skip
    with replacing(options.out / f"{name}.keras") as temporary:
        model.save(temporary)
    found = {"seed": options.seed, **measured(model, made)}
    (options.out / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    if options.ship:
        write_weights(model, options, found)


def write_weights(model: keras.Model, options: argparse.Namespace, found: dict) -> None:
    """Write the network, what it scored, and where it comes from."""
    origin = {
        "about": "A network that makes a solid of 32^3 voxels of pictures of furniture, trained on parametric shapes",
        "made by": "data_scripts/train_solids.py",
        "recipe": {
            "network": options.network, "shapes of a class": MADE, "pictures of each": VIEWS, "picture": PICTURE,
            "width": WIDTH, "width of the backbone": BACKBONE, "batch": BATCH, "epochs": options.epochs,
            "learning rate": RATE, "views in a batch": [1, MOST_VIEWS], "seed": options.seed,
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": found,
    }  # fmt: skip
    ship(model, f"{options.network}-furniture", origin)


if __name__ == "__main__":
    main()
