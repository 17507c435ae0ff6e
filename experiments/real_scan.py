"""Ask filters that know simulated scans only about a real one, and measure how far it lies from the simulation.

    python data_scripts/make_benchmark.py --out scans
    python experiments/real_scan.py --real FOLDER --benchmark scans

FOLDER holds phoxi_gpu_004.npz, which was cleaned by hand, and phoxi_gpu_014.npz, without labels. **Scan 004 is a test:
no label of it chooses anything here.** Thresholds come from simulated scans, and the recipe of the fine-tuning below
was written down before any of its results on the real scan was seen. Only the figures under "peeked" take a threshold
from the scan on which they are measured; they are a warning, and no filter has them.

Only numbers leave the real scans, never a point. They go to pcfilter_lib/results/real_filtering.json, which the
book's chapter "A real scan" reads. Interrupt it at any time: the same command goes on after the last finished entry.
Entries of the shipped network are measured anew when its weights have changed.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np
from scipy import ndimage
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from pcfilter_lib import data, filters, frameworks, results, synthesis
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance
from pcfilter_lib.weights import origin

FILE = results.path("real_filtering")
TEST, OTHER = "phoxi_gpu_004", "phoxi_gpu_014"
CLASSICAL = [name for name in filters.FILTERS if name != "artefact-unet"]
CHOOSING = ("validation", "boards validation")  # where thresholds are chosen: simulated scans, both
SCALES = (1, 2, 3, 4, 6)  # of the real scan, one pixel in so many each way is shown
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
# The real scanner tells no modulation, which needs no label to see.
SHOWN = [name for name in filters.CHANNELS if not name.startswith(("valid", "modulation", "intensity known"))]
SHAPE = [name for name in SHOWN if name.startswith(("step", "nearest", "plane residual", "measured"))]
# The fine-tuning: Adam, a rate that falls along a cosine, clipped gradients; written down beforehand.
SEEDS, EPOCHS, BATCH, RATE, CLIP = (0, 1, 2), 40, 12, 1e-3, 0.3

Scan = data.OrganizedScan


def view(scan: Scan, every: int = 1, row: int = 0, column: int = 0, *, intensity: bool = True) -> Scan:
    """Return a scan without modulation, of every so manieth pixel, as a coarser camera would have seen it."""
    some = np.s_[row::every, column::every]
    intrinsics = np.array(scan.intrinsics, float)
    intrinsics[:2] /= every
    arrays = {name: getattr(scan, name) for name in ("xyz", "valid", "intensity", "label")}
    if not intensity:
        arrays["intensity"] = None
    kept = {name: None if array is None else array[some] for name, array in arrays.items()}
    extras = {name: scan.extras[name][some] for name in ("cause", "borderline") if name in scan.extras}
    return Scan(**kept, intrinsics=intrinsics, extras=extras)


def scans(folder: Path, split: str, count: int | None = None) -> Iterator[Scan]:
    """Load the first scans of a split, without modulation."""
    for path in tqdm(synthesis.split_files(folder, split)[:count], desc=split, unit=" scans", leave=False):
        yield view(data.load_scan(path))


def figures(points: filters.ScoredPoints, threshold: float) -> dict[str, float]:
    """Return the figures of `ScoredPoints`, and the area under the ROC curve, with four digits."""
    found = points.metrics(threshold) | {"roc_area": roc_auc_score(points.labels, points.scores)}
    return {name: round(float(value), 4) for name, value in found.items()}


def peeked(points: filters.ScoredPoints) -> float:
    """Return the largest balanced accuracy of all thresholds, chosen and measured on the same labels. A warning."""
    order = np.argsort(points.scores, kind="stable")
    scores, true = points.scores[order], points.labels[order] == 1
    lost, found = np.cumsum(true) / true.sum(), np.cumsum(~true) / (~true).sum()
    possible = np.append(scores[1:] > scores[:-1], True)
    return round(float(max(0.5, ((1 - lost + found) / 2)[possible].max())), 4)


def measured(judged: filters.ArtefactFilter, real: Scan, folder: Path, thresholds: dict[str, float | None]) -> dict:
    """Return a filter's figures on the real scan and on the simulated ones, for each threshold (None: choose it)."""
    chosen = {split: filters.score_scans(judged, scans(folder, split)) for split in CHOOSING}
    points = filters.score_scans(judged, [real])
    result: dict[str, object] = {}
    for source, threshold in thresholds.items():
        threshold = chosen[source].best_threshold() if threshold is None else threshold
        result[source] = {"threshold": round(max(threshold, -1e9), 4), "real": figures(points, threshold)}
        for split in CHOOSING:
            result[source][split] = figures(chosen[split], threshold)
            result[source][f"{split}, clear"] = figures(chosen[split].clear(), threshold)
    return {"thresholds": result, "peeked": peeked(points)}


def of_classical(name: str, real: Scan, folder: Path) -> dict:
    """Measure a classical filter, with a threshold from each kind of simulated scans."""
    try:
        filters.load_filter(name).score(real)
    except InputError as error:
        return {"cannot": error.problem}
    return measured(filters.load_filter(name), real, folder, dict.fromkeys(CHOOSING))


def of_shipped(real: Scan, folder: Path) -> dict:
    """Measure the shipped network, at its own threshold and at the one that simulated boards ask for."""
    judged = filters.load_filter("artefact-unet")
    return measured(judged, real, folder, {"shipped": judged.threshold, "boards validation": None})


def of_fine_tuned(seed: int, real: Scan, folder: Path) -> dict:
    """Train the shipped network on the simulated boards, without modulation, and measure it."""
    frameworks.start("tensorflow")
    import keras

    from pcfilter_lib import models
    from pcfilter_lib.losses import MaskedBinaryCrossentropy

    keras.utils.set_random_seed(seed)
    batches = filters.ScanBatches(list(scans(folder, "boards")), batch_size=BATCH, seed=seed, without_modulation=1.0)
    model = models.load_pretrained("artefact-unet")
    rate = keras.optimizers.schedules.CosineDecay(RATE, EPOCHS * len(batches))
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=CLIP), MaskedBinaryCrossentropy())
    model.fit(batches, shuffle=False, epochs=EPOCHS, verbose=2)
    return measured(filters.LearnedFilter.of_model(model), real, folder, {"boards validation": None})


def interlaced(judged: filters.ArtefactFilter, real: Scan, every: int) -> filters.ScoredPoints:
    """Score all points of a scan as a coarser camera would see them: once for each of the pixels that it could take."""
    parts = [view(real, every, row, column) for row, column in product(range(every), repeat=2)]
    return filters.score_scans(judged, parts)


def of_views(real: Scan) -> dict:
    """Ask the shipped network about the real scan without its intensity, and as seen by coarser cameras."""
    judged = filters.load_filter("artefact-unet")
    found = {f"1 pixel in {every}": interlaced(judged, real, every) for every in SCALES}
    found["no intensity"] = filters.score_scans(judged, [view(real, intensity=False)])
    return {name: figures(points, judged.threshold) for name, points in found.items()}


def channels(scan: Scan, names: list[str]) -> np.ndarray:
    """Return some channels of a scan's points, row by row of the image."""
    return filters.scan_channels(scan)[scan.valid][:, [filters.CHANNELS.index(name) for name in names]]


def sample(some: list[Scan], names: list[str], count: int = 500) -> np.ndarray:
    """Return the channels of so many points at most of each scan."""
    generator = np.random.default_rng(0)
    found = [channels(scan, names) for scan in some if scan.valid.sum() >= 2]
    return np.concatenate([each[generator.permutation(len(each))[:count]] for each in found])


def told_apart(one: np.ndarray, left: np.ndarray, train: np.ndarray, test: np.ndarray) -> float:
    """Return how well a classifier tells a scan's points from those of other scans, as an area under the ROC curve.

    It learns on the left half of the scan and on some of the others, and is asked about the right half and the rest.

    Parameters
    ----------
    one : ndarray, shape (n, C)
        Channels of the scan's points.
    left : ndarray of bool, shape (n,)
        Which of them lie in its left half.
    train, test : ndarray, shape (m, C)
        Channels of points of the others.
    """
    generator = np.random.default_rng(0)
    halves = [one[side][generator.permutation(side.sum())[:10_000]] for side in (left, ~left)]
    (inputs, asked) = (np.concatenate(pair) for pair in zip(halves, (train, test), strict=True))
    labels, right = (np.repeat([1, 0], [len(a), len(b)]) for a, b in zip(halves, (train, test), strict=True))
    weights = np.where(labels == 1, len(labels) / len(halves[0]), len(labels) / len(train))
    trees = HistGradientBoostingClassifier(max_iter=30, random_state=0).fit(inputs, labels, sample_weight=weights)
    return round(float(roc_auc_score(right, trees.predict_proba(asked)[:, 1])), 3)


def gap(real: dict[str, Scan], folder: Path) -> dict:
    """Measure without labels how far the real scans lie from simulated ones, and how far fresh simulated ones do."""
    result: dict[str, object] = {}
    for split, own in (("train", "validation"), ("boards", "boards validation")):
        pool = [scan for scan in scans(folder, split, 80) if scan.valid.sum() >= 500]
        train, test = sample(pool[::2], SHOWN), sample(pool[1::2], SHOWN)
        fresh = [scan for scan in scans(folder, own) if scan.valid.sum() >= 2_000][:12]

        def asked(scan: Scan, names: list[str], train: np.ndarray = train, test: np.ndarray = test) -> float:
            some, (_, columns) = [SHOWN.index(name) for name in names], np.nonzero(scan.valid)
            left = columns < np.median(columns)
            return told_apart(channels(scan, names), left, train[:, some], test[:, some])

        result[split] = {
            "all channels": {name: asked(scan, SHOWN) for name, scan in real.items()},
            "all channels, fresh": [asked(scan, SHOWN) for scan in fresh],
            "each channel": {
                name: {channel: asked(scan, [channel]) for channel in SHOWN} for name, scan in real.items()
            },
            "each channel, fresh": {channel: [asked(scan, [channel]) for scan in fresh[:6]] for channel in SHOWN},
            "shape, by scale": {str(every): asked(view(real[TEST], every), SHAPE) for every in SCALES},
        }
    return result


def quantiles(real: dict[str, Scan], folder: Path) -> dict:
    """Return quantiles of the channels, of true geometry and of artefacts."""
    sets = {name: [scan] for name, scan in real.items()} | {split: list(scans(folder, split)) for split in CHOOSING}
    result: dict[str, object] = {}
    for name, some in sets.items():
        found = np.concatenate([channels(scan, SHOWN) for scan in some])
        known = [np.full(scan.shape, 1, np.uint8) if scan.label is None else scan.label for scan in some]
        label = np.concatenate([each[scan.valid] for each, scan in zip(known, some, strict=True)])
        kinds = {"all": label < 255} if some[0].label is None else {"true": label == 1, "artefact": label == 0}
        result[name] = {
            kind: {
                channel: np.round(np.quantile(found[here, place], LEVELS), 3).tolist()
                for place, channel in enumerate(SHOWN)
            }
            for kind, here in kinds.items()
        }
    return result


def company(real: Scan, folder: Path) -> dict:
    """Tell in which company artefacts are: among their like, or alone among true points; and how rough both are."""
    sets = {TEST: [real]} | {split: list(scans(folder, split)) for split in CHOOSING}
    return {name: of_company(some) for name, some in sets.items()}


def of_company(some: list[Scan]) -> dict[str, float]:
    """Return the numbers of `company` for some scans."""
    alike, sizes, footprints = [], [], []
    rough: dict[str, list[np.ndarray]] = {"true": [], "artefact": []}
    for scan in some:
        wrong, footprint = scan.valid & (scan.label == 0), filters.pixel_footprint(scan)
        around = [ndimage.convolve(x.astype(float), np.ones((3, 3)), mode="constant") for x in (wrong, scan.valid)]
        alike.append(((around[0] - 1) / np.maximum(around[1] - 1, 1))[wrong])
        patch, _ = ndimage.label(wrong, np.ones((3, 3)))
        sizes.append(np.bincount(patch.ravel())[patch[wrong]])
        footprints.append(footprint[scan.valid])
        for kind, here in (("true", scan.valid & (scan.label == 1)), ("artefact", wrong)):
            for z, inside, unit in ((scan.depth, here, footprint), (scan.depth.T, here.T, footprint.T)):
                z = z.astype(float)
                bend = np.abs(z[:-2] - 2 * z[1:-1] + z[2:]) / np.sqrt(6)  # of one point's noise: its own size
                three = inside[:-2] & inside[1:-1] & inside[2:]
                rough[kind].append((bend / unit[1:-1])[three])
    alike, sizes = np.concatenate(alike), np.concatenate(sizes)
    result = {
        "artefacts": len(alike),
        "points": int(sum(scan.valid.sum() for scan in some)),
        "share of the neighbours that are artefacts": float(alike.mean()),
        "only artefacts around": float((alike == 1).mean()),
        "in patches of 100 and more": float((sizes >= 100).mean()),
        "footprint, mm": 1_000 * float(np.median(np.concatenate(footprints))),
    }
    for kind, values in rough.items():
        result[f"roughness of {kind}, footprints"] = float(np.median(np.concatenate(values))) / 0.6745
    return {name: value if isinstance(value, int) else float(f"{value:.3g}") for name, value in result.items()}


def turned_round(real: Scan) -> dict[str, float]:
    """Return what the rules would reach if each kept what it removes, with a peeked threshold. A warning."""
    result = {}
    for name in CLASSICAL:
        try:
            points = filters.score_scans(filters.load_filter(name), [real])
        except InputError:
            continue
        result[name] = peeked(filters.ScoredPoints(-points.scores, points.labels, points.causes, points.borderline))
    return result


def luck(real: Scan) -> dict:
    """Tell what scores that know nothing reach, if they are as smooth as errors are: what one scan can tell at all."""
    label, result = real.label[real.valid], {}
    for width in (0, 10, 40):  # pixels
        honest, best = [], []
        for seed in range(200):
            noise = np.random.default_rng(seed).normal(size=real.shape)
            score = ndimage.gaussian_filter(noise, width)[real.valid] if width else noise[real.valid]
            nothing = np.zeros(len(score), np.uint8)
            points = filters.ScoredPoints(score, label, nothing, nothing.astype(bool))
            honest.append(points.metrics(float(np.median(score)))["balanced_accuracy"])
            best.append(peeked(points))
        result[f"{width} pixels"] = {
            name: np.round(np.quantile(found, LEVELS), 3).tolist()
            for name, found in (("at the median score", honest), ("peeked", best))
        }
    return result


def entries(real: dict[str, Scan], folder: Path) -> Iterator[tuple[str, bool, Callable[[], object]]]:
    """Yield name of each entry, whether it hangs on the shipped weights, and what measures it."""
    test = real[TEST]
    for name in CLASSICAL:
        yield name, False, functools.partial(of_classical, name, test, folder)
    yield "company", False, functools.partial(company, test, folder)
    yield "turned round, peeked", False, functools.partial(turned_round, test)
    yield "luck", False, functools.partial(luck, test)
    yield "quantiles", False, functools.partial(quantiles, real, folder)
    yield "gap", False, functools.partial(gap, real, folder)
    yield "artefact-unet", True, functools.partial(of_shipped, test, folder)
    yield "views", True, functools.partial(of_views, test)
    for seed in SEEDS:
        yield f"fine-tuned, seed {seed}", True, functools.partial(of_fine_tuned, seed, test, folder)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--real", type=Path, required=True, help="folder with the two real scans")
    parser.add_argument("--benchmark", type=Path, required=True, help="folder that make_benchmark.py wrote")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results go")
    options = parser.parse_args()
    real = {name: view(data.load_scan(options.real / f"{name}.npz")) for name in (TEST, OTHER)}
    network = origin("artefact-unet")["network"]
    result = json.loads(options.json.read_text()) if options.json.exists() else {"entries": {}}
    todo = list(entries(real, options.benchmark))
    if result.get("network") != network:
        for name, of_network, _ in todo:
            if of_network:
                result["entries"].pop(name, None)
    for name, _, measure in tqdm([one for one in todo if one[0] not in result["entries"]], unit=" entries"):
        result["entries"][name] = measure()
        result |= {
            "about": "Filters that learned from simulated scans, on a real scan of a graphics card by a PhoXi scanner. "
            "No label of it chose anything, except under 'peeked'",
            "network": network,
            "fine-tuning": {"scans": "boards", "epochs": EPOCHS, "batch": BATCH, "rate": RATE, "clip": CLIP},
            "levels": LEVELS,
            "provenance": provenance("keras", "tensorflow", "numpy", "scikit-learn", "onnxruntime"),
        }
        with replacing(options.json) as path:
            path.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
