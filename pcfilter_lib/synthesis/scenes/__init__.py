"""Parts, their materials, and scenes in which they have come to rest."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "building": ["build_scene"],
        "parts": ["KINDS", "folder_parts", "make_part"],
        "shapes": ["blocks", "revolve"],
        "solid": ["Body", "Material", "Scene", "Solid"],
    },
)
