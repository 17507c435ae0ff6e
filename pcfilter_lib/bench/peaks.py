"""What this machine can do at most: operations and bytes a second, measured rather than read in a data sheet."""

from __future__ import annotations

from pcfilter_lib.bench.devices import wait
from pcfilter_lib.bench.roofline import Roofline
from pcfilter_lib.bench.tf32 import tf32_allowed
from pcfilter_lib.bench.timing import measure

_SIZES = {"cpu": (1024, 1536, 2048), "gpu": (4096, 8192)}  # of square matrices
_STREAM = {"cpu": 2**26, "gpu": 2**28}  # numbers of 4 bytes, three times: more than any cache holds
_TYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16", "mixed_float16": "float16"}


def measured_peaks(precision: str = "float32", repeats: int = 7, tf32: bool | None = None) -> Roofline:
    """Measure what the device does at most, with the backend that Keras runs on.

    The product of two n x n matrices takes 2 n^3 operations and touches only 3 n^2 numbers, so that nothing but the
    arithmetic limits it. The sum of two long vectors takes one operation for three numbers that travel, so that
    nothing but the memory does. The best call counts, since whatever else the machine does can only slow it down.

    Parameters
    ----------
    precision : {"float32", "mixed_bfloat16", "mixed_float16"}, optional
        Of the matrices: a policy of Keras. The vectors are always of 4 bytes a number.
    repeats : int, optional
        Calls of each size.
    tf32 : bool, optional
        Whether float32 products may be computed in TF32 where the device has units for it; see
        :mod:`pcfilter_lib.bench.tf32`. By default, as the backend is set up.

    Returns
    -------
    Roofline

    References
    ----------
    Williams, S., Waterman, A. and Patterson, D. (2009). Roofline: an insightful visual performance model for multicore
    architectures. Communications of the ACM 52(4).
    McCalpin, J. D. (1995). Memory bandwidth and machine balance in current high performance computers. IEEE TCCA
    Newsletter.
    """
    from pcfilter_lib import frameworks

    if tf32 is not None:
        import keras

        with tf32_allowed(keras.backend.backend(), tf32):
            return measured_peaks(precision, repeats)
    kind = "cpu" if frameworks.device() == "cpu" else "gpu"
    rates = []
    for size in _SIZES[kind]:
        call = _product(size, _TYPES[precision])
        seconds = min(measure(call, repeats=repeats, most_seconds=4).seconds)
        rates.append(2 * size**3 / seconds)
    count = _STREAM[kind]
    seconds = min(measure(_sum(count), repeats=repeats, most_seconds=4).seconds)
    return Roofline(max(rates), 3 * 4 * count / seconds)


def _compiled(function):
    """Return the function, compiled as the backend compiles."""
    import keras

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        return jax.jit(function)
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(function, jit_compile=False)
    return function


def _product(size: int, dtype: str):
    from keras import ops, random

    a, b = (ops.cast(random.uniform((size, size), -1, 1, dtype="float32", seed=seed), dtype) for seed in (1, 2))
    multiply = _compiled(ops.matmul)
    return lambda: wait(multiply(a, b))


def _sum(count: int):
    from keras import ops

    a, b = ops.ones(count, "float32"), ops.zeros(count, "float32")
    add = _compiled(ops.add)
    return lambda: wait(add(a, b))
