"""What the losses share: labels beside predictions, the mask, weights, and log-odds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib._label_shapes import fitted_weight, same_shape
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()
ops = keras.ops

#: The reductions that divide by the number of values.
_MEANS = ("sum_over_batch_size", "mean")


class MaskedLoss(keras.losses.Loss):
    """A loss that leaves out the places labelled `ignore`.

    Subclasses say in `_losses` what each place costs, or each sample if `_per_sample` is set. What is left out is as
    if it were not there: it costs nothing, sends no gradient, and is not counted where a reduction takes a mean.
    """

    _per_sample = False

    def __init__(self, *, ignore, from_logits, reduction, name, dtype):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.ignore = None if ignore is None else whole_number(self.name, "ignore", ignore, at_least=-(2**31))
        self.from_logits = bool(from_logits)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the reduced loss.

        Parameters
        ----------
        y_true : (B, ...) or (B, ..., 1) array
            Labels.
        y_pred : array
            Logits, or probabilities: of the labels' shape, or (B, ..., C) for several classes.
        sample_weight : array, optional
            What each value's loss is multiplied by: (B,) one weight a sample, or (B, ...) one a place.

        Raises
        ------
        InputError
            If the shapes do not fit together.
        """
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        labels, scores = self._side_by_side(y_true, y_pred)
        weight = None if sample_weight is None else self._fitted_weight(sample_weight, labels)
        counted = self._counted(labels)
        from keras.src.backend.common.masking import get_keras_mask  # there is no public name for it

        mask = get_keras_mask(y_pred)  # of layers that know which rows were padded
        if mask is not None:
            scores = scores + 0  # without the mask: Keras would make up for what is left out once more
            if tuple(mask.shape) == tuple(labels.shape):
                counted = ops.logical_and(counted, mask)
        if self._per_sample:
            counted = ops.any(rows(counted), axis=1)
        share = ops.cast(counted, self.dtype)
        if self.reduction in _MEANS:  # Keras divides by all values: make up for those that are left out
            some = ops.maximum(ops.sum(ops.cast(counted, "int32")), 1)
            share = share * (ops.cast(ops.size(counted), self.dtype) / ops.cast(some, self.dtype))
        return super().__call__(labels, scores, sample_weight=share if weight is None else weight * share)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each place, or of each sample: 0 where nothing is counted."""
        labels, scores = self._side_by_side(y_true, y_pred)
        counted = self._counted(labels)
        # Labels and scores are replaced before anything is computed from them: a NaN behind the mask stays there.
        labels = ops.where(counted, labels, 0)
        shown = counted if len(scores.shape) == len(labels.shape) else ops.expand_dims(counted, -1)
        losses = self._losses(labels, ops.where(shown, scores, self._neutral), counted)
        right = self._has_meaning(labels, scores)
        if self._per_sample:
            right = ops.all(rows(right), axis=1)
        return ops.where(right, losses, float("nan"))

    @property
    def _neutral(self):
        """A score that is in its domain."""
        return 0.0 if self.from_logits else 0.5

    def _losses(self, labels, scores, counted):
        raise NotImplementedError

    def _side_by_side(self, labels, scores):
        return same_shape(self.name, labels, scores)

    def _has_meaning(self, labels, scores):
        """Return where a label is one that the loss is made for."""
        return ops.logical_and(labels >= 0, labels <= 1)

    def _counted(self, labels):
        if self.ignore is None:
            return ops.ones_like(labels, dtype="bool")
        return ops.not_equal(labels, self.ignore)

    def _fitted_weight(self, weight, labels):
        """Return sample weights with one axis for each axis of the losses."""
        weight = ops.convert_to_tensor(weight, dtype=self.dtype)
        if self._per_sample:
            return fitted_weight(self.name, weight, 1, "one weight a sample, of shape (B,)")
        return fitted_weight(self.name, weight, len(labels.shape), "weights of the labels' shape")

    def get_config(self) -> dict:
        """Return what makes an equal loss."""
        return {**super().get_config(), "ignore": self.ignore, "from_logits": self.from_logits}

    def _log_odds(self, scores):
        """Return log(p / (1 - p)) of each score."""
        if self.from_logits:
            return scores
        tiny = keras.config.epsilon()
        scores = ops.clip(scores, tiny, 1 - tiny)
        return ops.log(scores) - ops.log1p(-scores)


def log_odds_of_the_label(labels: Any, scores: Any, from_logits: bool) -> Any:
    """Return log(p / (1 - p)), p the probability of each place's own class.

    From logits it is the own logit less the log-sum-exp of all others, which stays exact where p is nearly 1.
    """
    classes = scores.shape[-1]
    own = ops.equal(ops.expand_dims(labels, -1), ops.cast(ops.arange(classes), labels.dtype))
    chosen = ops.sum(ops.where(own, scores, 0), axis=-1)
    if from_logits:
        return chosen - ops.logsumexp(ops.where(own, -1e30, scores), axis=-1)
    tiny = keras.config.epsilon()
    chosen = ops.clip(chosen, tiny, 1 - tiny)
    return ops.log(chosen) - ops.log1p(-chosen)


def checked_weights(owner: str, weights: Any, classes: int | None) -> tuple[float, ...] | None:
    """Return one weight a class as floats, or None; raise :class:`InputError` if they are anything else."""
    if weights is None:
        return None
    allowed = f"{classes} numbers" if classes else "one number a class"
    several = isinstance(weights, Sequence | np.ndarray) and not isinstance(weights, str)
    if not several or len(weights) != (classes or len(weights)):
        raise InputError(owner, "class_weights", f"{weights!r} is not allowed", f"pass {allowed}, by label")
    found = tuple(number_within(owner, "class_weights", w, 0, math.inf, high_included=False) for w in weights)
    if not sum(found):
        raise InputError(owner, "class_weights", "all of them are 0", "pass one above 0")
    return found


def weight_of_the_label(labels: Any, weights: tuple[float, ...]) -> Any:
    """Return the weight of each place's class."""
    index = ops.cast(ops.clip(labels, 0, len(weights) - 1), "int32")
    return ops.take(ops.convert_to_tensor(weights, dtype=labels.dtype), index)


def is_class(labels: Any, classes: int) -> Any:
    """Return where a label is a whole number from 0 to `classes` - 1."""
    return ops.logical_and(ops.equal(labels, ops.floor(labels)), ops.logical_and(labels >= 0, labels < classes))


def rows(values: Any) -> Any:
    """Return (B, N): all values of a sample in one row."""
    return ops.reshape(values, (ops.shape(values)[0], -1))
