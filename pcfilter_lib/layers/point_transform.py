"""A small network that turns a cloud, or its features, into a pose of its own choosing: PointNet's T-Net."""

from __future__ import annotations

import keras
from keras import layers, ops

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.layers.dense_global_max import DenseGlobalMax
from pcfilter_lib.regularizers import Orthogonality

_MOMENTUM = 0.9


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PointTransform(keras.layers.Layer):
    """Multiply each point's features by a matrix that is predicted from the whole cloud.

    A small PointNet predicts the matrix. Its last layer begins with the weights 0 and the identity as bias, so that an
    untrained transform changes nothing. Nothing keeps it from shrinking the cloud to a point later on but the penalty
    :class:`pcfilter_lib.regularizers.Orthogonality`, which is added to the loss.

    Parameters
    ----------
    widths : (int, ...), default (64, 128, 1024)
        Of the layers that the points share; the last one takes the maximum.
    head : (int, ...), default (512, 256)
        Of the dense layers after it.
    penalty : float, default 0.001
        How much the matrix' distance from an orthogonal one counts.

    Shapes
    ------
    Input and output (B, N, K); N may be unknown. `transform` returns the matrices, (B, K, K).

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR. Section 4.2 (joint alignment network), appendix C (sizes).
    """

    def __init__(
        self,
        widths: tuple[int, ...] = (64, 128, 1024),
        head: tuple[int, ...] = (512, 256),
        penalty: float = 0.001,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.widths = tuple(whole_number("PointTransform", "widths", width) for width in widths)
        self.head = tuple(whole_number("PointTransform", "head", width) for width in head)
        self.penalty = number_within("PointTransform", "penalty", penalty, 0, float("inf"), high_included=False)

    def build(self, input_shape):
        """Make the layers."""
        size = input_shape[-1]
        self._hidden, shape = [], input_shape
        largest = DenseGlobalMax(self.widths[-1], momentum=_MOMENTUM, name="largest")
        for layer in (*_dense("shared", self.widths[:-1]), largest, *_dense("head", self.head)):
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
            self._hidden.append(layer)
        # The identity is added in `transform`, not kept in a bias, so that a decay of weights pulls towards it.
        self._matrix = layers.Dense(size * size, kernel_initializer="zeros", name="matrix")
        self._matrix.build(shape)
        self._orthogonality = Orthogonality(self.penalty)

    def transform(self, inputs, training=False):
        """Return the matrix of each cloud, shape (B, K, K)."""
        features = inputs
        for layer in self._hidden:
            normalises = isinstance(layer, layers.BatchNormalization | DenseGlobalMax)
            features = layer(features, training=training) if normalises else layer(features)
        size = inputs.shape[-1]
        flat = ops.cast(self._matrix(features), "float32")
        return ops.reshape(flat, (-1, size, size)) + ops.eye(size)

    def call(self, inputs, training=False):
        """Return the points' features times the matrix of their cloud."""
        matrices = self.transform(inputs, training=training)
        if self.penalty:
            self.add_loss(self._orthogonality(matrices))
        return ops.matmul(inputs, ops.cast(matrices, inputs.dtype))

    def compute_output_shape(self, input_shape):
        """Return the input's shape."""
        return input_shape

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "widths": self.widths, "head": self.head, "penalty": self.penalty}


def _dense(name: str, widths: tuple[int, ...]) -> list[keras.layers.Layer]:
    """Return dense layers of these widths, each with its normalisation and a rectifier."""
    made = []
    for number, width in enumerate(widths):
        made += [
            layers.Dense(width, use_bias=False, kernel_initializer="he_normal", name=f"{name}_{number}"),
            layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_norm_{number}"),
            layers.ReLU(name=f"{name}_relu_{number}"),
        ]
    return made
