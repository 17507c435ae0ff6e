"""Plotly figures that draw offline, in JupyterLab and in the built pages, and say in words what they show.

Every function returns a :class:`Figure`: a Plotly figure that carries its text alternative. ``update_layout`` and the
rest of Plotly's methods work on it as usual.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "_bars": ["bars"],
        "_cloud": ["cloud"],
        "_contours": ["contours"],
        "_dots": ["dots"],
        "_figure": ["Figure", "MAX_POINTS"],
        "_image": ["depth_map", "image"],
        "_images": ["images"],
        "_labels": ["label_images", "labels"],
        "_lines": ["lines"],
        "_matrix": ["matrix"],
        "_mesh": ["mesh"],
        "_scan": ["scan"],
        "_sliding_window": ["sliding_window"],
        "_turntable": ["Animation", "turntable"],
        "_voxels": ["slices", "voxels"],
    },
)
