"""Measure which causes of artefacts other views find, on simulated scenes whose truth is known.

    python experiments/views_by_cause.py [--scenes 5] [--preset workbench "shiny bin"] [--pose-error 1] [--write]

Each scene is scanned from sixteen sides by the scanner of the chapter *What other views know*, and every fourth view is
labelled by the other fifteen (`filters.ViewLabeller`). None of the scenes has trained the labeller. `--write` renews
`pcfilter_lib/results/views_by_cause.json`, which the chapter reads. About half a minute of one core for each scene.
`--pose-error` moves each camera by so many standard deviations of the noise, half by a turn and half by a shift.
"""

from __future__ import annotations

import argparse
import dataclasses
import json

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, filters, results, synthesis
from pcfilter_lib.data._poses import perturbed
from pcfilter_lib.provenance import provenance

RESULT = results.path("views_by_cause")
VIEWS, EVERY = 16, 4
FIRST_SEED = 9_200  # the labeller's training, the benchmark and the chapter have others
SIZE = {"width": 192, "height": 144, "field_of_view": 26}


def simulated_views(preset: str, seed: int) -> list[data.OrganizedScan]:
    """Return scans of one scene from sixteen sides, with their truth."""
    options = synthesis.Recipe.preset(preset)
    recipe = options.replace(**SIZE).draw(seed)
    scene = synthesis.build_scene(recipe, seed)
    scans = []
    for number in range(VIEWS):
        elevation = float(np.random.default_rng([seed, number]).uniform(*options.elevation))
        placed = recipe.replace(azimuth=360 * number / VIEWS, elevation=elevation)
        scans.append(synthesis.simulate_scan(placed, VIEWS * seed + number, scene))
    return scans


def true_noise(scans: list[data.OrganizedScan]) -> float:
    """Return the standard deviation of true points along the camera's axis, in metres: half of what holds 68 %."""
    errors = [(scan.depth - scan.extras["depth_true"])[scan.label == data.TRUE_GEOMETRY] for scan in scans]
    return float(np.ptp(np.quantile(np.concatenate(errors), (0.1587, 0.8413))) / 2)


def moved(scan: data.OrganizedScan, error: float, generator: np.random.Generator) -> data.OrganizedScan:
    """Return a scan whose camera is not quite where its pose says: off by `error` metres where most points lie."""
    return dataclasses.replace(scan, pose=perturbed(scan.pose, error, float(np.nanmedian(scan.depth)), generator))


def labelled(scans: list[data.OrganizedScan], pose_error: float = 0) -> dict[str, np.ndarray]:
    """Return truth, cause, size (distance from the surface, in tolerances) and label of every fourth view's points.

    And the noise that the labeller estimates at the scene's depth, divided by the true one.
    """
    bare = [dataclasses.replace(scan, label=None, extras={}) for scan in scans]
    generator = np.random.default_rng(0)
    noise = true_noise(scans)
    if pose_error:
        bare = [moved(scan, pose_error * noise, generator) for scan in bare]
    labeller = filters.ViewLabeller(bare)
    found: dict[str, list[np.ndarray]] = {"truth": [], "cause": [], "size": [], "label": []}
    for number in range(0, VIEWS, EVERY):
        scan = scans[number]
        images = {
            "truth": scan.label,
            "cause": scan.extras["cause"],
            "size": scan.extras["distance"] / scan.extras["tolerance"],
            "label": labeller.label(number).label,
        }
        for name, image in images.items():
            found[name].append(image[scan.valid])
    depth = np.median(np.concatenate([scan.depth[scan.valid] for scan in scans]))
    found["noise"] = [np.array([labeller.noise(depth) / noise])]
    return {name: np.concatenate(values) for name, values in found.items()}


def summary(
    truth: np.ndarray, cause: np.ndarray, size: np.ndarray, label: np.ndarray, noise: np.ndarray
) -> dict[str, object]:
    """Return how right the labels are, and how many artefacts of each cause they find."""
    wrong, called = truth == data.ARTEFACT, label == data.ARTEFACT
    causes = {}
    for number, name in enumerate(data.CAUSES):
        here = wrong & (cause == number)
        if here.any():
            true = label[here] == data.TRUE_GEOMETRY
            causes[name] = {
                "artefacts": int(here.sum()),
                "median size, tolerances": round(float(np.median(size[here])), 2),
                "found": round(float(called[here].mean()), 4),
                "called true": round(float(true.mean()), 4),
            }
    return {
        "points": len(truth),
        "artefacts": int(wrong.sum()),
        "labelled": round(float((label != data.UNLABELLED).mean()), 4),
        "precision": round(float(wrong[called].mean()), 4),
        "precision of true geometry": round(float(1 - wrong[label == data.TRUE_GEOMETRY].mean()), 4),
        "recall": round(float(called[wrong].mean()), 4),
        "noise, estimated by true": [round(float(each), 3) for each in (noise.min(), np.median(noise), noise.max())],
        "causes": causes,
    }


def main() -> None:
    """Simulate, label, count, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=5, help="of each preset (default: 5)")
    parser.add_argument("--preset", nargs="*", default=["workbench", "shiny bin"])
    parser.add_argument("--pose-error", type=float, default=0, help="in standard deviations of the noise (default: 0)")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    entries = {}
    for preset in options.preset:
        scenes = [
            labelled(simulated_views(preset, FIRST_SEED + scene), options.pose_error)
            for scene in tqdm(range(options.scenes), desc=preset)
        ]
        entries[preset] = summary(**{name: np.concatenate([one[name] for one in scenes]) for name in scenes[0]})
    content = {
        "about": "Labels that views give each other (filters.ViewLabeller) against the truth, "
        "by the cause of artefacts",
        "made by": "experiments/views_by_cause.py",
        "recipe": {"scenes": options.scenes, "seed": FIRST_SEED, "views": VIEWS, "labelled": VIEWS // EVERY} | SIZE,
        "provenance": provenance("numpy", "scipy", "open3d", "open3d-cpu", "onnxruntime"),
        "entries": entries,
    }
    print(json.dumps(entries, indent=1))
    if options.write and not options.pose_error:
        RESULT.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
