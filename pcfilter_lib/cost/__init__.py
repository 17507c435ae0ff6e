"""What a Keras model costs: its parameters, its multiplications, and the memory of its layers' outputs."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={"_table": ["Row", "Table", "table"]})
