"""The checks of the chapter *Cheaper convolutions*.

Kernels of ordinary convolutions are (h, w, C, O), those of depthwise ones (h, w, C), those of pointwise ones (C, O).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, exercise
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


@exercise(solved="the convolution alone does what both did.")
def check_fold(answer: Callable) -> None:
    """Check ``answer(kernel, bias, gamma, beta, mean, variance, epsilon)``, the kernel and bias that do both."""
    for inputs in _NORMALISATIONS:
        kernel, bias, gamma, beta, mean, variance, epsilon = inputs.values()
        got = pair_of(answer, inputs, {"kernel": kernel.shape, "bias": bias.shape})
        factor = gamma / np.sqrt(variance + epsilon)
        expected = kernel * factor, (bias - mean) * factor + beta
        for text, wrong in {
            "the root of the variance divides, not the variance.": gamma / (variance + epsilon),
            "epsilon stands under the root, next to the variance.": gamma / (np.sqrt(variance) + epsilon),
            "epsilon is left out.": gamma / np.sqrt(variance),
            "gamma is left out.": 1 / np.sqrt(variance + epsilon),
            "the mean of the channel is not what divides.": gamma / np.sqrt(mean**2 + epsilon),
            "the root multiplies; it divides.": gamma * np.sqrt(variance + epsilon),
        }.items():
            if np.allclose(got[0], kernel * wrong, rtol=1e-4):
                raise NotYet(text)
        compare(
            got[0],
            expected[0],
            what="the new kernel",
            mistakes=[
                ("the kernel is as it was: what multiplies y also multiplies each weight.", lambda k=kernel: k),
                (
                    "the factors meet the input channels: they belong to the output channels, the last axis.",
                    lambda k=kernel, f=factor: k * np.resize(f, k.shape[2])[:, None],
                ),
                (
                    "beta belongs into the bias only: it does not multiply x.",
                    lambda k=kernel, f=factor, b=beta: k * f + b,
                ),
                ("the mean belongs into the bias only.", lambda k=kernel, f=factor, m=mean: (k - m) * f),
            ],
        )
        compare(
            got[1],
            expected[1],
            what="the new bias",
            mistakes=[
                ("the old bias is forgotten.", lambda f=factor, m=mean, b=beta: b - m * f),
                ("the mean is forgotten.", lambda f=factor, b=beta, o=bias: o * f + b),
                ("beta is forgotten.", lambda f=factor, m=mean, o=bias: (o - m) * f),
                ("the old bias is scaled, too.", lambda f=factor, m=mean, b=beta, o=bias: o - m * f + b),
                ("the mean is scaled, too.", lambda f=factor, m=mean, b=beta, o=bias: o * f - m + b),
                (
                    "beta is added after scaling: it is not scaled itself.",
                    lambda f=factor, m=mean, b=beta, o=bias: (o - m + b) * f,
                ),
                ("the mean is subtracted, not added.", lambda f=factor, m=mean, b=beta, o=bias: (o + m) * f + b),
                ("the bias is as it was.", lambda o=bias: o),
                ("neither the old bias nor the mean is in the new bias.", lambda b=beta: b),
            ],
        )


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


def _normalisation(size: tuple[int, ...]) -> dict[str, Any]:
    filters = size[-1]
    return {
        "kernel": _random.integers(-9, 10, size=size) / 2,
        "bias": _random.integers(1, 9, size=filters) / 2,
        "gamma": _random.integers(3, 9, size=filters) / 2,
        "beta": _random.integers(-9, 0, size=filters) / 2,
        "mean": _random.integers(1, 9, size=filters) / 2,
        "variance": _random.integers(2, 9, size=filters) / 2,
        "epsilon": 0.5,  # larger than in practice, so that its place shows
    }


_NORMALISATIONS = [_normalisation((1, 1, 1, 2)), _normalisation((3, 2, 4, 4)), _normalisation((2, 3, 3, 5))]
