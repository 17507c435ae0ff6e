"""What the trained PointNets can do, and what they cannot: turned clouds, other ways of sampling, fewer points.

    python experiments/pointnet_scores.py --data FOLDER --runs runs [--json FILE]

FOLDER holds ModelNet10, see data_scripts/fetch_modelnet10.py; `runs` holds the networks that were trained by
data_scripts/train_pointnet.py, one for each seed. Each is judged on the test shapes: as they are; turned about the
vertical by a random angle; with fewer points, spread evenly (farthest point sampling) or drawn at random. The clouds of
ModelNet10 that this was first measured on are sampled evenly, as Poisson disks; where files are meshes, their points
are drawn uniformly. So the two ways are also compared on meshes of parametric furniture, 40 of each class, that
everybody has. Accuracy is the share of shapes that are told right, once each, without voting. About two minutes of one
core for each network. Networks that the folder does not hold keep their entries in the file. The book's chapter "Put to
the test" reads it.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, frameworks, models, results
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import FURNITURE, furniture_clouds

frameworks.start("tensorflow")

FILE = results.path("pointnet_scores")
SIX = tuple(name for name in data.MODELNET10 if name not in data.HELD_OUT_CLASSES)
CLASSES = {"modelnet10": data.MODELNET10, "turned": data.MODELNET10, "modelnet6": SIX, "furniture": FURNITURE}
POINTS, FEWER, MADE = 1024, (512, 256, 64), 40


def thinned(clouds: np.ndarray, points: int, evenly: bool) -> np.ndarray:
    """Return clouds of fewer points, in the unit sphere."""
    generator = np.random.default_rng(0)
    chosen = []
    for cloud in clouds:
        rows = data.farthest_point_sampling(cloud, points) if evenly else generator.permutation(len(cloud))[:points]
        chosen.append(data.unit_sphere(cloud[rows]))
    return np.stack(chosen)


def tests(folder: Path, classes: tuple[str, ...]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return, for each way of testing, clouds and labels."""
    clouds, labels = data.load_shapes(folder, "test", POINTS, classes=classes)
    angles = np.random.default_rng(0).uniform(0, 2 * np.pi, len(clouds))
    found = {"as they are": (clouds, labels), "turned": (data.rotated(clouds, angles), labels)}
    for points in FEWER:
        for evenly, how in ((True, "evenly spread"), (False, "at random")):
            found[f"{points} points, {how}"] = (thinned(clouds, points, evenly), labels)
    for evenly, how in ((True, "Poisson disks"), (False, "uniformly")):
        found[f"furniture, {how}"] = furniture_clouds(classes, MADE, POINTS, seed=11, evenly=evenly)
    return found


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of ModelNet10")
    parser.add_argument("--runs", type=Path, required=True, help="folder of the networks")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results go")
    options = parser.parse_args()
    networks = sorted(options.runs.glob("pointnet-*-seed-*.keras"))
    if not networks:
        raise InputError(
            options.runs, "", "no pointnet-*-seed-*.keras in it", "run data_scripts/train_pointnet.py first"
        )
    here, of_classes, found = provenance("keras", "tensorflow", "numpy", "open3d"), {}, {}
    for path in tqdm(networks, unit=" networks"):
        name, seed = re.fullmatch(r"pointnet-(\w+)-seed-(\d+)", path.stem).groups()
        classes = CLASSES[name]
        if classes not in of_classes:
            of_classes[classes] = tests(options.data, classes)
        shapes = len(of_classes[classes]["as they are"][1])
        group = found.setdefault(name, {"provenance": here, "classes": classes, "test shapes": shapes, "runs": []})
        model = models.load(path, compile=False)
        scores = {"seed": int(seed)}
        for how, (clouds, labels) in of_classes[classes].items():
            told = model.predict(clouds, batch_size=64, verbose=0).argmax(axis=-1)
            scores[how] = round(float((told == labels).mean()), 4)
            if how == "as they are":
                confusion = np.zeros((len(classes), len(classes)), int)
                np.add.at(confusion, (labels, told), 1)
                scores["confusion"] = confusion.tolist()
        group["runs"].append(scores)
    known = json.loads(options.json.read_text()) if options.json.exists() else {}
    with replacing(options.json) as temporary:
        temporary.write_text(json.dumps(known | found, indent=1) + "\n")
    for name, group in found.items():
        print(f"{name}, {len(group['runs'])} seeds, {group['test shapes']} test shapes")
        for how in group["runs"][0]:
            if how not in ("seed", "confusion"):
                print(f"  {how:28} {statistics.mean(run[how] for run in group['runs']):.4f}")


if __name__ == "__main__":
    main()
