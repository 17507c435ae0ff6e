"""A classifier of shapes that works on active voxels alone."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from pcfilter_lib import sparse
from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.layers import SparseConv3D, ViewPooling
from pcfilter_lib.models._blocks import Architecture
from pcfilter_lib.models.voxels.sparse_unet import convolutions, normalised


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class SparseClassifier(Architecture):
    """A logit for each class, of a shape given as active voxels.

    On each level two submanifold convolutions, then one of size and stride 2; on the last level a dense layer, the
    largest value of each feature over all voxels, and a classifier. Octree networks compute the same, with the levels
    of an octree in place of hash tables.

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
    dropout : float, default 0.4
        Dropout rate before the last layer, in [0, 1).

    Shapes
    ------
    Inputs, by name: ``features`` (B, N, channels), and the tables of :meth:`tables`, each with an axis for the batch
    in front (:func:`pcfilter_lib.sparse.stack_padded`). Output (B, classes): logits. N is free. Rows that were padded
    count nowhere.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Wang, P.-S., Liu, Y., Guo, Y.-X., Sun, C.-Y. and Tong, X. (2017). O-CNN: octree-based convolutional neural networks
    for 3D shape analysis. ACM Transactions on Graphics 36.

    Graham, B., Engelcke, M. and van der Maaten, L. (2018). 3D semantic segmentation with submanifold sparse
    convolutional networks. CVPR.
    """

    def __init__(
        self, classes: int, channels: int, depth: int = 3, base_filters: int = 16, dropout: float = 0.4, **kwargs
    ):
        config = {
            "classes": whole_number("SparseClassifier", "classes", classes),
            "channels": whole_number("SparseClassifier", "channels", channels),
            "depth": whole_number("SparseClassifier", "depth", depth, at_least=0),
            "base_filters": whole_number("SparseClassifier", "base_filters", base_filters),
            "dropout": number_within("SparseClassifier", "dropout", dropout, 0, 1, high_included=False),
        }
        inputs = {"features": keras.Input((None, channels), name="features")}
        for name, columns in _tables(depth).items():
            inputs[name] = keras.Input((None, columns), dtype="int32", name=name)
        features, width = inputs["features"], base_filters
        for level in range(depth):
            features = convolutions(features, inputs[f"neighbours_{level}"], width, f"level_{level}")
            width *= 2
            halved = SparseConv3D(width, 2, use_bias=False, name=f"halve_{level}")
            features = halved([features, inputs[f"children_{level}"]])
            features = normalised(features, inputs[f"neighbours_{level + 1}"], f"halve_{level}")
        near = inputs[f"neighbours_{depth}"]
        features = convolutions(features, near, width, f"level_{depth}")
        features = normalised(layers.Dense(2 * width, use_bias=False, name="wide")(features), near, "wide")
        shape = ViewPooling(name="all_voxels")([features, near[..., 13] >= 0])
        if dropout:
            shape = layers.Dropout(dropout, name="dropout")(shape)
        super().__init__(inputs, layers.Dense(classes, name="logits")(shape), **kwargs)
        self._config = config

    def tables(self, coordinates: np.ndarray) -> dict[str, np.ndarray]:
        """Return the tables of one shape: who is whose neighbour, and whose child.

        Parameters
        ----------
        coordinates : array-like of int, shape (N, 3)
            The active voxels, each once.

        Returns
        -------
        dict of numpy.ndarray of int32
            ``neighbours_0`` (N, 27) to ``neighbours_<depth>``, and for each step between two levels ``children_0``
            (N', 8) and so on.

        Raises
        ------
        InputError
            If the coordinates are not allowed.
        """
        depth = self._config["depth"]
        tables = sparse.unet_tables(coordinates, depth)
        return {name: tables[name] for name in _tables(depth)}


def _tables(depth: int) -> dict[str, int]:
    """Return the names of the tables and their numbers of columns."""
    steps = {
        name: columns
        for level in range(depth)
        for name, columns in ((f"neighbours_{level}", 27), (f"children_{level}", 8))
    }
    return {**steps, f"neighbours_{depth}": 27}
