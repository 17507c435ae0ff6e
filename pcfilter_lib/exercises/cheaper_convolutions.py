"""The checks of the chapter *Cheaper convolutions*.

Kernels of ordinary convolutions are (h, w, C, O), those of depthwise ones (h, w, C), those of pointwise ones (C, O).
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._pair import pair_of
from pcfilter_lib.exercises._wording import call_text, number


@exercise(solved="your multiplier still saves something, and one more would not.")
def check_largest_multiplier(answer: Callable) -> None:
    """Check ``answer(h, w, filters)``, the largest depth multiplier with fewer multiplications than without it.

    The report does not print the right number: it would give the formula away.
    """
    given, calls = [], []
    for h, w, filters in _WINDOWS:
        inputs = {"h": h, "w": w, "filters": filters}
        calls.append(call_text(answer, inputs))
        value = as_numbers(call(answer, **inputs), calls[-1])
        if value.size != 1:
            raise NotYet(f"{calls[-1]} gives {value.size} numbers; one is expected.")
        given.append(float(value.reshape(())))
    h, w, filters = np.transpose(_WINDOWS)
    window = h * w
    limit = window * filters / (window + filters)
    right = np.ceil(limit) - 1
    wrong = np.flatnonzero(~np.isclose(given, right))
    if not len(wrong):
        return
    mistakes = [
        ("where both cost the same, nothing is saved: fewer is asked for.", [np.floor(limit)]),
        ("a multiplier is a whole number; this is the place where both cost the same.", [limit]),
        ("this is the nearest whole number: it may be one that costs more.", [np.round(limit)]),
        ("this is rounded up: the first that no longer saves.", [np.ceil(limit), np.floor(limit) + 1]),
        ("only the first half grows here: the second gets more channels, too.", _both(filters - filters / window)),
        ("the second half is missing.", _both(filters)),
        ("the first half is missing.", _both(window)),
        ("only the second half grows here: the first makes more channels, too.", _both(window - window / filters)),
        (
            "this is the rank at which nothing is lost; whether it saves anything is another question.",
            _rank(h, w, filters),
        ),
        ("this is the share that a multiplier of 1 leaves.", [1 / limit]),
        (
            "this takes the window to be square: multiply its height by its width.",
            _both(h**2 * filters / (h**2 + filters)),
        ),
        ("this adds height and width of the window: multiply them.", _both((h + w) * filters / (h + w + filters))),
        ("0 where nothing is saved, not 1.", [np.maximum(right, 1)]),
    ]
    first = wrong[0]
    size = "large" if given[first] > right[first] else "small"
    report = f"{calls[first]} gives {number(given[first])}, which is too {size}."
    known = [text for text, formulas in mistakes if any(np.allclose(given, formula) for formula in formulas)]
    raise NotYet("\n".join([*known[:1], report]))


@exercise(solved="no separable kernel comes closer.")
def check_separate(answer: Callable) -> None:
    """Check ``answer(kernel)``, the depthwise and the pointwise half of the closest separable kernel."""
    for kernel in _KERNELS:
        h, w, channels, filters = kernel.shape
        depthwise, pointwise = pair_of(
            answer,
            {"kernel": kernel},
            {"depthwise": (h, w, channels), "pointwise": (channels, filters)},
            mistakes={
                "depthwise": {
                    (h * w, channels): "the depthwise half is flat: give its window back its rows.",
                    (channels, h, w): "the depthwise half has its channels first; they come last.",
                    (h, w): "this is one window for all channels; each channel has its own.",
                },
                "pointwise": {
                    (filters, channels): "the pointwise half is transposed: a row for each input channel.",
                    (filters,): "this is one row for all input channels; each has its own.",
                },
            },
        )
        compare(
            depthwise[..., None] * pointwise,
            _part(kernel, 0),
            what="depthwise[..., None] * pointwise",
            mistakes=[(text, functools.partial(wrong, kernel)) for text, wrong in _NOT_THE_CLOSEST],
        )


@exercise(solved="one middle channel at a time, and the sum over all is the block.")
def check_share(answer: Callable) -> None:
    """Check ``answer(x, expand, depthwise, project, m)``, what one middle channel contributes, (H, W, C)."""
    compare_on(
        _INVERTED,
        answer,
        reference=_share,
        mistakes=[
            (
                "this is the whole block, the sum over all middle channels: m alone is asked for.",
                lambda x, e, d, p, m: sum(_share(x, e, d, p, n) for n in range(e.shape[1])),
            ),
            ("the ReLU6 after the expansion is missing.", functools.partial(_share, first=_as_it_is)),
            ("the ReLU6 after the depthwise step is missing.", functools.partial(_share, second=_as_it_is)),
            ("both ReLU6 are missing.", functools.partial(_share, first=_as_it_is, second=_as_it_is)),
            ("ReLU6 also cuts off above 6.", functools.partial(_share, first=_relu, second=_relu)),
            ("ReLU6 also cuts off above 6.", functools.partial(_share, first=_relu)),
            ("ReLU6 also cuts off above 6.", functools.partial(_share, second=_relu)),
            (
                "the narrow end has no activation: what comes out of `project` stays as it is.",
                lambda *inputs: _relu6(_share(*inputs)),
            ),
            (
                "the window is turned by half a circle; deep learning's convolution does not turn it.",
                lambda x, e, d, p, m: _share(x, e, d[::-1, ::-1], p, m),
            ),
            ("the window is transposed.", lambda x, e, d, p, m: _share(x, e, d.transpose(1, 0, 2), p, m)),
            (
                "the border is filled with its neighbours; it holds zeros.",
                functools.partial(_share, border="edge"),
            ),
            (
                "expand[m] is a row: a middle channel is made by a column, expand[:, m].",
                lambda x, e, d, p, m: _share(x, np.tile(e[m][:, None], e.shape[1]), d, p, m),
            ),
            (
                "project[:, m] is a column: a middle channel goes out by a row, project[m].",
                lambda x, e, d, p, m: _share(x, e, d, np.tile(p[:, m], (len(p), 1)), m),
            ),
        ],
        shapes=[
            (
                "this is the middle channel itself: bring it back to C channels with a row of `project`.",
                lambda x, e, d, p, m: x.shape[:2],
            ),
            (
                "this is without the border: with zeros around it, the channel keeps its size.",
                lambda x, e, d, p, m: (x.shape[0] - 2, x.shape[1] - 2, x.shape[2]),
            ),
        ],
    )


def _relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0)


def _relu6(values: np.ndarray) -> np.ndarray:
    return np.clip(values, 0, 6)


def _as_it_is(values: np.ndarray) -> np.ndarray:
    return values


def _share(x, expand, depthwise, project, m, *, first=_relu6, second=_relu6, border="constant") -> np.ndarray:
    bordered = np.pad(first(x @ expand[:, m]), 1, mode=border)
    windows = np.lib.stride_tricks.sliding_window_view(bordered, (3, 3))
    return second(np.einsum("ijab,ab->ij", windows, depthwise[:, :, m]))[..., None] * project[m]


def _decomposed(kernel: np.ndarray):
    """For each input channel: U, S and Vt of the matrix with a row for each place of the window."""
    h, w, channels, filters = kernel.shape
    return [np.linalg.svd(kernel[:, :, c].reshape(h * w, filters), full_matrices=False) for c in range(channels)]


def _composed(kernel: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
    h, w, _, filters = kernel.shape
    return np.stack([matrix.reshape(h, w, filters) for matrix in matrices], axis=2)


def _part(kernel: np.ndarray, index: int) -> np.ndarray:
    return _composed(kernel, [S[index] * np.outer(U[:, index], Vt[index]) for U, S, Vt in _decomposed(kernel)])


def _scaled(kernel: np.ndarray, power: float) -> np.ndarray:
    return _composed(kernel, [S[0] ** power * np.outer(U[:, 0], Vt[0]) for U, S, Vt in _decomposed(kernel)])


def _with_column_of_vt(kernel: np.ndarray) -> np.ndarray:
    return _composed(kernel, [S[0] * np.outer(U[:, 0], Vt[:, 0]) for U, S, Vt in _decomposed(kernel)])


def _with_row_of_u(kernel: np.ndarray) -> np.ndarray:
    """Take U[0] for U[:, 0]; where U is not square, NumPy refuses."""
    return _composed(kernel, [S[0] * np.outer(U[0], Vt[0]) for U, S, Vt in _decomposed(kernel)])


def _projected(kernel: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """Return the best pointwise half for given windows (h, w, C), times these windows."""
    pointwise = np.einsum("abc,abco->co", windows, kernel) / np.einsum("abc,abc->c", windows, windows)[:, None]
    return windows[..., None] * pointwise


def _mean(kernel: np.ndarray) -> np.ndarray:
    return _projected(kernel, kernel.mean(axis=-1))


def _of_one_filter(kernel: np.ndarray) -> np.ndarray:
    return _projected(kernel, kernel[..., 0])


def _of_all(kernel: np.ndarray) -> np.ndarray:
    """Decompose all channels at once: one window, and the rest in the pointwise half."""
    h, w, channels, filters = kernel.shape
    U, S, Vt = np.linalg.svd(kernel.reshape(h * w, channels * filters), full_matrices=False)
    return (S[0] * np.outer(U[:, 0], Vt[0])).reshape(kernel.shape)


_NOT_THE_CLOSEST = [
    (
        "the singular value is missing: the columns of U and the rows of Vt have length 1.",
        functools.partial(_scaled, power=0),
    ),
    (
        "the singular value is in both halves: it belongs into one, or its root into both.",
        functools.partial(_scaled, power=2),
    ),
    (
        "its root is in one half only: take the value itself, or its root in both.",
        functools.partial(_scaled, power=0.5),
    ),
    ("np.linalg.svd returns V transposed: take its first row, not its first column.", _with_column_of_vt),
    ("this is the smallest part of the sum: the largest comes first.", functools.partial(_part, index=-1)),
    ("this is the second part of the sum: Python counts from 0.", functools.partial(_part, index=1)),
    ("the mean over filters is not the best window: kernels of opposite sign cancel.", _mean),
    ("the window of filter 0 is not the best one for all filters.", _of_one_filter),
    ("the same window for all channels: each channel is a problem of its own.", _of_all),
    ("U[0] is a row of U: the first part needs its first column, U[:, 0].", _with_row_of_u),
]


def _both(limit: np.ndarray) -> list[np.ndarray]:
    """Below the limit, strictly or not, or the limit itself."""
    return [np.ceil(limit) - 1, np.floor(limit), limit]


def _rank(h: np.ndarray, w: np.ndarray, filters: np.ndarray) -> list[np.ndarray]:
    return [np.minimum(h * w, filters)]


_random = np.random.default_rng(3)
_WINDOWS = [(3, 3, 64), (2, 3, 6), (1, 1, 8), (2, 4, 24), (5, 5, 1), (2, 2, 12), (5, 2, 7)]
_KERNELS = [
    np.array([[1.0, 2.0, 0.0], [3.0, 5.0, -1.0], [0.0, -1.0, 2.0]]).reshape(1, 3, 1, 3),
    _random.integers(-9, 10, size=(3, 2, 3, 4)) / 2,
    _random.integers(-9, 10, size=(2, 2, 2, 4)) / 2,
]
# Two middle channels at first, to be followed by hand. As many middle channels as ends in the second, so that a row
# can be taken for a column; large numbers, so that ReLU6 cuts off on both sides.
_INVERTED = [
    {
        "x": np.array([[-4.0, 2.0, 9.0], [8.0, -1.0, 3.0], [1.0, 7.0, -2.0]])[..., None],
        "expand": np.array([[1.0, -1.0]]),
        "depthwise": np.arange(-8.0, 10).reshape(3, 3, 2) / 8,
        "project": np.array([[2.0], [3.0]]),
        "m": 0,
    },
    {
        "x": _random.integers(-9, 10, size=(4, 5, 3)) / 2,
        "expand": _random.integers(-9, 10, size=(3, 3)) / 4,
        "depthwise": _random.integers(-9, 10, size=(3, 3, 3)) / 2,
        "project": _random.integers(-9, 10, size=(3, 3)) / 2,
        "m": 1,
    },
    {
        "x": _random.integers(-9, 10, size=(5, 4, 2)) / 2,
        "expand": _random.integers(-9, 10, size=(2, 6)) / 4,
        "depthwise": _random.integers(-9, 10, size=(3, 3, 6)) / 2,
        "project": _random.integers(-9, 10, size=(6, 2)) / 2,
        "m": 4,
    },
]
