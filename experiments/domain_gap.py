"""Compare simulated scans with real ones, by the numbers of `synthesis.scan_statistics`.

    python experiments/domain_gap.py --real FOLDER [--preset phoxi-like] [--count 60] [--write]

For each number: does the real scan's value lie between the 5th and the 95th percentile of the simulated scans? Only
numbers leave the real scans, never a point. `--write` renews `pcfilter_lib/results/real_scans.json`, which the
book draws.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib import data, results, synthesis
from pcfilter_lib.provenance import provenance

RESULT = results.path("real_scans")
FEWEST = 500  # points of a simulated scan that is worth describing


def listed(statistics: dict[str, float | np.ndarray]) -> dict[str, float | list[float] | None]:
    """Return numbers that JSON can hold, with four digits."""
    values = {}
    for name, value in statistics.items():
        rounded = [float(f"{x:.4g}") if np.isfinite(x) else None for x in np.atleast_1d(value)]
        values[name] = rounded if np.ndim(value) else rounded[0]
    return values


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, required=True, help="folder with real organised scans (.npz)")
    parser.add_argument("--preset", nargs="*", default=["workbench", "phoxi-like"])
    parser.add_argument("--count", type=int, default=60, help="simulated scans of each preset")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    real = {path.stem: synthesis.scan_statistics(data.load_scan(path)) for path in sorted(options.real.glob("*.npz"))}
    simulated: dict[str, object] = {}
    inside: dict[str, object] = {}
    for name in options.preset:
        recipe, found, empty = synthesis.Recipe.preset(name), [], 0
        for seed in tqdm(range(options.count), desc=name):
            scan = synthesis.simulate_scan(recipe, 10_000 + seed)
            if scan.valid.sum() < FEWEST:
                empty += 1
            else:
                found.append(synthesis.scan_statistics(scan))
        low, median, high = (
            {key: np.nanquantile([one[key] for one in found], share, axis=0) for key in found[0]}
            for share in (0.05, 0.5, 0.95)
        )
        simulated[name] = {"count": options.count, "almost empty": empty}
        simulated[name] |= {"low": listed(low), "median": listed(median), "high": listed(high)}
        for scan_name, values in real.items():
            shares = {}
            for key, value in values.items():
                if np.isfinite(value).all():
                    shares[key] = round(float(np.mean((value >= low[key]) & (value <= high[key]))), 3)
            inside[f"{scan_name} in {name}"] = shares
            print(f"{scan_name} in {name}:", ", ".join(f"{key} {share:.2f}" for key, share in shares.items()))
    if options.write:
        content = {
            "about": "Numbers of real scans of a graphics card by a PhoXi scanner, and of simulated ones, "
            "see synthesis.scan_statistics; low, median, high: 5th, 50th, 95th percentile over scans",
            "provenance": provenance("numpy", "scipy", "open3d", "open3d-cpu"),
            "levels": synthesis.LEVELS.tolist(),
            "real": {name: listed(values) for name, values in real.items()},
            "simulated": simulated,
            "inside": inside,
        }
        RESULT.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
