"""Make the views of `data.load_turntable` (`pcfilter_lib/data/examples/turntable.npz`): scenes seen from all sides.

    python data_scripts/make_turntable.py

Each scene is scanned as on a turntable, every thirty degrees and from changing heights, by one simulated scanner that
was drawn from the preset "workbench". One processor core needs about a minute.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib import data, synthesis
from pcfilter_lib.data.parts import differences
from pcfilter_lib.data.turntable import DEPTH_STEP, TURNTABLE_SCENES, TURNTABLE_VIEWS
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.files import replacing

FILE = Path(pcfilter_lib.__file__).parent / "data" / "examples" / "turntable.npz"
SEED = 9410  # no benchmark, training or other chapter has these scenes
PRESET = synthesis.Recipe.preset("workbench")
# One scanner for all scenes; what lies on the table, and what it is made of, is drawn for each.
SCENE = (
    "parts", "part_size", "area", "albedo", "support_albedo", "dark_albedo", "specular", "shininess",
    "texture_contrast", "texture_grain", "aim_error",
)  # fmt: skip
SCANNER = PRESET.draw(SEED).replace(
    **{name: getattr(PRESET, name) for name in SCENE}, width=144, height=108, field_of_view=26, distance=0.6
)


def simulated(number: int) -> list[data.OrganizedScan]:
    """Return all views of a scene."""
    recipe = SCANNER.draw(SEED + number)
    scene = synthesis.build_scene(recipe, SEED + number)
    generator = np.random.default_rng(SEED + number)
    scans = []
    for view, elevation in enumerate(generator.uniform(*PRESET.elevation, TURNTABLE_VIEWS)):
        placed = recipe.replace(azimuth=360 * view / TURNTABLE_VIEWS, elevation=float(elevation))
        scans.append(synthesis.simulate_scan(placed, TURNTABLE_VIEWS * (SEED + number) + view, scene))
    return scans


def packed(scan: data.OrganizedScan) -> dict[str, np.ndarray]:
    """Return what the file keeps of a scan, in small integers."""
    return {
        "depth": differences(np.round(np.where(scan.valid, scan.depth, 0) / DEPTH_STEP).astype(np.uint16)),
        "intensity": differences(np.round(np.clip(scan.intensity, 0, 1) * 255).astype(np.uint8)),
        "label": scan.label,
        "cause": scan.extras["cause"],
        "intrinsics": np.asarray(scan.intrinsics, np.float64),
        "pose": np.asarray(scan.pose, np.float64),
    }


def main() -> None:
    """Simulate all scenes, and pack them into the file."""
    try:
        numbers = tqdm(range(TURNTABLE_SCENES), unit=" scenes")
        views = [packed(scan) for number in numbers for scan in simulated(number)]
    except KeyboardInterrupt:
        sys.exit("interrupted; nothing was written")
    except (InputError, MissingExtraError) as error:
        sys.exit(f"error: {error}")
    with replacing(FILE) as temporary:
        np.savez_compressed(temporary, **{name: np.stack([view[name] for view in views]) for name in views[0]})
    print(f"{FILE.name}: {len(views)} views of {TURNTABLE_SCENES} scenes, {FILE.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
