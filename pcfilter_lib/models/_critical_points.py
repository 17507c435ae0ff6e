"""What a PointNet remembers of a cloud, and what it would not notice."""

from __future__ import annotations

import keras
import numpy as np

from pcfilter_lib._arguments import number_within, whole_number
from pcfilter_lib.errors import InputError

_BLOCK = 4096


def critical_points(model: keras.Model, cloud: np.ndarray) -> np.ndarray:
    """Return the points that decide a cloud's features: without all others the network answers the same.

    Parameters
    ----------
    model : PointNet
        Without transforms, which every point has a say in.
    cloud : ndarray, shape (N, 3)

    Returns
    -------
    ndarray of int64, shape (K,)
        Rows of the cloud, in order; at most as many as the network has features of a cloud.

    Raises
    ------
    InputError
        If the model has transforms, or is no PointNet.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet: deep learning on point sets for 3D classification and
    segmentation. CVPR. Theorem 2, section 5.3.
    """
    before, last = _parts("critical_points", model)
    features = before.predict_on_batch(np.asarray(cloud, np.float32)[None])
    values = keras.ops.convert_to_numpy(last.point_features(features))[0]
    alive = values.max(axis=0) > 0  # a feature that is 0 for all points has been decided by none
    return np.unique(values.argmax(axis=0)[alive])


def upper_bound_shape(model: keras.Model, cloud: np.ndarray, resolution: int = 48, slack: float = 1e-4) -> np.ndarray:
    """Return the points of space that may be added to a cloud without a change of its features.

    Parameters
    ----------
    model : PointNet
        Without transforms.
    cloud : ndarray, shape (N, 3)
        In the unit sphere.
    resolution : int, default 48
        Points of the grid along an axis, from -1 to 1.
    slack : float, default 1e-4
        By how much a feature may be exceeded, for the sake of rounding.

    Returns
    -------
    ndarray of float32, shape (M, 3)
        Points of the grid.

    Raises
    ------
    InputError
        As for :func:`critical_points`; if the cloud is larger than the unit sphere.

    References
    ----------
    As for :func:`critical_points`.
    """
    before, last = _parts("upper_bound_shape", model)
    resolution = whole_number("upper_bound_shape", "resolution", resolution, at_least=2)
    slack = number_within("upper_bound_shape", "slack", slack, 0, 1)
    cloud = np.asarray(cloud, np.float32)
    if np.linalg.norm(cloud, axis=-1).max() > 1 + 1e-4:
        raise InputError("upper_bound_shape", "cloud", "it leaves the unit sphere", "pass data.unit_sphere(cloud)")

    def values(points: np.ndarray) -> np.ndarray:
        return keras.ops.convert_to_numpy(last.point_features(before.predict_on_batch(points[None])))[0]

    bound = values(cloud).max(axis=0)
    axis = np.linspace(-1, 1, resolution, dtype=np.float32)
    grid = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)
    grid = grid[np.linalg.norm(grid, axis=-1) <= 1]
    # Blocks of one size, or each backend would compile the network for every rest.
    padded = np.concatenate([grid, np.repeat(grid[:1], -len(grid) % _BLOCK, axis=0)])
    blocks = padded.reshape(-1, _BLOCK, 3)
    within = np.concatenate([(values(block) <= bound + slack).all(axis=-1) for block in blocks])
    return grid[within[: len(grid)]]


def _parts(owner: str, model: keras.Model) -> tuple[keras.Model, keras.layers.Layer]:
    """Return what computes the features of the points before the last shared layer, and that layer."""
    names = [layer.name for layer in model.layers]
    if "global" not in names or any(name.endswith("_transform") for name in names):
        problem = "it has transforms, or is no PointNet"
        raise InputError(owner, "model", problem, "pass a models.PointNet(..., transforms=False)")
    last = model.get_layer("global")
    return keras.Model(model.inputs[0], last.input), last
