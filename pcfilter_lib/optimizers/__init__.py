"""Optimisers that Keras lacks, one a file, on any backend (TensorFlow, JAX, PyTorch)."""

import lazy_loader

from pcfilter_lib.frameworks import import_keras

import_keras()

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"lookahead": ["Lookahead"], "radam": ["RAdam"], "ranger": ["Ranger"]},
)
