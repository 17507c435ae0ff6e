"""Keras models, one architecture a file, and the loading of saved ones."""

import lazy_loader

from pcfilter_lib.errors import require

require("keras", "train")

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_load": ["load"],
        "wavenet": ["WaveNet"],
    },
)
