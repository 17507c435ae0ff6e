"""Variations of training clouds that leave the class what it is, for whole batches at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pcfilter_lib._arguments import number_within, one_of
from pcfilter_lib.errors import InputError

AXES = ("x", "y", "z")


@dataclass(frozen=True, kw_only=True)
class CloudAugmentation:
    """Turn, scale, jitter and thin clouds at random.

    Call it with clouds, labels and a generator, as :class:`pcfilter_lib.data.ShuffledBatches` and
    :class:`pcfilter_lib.data.CloudBatches` do.

    Parameters
    ----------
    rotate : {"z", "x", "y", ""}
        The vertical, about which each cloud is turned by any angle; "" for not at all.
    jitter : float, default 0.01
        Standard deviation of what is added to each coordinate, in radii of the cloud.
    clip : float, default 0.05
        No coordinate is moved farther.
    scale : (float, float), default (0.8, 1.25)
        Between which each axis of each cloud is stretched by itself.
    drop : float, default 0
        Up to which share of a cloud's points is lost: a dropout that keeps the shape of the batch. Those that stay
        come first, in their order, then as many copies of the first point as are missing, which a maximum does not
        notice. Labels of points go along.

    Raises
    ------
    InputError
        If an argument is out of its range.

    References
    ----------
    Qi, C. R., Su, H., Mo, K. and Guibas, L. J. (2017). PointNet. CVPR. Section 5.1 (rotation, jitter).
    Qi, C. R., Yi, L., Su, H. and Guibas, L. J. (2017). PointNet++. NeurIPS. Supplement (random dropout of points).
    """

    rotate: str = "z"
    jitter: float = 0.01
    clip: float = 0.05
    scale: tuple[float, float] = (0.8, 1.25)
    drop: float = 0.0

    def __post_init__(self):
        owner = "CloudAugmentation"
        one_of(owner, "rotate", self.rotate, (*AXES, ""))
        number_within(owner, "jitter", self.jitter, 0, 1)
        number_within(owner, "clip", self.clip, 0, 1)
        number_within(owner, "drop", self.drop, 0, 1, high_included=False)
        if len(self.scale) != 2 or not 0 < self.scale[0] <= self.scale[1] < np.inf:
            raise InputError(owner, "scale", f"{self.scale!r} is not allowed", "pass (low, high), 0 < low <= high")

    def __call__(
        self, clouds: np.ndarray, labels: np.ndarray, generator: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return varied clouds, and their labels.

        Parameters
        ----------
        clouds : ndarray, shape (B, N, 3)
        labels : ndarray, shape (B, ...)
            Of the clouds; or of their points: whole numbers of shape (B, N), or numbers of shape (B, N, classes).
        generator : numpy.random.Generator

        Returns
        -------
        clouds : ndarray of float32, shape (B, N, 3)
            A copy.
        labels : ndarray, shape (B, ...)
        """
        clouds = np.array(clouds, np.float32)
        count, points, _ = clouds.shape
        if self.scale != (1, 1):
            clouds *= generator.uniform(*self.scale, (count, 1, 3)).astype(np.float32)
        if self.rotate:
            clouds = rotated(clouds, generator.uniform(0, 2 * np.pi, count), self.rotate)
        if self.jitter:
            noise = generator.standard_normal(clouds.shape, np.float32)
            noise *= np.float32(self.jitter)
            clouds += np.clip(noise, -self.clip, self.clip, out=noise)
        if self.drop:
            gone = generator.random((count, points)) < generator.uniform(0, self.drop, (count, 1))
            gone[:, 0] = False  # what the others become
            rows = np.argsort(gone, axis=1, kind="stable")  # kept ones first: centres of PointNet++ differ
            rows[np.take_along_axis(gone, rows, axis=1)] = 0
            clouds = np.take_along_axis(clouds, rows[..., None], axis=1)
            labels = np.asarray(labels)
            per_point = labels.ndim == 3 or (labels.ndim == 2 and labels.dtype.kind in "iu")
            if per_point and labels.shape[1] == points:
                labels = np.take_along_axis(labels, rows if labels.ndim == 2 else rows[..., None], axis=1)
        return clouds, labels


def rotated(clouds: np.ndarray, angles: np.ndarray, axis: str = "z") -> np.ndarray:
    """Turn each cloud about an axis through the origin, counter-clockwise seen from the axis' tip.

    Parameters
    ----------
    clouds : ndarray, shape (B, N, 3)
    angles : ndarray, shape (B,)
        Radians.
    axis : {"z", "x", "y"}

    Returns
    -------
    ndarray of float32, shape (B, N, 3)
    """
    third = AXES.index(one_of("rotated", "axis", axis, AXES))
    first, second = (third + 1) % 3, (third + 2) % 3
    cosine, sine = np.cos(angles), np.sin(angles)
    matrices = np.zeros((len(angles), 3, 3), np.float32)
    matrices[:, third, third] = 1
    matrices[:, first, first] = matrices[:, second, second] = cosine
    matrices[:, first, second], matrices[:, second, first] = sine, -sine  # points are rows
    return np.matmul(np.asarray(clouds, np.float32), matrices)
