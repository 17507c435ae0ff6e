"""Switch off one thing of PointNet after the other: transforms, maximum, width.

    python experiments/pointnet_ablations.py [--json FILE] [--seeds 2]

Small networks learn to tell ten kinds of parts apart, from 480 clouds of 128 points; 400 others test them. "As made":
the axes of all parts lie along x, y and z. "Turned": each cloud is turned about the vertical, anew in each epoch, and
so are the test clouds. Every training has the same 300 steps of 32 clouds; test results are those after the last step.
Interrupt it at any time: the same command goes on after the last finished training. The book's chapter "PointNet from
parts" reads what it writes. About four minutes of processor time.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import time
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import make_part

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.layers import DenseGlobalMax, PointTransform  # noqa: E402

FILE = results.path("pointnet_ablations")
PARTS = ("box", "cylinder", "cone", "ring", "cup", "nut", "shaft", "bracket", "channel", "stairs")
POINTS, TRAIN, TEST = 128, 48, 40  # points of a cloud, clouds of a kind
BATCH, EPOCHS, RATE = 32, 20, 3e-3

#: name -> width, transforms, what gathers the points, whether the clouds are turned
NETWORKS = {
    "plain": (0.25, False, "max", False),
    "transforms": (0.25, True, "max", False),
    "mean": (0.25, False, "mean", False),
    "width 1/16": (0.0625, False, "max", False),
    "width 1/2": (0.5, False, "max", False),
    "plain, turned": (0.25, False, "max", True),
    "transforms, turned": (0.25, True, "max", True),
    "mean, turned": (0.25, False, "mean", True),
}


def clouds(per_kind: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of parts in the unit sphere, and the number of each one's kind."""
    generator = np.random.default_rng(seed)
    x = []
    for kind in PARTS * per_kind:
        part = make_part(kind, generator)
        mesh = data.Mesh(part.vertices, part.faces)
        x.append(data.unit_sphere(data.sample_surface(mesh, POINTS, seed=generator)))
    return np.array(x, np.float32), np.tile(np.arange(len(PARTS)), per_kind)


def dense(features, units: int):
    """Add a dense layer, its normalisation and a rectifier."""
    features = keras.layers.Dense(units, use_bias=False, kernel_initializer="he_normal")(features)
    return keras.layers.ReLU()(keras.layers.BatchNormalization(momentum=0.9)(features))


def network(width: float, transforms: bool, gather: str) -> keras.Model:
    """Return a PointNet that gathers its points with "max" or "mean"."""

    def scaled(*units):
        return [max(1, round(each * width)) for each in units]

    def pose(features):
        return PointTransform(scaled(64, 128, 1024), scaled(512, 256))(features) if transforms else features

    features = points = keras.Input((POINTS, 3))
    features = pose(features)
    for units in scaled(64, 64):
        features = dense(features, units)
    features = pose(features)
    for units in scaled(64, 128):
        features = dense(features, units)
    [last] = scaled(1024)
    if gather == "max":
        cloud = DenseGlobalMax(last, momentum=0.9)(features)
    else:
        cloud = keras.layers.GlobalAveragePooling1D()(dense(features, last))
    for units in scaled(512, 256):
        cloud = dense(cloud, units)
    return keras.Model(points, keras.layers.Dense(len(PARTS))(keras.layers.Dropout(0.3)(cloud)))


def train(name: str, seed: int) -> dict[str, object]:
    """Train one network with one seed."""
    width, transforms, gather, is_turned = NETWORKS[name]
    x, y = clouds(TRAIN, seed=0)
    x_test, y_test = clouds(TEST, seed=1)
    if is_turned:
        x_test = data.rotated(x_test, np.random.default_rng(2).uniform(0, 2 * np.pi, len(x_test)))
    keras.utils.set_random_seed(seed)
    model = network(width, transforms, gather)
    augment = data.CloudAugmentation(rotate="z" if is_turned else "")
    batches = data.ShuffledBatches(x, y, batch_size=BATCH, seed=seed, augment=augment)
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * len(batches))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    times = []
    for _ in range(EPOCHS):
        for index in range(len(batches)):
            batch = batches[index]
            start = time.process_time()
            model.train_on_batch(*batch)
            times.append(time.process_time() - start)
        batches.on_epoch_end()
    right = [
        float((np.array(model(each, training=False)).argmax(axis=-1) == labels).mean())
        for each, labels in ((x, y), (x_test, y_test))
    ]
    return {
        "network": name,
        "seed": seed,
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
        "accuracy_train_clouds_as_made": right[0],
        "accuracy": right[1],
        "seconds_per_step": round(statistics.median(times), 5),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, default=FILE, help="where the results are, and go")
    parser.add_argument("--seeds", type=int, default=2, help="trainings of each network")
    options = parser.parse_args()
    if options.json.exists():
        result = json.loads(options.json.read_text())
    else:
        how = {"kinds": PARTS, "points": POINTS, "clouds_train": TRAIN * len(PARTS), "clouds_test": TEST * len(PARTS)}
        how |= {"batch": BATCH, "epochs": EPOCHS, "learning_rate": RATE, "seconds": "processor seconds, median"}
        result = {"provenance": provenance("keras", "tensorflow", "numpy"), **how, "runs": []}
    done = {(run["network"], run["seed"]) for run in result["runs"]}
    todo = [(name, seed) for seed in range(options.seeds) for name in NETWORKS if (name, seed) not in done]
    for name, seed in tqdm(todo, unit=" trainings"):
        result["runs"].append(train(name, seed))
        with replacing(options.json) as temporary:
            temporary.write_text(json.dumps(result, indent=1) + "\n")
    for name in NETWORKS:
        runs = [run for run in result["runs"] if run["network"] == name]
        found = ", ".join(f"{run['accuracy']:.3f}" for run in runs)
        step = statistics.median(run["seconds_per_step"] for run in runs)
        print(f"{name:20} {runs[0]['parameters']:9,} parameters  accuracy {found}  {1000 * step:.0f} ms a step")


if __name__ == "__main__":
    main()
