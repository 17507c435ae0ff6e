"""Polygons of any size, checked and cut into triangles."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from pcfilter_lib.errors import InputError


def check_corners(corners: np.ndarray, vertex_count: int, source, place: Callable[[int], str]) -> None:
    """Raise an :class:`InputError` for the first face that names a vertex which is not there.

    Parameters
    ----------
    corners : numpy.ndarray, shape (F, k), int64
        The vertices of each face, counted from 0.
    vertex_count : int
        How many vertices there are.
    source : str or os.PathLike
        The file, for the message.
    place : callable
        From a row of `corners` to the place in the file.
    """
    # A negative number seen as an unsigned one is huge: one pass finds both.
    if corners.size and corners.view(np.uint64).max() >= vertex_count:
        row, column = np.argwhere((corners < 0) | (corners >= vertex_count))[0].tolist()
        problem = f"the face names vertex {corners[row, column]}, and the file has {vertex_count} (counted from 0)"
        raise InputError(source, place(row), problem, "export the mesh again, or remove this face")


def triangle_fans(polygons: Sequence[np.ndarray], numbers: Sequence[np.ndarray]) -> np.ndarray:
    """Cut polygons into triangles that all start at the polygon's first corner.

    Parameters
    ----------
    polygons : sequence of numpy.ndarray, each of shape (F_k, k)
        Polygons grouped by their number of corners. Those with fewer than three have no area and are left out.
    numbers : sequence of numpy.ndarray, each of shape (F_k,)
        Where each polygon stood among all; the triangles come in that order.

    Returns
    -------
    numpy.ndarray, shape (F, 3), int64
    """
    if len(polygons) == 1 and polygons[0].shape[1] == 3:
        return polygons[0].astype(np.int64, copy=False)
    triangles, order = [np.empty((0, 3), np.int64)], [np.empty(0, np.int64)]
    for corners, number in zip(polygons, numbers, strict=True):
        count = corners.shape[1] - 2
        if count < 1:
            continue
        fan = np.empty((len(corners), count, 3), np.int64)
        fan[:, :, 0], fan[:, :, 1], fan[:, :, 2] = corners[:, :1], corners[:, 1:-1], corners[:, 2:]
        triangles.append(fan.reshape(-1, 3))
        order.append(np.repeat(number, count))
    return np.concatenate(triangles)[np.argsort(np.concatenate(order), kind="stable")]
