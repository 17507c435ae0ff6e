"""Tuning a filter on labelled scans of one's own scanner."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "expectation": ["Expectation"],
        "fit": ["Tuning", "VarietyWarning", "tune_filter"],
        "labelled": ["LabelledFiles", "labelled_by_cleaning"],
        "surroundings": ["SURROUNDINGS", "scan_surroundings"],
        "tuned": ["TunedFilter"],
    },
)
