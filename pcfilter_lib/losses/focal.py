"""The focal loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib._label_shapes import one_score_a_class
from pcfilter_lib.losses._masked import (
    MaskedLoss,
    checked_weights,
    is_class,
    keras,
    log_odds_of_the_label,
    ops,
    weight_of_the_label,
)


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class FocalLoss(MaskedLoss):
    """Cross-entropy in which places that are right already hardly count, with a mask.

    With q the probability that a place's own label gets, the place costs ``-w[y] (1 - q)^gamma log(q)``: the more
    certainly right, the less. ``gamma=0`` gives cross-entropy.

    Parameters
    ----------
    gamma : float
        How much less, 0 or more. The paper takes 2.
    classes : int, optional
        C, for several classes from integer labels. By default there are two labels, 1 and 0, and one logit a place.
    class_weights : sequence of float, optional
        What a place of each class weighs, by label: (w0, w1), or C of them. The paper's alpha, 0.25, is
        ``(0.75, 0.25)``: it weighs label 1. By default all weigh 1.
    ignore, from_logits, reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`.

    Shapes
    ------
    As for :class:`MaskedBinaryCrossentropy`; with `classes`, as for :class:`MaskedCategoricalCrossentropy`.

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    Notes
    -----
    Two labels may be soft, y in [0, 1]: ``-w1 y (1 - p)^gamma log(p) - w0 (1 - y) p^gamma log(1 - p)``. The power is
    computed as exp(gamma log(1 - q)), with log(1 - q) from the logit, so that its gradient is finite for any `gamma`.

    References
    ----------
    Lin, T.-Y., Goyal, P., Girshick, R., He, K. and Dollár, P. (2017). Focal loss for dense object detection. ICCV,
    equation 5.
    """

    def __init__(
        self,
        gamma: float = 2.0,
        *,
        classes: int | None = None,
        class_weights: Sequence[float] | None = None,
        ignore: int | None = 255,
        from_logits: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(ignore=ignore, from_logits=from_logits, reduction=reduction, name=name, dtype=dtype)
        self.gamma = number_within(self.name, "gamma", gamma, 0, math.inf, high_included=False)
        self.classes = None if classes is None else whole_number(self.name, "classes", classes, at_least=2)
        self.class_weights = checked_weights(self.name, class_weights, self.classes or 2)

    def _side_by_side(self, labels, scores):
        if self.classes is None:
            return super()._side_by_side(labels, scores)
        return one_score_a_class(self.name, labels, scores, self.classes)

    def _has_meaning(self, labels, scores):
        return super()._has_meaning(labels, scores) if self.classes is None else is_class(labels, self.classes)

    def _losses(self, labels, scores, counted):
        if self.classes is None:
            odds = self._log_odds(scores)
            zero, one = self.class_weights or (1.0, 1.0)
            losses = one * labels * self._cost(odds) + zero * (1 - labels) * self._cost(-odds)
        else:
            losses = self._cost(log_odds_of_the_label(labels, scores, self.from_logits))
            if self.class_weights:
                losses = losses * weight_of_the_label(labels, self.class_weights)
        return ops.where(counted, losses, 0)

    def _cost(self, odds):
        """Return -(1 - q)^gamma log(q) for log-odds of q."""
        return ops.softplus(-odds) * ops.exp(-self.gamma * ops.softplus(odds))

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        own = {"gamma": self.gamma, "classes": self.classes, "class_weights": self.class_weights}
        return {**super().get_config(), **own}
