"""Intersections over unions: of classes, and of volumes."""

from __future__ import annotations

from typing import Any

from pcfilter_lib._label_shapes import fitted_weight
from pcfilter_lib.metrics._streaming import StreamingMetric, checked_threshold, is_one, keras, ops
from pcfilter_lib.metrics._tally import Tally
from pcfilter_lib.metrics.confusion import ConfusionMetric, RateMetric, quotient


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class IoU(RateMetric):
    """Intersection over union of one class: TP / (TP + FP + FN), the Jaccard index.

    Parameters
    ----------
    positive, classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Precision`. For every class at once, see :meth:`~pcfilter_lib.metrics.ConfusionMetric.report`.

    References
    ----------
    Everingham, M., Eslami, S. M. A., Van Gool, L., Williams, C. K. I., Winn, J. and Zisserman, A. (2015). The Pascal
    visual object classes challenge: a retrospective. IJCV 111, section 3.
    """

    _default_name = _rate = "iou"


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class MeanIoU(ConfusionMetric):
    """The mean intersection over union of the classes that occur, among labels or predictions.

    Parameters
    ----------
    classes, threshold, from_logits, ignore, name, dtype
        As for :class:`Accuracy`.

    References
    ----------
    Long, J., Shelhamer, E. and Darrell, T. (2015). Fully convolutional networks for semantic segmentation. CVPR,
    section 5.
    """

    _default_name = "mean_iou"

    def _of_matrix(self, matrix):
        right = ops.diagonal(matrix)
        wrong = matrix * (1 - ops.eye(self._side, dtype="float32"))
        union = right + ops.sum(wrong, axis=0) + ops.sum(wrong, axis=1)
        each = ops.where(union > 0, quotient(right, union), 0)
        return quotient(ops.sum(each), ops.sum(ops.cast(union > 0, "float32")))


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class IoU3D(StreamingMetric):
    """The intersection over union of the occupied voxels of a volume, averaged over volumes.

    Each volume counts alike, the small ones too; :class:`IoU` takes the voxels of all volumes together. A volume with
    no voxel occupied, nor predicted so, has none and is not counted.

    Parameters
    ----------
    threshold : float
        The probability from which on a voxel is predicted as occupied, label 1. Choy et al. take 0.4.
    from_logits, ignore, name, dtype
        As for :class:`Accuracy`.

    Shapes
    ------
    Labels and predictions: (B, D, H, W) alike, or with any number of axes; either may have a last axis of 1 more.
    Predictions of whole numbers or truth values are decisions already. Sample weights: (B,).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    References
    ----------
    Choy, C. B., Xu, D., Gwak, J., Chen, K. and Savarese, S. (2016). 3D-R2N2: a unified approach for single and
    multi-view 3D object reconstruction. ECCV, section 5.
    """

    def __init__(
        self,
        threshold: float = 0.5,
        *,
        from_logits: bool = True,
        ignore: int | None = 255,
        name: str | None = None,
        dtype=None,
    ):
        super().__init__(from_logits=from_logits, ignore=ignore, name=name or "iou_3d", dtype=dtype)
        self.threshold = checked_threshold(self.name, threshold)
        self._tally = Tally(self, (2,))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch of volumes.

        Parameters
        ----------
        y_true, y_pred : (B, ...) array
            Labels, and logits or probabilities.
        sample_weight : (B,) array, optional
            What each volume counts instead of 1.
        """
        labels, scores, counted = self._two_classes(y_true, y_pred)
        found = ops.logical_and(is_one(scores, self.threshold, self.from_logits), counted)
        there = ops.logical_and(ops.equal(labels, 1), counted)
        both, either = (
            ops.sum(ops.reshape(ops.cast(here, "int32"), (ops.shape(here)[0], -1)), axis=1)
            for here in (ops.logical_and(found, there), ops.logical_or(found, there))
        )
        weight = ops.cast(either > 0, "float32")
        if sample_weight is not None:
            given = ops.convert_to_tensor(sample_weight, dtype="float32")
            weight = weight * fitted_weight(self.name, given, 1, "one weight a volume, of shape (B,)")
        overlap = ops.cast(both, "float32") / ops.cast(ops.maximum(either, 1), "float32")
        self._tally.add(ops.stack([ops.sum(overlap * weight), ops.sum(weight)]))

    def _figure(self):
        total = self._tally.value()
        return quotient(total[0], total[1])

    def get_config(self) -> dict:
        """Return what makes an equal metric."""
        return {**super().get_config(), "threshold": self.threshold}
