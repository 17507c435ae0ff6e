"""Features looked up in a table that has holes."""

from __future__ import annotations

from keras import ops

from pcfilter_lib.layers._neighbours import gather


def gather_or_zero(features, table):
    """Return the features of the rows in a table, zeros where it holds -1: (B, N, C) and (B, ...) give (B, ..., C)."""
    number = ops.shape(features)[1]
    padded = ops.pad(features, [[0, 0], [0, 1], [0, 0]])
    return gather(padded, ops.where(table < 0, ops.cast(number, table.dtype), table))
