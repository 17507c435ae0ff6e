"""Training on several processes, on one host or on many: how they find each other, and who takes which examples.

Keras's own part is ``keras.distribution`` (on JAX). What is here is what it leaves to its user: starting processes,
giving each its part of a batch, and ending all of them when one fails.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_launch": ["free_port", "launch"],
        "_processes": ["ProcessInfo", "abort_on_failure", "shard", "start"],
    },
)
