"""Make the images of the chapters on segmentation (`pcfilter_lib/data/examples/parts.npz`): scans of parts in a bin.

    python data_scripts/make_parts.py

Scene and scanner are drawn anew for each of the 180 scans; two processor cores need about a minute. Interrupt it at any
time: with --work FOLDER the scans that are done stay there, and the same command goes on.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

import pcfilter_lib
from pcfilter_lib import data, synthesis
from pcfilter_lib.data.parts import DEPTH_STEP, DIFFERENCES, PARTS_CLASSES, PARTS_SPLITS, differences
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.files import replacing

FILE = Path(pcfilter_lib.__file__).parent / "data" / "examples" / "parts.npz"
SEED = 2026

# Written out where it matters for the pictures; the rest is the preset "workbench".
RECIPE = synthesis.Recipe.preset("workbench").replace(
    kinds=PARTS_CLASSES[1:], support="bin", parts=(8, 14), part_size=(0.06, 0.13),
    area=(0.24, 0.3), bin_height=(0.05, 0.09),
    albedo=(0.3, 0.85), support_albedo=(0.2, 0.6), dark_share=0.05, glossy_share=0.1, exposure=(0.9, 1.5),
    width=128, height=96, field_of_view=(34, 40), distance=(0.5, 0.65), elevation=(68, 90),
)  # fmt: skip


def packed(scan: data.OrganizedScan) -> dict[str, np.ndarray]:
    """Return what the file keeps of a scan, in small integers."""
    kinds = scan.extras["kinds"].tolist()
    place = np.array([PARTS_CLASSES.index(kind) if kind in PARTS_CLASSES else 0 for kind in kinds], np.uint8)
    depth = np.where(scan.valid, scan.xyz[..., 2], 0)  # 0 means a hole, in the file as in a depth PNG
    return {
        "intensity": np.round(np.clip(scan.intensity, 0, 1) * 255).astype(np.uint8),
        "depth": np.round(depth / DEPTH_STEP).astype(np.uint16),
        "label": place[scan.extras["kind"]],
        "object": scan.extras["object"].astype(np.uint8),
        "intrinsics": np.asarray(scan.intrinsics, np.float64),
    }


def make(folder: Path, file: Path, count: int) -> None:
    """Simulate `count` scans into `folder`, and pack them into `file`."""
    index = synthesis.write_set(folder, RECIPE, count, seed=SEED, keep=("object", "kind", "kinds"))
    scans = [packed(data.load_scan(folder / entry["file"])) for entry in index["scans"]]
    arrays = {name: np.stack([scan[name] for scan in scans]) for name in scans[0]}
    for name in DIFFERENCES:
        arrays[name] = differences(arrays[name])
    with replacing(file) as temporary:
        np.savez_compressed(temporary, **arrays)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="folder for the single scans (default: one that is removed again)")
    work = parser.parse_args().work
    count = sum(PARTS_SPLITS.values())
    try:
        if work:
            make(work, FILE, count)
        else:
            with tempfile.TemporaryDirectory() as folder:
                make(Path(folder), FILE, count)
    except KeyboardInterrupt:
        sys.exit(f"interrupted{f'; the same command goes on in {work}' if work else ''}")
    except (InputError, MissingExtraError) as error:
        sys.exit(f"error: {error}")
    print(f"{FILE.name}: {count} scans, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
