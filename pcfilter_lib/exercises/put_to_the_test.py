"""The checks of the chapter *Put to the test*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="with one shape fewer, the standard error would be larger than asked for.")
def check_shapes_needed(answer: Callable) -> None:
    """Check ``answer(share, error)``, the fewest shapes for which the standard error of `share` is at most `error`."""
    compare_on(
        _WANTED,
        answer,
        reference=_shapes,
        mistakes=[
            (
                "this is for an `error` without its square: (1) has a root, and both sides are squared.",
                lambda share, error: _up(share * (1 - share) / error),
            ),
            (
                "in (1) both shares stand under the root, those that are told right and those that are not.",
                lambda share, error: _up(share / error**2),
            ),
            (
                "this is p squared; the variance of a coin is p times (1 - p).",
                lambda share, error: _up(share**2 / error**2),
            ),
            (
                "the root of p (1 - p) was taken twice over: square it, too.",
                lambda share, error: _up(np.sqrt(share * (1 - share)) / error),
            ),
            (
                "the standard error is asked for, not twice the standard error.",
                lambda share, error: _up(4 * share * (1 - share) / error**2),
            ),
            (
                "this is for a share of one half, where the standard error is largest.",
                lambda share, error: _up(0.25 / error**2),
            ),
            (
                "rounded down, the standard error is larger than `error`: round up.",
                lambda share, error: int(share * (1 - share) / error**2),
            ),
            (
                "floating point leaves the number a hair above a whole one here: round to nine digits first.",
                lambda share, error: int(np.ceil(share * (1 - share) / error**2)),
            ),
            (
                "one too many where the number comes out whole: that one is enough.",
                lambda share, error: int(np.floor(round(share * (1 - share) / error**2, 9))) + 1,
            ),
            (
                "no part of a shape can be tested: a whole number is expected.",
                lambda share, error: share * (1 - share) / error**2,
            ),
        ],
    )


@exercise(solved="the class with the largest product wins, also where the product is too small for a number.")
def check_product_vote(answer: Callable) -> None:
    """Check ``answer(probabilities)``, for each shape the class with the largest product over the views."""
    compare_on(
        _VIEWS,
        answer,
        reference=lambda p: np.log(p).sum(axis=0).argmax(axis=1),
        mistakes=[
            (
                "with many views the products of all classes are 0, and the first class wins. Add logarithms instead.",
                lambda p: p.prod(axis=0).argmax(axis=1),
            ),
            ("this is the mean of the views, or their sum.", lambda p: p.mean(axis=0).argmax(axis=1)),
            ("this is what the most certain view says.", lambda p: p.max(axis=0).argmax(axis=1)),
            ("this is the largest of the smallest probabilities.", lambda p: p.min(axis=0).argmax(axis=1)),
            ("this is the answer of the first view alone.", lambda p: p[0].argmax(axis=1)),
            (
                "this is the class that most views give. Each of them counts alike, however certain.",
                lambda p: np.stack([np.bincount(row, minlength=p.shape[2]).argmax() for row in p.argmax(axis=2).T]),
            ),
            (
                "this is the class with the smallest product: a logarithm of a small number is far below 0.",
                lambda p: np.log(p).sum(axis=0).argmin(axis=1),
            ),
            (
                "the largest product of 1 - p is asked for nowhere: multiply p.",
                lambda p: np.log(1 - p).sum(axis=0).argmax(axis=1),
            ),
        ],
        shapes=[
            ("one class for each shape is expected; this is one for each view and shape.", lambda p: p.shape[:2]),
            ("one class for each shape is expected, not a number for each of its classes.", lambda p: p.shape[1:]),
            ("one class for each shape is expected; this is one for each view.", lambda p: p.shape[:1]),
            ("the first axis is the views: multiply along it, then choose among the classes.", lambda p: p.shape[2:]),
        ],
    )


@exercise(solved="the strays are gone, and no other point has moved.")
def check_without_strays(answer: Callable) -> None:
    """Check ``answer(cloud, factor)``, the cloud with its strays replaced by its first point that is none."""
    compare_on(
        _CLOUDS,
        answer,
        reference=lambda cloud, factor: _mended(cloud, _far(cloud, factor)),
        mistakes=[
            (
                "the middle is the mean here: the stray itself draws it towards it. Take the median.",
                lambda cloud, factor: _mended(cloud, _far(cloud, factor, centre=np.mean)),
            ),
            (
                "compared with the mean distance, which a stray makes larger, it looks less far. Take the median.",
                lambda cloud, factor: _mended(cloud, _far(cloud, factor, typical=np.mean)),
            ),
            (
                "the middle is the median of the cloud, not the origin.",
                lambda cloud, factor: _mended(cloud, _far(cloud, factor, centre=lambda cloud, axis: 0 * cloud[0])),
            ),
            (
                "strays are replaced by the cloud's first point, and that may be a stray: take the first that is none.",
                lambda cloud, factor: _mended(cloud, _far(cloud, factor), first=0),
            ),
            (
                "these are the points that are no strays; all others were replaced.",
                lambda cloud, factor: _mended(cloud, ~_far(cloud, factor)),
            ),
            (
                "the distance is compared with `factor` itself; it is in units of the median distance.",
                lambda cloud, factor: _mended(cloud, _distances(cloud) > factor),
            ),
            (
                "strays became the middle, which is no point of the shape.",
                lambda cloud, factor: np.where(_far(cloud, factor)[:, None], np.median(cloud, axis=0), cloud),
            ),
            (
                "strays were set to 0, and the origin is no point of the shape.",
                lambda cloud, factor: np.where(_far(cloud, factor)[:, None], 0, cloud),
            ),
            (
                "the kept points were moved to the front; each stays where it was.",
                _kept_first,
            ),
            ("nothing was replaced.", lambda cloud, factor: cloud),
        ],
        shapes=[
            (
                "as many points as before are expected: replace strays, do not leave them out.",
                lambda cloud, factor: cloud[~_far(cloud, factor)].shape,
            ),
            ("return the cloud, not which points are strays.", lambda cloud, factor: (len(cloud),)),
        ],
    )


def _up(number: float) -> int:
    return int(np.ceil(round(number, 9)))


def _shapes(share: float, error: float) -> int:
    return _up(share * (1 - share) / error**2)


def _distances(cloud: np.ndarray, centre: Callable = np.median) -> np.ndarray:
    return np.linalg.norm(cloud - centre(cloud, axis=0), axis=1)


def _far(cloud: np.ndarray, factor: float, centre: Callable = np.median, typical: Callable = np.median) -> np.ndarray:
    away = _distances(cloud, centre)
    return away > factor * typical(away)


def _mended(cloud: np.ndarray, stray: np.ndarray, first: int | None = None) -> np.ndarray:
    mended = cloud.copy()
    mended[stray] = cloud[np.argmin(stray) if first is None else first]
    return mended


def _kept_first(cloud: np.ndarray, factor: float) -> np.ndarray:
    kept = cloud[~_far(cloud, factor)]
    return np.concatenate([kept, np.repeat(kept[:1], len(cloud) - len(kept), axis=0)])


_random = np.random.default_rng(37)
# The first cases tell all known mistakes apart, which few small cases do.
_WANTED = [
    {"share": 0.9, "error": 0.07},
    {"share": 0.5, "error": 0.05},
    {"share": 0.94, "error": 0.02},
]
_VIEWS = [
    {
        "probabilities": np.array(
            [
                [[0.1, 0.1, 0.8], [0.6, 0.1, 0.3], [0.3, 0.4, 0.3], [0.3, 0.4, 0.3], [0.2, 0.3, 0.5]],
                [[0.7, 0.1, 0.2], [0.3, 0.1, 0.6], [0.4, 0.2, 0.4], [0.1, 0.1, 0.8], [0.5, 0.4, 0.1]],
                [[0.2, 0.2, 0.6], [0.6, 0.1, 0.3], [0.2, 0.7, 0.1], [0.4, 0.5, 0.1], [0.3, 0.4, 0.3]],
                [[0.4, 0.5, 0.1], [0.1, 0.6, 0.3], [0.1, 0.7, 0.2], [0.2, 0.1, 0.7], [0.2, 0.5, 0.3]],
            ]
        )
    },
    {"probabilities": _random.dirichlet(2 * np.ones(4), size=(1000, 3)).round(3) * 0.99 + 0.0025},
]
_CLOUDS = [
    {
        "cloud": np.array([[-6.0, -2, 0], [3, 1, 0], [3, 0, 1], [3, 0, 3], [0, 2, 2], [3, 2, 3], [8, 0, 2]]),
        "factor": 1.5,
    },
    {"cloud": np.r_[_random.normal(size=(20, 3)), [[0, 0, 9.0], [0, 7, 0]]].round(2) + 4, "factor": 2.5},
    {"cloud": _random.uniform(-1, 1, (9, 3)).round(2), "factor": 5.0},
]
