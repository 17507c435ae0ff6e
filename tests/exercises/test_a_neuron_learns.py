"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy.special import expit, softmax
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_neuron_learns as exercises


def softmax_gradient_by_loops(z, u):
    rows = []
    for scores, upstream in zip(z, u, strict=True):
        p = softmax(scores)
        matrix = np.diag(p) - np.outer(p, p)
        rows.append([sum(matrix[i] * upstream) for i in range(len(p))])
    return rows


def softmax_gradient_by_nudging(z, u):
    slopes = np.zeros_like(z)
    for index in np.ndindex(z.shape):
        ends = []
        for nudge in (1e-5, -1e-5):
            nudged = z.copy()
            nudged[index] += nudge
            ends.append((softmax(nudged, axis=1) * u).sum())
        slopes[index] = (ends[0] - ends[1]) / 2e-5
    return slopes


def softmax_gradient(z, u, probabilities=lambda z: softmax(z, axis=1), total=lambda pu: pu.sum(axis=1)[:, None]):
    p = probabilities(z)
    return p * (u - total(p * u))


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
    (exercises.check_softmax_gradient, softmax_gradient_by_loops),
    (exercises.check_softmax_gradient, softmax_gradient_by_nudging),
    (exercises.check_softmax_gradient, softmax_gradient),
    (exercises.check_gradient, gradient_by_nudging),
    (exercises.check_gradient, gradient),
    (exercises.check_dead, dead_by_loops),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) <= 0),
    (exercises.check_dead, lambda x, W, b: 1 - (np.maximum(x @ W + b, 0).sum(axis=0) > 0).astype(int)),
]
MISTAKES = [
    (
        exercises.check_softmax_gradient,
        lambda z, u: u * softmax(z, axis=1) * (1 - softmax(z, axis=1)),
        "a z moves the other p",
    ),
    (exercises.check_softmax_gradient, lambda z, u: u * softmax(z, axis=1), "the terms with the other p"),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, total=np.sum),
        "the sum runs over the whole array",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, total=lambda pu: pu.sum(axis=0)),
        "the sum runs down the columns",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, total=lambda pu: pu.sum(axis=1)),
        "keep it as a column",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: (p := softmax(z, axis=0)) * (u - (p * u).sum(axis=0)),
        "this is the softmax of the columns",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, softmax),
        "divided by the sum over the whole array",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, lambda z: softmax(z, axis=0)),
        "divided by the sums of the columns",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, lambda z: np.exp(z) / np.exp(z).sum(axis=1)),
        "divided by other rows' sums",
    ),
    (exercises.check_softmax_gradient, lambda z, u: softmax_gradient(z, u, lambda z: z), "takes z itself for p"),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax(z, axis=1) * (u - u.mean(axis=1)[:, None]),
        "this is the plain mean",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u) / softmax(z, axis=1),
        "multiplied by its p, too",
    ),
    (exercises.check_softmax_gradient, lambda z, u: -softmax_gradient(z, u), "the sign is wrong"),
    (exercises.check_softmax_gradient, lambda z, u: softmax(z, axis=1) - u, "this is equation (5)"),
    (
        exercises.check_softmax_gradient,
        lambda z, u: softmax_gradient(z, u, lambda z: np.exp(z) / np.exp(z).sum(axis=1)[:, None]),
        "an exponential overflows",
    ),
    (
        exercises.check_softmax_gradient,
        lambda z, u: np.stack([np.diag(p) - np.outer(p, p) for p in softmax(z, axis=1)]),
        "a matrix for each example",
    ),
    (exercises.check_softmax_gradient, lambda z, u: softmax_gradient(z, u).sum(axis=1), "one number for each row"),
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
    (exercises.check_gradient, lambda *i: gradient(*i, error=lambda y, t: expit(y) - t), "the output has no sigmoid"),
    (
        exercises.check_gradient,
        lambda *i: gradient(*i, error=lambda y, t: (expit(y) - t) * expit(y) * expit(-y)),
        "the output has no sigmoid",
    ),
    (exercises.check_gradient, lambda x, t, W, v: gradient(x, t, W, v)[:, 0] @ x, "no sum is taken"),
    (exercises.check_gradient, lambda x, t, W, v: np.dot(gradient(x, t, W, v)[:, 0], x), "no sum is taken"),
    (exercises.check_gradient, lambda x, t, W, v: gradient(x, t, W, v)[:, 0] * x, "no sum is taken"),
    (exercises.check_gradient, lambda *i: gradient(*i).T, "the gradient is transposed"),
    (exercises.check_gradient, lambda *i: gradient(*i).sum(axis=1), "one station is missing"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) > 0, "this marks the living"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).min(axis=0) <= 0, "silent for some example"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).max(axis=0) < 0, "a sum of exactly 0"),
    (exercises.check_dead, lambda x, W, b: (x @ W).max(axis=0) <= 0, "the bias is missing"),
    (exercises.check_dead, lambda x, W, b: (x @ W).max(axis=0) <= b, "this takes it off"),
    (exercises.check_dead, lambda x, W, b: np.where((x @ W + b).max(axis=0) <= 0)[0], "the numbers of the dead"),
    (exercises.check_dead, lambda x, W, b: np.where((x @ W + b).max(axis=0) <= 0), "the numbers of the dead"),
    (exercises.check_dead, lambda x, W, b: W.max(axis=0) <= 0, "the weights alone"),
    (exercises.check_dead, lambda x, W, b: b <= 0, "the bias alone"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b).sum(axis=0) <= 0, "the mean over the examples"),
    (exercises.check_dead, lambda x, W, b: x[0] @ W + b <= 0, "the first example only"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b <= 0).all(axis=1), "one value for each example; one for each"),
    (exercises.check_dead, lambda x, W, b: x @ W + b <= 0, "one value for each example and neuron"),
    (exercises.check_dead, lambda x, W, b: (x @ W + b <= 0).all(), "one value for each neuron is wanted"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
