"""Train a U-Net in space that completes furniture seen from one side, and write the weights that ship.

    python data_scripts/train_completion.py --out runs --seed 0 --ship

Each parametric shape stands in a cube of 32 x 32 x 32 voxels, normalised to the unit sphere, and one orthographic
camera looks at it (`synthesis.partial_scan`). The network sees, for each voxel, how near a surface was seen, whether
the voxel was seen to be free, and whether nobody has looked there; it is asked how far the whole surface is, cut off at
three voxels. Only voxels that nobody has seen count, in the loss and in the test. Two baselines are measured as well:
keeping what is known, and adding its mirror image in the plane in which this class of furniture is symmetric. Interrupt
it at any time (Ctrl-C): the same command goes on after the last finished epoch. Half an hour on two cores. What ships
is rounded to float16.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, make_furniture, partial_scan
from pcfilter_lib.synthesis.completion import NEAR, completion_channels, completion_mirror, completion_target
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.losses import MaskedMeanAbsoluteError  # noqa: E402

SIZE, POINTS, BATCH, RATE, EPOCHS = 32, 20_000, 16, 3e-3, 12
SHAPES, VIEWS, TESTED = 250, 8, 20  # of each class: shapes for training, of which each epoch sees one of eight views
DEPTH, FILTERS = 3, 8


def pairs(split: str, count: int, views: int) -> dict[str, np.ndarray]:
    """Return what one view knows of each shape, its whole skin, and its class."""
    known, whole, kinds = [], [], []  # (N, views, ...), (N, ...), (N,)
    place = {"resolution": SIZE, "origin": (-1, -1, -1), "side": 2}
    grid = data.VoxelGrid(np.zeros((SIZE,) * 3, bool), (-1, -1, -1), 2 / SIZE)
    for kind, name in enumerate(FURNITURE):
        for number in tqdm(range(count), desc=f"{split}, {name}", leave=False, disable=None):
            draw = np.random.default_rng([("train", "test").index(split), kind, number, 20])
            solid = make_furniture(name, draw)
            points = data.sample_surface(data.Mesh(solid.vertices, solid.faces), POINTS, seed=int(draw.integers(2**31)))
            points = data.unit_sphere(points)
            skin = data.voxelize(points, grid=grid).values
            angles = draw.uniform([0, 5], [360, 45], (views, 2))
            known.append([partial_scan(points, *each, **place).knowledge for each in angles])
            whole.append(skin)
            kinds.append(kind)
    return {"known": np.stack(known), "whole": np.stack(whole), "kinds": np.array(kinds, np.uint8)}


class Pairs(data.ShuffledBatches):
    """Batches of what one of the views knows, and of the distances that nobody has seen."""

    def batch(self, rows, generator):
        """Return inputs and targets of these examples."""
        known = self.x[rows, generator.integers(self.x.shape[1], size=len(rows))]
        target = completion_target(self.y[rows])
        target[known != data.UNKNOWN] = np.nan
        return completion_channels(known), target


def measured(distance: np.ndarray, known: np.ndarray, whole: np.ndarray) -> dict[str, float]:
    """Return the mean error of distances where nobody has looked, in voxels, and the overlap of skins."""
    unknown = known == data.UNKNOWN
    error = np.abs(distance - completion_target(whole))[unknown].mean()
    occupied = np.where(unknown, distance < 0.5, known == data.SURFACE)
    overlap = [(a & b).sum() / max((a | b).sum(), 1) for a, b in zip(occupied, whole, strict=True)]
    hidden = [(a & b & u).sum() / max(((a | b) & u).sum(), 1) for a, b, u in zip(occupied, whole, unknown, strict=True)]
    return {
        "L1, voxels": round(float(error), 4),
        "IoU": round(float(np.mean(overlap)), 4),
        "IoU of what nobody has seen": round(float(np.mean(hidden)), 4),
    }


def build(steps: int) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.VoxelUNet(3, 1, DEPTH, FILTERS)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    model.compile(keras.optimizers.Adam(rate), MaskedMeanAbsoluteError(), jit_compile=False)
    return model


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the weights to pcfilter_lib/weights")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "completion-pairs.npz"
    if not kept.exists():
        content = pairs("train", SHAPES, VIEWS)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez(file, **content)
    test = pairs("test", TESTED, 1)

    keras.utils.set_random_seed(options.seed)
    with np.load(kept) as arrays:
        batches = Pairs(arrays["known"], arrays["whole"], batch_size=BATCH, seed=options.seed)
    folder, steps = options.out / f"completion-seed-{options.seed}", options.epochs * len(batches)
    model, _ = training.fit_resumable(lambda: build(steps), batches, folder, epochs=options.epochs, verbose=2)

    known, whole = test["known"][:, 0], test["whole"]
    said = model.predict(completion_channels(known), batch_size=BATCH, verbose=0)[..., 0].clip(0, NEAR)
    seen = known == data.SURFACE
    found = {
        "network": measured(said, known, whole),
        "mirror": measured(completion_target(completion_mirror(known, test["kinds"])), known, whole),
        "what is known": measured(completion_target(seen), known, whole),
    }
    print(json.dumps(found, indent=1))
    if options.ship:
        write_weights(model, options, found)


def write_weights(model: keras.Model, options: argparse.Namespace, found: dict) -> None:
    """Write the network, what it scored, and where it comes from."""
    origin = {
        "about": "U-Net in space that completes furniture seen from one side, 32 x 32 x 32 voxels",
        "made by": "data_scripts/train_completion.py",
        "recipe": {
            "size": SIZE, "points": POINTS, "shapes of a class": SHAPES, "views of each": VIEWS, "batch": BATCH,
            "epochs": options.epochs, "learning rate": RATE, "seed": options.seed, "distances cut off at, voxels": NEAR,
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": {"shapes": TESTED * len(FURNITURE), **found},
    }  # fmt: skip
    ship(model, "completion-furniture", origin)


if __name__ == "__main__":
    main()
