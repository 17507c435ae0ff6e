"""Batches of arrays, in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np

from pcfilter_lib.data._epochs import EpochBatches
from pcfilter_lib.errors import InputError


class ShuffledBatches(EpochBatches):
    """Batches of examples in memory, shuffled anew in each epoch, and the same way whenever that epoch is run.

    ``model.fit(x, y)`` shuffles with the global random state: a training that is continued in another process sees
    another order. Here the order of epoch 7 is the order of epoch 7, whatever happened before.

    Parameters
    ----------
    x, y : (N, ...) array
        The examples and their targets.
    batch_size : int
        Examples in a batch; the last one of an epoch may be smaller.
    seed : int
        Chooses the orders, and what `augment` does.
    augment : callable, optional
        ``augment(x, y, generator)`` returns a batch to be used instead, for example
        :func:`pcfilter_lib.data.random_flips`. The generator depends on seed, epoch and batch alone.
    **kwargs
        As for :class:`keras.utils.PyDataset`.

    Attributes
    ----------
    epoch : int
        The epoch whose order is in force, from 0. Keras raises it by one after each, and once before the
        first; set it to continue a training.

    Raises
    ------
    InputError
        If `x` and `y` differ in length, or are empty.

    Notes
    -----
    Call ``model.fit(batches, shuffle=False)``: otherwise Keras draws the order of the batches a second time, from
    Python's global random state. :func:`pcfilter_lib.training.fit_resumable` does.
    """

    def __init__(self, x, y, *, batch_size, seed, augment=None, **kwargs):
        if len(x) != len(y) or not len(x):
            problem = f"they hold {len(x)} and {len(y)} examples"
            raise InputError("ShuffledBatches", "x, y", problem, "pass as many targets as examples")
        super().__init__(batch_size=batch_size, seed=seed, **kwargs)
        self.count = len(x)
        self.x, self.y, self.augment = np.asarray(x), np.asarray(y), augment

    def batch(self, rows, generator):
        """Return inputs and targets of these examples, varied."""
        x, y = self.x[rows], self.y[rows]
        return (x, y) if self.augment is None else self.augment(x, y, generator)
