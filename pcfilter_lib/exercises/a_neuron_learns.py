"""The checks of the chapter *A neuron learns*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each row has its own probabilities, and all of its scores are counted.")
def check_softmax_gradient(answer: Callable) -> None:
    """Check ``answer(z, u)``, the gradient dL/dz (N, C) of the softmax of each row of z, where u = dL/dp (N, C)."""
    compare_on(
        _SCORES,
        answer,
        reference=_softmax_gradient,
        mistakes=[
            (
                "this is the derivative of each p for its own z; a z moves the other p of its row as well.",
                lambda z, u: u * _softmax(z) * (1 - _softmax(z)),
            ),
            ("this is p times u; the terms with the other p of the row are missing.", lambda z, u: _softmax(z) * u),
            (
                "the sum runs over the whole array; each row has a sum of its own.",
                lambda z, u: _softmax(z) * (u - (_softmax(z) * u).sum()),
            ),
            (
                "the sum runs down the columns; the scores of one example are in a row.",
                lambda z, u: _softmax(z) * (u - (_softmax(z) * u).sum(axis=0)),
            ),
            (
                "a row's sum must be taken off that row: keep it as a column, with keepdims=True.",
                lambda z, u: _softmax(z) * (u - (_softmax(z) * u).sum(axis=1)),
            ),
            (
                "this is the softmax of the columns; the scores of one example are in a row.",
                lambda z, u: _softmax_gradient(z.T, u.T).T,
            ),
            (
                "the exponentials are divided by the sum over the whole array; each row has a sum of its own.",
                lambda z, u: _with_probabilities(u, np.exp(z) / np.exp(z).sum()),
            ),
            (
                "the exponentials are divided by the sums of the columns; the scores of one example are in a row.",
                lambda z, u: _with_probabilities(u, np.exp(z) / np.exp(z).sum(axis=0)),
            ),
            (
                "the exponentials are divided by other rows' sums: keep a row's sum as a column, with keepdims=True.",
                lambda z, u: _with_probabilities(u, np.exp(z) / np.exp(z).sum(axis=1)),
            ),
            (
                "the probabilities must be computed from z: this takes z itself for p.",
                lambda z, u: _with_probabilities(u, z),
            ),
            (
                "the average that is taken off u weighs each entry by its p; this is the plain mean.",
                lambda z, u: _softmax(z) * (u - u.mean(axis=1, keepdims=True)),
            ),
            (
                "each entry must be multiplied by its p, too.",
                lambda z, u: u - (_softmax(z) * u).sum(axis=1, keepdims=True),
            ),
            ("the sign is wrong: where u is largest, the gradient is positive.", lambda z, u: -_softmax_gradient(z, u)),
            ("this is equation (5), for the cross-entropy; here u belongs to any loss.", lambda z, u: _softmax(z) - u),
            (
                "for large z an exponential overflows: take a number off each row first.",
                lambda z, u: _with_probabilities(u, np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
            ),
        ],
        shapes=[
            ("this is a matrix for each example; multiply it by the row of u.", lambda z, u: (*z.shape, z.shape[1])),
            ("this is one number for each row; the gradient has as many as z.", lambda z, u: z.shape[:1]),
        ],
    )


_NOTHING_IS_SUMMED = (
    "each of the H numbers meets each of the D inputs, and no sum is taken: neither @ nor * does this to two vectors."
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
            (
                "the output has no sigmoid here: y is the sum itself.",
                _gradient_with(error=lambda y, t: _sigmoid(y) - t),
            ),
            (
                "the output has no sigmoid here: y is the sum itself.",
                _gradient_with(error=lambda y, t: (_sigmoid(y) - t) * _sigmoid(y) * (1 - _sigmoid(y))),
            ),
            (_NOTHING_IS_SUMMED, _gradient_with(join=np.matmul)),
            (_NOTHING_IS_SUMMED, _gradient_with(join=np.dot)),
            (_NOTHING_IS_SUMMED, _gradient_with(join=np.multiply)),
        ],
        shapes=[
            ("the gradient is transposed: it has the shape of W.", lambda x, t, W, v: W.shape[::-1]),
            ("this is the gradient of the sums W x; one station is missing.", lambda x, t, W, v: v.shape),
        ],
    )


_TRUE_OR_FALSE = "these are the numbers of the dead neurons; wanted is true or false for each of them all."


@exercise(solved="the dead are found, and nobody who lives is among them.")
def check_dead(answer: Callable) -> None:
    """Check ``answer(x, W, b)``, true for each of the ReLU neurons (H,) that no example of x (N, D) activates."""
    compare_on(
        _LAYERS,
        answer,
        reference=_dead,
        mistakes=[
            ("this marks the living; the dead are wanted.", lambda x, W, b: (x @ W + b > 0).any(axis=0)),
            (
                "this marks neurons that are silent for some example; the dead are silent for all.",
                lambda x, W, b: (x @ W + b <= 0).any(axis=0),
            ),
            ("a sum of exactly 0 has the slope 0, too.", lambda x, W, b: (x @ W + b < 0).all(axis=0)),
            ("the bias is missing.", lambda x, W, b: (x @ W <= 0).all(axis=0)),
            ("the bias is added to the sum; this takes it off.", lambda x, W, b: (x @ W - b <= 0).all(axis=0)),
            (_TRUE_OR_FALSE, lambda x, W, b: np.flatnonzero(_dead(x, W, b))),
            (_TRUE_OR_FALSE, lambda x, W, b: np.nonzero(_dead(x, W, b))),
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


def _with_probabilities(u: np.ndarray, p: np.ndarray) -> np.ndarray:
    return p * (u - (p * u).sum(axis=1, keepdims=True))


def _softmax_gradient(z: np.ndarray, u: np.ndarray) -> np.ndarray:
    return _with_probabilities(u, _softmax(z))


def _dead(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (x @ W + b <= 0).all(axis=0)


def _tanh_slope(a: np.ndarray, h: np.ndarray) -> np.ndarray:
    return 1 - h**2


def _gradient_with(
    slope: Callable = lambda a, h: h * (1 - h),
    through: Callable = lambda v: v,
    error: Callable = lambda y, t: y - t,
    join: Callable = np.outer,
) -> Callable:
    """Return the gradient with one of its factors exchanged."""

    def gradient(x: np.ndarray, t: float, W: np.ndarray, v: np.ndarray) -> np.ndarray:
        a = W @ x
        h = _sigmoid(a)
        return join(error(v @ h, t) * through(v) * slope(a, h), x)

    return gradient


_gradient = _gradient_with()
_random = np.random.default_rng(11)
# In the first case N is C, so that an array of sums fits the wrong way round, too. The last has large scores.
_SCORES = [
    {
        "z": np.array([[0.0, 1.0, -1.0], [2.0, 1.0, 0.5], [0.5, 0.5, 3.0]]),
        "u": np.array([[1.0, 2.0, 0.0], [-1.0, 0.5, 2.0], [3.0, 1.0, -2.0]]),
    },
    {"z": np.array([[0.0, 1.0, -1.0], [2.0, 2.0, 0.5]]), "u": np.array([[0.5, -1.0, 1.0], [4.0, 4.0, 4.0]])},
    {"z": np.array([[1000.0, 999.0, 998.0], [-1000.0, -1001.0, -999.0]]), "u": np.array([[1.0, 2, 3], [1, -1, 2]])},
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
        "W": np.array([[-1.0, 1.0, 2.0, 1.0, -2.0], [-2.0, -2.0, 1.0, 0.0, 2.0]]),
        "b": np.array([0.0, -1.0, 0.0, 1.0, 1.0]),
    },
    {
        "x": _random.integers(-3, 4, size=(5, 3)).astype(float),
        "W": _random.integers(-3, 4, size=(3, 8)).astype(float),
        "b": _random.integers(-9, 2, size=8).astype(float),
    },
]
