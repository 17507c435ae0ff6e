"""In which unit are a file's numbers? What the file or the user says, or a guess that warns.

========================  =============================================================================
the user gives `unit`     it holds, whatever the format says
npz, cogs, ptx            metres, by their definition; a median distance beyond 100 warns
pcd, ply, float depth     the median distance of the points from the origin decides: up to 10, metres;
                          10 to 50, metres with a warning; beyond 50, millimetres with a warning
16-bit depth              millimetres with a warning
========================  =============================================================================

Structured-light scanners see from about 0.1 to 10 metres, which is 100 to 10,000 millimetres: a median up to 10 can
only be metres. What lies beyond may be millimetres or a laser scanner's metres: nothing there is decided in silence.
"""

from __future__ import annotations

import os
import warnings

import numpy as np

from pcfilter_lib.data.scan import AmbiguousUnitWarning
from pcfilter_lib.errors import InputError

#: Metres in one unit.
UNITS = {"m": 1.0, "cm": 1e-2, "mm": 1e-3, "um": 1e-6, "in": 0.0254}


def known_unit(unit: str) -> float:
    """Return how many metres one `unit` is, or raise :class:`InputError`."""
    if unit not in UNITS:
        raise InputError(
            "unit", "", f"{unit!r} is no unit known here", f"give one of {', '.join(UNITS)}, as in unit='mm'"
        )
    return UNITS[unit]


def metres_per_unit(path: str | os.PathLike, numbers: np.ndarray, unit: str | None, defined: bool) -> float:
    """Return what one unit of a file's numbers is in metres.

    Parameters
    ----------
    path : str or os.PathLike
        The file, for the warning.
    numbers : ndarray, shape (..., D)
        The coordinates in the file's own unit; what is not finite or all zero counts as no point.
    unit : str or None
        What the user says: ``"m"``, ``"cm"``, ``"mm"``, ``"um"`` or ``"in"``.
    defined : bool
        Whether the format defines the unit as metres.

    Returns
    -------
    float
        Metres per unit.

    Warns
    -----
    AmbiguousUnitWarning
        If the numbers do not settle it; see the table above.
    """
    if unit is not None:
        return known_unit(unit)
    distance = median_distance(numbers)
    if distance is None or distance <= (100 if defined else 10):
        return 1.0
    if defined:
        guess, reading = 1.0, "the format is in metres, so they were taken as metres, though they look like millimetres"
    elif distance <= 50:
        guess, reading = 1.0, "they were taken as metres"
    else:
        guess, reading = 1e-3, "they look like millimetres and were taken as such"
    warnings.warn(
        f"{os.fspath(path)}: the unit is ambiguous. Half of the points are further than {distance:.4g} from the "
        f"origin; {reading}. Remedy: say which it is: unit='mm' or unit='m'.",
        AmbiguousUnitWarning,
        stacklevel=4,
    )
    return guess


def median_distance(numbers: np.ndarray) -> float | None:
    """Return the median distance of the points from the origin, from at most 100,000 of them, or None without any."""
    points = np.asarray(numbers).reshape(-1, np.shape(numbers)[-1])
    points = points[np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)]
    if not len(points):
        return None
    points = points[:: -(-len(points) // 100_000)].astype(np.float64)
    with np.errstate(over="ignore"):
        return float(np.median(np.sqrt((points**2).sum(axis=1))))
