"""Train a generator of octrees to write furniture at 128^3 that it has read at 32^3, and write the weights that ship.

    python data_scripts/train_octree_generator.py octree --out runs --seed 0
    python data_scripts/train_octree_generator.py dense --out runs --seed 0
    python data_scripts/train_octree_generator.py octree --out runs --seed 0 --ship

Parametric shapes as solids. The input are the shares of 4 x 4 x 4 voxels that are occupied, which an encoder shortens
to 128 numbers. `dense` is what the generator is compared with: the same encoder and the same decoder up to 16^3, and
from there transposed and further convolutions of the same widths for all voxels of 32^3 and 64^3. Both are tested on
shapes that they have not seen, at 128^3, each voxel of `dense` enlarged to eight. Two thirds of all cells are on the
finest level, and most others on the level before. Training takes a run of the cells before, in the order of the octree,
so that most of their neighbours are in it, and a random sample of the finest, which look at no neighbours. The first
level is trained alone before, which is fast. Memory is what the answer for one shape adds to the peak of a process of
its own, for the shape with the median number of cells (Linux). Interrupt it at any time (Ctrl-C): the same command goes
on after the last finished epoch. What ships is rounded to float16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import bench, data, frameworks, models, sparse, training
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, make_furniture
from pcfilter_lib.weights._ship import ship

frameworks.start("tensorflow")
import keras  # noqa: E402
from keras import layers  # noqa: E402

from pcfilter_lib.losses import MaskedCategoricalCrossentropy  # noqa: E402

DEPTH, FIRST, SIZE = 7, 4, 32
SHAPES, TESTED, BATCH, RATE, EPOCHS = 100, 10, 8, 2e-3, 9  # shapes of each class
COARSE_EPOCHS = 40  # of the first level alone, before
RUN, SPLIT = 12_000, 1500  # in training: cells of the last level but one, and how many of them are split


def solids(split: str, count: int, kept: Path) -> np.ndarray:
    """Return solid furniture at 128^3, eight voxels in a byte, kept on disk."""
    if not kept.exists():
        packed = []
        for kind, name in enumerate(FURNITURE):
            for number in tqdm(range(count), desc=f"{split}, {name}", leave=False, disable=None):
                draw = np.random.default_rng([("train", "test").index(split), kind, number, 25])
                solid = make_furniture(name, draw)
                voxels = data.voxelize(data.Mesh(solid.vertices, solid.faces), 1 << DEPTH, solid=True).values
                packed.append(np.packbits(voxels, axis=-1))
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.savez_compressed(file, solids=np.stack(packed))
    with np.load(kept) as arrays:
        return arrays["solids"]


def occupancy(occupied: np.ndarray, size: int) -> np.ndarray:
    """Return which share of each larger voxel is occupied, float32, (size, size, size)."""
    step = len(occupied) // size
    return occupied.reshape(size, step, size, step, size, step).mean(axis=(1, 3, 5), dtype=np.float32)


def shorten(tables: dict[str, np.ndarray], told: dict[str, np.ndarray], generator: np.random.Generator) -> None:
    """Keep a run of the cells of the last level but one, and a sample of the finest, of the tables and labels."""
    names = [f"{table}_{DEPTH - 1}" for table in ("parents", "positions", "neighbours")]
    label, finest = f"level_{DEPTH - 1}", f"level_{DEPTH}"
    first = 8 * generator.integers(max(0, len(told[label]) - RUN) // 8 + 1)
    for name, where in ((names[0], tables), (names[1], tables), (names[2], tables), (label, told)):
        where[name] = where[name][first : first + RUN]
    there = tables[names[2]] >= 0
    neighbours = np.where(there, tables[names[2]] - first, -1)
    cut_off = there & ((neighbours < 0) | (neighbours >= len(neighbours)))
    tables[names[2]] = np.where(cut_off, -1, neighbours)
    whole = ~cut_off.any(axis=1)  # the others lack features of neighbours that exist
    told[label] = np.where(whole, told[label], -1)

    parents = tables[f"parents_{DEPTH}"][::8] - first
    inside = np.flatnonzero((parents >= 0) & (parents < len(whole)))
    some = generator.permutation(inside[whole[parents[inside]]])[:SPLIT]
    tables[f"parents_{DEPTH}"] = parents[some].repeat(8).astype(np.int32)
    for name, where in ((f"positions_{DEPTH}", tables), (finest, told)):
        where[name] = where[name].reshape(-1, 8)[some].ravel()


class Coarse(data.ShuffledBatches):
    """Batches of solids in few voxels, and of the cells of the first level of their octrees."""

    def __init__(self, packed: np.ndarray, **kwargs):
        inputs, labels = [], []
        for each in tqdm(packed, desc="first level", leave=False, disable=None):
            occupied = np.unpackbits(each, axis=-1).astype(bool)
            inputs.append(occupancy(occupied, SIZE)[..., None])
            labels.append(sparse.SolidOctree.from_voxels(occupied, FIRST).labels[0])
        super().__init__(np.stack(inputs), np.stack(labels), **kwargs)


def coarse(packed: np.ndarray, options: argparse.Namespace) -> dict[str, list[np.ndarray]]:
    """Return the weights of the first stage's layers, trained alone, by steps that take a tenth of the time."""
    batches = Coarse(packed, batch_size=BATCH, seed=options.seed)
    steps = options.coarse_epochs * len(batches)

    def first_stage() -> keras.Model:
        stage = models.OctreeGenerator(SIZE, DEPTH, FIRST).get_layer("first")
        model = keras.Model(stage.input, stage.output[1])
        adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
        model.compile(adam, keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
        return model

    folder = options.out / f"octree-generator-first-seed-{options.seed}"
    model, _ = training.fit_resumable(first_stage, batches, folder, epochs=options.coarse_epochs, verbose=2)
    return {layer.name: layer.get_weights() for layer in model.layers}


class Octrees(data.ShuffledBatches):
    """Batches of solids in few voxels, and of what is in the cells of their octrees."""

    def batch(self, rows, generator):
        """Return inputs and labels, by name."""
        inputs, labels = [], []
        for packed in self.x[rows]:
            occupied = np.unpackbits(packed, axis=-1).astype(bool)
            tree = sparse.SolidOctree.from_voxels(occupied, FIRST)
            tables = {"voxels": occupancy(occupied, SIZE)[..., None], **tree.tables()}
            told = {f"level_{FIRST + number}": each.astype(np.int32) for number, each in enumerate(tree.labels)}
            shorten(tables, told, generator)
            inputs.append(tables)
            labels.append(told)
        batch, labels = sparse.stack_padded(inputs), sparse.stack_padded(labels)
        for level, rows in ((DEPTH - 1, RUN), (DEPTH, 8 * SPLIT)):  # Keras takes shapes that were alike for fixed ones
            for arrays in (batch, labels):
                for name in arrays:
                    if name.endswith(f"_{level}"):
                        missing = [(0, 0), (0, rows - arrays[name].shape[1]), *[(0, 0)] * (arrays[name].ndim - 2)]
                        arrays[name] = np.pad(arrays[name], missing, constant_values=-1)
        return batch, labels


class Grids(data.ShuffledBatches):
    """Batches of solids in few voxels and in more."""

    def batch(self, rows, generator):
        """Return inputs and labels."""
        occupied = [np.unpackbits(packed, axis=-1).astype(bool) for packed in self.x[rows]]
        fine = [occupancy(each, 1 << DEPTH - 1)[..., None] for each in occupied]
        return np.stack([occupancy(each, SIZE)[..., None] for each in occupied]), np.stack(fine)


def dense_decoder() -> keras.Model:
    """Return the network that the generator is compared with."""
    generator = models.OctreeGenerator(SIZE, DEPTH, FIRST)
    first = generator.get_layer("first")
    maps = layers.Reshape((1 << FIRST,) * 3 + (32,))(first.output[0])
    for level in range(FIRST + 1, DEPTH):
        width = min(8 * 2 ** (DEPTH - level), 32)  # as the generator has it
        for layer in (
            layers.Conv3DTranspose(width, 2, strides=2, use_bias=False, name=f"up_{level}"),
            layers.Conv3D(width, 3, padding="same", use_bias=False, name=f"at_{level}"),
        ):
            maps = layers.ReLU()(layers.BatchNormalization(momentum=0.9, name=f"{layer.name}_norm")(layer(maps)))
    return keras.Model(first.input, layers.Conv3D(1, 1, name="logits")(maps), name="dense")


def build(name: str, steps: int, first: dict[str, list[np.ndarray]] | None = None) -> keras.Model:
    """Return a fresh, compiled network, whose learning rate falls to 0 along a cosine, and perhaps a first stage."""
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(RATE, steps))
    if name == "dense":
        model, loss = dense_decoder(), keras.losses.BinaryCrossentropy(from_logits=True)
    else:
        model = models.OctreeGenerator(SIZE, DEPTH, FIRST)
        if first is not None:
            for layer, weights in first.items():
                model.get_layer("first").get_layer(layer).set_weights(weights)
        loss = {f"level_{level}": MaskedCategoricalCrossentropy(ignore=-1) for level in range(FIRST, DEPTH + 1)}
    model.compile(adam, loss, jit_compile=False)
    return model


def answer(name: str, model: keras.Model, voxels: np.ndarray) -> np.ndarray | sparse.SolidOctree:
    """Return what a network makes of a solid."""
    if name == "octree":
        return model.generate(voxels)
    return model.predict_on_batch(voxels[None, ..., None])[0, ..., 0] > 0


def measured(name: str, model: keras.Model, file: Path, packed: np.ndarray) -> dict[str, object]:
    """Return the mean IoU at 128^3, over all shapes and of each class, time, and memory."""
    overlap, seconds, cells = [], [], []
    for each in tqdm(packed, desc="test", leave=False, disable=None):
        occupied = np.unpackbits(each, axis=-1).astype(bool)
        voxels, start = occupancy(occupied, SIZE), time.perf_counter()
        found = answer(name, model, voxels)
        seconds.append(time.perf_counter() - start)
        if name == "octree":
            cells.append(sum(map(len, found.labels)))
            found = found.to_voxels()
        else:
            cells.append(int(occupied.sum()))
            found = np.kron(found, np.ones((2, 2, 2), bool))
        overlap.append((found & occupied).sum() / (found | occupied).sum())
    by_class = np.reshape(overlap, (len(FURNITURE), -1)).mean(axis=1)
    median = np.argsort(cells)[len(cells) // 2]
    return {
        "shapes": len(packed),
        "IoU": round(float(np.mean(overlap)), 4),
        "IoU of each class": {kind: round(float(each), 4) for kind, each in zip(FURNITURE, by_class, strict=True)},
        "seconds a shape": round(float(np.median(seconds)), 3),
        "memory, MB": round(bench.risen_memory(prepared, name, file, packed[median]) / 1e6, 1),
    }


def prepared(name: str, file: Path, packed: np.ndarray) -> Callable[[], object]:
    """Return a call that answers for one solid, by a network that is built, but has answered for nothing as large.

    What a large answer takes, TensorFlow keeps for the next one, and it would not be counted again.
    """
    model = models.load(file, compile=False)
    voxels = occupancy(np.unpackbits(packed, axis=-1).astype(bool), SIZE)
    if name == "dense":  # all but the last level has been computed once
        keras.Model(model.input, model.get_layer("up_5").output).predict_on_batch(np.zeros((1, *[SIZE] * 3, 1)))
    else:  # traced for several small numbers of cells, after which their number is left open
        for side in range(4):
            box = np.zeros((SIZE,) * 3, np.float32)
            box[4 : 6 + 2 * side, 4 : 6 + side, 4:6] = 1
            model.generate(box, threshold=0.5 if side else 0.9)
    return lambda: answer(name, model, voxels)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=("octree", "dense"))
    parser.add_argument("--out", type=Path, required=True, help="folder for the runs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--coarse-epochs", type=int, default=COARSE_EPOCHS, help="of the first level alone, before")
    parser.add_argument("--ship", action="store_true", help="write the generator to pcfilter_lib/weights")
    options = parser.parse_args()
    if options.ship and options.network != "octree":
        parser.error("only octree ships")
    keras.utils.set_random_seed(options.seed)
    packed = solids("train", SHAPES, options.out / "solids-train.npz")
    kind = Octrees if options.network == "octree" else Grids
    batches = kind(packed, np.zeros(len(packed)), batch_size=BATCH, seed=options.seed)
    name, steps = f"{options.network}-generator-seed-{options.seed}", options.epochs * len(batches)
    first = coarse(packed, options) if options.network == "octree" else None
    model, _ = training.fit_resumable(
        lambda: build(options.network, steps, first), batches, options.out / name, epochs=options.epochs, verbose=2
    )
    file = options.out / f"{name}.keras"
    model.save(file)
    found = measured(options.network, model, file, solids("test", TESTED, options.out / "solids-test.npz"))
    file.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    if options.ship:
        write_weights(model, options, found)


def write_weights(model: keras.Model, options: argparse.Namespace, found: dict) -> None:
    """Write the generator, what it and the dense decoder scored, and where it comes from."""
    other = options.out / f"dense-generator-seed-{options.seed}.json"
    scores = {"octree, 128^3": found}
    if other.exists():
        scores["dense, 64^3, enlarged"] = json.loads(other.read_text())
    origin = {
        "about": "An auto-encoder that reads solid furniture at 32^3 and writes it as an octree of 128^3",
        "made by": "data_scripts/train_octree_generator.py",
        "recipe": {
            "shapes of a class": SHAPES, "batch": BATCH, "epochs": options.epochs, "learning rate": RATE,
            "epochs of the first level alone": options.coarse_epochs,
            "seed": options.seed, "cells in training": [RUN, 8 * SPLIT],
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "scores": scores,
    }  # fmt: skip
    ship(model, "octree-generator-furniture", origin)


if __name__ == "__main__":
    main()
