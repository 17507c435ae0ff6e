"""Download ModelNet10: 3,991 meshes to train and 908 to test, in ten classes; 450 MB packed.

    python data_scripts/fetch_modelnet10.py --out FOLDER
    python data_scripts/fetch_modelnet10.py --out FOLDER --zip ModelNet10.zip     # what a browser has downloaded

Interrupt it at any time: the same command goes on. The meshes then lie in FOLDER/ModelNet10/<class>/<split>. ModelNet
is for academic research only (Wu and others, 3D ShapeNets: a deep representation for volumetric shapes, CVPR 2015).
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from pcfilter_lib import data
from pcfilter_lib.data.download import download, extract_zip
from pcfilter_lib.errors import InputError

ADDRESSES = (
    "https://3dvision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
    "http://3dvision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
    "https://vision.princeton.edu/projects/2014/3DShapeNets/ModelNet10.zip",
)
SIZE = 473_402_300  # bytes
COUNTS = {"train": 3_991, "test": 908}


def main(arguments: list[str] | None = None, counts: dict[str, int] = COUNTS) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the archive and the meshes")
    parser.add_argument("--zip", type=Path, help="an archive that is here already")
    parser.add_argument("--address", action="append", help="where from, instead of the addresses known; repeatable")
    parser.add_argument("--size", type=int, default=SIZE, help="bytes that the archive must have; 0 for any")
    parser.add_argument("--sha256", help="its checksum, if you know one")
    options = parser.parse_args(arguments)
    meshes = options.out / "ModelNet10"
    try:
        if not meshes.exists():
            archive = options.zip or download(
                options.address or ADDRESSES,
                options.out / "ModelNet10.zip",
                size=options.size or None,
                sha256=options.sha256,
            )
            unpacked = extract_zip(archive, options.out / f".unpacked-{os.getpid()}")
            try:
                if not (unpacked / "ModelNet10").is_dir():
                    raise InputError(
                        archive, "", "there is no folder ModelNet10 in it", "name the archive of ModelNet10"
                    )
                (unpacked / "ModelNet10").rename(meshes)
            finally:
                shutil.rmtree(unpacked, ignore_errors=True)
        for split, count in counts.items():
            found = len(data.shape_files(meshes, split)[0])
            if found != count:
                problem = f"it holds {found:,} shapes for {split}, not {count:,}"
                raise InputError(meshes, "", problem, "remove it and run this again")
            print(f"{split}: {found:,} shapes in {meshes}")
    except InputError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
