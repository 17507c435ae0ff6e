"""From maps of a picture to a small cube of features."""

from __future__ import annotations

import keras
from keras import ops

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.errors import InputError

ORDERS = ("channels_last", "channels_first")


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class PictureToCube(keras.layers.Layer):
    """Reshape the feature maps of a picture into a cube of `side` x `side` x `side` cells.

    Nothing is computed and no value is lost: a map of 8 x 8 values becomes eight features in each of 2 x 2 x 2 cells.
    Which value becomes which depends on the order of the axes. With 256 maps of 8 x 8 and a side of 2:

    - ``"channels_first"``, as PyTorch reshapes (256, 8, 8) to (2048, 2, 2, 2): feature m of the cell (i, j, k) is the
      value of map ``m // 8`` in row ``m % 8`` and column ``4 i + 2 j + k``. The three axes of the cube are the three
      bits of a column.
    - ``"channels_last"``, as Keras reshapes (8, 8, 256) to (2, 2, 2, 2048): the cell (i, j, k) holds row
      ``4 i + 2 j + k`` of all maps.

    Parameters
    ----------
    side : int, default 2
        Cells along each axis.
    order : {"channels_last", "channels_first"}, default "channels_last"

    Shapes
    ------
    Input (B, H, W, C), output (B, side, side, side, H W C / side^3).

    Raises
    ------
    InputError
        If an argument is not allowed, or the values of a map (its rows, with channels last) cannot be distributed.

    References
    ----------
    Xie, H., Yao, H., Sun, X., Zhou, S. and Zhang, S. (2019). Pix2Vox: context-aware 3D reconstruction from single and
    multi-view images. ICCV.
    """

    def __init__(self, side: int = 2, order: str = "channels_last", **kwargs):
        super().__init__(**kwargs)
        self.side = whole_number("PictureToCube", "side", side)
        self.order = one_of("PictureToCube", "order", order, ORDERS)

    def build(self, input_shape):
        """Check that the maps can be distributed."""
        _, height, width, channels = input_shape
        cells = self.side**3
        if None in (height, width, channels) or (height * width * channels) % cells:
            problem = f"maps of {height} x {width} x {channels} are not a multiple of {cells} values"
            raise InputError("PictureToCube", "inputs", problem, "choose another size or number of channels")
        self.built = True

    def call(self, inputs):
        """Return the cube."""
        shape = self.compute_output_shape(inputs.shape)[1:]
        if self.order == "channels_last":
            return ops.reshape(inputs, (-1, *shape))
        first = ops.reshape(ops.transpose(inputs, (0, 3, 1, 2)), (-1, shape[-1], *shape[:-1]))
        return ops.transpose(first, (0, 2, 3, 4, 1))

    def compute_output_shape(self, input_shape):
        """Return (B, side, side, side, features)."""
        batch, height, width, channels = input_shape
        return (batch, *(self.side,) * 3, height * width * channels // self.side**3)

    def get_config(self):
        """Return the arguments."""
        return {**super().get_config(), "side": self.side, "order": self.order}
