"""Pictures of shapes: cameras around them, surfaces by rays, and clouds as spheres."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "cameras": ["look_at", "turntable"],
        "rendered": ["Pictures"],
        "spheres": ["splat"],
        "surfaces": ["render"],
    },
)
