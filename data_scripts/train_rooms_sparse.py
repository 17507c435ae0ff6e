"""Train a sparse network that classifies the surface voxels of a room at 2.5 cm, and write the weights that ship.

    python data_scripts/train_rooms_sparse.py --out runs --seed 0 --ship

The rooms and the blocks of them are those of train_rooms.py, twice as fine; of what is within reach of a block the
network sees 0.4 m, and is not asked for labels there. After training, the statistics of its normalisations are taken
from whole rooms. The network is tested on the rooms that train_rooms.py tests on, beside the network
`rooms-dense`, whose prediction for a voxel of 5 cm counts for all eight voxels of 2.5 cm in it. Memory is what each
adds to the peak of a process of its own, for the room with the most voxels (Linux). Interrupt it at any time (Ctrl-C):
the same command goes on after the last finished epoch. Three quarters of an hour on two cores. What ships is rounded
to float16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm
from train_rooms import BLOCKS, FIRST_SEED, ROOMS, TEST_SEED, TESTED, Blocks, class_weights, rooms, scored

from pcfilter_lib import bench, data, frameworks, models, sparse, training
from pcfilter_lib.provenance import provenance
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.losses import MaskedCategoricalCrossentropy  # noqa: E402

FINER, BATCH, RATE, EPOCHS = 2, 2, 4e-3, 15
DEPTH, WIDTH = 4, 12
BLOCK, REACH = 64, 16  # columns of voxels: 1.6 m, and 0.4 m on each side
IGNORED = -1  # in place of a label
VOXEL_SIZE = data.ROOM_VOXEL_SIZE / FINER


def sample(room: np.ndarray) -> dict[str, np.ndarray]:
    """Return features and tables of a room, or a part of it."""
    coordinates, features = data.room_voxels(room != data.UNLABELLED, VOXEL_SIZE)
    return {"features": features, **sparse.unet_tables(coordinates, DEPTH)}


def network_input(room: np.ndarray) -> dict[str, np.ndarray]:
    """Return features and tables of one room, a batch of one."""
    return sparse.stack_padded([sample(room)])


class SparseBlocks(Blocks):
    """Batches of blocks of rooms, as Blocks draws them, and what is within reach; only the blocks have labels."""

    def batch(self, rows, generator):
        """Return inputs and labels of blocks."""
        inputs, targets = [], []
        for number in self.x[rows]:
            room, x, y = self.drawn(number, BLOCK, generator)
            left, front = max(0, x - self.reach), max(0, y - self.reach)
            seen = room[left : x + BLOCK + self.reach, front : y + BLOCK + self.reach]
            label = np.full(seen.shape, IGNORED, np.int32)
            inner = slice(x - left, x - left + BLOCK), slice(y - front, y - front + BLOCK)
            label[inner] = seen[inner]
            inputs.append(sample(seen))
            targets.append({"label": label[seen != data.UNLABELLED]})
        return sparse.stack_padded(inputs), sparse.stack_padded(targets)["label"]


def build(steps: int, weights: list[float]) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine."""
    model = models.SparseUNet(len(data.ROOM_CLASSES), channels=2, depth=DEPTH, base_filters=WIDTH)
    rate = keras.optimizers.schedules.CosineDecay(RATE, steps)
    loss = MaskedCategoricalCrossentropy(class_weights=weights, ignore=IGNORED)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    return model


def normalise_for_rooms(model: keras.Model, labels: np.ndarray) -> None:
    """Take the means and variances of all normalisations from whole rooms, which hold more floor than the blocks."""
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.95
    for room in tqdm(labels, desc="normalisation", leave=False, disable=None):
        model(network_input(room), training=True)


def fine(model: keras.Model, room: np.ndarray) -> np.ndarray:
    """Return what the sparse network says of a room's voxels."""
    return model.predict_on_batch(network_input(room))[0].argmax(axis=-1)


def coarse(model: keras.Model, room: np.ndarray) -> np.ndarray:
    """Return what a dense network at the coarser voxel size says of a room's fine voxels."""
    there = np.argwhere(room != data.UNLABELLED)
    occupied = np.zeros([side // FINER for side in room.shape], bool)
    occupied[tuple(there.T // FINER)] = True
    said = model.predict_on_batch(data.room_channels(occupied, margin=model.reach)[None])[0].argmax(axis=-1)
    return said[tuple(there.T // FINER)]


PREDICT = {"sparse": fine, "dense at 5 cm": coarse}


def prediction(name: str, file: Path | None, room: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a call that predicts a room, by a network that has seen a small one."""
    model = models.load(file, compile=False) if file else models.load_pretrained("rooms-dense")
    small = np.full((16, 16, 16), data.UNLABELLED, np.uint8)
    small[:, :, 0] = 0
    PREDICT[name](model, small)
    return lambda: PREDICT[name](model, room)


def measured(model: keras.Model, file: Path, labels: np.ndarray) -> dict[str, object]:
    """Return what both networks score on the voxels of 2.5 cm, how long they take, and their memory."""
    found = {}
    largest = max(labels, key=lambda room: int((room != data.UNLABELLED).sum()))
    for name, network in (("sparse", model), ("dense at 5 cm", models.load_pretrained("rooms-dense"))):
        said, seconds = [], []
        for room in labels:
            start = time.perf_counter()
            said.append(PREDICT[name](network, room))
            seconds.append(time.perf_counter() - start)
        found[name] = {
            **scored(labels, said),
            "seconds a room": round(float(np.median(seconds)), 2),
            "memory, MB": round(
                bench.risen_memory(prediction, name, file if name == "sparse" else None, largest) / 1e6
            ),
        }
    return {"rooms": len(labels), **found}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--ship", action="store_true", help="write the network to pcfilter_lib/weights")
    options = parser.parse_args()
    keras.utils.set_random_seed(options.seed)
    labels = rooms(FIRST_SEED, ROOMS, options.out / "rooms-fine-train.npz", FINER)
    batches = SparseBlocks(labels, REACH, batch_size=BATCH, seed=options.seed)
    folder, steps = options.out / f"rooms-sparse-seed-{options.seed}", options.epochs * len(batches)
    weights = class_weights(labels)
    model, _ = training.fit_resumable(lambda: build(steps, weights), batches, folder, epochs=options.epochs, verbose=2)
    normalise_for_rooms(model, labels)
    file = options.out / f"rooms-sparse-seed-{options.seed}.keras"
    model.save(file)
    found = measured(model, file, rooms(TEST_SEED, TESTED, options.out / "rooms-fine-test.npz", FINER))
    print(json.dumps(found, indent=1))
    if options.ship:
        write_weights(model, options, found)


def write_weights(model: keras.Model, options: argparse.Namespace, found: dict) -> None:
    """Write the network, what it scored, and where it comes from."""
    origin = {
        "about": "A sparse U-Net that classifies surface voxels in rooms into twelve classes, at 2.5 cm",
        "classes": data.ROOM_CLASSES,
        "made by": "data_scripts/train_rooms_sparse.py",
        "recipe": {
            "rooms": ROOMS, "blocks of each in an epoch": BLOCKS, "block": BLOCK, "around it": REACH, "batch": BATCH,
            "epochs": options.epochs, "learning rate": RATE, "seed": options.seed, "depth": DEPTH,
            "base filters": WIDTH, "input": ["occupied", "height, m"], "class weights": "count^-0.5",
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": found,
    }  # fmt: skip
    ship(model, "rooms-sparse", origin)


if __name__ == "__main__":
    main()
