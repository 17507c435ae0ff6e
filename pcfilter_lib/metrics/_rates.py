"""The figures that are a quotient of counts, written once for tensors and for numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: By name: the numerator and the denominator, from the counts of true positives, false negatives, false positives
#: and true negatives of one class. A sum is never written as a difference: float32 counts would lose what is small.
RATES: dict[str, Callable[[Any, Any, Any, Any], tuple[Any, Any]]] = {
    "recall": lambda tp, fn, fp, tn: (tp, tp + fn),
    "precision": lambda tp, fn, fp, tn: (tp, tp + fp),
    "f1": lambda tp, fn, fp, tn: (2 * tp, 2 * tp + fp + fn),
    "iou": lambda tp, fn, fp, tn: (tp, tp + fp + fn),
    "true_negative_rate": lambda tp, fn, fp, tn: (tn, tn + fp),
    "negative_predictive_value": lambda tp, fn, fp, tn: (tn, tn + fn),
    "false_positive_rate": lambda tp, fn, fp, tn: (fp, fp + tn),
    "false_negative_rate": lambda tp, fn, fp, tn: (fn, fn + tp),
    "false_discovery_rate": lambda tp, fn, fp, tn: (fp, fp + tp),
    "false_omission_rate": lambda tp, fn, fp, tn: (fn, fn + tn),
    "prevalence": lambda tp, fn, fp, tn: (tp + fn, tp + fn + fp + tn),
}
