"""Organised scans in NumPy's ``.npz``: the arrays are the fields of ``OrganizedScan``, in metres.

Nothing is ever unpickled, and no array is made before the file has shown that it holds that many bytes.
"""

from __future__ import annotations

import io
import os
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data._poses import in_unit
from pcfilter_lib.data._scan_fields import check_pose
from pcfilter_lib.data.scan import FIELDS, OrganizedScan, Origin, from_file
from pcfilter_lib.data.scan_units import metres_per_unit
from pcfilter_lib.errors import InputError
from pcfilter_lib.files import read_bytes

# A deflate stream grows to at most 1,032 times its size: two bits for a match of 258 bytes.
# https://zlib.net/zlib_tech.html
_MOST_GROWTH = 1032
_MOST_BYTES = 2**30
_SAVE_AGAIN = "save it again with numpy.savez_compressed"


def read(path: Path, *, shape: Any, intrinsics: Any, unit: str | None, depth_scale: None) -> OrganizedScan:
    """Load an ``.npz`` file; see :func:`pcfilter_lib.data.load_scan`."""
    data = read_bytes(path)
    arrays = read_arrays(path, data)
    if "xyz" not in arrays:
        held = ", ".join(arrays) or "nothing"
        raise InputError(path, "", f"there is no array 'xyz' (it holds {held})", "save the points under the name xyz")
    xyz = arrays["xyz"]
    if xyz.dtype.kind not in "fiu" or xyz.ndim != 3 or xyz.shape[2] != 3 or 0 in xyz.shape:
        raise InputError(
            path, "xyz", f"it is {xyz.dtype} of shape {xyz.shape}, not numbers of shape (H, W, 3)", _SAVE_AGAIN
        )
    if shape is not None and shape != xyz.shape[:2]:
        raise InputError("shape", "", f"{path} has {xyz.shape[0]} x {xyz.shape[1]} pixels", "leave it out for .npz")
    scale = metres_per_unit(path, xyz, unit, defined=True)
    fields = {name: arrays[name] for name in FIELDS if name in arrays}
    if scale != 1:
        with np.errstate(over="ignore"):
            fields["xyz"] = xyz * scale
        if "pose" in fields:
            fields["pose"] = in_unit(check_pose(fields["pose"], path), scale)
    if "intrinsics" not in fields and intrinsics is not None:
        fields["intrinsics"] = intrinsics
    extras = {name: array for name, array in arrays.items() if name not in FIELDS}
    if "extras" in extras:
        raise InputError(path, "extras", "an array has the name of a field", "rename it")
    return from_file(path, Origin(".npz", data, scale, {}), extras=extras, **fields)


def read_header(path: Path) -> tuple[tuple[int, int], np.ndarray | None]:
    """Return rows and columns of an ``.npz`` file, and its pose or None, without reading its points."""
    if not path.is_file():
        raise InputError(path, "", "there is no such file", "check the path")
    try:
        with zipfile.ZipFile(path) as archive:
            names = {info.filename: info for info in archive.infolist()}
            with archive.open(names["xyz.npy"]) as member:
                version = np.lib.format.read_magic(member)
                read = np.lib.format.read_array_header_2_0 if version[0] == 2 else np.lib.format.read_array_header_1_0
                rows, columns, _ = read(member)[0]
            info = names.get("pose.npy")
            if info is None:
                return (rows, columns), None
            if info.file_size > 4096:
                raise InputError(path, "pose", f"it claims {info.file_size} bytes", _SAVE_AGAIN)
            return (rows, columns), check_pose(_read_array(path, archive, info, "pose"), path)
    except InputError:
        raise
    except Exception as error:  # the same as for any array: nearly anything can surface from a broken file
        line = str(error).partition("\n")[0]
        raise InputError(path, "", f"it holds no points xyz of shape (H, W, 3) ({line})", _SAVE_AGAIN) from None


def rewrite(origin: Origin, removed: np.ndarray) -> bytes:
    """Return the file without the points where `removed`, shape (H, W), is true."""
    arrays = dict(read_arrays("", origin.payload))
    xyz = arrays["xyz"].copy()
    missing = ~origin.fields["valid"]
    zero = xyz.dtype.kind != "f" or (np.any(missing) and not np.isnan(xyz[missing]).any())
    xyz[removed] = 0 if zero else np.nan
    arrays["xyz"] = xyz
    if "valid" in arrays:
        arrays["valid"] = arrays["valid"] & ~removed
    with zipfile.ZipFile(io.BytesIO(origin.payload)) as archive:
        packed = any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist())
    return _archive(arrays, packed)


def encode(scan: OrganizedScan, path: str | os.PathLike) -> bytes:
    """Return `scan` as the bytes of an ``.npz`` file."""
    arrays = {name: np.asarray(getattr(scan, name)) for name in FIELDS if getattr(scan, name) is not None}
    return _archive(arrays | scan.extras, packed=True)


def _archive(arrays: dict[str, np.ndarray], packed: bool) -> bytes:
    # As numpy.savez does, which cannot save an array by the name of one of its own arguments.
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)
    return stream.getvalue()


def read_arrays(path: str | os.PathLike, data: bytes) -> dict[str, np.ndarray]:
    """Return the arrays of an ``.npz`` archive by name.

    Parameters
    ----------
    path : str or os.PathLike
        The file, for messages.
    data : bytes
        Its content.

    Returns
    -------
    dict of str to ndarray
        In the order of the archive.

    Raises
    ------
    InputError
        If the archive is broken, or an array holds Python objects or more than the file can.
    """
    arrays: dict[str, np.ndarray] = {}
    total = 0
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, OSError) as error:
        raise InputError(path, "", f"it is no zip archive ({error})", _SAVE_AGAIN) from None
    with archive:
        for info in archive.infolist():
            name = info.filename.removesuffix(".npy")
            if name in arrays or name == info.filename:
                raise InputError(path, repr(info.filename), "it is there twice or is no array", _SAVE_AGAIN)
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise InputError(path, repr(name), "its compression is not one that NumPy writes", _SAVE_AGAIN)
            total += info.file_size
            if info.file_size > _MOST_GROWTH * len(data) or total > _MOST_BYTES:
                raise InputError(path, repr(name), f"it claims {info.file_size} bytes", _SAVE_AGAIN)
            arrays[name] = _read_array(path, archive, info, name)
    return arrays


def _read_array(path: str | os.PathLike, archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str) -> np.ndarray:
    try:
        content = archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, RuntimeError, OSError) as error:
        raise InputError(path, repr(name), f"it cannot be unpacked ({error})", _SAVE_AGAIN) from None
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        if version not in ((1, 0), (2, 0)):
            raise ValueError(f"version {version}")
        read_header = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # NumPy's advice to save files from Python 2 again
            shape, fortran_order, dtype = read_header(stream)
    except Exception as error:  # NumPy hands on whatever Python's own literal parser raises
        line = str(error).partition("\n")[0]
        raise InputError(path, repr(name), f"its header cannot be read ({line})", _SAVE_AGAIN) from None
    if dtype.hasobject:
        raise InputError(path, repr(name), "it holds Python objects, which are never unpickled", "save numbers instead")
    count = 1
    for length in shape:
        count *= length  # Python's integers: no overflow
    if min(shape, default=0) < 0 or len(shape) > 32 or count * dtype.itemsize != len(content) - stream.tell():
        raise InputError(
            path, repr(name), f"its header says {dtype} of shape {shape}, its data has another size", _SAVE_AGAIN
        )
    if dtype.itemsize == 0:
        raise InputError(path, repr(name), "its values have no bytes", _SAVE_AGAIN)
    flat = np.frombuffer(content, dtype=dtype, count=count, offset=stream.tell()) if count else np.empty(0, dtype)
    return flat.reshape(shape[::-1]).T if fortran_order else flat.reshape(shape)
