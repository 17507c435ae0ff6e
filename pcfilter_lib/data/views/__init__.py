"""Several scans of one scene, each with the pose of its camera: finding them on disk, and registering them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "posed_file": ["LostTrackingWarning", "PosedFile"],
        "registration": ["Registration", "RegistrationEdge", "register_views"],
        "sequence": ["find_views"],
    },
)
