"""What all batches of this library have in common: an order that depends on the seed and the epoch alone."""

from __future__ import annotations

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


class EpochBatches(keras.utils.PyDataset):
    """Batches of numbered examples; a subclass sets their `count`, and says what a batch of some of them is.

    Whatever is drawn at random is drawn by a generator that is seeded with seed, epoch and batch: epoch 7 is epoch 7,
    in whichever thread, and whatever happened before.
    """

    def __init__(self, *, batch_size: int, seed: int, **kwargs):
        super().__init__(**kwargs)
        owner = type(self).__name__
        self.batch_size = whole_number(owner, "batch_size", batch_size)
        self.seed = whole_number(owner, "seed", seed, at_least=0)
        self.count, self.epoch = 0, 0

    def batch(self, rows: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return inputs and targets of these examples."""
        raise NotImplementedError

    def order(self) -> np.ndarray:
        """Return which example comes when in the current epoch."""
        # Two numbers make a seed: their sum would give epoch 1 of seed 0 the order of epoch 0 of seed 1.
        return np.random.default_rng([self.seed, self.epoch]).permutation(self.count)

    def __len__(self):
        """Return how many batches an epoch has."""
        return -(-self.count // self.batch_size)

    def __getitem__(self, index):
        """Return a batch of the current epoch."""
        rows = self.order()[index * self.batch_size : (index + 1) * self.batch_size]
        return self.batch(rows, np.random.default_rng([self.seed, self.epoch, 1 + index]))

    def on_epoch_end(self):
        """Go on to the next epoch's order; Keras calls this after each epoch, and once before the first."""
        self.epoch += 1
