"""Clouds from files, batch by batch, while the network trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib._arguments import one_of, whole_number
from pcfilter_lib.data._epochs import EpochBatches
from pcfilter_lib.data.modelnet import load_shape
from pcfilter_lib.errors import InputError


class CloudBatches(EpochBatches):
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
        The epoch whose order is in force, from 0. Keras raises it by one after each, and once before the
        first; set it to continue a training.

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
        if len(files) != len(labels) or not len(files):
            problem = f"they hold {len(files)} and {len(labels)} examples"
            raise InputError("CloudBatches", "files, labels", problem, "pass as many labels as files")
        super().__init__(batch_size=batch_size, seed=seed, **kwargs)
        self.count = len(files)
        self.files, self.labels, self.augment = list(files), np.asarray(labels), augment
        self.points = whole_number("CloudBatches", "points", points)
        self.balanced = one_of("CloudBatches", "balanced", balanced, (True, False))
        self.resample = one_of("CloudBatches", "resample", resample, (True, False))

    def batch(self, rows, generator):
        """Return clouds in the unit sphere, float32 of shape (B, points, 3), and their labels, (B,), both varied."""
        drawn = self.epoch if self.resample else 0
        clouds = np.stack([load_shape(self.files[row], self.points, seed=[self.seed, drawn, row]) for row in rows])
        labels = self.labels[rows]
        return (clouds, labels) if self.augment is None else self.augment(clouds, labels, generator)

    def order(self):
        """Return which file comes when in the current epoch."""
        if not self.balanced:
            return super().order()
        generator = np.random.default_rng([self.seed, self.epoch])
        rows = [generator.permutation(np.flatnonzero(self.labels == kind)) for kind in np.unique(self.labels)]
        each = -(-len(self.files) // len(rows))
        order = np.concatenate([np.resize(some, each) for some in rows])
        return generator.permutation(order)[: len(self.files)]
