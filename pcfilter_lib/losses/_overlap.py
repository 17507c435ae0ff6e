"""What losses share that measure how two sets overlap."""

from __future__ import annotations

import math

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib._label_shapes import one_score_a_class
from pcfilter_lib.errors import InputError
from pcfilter_lib.losses._masked import MaskedLoss, checked_weights, is_class, ops, rows


class OverlapLoss(MaskedLoss):
    """1 less an overlap of what is predicted with what is there, for each sample.

    Subclasses say in `_overlap` what the overlap of rows (B, N) of probabilities and of labels is.
    """

    _per_sample = True

    def __init__(self, *, positive, classes, class_weights, smooth, ignore, from_logits, reduction, name, dtype):
        super().__init__(ignore=ignore, from_logits=from_logits, reduction=reduction, name=name, dtype=dtype)
        # Below it, a quotient's gradient leaves float32 where nothing is there and nothing predicted.
        self.smooth = number_within(self.name, "smooth", smooth, 1e-7, math.inf, high_included=False)
        self.classes = None if classes is None else whole_number(self.name, "classes", classes, at_least=2)
        self.positive = one_of(self.name, "positive", positive, (1, 0))
        if self.classes is None and class_weights is not None:
            problem, remedy = "one class is measured", "pass classes, too, or choose the class with positive"
            raise InputError(self.name, "class_weights", problem, remedy)
        self.class_weights = checked_weights(self.name, class_weights, self.classes)

    def _side_by_side(self, labels, scores):
        if self.classes is None:
            return super()._side_by_side(labels, scores)
        return one_score_a_class(self.name, labels, scores, self.classes)

    def _has_meaning(self, labels, scores):
        return super()._has_meaning(labels, scores) if self.classes is None else is_class(labels, self.classes)

    def _losses(self, labels, scores, counted):
        counted = rows(ops.cast(counted, scores.dtype))
        labels = rows(labels)
        if self.classes is None:
            found = rows(ops.sigmoid(scores) if self.from_logits else scores)
            if self.positive == 0:
                # Not 1 - p: a small probability of label 0 would be lost in the rounding of p.
                found = rows(ops.sigmoid(-scores)) if self.from_logits else 1 - found
                labels = 1 - labels
            return 1 - self._overlap(found * counted, labels * counted)
        found = ops.softmax(scores, axis=-1) if self.from_logits else scores
        overlaps = [
            self._overlap(rows(found[..., each]) * counted, ops.cast(ops.equal(labels, each), counted.dtype) * counted)
            for each in range(self.classes)
        ]
        weights = self.class_weights or (1.0,) * self.classes
        mean = sum(weight * overlap for weight, overlap in zip(weights, overlaps, strict=True)) / sum(weights)
        return 1 - mean

    def _overlap(self, found, there):
        raise NotImplementedError

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        own = {
            "positive": self.positive,
            "classes": self.classes,
            "class_weights": self.class_weights,
            "smooth": self.smooth,
        }
        return {**super().get_config(), **own}
