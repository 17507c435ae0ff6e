"""A recurrent unit whose memory is a cube."""

from __future__ import annotations

import keras
from keras import layers, ops

from pcfilter_lib._arguments import whole_number


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class ConvGRU3D(keras.layers.Layer):
    """Read descriptions of pictures one after another into a cube of hidden states.

    In each cell of the cube works a gated recurrent unit. All cells read the same description, each with weights of
    its own; what it remembers and what it forgets depends on the cells around it as well, by a convolution. With the
    description x, the hidden states h, the reset gate r and the update gate u:

        u = sigmoid(W_u x + U_u * h + b_u),  r = sigmoid(W_r x + U_r * h + b_r),
        h <- (1 - u) h + u tanh(W_h x + U_h * (r h) + b_h).

    The last picture is not remembered like the first, so the result depends on the order of the pictures.

    Parameters
    ----------
    filters : int
        Hidden states of a cell.
    side : int, default 4
        Cells along each axis of the cube.
    kernel_size : int, default 3
        Of the convolutions of hidden states.

    Shapes
    ------
    Input (B, V, F): a description of each of V pictures. Output (B, side, side, side, filters): the states after the
    last one. V may change from batch to batch; B may be unknown.

    Raises
    ------
    InputError
        If an argument is not a whole number of 1 or more.

    References
    ----------
    Choy, C. B., Xu, D., Gwak, J., Chen, K. and Savarese, S. (2016). 3D-R2N2: a unified approach for single and
    multi-view 3D object reconstruction. ECCV, section 3.2.
    """

    GATES = ("update", "reset", "candidate")

    def __init__(self, filters: int, side: int = 4, kernel_size: int = 3, **kwargs):
        super().__init__(**kwargs)
        self.filters = whole_number("ConvGRU3D", "filters", filters)
        self.side = whole_number("ConvGRU3D", "side", side)
        self.kernel_size = whole_number("ConvGRU3D", "kernel_size", kernel_size)
        self._read, self._look = {}, {}

    def build(self, input_shape):
        """Create the layers of the three gates."""
        cube = (self.side,) * 3
        for gate in self.GATES:
            read = layers.Dense(self.side**3 * self.filters, dtype=self.dtype_policy, name=f"{gate}_read")
            read.build((None, input_shape[-1]))
            look = layers.Conv3D(
                self.filters, self.kernel_size, padding="same", use_bias=False, dtype=self.dtype_policy,
                name=f"{gate}_look",
            )  # fmt: skip
            look.build((None, *cube, self.filters))
            self._read[gate], self._look[gate] = read, look
        self.built = True

    def call(self, inputs):
        """Return the hidden states after the last picture."""
        batch, views = ops.shape(inputs)[0], ops.shape(inputs)[1]
        cube = (*(self.side,) * 3, self.filters)
        read = {gate: ops.reshape(self._read[gate](inputs), (batch, views, *cube)) for gate in self.GATES}
        stacked = ops.stack([ops.moveaxis(read[gate], 1, 0) for gate in self.GATES], axis=1)

        def step(hidden, gates):
            update = ops.sigmoid(gates[0] + self._look["update"](hidden))
            reset = ops.sigmoid(gates[1] + self._look["reset"](hidden))
            candidate = ops.tanh(gates[2] + self._look["candidate"](reset * hidden))
            hidden = (1 - update) * hidden + update * candidate
            return hidden, hidden

        start = ops.zeros((batch, *cube), dtype=stacked.dtype)
        return ops.scan(step, start, stacked)[0]

    def compute_output_shape(self, input_shape):
        """Return (B, side, side, side, filters)."""
        return (input_shape[0], *(self.side,) * 3, self.filters)

    def compute_output_spec(self, inputs, *args, **kwargs):
        """Return the output's shape and type without computing it."""
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self):
        """Return the arguments."""
        own = {"filters": self.filters, "side": self.side, "kernel_size": self.kernel_size}
        return {**super().get_config(), **own}
