"""Make the rooms of `data.load_rooms` (`pcfilter_lib/data/examples/rooms.npz`): labelled voxels of 5 cm.

    python data_scripts/make_rooms.py

It takes a few seconds, needs Open3D, and writes the same bytes each time.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

import pcfilter_lib
from pcfilter_lib import data, synthesis
from pcfilter_lib.errors import InputError, MissingExtraError
from pcfilter_lib.files import replacing

FOLDER = Path(pcfilter_lib.__file__).parent / "data" / "examples"
SEED = 9658  # with these eight seeds, both splits hold all classes, and training has four of the five types of room


def packed(grids: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return what the file keeps of label grids: for all rooms in one table, the voxels that have a label."""
    coordinates = [np.argwhere(grid != data.UNLABELLED).astype(np.uint8) for grid in grids]
    labels = [grid[grid != data.UNLABELLED] for grid in grids]
    return {
        "coordinates": np.concatenate(coordinates),
        "label": np.concatenate(labels),
        "count": np.array([len(each) for each in labels], np.int32),
    }


def main(folder: Path = FOLDER) -> None:
    """Make all rooms, and pack them into the file."""
    count = sum(data.ROOM_SPLITS.values())
    try:
        rooms = [synthesis.make_room(SEED + number) for number in tqdm(range(count), unit=" rooms", disable=None)]
        grids = [synthesis.label_voxels(room, data.ROOM_VOXEL_SIZE, data.ROOM_SHAPE) for room in rooms]
    except (InputError, MissingExtraError) as error:
        sys.exit(f"error: {error}")
    file = folder / "rooms.npz"
    with replacing(file) as temporary:
        np.savez_compressed(temporary, **packed(grids))  # NumPy dates what it packs 1980: the bytes are the same
    voxels = sum(int((grid != data.UNLABELLED).sum()) for grid in grids)
    print(f"{file.name}: {count} rooms, {voxels:,} voxels, {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
