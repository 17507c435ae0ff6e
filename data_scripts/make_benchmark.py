"""Make the benchmark's scans, see `pcfilter_lib.synthesis.BENCHMARK`; 2.5 GB, a quarter of an hour on two cores.

    python data_scripts/make_benchmark.py --out FOLDER [--split NAME ...]

Interrupt it at any time: the same command goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from pcfilter_lib import synthesis


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the scans")
    parser.add_argument("--split", nargs="*", choices=tuple(synthesis.BENCHMARK), default=list(synthesis.BENCHMARK))
    options = parser.parse_args()
    for name in options.split:
        print(name, "->", synthesis.write_split(options.out, name))


if __name__ == "__main__":
    main()
