"""Filters by their names."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path

from pcfilter_lib._arguments import one_of
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.grid import ErosionDilation, KeepAll, MedianResidual, ModulationThreshold
from pcfilter_lib.filters.learned import LearnedFilter
from pcfilter_lib.filters.neighbours import RadiusOutliers, StatisticalOutliers
from pcfilter_lib.filters.rays import ShadowPoints, ViewAngle
from pcfilter_lib.filters.tuning.tuned import TunedFilter
from pcfilter_lib.weights import path

_CLASSICAL = (
    KeepAll,
    StatisticalOutliers,
    RadiusOutliers,
    MedianResidual,
    ViewAngle,
    ShadowPoints,
    ModulationThreshold,
    ErosionDilation,
)

#: The names that :func:`load_filter` knows: the learned filter, then the classical ones.
FILTERS: dict[str, Callable[[], ArtefactFilter]] = {
    "artefact-unet": functools.partial(LearnedFilter.load, path("artefact-unet", ".onnx")),
    **{kind.name.replace(" ", "-"): kind for kind in _CLASSICAL},
}


def load_filter(name: str | os.PathLike = "artefact-unet") -> ArtefactFilter:
    """Return a filter with its own settings.

    Parameters
    ----------
    name : str or os.PathLike, default "artefact-unet"
        A file that ends in ``.filter``, see :func:`pcfilter_lib.filters.tune_filter`; ``"artefact-unet"``, the learned
        filter, with the weights that come with this library; or a classical one: ``"keep-all"``,
        ``"statistical-outliers"``, ``"radius-outliers"``, ``"median-residual"``, ``"view-angle"``, ``"shadow-points"``,
        ``"modulation"`` or ``"erosion-and-dilation"``.

    Returns
    -------
    ArtefactFilter

    Raises
    ------
    InputError
        If there is no filter of this name, or the file cannot be used.
    """
    if Path(name).suffix == ".filter":
        return TunedFilter.load(name)
    return FILTERS[one_of("load_filter", "name", name, tuple(FILTERS))]()
