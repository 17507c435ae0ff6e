"""Products of a kernel with the neighbours that a table lists, without ever holding all neighbours at once."""

from __future__ import annotations

import keras
from keras import ops

#: The neighbours of so many outputs are looked up at once: what they hold stays in the processor's cache.
HELD = 1024
#: So many pieces are looked up side by side, on several cores.
BESIDE = 2


def neighbour_product(features, table, kernel):
    """Return, for each row of a table, the neighbours' features in one row, times a kernel.

    Parameters
    ----------
    features : (R, C)
    table : (M, K) of int32
        Rows of `features`, -1 for no neighbour.
    kernel : (K * C, F)

    Returns
    -------
    (M, F)
        Of the type of the features.
    """
    kernel = ops.cast(kernel, features.dtype)
    if keras.backend.backend() == "tensorflow":
        return _tensorflow(features, table, kernel)
    padded = ops.pad(features, [[0, 1], [0, 0]])  # -1 is the last row, which is zero
    rows, columns = ops.shape(table)

    def product(some):
        return _rows(ops.take(padded, some, axis=0), kernel)

    if rows <= HELD:
        return product(table)
    pieces = ops.reshape(ops.pad(table, [[0, -rows % HELD], [0, 0]]), (-1, HELD, columns))
    return ops.reshape(ops.map(product, pieces), (-1, kernel.shape[-1]))[:rows]


def _rows(near, kernel):
    """Return neighbours, (H, K, C), in one row each, times the kernel."""
    return ops.matmul(ops.reshape(near, (-1, kernel.shape[0])), kernel)


def _tensorflow(features, table, kernel):
    """Return the product. Its gradient looks the neighbours up again: kept, they would take K times the features."""
    import tensorflow as tf

    number, (columns, channels, filters) = tf.shape(table)[0], (table.shape[1], features.shape[1], kernel.shape[1])
    held = min(table.shape[0], HELD) if table.shape[0] else tf.minimum(number, HELD)
    starts = tf.range(0, number, HELD)

    def rows_from(start, missing):
        some = tf.slice(table, [tf.minimum(start, number - held), 0], [held, columns])  # the last one begins earlier
        return tf.where(some < 0, missing, some)

    @tf.custom_gradient
    def product(features, kernel):
        padded, missing = tf.pad(features, [[0, 1], [0, 0]]), tf.shape(features)[0]  # the last row is zero

        def piece(start):
            return _rows(tf.gather(padded, rows_from(start, missing)), kernel)

        def gradient(upstream):
            def step(start, of_features, of_kernel):
                rows = rows_from(start, missing)
                own = upstream[start : start + HELD]
                own = tf.pad(own, [[held - tf.shape(own)[0], 0], [0, 0]])  # rows of two pieces count once
                near = tf.reshape(tf.gather(padded, rows), (-1, columns * channels))
                back = tf.reshape(tf.matmul(own, kernel, transpose_b=True), (-1, channels))
                of_features = tf.tensor_scatter_nd_add(of_features, tf.reshape(rows, (-1, 1)), back)
                return start + HELD, of_features, of_kernel + tf.matmul(near, own, transpose_a=True)

            begin = (tf.constant(0), tf.zeros_like(padded), tf.zeros_like(kernel))
            found = tf.while_loop(lambda start, *_: start < number, step, begin, parallel_iterations=1)
            return found[1][:-1], found[2]

        kind = tf.TensorSpec((None, filters), features.dtype)
        beside = 1 if tf.executing_eagerly() else BESIDE  # TensorFlow warns of what has no effect
        pieces = tf.map_fn(piece, starts, parallel_iterations=beside, fn_output_signature=kind)
        return _joined(tf, pieces, number - tf.maximum(tf.size(starts) - 1, 0) * HELD), gradient

    return product(features, kernel)


def _joined(tf, pieces, new):
    """Return pieces as one, of the last piece only so many new rows at its end."""
    filters = pieces.shape[-1]
    last = tf.reshape(pieces[-1:], (-1, filters))  # there may be none
    return tf.concat([tf.reshape(pieces[:-1], (-1, filters)), last[tf.shape(last)[0] - new :]], axis=0)
