"""What a benchmark asks of the device: to wait for it, its name, and how much memory it took."""

from __future__ import annotations

import sys
from typing import Any


def wait(outputs: Any) -> Any:
    """Return some outputs when they are computed, as a benchmark must before it stops the clock.

    JAX always, and every framework on a GPU, returns at once with a promise and computes on.

    Parameters
    ----------
    outputs : array, or nested lists, tuples and dictionaries of them
        Of any framework.

    Returns
    -------
    the same
    """
    if isinstance(outputs, dict):
        wait(list(outputs.values()))
    elif isinstance(outputs, list | tuple):
        for each in outputs:
            wait(each)
    elif hasattr(outputs, "block_until_ready"):  # JAX
        outputs.block_until_ready()
    elif type(outputs).__module__.split(".")[0] in ("torch", "tensorflow"):
        barrier()
    return outputs


def barrier() -> None:
    """Return when the devices have finished everything that was asked of them so far, in any framework.

    Frameworks that were not imported are not.
    """
    if jax := sys.modules.get("jax"):
        # A device computes in the order in which it is asked, so a sum at the end of the queue waits for all before it,
        # also for results that nobody kept.
        for device in jax.local_devices():
            (jax.device_put(0.0, device) + 1).block_until_ready()
        jax.effects_barrier()
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    if torch and hasattr(torch, "mps") and torch.backends.mps.is_available():
        torch.mps.synchronize()
    if tensorflow := sys.modules.get("tensorflow"):
        tensorflow.test.experimental.sync_devices()


def device_name(backend: str) -> str:
    """Return the name of the device that a backend computes on, as its maker sells it where that is known."""
    from pcfilter_lib.provenance import processor

    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return processor() if device.platform == "cpu" else device.device_kind
    if backend == "torch":
        import torch

        if torch.cuda.is_available():
            return torch.cuda.get_device_name()
        return "Apple GPU" if torch.backends.mps.is_available() else processor()
    if backend == "tensorflow":
        import tensorflow as tf

        if gpus := tf.config.list_physical_devices("GPU"):
            return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")
    return processor()


def most_memory(backend: str) -> int | None:
    """Return the most bytes that this process has held so far, on the GPU if there is one.

    Otherwise in the machine's memory. Where neither can be asked (a processor under Windows), None.
    """
    from pcfilter_lib import frameworks

    if backend in frameworks.BACKENDS and frameworks.device() == "gpu":
        if backend == "jax":
            import jax

            return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
        if backend == "torch":
            import torch

            return torch.cuda.max_memory_allocated()
        import tensorflow as tf

        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    try:
        import resource
    except ImportError:  # Windows
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
