"""What to expect of a filter, measured on scans that it was not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from pcfilter_lib.data.labels import ARTEFACT, TRUE_GEOMETRY
from pcfilter_lib.errors import require

#: Shares of the true geometry for which an expectation says what it costs to keep them.
TARGETS = (0.999, 0.99, 0.95, 0.9)
_DRAWS = 1_000
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True)
class Expectation:
    """Scores of points that were kept aside, in figures.

    Parameters
    ----------
    threshold : float
        Points with this score or more are kept.
    kept, found, balanced_accuracy : float
        At the threshold: the share of true geometry that is kept, of artefacts that are removed, and their mean.
    intervals : dict of str to tuple of float
        Of these three, 95 %, by drawing the scans again.
    roc_auc, average_precision : float
        Of the order of the scores alone; artefacts are the positive class of the second.
    targets : dict of float to tuple of float
        For each share of true geometry in ``TARGETS`` the threshold that keeps it, and the share of artefacts that
        are then removed.
    """

    threshold: float
    kept: float
    found: float
    balanced_accuracy: float
    intervals: dict[str, tuple[float, float]]
    roc_auc: float
    average_precision: float
    targets: dict[float, tuple[float, float]]

    @classmethod
    def of(
        cls, scores: np.ndarray, label: np.ndarray, weight: np.ndarray, scan: np.ndarray, keep: float | None = None
    ) -> Expectation:
        """Return what scores of labelled points promise.

        Parameters
        ----------
        scores : ndarray, shape (n,)
            The larger, the surer that a point is true geometry.
        label : ndarray, shape (n,)
            1 or 0.
        weight : ndarray, shape (n,)
            How many points each stands for.
        scan : ndarray of int, shape (n,)
            The scan of each: the intervals come from drawing scans again.
        keep : float, optional
            The share of true geometry that the threshold is to keep; by default it is that with the largest balanced
            accuracy.

        Returns
        -------
        Expectation
        """
        metrics = require("sklearn.metrics", "tune")
        curve = _Curve(scores, label, weight)
        threshold = curve.best() if keep is None else curve.keeping(keep)
        rates = _rates_by_scan(scores >= threshold, label, weight, scan)
        generator = np.random.default_rng(0)
        drawn = rates[generator.integers(len(rates), size=(_DRAWS, len(rates)))].sum(axis=1)
        figures = dict(
            zip(("kept", "found", "balanced_accuracy"), _figures(rates.sum(axis=0)[None])[:, 0], strict=True)
        )
        low_high = np.nanquantile(_figures(drawn), _INTERVAL, axis=1)
        return cls(
            threshold=round(float(threshold), 4),
            **{name: float(value) for name, value in figures.items()},
            intervals={name: (float(low), float(high)) for name, low, high in zip(figures, *low_high, strict=True)},
            roc_auc=float(metrics.roc_auc_score(label == TRUE_GEOMETRY, scores, sample_weight=weight)),
            average_precision=float(metrics.average_precision_score(label == ARTEFACT, -scores, sample_weight=weight)),
            targets={share: (float(at := curve.keeping(share)), curve.found(at)) for share in TARGETS},
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON can hold them, rounded to four places."""
        return {
            **{name: round(getattr(self, name), 4) for name in ("threshold", "kept", "found", "balanced_accuracy")},
            **{name: round(getattr(self, name), 4) for name in ("roc_auc", "average_precision")},
            "intervals": {name: [round(value, 4) for value in pair] for name, pair in self.intervals.items()},
            "targets": {str(share): [round(value, 4) for value in pair] for share, pair in self.targets.items()},
        }

    def __str__(self) -> str:
        lines = [
            f"{name:<28}{100 * value:5.1f} %   (95 %: {100 * low:.1f} to {100 * high:.1f})"
            for name, value, (low, high) in (
                ("true geometry kept", self.kept, self.intervals["kept"]),
                ("artefacts removed", self.found, self.intervals["found"]),
                ("balanced accuracy", self.balanced_accuracy, self.intervals["balanced_accuracy"]),
            )
        ]
        lines += [f"{'area under the ROC curve':<28}{self.roc_auc:.3f}"]
        lines += ["", "to keep    threshold   artefacts removed"]
        lines += [
            f"{100 * share:5.1f} %   {at:9.2f}   {100 * found:8.1f} %" for share, (at, found) in self.targets.items()
        ]
        return "\n".join(lines)


class _Curve:
    """Which share of true geometry and of artefacts lies below each score."""

    def __init__(self, scores: np.ndarray, label: np.ndarray, weight: np.ndarray):
        order = np.argsort(scores, kind="stable")
        self.scores, true = scores[order], label[order] == TRUE_GEOMETRY
        weight = weight[order]
        self.lost, self.removed = (np.concatenate([[0], np.cumsum(weight * each)]) for each in (true, ~true))
        self.lost, self.removed = self.lost / self.lost[-1], self.removed / self.removed[-1]
        # Equal scores share their fate, so that a threshold lies between two that differ.
        self.possible = np.concatenate([[True], self.scores[1:] > self.scores[:-1], [True]])

    def _between(self, place: int) -> float:
        """Return the threshold that removes so many of the lowest scores: halfway to the next."""
        below = self.scores[max(place - 1, 0)] - (1 if place == 0 else 0)
        above = self.scores[min(place, len(self.scores) - 1)] + (1 if place == len(self.scores) else 0)
        return (float(below) + float(above)) / 2

    def best(self) -> float:
        """Return the threshold with the largest balanced accuracy."""
        return self._between(int(np.argmax(np.where(self.possible, self.removed - self.lost, -2))))

    def keeping(self, share: float) -> float:
        """Return the largest threshold that keeps a share of the true geometry."""
        return self._between(int(np.flatnonzero(self.possible & (self.lost <= 1 - share + 1e-12))[-1]))

    def found(self, threshold: float) -> float:
        """Return the share of artefacts that a threshold removes."""
        return float(self.removed[np.searchsorted(self.scores, threshold)])


def _rates_by_scan(keep: np.ndarray, label: np.ndarray, weight: np.ndarray, scan: np.ndarray) -> np.ndarray:
    """Return for each scan: true geometry kept, true geometry, artefacts removed, artefacts, shape (scans, 4)."""
    true = label == TRUE_GEOMETRY
    count = int(scan.max()) + 1
    kinds = (true & keep, true, ~true & ~keep, ~true)
    return np.stack([np.bincount(scan, weight * kind, count) for kind in kinds], axis=1)


def _figures(sums: np.ndarray) -> np.ndarray:
    """Return kept, found and balanced accuracy of sums, (n, 4) to (3, n)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        kept, found = sums[:, 0] / sums[:, 1], sums[:, 2] / sums[:, 3]
    return np.stack([kept, found, (kept + found) / 2])
