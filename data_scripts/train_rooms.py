"""Train a network that classifies each surface voxel of a room, and write the weights that ship.

    python data_scripts/train_rooms.py --out runs --seed 0 --ship

Rooms of `synthesis.make_room` at 5 cm, other ones than those that ship. The network sees which voxels are occupied, and
how high each voxel is, which a window that holds whole columns shows as well. It is trained on blocks of 32 x 32
columns, of which it sees 15 voxels more on each side, and tested on whole rooms in one pass, on those that ship and on
further ones. A block lies around a voxel of a class that is drawn first, so that rare classes are seen as often as
common ones; it is rotated by a random multiple of 90 degrees, and mirrored or not. Interrupt it at any time (Ctrl-C):
the same command goes on after the last finished epoch. Half an hour on two cores. What ships is rounded to float16.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import label_voxels, make_room
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.losses import MaskedCategoricalCrossentropy  # noqa: E402

ROOMS, TESTED, BLOCK, BATCH, RATE, EPOCHS = 96, 8, 32, 2, 4e-3, 24
WIDTH, DILATIONS = 16, (1, 1, 1, 4, 8)
FIRST_SEED, TEST_SEED = 20_000, 30_000  # the rooms that ship have others
BLOCKS = 3  # of each room in an epoch
STRUCTURE = [data.ROOM_CLASSES.index(name) for name in ("floor", "wall")]


def rooms(first: int, count: int, kept: Path, finer: int = 1) -> np.ndarray:
    """Return the labels of rooms, uint8, (N, 100, 100, 56) or so many times as fine, kept on disk."""
    if not kept.exists():
        size, shape = data.ROOM_VOXEL_SIZE / finer, tuple(finer * side for side in data.ROOM_SHAPE)
        numbers = tqdm(range(first, first + count), desc="rooms", leave=False, disable=None)
        made = [label_voxels(make_room(seed), size, shape) for seed in numbers]
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, rooms=np.stack(made))
    with np.load(kept) as arrays:
        return arrays["rooms"]


class Blocks(data.ShuffledBatches):
    """Batches of blocks of rooms, rotated and mirrored, each around a voxel of a class of furniture.

    `reach` is how many voxels around a block are seen as well.
    """

    def __init__(self, labels: np.ndarray, reach: int, **kwargs):
        super().__init__(np.repeat(np.arange(len(labels)), BLOCKS), np.zeros(BLOCKS * len(labels)), **kwargs)
        self.labels, self.reach = labels, reach

    def drawn(self, number: int, block: int, generator: np.random.Generator) -> tuple[np.ndarray, int, int]:
        """Return a room, rotated and mirrored, and where in it a block of so many columns along x and y begins."""
        room = np.rot90(self.labels[number], generator.integers(4))[:: generator.choice([-1, 1])]
        kind = generator.choice(np.setdiff1d(room, [*STRUCTURE, data.UNLABELLED]))
        inside = np.argwhere(room == kind)
        place = inside[generator.integers(len(inside)), :2] - generator.integers(block, size=2)
        x, y = np.clip(place, 0, np.array(room.shape[:2]) - block)
        return room, int(x), int(y)

    def batch(self, rows, generator):
        """Return inputs and labels of blocks."""
        inputs, targets = [], []
        for number in self.x[rows]:
            room, x, y = self.drawn(number, BLOCK, generator)
            around = BLOCK + 2 * self.reach
            seen = data.room_channels(room != data.UNLABELLED, margin=self.reach)
            inputs.append(seen[x : x + around, y : y + around])
            targets.append(room[x : x + BLOCK, y : y + BLOCK])
        return np.stack(inputs), np.stack(targets)


def measured(model: keras.Model, labels: np.ndarray) -> dict[str, object]:
    """Return accuracy and IoU on the surface voxels of whole rooms."""
    predicted, seconds = [], []
    for room in labels:
        start = time.perf_counter()
        there = room != data.UNLABELLED
        said = model.predict_on_batch(data.room_channels(there, margin=model.reach)[None])[0].argmax(axis=-1)
        seconds.append(time.perf_counter() - start)
        predicted.append(said[there])
    return {"rooms": len(labels), **scored(labels, predicted), "seconds a room": round(float(np.median(seconds)), 2)}


def scored(labels: np.ndarray, predicted: list[np.ndarray]) -> dict[str, object]:
    """Return accuracy and IoU of what was predicted for the surface voxels of each room."""
    count = len(data.ROOM_CLASSES)
    table = np.zeros((count, count), np.int64)
    for room, said in zip(labels, predicted, strict=True):
        np.add.at(table, (room[room != data.UNLABELLED], said), 1)
    right = np.diag(table)
    overlap = right / np.maximum(table.sum(axis=0) + table.sum(axis=1) - right, 1)
    return {
        "accuracy": round(float(right.sum() / table.sum()), 4),
        "mean IoU": round(float(overlap.mean()), 4),
        "IoU": {name: round(float(each), 4) for name, each in zip(data.ROOM_CLASSES, overlap, strict=True)},
    }


def class_weights(labels: np.ndarray) -> list[float]:
    """Return weights that fall with the root of how common a class is, 1 on average over voxels."""
    count = np.array([(labels == kind).sum() for kind in range(len(data.ROOM_CLASSES))]) + 1
    weights = count**-0.5
    return (weights * count.sum() / (weights * count).sum()).tolist()


def build(steps: int, weights: list[float]) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.VoxelContextNet(len(data.ROOM_CLASSES), channels=2, width=WIDTH, dilations=DILATIONS)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = MaskedCategoricalCrossentropy(class_weights=weights)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    return model


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the network to pcfilter_lib/weights")
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    labels = rooms(FIRST_SEED, ROOMS, options.out / "rooms-train.npz")
    batches = Blocks(labels, sum(DILATIONS), batch_size=BATCH, seed=options.seed)
    folder, steps = options.out / f"rooms-seed-{options.seed}", options.epochs * len(batches)
    weights = class_weights(labels)
    model, _ = training.fit_resumable(lambda: build(steps, weights), batches, folder, epochs=options.epochs, verbose=2)
    found = {
        "further rooms": measured(model, rooms(TEST_SEED, TESTED, options.out / "rooms-test.npz")),
        "rooms that ship, test": measured(model, np.stack(data.load_rooms("test"))),
    }
    print(json.dumps(found, indent=1))
    if options.ship:
        write_weights(model, options, found)


def write_weights(model: keras.Model, options: argparse.Namespace, found: dict) -> None:
    """Write the network, what it scored, and where it comes from."""
    origin = {
        "about": "A context network that classifies surface voxels in rooms into twelve classes, at 5 cm",
        "classes": data.ROOM_CLASSES,
        "made by": "data_scripts/train_rooms.py",
        "recipe": {
            "rooms": ROOMS, "blocks of each in an epoch": BLOCKS, "block": BLOCK, "batch": BATCH,
            "epochs": options.epochs, "learning rate": RATE, "seed": options.seed, "width": WIDTH,
            "dilations": DILATIONS, "input": ["occupied", "height, m"], "class weights": "count^-0.5",
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": found,
    }  # fmt: skip
    ship(model, "rooms-dense", origin)


if __name__ == "__main__":
    main()
