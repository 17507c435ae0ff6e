"""What a file says about itself before its points are read: the size of its grid, and its pose."""

from __future__ import annotations

import struct
import warnings
from pathlib import Path

import numpy as np

from pcfilter_lib.data._poses import in_unit
from pcfilter_lib.data.formats import scan_npz, scan_ptx
from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.data.scan_io import load_scan
from pcfilter_lib.data.scan_units import known_unit
from pcfilter_lib.errors import InputError

IMAGES = (".png", ".tif", ".tiff")


def image_header(path: Path) -> tuple[tuple[int, int], str] | None:
    """Return rows, columns and kind of numbers of a depth image; None if it is another kind of image, or broken."""
    try:
        if path.suffix.lower() == ".png":
            with open(path, "rb") as file:
                head = file.read(26)
            if len(head) < 26 or head[12:16] != b"IHDR":
                return None
            width, height, bits, colour = struct.unpack(">IIBB", head[16:26])
            return ((height, width), "uint16") if (bits, colour) == (16, 0) else None
        import tifffile

        with tifffile.TiffFile(path) as tif:
            page = tif.pages.first
            known = page.samplesperpixel == 1 and str(page.dtype) in ("uint16", "float32", "float64")
            return ((page.imagelength, page.imagewidth), str(page.dtype)) if known else None
    except OSError as error:
        raise InputError(path, "", f"it cannot be read ({error.strerror or error})", "check the path") from None
    except Exception:  # tifffile meets a broken file with nearly anything; load_scan says what is wrong
        return None


def own_pose(
    path: Path, shape: tuple[int, int] | None, unit: str | None
) -> tuple[tuple[int, int], np.ndarray | None, float | None, Warning | None]:
    """Return what a scan's file says itself.

    Returns
    -------
    shape : (int, int)
        Rows and columns.
    pose : ndarray, shape (4, 4), or None
        In metres.
    metres : float or None
        Metres in one unit of the file's numbers, where the format does not define it.
    doubt : AmbiguousUnitWarning or None
        What loading it warned of.

    Notes
    -----
    Of NPZ and PTX the header suffices. PCD and PLY have to be loaded, because their unit, and with it the pose's,
    follows from the points; COGS is quick.
    """
    suffix = path.suffix.lower()
    if suffix in (".npz", ".ptx"):
        found, pose = (scan_npz if suffix == ".npz" else scan_ptx).read_header(path)
        return found, pose if pose is None or unit is None else in_unit(pose, known_unit(unit)), None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        scan = load_scan(path, shape=shape, unit=unit)
    doubts = [w.message for w in caught if issubclass(w.category, AmbiguousUnitWarning)]
    return scan.shape, scan.pose, scan._origin.metres_per_unit, doubts[0] if doubts else None
