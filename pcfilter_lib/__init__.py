"""The library behind *Deep learning on 3D scans: from convolution to artefact filtering*.

``import pcfilter_lib`` is instant: each part is loaded when it is first used.

=================  ==================================================================
``data``           what exists on disk: meshes, point clouds, organised scans
``plots``          Plotly figures, each with a text alternative
``exercises``      the checks behind each chapter's exercises
``inspection``     what a file holds, before it is loaded
``frameworks``     Keras's backend, started without its chatter
``scale``          how much a notebook computes
``errors``         the errors that bad input raises
=================  ==================================================================
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submodules=["data", "errors", "exercises", "frameworks", "inspection", "plots", "scale"]
)
