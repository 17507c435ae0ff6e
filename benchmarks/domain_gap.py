"""Compare simulated scans with real ones, by the numbers of `synthesis.scan_statistics`.

    python benchmarks/domain_gap.py --real FOLDER [--preset phoxi-like] [--count 60] [--write]

For each number: does the real scan's value lie between the 5th and the 95th percentile of the simulated scans? Only
numbers leave the real scans, never a point. `--write` renews `pcfilter_lib/data/examples/real_scans.json`, which the book
draws, and `benchmarks/results/domain_gap.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from provenance import provenance
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib import data, synthesis

HERE = Path(__file__).parent
REAL = Path(pcfilter_lib.__file__).parent / "data" / "examples" / "real_scans.json"
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
    parser.add_argument("--preset", nargs="*", default=["bench", "phoxi-like"])
    parser.add_argument("--count", type=int, default=60, help="simulated scans of each preset")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    real = {path.stem: synthesis.scan_statistics(data.load_scan(path)) for path in sorted(options.real.glob("*.npz"))}
    result: dict[str, object] = {"count": options.count, "inside": {}, "bands": {}}
    for name in options.preset:
        recipe, found, empty = synthesis.Recipe.preset(name), [], 0
        for seed in tqdm(range(options.count), desc=name):
            scan = synthesis.simulate_scan(recipe, 10_000 + seed)
            if scan.valid.sum() < FEWEST:
                empty += 1
            else:
                found.append(synthesis.scan_statistics(scan))
        low, high = (
            {key: np.nanquantile([one[key] for one in found], share, axis=0) for key in found[0]}
            for share in (0.05, 0.95)
        )
        result["bands"][name] = {"low": listed(low), "high": listed(high), "almost empty": empty}
        for scan_name, values in real.items():
            inside = {}
            for key, value in values.items():
                if np.isfinite(value).all():
                    inside[key] = float(np.mean((value >= low[key]) & (value <= high[key])))
            result["inside"][f"{scan_name} in {name}"] = inside
            print(f"{scan_name} in {name}:", ", ".join(f"{key} {share:.2f}" for key, share in inside.items()))
    if options.write:
        content = {
            "about": "Statistics of two real scans of a graphics card by a PhoXi scanner; see synthesis.scan_statistics",
            "levels": synthesis.LEVELS.tolist(),
            "scans": {name: listed(values) for name, values in real.items()},
        }
        REAL.write_text(json.dumps(content, indent=1) + "\n")
        result["provenance"] = provenance("numpy", "scipy", "open3d", "open3d-cpu")
        (HERE / "results" / "domain_gap.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
