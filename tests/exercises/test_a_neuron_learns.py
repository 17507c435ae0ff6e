"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from scipy.special import expit, softmax
from verdicts import assert_explained, assert_solved, assert_starter_and_error_are_told_apart

from pcfilter_lib.exercises import a_neuron_learns as exercises


def softmax_by_loops(z):
    rows = []
    for row in z:
        powers = [np.exp(value - max(row)) for value in row]
        rows.append([power / sum(powers) for power in powers])
    return rows


def gradient_by_nudging(x, t, W, v):
    slopes = np.zeros_like(W)
    for index in np.ndindex(W.shape):
        ends = []
        for nudge in (1e-5, -1e-5):
            nudged = W.copy()
            nudged[index] += nudge
            ends.append((v @ expit(nudged @ x) - t) ** 2 / 2)
        slopes[index] = (ends[0] - ends[1]) / 2e-5
    return slopes


def gradient(x, t, W, v, error=lambda y, t: y - t, slope=lambda a: expit(a) * (1 - expit(a)), through=None):
    a = W @ x
    delta = error(v @ expit(a), t) * (v if through is None else through) * slope(a)
    return delta[:, None] * x[None, :]


def dead_by_loops(x, W, b):
    found = []
    for neuron in range(W.shape[1]):
        found.append(all(sum(row * W[:, neuron]) + b[neuron] <= 0 for row in x))
    return found


SOLUTIONS = [
    (exercises.check_softmax, softmax_by_loops),
    (exercises.check_softmax, lambda z: softmax(z, axis=1)),
    (exercises.check_softmax, lambda z: softmax(z, axis=-1).astype(np.float32)),
    (exercises.check_gradient, gradient_by_nudging),
    (exercises.check_gradient, gradient),
    (exercises.check_dead, dead_by_loops),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) <= 0),
    (exercises.check_dead, lambda x, W, b: 1 - (np.maximum(x @ W + b, 0).sum(axis=0) > 0).astype(int)),
]
MISTAKES = [
    (exercises.check_softmax, lambda z: np.exp(z) / np.exp(z).sum(), "the sum over the whole array"),
    (exercises.check_softmax, lambda z: softmax(z, axis=0), "the classes are in a row"),
    (exercises.check_softmax, lambda z: np.exp(z) / np.exp(z).sum(axis=1), "stopped with ValueError"),
    (exercises.check_softmax, lambda z: np.exp(z) / np.exp(z).sum(axis=1), "Perhaps a row's sum must divide that row"),
    (exercises.check_softmax, expit, "this is the sigmoid"),
    (exercises.check_softmax, np.exp, "not divided by anything"),
    (exercises.check_softmax, lambda z: np.exp(z - z.max(axis=1)[:, None]), "not divided by anything"),
    (exercises.check_softmax, lambda z: z / z.sum(axis=1)[:, None], "the exponential is missing"),
    (exercises.check_softmax, lambda z: np.log(softmax(z, axis=1)), "the logarithm of the softmax"),
    (exercises.check_softmax, lambda z: np.exp(z) / np.exp(z).sum(axis=1)[:, None], "an exponential overflows"),
    (
        exercises.check_softmax,
        lambda z: np.exp(z - z.max()) / np.exp(z - z.max()).sum(axis=1)[:, None],
        "take off each row's own largest entry",
    ),
    (
        exercises.check_softmax,
        lambda z: (e := np.exp(z - z.mean(axis=1)[:, None])) / e.sum(axis=1)[:, None],
        "after its mean a large one remains",
    ),
    (exercises.check_softmax, lambda z: z.max(axis=1), "one number for each row"),
    (exercises.check_gradient, lambda *i: gradient(*i, slope=lambda a: 1), "the slope of the sigmoid is missing"),
    (exercises.check_gradient, lambda *i: gradient(*i, slope=lambda a: a * (1 - a)), "not with the sum W x itself"),
    (exercises.check_gradient, lambda *i: gradient(*i, slope=lambda a: 1 - expit(a) ** 2), "the slope of tanh"),
    (
        exercises.check_gradient,
        lambda *i: gradient(*i, slope=lambda a: expit(expit(a)) * (1 - expit(expit(a)))),
        "you squeeze twice",
    ),
    (exercises.check_gradient, lambda *i: gradient(*i, through=1), "goes through v, which is missing"),
    (exercises.check_gradient, lambda *i: gradient(*i, error=lambda y, t: 1), "y - t, is missing"),
    (exercises.check_gradient, lambda *i: -gradient(*i), "the sign is wrong"),
    (exercises.check_gradient, lambda *i: 2 * gradient(*i), "twice too large"),
    (exercises.check_gradient, lambda *i: gradient(*i, error=lambda y, t: (y - t) ** 2 / 2), "this is the loss"),
    (exercises.check_gradient, lambda *i: gradient(*i).T, "the gradient is transposed"),
    (exercises.check_gradient, lambda *i: gradient(*i).sum(axis=1), "one station is missing"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) > 0, "this marks the living"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).min(axis=0) <= 0, "silent for some example"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) < 0, "a sum of exactly 0"),
    (exercises.check_dead, lambda x, W, b: (x @ W).max(axis=0) <= 0, "the bias is missing"),
    (exercises.check_dead, lambda x, W, b: W.max(axis=0) <= 0, "the weights alone"),
    (exercises.check_dead, lambda x, W, b: b <= 0, "the bias alone"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).sum(axis=0) <= 0, "the mean over the examples"),
    (exercises.check_dead, lambda x, W, b: x[0] @ W + b <= 0, "the first example only"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b <= 0).all(axis=1), "one value for each example; one for each"),
    (exercises.check_dead, lambda x, W, b: x @ W + b <= 0, "one value for each example and neuron"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b <= 0).all(), "one value for each neuron is wanted"),
]
CHECKS = [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]


@pytest.mark.parametrize(("check", "solution"), SOLUTIONS)
def test_solutions_pass(capsys, check, solution):
    assert_solved(capsys, check, solution)


@pytest.mark.parametrize(("check", "mistake", "explanation"), MISTAKES)
def test_mistakes_are_explained(capsys, check, mistake, explanation):
    assert_explained(capsys, check, mistake, explanation)


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    assert_starter_and_error_are_told_apart(capsys, check)
