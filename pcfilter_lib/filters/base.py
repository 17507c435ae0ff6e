"""What every filter can do."""

from __future__ import annotations

import abc
import dataclasses
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit

from pcfilter_lib.data import OrganizedScan
from pcfilter_lib.filters.checks import ScanReport, check_scan


@dataclasses.dataclass(frozen=True, kw_only=True)
class ArtefactFilter(abc.ABC):
    """Separate true geometry from artefacts.

    Subclasses are dataclasses that define :meth:`score`. They do not change; :meth:`with_threshold` returns one with
    another threshold, and :func:`pcfilter_lib.filters.tune_threshold` one with a threshold chosen on labelled scans.

    Parameters
    ----------
    threshold : float
        Points with this score or more are kept.
    """

    #: A name for tables.
    name: ClassVar[str]
    #: What the filter takes for granted, see :func:`pcfilter_lib.filters.check_scan`: ``"camera"``, that the points are
    #: in the frame of a pinhole camera; ``"grid"``, that neighbours in the grid are neighbours in space; ``"points"``,
    #: nothing.
    requirement: ClassVar[str] = "camera"
    threshold: float

    @abc.abstractmethod
    def score(self, scan: OrganizedScan) -> np.ndarray:
        """Return how sure the filter is that a point is true geometry; only the order of scores counts.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ndarray of float32, shape (H, W)
            NaN where nothing was measured.

        Raises
        ------
        InputError
            If the scan lacks what the filter needs.
        """

    def keep(self, scan: OrganizedScan) -> np.ndarray:
        """Return which points to keep.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ndarray of bool, shape (H, W)
            Never true where nothing was measured. ``scan.keep(...)`` of it is the filtered scan.
        """
        with np.errstate(invalid="ignore"):
            return scan.valid & (self.score(scan) >= self.threshold)

    def check(self, scan: OrganizedScan) -> ScanReport:
        """Check that a scan is what the filter takes it for, before anything is removed.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ScanReport
            See :func:`pcfilter_lib.filters.check_scan`. :meth:`keep` does not look at it;
            :func:`pcfilter_lib.filters.filter_files` does.
        """
        return check_scan(scan, self.requirement)

    def probability(self, scan: OrganizedScan) -> np.ndarray:
        """Return the score as a number from 0 to 1, which is 1/2 at the threshold.

        A learned filter's is meant as a probability of true geometry; another one's has its order, and no more.

        Parameters
        ----------
        scan : OrganizedScan

        Returns
        -------
        ndarray of float32, shape (H, W)
            NaN where nothing was measured.
        """
        return expit(self.score(scan) - np.float32(self.threshold))

    def describe(self) -> dict[str, Any]:
        """Return the filter's name and settings, as JSON can hold them: two filters that differ describe themselves so.

        Returns
        -------
        dict
            With ``"name"``, ``"threshold"`` and every other setting.
        """
        settings = {each.name: getattr(self, each.name) for each in dataclasses.fields(self)}
        return {"name": self.name, **settings}

    def with_threshold(self, threshold: float) -> ArtefactFilter:
        """Return the same filter with another threshold."""
        return dataclasses.replace(self, threshold=float(threshold))


def spread(values: np.ndarray, scan: OrganizedScan) -> np.ndarray:
    """Return values of the measured points, row by row, as an image with NaN elsewhere."""
    image = np.full(scan.shape, np.nan, np.float32)
    image[scan.valid] = values
    return image
