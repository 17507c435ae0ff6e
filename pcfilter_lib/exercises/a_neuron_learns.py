"""The checks of the chapter *A neuron learns*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each row adds up to 1, and large numbers do no harm in any row.")
def check_softmax(answer: Callable) -> None:
    """Check ``answer(z)``, the softmax of each row of z (N, C)."""
    overflow = "for large z an exponential overflows: take a number off each row first."
    compare_on(
        _SCORES,
        answer,
        reference=_softmax,
        mistakes=[
            (
                "you divide by the sum over the whole array; each row has a sum of its own.",
                lambda z: np.exp(z) / np.exp(z).sum(),
            ),
            (
                "you divide by the sums of the columns; the classes are in a row.",
                lambda z: np.exp(z) / np.exp(z).sum(axis=0),
            ),
            (
                "a row's sum must divide that row: keep it as a column, with keepdims=True.",
                lambda z: np.exp(z) / np.exp(z).sum(axis=1),
            ),
            (
                "this is the sigmoid of each entry; softmax compares the entries of a row.",
                lambda z: 1 / (1 + np.exp(-z)),
            ),
            ("the exponentials are not divided by anything.", np.exp),
            ("the exponentials are not divided by anything.", lambda z: np.exp(z - z.max(axis=1, keepdims=True))),
            ("the exponential is missing: it makes all entries positive.", lambda z: z / z.sum(axis=1, keepdims=True)),
            ("this is the logarithm of the softmax.", lambda z: np.log(_softmax(z))),
            (
                "take off each row's own largest entry: another row may lie a thousand lower, and vanish.",
                lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1, keepdims=True),
            ),
            (
                "take off each row's largest entry; after its mean a large one remains.",
                lambda z: (
                    np.exp(z - z.mean(axis=1, keepdims=True))
                    / np.exp(z - z.mean(axis=1, keepdims=True)).sum(axis=1, keepdims=True)
                ),
            ),
            (overflow, lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
        ],
        shapes=[("this is one number for each row; softmax has as many as z.", lambda z: z.shape[:1])],
    )


@exercise(solved="every station of the way back is there, and in its shape.")
def check_gradient(answer: Callable) -> None:
    """Check ``answer(x, t, W, v)``, dL/dW (H, D) of L = (v . sigmoid(W x) - t)^2 / 2."""
    compare_on(
        _NETWORKS,
        answer,
        reference=_gradient,
        mistakes=[
            ("the slope of the sigmoid is missing.", _gradient_with(slope=lambda a, h: 1)),
            (
                "the slope of the sigmoid is h (1 - h) with h = sigmoid(W x), not with the sum W x itself.",
                _gradient_with(slope=lambda a, h: a * (1 - a)),
            ),
            ("this is the slope of tanh; here the hidden layer has the sigmoid.", _gradient_with(_tanh_slope)),
            (
                "the slope of the sigmoid is computed from the sum, not from h: you squeeze twice.",
                _gradient_with(slope=lambda a, h: _sigmoid(h) * (1 - _sigmoid(h))),
            ),
            ("the way from y to h goes through v, which is missing.", _gradient_with(through=lambda v: 1)),
            ("the loss's own derivative, y - t, is missing.", _gradient_with(error=lambda y, t: 1)),
            ("the sign is wrong: the derivative of the loss is y - t.", _gradient_with(error=lambda y, t: t - y)),
            ("twice too large: the half in the loss cancels the 2.", _gradient_with(error=lambda y, t: 2 * (y - t))),
            ("this is the loss in the place of its derivative.", _gradient_with(error=lambda y, t: (y - t) ** 2 / 2)),
        ],
        shapes=[
            ("the gradient is transposed: it has the shape of W.", lambda x, t, W, v: W.shape[::-1]),
            ("this is the gradient of the sums W x; one station is missing.", lambda x, t, W, v: v.shape),
        ],
    )


@exercise(solved="the dead are found, and nobody who lives is among them.")
def check_dead(answer: Callable) -> None:
    """Check ``answer(x, W, b)``, true for each of the ReLU neurons (H,) that no example of x (N, D) activates."""
    compare_on(
        _LAYERS,
        answer,
        reference=lambda x, W, b: (x @ W + b <= 0).all(axis=0),
        mistakes=[
            ("this marks the living; the dead are wanted.", lambda x, W, b: (x @ W + b > 0).any(axis=0)),
            (
                "this marks neurons that are silent for some example; the dead are silent for all.",
                lambda x, W, b: (x @ W + b <= 0).any(axis=0),
            ),
            ("a sum of exactly 0 has the slope 0, too.", lambda x, W, b: (x @ W + b < 0).all(axis=0)),
            ("the bias is missing.", lambda x, W, b: (x @ W <= 0).all(axis=0)),
            ("this looks at the weights alone: it depends on the data, too.", lambda x, W, b: (W <= 0).all(axis=0)),
            ("this looks at the bias alone: the weighted inputs count as well.", lambda x, W, b: b <= 0),
            (
                "this takes the mean over the examples: one that activates the neuron is enough.",
                lambda x, W, b: (x @ W + b).mean(axis=0) <= 0,
            ),
            ("this looks at the first example only.", lambda x, W, b: (x @ W + b)[0] <= 0),
        ],
        shapes=[
            ("this has one value for each example; one for each neuron is wanted.", lambda x, W, b: x.shape[:1]),
            ("this has one value for each example and neuron.", lambda x, W, b: (len(x), len(b))),
            ("one value for each neuron is wanted.", lambda x, W, b: ()),
        ],
    )


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-a))


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _tanh_slope(a: np.ndarray, h: np.ndarray) -> np.ndarray:
    return 1 - h**2


def _gradient_with(
    slope: Callable = lambda a, h: h * (1 - h),
    through: Callable = lambda v: v,
    error: Callable = lambda y, t: y - t,
) -> Callable:
    """Return the gradient with one of its factors exchanged."""

    def gradient(x: np.ndarray, t: float, W: np.ndarray, v: np.ndarray) -> np.ndarray:
        a = W @ x
        h = _sigmoid(a)
        return np.outer(error(v @ h, t) * through(v) * slope(a, h), x)

    return gradient


_gradient = _gradient_with()
_random = np.random.default_rng(11)
# The second case has rows of very different size; the third a row whose mean lies far below its largest entry.
_SCORES = [
    {"z": np.array([[0.0, 1.0, -1.0], [2.0, 2.0, 0.5]])},
    {"z": np.array([[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]])},
    {"z": np.array([[3000.0, 0.0, 0.0, 2999.0], [0.0, 1.0, 2.0, 3.0]])},
]
_NETWORKS = [
    {"x": np.array([1.0, 2.0]), "t": 1.0, "W": np.array([[0.5, -1.0], [1.0, 0.5], [0.0, -0.5]]), "v": np.ones(3) * 2},
    {
        "x": _random.normal(size=4).round(1),
        "t": -0.5,
        "W": _random.normal(size=(3, 4)).round(1),
        "v": _random.normal(size=3).round(1),
    },
]
# Each mistake gives another answer on the first layer.
_LAYERS = [
    {
        "x": np.array([[-1.0, -1.0], [1.0, 1.0], [1.0, 0.0]]),
        "W": np.array([[-1.0, 1.0, 2.0, 1.0, -2.0], [-2.0, -2.0, 1.0, 2.0, 2.0]]),
        "b": np.array([0.0, -1.0, 0.0, 1.0, 1.0]),
    },
    {
        "x": _random.integers(-3, 4, size=(5, 3)).astype(float),
        "W": _random.integers(-3, 4, size=(3, 8)).astype(float),
        "b": _random.integers(-9, 2, size=8).astype(float),
    },
]
