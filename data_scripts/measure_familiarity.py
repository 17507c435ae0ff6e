"""Measure what the shipped artefact filter is familiar with, and write that into its file.

    python data_scripts/measure_familiarity.py --out scans --ship

The reference is 240 of the scans that the network was trained on, and 40 each of the presets "shiny bin" and "dark
parts", on which it finds as many artefacts as on those. The preset "phoxi-like" is not in it, since there the network
finds a third as many. The seeds belong to no split of the benchmark but "train". Scans that are missing are simulated
first: a quarter of an hour on one core; interrupted, the same command goes on. Run it after `train_filter.py --ship`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tqdm import tqdm

from pcfilter_lib import data, filters, synthesis
from pcfilter_lib.files import replacing
from pcfilter_lib.filters._onnx import OnnxNetwork, redescribed
from pcfilter_lib.weights import path

TRAINING = 240
#: Presets besides those of the training scans, with how many scans and their seed.
PRESETS = {"shiny bin": (40, 2107), "dark parts": (40, 2108)}


def reference(folder: Path) -> list[Path]:
    """Return the scans' files, simulated if need be, in an order that mixes the sets evenly.

    A tenth of the scans at a time is left out for calibration: each tenth has to hold some of all sets.
    """
    places = {synthesis.write_split(folder, "train", TRAINING): TRAINING}
    for name, (count, seed) in PRESETS.items():
        place = folder / name.replace(" ", "-")
        synthesis.write_set(
            place, synthesis.Recipe.preset(name), count, seed, keep=synthesis.benchmark.BENCHMARK_EXTRAS
        )
        places[place] = count
    ranked = [
        ((number + 0.5) / count, place / f"scan_{number:05}.npz")
        for place, count in places.items()
        for number in range(count)
    ]
    return [file for _, file in sorted(ranked)]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the scans")
    parser.add_argument("--ship", action="store_true", help="write the result into pcfilter_lib/weights")
    options = parser.parse_args()
    scans = (data.load_scan(file) for file in tqdm(reference(options.out), unit=" scans"))
    familiarity = filters.Familiarity.fit(scans)
    print(json.dumps(familiarity.to_dict()))
    if options.ship:
        file = path("artefact-unet", ".onnx")
        content = redescribed(file.read_bytes(), familiarity=familiarity.to_dict())
        with replacing(file) as temporary:
            temporary.write_bytes(content)
        print(f"{file}: network {OnnxNetwork(file).description['network']}")


if __name__ == "__main__":
    main()
