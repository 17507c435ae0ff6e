"""Losses for maps and volumes of labels, with the label *neither* masked out inside, on any backend.

All of them take logits unless told otherwise, any number of axes, and labels as this library writes them: 1 true
geometry, 0 artefact, 255 neither; or the number of an object's class.
"""

import lazy_loader

from pcfilter_lib.frameworks import import_keras

import_keras()

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "absolute_error": ["MaskedMeanAbsoluteError"],
        "binary_crossentropy": ["MaskedBinaryCrossentropy"],
        "categorical_crossentropy": ["MaskedCategoricalCrossentropy"],
        "dice": ["DiceLoss"],
        "focal": ["FocalLoss"],
        "tversky": ["TverskyLoss"],
        "voxel_crossentropy": ["VoxelBinaryCrossentropy"],
    },
)
