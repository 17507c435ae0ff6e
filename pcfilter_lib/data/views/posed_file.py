"""A view on disk: where it lies, and where its camera stood."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from pcfilter_lib.data.scan import OrganizedScan
from pcfilter_lib.data.scan_io import load_scan


class LostTrackingWarning(UserWarning):
    """Frames of a sequence were left out because nobody knows where the camera stood."""


@dataclass(frozen=True, eq=False, repr=False)
class PosedFile:
    """One view of a sequence, not loaded yet; :func:`find_views` makes them.

    Attributes
    ----------
    path : pathlib.Path
        The file.
    pose : ndarray of float64, shape (4, 4)
        From the camera's frame to the world's, in metres.
    time : float or None
        When it was taken, in seconds, where the sequence says it.
    number : int
        Which scan of the file it is; 0 but in E57, which holds several.
    options : dict
        What :func:`load_scan` needs to know besides: intrinsics, unit, depth scale, shape.
    """

    path: Path
    pose: np.ndarray
    time: float | None = None
    number: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        pose = np.array(self.pose, np.float64)
        pose.flags.writeable = False
        object.__setattr__(self, "pose", pose)

    def load(self) -> OrganizedScan:
        """Load the scan, with its pose and where they are known the intrinsics.

        Raises
        ------
        InputError
            As for :func:`load_scan`.
        """
        if self.path.suffix.lower() == ".e57":
            from pcfilter_lib.data.views.e57 import read_e57

            scan = read_e57(self.path, self.number, self.options.get("intrinsics"))
        else:
            scan = load_scan(self.path, **self.options)
        return dataclasses.replace(scan, pose=self.pose)

    def __repr__(self) -> str:
        which = f", number={self.number}" if self.number else ""
        x, y, z = self.pose[:3, 3]
        return f"PosedFile({self.path.name!r}{which}, camera at {x:.3f} {y:.3f} {z:.3f} m)"


def warn_lost_tracking(source: str, lost: int, total: int, why: str, level: int) -> None:
    """Warn once for a sequence that views were left out."""
    message = f"{source}: {lost} of {total} views were left out: {why}. Remedy: give poses for them to keep them."
    warnings.warn(message, LostTrackingWarning, level)
