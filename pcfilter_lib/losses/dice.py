"""The soft Dice loss."""

from __future__ import annotations

from collections.abc import Sequence

from pcfilter_lib.losses._masked import keras, ops
from pcfilter_lib.losses._overlap import OverlapLoss


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class DiceLoss(OverlapLoss):
    """1 less the soft Dice coefficient of a class, for each sample, with a mask.

    With the probabilities p of the class and g = 1 where it is, a sample costs
    ``1 - (2 sum(p g) + s) / (sum(p^2) + sum(g^2) + s)``. How many places are of another class does not matter.

    Parameters
    ----------
    positive : {1, 0}
        The label of the class that is measured: 1 true geometry, 0 artefact. Not used with `classes`.
    classes : int, optional
        C, for several classes from integer labels: the mean of their coefficients.
    class_weights : (C,) sequence of float, optional
        The weights of that mean, by label. By default all weigh 1.
    smooth : float
        s, of 1e-7 or more. The paper has none; 1e-7 is the paper's formula but for rounding, and then a sample
        without the class costs 1 however little of it is predicted, with hardly a gradient. 1 costs such a sample
        ``sum(p^2) / (sum(p^2) + 1)``.
    ignore, from_logits, reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`. A mean is taken over the samples of which a place counts.

    Shapes
    ------
    Labels and predictions as for :class:`MaskedBinaryCrossentropy`; with `classes`, as for
    :class:`MaskedCategoricalCrossentropy`. Sample weights: (B,). Without a reduction: (B,).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    References
    ----------
    Milletari, F., Navab, N. and Ahmadi, S.-A. (2016). V-Net: fully convolutional neural networks for volumetric
    medical image segmentation. 3DV, section 3.
    """

    def __init__(
        self,
        positive: int = 1,
        *,
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

    def _overlap(self, found, there):
        both = ops.sum(found * there, axis=1)
        squares = ops.sum(ops.square(found), axis=1) + ops.sum(ops.square(there), axis=1)
        return (2 * both + self.smooth) / (squares + self.smooth)
