"""The checks of the chapter *Going downhill*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="no other rate brings all directions of the valley down as fast.")
def check_best_rate(answer: Callable) -> None:
    """Check ``answer(H)``, the rate at which descent is fastest on a quadratic with the symmetric matrix H (n, n)."""
    entries = "this looks at the entries of H, but the valley need not lie along the axes: its curvatures are others."
    largest = "this looks at the sharpest direction alone, and leaves the flattest slower than it need be."
    compare_on(
        _MATRICES,
        answer,
        reference=lambda H: 2 / (_curvatures(H)[0] + _curvatures(H)[-1]),
        mistakes=[
            (
                "this is the limit, where the sharpest direction jumps from wall to wall and never shrinks.",
                lambda H: 2 / _curvatures(H)[-1],
            ),
            (largest, lambda H: 1 / _curvatures(H)[-1]),
            (
                "this looks at the flattest direction alone; the sharpest may diverge.",
                lambda H: 1 / _curvatures(H)[0],
            ),
            (
                "this is the limit of the flattest direction alone; the sharpest diverges.",
                lambda H: 2 / _curvatures(H)[0],
            ),
            (
                "the right curvatures, and half of the right rate.",
                lambda H: 1 / (_curvatures(H)[0] + _curvatures(H)[-1]),
            ),
            (
                "this adds up the curvatures of all directions, as the trace does; only two of them decide.",
                lambda H: 2 / np.trace(H),
            ),
            ("this takes the mean of all curvatures; only two of them decide.", lambda H: 1 / _curvatures(H).mean()),
            (
                "this takes the geometric mean: between two slopes that are straight lines, the plain one decides.",
                lambda H: 1 / np.sqrt(_curvatures(H)[0] * _curvatures(H)[-1]),
            ),
            (entries, lambda H: 2 / (np.diag(H).min() + np.diag(H).max())),
            (entries, lambda H: 2 / np.diag(H).max()),
            (entries, lambda H: 1 / np.diag(H).max()),
            (entries, lambda H: 2 / (H.min() + H.max())),
            (
                "a sum over a row is only a bound on the curvatures of H.",
                lambda H: 2 / np.abs(H).sum(axis=1).max(),
            ),
            (
                "a sum over a row is only a bound on the curvatures of H.",
                lambda H: 2 / (np.abs(H).sum(axis=1).min() + np.abs(H).sum(axis=1).max()),
            ),
            ("this norm mixes all directions; only two of them decide.", lambda H: 2 / np.linalg.norm(H)),
            (
                "this is what is left of the slowest direction after a step; which rate goes with it?",
                lambda H: 1 - 2 * _curvatures(H)[0] / (_curvatures(H)[0] + _curvatures(H)[-1]),
            ),
            ("this is one rate for each direction; all share one.", lambda H: 1 / _curvatures(H)),
        ],
    )


@exercise(solved="this batch is quiet enough, and one example fewer would not do.")
def check_batch_size(answer: Callable) -> None:
    """Check ``answer(gradients, share)``: gradients (N, P), the noise at most `share` of the full gradient's length."""
    compare_on(
        _GRADIENTS,
        answer,
        reference=_batch_size,
        mistakes=[
            ("the noise falls with the root of the batch size, not with the size.", _with(root=True)),
            ("the share is compared with a length, and equation (3) holds squares: square it too.", _with(power=1)),
            (
                "the squared length of a row is the sum over its entries; this takes their mean.",
                lambda gradients, share: np.ceil(_exact(gradients, share) / gradients.shape[1]),
            ),
            ("this rounds down, and the batch is too noisy by a little.", lambda *inputs: np.floor(_exact(*inputs))),
            ("this rounds to the nearest whole number; a batch just too small is too noisy.", _rounded),
            ("this is the largest batch that is not quiet enough.", lambda *inputs: np.ceil(_exact(*inputs)) - 1),
            ("a batch size is a whole number.", _exact),
            (
                "where the size comes out whole, it will do: this is one too many.",
                lambda *i: np.floor(_exact(*i)) + 1,
            ),
            (
                "examples are drawn with replacement: a batch may be larger than N.",
                lambda gradients, share: np.minimum(_batch_size(gradients, share), len(gradients)),
            ),
            (
                "square each distance before you take the mean; this squares the mean distance.",
                lambda gradients, share: np.ceil(_exact(gradients, share, squares_last=True)),
            ),
            (
                "divide the spread by N, not N - 1: the N examples are all there are.",
                lambda gradients, share: np.ceil(
                    _exact(gradients, share) * len(gradients) / (len(gradients) - 1) - 1e-9
                ),
            ),
            (
                "measure the gradients' distance from the full gradient, not from zero.",
                lambda gradients, share: np.ceil(
                    (gradients**2).sum(axis=1).mean() / (share**2 * (gradients.mean(axis=0) ** 2).sum()) - 1e-9
                ),
            ),
        ],
    )


@exercise(solved="for every k, just below it Lookahead converges, and just above it diverges.")
def check_limit(answer: Callable) -> None:
    """Check ``answer(curvature, k, alpha)``, the limit of the rate for Lookahead around plain descent."""
    compare_on(
        _ROUNDS,
        answer,
        reference=_limit,
        mistakes=[
            ("this is the limit of plain descent; for this k, Lookahead allows more.", lambda c, k, a: 2 / c),
            (
                "for an even k, a round of f below -1 ends on the side where it began, farther out.",
                lambda c, k, a: _odd_limit(c, k, a),
            ),
            ("this is right for k = 1; a round multiplies by f not once but k times.", lambda c, k, a: 2 / (a * c)),
            ("k steps are not one step of k times the length.", lambda c, k, a: 2 * k / c),
            (
                "the slow weights keep the share 1 - alpha of where they were: count it.",
                lambda c, k, a: (1 + (1 / a) ** (1 / k)) / c,
            ),
            (
                "at this rate a round ends at 0, which is best and not the limit: it may multiply by as little as -1.",
                lambda c, k, a: (1 + (1 / a - 1) ** (1 / k)) / c,
            ),
            (
                "alpha is the share of the way that is kept, and 1 - alpha is taken back.",
                lambda c, k, a: (1 + (2 / (1 - a) - 1) ** (1 / k)) / c,
            ),
            ("the curvature is missing: the sharper, the smaller the rate.", lambda c, k, a: _limit(1, k, a)),
            ("this is -f, and f is 1 minus rate times curvature.", lambda c, k, a: (2 / a - 1) ** (1 / k) / c),
            (
                "f is negative there, so that 1 - f is more than 1.",
                lambda c, k, a: (1 - (2 / a - 1) ** (1 / k)) / c,
            ),
        ],
    )


def _curvatures(H: np.ndarray) -> np.ndarray:
    return np.linalg.eigvalsh(H)


def _odd_limit(curvature: float, k: int, alpha: float) -> float:
    return (1 + (2 / alpha - 1) ** (1 / k)) / curvature


def _limit(curvature: float, k: int, alpha: float) -> float:
    """Where a round's factor 1 - alpha + alpha f^k, with f = 1 - rate * curvature, leaves the interval (-1, 1)."""
    return _odd_limit(curvature, k, alpha) if k % 2 else 2 / curvature


def _exact(
    gradients: np.ndarray, share: float, power: int = 2, root: bool = False, squares_last: bool = False
) -> float:
    full = gradients.mean(axis=0)
    spread, length = ((gradients - full) ** 2).sum(axis=1).mean(), full @ full
    if squares_last:
        spread = np.linalg.norm(gradients - full, axis=1).mean() ** 2
    if root:
        return np.sqrt(spread) / (share * np.sqrt(length))
    return spread / (share**power * length)


def _with(**changes: object) -> Callable:
    return lambda gradients, share: np.ceil(_exact(gradients, share, **changes) - 1e-9)


def _rounded(gradients: np.ndarray, share: float) -> float:
    return np.round(_exact(gradients, share))


_batch_size = _with()


_random = np.random.default_rng(7)
_root = _random.normal(size=(5, 5))
# In the first two cases no entry and no sum over a row is a curvature; of two directions all are extremes.
_MATRICES = [
    {"H": np.array([[3.0, -2.0], [-2.0, 6.0]])},
    {"H": np.array([[3.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]])},
    {"H": _root @ _root.T + np.eye(5)},
]
# The first comes out whole.
_GRADIENTS = [
    {"gradients": np.array([[0.0, 0.0], [3.0, 0.0], [3.0, 0.0]]), "share": 0.125},
    {"gradients": np.array([[1.0, 2.0, -1.0], [3.0, 0.0, 1.0], [0.0, 4.0, 2.0]]), "share": 0.5},
    {"gradients": _random.integers(-4, 7, size=(12, 5)).astype(float), "share": 0.3},
]
_ROUNDS = [
    {"curvature": 4.0, "k": 3, "alpha": 0.25},
    {"curvature": 2.0, "k": 2, "alpha": 0.25},
    {"curvature": 1.0, "k": 5, "alpha": 0.75},
    {"curvature": 5.0, "k": 1, "alpha": 0.25},
    {"curvature": 3.0, "k": 4, "alpha": 1.0},
]
