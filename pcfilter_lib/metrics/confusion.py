"""Figures of a confusion matrix that streams over batches and leaves out masked places."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib._label_shapes import one_score_a_class, same_shape
from pcfilter_lib.metrics._rates import RATES
from pcfilter_lib.metrics._streaming import StreamingMetric, checked_threshold, is_one, keras, ops
from pcfilter_lib.metrics._tally import Tally, count
from pcfilter_lib.metrics.report import ConfusionReport, confusion_report


class ConfusionMetric(StreamingMetric):
    """The confusion matrix behind a figure; subclasses say in `_of_matrix` which one.

    Its counts are exact below 2^47 on every backend. Weighted, each batch is summed in float32.
    """

    _default_name = "confusion_metric"

    def __init__(
        self,
        *,
        classes: int | None = None,
        threshold: float = 0.5,
        from_logits: bool = True,
        ignore: int | None = 255,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(from_logits=from_logits, ignore=ignore, name=name or self._default_name, dtype=dtype)
        self.classes = None if classes is None else whole_number(self.name, "classes", classes, at_least=2)
        self.threshold = checked_threshold(self.name, threshold)
        self._side = self.classes or 2
        self._tally = Tally(self, (self._side, self._side))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch.

        Parameters
        ----------
        y_true : (B, ...) or (B, ..., 1) array
            Labels; with `classes` also (B, ..., C), one-hot, where a row of zeros does not count.
        y_pred : array
            Two labels: logits or probabilities of the labels' shape. With `classes`: (B, ..., C) scores, of which the
            highest decides. Whole numbers or truth values of the labels' shape are taken as decisions.
        sample_weight : (B,) or (B, ...) array, optional
            What each place counts instead of 1.
        """
        if self.classes is None:
            labels, scores, counted = self._two_classes(y_true, y_pred)
            found = ops.cast(is_one(scores, self.threshold, self.from_logits), "int32")
        else:
            labels, found, counted = self._several_classes(y_true, y_pred)
        cell = ops.where(counted, labels * self._side + found, -1)
        self._tally.add(count(cell, self._side**2, self._weights(sample_weight, labels)))

    def _several_classes(self, y_true, y_pred):
        labels, scores = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        decided = not keras.backend.is_float_dtype(scores.dtype)
        rank = len(scores.shape) - (not decided)  # of labels that are whole numbers
        if len(labels.shape) == rank + 1 and labels.shape[-1] == self.classes:
            marked = ops.max(labels, axis=-1) == 1
            unmarked = -1 if self.ignore is None else self.ignore
            labels = ops.where(marked, ops.cast(ops.argmax(labels, axis=-1), "int32"), unmarked)
        if decided:
            labels, scores = same_shape(self.name, labels, scores)
        else:
            labels, scores = one_score_a_class(self.name, labels, scores, self.classes)
        labels, scores, counted = self._counted(labels, scores, self.classes)
        return labels, scores if decided else ops.cast(ops.argmax(scores, axis=-1), "int32"), counted

    def _figure(self):
        return self._of_matrix(self._tally.value())

    def _of_matrix(self, matrix):
        raise NotImplementedError

    def matrix(self) -> np.ndarray:
        """Return the confusion matrix: rows by label, columns by prediction, from class 0 on.

        Returns
        -------
        (C, C) ndarray of int64, or of float64 if weights left fractions.

        Raises
        ------
        InputError
            If a label or prediction was no class, and not ignored.
        """
        self._check_strays()
        return self._tally.numbers()

    def report(self) -> ConfusionReport:
        """Return every figure of the matrix, as :func:`confusion_report` does."""
        return confusion_report(self.matrix(), positive=getattr(self, "positive", 1))

    def get_config(self) -> dict:
        """Return what makes an equal metric."""
        return {**super().get_config(), "classes": self.classes, "threshold": self.threshold}


class RateMetric(ConfusionMetric):
    """A quotient of counts of one class, the positive one, against all others; subclasses name it."""

    _rate: str

    def __init__(
        self,
        positive: int = 1,
        *,
        classes: int | None = None,
        threshold: float = 0.5,
        from_logits: bool = True,
        ignore: int | None = 255,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(
            classes=classes, threshold=threshold, from_logits=from_logits, ignore=ignore, name=name, dtype=dtype
        )
        self.positive = one_of(self.name, "positive", positive, range(self._side))

    def _of_matrix(self, matrix):
        itself = np.arange(self._side) == self.positive
        masks = [row[:, None] & column for row in (itself, ~itself) for column in (itself, ~itself)]
        masks = ops.convert_to_tensor(np.array(masks), dtype="float32")
        counts = ops.sum(matrix * masks, axis=(1, 2))
        return quotient(*RATES[self._rate](*(counts[each] for each in range(4))))

    def get_config(self) -> dict:
        """Return what makes an equal metric."""
        return {**super().get_config(), "positive": self.positive}


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Accuracy(ConfusionMetric):
    """The share of places that are predicted as they are labelled.

    Where one class is rare it says little: a filter that keeps every point has the accuracy of the share of true ones.

    Parameters
    ----------
    classes : int, optional
        C, for several classes. By default there are two labels: 1 true geometry, 0 artefact.
    threshold : float
        The probability of label 1 from which on label 1 is predicted, whichever class is positive. Not used with
        `classes`.
    from_logits : bool
        Predictions of two labels are logits. Otherwise they are probabilities of label 1.
    ignore : int, optional
        The label of places that do not count. None: all count.
    name, dtype
        As for any Keras metric.

    Shapes
    ------
    Labels: (B, ...), whole numbers, with any number of axes; or with `classes` (B, ..., C), one-hot, where a row of
    zeros does not count. Predictions of two labels: of the labels' shape, or with a last axis of 1 more. Predictions
    of C: (B, ..., C), of which the highest decides. Predictions of whole numbers or truth values in the labels' shape
    are decisions already. Sample weights: (B,) or (B, ...).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    Notes
    -----
    A figure that is not defined, as long as nothing is counted for one, is NaN. It is NaN, too, once a
    label or a prediction that counts is no class: dropped in silence it would flatter.
    :meth:`~pcfilter_lib.metrics.ConfusionMetric.matrix` gives the counts, exact below 2^47 on every backend, and
    :meth:`~pcfilter_lib.metrics.ConfusionMetric.report` every other figure that follows from them.

    Examples
    --------
    >>> from pcfilter_lib.losses import MaskedBinaryCrossentropy
    >>> model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    >>> model.compile("adam", MaskedBinaryCrossentropy(), metrics=[Accuracy(), Recall(0, name="artefacts_found")])
    """

    _default_name = "accuracy"

    def _of_matrix(self, matrix):
        return quotient(ops.sum(ops.diagonal(matrix)), ops.sum(matrix))


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class BalancedAccuracy(ConfusionMetric):
    """The mean recall over all classes; of two, (TPR + TNR) / 2. NaN if a class has no place.

    Parameters
    ----------
    classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Accuracy`.

    References
    ----------
    Brodersen, K. H., Ong, C. S., Stephan, K. E. and Buhmann, J. M. (2010). The balanced accuracy and its posterior
    distribution. ICPR.
    """

    _default_name = "balanced_accuracy"

    def _of_matrix(self, matrix):
        return ops.mean(quotient(ops.diagonal(matrix), ops.sum(matrix, axis=1)))


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Precision(RateMetric):
    """Of the places predicted as the positive class, the share that is: TP / (TP + FP).

    Parameters
    ----------
    positive : int
        The class that figures are about: 1 true geometry, 0 artefact, or one of `classes`.
    classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Accuracy`.
    """

    _default_name = _rate = "precision"


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class Recall(RateMetric):
    """Of the places of the positive class, the share that is found: TP / (TP + FN), the true positive rate.

    Parameters
    ----------
    positive, classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Precision`.
    """

    _default_name = _rate = "recall"


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class TrueNegativeRate(RateMetric):
    """Of the places of other classes than the positive one, the share predicted so: TN / (TN + FP), the specificity.

    Parameters
    ----------
    positive, classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Precision`.
    """

    _default_name = _rate = "true_negative_rate"


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class F1(RateMetric):
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN).

    Parameters
    ----------
    positive, classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Precision`.
    """

    _default_name = _rate = "f1"


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class FalseOmissionRate(RateMetric):
    """Of the places predicted as other classes, the share that is positive: FN / (FN + TN).

    With true geometry as positive: how much of what a filter removes was real.

    Parameters
    ----------
    positive, classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Precision`.
    """

    _default_name = _rate = "false_omission_rate"


def quotient(above: Any, below: Any) -> Any:
    """Return a quotient, NaN where the denominator is 0."""
    return ops.where(below > 0, above / ops.where(below > 0, below, 1), float("nan"))
