"""What scans have in common and what sets them apart: the numbers by which simulated and real ones are compared."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from pcfilter_lib.data import OrganizedScan, scan_normals
from pcfilter_lib.errors import InputError

#: The shares at which distributions are read off.
LEVELS = np.arange(5, 100, 5) / 100

#: What :func:`scan_statistics` returns as quantiles, and in which unit.
DISTRIBUTIONS = {
    "hole size": "pixels across",
    "depth jump": "footprints",
    "slant": "degrees",
    "intensity": "of the median",
    "island size": "pixels across",
}


def scan_statistics(scan: OrganizedScan) -> dict[str, float | np.ndarray]:
    """Return numbers that describe a scan whatever its scene, its camera and its unit of brightness.

    Only the box around the measured points counts: how much of the sensor was cut away does not matter.

    Parameters
    ----------
    scan : OrganizedScan
        With intrinsics; with intensity and label if they are to be described.

    Returns
    -------
    dict
        ``"valid"``: measured share of the box. ``"artefacts"``: share of the labelled points that are artefacts, NaN
        without labels. And quantiles at :data:`LEVELS`, each of shape (19,), NaN where there is nothing to describe:

        * ``"hole size"``: square root of the area of an enclosed hole (one that does not reach the box's border), over
          the pixels that lie in such holes, pixels;
        * ``"depth jump"``: difference of depth between measured neighbours, in footprints (what a pixel covers there);
        * ``"slant"``: angle between the surface and the viewing ray's perpendicular plane, degrees;
        * ``"intensity"``: as a share of its median;
        * ``"island size"``: square root of the area of a patch of neighbouring measured pixels, over these pixels.

    Raises
    ------
    InputError
        If the scan has no intrinsics or no point.
    """
    if scan.intrinsics is None:
        raise InputError("scan", "intrinsics", "there are none", "load the scan with intrinsics=...")
    if not scan.valid.any():
        raise InputError("scan", "valid", "there is no point to describe", "pass another scan")
    rows, columns = np.flatnonzero(scan.valid.any(axis=1)), np.flatnonzero(scan.valid.any(axis=0))
    box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    valid, depth = scan.valid[box], scan.depth[box].astype(np.float64)
    footprint = depth / scan.intrinsics[0, 0]
    jumps = []
    for axis in (0, 1):
        jump = np.abs(np.diff(depth, axis=axis)) / np.minimum(*_neighbours(footprint, axis))
        jumps.append(jump[np.isfinite(jump)])
    normals, xyz = scan_normals(scan)[box], scan.xyz[box]
    with np.errstate(invalid="ignore"):
        cosine = -np.einsum("ijc,ijc->ij", normals, xyz) / np.linalg.norm(xyz, axis=2)
    slant = np.degrees(np.arccos(np.clip(cosine[np.isfinite(cosine)], 0, 1)))
    result = {
        "valid": float(valid.mean()),
        "artefacts": np.nan,
        "hole size": _quantiles(_patch_sizes(~valid, enclosed=True)),
        "depth jump": _quantiles(np.concatenate(jumps)),
        "slant": _quantiles(slant),
        "intensity": np.full(len(LEVELS), np.nan),
        "island size": _quantiles(_patch_sizes(valid)),
    }
    if scan.intensity is not None:
        intensity = scan.intensity[box][valid]
        result["intensity"] = _quantiles(intensity / max(np.median(intensity), 1e-30))
    if scan.label is not None and (known := scan.label[scan.valid] != 255).any():
        result["artefacts"] = float((scan.label[scan.valid][known] == 0).mean())
    return result


def _neighbours(values: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    return (values[:-1], values[1:]) if axis == 0 else (values[:, :-1], values[:, 1:])


def _patch_sizes(mask: np.ndarray, enclosed: bool = False) -> np.ndarray:
    """Return for each pixel of the mask the square root of the area of its patch (four neighbours)."""
    patch, _ = ndimage.label(mask)
    area = np.bincount(patch.ravel())
    if enclosed:
        area[np.unique(np.concatenate([patch[0], patch[-1], patch[:, 0], patch[:, -1]]))] = 0
    area = area[patch[mask]]
    return np.sqrt(area[area > 0])


def _quantiles(values: np.ndarray) -> np.ndarray:
    return np.quantile(values, LEVELS) if len(values) else np.full(len(LEVELS), np.nan)
