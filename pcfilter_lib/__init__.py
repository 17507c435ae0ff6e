"""The library behind *Deep learning on 3D scans: from convolution to artefact filtering*.

``import pcfilter_lib`` is instant: each part is loaded when it is first used.

=================== ==================================================================
``data``            what exists on disk: meshes, point clouds, organised scans
``synthesis``       what is made: parts, scenes, a simulated structured-light scanner
``layers``          Keras layers that Keras lacks
``models``          architectures, and the loading of saved ones
``losses``          losses for maps and volumes, with the mask inside
``optimizers``      RAdam, Lookahead, Ranger
``regularizers``    penalties on weights
``initializers``    first values of weights
``metrics``         how good an answer is, and how sure of itself
``training``        training that can be interrupted and goes on
``callbacks``       what happens while a network trains: the learning-rate range test
``receptive_field`` what an output pixel can see
``cost``            parameters and multiplications of a model, counted
``register``        makes every custom class known to Keras
``filters``         which points of a scan are there, and which only seem to be
``plots``           Plotly figures, each with a text alternative
``exercises``       the checks behind each chapter's exercises
``inspection``      what a file holds, before it is loaded
``frameworks``      Keras's backend, started without its chatter
``scale``           how much a notebook computes
``errors``          the errors that bad input raises
=================== ==================================================================
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "callbacks",
        "cost",
        "data",
        "errors",
        "exercises",
        "filters",
        "frameworks",
        "initializers",
        "inspection",
        "layers",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "plots",
        "receptive_field",
        "register",
        "regularizers",
        "scale",
        "synthesis",
        "training",
    ],
)
