"""What the streaming metrics share: labels beside predictions, the mask, and labels without a meaning."""

from __future__ import annotations

import math
from typing import Any

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib._label_shapes import fitted_weight, same_shape
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()
ops = keras.ops


class StreamingMetric(keras.metrics.Metric):
    """A metric of places that are labelled; those labelled `ignore` do not count.

    Once a place that counts has a label or a prediction without a meaning, results are NaN: dropped in silence, it
    would make them look better or worse than they are.
    """

    def __init__(self, *, from_logits, ignore, name, dtype):
        super().__init__(name=name, dtype=dtype)
        self.from_logits = bool(from_logits)
        self.ignore = None if ignore is None else whole_number(self.name, "ignore", ignore, at_least=-(2**31))
        self._strays = self.add_variable((), "zeros", dtype="int32", name="strays")

    def result(self) -> Any:
        """Return the figure of everything since the last reset; NaN where it is not defined."""
        figure = ops.where(self._strays > 0, float("nan"), self._figure())
        return ops.cast(figure, self.dtype)

    def _figure(self):
        raise NotImplementedError

    def get_config(self) -> dict:
        """Return what makes an equal metric."""
        return {**super().get_config(), "from_logits": self.from_logits, "ignore": self.ignore}

    def _two_classes(self, y_true, y_pred):
        """Return labels of int32 and predictions in one shape, and where a place counts; count the strays."""
        labels, scores = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        labels, scores = same_shape(self.name, labels, scores)
        if not self.from_logits and keras.backend.is_float_dtype(scores.dtype):
            # Means of probabilities exceed 1 by a rounding; what exceeds it by more was a logit.
            inside = ops.logical_and(scores > -1e-3, scores < 1.001)
            scores = ops.where(inside, ops.clip(scores, 0, 1), float("nan"))
        return self._counted(labels, scores, 2)

    def _counted(self, labels, scores, classes):
        whole = ops.cast(labels, "int32")
        stray = ops.logical_or(whole < 0, whole >= classes)
        if keras.backend.is_float_dtype(labels.dtype):
            stray = ops.logical_or(stray, ops.not_equal(ops.cast(whole, labels.dtype), labels))
        counted = ops.ones_like(stray) if self.ignore is None else ops.not_equal(whole, self.ignore)
        if keras.backend.is_float_dtype(scores.dtype):
            lost = ops.isnan(scores)
            if len(lost.shape) > len(whole.shape):
                lost = ops.any(lost, axis=-1)
        else:
            scores = ops.cast(scores, "int32")
            lost = ops.logical_or(scores < 0, scores >= classes)
        stray = ops.logical_and(ops.logical_or(stray, lost), counted)
        self._strays.assign(ops.maximum(self._strays, ops.cast(ops.any(stray), "int32")))
        return whole, scores, counted

    def _weights(self, sample_weight, labels):
        """Return weights of the labels' shape, or None."""
        if sample_weight is None:
            return None
        weight = ops.convert_to_tensor(sample_weight, dtype="float32")
        weight = fitted_weight(self.name, weight, len(labels.shape), "weights of the labels' shape, or one a sample")
        return ops.broadcast_to(weight, ops.shape(labels))

    def _check_strays(self):
        if int(ops.convert_to_numpy(self._strays)):
            raise InputError(
                self.name,
                "",
                "some labels or predictions were no classes, and not ignored",
                "pass labels and predictions below classes, and mark all others with ignore",
            )


def checked_threshold(owner: str, threshold: Any) -> float:
    """Return a threshold for probabilities as a float."""
    return number_within(owner, "threshold", threshold, 0, 1)


def is_one(scores: Any, threshold: float, from_logits: bool) -> Any:
    """Return where label 1 is predicted: where its probability is the threshold or more."""
    if not keras.backend.is_float_dtype(scores.dtype):
        return ops.equal(scores, 1)
    if from_logits:
        inside = 0 < threshold < 1
        threshold = math.log(threshold / (1 - threshold)) if inside else math.copysign(math.inf, threshold - 0.5)
    return ops.cast(scores, "float32") >= threshold
