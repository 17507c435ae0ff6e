"""Geometry of surfaces: Laplacians of triangle meshes, their spectra, and meshes as graphs.

Everything here is NumPy and SciPy, and runs before a network does. The layers are in :mod:`pcfilter_lib.layers`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "chebyshev": ["ScaledLaplacian", "scaled_laplacian"],
        "cotangents": ["Laplacian", "cotangent_laplacian"],
        "graphs": ["MeshGraph", "mesh_graph"],
        "merging": ["merge_vertices"],
        "shapes": ["icosphere", "roll", "sheet"],
        "spectra": ["Spectrum", "spectrum"],
    },
)
