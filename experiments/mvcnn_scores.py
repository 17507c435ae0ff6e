"""Collect how well MVCNN classifies ModelNet10, for each kind of pictures and all seeds that were trained.

    python experiments/mvcnn_scores.py --runs runs

`runs` holds what data_scripts/train_mvcnn.py wrote: the scores of each network on the test shapes. They go to
pcfilter_lib/results/mvcnn_scores.json, which the book's chapter "Pictures of a shape" reads. Kinds that the folder does
not hold keep their entries in the file.
"""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from pcfilter_lib import results
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing
from pcfilter_lib.provenance import provenance

FILE = results.path("mvcnn_scores")
NAME = re.compile(r"mvcnn-modelnet10-(.+)-seed-\d+")
KEPT = ("seed", "accuracy", "recall", "accuracy by views")


def collected(runs: Path) -> dict[str, dict]:
    """Return the scores of each kind of pictures, seed by seed."""
    found: dict[str, dict] = {}
    for file in sorted(runs.glob("mvcnn-*.json")):
        kind = NAME.fullmatch(file.stem)
        if kind:
            run = json.loads(file.read_text())
            group = found.setdefault(kind[1], {"test shapes": run["shapes"], "runs": []})
            group["runs"].append({name: run[name] for name in KEPT})
    if not found:
        raise InputError(str(runs), "", "it holds no scores of MVCNN", "train some: data_scripts/train_mvcnn.py")
    return found


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the trained networks")
    options = parser.parse_args()
    content = json.loads(FILE.read_text()) if FILE.exists() else {}
    content |= collected(options.runs)
    content["provenance"] = provenance("keras", "tensorflow", "numpy")
    with replacing(FILE) as temporary:
        temporary.write_text(json.dumps(content, indent=1) + "\n")
    for kind, group in content.items():
        if kind != "provenance":
            print(kind, *(run["accuracy"] for run in group["runs"]))


if __name__ == "__main__":
    main()
