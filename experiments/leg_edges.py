"""Measure where the edges of a dynamic graph lead that start on a leg of a chair or table, for several seeds.

    python experiments/leg_edges.py [--seeds 6] [--write]

Three networks of the same four EdgeConv layers, for each seed: untrained, trained to label the points of chairs and
tables (leg, seat or top, rest), and trained on the same clouds to tell chairs from tables. For each of their four
graphs the fractions of the edges from legs are counted that end on the same leg, on another leg, and elsewhere.
`--write` renews pcfilter_lib/results/leg_edges.json, which the chapter "Edges that move" reads. About three minutes of
one core.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from tqdm import tqdm

from pcfilter_lib import data, frameworks, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE_PIECES, make_furniture

frameworks.start("tensorflow")
import keras  # noqa: E402

from pcfilter_lib.layers import EdgeConv, NearestNeighbors  # noqa: E402

FILE = results.path("leg_edges")
KINDS, LABELS = ("chair", "table"), {"leg": 0, "seat": 1, "top": 1}
POINTS, K, LAYERS = 256, 8, 4
TRAIN, TEST, MEASURED, EPOCHS, BATCH, RATE = 60, 25, 12, 10, 8, 4e-3  # clouds of each kind
TASKS = ("untrained", "parts", "kinds")


def shape(kind: str, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return random furniture: points, the piece that each is on, and its leg (-1 for none)."""
    solid = make_furniture(kind, generator)
    mesh = data.Mesh(solid.vertices, solid.faces)
    points, faces = data.sample_surface(mesh, POINTS, seed=generator, return_faces=True)
    ends = np.concatenate([solid.faces[:, [0, 1]], solid.faces[:, [1, 2]]])
    links = coo_matrix((np.ones(len(ends)), ends.T), (len(solid.vertices),) * 2)
    shell = connected_components(links, directed=False)[1][solid.faces[faces, 0]]
    pieces = solid.pieces[faces]
    on_leg = pieces == FURNITURE_PIECES[kind].index("leg")
    return data.unit_sphere(points), pieces, np.unique(np.where(on_leg, shell, -1), return_inverse=True)[1] - 1


def labelled(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return clouds of both kinds, the label of each point, and the kind of each cloud."""
    generator = np.random.default_rng(seed)
    clouds, labels = [], []
    for kind in KINDS * count:
        points, pieces, _ = shape(kind, generator)
        clouds.append(points)
        labels.append(np.array([LABELS.get(name, 2) for name in FURNITURE_PIECES[kind]])[pieces])
    return np.stack(clouds), np.stack(labels), np.arange(len(clouds)) % len(KINDS)


def standing(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return clouds of both kinds that stand on four separate legs, and the leg of each point."""
    generator, found = np.random.default_rng(seed), []
    for kind in KINDS * count:
        while True:
            points, _, legs = shape(kind, generator)
            if legs.max() == 3 and np.bincount(legs[legs >= 0]).min() >= POINTS // 64:
                break
        found.append((points, legs))
    return tuple(np.stack(each) for each in zip(*found, strict=True))


def network(task: str, seed: int) -> keras.Model:
    """Return an untrained network that labels points, or clouds where the task is "kinds"."""
    keras.utils.set_random_seed(seed)
    points = keras.Input((None, 3))
    features, found = points, []
    for _ in range(LAYERS):
        features = EdgeConv(32, K)(features)
        found.append(features)
    features = keras.layers.Dense(64, use_bias=False)(keras.layers.Concatenate()(found))
    features = keras.layers.BatchNormalization(momentum=0.9)(features)
    features = keras.layers.LeakyReLU(0.2)(features)
    if task == "kinds":
        features = keras.layers.GlobalMaxPooling1D()(features)
    return keras.Model(points, keras.layers.Dense(len(KINDS) if task == "kinds" else 3)(features))


def train(model: keras.Model, x: np.ndarray, y: np.ndarray, epochs: int = EPOCHS) -> None:
    """Train as in the chapter."""
    rate = keras.optimizers.schedules.CosineDecay(RATE, epochs * len(x) // BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.optimizer.build(model.trainable_variables)  # traced once, not twice
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)


def graphs(model: keras.Model, clouds: np.ndarray) -> list[np.ndarray]:
    """Return the graph that each EdgeConv layer uses."""
    convolutions = [each for each in model.layers if isinstance(each, EdgeConv)]
    inputs = [model.inputs[0], *(each.output for each in convolutions[:-1])]
    tables = [NearestNeighbors(K)(each) for each in inputs]
    return [np.array(each) for each in keras.Model(model.inputs[0], tables)(clouds)]


def where(graph: np.ndarray, legs: np.ndarray) -> list[float]:
    """Return, of the edges that start on a leg, which fractions end on it, on another leg, and elsewhere."""
    counts = np.zeros(3)
    for table, leg in zip(graph, legs, strict=True):
        start = np.flatnonzero(leg >= 0)
        end = leg[table[start]]
        own = end == leg[start][:, None]
        counts += np.sum(own & (table[start] != start[:, None])), np.sum((end >= 0) & ~own), np.sum(end < 0)
    return [round(float(each), 4) for each in counts / counts.sum()]


def one_seed(seed: int, per_kind: int = TRAIN, epochs: int = EPOCHS) -> dict[str, object]:
    """Measure the three networks of a seed, and the accuracy of the two that were trained."""
    x, parts, kinds = labelled(per_kind, seed=0)
    x_test, *truth = labelled(TEST, seed=1)
    clouds, legs = standing(MEASURED, seed=2)
    found = {"seed": seed, "accuracy": {}}
    for task, y, y_test in zip(TASKS, (None, parts, kinds), (None, *truth), strict=True):
        model = network(task, seed)
        if y is not None:
            train(model, x, y, epochs)
            right = np.array(model(x_test, training=False)).argmax(axis=-1) == y_test
            found["accuracy"][task] = round(float(right.mean()), 4)
        found[task] = [where(graph, legs) for graph in graphs(model, clouds)]
    return found


def chance() -> list[float]:
    """Return the fractions for neighbours that are drawn at random from each cloud."""
    _, legs = standing(MEASURED, seed=2)
    return where(np.random.default_rng(0).integers(POINTS, size=(*legs.shape, K)), legs)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="how many (default: 6)")
    parser.add_argument("--write", action="store_true", help="renew the results file")
    options = parser.parse_args()
    runs = [one_seed(seed) for seed in tqdm(range(options.seeds), unit=" seeds")]
    content = {
        "about": "Edges that start on a leg: fractions that end on it, on another leg, elsewhere, in each graph",
        "made by": "experiments/leg_edges.py",
        "recipe": {
            "clouds of each kind": {"training": TRAIN, "test": TEST, "measured": MEASURED}, "points": POINTS,
            "neighbours": K, "epochs": EPOCHS, "learning rate": RATE,
        },
        "provenance": provenance("keras", "tensorflow", "numpy", "scipy"),
        "chance": chance(),
        "runs": runs,
    }  # fmt: skip
    print(json.dumps({"chance": content["chance"], "runs": runs}, indent=1))
    if options.write:
        with replacing(FILE) as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
