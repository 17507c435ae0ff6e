"""The tables that a network on active voxels needs, on all of its levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pcfilter_lib._arguments import whole_number
from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse.kernel_maps import coarsen, kernel_map


def unet_tables(coordinates: np.ndarray, depth: int) -> dict[str, np.ndarray]:
    """Return the tables of :class:`pcfilter_lib.models.SparseUNet` for one set of active voxels.

    Parameters
    ----------
    coordinates : array-like of int, shape (N, 3)
        The active voxels, each once.
    depth : int
        How many times the resolution is halved.

    Returns
    -------
    dict of numpy.ndarray of int32
        ``neighbours_0`` (N, 27) to ``neighbours_<depth>``, one for each level; and for each step between two levels
        ``children_0`` (N', 8), ``parents_0`` (N,), ``positions_0`` (N,), and so on.

    Raises
    ------
    InputError
        If the coordinates are not allowed.

    Examples
    --------
    >>> from pcfilter_lib import sparse
    >>> tables = sparse.unet_tables([[0, 0, 0], [0, 0, 1], [5, 5, 5]], depth=1)
    >>> {name: table.shape for name, table in tables.items()}
    {'neighbours_0': (3, 27), 'children_0': (2, 8), 'parents_0': (3,), 'positions_0': (3,), 'neighbours_1': (2, 27)}
    """
    tables = {}
    for level in range(whole_number("unet_tables", "depth", depth, at_least=0)):
        coarse = coarsen(coordinates)
        tables[f"neighbours_{level}"] = kernel_map(coordinates)
        tables[f"children_{level}"] = coarse.children
        tables[f"parents_{level}"] = coarse.parents
        tables[f"positions_{level}"] = coarse.positions
        coordinates = coarse.coordinates
    return {**tables, f"neighbours_{depth}": kernel_map(coordinates)}


def stack_padded(samples: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Return samples with different numbers of rows as one batch.

    Parameters
    ----------
    samples : sequence of mappings from names to arrays
        All with the same names. Arrays of one name differ in their number of rows alone.

    Returns
    -------
    dict of numpy.ndarray, shape (B, N, ...)
        N is the largest number of rows. Whole numbers are padded with -1, which means no neighbour, other numbers
        with 0.

    Raises
    ------
    InputError
        If there is no sample, or the names or shapes differ.
    """
    if not samples:
        raise InputError("stack_padded", "samples", "there are none", "give at least one")
    names = list(samples[0])
    if any(list(sample) != names for sample in samples):
        raise InputError("stack_padded", "samples", "their names differ", f"give {', '.join(names)} in each")
    batch = {}
    for name in names:
        arrays = [np.asarray(sample[name]) for sample in samples]
        if len({each.shape[1:] for each in arrays}) > 1 or not arrays[0].ndim:
            problem = f"shapes {', '.join(str(each.shape) for each in arrays)} differ in more than their rows"
            raise InputError("stack_padded", name, problem, "give arrays of shape (N, ...)")
        filler = -1 if arrays[0].dtype.kind == "i" else 0
        shape = (len(arrays), max(map(len, arrays)), *arrays[0].shape[1:])
        batch[name] = np.full(shape, filler, arrays[0].dtype)
        for whole, array in zip(batch[name], arrays, strict=True):
            whole[: len(array)] = array
    return batch
