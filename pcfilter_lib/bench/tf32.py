"""TensorFloat-32: float32 on the matrix units of recent NVIDIA GPUs, with 10 of its 23 bits of fraction.

Not every float32 is computed as such. From the Ampere generation on, TensorFlow and JAX round the inputs of float32
products and convolutions by default, PyTorch those of convolutions only. It is several times as fast, so a result
cannot be held against a peak without knowing which of the two it is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_AMPERE = (8, 0)  # the first compute capability with such units
_JAX_FULL = {"highest", "float32"}  # names of JAX's precisions that round nothing


def device_has_tf32(backend: str) -> bool:
    """Return whether the device that a backend computes on has units for TF32."""
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
        return details.get("compute_capability", (0, 0)) >= _AMPERE
    if backend == "jax":
        import jax

        return _capability(getattr(jax.devices()[0], "compute_capability", "")) >= _AMPERE
    if backend == "torch":
        import torch

        usable = torch.cuda.is_available() and torch.version.hip is None
        return usable and torch.cuda.get_device_capability() >= _AMPERE
    return False


def tf32_in_use(backend: str) -> bool:
    """Return whether float32 products or convolutions of this process may be computed in TF32.

    Parameters
    ----------
    backend : str
        Of Keras, or "numpy".

    Returns
    -------
    bool
        False on every device without such units, whatever the settings.
    """
    return device_has_tf32(backend) and _setting(backend)


@contextlib.contextmanager
def tf32_allowed(backend: str, allowed: bool) -> Iterator[None]:
    """Allow or forbid TF32 within a ``with`` block, for functions that are traced in it.

    Parameters
    ----------
    backend : {"tensorflow", "jax", "torch"}
    allowed : bool
    """
    if backend == "jax":
        import jax

        with jax.default_matmul_precision("tensorfloat32" if allowed else "float32"):
            yield
        return
    if backend == "tensorflow":
        import tensorflow as tf

        places = [(tf.config.experimental.enable_tensor_float_32_execution, _setting(backend))]
    else:
        import torch

        flags = torch.backends.cuda.matmul, torch.backends.cudnn
        places = [(lambda value, flag=flag: setattr(flag, "allow_tf32", value), flag.allow_tf32) for flag in flags]
    try:
        for change, _ in places:
            change(allowed)
        yield
    finally:
        for change, before in places:
            change(before)


def _setting(backend: str) -> bool:
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.config.experimental.tensor_float_32_execution_enabled()
    if backend == "jax":
        import jax

        return str(jax.config.jax_default_matmul_precision).lower() not in _JAX_FULL
    import torch

    return torch.backends.cuda.matmul.allow_tf32 or torch.backends.cudnn.allow_tf32


def _capability(text: str) -> tuple[int, ...]:
    """Return a compute capability such as "9.0" as numbers; (0, 0) for what is none, such as AMD's "gfx942"."""
    parts = str(text).split(".")
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdecimal() for part in parts) else (0, 0)
