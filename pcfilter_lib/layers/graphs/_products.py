"""Matrix products that do not depend on the place of a row."""

from __future__ import annotations

from keras import ops

#: Rows are filled up to a multiple of this: fast kernels treat so many at a time, and round what is left differently.
BLOCK = 16


def row_product(features, kernel):
    """Return features (B, N, C) times a kernel (C, F), such that equal rows have equal bits, wherever they stand."""
    shape, channels = ops.shape(features), features.shape[-1]
    rows = ops.reshape(features, (-1, channels))
    count = ops.shape(rows)[0]
    rows = ops.concatenate([rows, ops.zeros((-count % BLOCK, channels), dtype=rows.dtype)], axis=0)
    return ops.reshape(ops.matmul(rows, kernel)[:count], (*shape[:-1], kernel.shape[-1]))
