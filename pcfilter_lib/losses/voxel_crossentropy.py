"""Cross-entropy of volumes, each counting alike."""

from __future__ import annotations

from pcfilter_lib.losses._masked import keras, ops, rows
from pcfilter_lib.losses.binary_crossentropy import MaskedBinaryCrossentropy


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class VoxelBinaryCrossentropy(MaskedBinaryCrossentropy):
    """Binary cross-entropy of volumes: the mean over the voxels of each volume, then the reduction over volumes.

    What a voxel costs is that of :class:`MaskedBinaryCrossentropy`. There each voxel of a batch counts alike, so that
    a volume with few voxels that count has little to say; here each volume counts alike. Without a mask both are one.

    Parameters
    ----------
    class_weights : (w0, w1), optional
        What an empty voxel (label 0) and an occupied one (label 1) weighs. Brock et al. take (0.03, 0.97), since most
        voxels are empty.
    ignore, from_logits, reduction, name, dtype
        As for :class:`MaskedBinaryCrossentropy`. A mean is taken over the volumes of which a voxel counts.

    Shapes
    ------
    Labels and predictions: (B, D, H, W) alike, or any number of axes from 1; either may have a last axis of 1 more.
    Sample weights: (B,). Without a reduction: (B,).

    Raises
    ------
    InputError
        If an argument is not allowed, or shapes do not fit together.

    References
    ----------
    Brock, A., Lim, T., Ritchie, J. M. and Weston, N. (2016). Generative and discriminative voxel modeling with
    convolutional neural networks. arXiv:1608.04236, section 3.
    """

    _per_sample = True

    def _losses(self, labels, scores, counted):
        losses = rows(super()._losses(labels, scores, counted))
        voxels = ops.sum(ops.cast(rows(counted), losses.dtype), axis=1)
        return ops.sum(losses, axis=1) / ops.maximum(voxels, 1)
