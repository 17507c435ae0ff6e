"""How well a filter does on labelled scans."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from pcfilter_lib.data import CAUSES, OrganizedScan
from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY, UNLABELLED
from pcfilter_lib.errors import InputError
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.threshold import best_threshold
from pcfilter_lib.metrics import ConfusionReport, average_precision, confusion_report


@dataclass(frozen=True, eq=False)
class ScoredPoints:
    """The labelled points of some scans, one after the other, and what a filter thinks of them.

    Attributes
    ----------
    scores : ndarray of float32, shape (n,)
        The larger, the surer that the point is true geometry.
    labels : ndarray of uint8, shape (n,)
        1 true geometry, 0 artefact.
    causes : ndarray of uint8, shape (n,)
        Places in :data:`pcfilter_lib.data.CAUSES`; all 0 where the scans do not know.
    borderline : ndarray of bool, shape (n,)
        Which points lie so near to the tolerance that either label could be given; none where the scans do not know.
    """

    scores: np.ndarray
    labels: np.ndarray
    causes: np.ndarray
    borderline: np.ndarray

    def best_threshold(self) -> float:
        """Return the threshold with the largest mean IoU, see :func:`pcfilter_lib.filters.best_threshold`."""
        return best_threshold(self.scores, self.labels)[0]

    def clear(self) -> ScoredPoints:
        """Return the points without the borderline ones."""
        some = ~self.borderline
        return ScoredPoints(self.scores[some], self.labels[some], self.causes[some], self.borderline[some])

    def report(self, threshold: float) -> ConfusionReport:
        """Return all figures of the confusion matrix at a threshold; true geometry is the positive class."""
        keep, true = self.scores >= threshold, self.labels == TRUE_GEOMETRY
        cells = ((keep & true), (~keep & true), (keep & ~true), (~keep & ~true))
        return confusion_report(**{k: int(cell.sum()) for k, cell in zip(("tp", "fn", "fp", "tn"), cells, strict=True)})

    def metrics(self, threshold: float) -> dict[str, float]:
        """Return what counts for a filter, at a threshold and without one.

        Returns
        -------
        dict of str to float
            ``"mean_iou"``; ``"average_precision"`` of the artefacts, from the order of the scores alone; ``"kept"``,
            share of the true geometry that is kept; ``"found"``, share of the artefacts that are removed;
            ``"balanced_accuracy"``, the mean of the last two; ``"artefacts"``, their share of the points. NaN what is
            not defined.
        """
        report = self.report(threshold)
        return {
            "mean_iou": float(report["mean_iou"]),
            "average_precision": average_precision(self.labels, self.scores, positive=ARTEFACT),
            "kept": float(report["recall"]),
            "found": float(report["true_negative_rate"]),
            "balanced_accuracy": float(report["balanced_accuracy"]),
            "artefacts": float((self.labels == ARTEFACT).mean()) if len(self.labels) else math.nan,
        }

    def found_by_cause(self, threshold: float) -> dict[str, tuple[float, int]]:
        """Return which share of each cause's artefacts is removed at a threshold, and how many there are of them.

        Causes that do not occur are left out.
        """
        removed = self.scores < threshold
        result = {}
        for number, name in enumerate(CAUSES):
            here = (self.causes == number) & (self.labels == ARTEFACT)
            if number and here.any():
                result[name] = float(removed[here].mean()), int(here.sum())
        return result


def score_scans(artefact_filter: ArtefactFilter, scans: Iterable[OrganizedScan]) -> ScoredPoints:
    """Return the labelled points of scans with a filter's scores.

    Parameters
    ----------
    artefact_filter : ArtefactFilter
    scans : iterable of OrganizedScan
        With labels. They are taken one at a time, so that a generator of many does not fill the memory.

    Returns
    -------
    ScoredPoints

    Raises
    ------
    InputError
        If there is no scan, or one without a label.
    """
    columns: list[tuple[np.ndarray, ...]] = []
    for number, scan in enumerate(scans):
        if scan.label is None:
            raise InputError("score_scans", f"scan {number}", "it has no label", "pass labelled scans")
        known = scan.valid & (scan.label != UNLABELLED)
        nothing = np.zeros(scan.shape, np.uint8)
        cause, borderline = (scan.extras.get(name, nothing)[known] for name in ("cause", "borderline"))
        columns.append((artefact_filter.score(scan)[known], scan.label[known], cause, borderline.astype(bool)))
    if not columns:
        raise InputError("score_scans", "scans", "there is none", "pass at least one labelled scan")
    return ScoredPoints(*(np.concatenate(column) for column in zip(*columns, strict=True)))


def tune_threshold(artefact_filter: ArtefactFilter, scans: Iterable[OrganizedScan]) -> ArtefactFilter:
    """Return a filter with the threshold that is best on labelled scans, see :func:`best_threshold`.

    Parameters
    ----------
    artefact_filter : ArtefactFilter
    scans : iterable of OrganizedScan
        With labels. Their points are taken together.

    Returns
    -------
    ArtefactFilter

    Raises
    ------
    InputError
        If there is no scan, one has no label, or all labels together lack a class.
    """
    return artefact_filter.with_threshold(score_scans(artefact_filter, scans).best_threshold())
