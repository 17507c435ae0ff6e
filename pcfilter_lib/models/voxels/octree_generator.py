"""A network that reads a solid in few voxels and writes it as an octree, whose cells it splits itself."""

from __future__ import annotations

import keras
import numpy as np
from keras import layers

from pcfilter_lib._arguments import number_within, one_of, whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.layers import SparseConv3D, SparseConv3DTranspose
from pcfilter_lib.models._blocks import MOMENTUM, Architecture
from pcfilter_lib.sparse.kernel_maps import kernel_map
from pcfilter_lib.sparse.solid_octree import EMPTY, FULL, MIXED, SolidOctree, first_cells, split_cells
from pcfilter_lib.sparse.solid_octree import tables_of_children as children


@keras.saving.register_keras_serializable(package="pcfilter_lib")
class OctreeGenerator(Architecture):
    """An auto-encoder of solids: voxels in, a short code in the middle, an octree of finer voxels out.

    Convolutions of stride 2 shorten the input to a code. From the code, transposed convolutions make features of all
    cells of the level `first`, and a dense layer classifies each as empty, full or mixed. From there on only mixed
    cells are split: a transposed convolution gives features to their children, a submanifold convolution lets these
    look at their neighbours, and they are classified in their turn. The children on the finest level are empty or full,
    and look at no neighbours.

    In training the cells are those of the true octree. :meth:`generate` splits the cells that the network takes for
    mixed.

    Parameters
    ----------
    size : int, default 32
        Voxels of the input along each side: a power of two, 8 or more.
    depth : int, default 7
        The finest level: 2^depth voxels a side.
    first : int, default 4
        The level on which all cells are classified, from 3 on.
    code : int, default 128
        Numbers that the solid is shortened to.
    base_filters : int, default 8
        Features on the finest level; each coarser one has twice as many, up to 32.

    Shapes
    ------
    Inputs, by name: `voxels` (B, size, size, size, 1), from 0 to 1, and the tables of
    :meth:`pcfilter_lib.sparse.SolidOctree.tables`, each with an axis for the batch in front
    (:func:`pcfilter_lib.sparse.stack_padded`). Outputs, by name: logits `level_<first>` (B, 8^first, 3) and so on, for
    the cells in the order of the octree; of the finest level, (B, N, 2).

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Tatarchenko, M., Dosovitskiy, A. and Brox, T. (2017). Octree generating networks: efficient convolutional
    architectures for high-resolution 3D outputs. ICCV.
    """

    def __init__(
        self, size: int = 32, depth: int = 7, first: int = 4, code: int = 128, base_filters: int = 8, **kwargs
    ):
        config = {
            "size": one_of("OctreeGenerator", "size", size, tuple(1 << power for power in range(3, 9))),
            "first": whole_number("OctreeGenerator", "first", first, at_least=3),
            "depth": whole_number("OctreeGenerator", "depth", depth, at_least=4),
            "code": whole_number("OctreeGenerator", "code", code),
            "base_filters": whole_number("OctreeGenerator", "base_filters", base_filters),
        }
        if first >= depth:
            raise InputError("OctreeGenerator", "first", f"{first} is not above {depth}", f"pass 3 to {depth - 1}")
        widths = {level: min(base_filters * 2 ** (depth - level), 32) for level in range(first, depth + 1)}
        voxels = keras.Input((size,) * 3 + (1,), name="voxels")
        stage = _first_stage(voxels, code, first, widths[first])
        inputs, (features, logits) = {"voxels": voxels}, stage(voxels)
        outputs = {f"level_{first}": logits}
        for level in range(first + 1, depth + 1):
            tables = _tables(level, level < depth)
            stage = _further_stage(level, widths[level - 1], widths[level], level < depth)
            features, logits = stage({"features": features, **tables})
            inputs |= tables
            outputs[f"level_{level}"] = logits
        super().__init__(inputs, outputs, **kwargs)
        self._config = config

    def generate(self, voxels: np.ndarray, threshold: float = 0.5) -> SolidOctree:
        """Return the octree that the network makes of a solid.

        Parameters
        ----------
        voxels : array-like, shape (size, size, size)
            From 0 to 1.
        threshold : float, default 0.5
            A cell is split if it is mixed with this probability or a higher one. Other cells are empty or full,
            whichever is more probable.

        Returns
        -------
        SolidOctree

        Raises
        ------
        InputError
            If the voxels have another shape, or the threshold is not from 0 to 1.
        """
        voxels = np.asarray(voxels, np.float32)
        size, first, depth = (self._config[name] for name in ("size", "first", "depth"))
        if voxels.shape != (size,) * 3:
            problem = f"their shape is {voxels.shape}"
            raise InputError("OctreeGenerator.generate", "voxels", problem, f"pass a cube of {size} voxels a side")
        threshold = number_within("OctreeGenerator.generate", "threshold", threshold, 0, 1)
        cells, labels = [first_cells(first)], []
        features, logits = self.get_layer("first").predict_on_batch(voxels[None, ..., None])
        for level in range(first + 1, depth + 1):
            labels.append(_split_or_not(logits[0], threshold))
            mixed = np.flatnonzero(labels[-1] == MIXED).astype(np.int32)
            cells.append(split_cells(cells[-1][mixed]))
            if not len(mixed):
                logits = np.empty((1, 0, 3), np.float32)
                continue
            tables = children(mixed, level)
            if level < depth:
                tables[f"neighbours_{level}"] = kernel_map(cells[-1])
            tables = {name: table[None] for name, table in tables.items()}
            features, logits = self.get_layer(f"stage_{level}").predict_on_batch({"features": features, **tables})
        labels.append(np.where(logits[0, :, FULL] > logits[0, :, EMPTY], np.uint8(FULL), np.uint8(EMPTY)))
        return SolidOctree(first, tuple(cells), tuple(labels))


def _split_or_not(logits: np.ndarray, threshold: float) -> np.ndarray:
    """Return what each cell is taken for."""
    odds = np.exp(logits - logits.max(axis=-1, keepdims=True))
    mixed = odds[:, MIXED] / odds.sum(axis=-1) >= threshold
    return np.where(mixed, MIXED, np.where(logits[:, FULL] > logits[:, EMPTY], FULL, EMPTY)).astype(np.uint8)


def _tables(level: int, with_neighbours: bool) -> dict:
    """Return inputs for the tables of a level."""
    names = [f"parents_{level}", f"positions_{level}"]
    tables = {name: keras.Input((None,), dtype="int32", name=name) for name in names}
    if with_neighbours:
        tables[f"neighbours_{level}"] = keras.Input((None, 27), dtype="int32", name=f"neighbours_{level}")
    return tables


def _first_stage(voxels, code: int, first: int, filters: int) -> keras.Model:
    """Return a network from voxels to features of all cells of the first level, and their logits."""
    maps, width = voxels, 16
    while maps.shape[1] > 4:
        strided = layers.Conv3D(width, 3, strides=2, padding="same", use_bias=False, name=f"down_{maps.shape[1]}")
        maps, width = _normalised(strided(maps), strided.name), min(2 * width, 64)
    short = layers.Dense(code, name="code")(layers.Flatten(name="flat")(maps))
    maps = layers.Reshape((4, 4, 4, 32), name="cube")(layers.Dense(64 * 32, activation="relu", name="long")(short))
    for level in range(3, first + 1):
        doubled = layers.Conv3DTranspose(32, 2, strides=2, use_bias=False, name=f"up_{level}")
        maps = _normalised(doubled(maps), doubled.name)
        looking = layers.Conv3D(32 if level < first else filters, 3, padding="same", use_bias=False, name=f"at_{level}")
        maps = _normalised(looking(maps), looking.name)
    features = layers.Reshape((8**first, filters), name="cells")(maps)
    return keras.Model(voxels, [features, layers.Dense(3, name="logits")(features)], name="first")


def _further_stage(level: int, before: int, filters: int, with_neighbours: bool) -> keras.Model:
    """Return a network from features of all cells to features of the children of some, and their logits."""
    tables = _tables(level, with_neighbours)
    parents = tables[f"parents_{level}"]
    inputs = {"features": keras.Input((None, before), name="features"), **tables}
    split = SparseConv3DTranspose(filters, use_bias=False, name="split")
    features = split([inputs["features"], parents, tables[f"positions_{level}"]])
    features = _normalised(features, "split", parents >= 0)
    if with_neighbours:
        looking = SparseConv3D(filters, use_bias=False, name="look")
        features = _normalised(looking([features, tables[f"neighbours_{level}"]]), "look", parents >= 0)
    logits = layers.Dense(3 if with_neighbours else 2, name="logits")(features)
    return keras.Model(inputs, [features, logits], name=f"stage_{level}")


def _normalised(features, name: str, mask=None):
    features = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(features, mask=mask)
    return layers.ReLU(name=f"{name}_relu")(features)
