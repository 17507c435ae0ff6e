"""Which files are the views of a sequence: what the layouts of known data sets look like on disk."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pcfilter_lib.data.scan_io import SCAN_SUFFIXES
from pcfilter_lib.data.views.headers import IMAGES, image_header
from pcfilter_lib.data.views.trajectories import read_image_list
from pcfilter_lib.errors import InputError

CAMERAS = ("camera-intrinsics.txt", "camera_intrinsics.txt", "camera_intrinsic.json", "intrinsics.json")
_SCANS = (*(suffix for suffix in SCAN_SUFFIXES if suffix not in IMAGES), ".e57")


@dataclass(frozen=True)
class Entry:
    """One view: its file, and where its sequence says so, its time and the folder of TUM's lists."""

    path: Path
    time: float | None = None
    tum: Path | None = None

    @property
    def is_image(self) -> bool:
        """Whether it is a depth image, which has no place for a pose."""
        return self.path.suffix.lower() in IMAGES


def entries_of(paths: str | os.PathLike | Sequence[str | os.PathLike]) -> list[Entry]:
    """Return the views that files and folders hold: those of a folder by name or time, others as they were given."""
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    entries: list[Entry] = []
    for path in map(Path, given):
        if path.is_dir():
            entries += _of_folder(path)
        elif not path.is_file():
            raise InputError(path, "", "there is no such file or folder", "check the path")
        elif path.suffix.lower() not in (*IMAGES, *_SCANS):
            remedy = f"give folders, or files that end in {', '.join((*SCAN_SUFFIXES, '.e57'))}"
            raise InputError(path, "", f"{path.suffix or 'no suffix'} is no format of a view", remedy)
        else:
            entries.append(Entry(path))
    return entries


def _of_folder(folder: Path) -> list[Entry]:
    listing = folder / "depth.txt"
    if listing.is_file():
        return _of_list(listing)
    files = sorted((path for path in folder.iterdir() if path.is_file()), key=natural)
    images = [path for path in files if path.suffix.lower() in IMAGES]
    named = [path for path in images if ".depth." in path.name.lower()]
    below = folder / "depth"
    if named:
        chosen = named
    elif below.is_dir():
        inside = sorted((path for path in below.iterdir() if path.suffix.lower() in IMAGES), key=natural)
        chosen = [path for path in inside if image_header(path)]
    else:
        scans = [path for path in files if path.suffix.lower() in _SCANS]
        chosen = scans or [path for path in images if image_header(path)]  # pictures in colour are none
    if not chosen:
        problem = "there are no depth images and no scans in it"
        remedy = (
            "give a folder of depth images (frame-000000.depth.png beside frame-000000.pose.txt; depth.txt and "
            f"groundtruth.txt; depth/ with poses='trajectory.log'), or of {', '.join(_SCANS)}"
        )
        raise InputError(folder, "", problem, remedy)
    return [Entry(path) for path in chosen]


def _of_list(listing: Path) -> list[Entry]:
    entries = []
    for time, name, number in read_image_list(listing):
        path = listing.parent / name
        if not path.is_file():
            raise InputError(listing, f"line {number}", f"there is no file {name}", "unpack the sequence again")
        entries.append(Entry(path, time, listing.parent))
    if not entries:
        raise InputError(listing, "", "it lists no depth images", "unpack the sequence again")
    return entries


def natural(path: Path) -> list[tuple[int, str]]:
    """Return what sorts names with numbers in them: 9.png before 10.png."""
    parts = re.split(r"([0-9]+)", path.name)
    return [(int(part), "") if number % 2 else (-1, part) for number, part in enumerate(parts)]


def pose_beside(image: Path) -> Path:
    """Return where the pose of a depth image belongs: ``frame-000000.pose.txt`` of ``frame-000000.depth.png``."""
    stem = image.stem
    return image.with_name((stem[: -len(".depth")] if stem.lower().endswith(".depth") else stem) + ".pose.txt")


def camera_beside(image: Path) -> Path | None:
    """Return the file of intrinsics in the folder of an image, or in the one above, or None."""
    places = (folder / name for folder in (image.parent, image.parent.parent) for name in CAMERAS)
    return next((path for path in places if path.is_file()), None)
