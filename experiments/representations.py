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


def about_the_vertical(clouds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return clouds rotated about the vertical by any angle."""
    return data.rotated(clouds, generator.uniform(0, 2 * np.pi, len(clouds)))


def in_any_direction(clouds: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return clouds rotated in any direction."""
    return np.stack([cloud @ random_rotation(generator).T for cloud in clouds])


#: What is done to the clouds of the test.
DISTURBED = {
    "as they are": lambda clouds, generator: clouds,
    "256 points": functools.partial(fewer, points=256),
    "128 points": functools.partial(fewer, points=128),
    "noise": noisy,
    "rotated about z": about_the_vertical,
    "rotated": in_any_direction,
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


def predicted(model: keras.Model, name: str, clouds: np.ndarray) -> np.ndarray:
    """Return the classes that a network predicts."""
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
            accuracy[how] = round(float((predicted(model, name, varied) == labels).mean()), 4)
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

Every chapter of Part III and of this part makes something different of the same clouds: points, graphs, voxels,
distances, active voxels, pictures. Which of them should you use? On this page they meet: seven networks, one data set,
one machine. Each network was trained on the training shapes of ModelNet10, with 1,024 points each, by the script of its
own chapter. None has seen other data. All are tested on the same {shapes} test shapes ({machine}; measured on {date}).
"""

ACCURACY = """## Accuracy

Accuracy in per cent, of the network of seed 0. *256 points* and *128 points*: the others are removed at random.
*Noise*: each coordinate is moved by a normal number with a standard deviation of 0.03, where the largest distance from
the centre is 1. *Rotated about z*: by any angle about the vertical. *Rotated*: in any direction. All but DGCNN lost up
to 30 % of their points in training, MVCNN 40 %, and MVCNN's shapes were rotated by up to 11 degrees about the
vertical. Otherwise none was trained for fewer points, for as much noise, or for rotations.
"""

READING = """One shape is {shape:.1f} points, and the standard error of an accuracy of 94 % is {error:.1f}. So the first
column hardly ranks the networks: from the worst to the best there are {span:.1f} points. The other columns differ more.

- **Fewer points.** With 128 of 1,024 points, {robust} still has {robust_at:.0f} %, and {fragile} {fragile_at:.0f} %.
  A maximum over points, and a distance to the nearest one, change little when points are missing. A neighbourhood with
  a fixed radius or a fixed number of neighbours becomes another one (*Near and far*, *Edges that move*).
- **Noise.** {steady} has {steady_at:.0f} %, {shaken} {shaken_at:.0f} %: the representations hardly differ here.
- **Rotation about the vertical.** {turned} has {turned_at:.0f} %, and all others have between {low:.0f} and
  {high:.0f} %. Cameras that stand around a shape see nearly the same pictures in another order, and view pooling does
  not depend on the order. The others have learned where the front of a shape is, because nothing in their training
  told them not to.
- **Rotation in any direction.** At most {any:.0f} %. None of the seven is invariant by itself. What a network should
  not depend on has to be in its training, or in its construction, as in *Skin*.
"""

COST = """## Cost

Times are wall-clock times of one shape on the cores of this machine, medians of {timed} shapes, all networks in turns.
*Before the network* is the time that its input takes: an order of points, voxels, tables of neighbours, pictures.
*Memory* is what a batch of {batch} shapes adds to the peak of a process that has the network loaded.
"""

LAST = """The fastest of all, with everything before it, is {fast} with {fast_at:.0f} ms, and the slowest
{slow} with {slow_at:.0f} ms. The smallest network has {fewest:,} parameters, the largest {most:,}.

## What is not in the table

*Octrees* compute what the row of active voxels computes: the tables of neighbours come from a sorted list of codes
instead of a hash table (*Trees of cubes*). *Meshes* need faces, which these clouds do not have. *Solids* and *signed
distances* need an inside, which a scan from one side does not have (*How far is the surface?*).

So choose by what your data lack. Few points, or an unknown number: look at the second and third column. A scanner's
noise: at the fourth. Unknown orientation: at the last two, and train for it. A deadline in milliseconds: at the second
table. Detail in large scenes: none of these seven, but active voxels on a fine grid (*Only where something is*).

## The commands

```text
{commands}
```
"""


def commands() -> str:
    """Return the commands in the description of this script."""
    lines = (line.strip() for line in __doc__.splitlines())
    return "\n".join(line for line in lines if line.startswith("python "))


def extreme(values: dict[str, float], largest: bool) -> tuple[str, float]:
    """Return the representation with the largest value, or the smallest, and this value."""
    name = (max if largest else min)(values, key=values.get)
    *representation, network = name.split(": ")
    return f"**{network}**" + "".join(f" ({each})" for each in representation), values[name]


def page(found: dict) -> str:
    """Return the page of the book."""
    networks, shapes = found["networks"], found["shapes"]

    def percent(how: str) -> dict[str, float]:
        return {name: 100 * each["accuracy"][how] for name, each in networks.items()}

    total = {name: each["before the network, ms"] + each["network, ms"] for name, each in networks.items()}
    size = [each["parameters"] for each in networks.values()]
    plain, about_z = percent("as they are").values(), sorted(percent("rotated about z").values())
    pairs = {
        "robust": extreme(percent("128 points"), True), "fragile": extreme(percent("128 points"), False),
        "steady": extreme(percent("noise"), True), "shaken": extreme(percent("noise"), False),
        "turned": extreme(percent("rotated about z"), True),
        "fast": extreme(total, False), "slow": extreme(total, True),
    }  # fmt: skip
    values = {name: pair[0] for name, pair in pairs.items()} | {f"{name}_at": pair[1] for name, pair in pairs.items()}
    values |= {
        "shapes": shapes, "shape": 100 / shapes, "error": 100 * math.sqrt(0.94 * 0.06 / shapes),
        "span": max(plain) - min(plain), "low": about_z[0], "high": about_z[-2],
        "any": max(percent("rotated").values()), "timed": TIMED, "batch": BATCH, "fewest": min(size),
        "most": max(size), "machine": found["provenance"]["machine"], "date": found["provenance"]["date"][:10],
        "commands": commands(),
    }  # fmt: skip
    first = [["representation and network", *DISTURBED, "three seeds"]]
    for name, each in networks.items():
        seeds = each["seeds"]
        spread = f"{100 * np.mean(seeds):.1f}" if len(seeds) > 1 else "-"
        first.append([name, *(f"{100 * each['accuracy'][how]:.1f}" for how in DISTURBED), spread])
    columns = ("before the network, ms", "network, ms", "memory, MB")
    second = [["representation and network", "parameters", *columns]]
    for name, each in networks.items():
        second.append([name, f"{each['parameters']:,}", *(f"{each[column]:.1f}" for column in columns)])
    parts = (HEAD, ACCURACY, table(first), READING, COST, table(second), LAST)
    return "\n".join(part if part.startswith("|") else part.format(**values) for part in parts)


def table(rows: list[list[str]]) -> str:
    """Return rows as a table in Markdown; the first row is its head."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]]) + "\n"


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
