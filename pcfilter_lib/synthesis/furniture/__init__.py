"""Parametric furniture in the ten classes of ModelNet10, with numbered pieces."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={"catalogue": ["FURNITURE", "FURNITURE_PIECES", "furniture_clouds", "make_furniture"]},
)
