"""Learn how much each kind of evidence of other views weighs, from simulated views, whose truth is known.

    python data_scripts/train_view_votes.py --out runs/view-votes --scenes 12 --ship

For each scene of each preset 16 views are simulated on a circle round it, with the same scanner, and kept in the folder
given with `--out`, so that an interrupted run goes on. Each view asks 15, 10 or 6 of the others, once with exact poses
and once with poses that are off by 0.3 to 8 standard deviations of the noise, since no real pose is exact.
The limits above and below which a point gets a label are chosen by leaving scenes out: what is labelled as an artefact
is one in 97.5 % of the cases, what is labelled as true is true in 99.7 %. About one minute of one core for each scene.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from tqdm import tqdm

from pcfilter_lib.data import OrganizedScan, load_scan, save_scan
from pcfilter_lib.data._poses import perturbed
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.files import replacing
from pcfilter_lib.filters._onnx import described
from pcfilter_lib.filters._trees_onnx import trees_to_onnx
from pcfilter_lib.filters.views._geometry import View
from pcfilter_lib.filters.views.evidence import EVIDENCE, gather_evidence
from pcfilter_lib.filters.views.noise import estimate_noise
from pcfilter_lib.provenance import provenance
from pcfilter_lib.synthesis import Recipe
from pcfilter_lib.synthesis.scenes.building import build_scene
from pcfilter_lib.synthesis.simulation import simulate_scan
from pcfilter_lib.weights import FOLDER as WEIGHTS

VIEWS = 16
PRESETS = ("workbench", "shiny bin", "dark parts")
FIRST_SEED = 5_000  # the benchmark's scans and the tests' have others
ASKED = (15, 10, 6)
PRECISION = {ARTEFACT: 0.975, TRUE_GEOMETRY: 0.997}
TREES = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 15, "min_samples_leaf": 200, "l2_regularization": 10}


def make_view(preset: str, scene: int, view: int, folder: Path) -> OrganizedScan:
    """Return one of the views of a scene, simulated if the folder does not hold it yet."""
    path = folder / f"{preset.replace(' ', '_')}_{scene}_{view:02d}.npz"
    if not path.exists():
        recipe = Recipe.preset(preset)
        low, high = recipe.elevation
        drawn = recipe.draw(FIRST_SEED + scene)
        height = np.random.default_rng([scene, view]).uniform(low, high)
        placed = drawn.replace(azimuth=360 * view / VIEWS, elevation=float(height))
        parts = build_scene(drawn, FIRST_SEED + scene)
        scan = simulate_scan(placed, FIRST_SEED + VIEWS * scene + view, parts)
        save_scan(dataclasses.replace(scan, extras={}), path)
    return load_scan(path)


def examples(scans: list[OrganizedScan], generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return evidence and truth of the points of a scene's views."""
    evidence, truth = [], []
    exact = [View(scan) for scan in scans]
    noise = estimate_noise([(one, exact[(k + step) % len(exact)]) for k, one in enumerate(exact) for step in (1, 3)])
    depth = float(np.median(np.concatenate([view.points[:, 2] for view in exact])))
    error = noise(depth) * np.exp(generator.uniform(np.log(0.3), np.log(8)))  # of this scene's poses
    moved = [View(dataclasses.replace(scan, pose=perturbed(scan.pose, error, depth, generator))) for scan in scans]
    for views in (exact, moved):
        noise = estimate_noise(
            [(one, views[(k + step) % len(views)]) for k, one in enumerate(views) for step in (1, 3)]
        )
        for number in generator.choice(len(views), 5, replace=False):
            others = [view for k, view in enumerate(views) if k != number]
            asked = generator.choice(len(others), ASKED[generator.integers(len(ASKED))], replace=False)
            view = views[number]
            tolerance = noise.tolerance(view.points[:, 2])
            evidence.append(gather_evidence(view, [others[k] for k in asked], tolerance))
            truth.append(view.scan.label.ravel()[view.pixels])
    return np.concatenate(evidence), np.concatenate(truth)


def fit(scenes: list[tuple[np.ndarray, np.ndarray]]) -> HistGradientBoostingClassifier:
    """Return trees that were fitted to scenes: all artefacts, and as many as eight times as many other points."""
    features, labels, weights = [], [], []
    generator = np.random.default_rng(0)
    for evidence, truth in scenes:
        wrong, true = np.flatnonzero(truth == ARTEFACT), np.flatnonzero(truth == TRUE_GEOMETRY)
        some = generator.choice(true, min(len(true), 8 * len(wrong) + 1_000), replace=False)
        features.append(evidence[np.concatenate([wrong, some])])
        labels.append(np.concatenate([np.zeros(len(wrong)), np.ones(len(some))]))
        weights.append(np.concatenate([np.ones(len(wrong)), np.full(len(some), len(true) / len(some))]))
    trees = HistGradientBoostingClassifier(early_stopping=False, random_state=0, **TREES)
    return trees.fit(np.concatenate(features), np.concatenate(labels), sample_weight=np.concatenate(weights))


def limits(scores: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return the scores from which on labels have the precision that is asked for."""
    known = truth != UNLABELLED
    order = np.argsort(scores[known], kind="stable")
    ascending, truth = scores[known][order], truth[known][order]
    wrong = truth == ARTEFACT
    low = np.cumsum(wrong) / np.arange(1, len(wrong) + 1)
    high = (np.cumsum(~wrong[::-1]) / np.arange(1, len(wrong) + 1))[::-1]
    last = np.flatnonzero(low >= PRECISION[ARTEFACT])
    first = np.flatnonzero(high >= PRECISION[TRUE_GEOMETRY])
    return {"artefact": round(float(ascending[last[-1]]), 3), "true": round(float(ascending[first[0]]), 3)}


def measure(scores: np.ndarray, truth: np.ndarray, chosen: dict[str, float]) -> dict[str, float]:
    """Return coverage, precision and recall of the labels that limits give."""
    true, wrong = scores >= chosen["true"], scores <= chosen["artefact"]
    return {
        "labelled": round(float((true | wrong).mean()), 4),
        "precision of true geometry": round(float((truth[true] == TRUE_GEOMETRY).mean()), 4),
        "precision of artefacts": round(float((truth[wrong] == ARTEFACT).mean()), 4),
        "recall of artefacts": round(float(wrong[truth == ARTEFACT].mean()), 4),
    }


def main() -> None:
    """Simulate, fit, choose the limits, and write the trees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the simulated views")
    parser.add_argument("--scenes", type=int, default=12, help="of each preset (default: 12)")
    parser.add_argument("--ship", action="store_true", help="write to pcfilter_lib/weights")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    scenes: list[tuple[str, np.ndarray, np.ndarray]] = []
    for scene, preset in tqdm([(s, p) for s in range(options.scenes) for p in PRESETS], unit=" scenes"):
        scans = [make_view(preset, scene, view, options.out) for view in range(VIEWS)]
        evidence, truth = examples(scans, np.random.default_rng([scene, PRESETS.index(preset)]))
        scenes.append((preset, evidence, truth))
    folds = min(4, len(scenes) // len(PRESETS))
    left_out = []
    for fold in range(folds):
        inside = [(e, t) for k, (_, e, t) in enumerate(scenes) if k // len(PRESETS) % folds != fold]
        trees = fit(inside)
        left_out += [
            (preset, trees.decision_function(evidence), truth)
            for k, (preset, evidence, truth) in enumerate(scenes)
            if k // len(PRESETS) % folds == fold
        ]
    scores, truth = (np.concatenate([each[k] for each in left_out]) for k in (1, 2))
    chosen = limits(scores, truth)
    report = {}
    for preset in PRESETS:
        own = [(s, t) for p, s, t in left_out if p == preset]
        report[preset] = measure(*(np.concatenate(each) for each in zip(*own, strict=True)), chosen)
    card = {
        "about": "Boosted trees that weigh what other views of a scene say about a point, see filters.label_by_views",
        "made by": "data_scripts/train_view_votes.py",
        "licence": "that of pcfilter_lib",
        "recipe": {
            "scenes": {preset: options.scenes for preset in PRESETS},
            "views": VIEWS,
            "seed": FIRST_SEED,
            "precision": {"artefacts": PRECISION[ARTEFACT], "true geometry": PRECISION[TRUE_GEOMETRY]},
            "trees": TREES,
        },
        "provenance": provenance("numpy", "scikit-learn", "onnx"),
        "scores": {"scenes left out": report},
    }
    print(json.dumps(chosen | card, indent=1))
    if options.ship:
        trees = fit([(e, t) for _, e, t in scenes])
        content = trees_to_onnx(trees, len(EVIDENCE))
        with replacing(WEIGHTS / "view-votes.onnx") as temporary:
            temporary.write_bytes(described(content, {"channels": list(EVIDENCE), "limits": chosen}))
        with replacing(WEIGHTS / "view-votes.json") as temporary:
            temporary.write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
