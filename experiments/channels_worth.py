"""What each group of channels is worth to the artefact filter's network, and what depth in metres is.

    python data_scripts/make_benchmark.py --out scans
    python experiments/channels_worth.py --benchmark scans [--json FILE] [--seeds 2] [--steps 500]

A small U-Net is trained anew without one group of channels at a time: its channels are 0 in training and afterwards, so
that all networks have the same size. Two networks see something else in place of the plane residuals: residuals from
the mean around the point, or plane residuals of the best direction instead of the third best. One sees what a naive
filter would: depth in metres, standardised over the training scans, and where it was measured. All see the same windows
in the same order. Interrupt it at any time: the same command goes on after the last finished training. The book's
chapter "The network" reads what it writes.
"""

from __future__ import annotations

import argparse
import json
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, filters, frameworks, models, results, synthesis
from pcfilter_lib.files import replacing
from pcfilter_lib.filters import plane_residual
from pcfilter_lib.filters.boosting import residuals
from pcfilter_lib.filters.footprint import footprint_angle
from pcfilter_lib.losses import MaskedBinaryCrossentropy
from pcfilter_lib.provenance import provenance

frameworks.start("tensorflow")
import keras  # noqa: E402

FILE = results.path("channels_worth")
NETWORK = {"depth": 4, "base_filters": 8, "max_filters": 128, "batch_norm": False}
BATCH, WINDOW, RATE, WARM_UP, CLIP = 10, (96, 96), 3e-3, 0.1, 0.3
#: Scans of the benchmark: the thresholds' are not those that the figures are from.
SCANS = {"train": (0, 200), "threshold": (30, 60), "validation": (0, 30), "unseen": (0, 20)}
GROUPS = {
    "intensity": ("intensity known", "brightness", "contrast"),
    "modulation": ("modulation known", "modulation"),
    "holes": ("measured 5", "measured 17", "measured 65"),
    "plane residuals": ("nearest step", "plane residual 4", "plane residual 8"),
    "steps": ("step right", "step down"),
}
NAIVE = "depth in metres"
RESIDUALS, BEST = "residuals, no plane residuals", "plane residuals of the best"
INPUTS = ("all", *(f"without {group}" for group in GROUPS), RESIDUALS, BEST, NAIVE)
_PLANE_RESIDUALS = [filters.CHANNELS.index(channel) for channel in GROUPS["plane residuals"]]
_DEPTH = filters.CHANNELS.index("brightness")  # where the naive input holds it: mirroring changes no sign there


@dataclass(frozen=True)
class Input:
    """What one of the networks sees of a scan; the naive one needs the training scans' depth."""

    name: str
    mean: float
    deviation: float

    def image(self, scan: data.OrganizedScan) -> np.ndarray:
        """Return the channels of a scan, shape (H, W, 14), those that are not seen 0."""
        if self.name == NAIVE:
            image = np.zeros((*scan.shape, len(filters.CHANNELS)), np.float32)
            image[..., filters.CHANNELS.index("valid")] = scan.valid
            image[scan.valid, _DEPTH] = (scan.depth[scan.valid] - self.mean) / self.deviation
            return image
        image = filters.scan_channels(scan)
        if self.name == RESIDUALS:
            image[..., _PLANE_RESIDUALS] = np.stack(residuals(scan), axis=-1)
        if self.name == BEST:
            angle = np.float32(footprint_angle(scan))
            compared = plane_residual.compare(np.where(scan.valid, scan.depth, 1), scan.valid, angle, fitting=1)
            image[..., _PLANE_RESIDUALS] = np.moveaxis(np.arcsinh(4 * compared), 0, -1)
        hidden = GROUPS.get(self.name.removeprefix("without "), ())
        image[..., [filters.CHANNELS.index(channel) for channel in hidden]] = 0
        return image


@dataclass(frozen=True, kw_only=True)
class Judge(filters.ArtefactFilter):
    """A network, asked about what it has been trained to see."""

    name: ClassVar[str] = "judge"
    model: keras.Model
    sees: Input
    threshold: float = 0.0

    def score(self, scan: data.OrganizedScan) -> np.ndarray:
        """Return the logit of true geometry."""
        return self.model.predict_on_batch(self.sees.image(scan)[None])[0, ..., 0].astype(np.float32)


def train(sees: Input, scans: list[data.OrganizedScan], seed: int, steps: int, bar: tqdm) -> keras.Model:
    """Train a network on windows of the scans."""
    keras.utils.set_random_seed(seed)
    batches = filters.ScanBatches(
        scans, batch_size=BATCH, seed=seed, window=WINDOW, without_intensity=0, without_modulation=0
    )
    batches.images = [sees.image(scan) for scan in scans]  # in single precision: metres need it
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - round(WARM_UP * steps), warmup_target=RATE, warmup_steps=round(WARM_UP * steps)
    )
    model = models.UNet(channels=len(filters.CHANNELS), **NETWORK)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=CLIP), MaskedBinaryCrossentropy())
    done = 0
    while done < steps:
        for index in range(min(len(batches), steps - done)):
            model.train_on_batch(*batches[index])
            done += 1
            bar.update(1 / steps)
        batches.on_epoch_end()
    return model


def measured(judge: Judge, scans: dict[str, list[data.OrganizedScan]]) -> dict[str, object]:
    """Return a network's figures at the threshold that suits it."""
    threshold = filters.score_scans(judge, scans["threshold"]).best_threshold()
    result: dict[str, object] = {"threshold": round(threshold, 3)}
    for split in ("validation", "unseen"):
        points = filters.score_scans(judge, scans[split])
        result[split] = {
            "all": {name: round(value, 4) for name, value in points.metrics(threshold).items()},
            "clear": {name: round(value, 4) for name, value in points.clear().metrics(threshold).items()},
            "found by cause": {
                cause: [round(share, 4), count] for cause, (share, count) in points.found_by_cause(threshold).items()
            },
        }
    return result


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmark", type=Path, required=True, help="folder that make_benchmark.py wrote")
    parser.add_argument("--json", type=Path, default=FILE, help="where the results are, and go")
    parser.add_argument("--seeds", type=int, default=2, help="trainings of each network")
    parser.add_argument("--steps", type=int, default=600, help="of each training")
    options = parser.parse_args()
    result: dict[str, object] = {"steps": options.steps, "runs": []}
    if options.json.exists():
        result = json.loads(options.json.read_text())
        if result["steps"] != options.steps:
            held = f"{options.json} holds trainings of {result['steps']} steps"
            parser.error(f"{held}; remove it, or name another file, to run these")
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    done = {(run["input"], run["seed"]) for run in result["runs"]}
    todo = [(name, seed) for seed in range(options.seeds) for name in INPUTS if (name, seed) not in done]
    scans = {}
    for use, (first, last) in SCANS.items():
        files = synthesis.split_files(options.benchmark, "validation" if use == "threshold" else use)[first:last]
        scans[use] = [data.load_scan(path) for path in tqdm(files, desc=use, unit=" scans", leave=False)]
    depths = np.concatenate([scan.depth[scan.valid] for scan in scans["train"]]).astype(float)
    with tqdm(total=len(todo), unit=" trainings", bar_format="{l_bar}{bar}| {n:.2f}/{total} [{elapsed}]") as bar:
        for name, seed in todo:
            bar.set_description(f"{name}, seed {seed}")
            sees = Input(name, float(depths.mean()), float(depths.std()))
            judge = Judge(model=train(sees, scans["train"], seed, options.steps, bar), sees=sees)
            result["runs"].append({"input": name, "seed": seed, **measured(judge, scans)})
            result |= {
                "provenance": provenance("keras", "tensorflow", "numpy"),
                "network": NETWORK,
                "batch": BATCH,
                "window": WINDOW,
                "learning_rate": RATE,
                "scans": SCANS,
            }
            with replacing(options.json) as path:
                path.write_text(json.dumps(result, indent=1) + "\n")
    for name in INPUTS:
        told = []
        for split in ("validation", "unseen"):
            runs = [run[split]["clear"]["average_precision"] for run in result["runs"] if run["input"] == name]
            if runs:
                told.append(f"{split} {statistics.mean(runs):.3f} ({', '.join(f'{run:.3f}' for run in runs)})")
        print(f"{name:20} average precision without borderline points: {'; '.join(told)}")


if __name__ == "__main__":
    main()
