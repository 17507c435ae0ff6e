"""ModelNet10, and any folder of shapes that is laid out like it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.data.cloud import load_cloud
from pcfilter_lib.data.mesh import load_mesh
from pcfilter_lib.data.normalise import unit_sphere
from pcfilter_lib.data.sampling import sample_surface
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import replacing

#: The classes of ModelNet10, in the order of their numbers.
MODELNET10 = ("bathtub", "bed", "chair", "desk", "dresser", "monitor", "night_stand", "sofa", "table", "toilet")
#: The four that `pointnet-modelnet6` was trained without, so that they are new to it.
HELD_OUT_CLASSES = ("chair", "desk", "table", "toilet")
_MESHES, _CLOUDS = (".off", ".ply", ".obj", ".stl"), (".pcd", ".npz", ".ply")
_HOW = "run python data_scripts/fetch_modelnet10.py, or pass the folder that holds <class>/<split>/<shape>.off"


def shape_files(
    folder: str | os.PathLike, split: str, classes: Sequence[str] = MODELNET10
) -> tuple[list[Path], np.ndarray]:
    """Return the shapes of a folder ``<class>/<split>/``, class by class, sorted by name.

    Parameters
    ----------
    folder : str or os.PathLike
        Of ModelNet10, or another one like it.
    split : str
        "train" or "test", or however the folders inside those of the classes are called.
    classes : sequence of str
        Whose shapes; the order gives them their numbers.

    Returns
    -------
    files : list of pathlib.Path
        OFF, PLY, OBJ, STL, PCD and NPZ files; others are not looked at.
    labels : ndarray of int64, shape (M,)
        Places in `classes`.

    Raises
    ------
    InputError
        If a class has no folder, or no shape in it.
    """
    folder, files, labels = Path(folder), [], []
    if not folder.is_dir():
        raise InputError(folder, "", "there is no such folder", _HOW)
    for label, name in enumerate(classes):
        place = folder / name / split
        if not place.is_dir():
            there = ", ".join(sorted(path.name for path in folder.iterdir() if (path / split).is_dir())) or "none"
            raise InputError(place, "", "there is no such folder", f"{_HOW}; classes with such a folder: {there}")
        found = sorted(path for path in place.iterdir() if path.suffix.lower() in {*_MESHES, *_CLOUDS})
        if not found:
            raise InputError(place, "", "it holds no shape (OFF, PLY, OBJ, STL, PCD or NPZ)", _HOW)
        files += found
        labels += [label] * len(found)
    return files, np.array(labels)


def load_shape(path: str | os.PathLike, points: int = 1024, *, seed: int | Sequence[int] = 0) -> np.ndarray:
    """Return points of a shape: drawn from its surface if it is a mesh, chosen from its points if it is a cloud.

    Parameters
    ----------
    path : str or os.PathLike
        A mesh (OFF, OBJ, STL, PLY with faces) or a cloud (PCD, NPZ, PLY without).
    points : int, default 1024
        How many. A cloud that has fewer gives some of them twice.
    seed : int or sequence of int, default 0
        Chooses them.

    Returns
    -------
    ndarray of float32, shape (points, 3)
        Centred, in the unit sphere (:func:`pcfilter_lib.data.unit_sphere`).

    Raises
    ------
    InputError
        If the file is broken, has no points, or a surface without area.
    """
    path, points = Path(path), whole_number("load_shape", "points", points)
    generator = np.random.default_rng(seed)
    suffix = path.suffix.lower()
    mesh = load_mesh(path) if suffix in _MESHES and not (suffix == ".ply" and _is_cloud(path)) else None
    if mesh is not None:
        return unit_sphere(sample_surface(mesh, points, seed=generator))
    cloud = load_cloud(path)
    if len(cloud) != points:
        again = np.concatenate([generator.permutation(len(cloud)) for _ in range(-(-points // len(cloud)))])
        cloud = cloud[again[:points]]
    return unit_sphere(cloud)


def load_shapes(
    folder: str | os.PathLike,
    split: str,
    points: int = 1024,
    *,
    classes: Sequence[str] = MODELNET10,
    seed: int = 0,
    cache: str | os.PathLike | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the clouds of a split and their labels, and keep them for the next time.

    Parameters
    ----------
    folder, split, classes
        As for :func:`shape_files`.
    points : int, default 1024
        Of each cloud.
    seed : int, default 0
        Chooses the points.
    cache : str or os.PathLike, optional
        Folder in which the clouds are kept. They are made again when a file, or an argument, has changed.

    Returns
    -------
    clouds : ndarray of float32, shape (M, points, 3)
        In the unit sphere.
    labels : ndarray of int64, shape (M,)

    Raises
    ------
    InputError
        As :func:`shape_files` and :func:`load_shape`; the message names the file.
    """
    files, labels = shape_files(folder, split, classes)
    kept = None
    if cache is not None:
        states = [(str(path.relative_to(folder)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
        key = hashlib.sha256(json.dumps([states, points, list(classes), seed]).encode()).hexdigest()[:16]
        kept = Path(cache) / f"{Path(folder).name}-{split}-{points}-{key}.npy"
        if kept.exists():
            return np.load(kept), labels
    shapes = tqdm(files, desc=f"{Path(folder).name}, {split}", unit=" shapes", leave=False, disable=None)
    clouds = np.stack([load_shape(path, points, seed=[seed, number]) for number, path in enumerate(shapes)])
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as temporary, open(temporary, "wb") as file:
            np.save(file, clouds)
    return clouds, labels


def _is_cloud(path: Path) -> bool:
    """Return whether a PLY file has no faces; only its header is looked at."""
    try:
        with open(path, "rb") as file:
            header = file.read(1 << 16).partition(b"end_header")[0]
    except OSError:
        return False  # the loader says why
    return b"element face 0" in header or b"element face" not in header
