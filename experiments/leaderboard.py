"""Compare artefact filters on the benchmark, and write the leaderboard.

    python data_scripts/make_benchmark.py --out scans
    python data_scripts/train_filter.py --benchmark scans --out runs --seed 0      # and 1, and 2
    python experiments/leaderboard.py --benchmark scans --networks runs/seed-*.keras

Every threshold is the one with the largest mean IoU on the validation scans; then the filter meets the test scans and
the unseen ones. Interrupt it at any time: the same command goes on after the last finished filter. Results go to
pcfilter_lib/results/leaderboard.json, which the book reads, and as tables to book/filtering/leaderboard.md. To
measure a filter anew, remove its entries from the results. `--page` only writes the tables.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib import data, filters, results, synthesis
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

ROOT = Path(pcfilter_lib.__file__).parents[1]
FILE = results.path("leaderboard")
PAGE = ROOT / "book" / "filtering" / "leaderboard.md"
SPLITS = ("test", "unseen", "boards validation")
CLASSICAL = [name for name in filters.FILTERS if name != "artefact-unet"]
SEEDS, FITS = 3, 1  # trainings of the network, and fits of the trees
#: What a network is asked besides: scans that lack what not every scanner has.
HIDDEN = {"": (), ", no modulation": ("modulation",), ", no modulation, no intensity": ("modulation", "intensity")}


def scans(folder: Path, split: str, hidden: tuple[str, ...] = ()) -> Iterator[data.OrganizedScan]:
    """Load a split's scans, one at a time, without what is hidden."""
    for path in tqdm(synthesis.split_files(folder, split), desc=split, unit=" scans", leave=False):
        scan = data.load_scan(path)
        extras = {name: value for name, value in scan.extras.items() if name not in hidden}
        changes = {"intensity": None} if "intensity" in hidden else {}
        yield dataclasses.replace(scan, extras=extras, **changes)


def measured(
    judged: filters.ArtefactFilter, folder: Path, hidden: tuple[str, ...] = (), threshold: float | None = None
) -> dict[str, object]:
    """Return a filter's figures on each split, at the threshold that the validation scans ask for, or a given one."""
    if threshold is None:
        threshold = filters.score_scans(judged, scans(folder, "validation", hidden)).best_threshold()
    result: dict[str, object] = {"threshold": threshold}
    for split in SPLITS:
        points = filters.score_scans(judged, scans(folder, split, hidden))
        result[split] = {
            "all": rounded(points.metrics(threshold)),
            "clear": rounded(points.clear().metrics(threshold)),
            "found by cause": {
                cause: [round(share, 4), count] for cause, (share, count) in points.found_by_cause(threshold).items()
            },
        }
    return result


def rounded(figures: dict[str, float]) -> dict[str, float]:
    """Return figures with four digits after the point."""
    return {name: round(value, 4) for name, value in figures.items()}


def entries(options: argparse.Namespace) -> Iterator[tuple[str, int, Callable[[], dict[str, object]]]]:
    """Yield name and seed of each entry, and what measures it."""
    folder = options.benchmark
    for name in CLASSICAL:
        yield name, 0, lambda name=name: measured(filters.load_filter(name), folder)
    for seed in range(FITS):
        yield (
            "boosted-trees",
            seed,
            lambda seed=seed: measured(filters.BoostedTrees.fit(scans(folder, "train"), seed=seed), folder),
        )
    for seed, path in enumerate(sorted(options.networks)):
        for words, hidden in HIDDEN.items():
            yield f"artefact-unet{words}", seed, lambda path=path, hidden=hidden: of_network(path, folder, hidden)


def of_network(path: Path, folder: Path, hidden: tuple[str, ...]) -> dict[str, object]:
    """Measure a trained network; its threshold is that of whole scans, whatever is hidden here."""
    from pcfilter_lib import models

    judged = filters.LearnedFilter.of_model(models.load(path, compile=False))
    threshold = filters.score_scans(judged, scans(folder, "validation")).best_threshold()
    return measured(judged, folder, hidden, threshold)


def page(result: dict[str, object]) -> str:
    """Return the leaderboard as a page of the book."""
    counts = {name: split.count for name, split in synthesis.BENCHMARK.items()}
    lines = [
        "# The leaderboard",
        "",
        "<!-- Written by experiments/leaderboard.py: edit that, not this. -->",
        "",
        f"Artefact filters on the benchmark's simulated scans: {counts['train']:,} to train, {counts['validation']} to "
        f"choose thresholds, {counts['test']} to test, {counts['unseen']} *unseen* ones with other parts, materials, "
        "baseline and resolution. `data_scripts/make_benchmark.py` makes them again, `experiments/leaderboard.py` "
        "fills the tables. Figures are pooled over all valid pixels of a split, and are means over seeds where there "
        f"are several. Measured on {result['provenance']['date'][:10]} with pcfilter_lib "
        f"{result['provenance']['pcfilter_lib']}.",
        "",
        "**mIoU**: mean over true geometry and artefacts of intersection over union. **AP**: average precision of the "
        "artefacts, which needs no threshold. **kept**: share of the true geometry that stays. **found**: share of "
        "the artefacts that go. **balanced**: the mean of kept and found. The threshold of each filter is the one "
        "with the largest mIoU on the validation scans.",
    ]
    for split, title in (("test", "Test"), ("unseen", "Unseen")):
        for points, words in (("clear", "without borderline points"), ("all", "all points")):
            lines += ["", f"## {title}, {words}", ""]
            if points == "clear":
                lines += ["Points whose distance from the surface is within a factor of 1.5 of the tolerance are left "
                          "out: either label could be given to them.", ""]  # fmt: skip
            lines += table(result["entries"], split, points)
    return "\n".join(lines) + "\n"


def table(found: list[dict], split: str, points: str) -> list[str]:
    """Return the rows of a table, the best mean IoU first."""
    columns = ("mean_iou", "average_precision", "kept", "found", "balanced_accuracy")
    rows = {}
    for name in dict.fromkeys(entry["filter"] for entry in found):
        runs = [entry[split][points] for entry in found if entry["filter"] == name]
        rows[name] = len(runs), [statistics.mean(run[column] for run in runs) for column in columns], runs
    lines = ["| filter | mIoU | AP | kept | found | balanced |", "|---|---|---|---|---|---|"]
    for name, (count, means, runs) in sorted(rows.items(), key=lambda row: -row[1][1][0]):
        words = name.partition(",")[0].replace("-", " ") + "".join(name.partition(",")[1:])
        cells = [f"{means[0]:.3f}"]
        if count > 1:
            cells[0] += f" ± {statistics.stdev(run['mean_iou'] for run in runs):.3f}"
        cells += [f"{means[1]:.3f}", f"{means[2]:.2%}", f"{means[3]:.1%}", f"{means[4]:.3f}"]
        lines.append(f"| {words} | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, help="folder that make_benchmark.py wrote")
    parser.add_argument("--networks", type=Path, nargs="*", default=[], help="networks, one for each seed")
    parser.add_argument("--page", action="store_true", help="only write the page from the results")
    options = parser.parse_args()
    if not options.page:
        if options.benchmark is None:
            parser.error("name the folder with the scans: --benchmark FOLDER")
        result = json.loads(FILE.read_text()) if FILE.exists() else {"entries": []}
        done = {(entry["filter"], entry["seed"]) for entry in result["entries"]}
        todo = [(name, seed, measure) for name, seed, measure in entries(options) if (name, seed) not in done]
        for name, seed, measure in tqdm(todo, unit=" filters"):
            result["entries"].append({"filter": name, "seed": seed, **measure()})
            result |= {"provenance": provenance("keras", "tensorflow", "numpy", "scikit-learn")}
            with replacing(FILE) as path:
                path.write_text(json.dumps(result, indent=1) + "\n")
    text = page(json.loads(FILE.read_text()))
    with replacing(PAGE) as path:
        path.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
