"""Measure filters that were tuned on labels from views, on other simulated scenes, against the truth.

    python experiments/tuned_by_views.py [--scenes 10] [--tested 5] [--preset workbench "shiny bin"] [--write]

Each scene is scanned from sixteen sides, and every fourth view is labelled by the other fifteen, as in
experiments/views_by_cause.py. `filters.tune_filter` is fitted to these labels, and beside it to the truth of the same
scans; both are tested on scenes that neither has seen. None of the scenes has trained the labeller. `--write` renews
pcfilter_lib/results/tuned_by_views.json. About a minute of one core for each scene, and some minutes to fit.
"""

from __future__ import annotations

import argparse
import dataclasses
import json

from sklearn.metrics import roc_auc_score
from tqdm import tqdm
from views_by_cause import EVERY, FIRST_SEED, SIZE, VIEWS, simulated_views

from pcfilter_lib import data, filters, metrics, results
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

RESULT = results.path("tuned_by_views")
FIT_SEED, TEST_SEED = FIRST_SEED + 100, FIRST_SEED + 200


def training_scans(preset: str, seed: int) -> tuple[list[data.OrganizedScan], list[data.OrganizedScan]]:
    """Return every fourth view of a scene, labelled by the others, and the same with the truth."""
    scans = simulated_views(preset, seed)
    bare = [dataclasses.replace(scan, label=None, extras={}) for scan in scans]
    labeller, chosen = filters.ViewLabeller(bare), range(0, VIEWS, EVERY)
    truth = [dataclasses.replace(bare[number], label=scans[number].label) for number in chosen]
    return [labeller.label(number) for number in chosen], truth


def tuned(scans: list[data.OrganizedScan], groups: list[str]) -> filters.ArtefactFilter:
    """Return the filter that `tune_filter` fits; whole scenes are kept aside to choose it."""
    return filters.tune_filter(scans, groups, progress=False).filter


def tested(artefact_filter: filters.ArtefactFilter, scans: list[data.OrganizedScan]) -> dict[str, float]:
    """Return how well a filter tells artefacts from true geometry, threshold or not."""
    points = filters.score_scans(artefact_filter, scans)
    wrong = points.labels == data.ARTEFACT
    return {
        "points": len(wrong),
        "artefacts": round(float(wrong.mean()), 4),
        "AUC": round(float(roc_auc_score(wrong, -points.scores)), 4),
        "average precision": round(
            float(metrics.average_precision(points.labels, points.scores, positive=data.ARTEFACT)), 4
        ),
    }


def main() -> None:
    """Simulate, label, tune, test, and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenes", type=int, default=10, help="to fit to, of each preset (default: 10)")
    parser.add_argument("--tested", type=int, default=5, help="to test on, of each preset (default: 5)")
    parser.add_argument("--preset", nargs="*", default=["workbench", "shiny bin"])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    entries = {}
    for preset in options.preset:
        by_views, by_truth, groups = [], [], []
        for scene in tqdm(range(options.scenes), desc=f"{preset}, to fit to"):
            labelled, truth = training_scans(preset, FIT_SEED + scene)
            by_views, by_truth, groups = by_views + labelled, by_truth + truth, groups + [str(scene)] * len(truth)
        others = [
            scan
            for scene in tqdm(range(options.tested), desc=f"{preset}, to test on")
            for scan in simulated_views(preset, TEST_SEED + scene)[::EVERY]
        ]
        entries[preset] = {
            "labels from views": tested(tuned(by_views, groups), others),
            "true labels": tested(tuned(by_truth, groups), others),
        }
        print(json.dumps({preset: entries[preset]}, indent=1), flush=True)
    content = {
        "about": "Filters tuned on labels from views, and on the truth, on other scenes against the truth",
        "made by": "experiments/tuned_by_views.py",
        "recipe": {"scenes": options.scenes, "tested": options.tested, "seeds": [FIT_SEED, TEST_SEED]} | SIZE,
        "provenance": provenance("numpy", "scipy", "scikit-learn", "open3d", "open3d-cpu", "onnxruntime"),
        "entries": entries,
    }
    if options.write:
        with replacing(RESULT) as path:
            path.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
