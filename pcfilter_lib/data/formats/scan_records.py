"""What organised PCD and PLY share: points as records with named fields, one per pixel."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from pcfilter_lib.data.scan import FIELDS, OrganizedScan
from pcfilter_lib.data.scan_units import metres_per_unit
from pcfilter_lib.errors import InputError

_AXES = ("x", "y", "z")
_NORMALS = (("normal_x", "normal_y", "normal_z"), ("nx", "ny", "nz"))
_INTENSITIES = ("intensity", "scalar_intensity", "scalar_Intensity")


def fields_of(
    path: str | os.PathLike,
    records: np.ndarray,
    shape: tuple[int, int],
    unit: str | None,
    index: np.ndarray | None = None,
) -> tuple[dict[str, Any], float]:
    """Return the fields of a scan that records hold, and what their unit is in metres.

    ``x y z`` become `xyz`; ``intensity``, ``normal_x`` or ``nx`` and their fellows, and ``label`` the fields of these
    names; all others go to `extras` under their own.

    Parameters
    ----------
    path : str or os.PathLike
        The file, for messages.
    records : ndarray, shape (N,), structured
        The points.
    shape : (int, int)
        Rows and columns.
    unit : str or None
        The unit that the user gave.
    index : ndarray of int, shape (H, W), optional
        Which record belongs to each pixel, -1 for none. By default they follow row by row.

    Returns
    -------
    fields : dict
        Arguments of :class:`OrganizedScan`.
    metres : float
        Metres per unit.
    """
    names = records.dtype.names or ()
    for axis in _AXES:
        if axis not in names or records.dtype[axis].shape:
            raise InputError(path, "header", f"there is no field {axis!r} of one number", "export it with x, y and z")

    def grid(values: np.ndarray) -> np.ndarray:
        if index is None:
            return values.reshape(*shape, *values.shape[1:])
        if not len(values):
            return np.zeros((*shape, *values.shape[1:]), dtype=values.dtype)
        spread = values[index]
        spread[index < 0] = np.nan if values.dtype.kind == "f" else 0
        return spread

    with np.errstate(over="ignore", invalid="ignore"):
        numbers = np.stack([grid(records[axis]) for axis in _AXES], axis=-1)
        metres = metres_per_unit(path, numbers, unit, defined=False)
        if numbers.dtype.kind != "f" or metres != 1:
            numbers = numbers.astype(np.float64) * metres
    fields: dict[str, Any] = {"xyz": numbers}
    used = set(_AXES)
    for name in _INTENSITIES:
        if name in names and not records.dtype[name].shape and "intensity" not in fields:
            fields["intensity"] = grid(records[name])
            used.add(name)
    for group in _NORMALS:
        if all(name in names and not records.dtype[name].shape for name in group) and "normals" not in fields:
            fields["normals"] = np.stack([grid(records[name]) for name in group], axis=-1)
            used.update(group)
    if "label" in names and records.dtype["label"] == np.uint8 and np.isin(records["label"], (0, 1, 255)).all():
        fields["label"] = grid(records["label"])
        if index is not None:
            fields["label"][index < 0] = 255
        used.add("label")
    fields["extras"] = {
        name: grid(records[name])
        for name in names
        if name not in used
        and not name.startswith("_")
        and name not in (*FIELDS, "extras")
        and not _ragged(records, name)
    }
    return fields, metres


def _ragged(records: np.ndarray, name: str) -> bool:
    return records.dtype[name].hasobject


def without_points(records: np.ndarray, removed: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Return records whose x, y and z say *no point*, in the file's own way, where `removed`.

    That way is what the first record without a point says. A file in which every pixel has one gets NaN, as the Point
    Cloud Library writes, or 0 where the numbers are integers.

    Parameters
    ----------
    records : ndarray, shape (N,), structured
        The points.
    removed, valid : ndarray of bool, shape (N,)
        Which to remove, and which were points in the file.

    Returns
    -------
    ndarray, shape (N,), structured
        A copy.
    """
    result = records.copy()
    for axis, sign in zip(_AXES, _sign(records, valid), strict=True):
        result[axis][removed] = sign
    return result


def _sign(records: np.ndarray, valid: np.ndarray) -> list[Any]:
    if not valid.all():
        first = records[int(np.argmin(valid))]
        return [first[axis] for axis in _AXES]
    return [np.nan if records.dtype[axis].kind == "f" else 0 for axis in _AXES]


def lines_without_points(body: bytes, records: np.ndarray, removed: np.ndarray, valid: np.ndarray) -> bytes:
    """Do the same to a text with a record a line: the lines of other points stay as they are, to the last digit."""
    columns, at = [], 0
    for name in records.dtype.names:
        if name in _AXES:
            columns.append((at, _AXES.index(name)))
        at += int(np.prod(records.dtype[name].shape))
    lines = body.split(b"\n")
    filled = [number for number, line in enumerate(lines) if line.strip()]
    if valid.all():
        sign = [b"nan" if records.dtype[axis].kind == "f" else b"0" for axis in _AXES]
    else:
        words = lines[filled[int(np.argmin(valid))]].split()
        sign = [b""] * 3
        for column, axis in columns:
            sign[axis] = words[column]
    for record in np.flatnonzero(removed):
        line = lines[filled[record]]
        words = line.split()
        for column, axis in columns:
            words[column] = sign[axis]
        lines[filled[record]] = b" ".join(words) + (b"\r" if line.endswith(b"\r") else b"")
    return b"\n".join(lines)


def records_of(scan: OrganizedScan, normals: tuple[str, str, str]) -> tuple[np.ndarray, list[str]]:
    """Return a scan as records of float32 (label: uint8), and the names of what they have no place for."""
    columns: dict[str, np.ndarray] = {axis: scan.xyz[..., i] for i, axis in enumerate(_AXES)}
    if scan.intensity is not None:
        columns["intensity"] = scan.intensity
    if scan.normals is not None:
        columns.update({name: scan.normals[..., i] for i, name in enumerate(normals)})
    if scan.label is not None:
        columns["label"] = scan.label
    lost = [name for name in ("intrinsics", "distortion", "offset") if getattr(scan, name) is not None]
    for name, values in scan.extras.items():
        # Numbers per pixel fit under a name that is one word.
        fits = values.shape == scan.shape and values.dtype.kind in "fiu" and name.isidentifier() and name not in columns
        if fits and values.dtype.itemsize in ((4, 8) if values.dtype.kind == "f" else (1, 2, 4)):
            columns[name] = values
        else:
            lost.append(f"extras[{name!r}]")
    records = np.empty(scan.shape, dtype=[(name, values.dtype.newbyteorder("=")) for name, values in columns.items()])
    for name, values in columns.items():
        records[name] = values
    return records.reshape(-1), lost


def written_with(write: Callable[[Any, str], None], content: Any, suffix: str) -> bytes:
    """Return what `write`, which writes to a path, would have written."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"scan{suffix}")
        write(content, path)
        return path.read_bytes()
