"""The library behind *Deep learning on 3D scans: from convolution to artefact filtering*.

``import pcfilter_lib`` is instant: each part is loaded when it is first used.

=================== ==================================================================
``data``            what exists on disk: meshes, point clouds, organised scans
``synthesis``       what is made: furniture, parts, scenes, a simulated scanner
``filters``         artefact filters for organised scans
``metrics``         how good a prediction is, and how well calibrated
``models``          architectures, and the loading of trained ones
``layers``          Keras layers that Keras lacks
``losses``          losses for maps and volumes, with the mask inside
``optimizers``      RAdam, Lookahead, Ranger
``regularizers``    penalties on weights
``initializers``    initial values of weights
``training``        training that can be interrupted and resumed
``callbacks``       what happens while a network trains: the learning-rate range test
``distributed``     training on several processes or hosts
``federated``       private and robust aggregation of gradients from many senders
``cost``            parameters and multiplications of a model
``receptive_field`` the input pixels that an output pixel depends on
``tiling``          cutting a large image into overlapping tiles
``geometry``        Laplacians of meshes, their spectra, meshes as graphs
``sparse``          volumes of which only the cells near a surface are kept
``register``        makes every custom class known to Keras
``plots``           Plotly figures, each with a text alternative
``exercises``       the checks behind each chapter's exercises
``bench``           benchmarks of a machine, and timing that waits for the device
``results``         committed results of experiments and benchmarks
``weights``         the trained networks that ship, and their origins
``provenance``      when, where and with which versions something was measured
``inspection``      what a file holds, before it is loaded
``frameworks``      Keras's backend, started without its messages
``scale``           how much a notebook computes
``files``           files that are never half-read or half-written
``errors``          the errors that bad input raises
=================== ==================================================================
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "bench",
        "callbacks",
        "cost",
        "data",
        "distributed",
        "errors",
        "exercises",
        "federated",
        "files",
        "filters",
        "frameworks",
        "geometry",
        "initializers",
        "inspection",
        "layers",
        "losses",
        "metrics",
        "models",
        "optimizers",
        "plots",
        "provenance",
        "receptive_field",
        "register",
        "regularizers",
        "results",
        "scale",
        "sparse",
        "synthesis",
        "tiling",
        "training",
        "weights",
    ],
)
