"""U-Net on active voxels alone."""

from __future__ import annotations

import keras
from keras import layers

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.layers import SparseConv3D, SparseConv3DTranspose
from pcfilter_lib.models._blocks import MOMENTUM, Architecture


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SparseUNet(Architecture):
    """A logit for each class, at every active voxel.

    A U-Net whose convolutions are submanifold convolutions: on each level of the encoder two of them, and one of size
    and stride 2; on each level of the decoder a transposed one, the features of the encoder beside it, and two more.
    Which voxels are neighbours does not depend on weights and is computed before.

    Parameters
    ----------
    classes : int
        Of the output.
    channels : int
        Of the input.
    depth : int, default 3
        How many times the resolution is halved.
    base_filters : int, default 16
        Features on the first level; each further one has twice as many.

    Shapes
    ------
    Inputs, by name: ``features`` (B, N, channels), and the tables of :func:`pcfilter_lib.sparse.unet_tables`, each with
    an axis for the batch in front (:func:`pcfilter_lib.sparse.stack_padded`). Output (B, N, classes): logits. N is
    free. Rows that were padded count in no mean and no variance; what is predicted for them means nothing.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Graham, B., Engelcke, M. and van der Maaten, L. (2018). 3D semantic segmentation with submanifold sparse
    convolutional networks. CVPR.
    """

    def __init__(self, classes: int, channels: int, depth: int = 3, base_filters: int = 16, **kwargs):
        config = {
            "classes": whole_number("SparseUNet", "classes", classes),
            "channels": whole_number("SparseUNet", "channels", channels),
            "depth": whole_number("SparseUNet", "depth", depth, at_least=0),
            "base_filters": whole_number("SparseUNet", "base_filters", base_filters),
        }
        inputs = {"features": keras.Input((None, channels), name="features")}
        for level in range(depth):
            inputs[f"neighbours_{level}"] = _table(f"neighbours_{level}", 27)
            inputs[f"children_{level}"] = _table(f"children_{level}", 8)
            inputs[f"parents_{level}"] = _table(f"parents_{level}")
            inputs[f"positions_{level}"] = _table(f"positions_{level}")
        inputs[f"neighbours_{depth}"] = _table(f"neighbours_{depth}", 27)
        near = [inputs[f"neighbours_{level}"] for level in range(depth + 1)]
        widths = [base_filters * 2**level for level in range(depth + 1)]

        features, encoded = inputs["features"], []
        for level in range(depth):
            features = convolutions(features, near[level], widths[level], f"down_{level}")
            encoded.append(features)
            halved = SparseConv3D(widths[level + 1], 2, use_bias=False, name=f"halve_{level}")
            features = halved([features, inputs[f"children_{level}"]])
            features = normalised(features, near[level + 1], f"halve_{level}")
        features = convolutions(features, near[depth], widths[depth], "bottleneck")
        for level in reversed(range(depth)):
            doubled = SparseConv3DTranspose(widths[level], use_bias=False, name=f"double_{level}")
            features = doubled([features, inputs[f"parents_{level}"], inputs[f"positions_{level}"]])
            features = normalised(features, near[level], f"double_{level}")
            features = layers.Concatenate(name=f"beside_{level}")([encoded[level], features])
            features = convolutions(features, near[level], widths[level], f"up_{level}")
        super().__init__(inputs, layers.Dense(classes, name="logits")(features), **kwargs)
        self._config = config


def _table(name: str, *columns: int):
    return keras.Input((None, *columns), dtype="int32", name=name)


def convolutions(features, near, filters: int, name: str):
    """Return features after two submanifold convolutions, each with its normalisation and a rectifier."""
    for number in (1, 2):
        features = SparseConv3D(filters, use_bias=False, name=f"{name}_{number}")([features, near])
        features = normalised(features, near, f"{name}_{number}")
    return features


def normalised(features, near, name: str):
    """Return features normalised over the rows that are voxels, each its own neighbour, and rectified."""
    features = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(features, mask=near[..., 13] >= 0)
    return layers.ReLU(name=f"{name}_relu")(features)
