"""Artefact filters: which points of an organised scan are there, and which only seem to be.

All of them are called the same way, see :class:`pcfilter_lib.filters.ArtefactFilter`.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "base": ["ArtefactFilter"],
        "batches": ["ScanBatches"],
        "boosting": ["BoostedTrees", "local_features"],
        "channels": ["CHANNELS", "scan_channels"],
        "checks": [
            "CameraWarning",
            "Finding",
            "ScanReport",
            "ScanWarning",
            "UnfamiliarScanWarning",
            "check_scan",
        ],
        "evaluation": ["ScoredPoints", "score_scans", "tune_threshold"],
        "familiarity": ["Familiarity", "scan_summary"],
        "files": ["FilterResult", "filter_files", "plan_files"],
        "footprint": ["pixel_footprint"],
        "grid": ["ErosionDilation", "KeepAll", "MedianResidual", "ModulationThreshold"],
        "learned": ["LearnedFilter", "save_filter"],
        "neighbours": ["RadiusOutliers", "StatisticalOutliers"],
        "rays": ["ShadowPoints", "ViewAngle"],
        "registry": ["FILTERS", "load_filter"],
        "threshold": ["best_threshold"],
        "tuning": [
            "Expectation",
            "LabelledFiles",
            "SURROUNDINGS",
            "TunedFilter",
            "Tuning",
            "VarietyWarning",
            "labelled_by_cleaning",
            "scan_surroundings",
            "tune_filter",
        ],
        "views": ["LabelResult", "NoiseModel", "PoseWarning", "ViewLabeller", "label_by_views", "label_files"],
    },
)
