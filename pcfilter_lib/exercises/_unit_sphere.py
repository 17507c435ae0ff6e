"""Whether each cloud of a batch is moved and scaled into the unit sphere, and what went wrong where it is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, compare_on


def require_unit_spheres(answer: Callable) -> None:
    """Compare the reader's function on batches (B, N, 3) of plain clouds, then of small ones and of ones without size.

    Whoever is right about the plain clouds and wrong about the others draws the line between size and no size
    elsewhere, whatever the numbers that come out: the rounding of a mean depends on how it is summed.
    """
    compare_on(_BATCHES, answer, reference=unit_sphere, mistakes=_MISTAKES, shapes=_SHAPES)
    for explanation, inputs in _WITH_AND_WITHOUT_SIZE:
        try:
            compare_on([inputs], answer, reference=unit_sphere)
        except NotYet as reason:
            raise reason if reason.error else NotYet(f"{explanation}\n{reason}") from None


def _centred(points: np.ndarray) -> np.ndarray:
    return points - points.mean(axis=1, keepdims=True)


def _radius(points: np.ndarray) -> np.ndarray:
    return np.linalg.norm(points, axis=2, keepdims=True).max(axis=1, keepdims=True)


def unit_sphere(points: np.ndarray, centre: np.ndarray | None = None, size: Callable = _radius) -> np.ndarray:
    """Return each cloud with its centroid at the origin and radius 1, or as zeros where no more than rounding is left.

    Another centre, or a size other than the radius, make mistakes.
    """
    moved = _centred(points) if centre is None else points - centre
    rounding = 1e-9 * np.abs(points).max(axis=(1, 2), keepdims=True)
    has_size = size(moved) > rounding
    return np.where(has_size, moved / np.where(has_size, size(moved), 1), 0)


_BATCHES = [
    # Each cloud has four points, not three, so that their axis and the axis of x, y and z cannot be confused.
    {
        "points": np.array(
            [[[1.0, 2, 3], [5, 2, 4], [3, 8, 11], [7, 0, 2]], [[0, 0, 1], [9, 3, 1], [0, 0, 4], [3, 1, 6]]]
        )
    },
]
_random = np.random.default_rng(21)
_BATCHES += [
    {"points": _random.gamma(1.0, size=(4, 50, 3)) * [1.0, 2.0, 0.5] + _random.normal(size=(4, 1, 3)) * 9},
    {"points": np.array([[[1.0, 2, 3], [5, 2, 4]], [[2, 4, 1], [2, 4, 1]], [[0, 0, 1], [0, 0, 4]]])},
]
_ROUNDING = (
    "the mean of equal numbers is not always exactly that number: treat a largest distance that is tiny beside the "
    "coordinates as 0."
)
_WITH_AND_WITHOUT_SIZE = [
    (
        "a small cloud has a size too: compare with the coordinates, not with a fixed number.",
        {"points": _BATCHES[0]["points"] / 1000},
    ),
    (_ROUNDING, {"points": np.full((1, 50, 3), 0.1)}),
    (_ROUNDING, {"points": np.tile([[[0.1, 0.7, -2.3]], [[1000.1, 1 / 3, 5.7]]], (1, 70, 1))}),
]

_MIDDLE = "you centre on the middle of the bounding box; the centroid is the mean of the points."
_ONE_MEAN = "you subtract one mean of all coordinates; a centroid has a mean for each axis of space."
_LOST = "an axis is lost, so that the shapes do not fit: mean, max and norm take keepdims=True."
_ONE_CLOUD = "you treat the batch as one cloud: mean and max run over axis 1."
_OVER_XYZ = "you average over x, y and z (axis 2); the points are along axis 1."
_ALONG_POINTS = "your norm runs over the points (axis 1); a distance is the norm of x, y and z (axis 2)."
# The largest distance, and what may be taken for it, of centred clouds.
_LARGEST = _radius, lambda c: _radius(c).max()
_LARGEST_ALONG_POINTS = [
    lambda c: np.linalg.norm(c, axis=1, keepdims=True),
    lambda c: np.linalg.norm(c, axis=1, keepdims=True).max(axis=2, keepdims=True),
    lambda c: np.linalg.norm(c, axis=1).max(),
]
_MISTAKES = [
    (
        "a cloud whose points all coincide has no size, and 0 / 0 is NaN: return zeros for it.",
        lambda p: _centred(p) / _radius(_centred(p)),
    ),
    (
        "one centroid for the whole batch: each cloud has its own.",
        lambda p: unit_sphere(p, p.mean(axis=(0, 1))),
    ),
    (
        "one scale for the whole batch: each cloud has a farthest point of its own.",
        lambda p: _centred(p) / _radius(_centred(p)).max(),
    ),
    (
        "one centroid and one scale for the whole batch: each cloud has its own.",
        lambda p: (p - p.mean(axis=(0, 1))) / _radius(p - p.mean(axis=(0, 1))).max(),
    ),
    (
        "you take the mean over the clouds, axis 0; the points of a cloud are along axis 1.",
        lambda p: unit_sphere(p, p.mean(axis=0)),
    ),
    (_ONE_MEAN, lambda p: unit_sphere(p, p.mean(axis=(1, 2), keepdims=True))),
    (_ONE_MEAN, lambda p: unit_sphere(p, p.mean())),
    (_MIDDLE, lambda p: unit_sphere(p, (p.min(axis=1, keepdims=True) + p.max(axis=1, keepdims=True)) / 2)),
    *(
        (text, lambda p, size=size: unit_sphere(p, size=size))
        for text, size in [
            ("the points are centred, but not scaled.", lambda c: np.ones(1)),
            (
                "you divide by the largest coordinate; divide by the largest distance from the centroid.",
                lambda c: np.abs(c).max(axis=(1, 2), keepdims=True),
            ),
            (
                "you divide by the standard deviation; divide by the largest distance from the centroid.",
                lambda c: c.std(axis=(1, 2), keepdims=True),
            ),
            (
                "you divide by a standard deviation for each axis; one number for all axes keeps the shape.",
                lambda c: c.std(axis=1, keepdims=True),
            ),
            (
                "you scale each axis of space by itself, which stretches the shape; divide by one number.",
                lambda c: np.abs(c).max(axis=1, keepdims=True),
            ),
            (
                "you divide each point by its own distance, which puts all on the sphere; take the largest.",
                lambda c: np.linalg.norm(c, axis=2, keepdims=True),
            ),
        ]
    ),
    (_LOST, lambda p: p - p.mean(axis=1)),
    (_LOST, lambda p: _centred(p) / np.linalg.norm(_centred(p), axis=2).max(axis=1)),
    (_LOST, lambda p: _centred(p) / np.linalg.norm(_centred(p), axis=2).max(axis=1, keepdims=True)),
    ("the points are scaled, but not centred: subtract the centroid first.", lambda p: p / _radius(p)),
    (
        "you measure the distances before you centre: subtract the centroid first.",
        lambda p: _centred(p) / _radius(p),
    ),
    *(
        (text, lambda p, axis=axis, size=size: unit_sphere(p, p.mean(axis=axis, keepdims=True), size))
        for text, axis, sizes in [
            (_ONE_CLOUD, 0, _LARGEST_ALONG_POINTS),
            (_OVER_XYZ, 2, [*_LARGEST, *_LARGEST_ALONG_POINTS]),
            (_ALONG_POINTS, 1, _LARGEST_ALONG_POINTS),
        ]
        for size in sizes
    ),
    (_OVER_XYZ, lambda p: p - p.mean(axis=2)),
]
_SHAPES = [
    ("you returned one cloud; return the whole batch.", lambda p: p.shape[1:]),
    ("you returned one list of points; keep the clouds apart.", lambda p: (p.shape[0] * p.shape[1], 3)),
]
