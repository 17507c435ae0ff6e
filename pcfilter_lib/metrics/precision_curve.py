"""Average precision that streams over batches."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import digamma

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.metrics._streaming import StreamingMetric, keras, ops
from pcfilter_lib.metrics._tally import Tally, count

#: Log-odds of more than this, either way, lie in the outermost bins: float32 cannot tell their probabilities from 1.
_ENDS = 16


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class AveragePrecision(StreamingMetric):
    """The precision averaged over all thresholds, weighted by the recall that each one gains.

    ``sum((R_n - R_(n-1)) P_n)`` over thresholds n from the highest score down. Scores are sorted into bins, so that
    the state has one size however much is counted.

    Parameters
    ----------
    positive : {0, 1}
        The class to be found, which has no default: 0 artefacts, 1 true geometry. The rarer class says more.
    bins : int
        Bins of equal width for log-odds from -16 to 16, 2 to 16,384 of them. Scores in one bin count as equal: the
        figure is exact for scores rounded to 1/512 in log-odds, with the default: 0.05 percentage points of
        probability at most. :meth:`bounds` says how far that can be from the figure of the unrounded scores.
    from_logits : bool
        Predictions are logits. Otherwise they are probabilities of label 1.
    ignore, name, dtype
        As for :class:`Accuracy`.

    Shapes
    ------
    Labels and predictions: (B, ...) alike, with any number of axes; either may have a last axis of 1 more. Sample
    weights: (B,) or (B, ...).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    Notes
    -----
    NaN if no place is positive, or once a label or a prediction that counts has no meaning. For the exact figure of
    scores that fit into memory see :func:`average_precision`.

    References
    ----------
    Su, W., Yuan, Y. and Zhu, M. (2015). A relationship between the average precision and the area under the ROC
    curve. ICTIR, equation 1.
    """

    def __init__(
        self,
        positive: int,
        *,
        bins: int = 2**14,
        from_logits: bool = True,
        ignore: int | None = 255,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(from_logits=from_logits, ignore=ignore, name=name or "average_precision", dtype=dtype)
        self.positive = one_of(self.name, "positive", positive, (0, 1))
        self.bins = whole_number(self.name, "bins", bins, at_least=2)
        if self.bins > 2**14:  # more counters than that would overflow when they are summed up
            raise InputError(self.name, "bins", f"{bins!r} is not allowed", "pass a whole number from 2 to 16384")
        self._tally = Tally(self, (self.bins, 2))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Parameters
        ----------
        y_true, y_pred : (B, ...) array
            Labels, and logits or probabilities of label 1.
        sample_weight : (B,) or (B, ...) array, optional
            What each place counts instead of 1.
        """
        scores = ops.convert_to_tensor(y_pred)
        if not keras.backend.is_float_dtype(scores.dtype):
            problem, remedy = f"predictions of {scores.dtype} have no order", "pass logits or probabilities"
            raise InputError(self.name, "y_pred", problem, remedy)
        labels, scores, counted = self._two_classes(y_true, scores)
        odds = ops.cast(scores, "float32")
        if not self.from_logits:
            odds = ops.log(odds) - ops.log1p(-odds)
        odds = odds if self.positive else -odds
        odds = ops.where(counted, ops.clip(odds, -_ENDS, _ENDS), 0)
        place = ops.floor((_ENDS - odds) * (self.bins / (2 * _ENDS)))  # from the highest score on
        place = ops.cast(ops.clip(place, 0, self.bins - 1), "int32")
        sought = ops.cast(ops.equal(labels, self.positive), "int32")
        cell = ops.where(counted, place * 2 + sought, -1)
        self._tally.add(count(cell, self.bins * 2, self._weights(sample_weight, labels)))

    def _figure(self):
        gained, found = self._tally.value()[:, 1], self._tally.cumulated()
        every = found[:, 0] + found[:, 1]
        precision = found[:, 1] / ops.where(every > 0, every, 1)
        total = found[-1, 1]
        return ops.where(total > 0, ops.sum(gained * precision) / ops.where(total > 0, total, 1), float("nan"))

    def bounds(self) -> tuple[float, float]:
        """Return between which figures that of the unrounded scores lies, whatever the order within the bins.

        Returns
        -------
        tuple of float
            The lowest and the highest. NaN if no place is positive.

        Raises
        ------
        InputError
            If weights left fractions, or a label or a prediction had no meaning.
        """
        self._check_strays()
        table = self._tally.numbers()
        if table.dtype.kind != "i":
            raise InputError(self.name, "", "bounds are known for whole counts only", "count without sample weights")
        others, sought = table[:, 0], table[:, 1]
        if not sought.any():
            return float("nan"), float("nan")
        total, before, wrong = sought.sum(), np.cumsum(sought) - sought, np.cumsum(others)
        # Lowest: the other class first, then positives one by one. The sum over j = 1, ..., p of
        # (T + j) / (T + j + F) is p - F (digamma(T + F + p + 1) - digamma(T + F + 1)).
        low = sought - wrong * (digamma(before + wrong + sought + 1) - digamma(before + wrong + 1))
        # Highest: all positives first, with equal scores, so that the precision of the last one is that of all.
        found = before + sought
        high = sought * (found / np.maximum(found + wrong - others, 1))
        return float(low.sum() / total), float(high.sum() / total)

    def get_config(self) -> dict:
        """Return what makes an equal metric."""
        return {**super().get_config(), "positive": self.positive, "bins": self.bins}
