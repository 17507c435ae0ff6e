"""Clouds from files, batch by batch, while the network trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.data.modelnet import load_shape
from pcfilter_lib.errors import InputError
from pcfilter_lib.frameworks import import_keras

keras = import_keras()


class CloudBatches(keras.utils.PyDataset):
    """Shapes in files, read when their batch is due, in an order that depends on seed and epoch alone.

    Each epoch draws other points of each mesh. Keras reads batches ahead in as many threads, or processes, as asked
    for. For clouds that fit into the memory :func:`pcfilter_lib.data.load_shapes` and
    :class:`pcfilter_lib.data.ShuffledBatches` are quicker.

    Parameters
    ----------
    files : sequence of path
        Meshes and clouds, as :func:`pcfilter_lib.data.shape_files` lists them.
    labels : (M,) array of int
        Their classes.
    batch_size : int
        The last batch of an epoch may be smaller.
    seed : int
    points : int, default 1024
        Of each cloud.
    augment : callable, optional
        ``augment(clouds, labels, generator)``, for example :class:`pcfilter_lib.data.CloudAugmentation`.
    balanced : bool, default False
        Whether every class is drawn equally often: an epoch then has as many shapes as before, those of rare classes
        several times and not all of the frequent ones.
    resample : bool, default True
        Whether each epoch draws new points. Otherwise it draws the same ones again.
    **kwargs
        ``workers``, ``use_multiprocessing`` and ``max_queue_size`` of :class:`keras.utils.PyDataset`.

    Attributes
    ----------
    epoch : int
        The epoch whose order is in force, from 0. Keras raises it by one after each; set it to continue a training.

    Raises
    ------
    InputError
        If there are no files, or as many labels; while it is read, if a file is broken: the message names it.
    """

    def __init__(
        self,
        files: Sequence[str | os.PathLike],
        labels: np.ndarray,
        *,
        batch_size: int,
        seed: int,
        points: int = 1024,
        augment: Callable | None = None,
        balanced: bool = False,
        resample: bool = True,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if len(files) != len(labels) or not len(files):
            problem = f"they hold {len(files)} and {len(labels)} examples"
            raise InputError("CloudBatches", "files, labels", problem, "pass as many labels as files")
        self.files, self.labels = list(files), np.asarray(labels)
        self.batch_size = whole_number("CloudBatches", "batch_size", batch_size)
        self.seed = whole_number("CloudBatches", "seed", seed, at_least=0)
        self.points = whole_number("CloudBatches", "points", points)
        self.augment, self.epoch = augment, 0
        self.balanced = one_of("CloudBatches", "balanced", balanced, (True, False))
        self.resample = one_of("CloudBatches", "resample", resample, (True, False))

    def __len__(self):
        """Return how many batches an epoch has."""
        return -(-len(self.files) // self.batch_size)

    def __getitem__(self, index):
        """Return a batch of the current epoch.

        Returns
        -------
        clouds : ndarray of float32, shape (B, points, 3)
            In the unit sphere, before they are varied.
        labels : ndarray of int, shape (B,)
        """
        chosen = self._order()[index * self.batch_size : (index + 1) * self.batch_size]
        drawn = self.epoch if self.resample else 0
        clouds = [load_shape(self.files[row], self.points, seed=[self.seed, drawn, row]) for row in chosen]
        clouds, labels = np.stack(clouds), self.labels[chosen]
        if self.augment is None:
            return clouds, labels
        return self.augment(clouds, labels, np.random.default_rng([self.seed, self.epoch, 1 + index]))

    def on_epoch_end(self):
        """Go on to the next epoch's order; Keras calls this."""
        self.epoch += 1

    def _order(self) -> np.ndarray:
        """Return which file comes when in the current epoch."""
        generator = np.random.default_rng([self.seed, self.epoch])
        if not self.balanced:
            return generator.permutation(len(self.files))
        rows = [generator.permutation(np.flatnonzero(self.labels == kind)) for kind in np.unique(self.labels)]
        each = -(-len(self.files) // len(rows))
        order = np.concatenate([np.resize(some, each) for some in rows])
        return generator.permutation(order)[: len(self.files)]
