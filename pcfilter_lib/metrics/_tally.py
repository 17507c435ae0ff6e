"""Counters that stay exact however much is counted, on backends without 64-bit integers too."""

from __future__ import annotations

from typing import Any

import numpy as np

from pcfilter_lib.frameworks import import_keras

keras = import_keras()
ops = keras.ops

#: How many units make a carry. A float32 counter stops at 2^24, and JAX has 32-bit integers unless told otherwise: so
#: a count is carries * 2^16 + units + fraction, exact below 2^47. Sums over up to 2^14 counters fit in int32 as well.
_CARRY = 2**16

#: Above so many cells, counting by comparing every value with every cell costs more than scattering.
_FEW = 4

#: Among how many partial sums the values of a cell are dealt out, so that float32 weights are not summed one by one.
_LANES = 1024


def count(cell: Any, cells: int, weight: Any = None) -> Any:
    """Return how many values lie in each cell, or what they weigh.

    Parameters
    ----------
    cell : tensor of int32, any shape
        The cell of each value; values of other cells than 0 to `cells` - 1 are not counted.
    cells : int
        How many there are.
    weight : tensor of float32, optional
        Of `cell`'s shape.

    Returns
    -------
    (cells,) tensor of int32, or of float32 with weights.
    """
    if cells <= _FEW:
        of_each = [ops.equal(cell, each) for each in range(cells)]
        if weight is None:
            return ops.stack([ops.cast(ops.sum(ops.cast(here, "int32")), "int32") for here in of_each])
        return ops.stack([ops.sum(ops.where(here, weight, 0)) for here in of_each])
    cell = ops.reshape(cell, (-1,))
    cell = ops.where(ops.logical_and(cell >= 0, cell < cells), cell, cells)
    if weight is None:
        return ops.cast(ops.segment_sum(ops.ones_like(cell), cell, num_segments=cells + 1)[:cells], "int32")
    lanes = max(1, min(_LANES, 2**20 // cells))
    lane = ops.cast(ops.arange(ops.shape(cell)[0]), "int32") % lanes
    sums = ops.segment_sum(ops.reshape(weight, (-1,)), cell * lanes + lane, num_segments=(cells + 1) * lanes)
    return ops.sum(ops.reshape(sums, (cells + 1, lanes))[:cells], axis=1)


class Tally:
    """A table of counters in a metric's state.

    Parameters
    ----------
    metric : keras.metrics.Metric
        Which owns the variables, and resets them.
    shape : tuple of int
        Of the table.
    """

    def __init__(self, metric: keras.metrics.Metric, shape: tuple[int, ...]):
        self.shape = shape
        self._carries = metric.add_variable(shape, "zeros", dtype="int32", name="carries")
        self._units = metric.add_variable(shape, "zeros", dtype="int32", name="units")
        self._fractions = metric.add_variable(shape, "zeros", dtype="float32", name="fractions")

    def add(self, counts: Any) -> None:
        """Add a table of counts, int32 or float32."""
        counts = ops.reshape(counts, self.shape)
        if keras.backend.is_float_dtype(counts.dtype):
            carries = ops.floor(counts / _CARRY)
            rest = ops.add(self._fractions, counts - carries * _CARRY)
            self._carries.assign(ops.add(self._carries, ops.cast(carries, "int32")))
            counts = ops.floor(rest)
            self._fractions.assign(rest - counts)
            counts = ops.cast(counts, "int32")
        units = ops.add(self._units, counts)
        self._carries.assign(ops.add(self._carries, units // _CARRY))
        self._units.assign(units % _CARRY)

    def value(self) -> Any:
        """Return the table as float32, each number rounded by itself."""
        return self._joined(self._carries, self._units, self._fractions)

    def cumulated(self) -> Any:
        """Return the sums down the first axis, up to each row, as float32: of whole numbers, exact but for rounding."""
        return self._joined(*(ops.cumsum(part, axis=0) for part in (self._carries, self._units, self._fractions)))

    def numbers(self) -> np.ndarray:
        """Return the table as int64, or as float64 if weights left fractions."""
        carries, units, fractions = (
            ops.convert_to_numpy(part) for part in (self._carries, self._units, self._fractions)
        )
        whole = carries.astype(np.int64) * _CARRY + units
        return whole + fractions.astype(np.float64) if fractions.any() else whole

    @staticmethod
    def _joined(carries, units, fractions):
        return ops.cast(carries, "float32") * _CARRY + ops.cast(units, "float32") + fractions
