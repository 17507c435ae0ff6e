"""The checks of the chapter *Going downhill*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="just below it the walk converges, just above it diverges, in every direction of the valley.")
def check_largest_rate(answer: Callable) -> None:
    """Check ``answer(H)``, the limit of the learning rate on a quadratic with the symmetric matrix H (n, n)."""
    eigenvalues = np.linalg.eigvalsh
    compare_on(
        _MATRICES,
        answer,
        reference=_largest_rate,
        mistakes=[
            (
                "this rate arrives in one step in the sharpest direction; how far beyond it may one go?",
                lambda H: 1 / eigenvalues(H).max(),
            ),
            (
                "this is the limit of the flattest direction; the sharp one diverges.",
                lambda H: 2 / eigenvalues(H)[0],
            ),
            (
                "this looks at the diagonal of H alone: the valley need not lie along the axes.",
                lambda H: 2 / np.diag(H).max(),
            ),
            (
                "this looks at single entries of H: the valley need not lie so.",
                lambda H: 2 / np.abs(H).max(),
            ),
            ("the trace adds up the curvatures of all directions; one of them decides.", lambda H: 2 / np.trace(H)),
            ("this mixes all directions; one of them decides.", lambda H: 2 / np.linalg.norm(H)),
            ("this takes the mean curvature; one direction decides.", lambda H: 2 / eigenvalues(H).mean()),
            ("this is the largest curvature; what rate goes with it?", lambda H: eigenvalues(H).max()),
            ("this is one limit for each direction; which of them holds for all?", lambda H: 2 / eigenvalues(H)),
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


@exercise(solved="whole rounds and the moves after the last of them are counted right.")
def check_lookahead(answer: Callable) -> None:
    """Check ``answer(start, moves, k, alpha)``, where the fast weights (P,) are after the moves (T, P)."""
    compare_on(
        _WALKS,
        answer,
        reference=_lookahead,
        mistakes=[
            ("nothing is taken back: after every k moves the slow weights step in.", lambda s, m, k, a: s + m.sum(0)),
            (
                "alpha is the share of the way that is kept, and 1 - alpha is taken back.",
                lambda start, moves, k, alpha: _lookahead(start, moves, k, 1 - alpha),
            ),
            ("after a slow step the fast weights begin again from the slow ones.", _without_reset),
            (
                "after a slow step the fast weights begin again from the slow ones.",
                lambda *inputs: _without_reset(*inputs, slow_wanted=True),
            ),
            ("these are the slow weights: the moves after the last slow step are missing.", _slow_only),
            ("the slow weights have to move as well: they do not stay at the start.", _slow_stays),
            ("the first slow step comes after k moves: this counts the steps from 0.", _counted_from_zero),
            (
                "a slow step comes after every k-th move: not after each, and not at the end of an unfinished round.",
                lambda start, moves, k, alpha: start + alpha * moves.sum(axis=0),
            ),
        ],
        shapes=[("this is the whole path; where does it end?", lambda start, moves, k, alpha: moves.shape)],
    )


def _largest_rate(H: np.ndarray) -> float:
    return 2 / np.linalg.eigvalsh(H).max()


def _exact(gradients: np.ndarray, share: float, power: int = 2, root: bool = False) -> float:
    full = gradients.mean(axis=0)
    spread, length = ((gradients - full) ** 2).sum(axis=1).mean(), full @ full
    if root:
        return np.sqrt(spread) / (share * np.sqrt(length))
    return spread / (share**power * length)


def _with(**changes: object) -> Callable:
    return lambda gradients, share: np.ceil(_exact(gradients, share, **changes) - 1e-9)


def _rounded(gradients: np.ndarray, share: float) -> float:
    return np.round(_exact(gradients, share))


_batch_size = _with()


def _lookahead(start: np.ndarray, moves: np.ndarray, k: int, alpha: float) -> np.ndarray:
    slow = fast = start
    for t, move in enumerate(moves, start=1):
        fast = fast + move
        if t % k == 0:
            slow = fast = slow + alpha * (fast - slow)
    return fast


def _without_reset(start: np.ndarray, moves: np.ndarray, k: int, alpha: float, slow_wanted: bool = False) -> np.ndarray:
    slow = fast = start
    for t, move in enumerate(moves, start=1):
        fast = fast + move
        if t % k == 0:
            slow = slow + alpha * (fast - slow)
    return slow if slow_wanted else fast


def _slow_only(start: np.ndarray, moves: np.ndarray, k: int, alpha: float) -> np.ndarray:
    return _lookahead(start, moves[: len(moves) // k * k], k, alpha)


def _slow_stays(start: np.ndarray, moves: np.ndarray, k: int, alpha: float) -> np.ndarray:
    fast = start
    for t, move in enumerate(moves, start=1):
        fast = fast + move
        if t % k == 0:
            fast = start + alpha * (fast - start)
    return fast


def _counted_from_zero(start: np.ndarray, moves: np.ndarray, k: int, alpha: float) -> np.ndarray:
    slow = fast = start
    for t, move in enumerate(moves):
        fast = fast + move
        if t % k == 0:
            slow = fast = slow + alpha * (fast - slow)
    return fast


_random = np.random.default_rng(7)
_root = _random.normal(size=(5, 5))
# In the first case the axes are the valley's own; in the others they are not.
_MATRICES = [
    {"H": np.array([[1.0, 0.0], [0.0, 4.0]])},
    {"H": np.array([[2.0, 1.0], [1.0, 2.0]])},
    {"H": np.array([[3.0, -1.0, 0.0], [-1.0, 2.0, -1.0], [0.0, -1.0, 1.0]])},
    {"H": _root @ _root.T + np.eye(5)},
]
# The first comes out whole.
_GRADIENTS = [
    {"gradients": np.array([[1.0, 0.0], [3.0, 0.0]]), "share": 0.125},
    {"gradients": np.array([[1.0, 2.0, -1.0], [3.0, 0.0, 1.0], [0.0, 4.0, 2.0]]), "share": 0.5},
    {"gradients": _random.integers(-4, 7, size=(12, 5)).astype(float), "share": 0.3},
]
_WALKS = [
    {"start": np.array([0.0]), "moves": np.ones((8, 1)), "k": 3, "alpha": 0.25},
    {"start": np.array([1.0, -2.0]), "moves": _random.integers(-9, 10, size=(11, 2)) / 2, "k": 4, "alpha": 0.75},
    {"start": np.array([3.0]), "moves": np.array([[1.0], [2.0]]), "k": 5, "alpha": 0.75},
]
