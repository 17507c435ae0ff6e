"""Mean absolute error over the labelled places."""

from __future__ import annotations

from pcfilter_lib.losses._masked import MaskedLoss, keras, ops


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class MaskedMeanAbsoluteError(MaskedLoss):
    """The mean of ``|label - prediction|`` over the places whose label is finite.

    For completion, set the labels to NaN where the scan has measured: only what the network had to infer then counts,
    as in the shape completion of Dai et al. 2017.

    Parameters
    ----------
    reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`. A mean is taken over the places that count.

    Shapes
    ------
    Labels and predictions: (B, X, Y, Z) alike, or any number of axes from 1; either may have a last axis of 1 more.
    Sample weights: (B,) or (B, X, Y, Z). Without a reduction: the labels' shape, 0 where nothing counts.

    Raises
    ------
    InputError
        If shapes do not fit together.

    References
    ----------
    Dai, A., Qi, C. R. and Nießner, M. (2017). Shape completion using 3D-encoder-predictor CNNs and shape synthesis.
    CVPR.
    """

    def __init__(self, *, reduction: str | None = "sum_over_batch_size", name: str | None = None, dtype=None):
        super().__init__(ignore=None, from_logits=True, reduction=reduction, name=name, dtype=dtype)

    def _counted(self, labels):
        return ops.isfinite(labels)

    def _has_meaning(self, labels, scores):
        return ops.ones_like(labels, dtype="bool")

    def _losses(self, labels, scores, counted):
        return ops.where(counted, ops.abs(labels - scores), 0)

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        return {name: value for name, value in super().get_config().items() if name not in ("ignore", "from_logits")}
