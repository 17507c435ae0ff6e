"""Cross-entropy of several classes."""

from __future__ import annotations

from collections.abc import Sequence

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
class MaskedCategoricalCrossentropy(MaskedLoss):
    """Cross-entropy of several classes at each place of a map or volume, from logits and integer labels, with a mask.

    With the logits x and the label y, a place costs ``-w[y] log(softmax(x)[y])``.

    Parameters
    ----------
    class_weights : (C,) sequence of float, optional
        What a place of each class weighs, by label. By default all weigh 1.
    ignore : int, optional
        The label of places that do not count. None: all count.
    from_logits : bool
        Predictions are logits. Otherwise they are probabilities that add up to 1 over the last axis, held between
        ``keras.config.epsilon()`` and 1 less that.
    reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`.

    Shapes
    ------
    Labels: (B, ...) or (B, ..., 1), whole numbers from 0 to C - 1. Predictions: (B, ..., C). Sample weights: (B,) or
    (B, ...). Without a reduction: (B, ...).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    Notes
    -----
    A label that is neither a class nor `ignore` makes the loss NaN. If no place counts, the loss is 0 and so is its
    gradient.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, equation 4.108.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(3, 1)])
    >>> model.compile("adam", MaskedCategoricalCrossentropy(class_weights=(0.1, 1.0, 1.0)))
    """

    def __init__(
        self,
        class_weights: Sequence[float] | None = None,
        *,
        ignore: int | None = 255,
        from_logits: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(ignore=ignore, from_logits=from_logits, reduction=reduction, name=name, dtype=dtype)
        self.class_weights = checked_weights(self.name, class_weights, None)

    def _side_by_side(self, labels, scores):
        return one_score_a_class(self.name, labels, scores, self.class_weights and len(self.class_weights))

    def _has_meaning(self, labels, scores):
        return is_class(labels, scores.shape[-1])

    def _losses(self, labels, scores, counted):
        losses = ops.softplus(-log_odds_of_the_label(labels, scores, self.from_logits))
        if self.class_weights:
            losses = losses * weight_of_the_label(labels, self.class_weights)
        return ops.where(counted, losses, 0)

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        return {**super().get_config(), "class_weights": self.class_weights}
