"""Plotly figures that draw offline, in JupyterLab and in the built pages, and say in words what they show.

Every function returns a :class:`Figure`: a Plotly figure that carries its text alternative. ``update_layout`` and the
rest of Plotly's methods work on it as usual.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "bars": ["bars"],
        "cloud": ["cloud"],
        "contours": ["contours"],
        "dots": ["dots"],
        "figure": ["Figure", "MAX_POINTS"],
        "image": ["depth_map", "image"],
        "images": ["images"],
        "labels": ["label_images", "labels"],
        "lines": ["lines"],
        "matrix": ["matrix"],
        "mesh": ["mesh"],
        "scan": ["scan"],
        "sliding_window": ["sliding_window"],
    },
)
