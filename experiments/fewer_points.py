"""Train small networks on clouds of 256 points, and test them with fewer and fewer points, for several seeds.

    python experiments/fewer_points.py [--seeds 5] [--write]

A narrow PointNet and the small PointNet++ of the chapter "Near and far", with one radius and with two, each trained
with and without random dropout of points, on four classes of parametric furniture. The clouds are the same for all
seeds; the initial weights and the order of the batches differ. The network with one radius is also tested on all 256
points with half as many points in each ball, and with balls of twice the radius. `--write` renews
pcfilter_lib/results/fewer_points.json, which the chapter reads. About three minutes of one core.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from neighbour_scores import fewer
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import furniture_clouds

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.layers import DenseGlobalMax, SetAbstraction  # noqa: E402

FILE = results.path("fewer_points")
KINDS, COUNTS = ("chair", "desk", "sofa", "table"), (256, 128, 64, 32)
PER_CLASS, TEST, EPOCHS, RATE = 56, 50, 10, 5e-3  # training and test clouds of a class
TRAIN_SEED, TEST_SEED = 1, 2
RADIUS, COUNT, DROP = 0.3, 8, 0.95  # of the first level's balls; the most points that are dropped

#: name of the network -> radii of the first level (None for a PointNet), and dropout of points
NETWORKS = {
    "PointNet": (None, 0.0),
    "PointNet, drop": (None, DROP),
    "one radius": ([RADIUS], 0.0),
    "one radius, drop": ([RADIUS], DROP),
    "two radii": ([RADIUS, 2 * RADIUS], 0.0),
    "two radii, drop": ([RADIUS, 2 * RADIUS], DROP),
}
#: how the trained network with one radius looks at its balls, on all points
CHANGED = {"4 points in each ball": ([RADIUS], 4), "twice the radius": ([2 * RADIUS], COUNT)}


def network(radii: list[float] | None, count: int = COUNT) -> keras.Model:
    """Return a PointNet, or two levels of set abstraction with a ball of each of these radii."""
    if radii is None:
        return models.PointNet(len(KINDS), width=0.25, transforms=False)
    points = keras.Input((None, 3))
    near = [(radius, count, (16, 32)) for radius in radii]
    far = [(2 * radius, count, (32, 64)) for radius in radii]
    centres, features = SetAbstraction(48, near)(points)
    centres, features = SetAbstraction(12, far)([centres, features])
    cloud = DenseGlobalMax(128)(keras.layers.Concatenate()([centres, features]))
    cloud = keras.layers.Dense(64, activation="relu")(cloud)
    return keras.Model(points, keras.layers.Dense(len(KINDS))(cloud))


def ordered_clouds(per_class: int) -> tuple[np.ndarray, np.ndarray]:
    """Return training clouds in farthest-point order, and their classes."""
    clouds, classes = furniture_clouds(KINDS, per_class, COUNTS[0], seed=TRAIN_SEED)
    return np.stack([cloud[data.farthest_order(cloud)] for cloud in clouds]), classes


def trained(name: str, seed: int, x: np.ndarray, y: np.ndarray, epochs: int = EPOCHS) -> keras.Model:
    """Return a network of this name, trained as in the chapter."""
    radii, drop = NETWORKS[name]
    keras.utils.set_random_seed(seed)
    model = network(radii)
    vary = data.CloudAugmentation(rotate="", drop=drop)
    batches = data.ShuffledBatches(x, y, batch_size=32, seed=seed, augment=vary)
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(batches))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.optimizer.build(model.trainable_variables)  # traced once, not twice
    model.fit(batches, epochs=epochs, verbose=0)
    return model


def accuracy(model: keras.Model, clouds: np.ndarray, classes: np.ndarray) -> float:
    """Return the proportion of clouds that are classified correctly."""
    right = np.array(model(clouds, training=False)).argmax(axis=-1) == classes
    return round(float(right.mean()), 4)


def one_seed(
    seed: int, x: np.ndarray, y: np.ndarray, tests: dict[int, np.ndarray], y_test: np.ndarray, epochs: int = EPOCHS
) -> dict[str, object]:
    """Train and test all networks once."""
    found = {}
    for name in NETWORKS:
        model = trained(name, seed, x, y, epochs)
        found[name] = {str(count): accuracy(model, clouds, y_test) for count, clouds in tests.items()}
        if name == "one radius":
            weights = model.get_weights()
    changed = {}
    for name, settings in CHANGED.items():
        other = network(*settings)
        other.set_weights(weights)
        changed[name] = accuracy(other, tests[COUNTS[0]], y_test)
    return {"seed": seed, "accuracy": found, "one radius, all points": changed}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=5, help="how many (default: 5)")
    parser.add_argument("--write", action="store_true", help="renew the results file")
    options = parser.parse_args()
    x, y = ordered_clouds(PER_CLASS)
    x_test, y_test = furniture_clouds(KINDS, TEST, COUNTS[0], seed=TEST_SEED)
    tests = {count: fewer(x_test, count) for count in COUNTS}
    runs = [one_seed(seed, x, y, tests, y_test) for seed in tqdm(range(options.seeds), unit=" seeds")]
    content = {
        "about": "Small networks trained on 256 points of parametric furniture, tested with fewer",
        "made by": "experiments/fewer_points.py",
        "recipe": {
            "classes": KINDS, "training clouds": len(x), "test clouds": len(x_test), "points": COUNTS[0],
            "epochs": EPOCHS, "learning rate": RATE, "radius": RADIUS, "points in each ball": COUNT, "drop": DROP,
        },
        "provenance": provenance("keras", "tensorflow", "numpy"),
        "runs": runs,
    }  # fmt: skip
    print(json.dumps(runs, indent=1))
    if options.write:
        with replacing(FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
