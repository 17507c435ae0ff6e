"""Which other views are worth asking about a view: those that see the same place from elsewhere."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.filters.views._geometry import View

SAMPLES = 300
_LEAST_OVERLAP = 0.15
_WIDE = np.deg2rad(25)  # beyond, another angle tells nothing more


class Overlaps:
    """What some points of each view tell about which views see the same place.

    Views are added one at a time, so that they need not all be in memory.
    """

    def __init__(self):
        self.samples: list[np.ndarray] = []
        self.cameras: list[tuple[np.ndarray, np.ndarray, tuple[int, int]]] = []

    def add(self, view: View) -> None:
        """Add a view: a few hundred of its points, and its camera."""
        step = max(1, len(view.points) // SAMPLES)
        points = view.points[::step].astype(np.float64)
        self.samples.append(points @ view.pose[:3, :3].T + view.pose[:3, 3])
        self.cameras.append((np.linalg.inv(view.pose), view.scan.intrinsics, view.shape))

    def between(self, view: int, other: int) -> float:
        """Return the share of a view's points that lie in another view's image, whatever is in front of them."""
        back, matrix, (rows, columns) = self.cameras[other]
        points = self.samples[view] @ back[:3, :3].T + back[:3, 3]
        with np.errstate(all="ignore"):
            pixels = points @ matrix.T / points[:, 2:]
        inside = (points[:, 2] > 0) & (pixels[:, 0] >= -0.5) & (pixels[:, 1] >= -0.5)
        return float(np.mean(inside & (pixels[:, 0] < columns - 0.5) & (pixels[:, 1] < rows - 0.5)))

    def choose(self, view: int, count: int) -> list[int]:
        """Return the views that are asked about one, the best first.

        Each next one is that with the largest product of overlap and angle to the nearest of those chosen before (and
        to the view itself), seen from the middle of the view's points: a second look from the same place repeats its
        errors.

        Parameters
        ----------
        view : int
        count : int
            At most so many.

        Returns
        -------
        list of int
        """
        middle = np.median(self.samples[view], axis=0)
        overlaps = self._overlapping(view)
        directions = {j: self._direction(j, middle) for j in (view, *overlaps)}
        nearest = {j: _angle(directions[j], directions[view]) for j in overlaps}
        chosen: list[int] = []
        while overlaps and len(chosen) < count:
            best = max(overlaps, key=lambda j: overlaps[j] * (0.02 + min(nearest[j], _WIDE)))
            chosen.append(best)
            del overlaps[best], nearest[best]
            for j in nearest:
                nearest[j] = min(nearest[j], _angle(directions[j], directions[best]))
        return chosen

    def spread(self, view: int, count: int) -> list[int]:
        """Return views that are asked about one, evenly spread over those that overlap with it.

        Far sides are not preferred, as :meth:`choose` prefers them: there the errors of poses and lenses are largest.
        Different views get the same others as far as possible, so that few need to be read.

        Parameters
        ----------
        view : int
        count : int
            At most so many.

        Returns
        -------
        list of int
        """
        bits = max(len(self.samples) - 1, 1).bit_length()
        return sorted(self._overlapping(view), key=lambda j: f"{j:0{bits}b}"[::-1])[:count]

    def _overlapping(self, view: int) -> dict[int, float]:
        overlaps = {j: self.between(view, j) for j in range(len(self.samples)) if j != view}
        return {j: share for j, share in overlaps.items() if share >= _LEAST_OVERLAP}

    def _direction(self, view: int, middle: np.ndarray) -> np.ndarray:
        back = self.cameras[view][0]
        sight = middle + back[:3, :3].T @ back[:3, 3]
        return sight / max(np.linalg.norm(sight), 1e-9)


def _angle(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.arccos(np.clip(one @ other, -1, 1)))
