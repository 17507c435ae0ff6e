"""The simulated structured-light scanner: camera and projector, light, sensor, decoding, labels."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "decoding": ["Decoded", "column_sigma", "decode"],
        "geometry": ["Camera", "Projector", "triangulate"],
        "labels": ["cause_shares", "ignore_borderline"],
        "patterns": ["PatternSet"],
        "transport": ["Transport"],
    },
)
