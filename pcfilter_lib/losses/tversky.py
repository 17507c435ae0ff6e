"""The Tversky loss."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pcfilter_lib._arguments import number_within
from pcfilter_lib.losses._masked import keras, ops
from pcfilter_lib.losses._overlap import OverlapLoss


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class TverskyLoss(OverlapLoss):
    """1 less the soft Tversky index of a class, for each sample, with a mask.

    With the probabilities p of the class and g = 1 where it is, a sample costs
    ``1 - (sum(p g) + s) / (sum(p g) + alpha sum(p (1 - g)) + beta sum((1 - p) g) + s)``.

    Parameters
    ----------
    alpha : float
        The weight of what is predicted and not there, 0 or more.
    beta : float
        The weight of what is there and missed, 0 or more. The paper found 0.3 and 0.7 best for small lesions. Both
        1/2: Dice without its squares; both 1: intersection over union.
    positive, classes, class_weights
        As for :class:`DiceLoss`.
    smooth : float
        s, of 1e-7 or more; see :class:`DiceLoss`.
    ignore, from_logits, reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`. A mean is taken over the samples of which a place counts.

    Shapes
    ------
    As for :class:`DiceLoss`.

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    References
    ----------
    Salehi, S. S. M., Erdogmus, D. and Gholipour, A. (2017). Tversky loss function for image segmentation using 3D
    fully convolutional deep networks. MLMI, equations 1 and 2.
    """

    def __init__(
        self,
        alpha: float = 0.3,
        beta: float = 0.7,
        *,
        positive: int = 1,
        classes: int | None = None,
        class_weights: Sequence[float] | None = None,
        smooth: float = 1.0,
        ignore: int | None = 255,
        from_logits: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(
            positive=positive,
            classes=classes,
            class_weights=class_weights,
            smooth=smooth,
            ignore=ignore,
            from_logits=from_logits,
            reduction=reduction,
            name=name,
            dtype=dtype,
        )
        self.alpha = number_within(self.name, "alpha", alpha, 0, math.inf, high_included=False)
        self.beta = number_within(self.name, "beta", beta, 0, math.inf, high_included=False)

    def _overlap(self, found, there):
        both = ops.sum(found * there, axis=1)
        # Not sum(p) - both: a difference of large sums would lose what is small. `there` is 0 where nothing counts.
        invented = ops.sum(found * (1 - there), axis=1)
        missed = ops.sum((1 - found) * there, axis=1)
        return (both + self.smooth) / (both + self.alpha * invented + self.beta * missed + self.smooth)

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        return {**super().get_config(), "alpha": self.alpha, "beta": self.beta}
