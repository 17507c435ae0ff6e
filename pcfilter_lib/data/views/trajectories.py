"""Files with the poses of a whole sequence.

=========  =====================================================================================================
``.log``   five lines a pose: three numbers that are not used, and the pose, camera to world. So do Redwood and
           Open3D (``write_pinhole_camera_trajectory``)
``.json``  Open3D's ``PinholeCameraTrajectory``: extrinsics, which lead from the world to the camera, column by
           column; and the intrinsics with the size of the images
``.txt``   TUM's: ``timestamp tx ty tz qx qy qz qw``, camera to world, to be matched with images by their times
           (https://cvg.cit.tum.de/data/datasets/rgbd-dataset/file_formats)
=========  =====================================================================================================

Translations are in metres. A pose with NaN or infinity stays: it says that tracking was lost.
"""

from __future__ import annotations

import dataclasses
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pcfilter_lib.data._poses import inverse, pose_from, rotation_of
from pcfilter_lib.data._scan_fields import check_intrinsics, check_pose
from pcfilter_lib.data.formats.matrix_text import matrix_of, numbers_of
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

#: A pose belongs to an image that was taken at most this long before or after, s; as TUM's own script has it.
NEAREST = 0.02


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Poses in a file's order: camera to world, and where each stands, for messages."""

    poses: list[np.ndarray]
    places: list[str]
    times: np.ndarray | None = None
    intrinsics: np.ndarray | None = None
    shape: tuple[int, int] | None = None
    source: str = "poses"


def read_trajectory(path: str | os.PathLike) -> Trajectory:
    """Read the poses of a sequence; the suffix names the format.

    Raises
    ------
    InputError
        If the file is missing or broken, its format is not known, or it holds no pose.
    """
    readers = {".log": _log, ".json": _json, ".txt": _tum}
    reader = readers.get(Path(path).suffix.lower())
    if reader is None:
        raise InputError(path, "", "this is no file of poses", f"give {', '.join(readers)}, or an array (N, 4, 4)")
    trajectory = reader(path, read_bytes(path).decode("utf-8-sig", "replace"))
    if not trajectory.poses:
        raise InputError(path, "", "there is no pose in it", "check that this is the file of poses, and a whole one")
    return dataclasses.replace(trajectory, source=os.fspath(path))


def _log(path: str | os.PathLike, text: str) -> Trajectory:
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    remedy = "give five lines for each pose: three numbers, and four rows of four"
    poses, places = [], []
    for start in range(0, len(lines), 5):
        number, place = lines[start][0], f"pose {len(poses)}, line {lines[start][0]}"
        if len(lines) < start + 5:
            raise InputError(path, place, f"a pose takes five lines, and {len(lines) - start} are left", remedy)
        numbers_of(lines[start][1], 3, path, number, remedy)
        poses.append(matrix_of(lines[start + 1 : start + 5], 4, path))
        places.append(place)
    return Trajectory(poses, places)


def _json(path: str | os.PathLike, text: str) -> Trajectory:
    remedy = "give a trajectory as Open3D's write_pinhole_camera_trajectory saves it"
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError(path, "", "it is no JSON", remedy) from None
    entries = content.get("parameters") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        raise InputError(path, "parameters", "there is no list of cameras", remedy)
    poses, places, cameras = [], [], []
    for number, entry in enumerate(entries):
        place = f"parameters[{number}].extrinsic"
        extrinsic = _json_numbers(path, place, entry, "extrinsic", 16, remedy).reshape(4, 4).T
        known = np.isfinite(extrinsic).all()
        poses.append(inverse(check_pose(extrinsic, path, place)) if known else extrinsic)
        places.append(place)
        camera = entry.get("intrinsic")
        if isinstance(camera, dict):
            place = f"parameters[{number}].intrinsic"
            matrix = _json_numbers(path, place, camera, "intrinsic_matrix", 9, remedy).reshape(3, 3).T
            shape = tuple(_json_numbers(path, place, camera, name, 1, remedy)[0] for name in ("height", "width"))
            cameras.append((check_intrinsics(matrix, path, place), shape))
            if shape != cameras[0][1] or not np.array_equal(matrix, cameras[0][0]):
                problem = "another camera, or another size of its images, than in the first view"
                raise InputError(path, place, problem, "find the views of each camera by themselves")
    if not cameras:
        return Trajectory(poses, places)
    matrix, shape = cameras[0]
    known = all(np.isfinite(n) and n > 0 for n in shape)
    return Trajectory(poses, places, None, matrix, (int(shape[0]), int(shape[1])) if known else None)


def _json_numbers(path: str | os.PathLike, place: str, entry: object, name: str, count: int, remedy: str) -> np.ndarray:
    value = entry.get(name) if isinstance(entry, dict) else None
    numbers = value if isinstance(value, list) else [value]
    good = [isinstance(n, int | float) and not isinstance(n, bool) and abs(n) < 1e300 or n != n for n in numbers]
    if len(numbers) != count or not all(good):
        raise InputError(path, place, f"{name} is not {count} numbers", remedy)
    return np.array(numbers, np.float64)


def _tum(path: str | os.PathLike, text: str) -> Trajectory:
    remedy = "give a line timestamp tx ty tz qx qy qz qw for each pose"
    poses, places, times = [], [], []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        time, *place, x, y, z, w = numbers_of(line, 8, path, number, remedy)
        if not np.isfinite(time):
            raise InputError(path, f"line {number}", "its timestamp is not finite", remedy)
        quaternion = np.array([w, x, y, z])
        if np.isfinite(quaternion).all() and not np.any(quaternion):
            raise InputError(path, f"line {number}", "a quaternion of length 0 is no orientation", remedy)
        rotation = rotation_of(quaternion) if np.isfinite(quaternion).all() else np.full((3, 3), np.nan)
        poses.append(pose_from(rotation, np.array(place)))
        places.append(f"line {number}")
        times.append(time)
    return Trajectory(poses, places, np.array(times))


def read_image_list(path: str | os.PathLike) -> list[tuple[float, str, int]]:
    """Return time, file and line of each image that TUM's ``depth.txt`` lists."""
    remedy = "give a line timestamp filename for each image"
    rows = []
    for number, line in enumerate(read_bytes(path).decode("utf-8-sig", "replace").splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = line.split(maxsplit=1)
        if len(words) != 2:
            raise InputError(path, f"line {number}", "a time and a file are expected", remedy)
        (time,) = numbers_of(words[0], 1, path, number, remedy)
        if not np.isfinite(time):
            raise InputError(path, f"line {number}", "its timestamp is not finite", remedy)
        rows.append((time, words[1].strip(), number))
    return sorted(rows)


def nearest(times: np.ndarray, trajectory: Trajectory) -> list[int | None]:
    """Return for each time the pose that is nearest in time, or None if that is more than 0.02 s away."""
    order = np.argsort(trajectory.times, kind="stable")
    known = trajectory.times[order]
    right = np.clip(np.searchsorted(known, times), 1, max(len(known) - 1, 1))
    left, right = right - 1, np.minimum(right, len(known) - 1)
    closer = np.where(np.abs(known[left] - times) <= np.abs(known[right] - times), left, right)
    # Times since 1970 keep about 2e-7 s in float64: 20 ms written with any digits count as 20 ms.
    near = np.abs(known[closer] - times) <= NEAREST + 1e-6
    return [int(order[index]) if good else None for index, good in zip(closer, near, strict=True)]
