"""Cross-entropy of two classes."""

from __future__ import annotations

from collections.abc import Sequence

from pcfilter_lib.losses._masked import MaskedLoss, checked_weights, keras, ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class MaskedBinaryCrossentropy(MaskedLoss):
    """Cross-entropy of two labels, 1 and 0, at each place of a map or volume, from logits, with a mask.

    With the logit x, p = 1 / (1 + exp(-x)) and the label y, a place costs ``-w1 y log(p) - w0 (1 - y) log(1 - p)``.

    Parameters
    ----------
    class_weights : (w0, w1), optional
        What a place labelled 0, an artefact, and one labelled 1, true geometry, weighs. By default both weigh 1.
    ignore : int, optional
        The label of places that do not count. None: all count.
    from_logits : bool
        Predictions are logits, any real numbers. Otherwise they are probabilities of label 1, held between
        ``keras.config.epsilon()`` and 1 less that.
    reduction : str, optional
        As Keras has them. A mean is taken over the places that count; as in Keras, weights do not change what it is
        divided by, unless ``"mean_with_sample_weight"`` divides by the sum of the sample weights.
    name, dtype
        As for any Keras loss.

    Shapes
    ------
    Labels and predictions: (B, ...) alike, with any number of axes; either may have a last axis of 1 more. Sample
    weights: (B,) or (B, ...). Without a reduction: (B, ...).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    Notes
    -----
    Labels between 0 and 1 are probabilities of label 1. A label that is neither in [0, 1] nor `ignore` makes the loss
    NaN: it is a mistake that would otherwise go unseen. If no place counts, the loss is 0 and so is its gradient.

    References
    ----------
    Bishop, C. M. (2006). Pattern Recognition and Machine Learning, equation 4.90.

    Examples
    --------
    >>> model = keras.Sequential([keras.Input((None, None, 3)), keras.layers.Conv2D(1, 1)])
    >>> model.compile("adam", MaskedBinaryCrossentropy(class_weights=(10.0, 1.0)))
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
        self.class_weights = checked_weights(self.name, class_weights, 2)

    def _losses(self, labels, scores, counted):
        odds = self._log_odds(scores)
        zero, one = self.class_weights or (1.0, 1.0)
        losses = one * labels * ops.softplus(-odds) + zero * (1 - labels) * ops.softplus(odds)
        return ops.where(counted, losses, 0)

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        return {**super().get_config(), "class_weights": self.class_weights}
