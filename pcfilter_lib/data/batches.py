"""Batches of arrays, in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


class ShuffledBatches(keras.utils.PyDataset):
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
        The epoch whose order is in force, from 0. Keras raises it by one after each; set it to continue a training.

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
        super().__init__(**kwargs)
        if len(x) != len(y) or not len(x):
            raise InputError(
                "ShuffledBatches",
                "x, y",
                f"they hold {len(x)} and {len(y)} examples",
                "pass as many targets as examples",
            )
        self.x, self.y = np.asarray(x), np.asarray(y)
        self.batch_size = whole_number("ShuffledBatches", "batch_size", batch_size)
        self.seed = whole_number("ShuffledBatches", "seed", seed, at_least=0)
        self.augment = augment
        self.epoch = 0

    def __len__(self):
        return -(-len(self.x) // self.batch_size)

    def __getitem__(self, index):
        # Two numbers make a seed: their sum would give epoch 1 of seed 0 the order of epoch 0 of seed 1.
        order = np.random.default_rng([self.seed, self.epoch]).permutation(len(self.x))
        chosen = order[index * self.batch_size : (index + 1) * self.batch_size]
        x, y = self.x[chosen], self.y[chosen]
        if self.augment is None:
            return x, y
        return self.augment(x, y, np.random.default_rng([self.seed, self.epoch, 1 + index]))

    def on_epoch_end(self):
        """Go on to the next epoch's order; Keras calls this."""
        self.epoch += 1
