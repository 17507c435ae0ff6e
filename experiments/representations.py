"""Put one network for each representation to the same test: the clouds of ModelNet10, on one machine, in one run.

    python data_scripts/train_pointnet.py modelnet10 --data FOLDER --out runs     # --network pointnet2, --network dgcnn
    python data_scripts/train_voxnet.py occupancy --data FOLDER --out runs        # and distance
    python data_scripts/train_sparse_classifier.py --data FOLDER --out runs
    python data_scripts/train_mvcnn.py modelnet10 --data FOLDER --out runs
    python experiments/representations.py --data FOLDER --runs runs

FOLDER holds ModelNet10, see data_scripts/fetch_modelnet10.py; `runs` holds the networks that these commands trained,
each with the recipe of its own script, and here those of seed 0. All of them get the same clouds of 1,024 points, and
the same disturbed ones. Times are those of one shape, in turns, medians of wall-clock time: of what happens before the
network, and of the network. Memory is what a batch of 32 shapes adds to the peak of a process of its own (Linux).
Results go to pcfilter_lib/results/representations.json, and as tables to book/representations/one_table.md; `--page`
only writes the tables. A quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import functools
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib import bench, data, frameworks, models, results, sparse
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis.scenes.settling import random_rotation

ROOT = Path(pcfilter_lib.__file__).parents[1]
sys.path.append(str(ROOT / "data_scripts"))  # what each network is given stands in the script that trains it

frameworks.start("tensorflow")
import keras  # noqa: E402
import train_mvcnn  # noqa: E402
import train_sparse_classifier  # noqa: E402
import train_voxnet  # noqa: E402

FILE, PAGE = results.path("representations"), ROOT / "book" / "representations" / "one_table.md"
POINTS, BATCH, TIMED = 1024, 32, 40


def fewer(clouds: np.ndarray, generator: np.random.Generator, points: int) -> np.ndarray:
    """Return clouds of that many points, drawn at random."""
    return np.stack([cloud[generator.permutation(len(cloud))[:points]] for cloud in clouds])


def noisy(clouds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return clouds whose points are moved by three hundredths of the unit sphere's radius along each axis."""
    return clouds + generator.normal(0, 0.03, clouds.shape)


def turned(clouds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return clouds that stand upright and look anywhere."""
    return data.rotated(clouds, generator.uniform(0, 2 * np.pi, len(clouds)))


def tumbled(clouds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return clouds that were turned in any direction."""
    return np.stack([cloud @ random_rotation(generator).T for cloud in clouds])


#: What is done to the clouds of the test.
DISTURBED = {
    "as they are": lambda clouds, generator: clouds,
    "256 points": functools.partial(fewer, points=256),
    "128 points": functools.partial(fewer, points=128),
    "noise": noisy,
    "turned": turned,
    "tumbled": tumbled,
}


class Contender(NamedTuple):
    """A representation: the file of its network, and what is made of clouds before the network gets them."""

    file: str
    prepare: Callable[[keras.Model, np.ndarray], object]


def ordered(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return clouds in farthest-point order."""
    return np.stack([cloud[data.farthest_order(cloud, min(512, len(cloud)))] for cloud in clouds])


def occupied(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return which voxels of a coarse grid hold points."""
    return train_voxnet.as_input(train_voxnet.grids(clouds, train_voxnet.SIZES["occupancy"], True, "voxels"))


def distances(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return distances to the nearest point on a grid."""
    return train_voxnet.as_input(train_voxnet.grids(clouds, train_voxnet.SIZES["distance"], False, "distances"))


def active(model: keras.Model, clouds: np.ndarray) -> dict[str, np.ndarray]:
    """Return active voxels, and the tables of their neighbours."""
    return sparse.stack_padded([train_sparse_classifier.network_input(model, cloud) for cloud in clouds])


def pictures(model: keras.Model, clouds: np.ndarray) -> np.ndarray:
    """Return pictures from six sides."""
    drawn = train_mvcnn.pictures(clouds, train_mvcnn.CHANNELS, train_mvcnn.VIEWS, "pictures")
    return train_mvcnn.as_input(drawn)


CONTENDERS = {
    "points: PointNet": Contender("pointnet-modelnet10", lambda model, clouds: clouds),
    "points and their neighbours: PointNet++": Contender("pointnet2-modelnet10", ordered),
    "graph of points: DGCNN": Contender("dgcnn-modelnet10", lambda model, clouds: clouds),
    "16³ voxels, occupied or not: VoxNet": Contender("voxnet-occupancy-16", occupied),
    "32³ voxels, distances: VoxNet": Contender("voxnet-distance-32", distances),
    "active voxels of 32³: sparse convolution": Contender("sparse-modelnet10", active),
    "six pictures: MVCNN": Contender("mvcnn-modelnet10-depth-shade-count", pictures),
}


def load(runs: Path, name: str) -> keras.Model:
    """Return a contender's network of seed 0."""
    return models.load(runs / f"{CONTENDERS[name].file}-seed-0.keras", compile=False)


def told(model: keras.Model, name: str, clouds: np.ndarray) -> np.ndarray:
    """Return the classes that a network tells."""
    prepare, found = CONTENDERS[name].prepare, []
    for first in tqdm(range(0, len(clouds), BATCH), desc=name, unit=" batches", leave=False, disable=None):
        found.append(model.predict_on_batch(prepare(model, clouds[first : first + BATCH])).argmax(axis=-1))
    return np.concatenate(found)


def times(networks: dict[str, keras.Model], clouds: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the milliseconds that one shape takes before the network, and in it, measured in turns."""
    taken = {name: [] for name in networks}
    for turn, cloud in enumerate(tqdm(clouds[: TIMED + 4], desc="times", leave=False, disable=None)):
        for name, model in networks.items():
            start = time.perf_counter()
            inputs = CONTENDERS[name].prepare(model, cloud[None])
            between = time.perf_counter()
            model.predict_on_batch(inputs)
            if turn >= 4:  # the first trace
                taken[name].append((between - start, time.perf_counter() - between))
    return {name: tuple(1e3 * np.median(each, axis=0)) for name, each in taken.items()}


def batch_of(runs: Path, name: str, clouds: np.ndarray) -> Callable[[], np.ndarray]:
    """Return a call that classifies clouds, by a network that has classified one."""
    model = load(runs, name)
    for count in (1, 2, 3):  # from the third number of shapes on, the number is left open
        model.predict_on_batch(CONTENDERS[name].prepare(model, clouds[:count]))
    return lambda: model.predict_on_batch(CONTENDERS[name].prepare(model, clouds))


def measure(runs: Path, clouds: np.ndarray, labels: np.ndarray) -> dict[str, dict]:
    """Return what each contender scores, takes, and needs."""
    networks = {name: load(runs, name) for name in CONTENDERS}
    taken, found = times(networks, clouds), {}
    for name, model in networks.items():
        accuracy = {}
        for how, disturb in DISTURBED.items():
            varied = disturb(clouds, np.random.default_rng(0)).astype(np.float32)
            accuracy[how] = round(float((told(model, name, varied) == labels).mean()), 4)
        found[name] = {
            "parameters": sum(math.prod(weight.shape) for weight in model.trainable_weights),
            "accuracy": accuracy,
            "seeds": seeds(runs, name),
            "before the network, ms": round(taken[name][0], 2),
            "network, ms": round(taken[name][1], 2),
            "memory, MB": round(bench.risen_memory(batch_of, runs, name, clouds[:BATCH]) / 1e6, 1),
        }
    return found


def seeds(runs: Path, name: str) -> list[float]:
    """Return the accuracy of each seed, as its training script measured it."""
    files = sorted(runs.glob(f"{CONTENDERS[name].file}-seed-?.json"))
    return [json.loads(file.read_text())["accuracy"] for file in files]


HEAD = """# One table

<!-- Written by experiments/representations.py: edit that, not this. -->
"""


def page(found: dict) -> str:
    """Return the page of the book."""
    return HEAD


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of the shapes")
    parser.add_argument("--runs", type=Path, help="folder of the trained networks")
    parser.add_argument("--page", action="store_true", help="only write the tables")
    options = parser.parse_args()
    if not options.page:
        if options.data is None or options.runs is None:
            parser.error("give --data and --runs, or --page")
        cache = options.runs / "clouds"
        clouds, labels = data.load_shapes(options.data, "test", POINTS, classes=data.MODELNET10, cache=cache)
        found = {"shapes": len(labels), "networks": measure(options.runs, clouds, labels)}
        found["provenance"] = provenance("keras", "tensorflow", "numpy")
        with replacing(FILE) as temporary:
            temporary.write_text(json.dumps(found, indent=1) + "\n")
    with replacing(PAGE) as temporary:
        temporary.write_text(page(json.loads(FILE.read_text())), encoding="utf-8")
    print(PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
