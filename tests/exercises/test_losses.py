"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import losses as exercises


def divergence(q, p):
    total = 0.0
    for true, believed in zip(q, p, strict=True):
        if true > 0:
            total += true * (math.log(true / believed) if believed > 0 else math.inf)
    return total


def divergence_by_entropies(q, p):
    some = q > 0
    with np.errstate(divide="ignore"):
        return -(q[some] * np.log(p[some])).sum() + (q[some] * np.log(q[some])).sum()


def divergence_of_positive(q, p, tiny=1e-12):
    return divergence(q, np.maximum(p, tiny))


def unweighted(p, w0, w1):
    """By the logit."""
    logit = np.log(p) - np.log1p(-p) - np.log(w1) + np.log(w0)
    return 1 / (1 + np.exp(-logit))


def unweighted_by_counting(p, w0, w1):
    """An artefact that was counted w0 times was one."""
    true, false = p / w1, (1 - p) / w0
    return true / (true + false)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def index(z, g, alpha, beta):
    u = sigmoid(z)
    both = (u * g).sum()
    return both / (both + alpha * (u * (1 - g)).sum() + beta * ((1 - u) * g).sum())


def tversky_by_nudging(z, g, alpha, beta):
    steps = np.eye(len(z)) * 1e-5
    return np.array([(index(z - d, g, alpha, beta) - index(z + d, g, alpha, beta)) / 2e-5 for d in steps])


def tversky_by_cases(z, g, alpha, beta, sign=1, slope=True, case=lambda beta: 1 - beta, square=2):
    u = sigmoid(z)
    B = u[g == 1].sum()
    Q = B + alpha * u[g == 0].sum() + beta * (1 - u[g == 1]).sum()
    pull = np.where(g == 1, -(Q - B * case(beta)), B * alpha) / Q**square
    return sign * pull * (u * (1 - u) if slope else 1)


def numerator_alone(z, g, alpha, beta):
    u = sigmoid(z)
    Q = (u * g).sum() / index(z, g, alpha, beta)
    return -g * u * (1 - u) / Q


def numerator_everywhere(z, g, alpha, beta):
    u = sigmoid(z)
    B = (u * g).sum()
    Q = B / index(z, g, alpha, beta)
    return -(Q - B * np.where(g == 1, 1 - beta, alpha)) / Q**2 * u * (1 - u)


def each_alone(z, g, alpha, beta):
    return np.array([tversky_by_cases(z[i : i + 1], g[i : i + 1], alpha, beta)[0] for i in range(len(z))])


SOLUTIONS = [
    (exercises.check_divergence, divergence),
    (exercises.check_divergence, divergence_by_entropies),
    (exercises.check_unweighted, unweighted),
    (exercises.check_unweighted, unweighted_by_counting),
    (exercises.check_tversky_pull, tversky_by_nudging),
    (exercises.check_tversky_pull, tversky_by_cases),
]
NOT_NUMBER = "0 times infinity is not a number"
IMPOSSIBLE = "what was held to be impossible and happens costs infinitely much"
ODDS = "it is the odds that the weights multiply"
ALONE = "the sums of equation (14) run over all of them"
CROSS = "the pull of cross-entropy"
MISTAKES = [
    (exercises.check_divergence, lambda q, p: divergence(p, q), "q and p are mixed up"),
    (exercises.check_divergence, lambda q, p: -divergence(q, p), "the sign is wrong"),
    (exercises.check_divergence, lambda q, p: divergence(q, p) / math.log(2), "these are bits"),
    (exercises.check_divergence, lambda q, p: -(q * np.log(p)).sum(), "the entropy of q has to be taken off"),
    (exercises.check_divergence, lambda q, p: -(q * np.log(q)).sum(), "p does not occur in it"),
    (exercises.check_divergence, lambda q, p: divergence(q, p) / len(q), "this is the mean of the terms"),
    (exercises.check_divergence, lambda q, p: q * np.log(q / p), "these are the terms"),
    (exercises.check_divergence, lambda q, p: np.log(q / p).sum(), "the terms are not weighed"),
    (exercises.check_divergence, lambda q, p: (q * np.log(q / p)).sum(), NOT_NUMBER),
    (exercises.check_divergence, lambda q, p: (q * (np.log(q) - np.log(p))).sum(), NOT_NUMBER),
    (exercises.check_divergence, lambda q, p: divergence(q, np.where(p == 0, q, p)), IMPOSSIBLE),
    (exercises.check_divergence, divergence_of_positive, IMPOSSIBLE),
    (exercises.check_divergence, lambda q, p: divergence_of_positive(q, p, 1e-7), IMPOSSIBLE),
    (exercises.check_divergence, lambda q, p: divergence(q, np.clip(p, 1e-7, 1 - 1e-7)), IMPOSSIBLE),
    (exercises.check_divergence, lambda q, p: divergence(q, p + 1e-10), IMPOSSIBLE),
    (exercises.check_divergence, lambda q, p: divergence_of_positive(q, p, 3e-9), "inf is expected"),
    (exercises.check_divergence, lambda q, p: divergence(q, p) + 1, "gives 1.14384; 0.143841 is expected"),
    (exercises.check_unweighted, lambda p, w0, w1: unweighted(p, w1, w0), "this goes the wrong way"),
    (exercises.check_unweighted, lambda p, w0, w1: p / (1 - p) * w0 / w1, "these are odds"),
    (exercises.check_unweighted, lambda p, w0, w1: np.log(p / (1 - p) * w0 / w1), "these are logits"),
    (exercises.check_unweighted, lambda p, w0, w1: unweighted(p, w0, 1), "w1 is not used"),
    (exercises.check_unweighted, lambda p, w0, w1: unweighted(p, 1, w1), "w0 is not used"),
    (exercises.check_unweighted, lambda p, w0, w1: 1 - unweighted(p, w0, w1), "the probability of an artefact"),
    (exercises.check_unweighted, lambda p, w0, w1: p * w0 / w1, ODDS),
    (exercises.check_unweighted, lambda p, w0, w1: np.clip(p * w0 / w1, 0, 1), ODDS),
    (exercises.check_unweighted, lambda p, w0, w1: p / w1, ODDS),
    (exercises.check_unweighted, lambda p, w0, w1: 1 - (1 - p) / w0, ODDS),
    (exercises.check_unweighted, lambda p, w0, w1: 1 - (1 - p) * w1 / w0, ODDS),
    (
        exercises.check_unweighted,
        lambda p, w0, w1: sigmoid(np.log(p / (1 - p)) + w0 / w1),
        "moves by the logarithm of the ratio",
    ),
    (
        exercises.check_unweighted,
        lambda p, w0, w1: sigmoid(np.log(p / (1 - p)) + np.log10(w0 / w1)),
        "the logarithm has another base",
    ),
    (exercises.check_unweighted, lambda p, w0, w1: unweighted(p, w0, w1) + 1, "0.8 is expected"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i, sign=-1), "this is the gradient of T"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i, slope=False), "the slope of the sigmoid is"),
    (exercises.check_tversky_pull, lambda z, g, a, b: tversky_by_cases(z, g, b, a), "alpha and beta are mixed up"),
    (exercises.check_tversky_pull, numerator_alone, "the quotient rule's first term alone"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i, case=lambda b: 1), "grows by 1 - beta"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i, case=lambda b: 1 + b), "grows by 1 - beta"),
    (exercises.check_tversky_pull, numerator_everywhere, "the numerator grows only where g is 1"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i, square=1), "the square of the denominator"),
    (exercises.check_tversky_pull, lambda z, *i: tversky_by_cases(z, *i) / len(z), "the loss is not a mean"),
    (exercises.check_tversky_pull, each_alone, ALONE),
    (exercises.check_tversky_pull, lambda z, g, a, b: sigmoid(z) - g, CROSS),
    (exercises.check_tversky_pull, lambda z, g, a, b: (sigmoid(z) - g) / len(z), CROSS),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i).sum(), "do not add them up"),
    (exercises.check_tversky_pull, lambda *i: tversky_by_cases(*i) + 1, "3 of 3 values differ"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
