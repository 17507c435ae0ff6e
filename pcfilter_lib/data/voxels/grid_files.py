"""Grids of voxels on disk."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from pcfilter_lib.data.formats.binvox import read_binvox, write_binvox
from pcfilter_lib.data.formats.scan_npz import read_arrays
from pcfilter_lib.data.voxels.grid import VoxelGrid
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes, replacing

_SUFFIXES = (".npz", ".binvox")
_NUMBERS = {"values": (3, 4), "origin": (1,), "voxel_size": (0,), "truncation": (0,)}  # of each, the possible ranks


def load_voxels(path: str | os.PathLike) -> VoxelGrid:
    """Load a grid of voxels from NPZ or binvox.

    Parameters
    ----------
    path : str or os.PathLike
        An NPZ file holds the fields of :class:`VoxelGrid` by their names; ``values`` alone will do. A binvox file
        (P. Min, *binvox*, https://www.patrickmin.com/binvox) holds occupancy.

    Returns
    -------
    VoxelGrid

    Raises
    ------
    InputError
        If the format is not known or the file is broken.
    """
    suffix = _suffix(path)
    if suffix == ".binvox":
        return VoxelGrid(*read_binvox(path))
    arrays = read_arrays(path, read_bytes(path))
    if "values" not in arrays:
        held = ", ".join(arrays) or "nothing"
        raise InputError(path, "", f"there is no array 'values' (it holds {held})", "save the values under this name")
    fields = {}
    for name, ranks in _NUMBERS.items():
        if name in arrays:
            array = arrays[name]
            if array.dtype.kind not in "biuf" or array.ndim not in ranks:
                problem = f"it is {array.dtype} of shape {array.shape}"
                raise InputError(path, name, problem, "save the grid again with save_voxels")
            fields[name] = array if array.ndim else array[()].item()
    if "kind" in arrays:
        if arrays["kind"].dtype.kind != "U" or arrays["kind"].ndim:
            raise InputError(path, "kind", f"it is {arrays['kind'].dtype}", "save it as text, as save_voxels does")
        fields["kind"] = str(arrays["kind"])
    try:
        return VoxelGrid(**fields)
    except InputError as error:
        raise InputError(path, error.place, error.problem, error.remedy) from None


def save_voxels(grid: VoxelGrid, path: str | os.PathLike) -> None:
    """Save a grid of voxels as NPZ, which keeps everything, or binvox, which keeps occupancy.

    Parameters
    ----------
    grid : VoxelGrid
        What is to be saved.
    path : str or os.PathLike
        Where to; the extension chooses the format.

    Raises
    ------
    InputError
        If the extension is another, a grid of another kind is to become binvox, or the file cannot be written.
    """
    if _suffix(path) == ".binvox":
        if grid.kind != "occupancy":
            remedy = "save it as .npz, or save grid.with_values(grid.occupied, 'occupancy')"
            raise InputError(path, "", f"binvox holds occupancy, not {grid.kind}", remedy)
        write_binvox(path, grid.values, grid.origin, grid.voxel_size)
        return
    fields = {"values": grid.values, "origin": grid.origin, "voxel_size": grid.voxel_size, "kind": grid.kind}
    if grid.truncation is not None:
        fields["truncation"] = grid.truncation
    with replacing(path) as temporary:
        np.savez_compressed(temporary, **fields)


def _suffix(path: str | os.PathLike) -> str:
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        problem = f"{suffix or 'a name without extension'!r} is no format for voxels"
        raise InputError(path, "", problem, f"use one of {', '.join(_SUFFIXES)}")
    return suffix
