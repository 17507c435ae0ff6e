"""Filters by their names."""

from __future__ import annotations

from pcfilter_lib._arguments import one_of
from pcfilter_lib.filters.base import ArtefactFilter
from pcfilter_lib.filters.grid import ErosionDilation, KeepAll, MedianResidual, ModulationThreshold
from pcfilter_lib.filters.neighbours import RadiusOutliers, StatisticalOutliers
from pcfilter_lib.filters.rays import ShadowPoints, ViewAngle

#: The names that :func:`load_filter` knows.
FILTERS: dict[str, type[ArtefactFilter]] = {
    kind.name.replace(" ", "-"): kind
    for kind in (
        KeepAll,
        StatisticalOutliers,
        RadiusOutliers,
        MedianResidual,
        ViewAngle,
        ShadowPoints,
        ModulationThreshold,
        ErosionDilation,
    )
}


def load_filter(name: str) -> ArtefactFilter:
    """Return a filter with its own settings.

    Parameters
    ----------
    name : str
        ``"keep-all"``, ``"statistical-outliers"``, ``"radius-outliers"``, ``"median-residual"``, ``"view-angle"``,
        ``"shadow-points"``, ``"modulation"`` or ``"erosion-and-dilation"``.

    Returns
    -------
    ArtefactFilter

    Raises
    ------
    InputError
        If there is no filter of this name.
    """
    return FILTERS[one_of("load_filter", "name", name, tuple(FILTERS))]()
