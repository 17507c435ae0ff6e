"""How networks with neighbourhoods compare with PointNet on ModelNet10: all points, and fewer and fewer of them.

    python experiments/neighbour_scores.py --data FOLDER --runs runs [--json FILE]

FOLDER holds ModelNet10, see data_scripts/fetch_modelnet10.py; `runs` holds the networks that were trained by
data_scripts/train_pointnet.py, a few seeds of each kind. Each is tested on the test shapes with 1,024 points, and with
512, 256, 128 and 64 of them, drawn at random, the same for all networks. Some kinds, with all points, get ten votes,
too: the mean of the probabilities of ten clouds that are varied as in training, without loss of points. For each
network the file lists the shapes that it got wrong, so that networks can be compared shape by shape (McNemar's test). A
few minutes of two cores for each network. Networks and seeds that the folder does not hold keep their entries in the
file, so that they can be trained on different days. The book's chapters "Near and far" and "Edges that move" read it.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

import numpy as np
from scipy.stats import binomtest
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, results
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402

FILE = results.path("neighbour_scores")
POINTS, FEWER, VOTES = 1024, (512, 256, 128, 64), 10


def fewer(clouds: np.ndarray, points: int) -> np.ndarray:
    """Return clouds of that many points, drawn at random, in farthest-point order.

    PointNet++ needs the order, and the other networks do not mind it.
    """
    generator = np.random.default_rng(0)
    chosen = []
    for cloud in clouds:
        cloud = cloud[generator.permutation(len(cloud))[:points]]
        chosen.append(cloud[data.farthest_order(cloud, min(points, 512))])
    return np.stack(chosen)


def votes(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return the mean probabilities of clouds that are varied as in training."""
    vary, generator = data.CloudAugmentation(rotate="", jitter=0.01, scale=(0.8, 1.25)), np.random.default_rng(0)
    total, nothing = 0, np.zeros(len(clouds))
    for _ in range(VOTES):
        total = total + np.array(keras.ops.softmax(predict(model, vary(clouds, nothing, generator)[0])))
    return total / VOTES


def predict(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return logits."""
    return model.predict(clouds, batch_size=32, verbose=0)


def exact_p(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact test, of shapes that exactly one of two networks gets wrong."""
    return binomtest(only_first, only_first + only_second).pvalue if only_first + only_second else 1.0


def tested(model: keras.Model, thinned: dict[int, np.ndarray], labels: np.ndarray, voted: bool) -> dict[str, object]:
    """Return accuracy for each number of points, perhaps with votes, and the shapes that are wrong with all points."""
    right = {points: predict(model, clouds).argmax(axis=-1) == labels for points, clouds in thinned.items()}
    found = {str(points): round(float(values.mean()), 4) for points, values in right.items()}
    found = {"accuracy": found, "wrong": np.flatnonzero(~right[POINTS]).tolist()}
    if voted:
        found[f"{VOTES} votes"] = round(float((votes(model, thinned[POINTS]).argmax(axis=-1) == labels).mean()), 4)
    return found


def add(found: dict[str, dict], name: str, shapes: int, run: dict[str, object]) -> None:
    """Put a run into its group, in the place of an older one of the same seed; runs on other shapes are dropped."""
    group = found.get(name, {})
    others = group.get("runs", []) if group.get("test shapes") == shapes else []
    runs = [*(other for other in others if other["seed"] != run["seed"]), run]
    found[name] = {"test shapes": shapes, "runs": sorted(runs, key=lambda each: each["seed"])}


def report(found: dict[str, dict]) -> None:
    """Print means over seeds, and each network beside the PointNet of the same seed."""
    for name, group in found.items():
        runs = group["runs"]
        print(f"{name}, {len(runs)} seeds, {group['test shapes']} test shapes")
        for points in runs[0]["accuracy"]:
            print(f"  {points:>5} points {np.mean([run['accuracy'][points] for run in runs]):.4f}")
        voted = [run[f"{VOTES} votes"] for run in runs if f"{VOTES} votes" in run]
        if voted:
            print(f"  {VOTES} votes     {np.mean(voted):.4f}, of {len(voted)} seeds")
        pointnets = {run["seed"]: run for run in found.get("pointnet", {"runs": []})["runs"]}
        for run in runs:
            other = pointnets.get(run["seed"])
            if name != "pointnet" and other:
                here, there = set(run["wrong"]), set(other["wrong"])
                alone = len(here - there), len(there - here)
                print(
                    f"  seed {run['seed']}: wrong alone {alone[0]}, PointNet alone {alone[1]}, p {exact_p(*alone):.3f}"
                )


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of ModelNet10")
    parser.add_argument("--runs", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--votes", nargs="*", default=["dgcnn"], metavar="NETWORK", help="kinds that vote: dgcnn")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results go")
    options = parser.parse_args()
    networks = sorted(options.runs.glob("*-modelnet10-seed-*.keras"))
    if not networks:
        raise InputError(
            options.runs, "", "no *-modelnet10-seed-*.keras in it", "run data_scripts/train_pointnet.py first"
        )
    clouds, labels = data.load_shapes(options.data, "test", POINTS, classes=data.MODELNET10)
    thinned = {points: fewer(clouds, points) for points in (POINTS, *FEWER)}
    here = provenance("keras", "tensorflow", "numpy")
    found = json.loads(options.json.read_text()) if options.json.exists() else {}
    for path in tqdm(networks, unit=" networks"):
        name, seed = re.fullmatch(r"(.+)-modelnet10-seed-(\d+)", path.stem).groups()
        run = tested(models.load(path, compile=False), thinned, labels, voted=name in options.votes)
        add(found, name, len(labels), {"seed": int(seed), **run, "provenance": here})
        with replacing(options.json) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n")
    report(found)


if __name__ == "__main__":
    main()
