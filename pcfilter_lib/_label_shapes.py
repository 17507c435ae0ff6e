"""Labels, predictions and weights that belong together, brought into shapes that fit."""

from __future__ import annotations

from typing import Any

from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

ops = import_keras().ops


def same_shape(owner: str, labels: Any, scores: Any) -> tuple[Any, Any]:
    """Return labels and scores in one shape: a last axis of 1 that only one of them has is taken away."""
    if len(scores.shape) == len(labels.shape) + 1 and scores.shape[-1] == 1:
        scores = ops.squeeze(scores, -1)
    elif len(labels.shape) == len(scores.shape) + 1 and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    _check_shapes(owner, labels.shape, scores.shape, "pass both in one shape, or one of them with a last axis of 1")
    return labels, scores


def one_score_a_class(owner: str, labels: Any, scores: Any, classes: int | None) -> tuple[Any, Any]:
    """Return labels (B, ...) beside scores (B, ..., C)."""
    if len(labels.shape) == len(scores.shape) and labels.shape[-1] == 1:
        labels = ops.squeeze(labels, -1)
    remedy = "pass labels (B, ...) of int and predictions (B, ..., C)"
    _check_shapes(owner, labels.shape, scores.shape[:-1], remedy)
    last = scores.shape[-1]
    if last is None or last < 2 or last != (classes or last):
        raise InputError(
            owner, "y_pred", f"the last axis holds {last} values", f"pass {classes or '2 or more'} of them"
        )
    return labels, scores


def fitted_weight(owner: str, weight: Any, rank: int, allowed: str) -> Any:
    """Return sample weights with `rank` axes, where they have fewer with axes of 1 behind their own."""
    shape = tuple(weight.shape)
    while len(weight.shape) > rank and weight.shape[-1] == 1:
        weight = ops.squeeze(weight, -1)
    if len(weight.shape) > rank:
        raise InputError(owner, "sample_weight", f"a weight of shape {shape} does not fit", f"pass {allowed}")
    while 0 < len(weight.shape) < rank:
        weight = ops.expand_dims(weight, -1)
    return weight


def _check_shapes(owner, labels, scores, remedy):
    fit = len(labels) == len(scores) and all(
        a == b or a is None or b is None for a, b in zip(labels, scores, strict=True)
    )
    if not fit:
        shapes = f"{tuple(labels)} and {tuple(scores)}"
        raise InputError(owner, "y_true", f"the shapes {shapes} of labels and predictions do not fit", remedy)
