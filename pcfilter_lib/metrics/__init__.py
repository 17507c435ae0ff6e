"""How good an answer is, and how sure of itself."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "calibration": ["Reliability", "expected_calibration_error", "fit_temperature", "reliability"],
        "confusion": [
            "Accuracy",
            "BalancedAccuracy",
            "ConfusionMetric",
            "F1",
            "FalseOmissionRate",
            "Precision",
            "Recall",
            "TrueNegativeRate",
        ],
        "iou": ["IoU", "IoU3D", "MeanIoU"],
        "precision_curve": ["AveragePrecision"],
        "ranking": ["average_precision"],
        "report": ["ConfusionReport", "confusion_report"],
    },
)
