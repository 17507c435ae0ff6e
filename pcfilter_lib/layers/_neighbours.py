"""Who is near whom: tables of neighbours, and what is looked up in them."""

from __future__ import annotations

import keras
from keras import ops


def squared_distances(queries, points):
    """Return squared distances, (B, M, N), from differences: exact also far from the origin, for a few coordinates."""
    total = 0.0
    for axis in range(points.shape[-1]):
        difference = queries[:, :, None, axis] - points[:, None, :, axis]
        total = total + difference * difference
    return total


def smallest(values, count: int):
    """Return the `count` smallest values along the last axis, ascending, and where they are.

    Parameters
    ----------
    values : (B, M, N)
        N may be unknown, or smaller than `count`.

    Returns
    -------
    (B, M, count)
        Where there are too few, infinity fills up.
    (B, M, count) of int32
        Where there are too few, the first place again.
    """
    number, scores = ops.shape(values)[-1], -ops.stop_gradient(values)
    enough = values.shape[-1] is not None and values.shape[-1] >= count
    if not enough:
        scores = ops.pad(scores, [[0, 0], [0, 0], [0, count]], constant_values=float("-inf"))
    found, places = _unsliced(ops.top_k(scores, count))
    places = ops.cast(places, "int32")
    return -found, places if enough else ops.where(places < number, places, places[..., :1])


def _unsliced(largest):
    """Keep slices of the largest k values away from JAX's compiler.

    XLA recognises the largest k of a row only where nothing slices them; else it sorts the whole row, which takes 20
    times as long.
    """
    if keras.backend.backend() != "jax":
        return largest
    import jax

    return jax.lax.optimization_barrier(tuple(largest))


def nearest(features, count: int):
    """Return the table of each row's nearest rows, itself among them, (B, N, count) of int32, by one product."""
    features = ops.stop_gradient(ops.cast(features, "float32"))
    features = features - ops.mean(features, axis=1, keepdims=True)  # small numbers lose fewer digits
    norms = ops.sum(features * features, axis=-1)
    return smallest(norms[:, None, :] - 2 * ops.matmul(features, ops.swapaxes(features, 1, 2)), count)[1]


def flat_rows(table, number):
    """Return a table of rows, (B, ...), as rows of all clouds one after the other: `number` rows each."""
    shape = (-1, *[1] * (len(table.shape) - 1))
    return table + ops.reshape(ops.arange(ops.shape(table)[0], dtype="int32") * number, shape)


def gather(features, table):
    """Return the features of the rows in a table: (B, N, C) and (B, ...) give (B, ..., C)."""
    channels = features.shape[-1]
    # Rows of one long list: no backend needs an index for each feature.
    rows = ops.reshape(features, (-1, channels))
    return ops.take(rows, flat_rows(table, ops.shape(features)[1]), axis=0)
