"""Importing this module registers every custom class of the library with Keras.

``keras.saving.load_model`` finds custom classes only if their modules have been imported, and this library imports
lazily. :func:`pcfilter_lib.models.load` does it by itself; plain Keras needs ``import pcfilter_lib.register`` first.
"""

import importlib
import pkgutil

import pcfilter_lib
from pcfilter_lib.frameworks import import_keras

import_keras()

_PARTS = ("initializers", "layers", "losses", "metrics", "models", "optimizers", "regularizers")

for _part in pkgutil.iter_modules(pcfilter_lib.__path__, "pcfilter_lib."):
    if _part.name.rpartition(".")[2] in _PARTS:
        _module = importlib.import_module(_part.name)
        for _file in pkgutil.walk_packages(getattr(_module, "__path__", []), f"{_part.name}."):
            importlib.import_module(_file.name)
