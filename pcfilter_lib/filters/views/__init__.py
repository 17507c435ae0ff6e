"""Views of one scene that label each other: a scanner's own data teach a filter, and nobody paints a mask."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "evidence": ["EVIDENCE"],
        "files": ["LabelResult", "label_files", "plan_labels"],
        "labels": ["PoseWarning", "ViewLabeller", "label_by_views"],
        "noise": ["NoiseModel", "estimate_noise"],
    },
)
