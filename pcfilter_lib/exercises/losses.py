"""The checks of the chapter *Losses*. Logarithms are natural ones."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="the price of a wrong belief, also where something never happens or was held to be impossible.")
def check_divergence(answer: Callable) -> None:
    """Check ``answer(q, p)``, the divergence of the belief p from the truth q, which may hold zeros."""
    compare_on(
        _BELIEFS,
        answer,
        reference=_divergence,
        mistakes=[
            ("q and p are mixed up: the first argument is what is true.", lambda q, p: _divergence(p, q)),
            ("the sign is wrong: this price is never below 0.", lambda q, p: -_divergence(q, p)),
            ("these are bits; natural units are expected, np.log.", lambda q, p: _divergence(q, p) / np.log(2)),
            (
                "this is the cross-entropy; the entropy of q has to be taken off.",
                lambda q, p: _divergence(q, p) + _entropy(q),
            ),
            ("this is the entropy of q alone; p does not occur in it.", lambda q, p: _entropy(q)),
            ("this is the mean of the terms; take their sum.", lambda q, p: _divergence(q, p) / len(q)),
            (
                "these are the terms; return their sum.",
                lambda q, p: np.where(q > 0, q * np.log(np.where(q > 0, q, 1) / p), 0),
            ),
            ("the terms are not weighed: each is multiplied by how often it happens, q.", _unweighed),
            (
                "0 times infinity is not a number. Leave out the terms in which q is 0, before you take a logarithm.",
                lambda q, p: (q * np.log(q / p)).sum(),
            ),
            (
                "0 times infinity is not a number. Leave out the terms in which q is 0, before you take a logarithm.",
                lambda q, p: (q * (np.log(q) - np.log(p))).sum(),
            ),
            (
                "what is not a number was left out or set to 0, and infinities with it: "
                "what was held to be impossible and happens costs infinitely much.",
                lambda q, p: _divergence(q, np.where(p > 0, p, q)),
            ),
            *[
                (
                    "a tiny number seems to stand in for a zero; what was held to be impossible and happens "
                    "costs infinitely much.",
                    lambda q, p, tiny=tiny: _divergence(q, np.maximum(p, tiny)),
                )
                for tiny in _TINY
            ],
        ],
    )


@exercise(solved="the weights are undone, whichever class had the larger one.")
def check_unweighted(answer: Callable) -> None:
    """Check ``answer(p, w0, w1)``, the probability of label 1 without the class weights of labels 0 and 1."""
    compare_on(
        _WEIGHTED,
        answer,
        reference=_unweighted,
        mistakes=[
            (
                "this goes the wrong way: it weighs once more instead of taking the weights back.",
                lambda p, w0, w1: _unweighted(p, w1, w0),
            ),
            ("these are odds, p / (1 - p); turn them into probabilities.", lambda p, w0, w1: p / (1 - p) * w0 / w1),
            (
                "these are logits; turn them into probabilities.",
                lambda p, w0, w1: np.log(p / (1 - p)) + np.log(w0 / w1),
            ),
            ("w1 is not used: only the ratio of the two weights matters.", lambda p, w0, w1: _unweighted(p, w0, 1)),
            ("w0 is not used: only the ratio of the two weights matters.", lambda p, w0, w1: _unweighted(p, 1, w1)),
            ("this is the probability of an artefact.", lambda p, w0, w1: 1 - _unweighted(p, w0, w1)),
            (_NOT_P, lambda p, w0, w1: p / w1),
            (_NOT_P, lambda p, w0, w1: p * w0 / w1),
            (_NOT_P, lambda p, w0, w1: np.minimum(p * w0 / w1, 1)),
            (_NOT_P, lambda p, w0, w1: 1 - (1 - p) / w0),
            (_NOT_P, lambda p, w0, w1: 1 - (1 - p) / w0 * w1),
            (
                "the logit is moved by the ratio itself; it moves by the logarithm of the ratio.",
                lambda p, w0, w1: 1 / (1 + (1 - p) / p * np.exp(-w0 / w1)),
            ),
            (
                "the logarithm has another base than the exponential: both are natural ones.",
                lambda p, w0, w1: 1 / (1 + (1 - p) / p * np.exp(-np.log10(w0 / w1))),
            ),
        ],
    )


@exercise(solved="every pixel's pull, with all the others in it.")
def check_tversky_pull(answer: Callable) -> None:
    """Check ``answer(z, g, alpha, beta)``, the gradient of 1 - T for the logits, T without a smoothing number."""
    compare_on(
        _MAPS,
        answer,
        reference=_pull,
        mistakes=[
            ("this is the gradient of T; the loss is 1 - T.", lambda *inputs: -_pull(*inputs)),
            (
                "the slope of the sigmoid is missing: these are the gradients for u.",
                lambda z, g, a, b: _pull(z, g, a, b) / _slope(z),
            ),
            (
                "alpha and beta are mixed up: alpha is for what is called and is not there.",
                lambda z, g, a, b: _pull(z, g, b, a),
            ),
            ("the denominator depends on u, too: this is the quotient rule's first term alone.", _numerator_only),
            (
                "what is missed gets less with u: in the denominator a pixel with g = 1 grows by 1 - beta.",
                lambda z, g, a, b: _pull(z, g, a, b, growth=g + a * (1 - g)),
            ),
            (
                "what is missed gets less with u: in the denominator a pixel with g = 1 grows by 1 - beta.",
                lambda z, g, a, b: _pull(z, g, a, b, growth=g * (1 + b) + a * (1 - g)),
            ),
            (
                "the numerator grows only where g is 1.",
                lambda z, g, a, b: _pull(z, g, a, b, top=np.ones(len(z))),
            ),
            (
                "the quotient rule divides by the square of the denominator.",
                lambda z, g, a, b: _pull(z, g, a, b) * _parts(z, g, a, b)[1],
            ),
            (
                "this is the mean over the pixels; the loss is not a mean.",
                lambda *inputs: _pull(*inputs) / len(inputs[0]),
            ),
            ("each pixel is judged alone: the sums of equation (14) run over all of them.", _alone),
            (
                "this is the pull of cross-entropy, in which no other pixel occurs.",
                lambda z, g, a, b: _sigmoid(z) - g,
            ),
            (
                "this is the pull of cross-entropy, in which no other pixel occurs.",
                lambda z, g, a, b: (_sigmoid(z) - g) / len(z),
            ),
        ],
        shapes=[("each logit has a gradient of its own; do not add them up.", lambda z, g, a, b: ())],
    )


_TINY = [*10.0 ** -np.arange(5, 21), np.finfo(np.float32).eps, np.finfo(float).eps]  # what usually avoids a zero
_NOT_P = "probabilities cannot be divided by weights: it is the odds that the weights multiply."


def _divergence(q: np.ndarray, p: np.ndarray) -> float:
    happens = q > 0
    with np.errstate(divide="ignore"):
        return float((q[happens] * np.log(q[happens] / p[happens])).sum())


def _entropy(q: np.ndarray) -> float:
    return float(-(q[q > 0] * np.log(q[q > 0])).sum())


def _unweighed(q: np.ndarray, p: np.ndarray) -> float:
    return np.log(q[q > 0] / p[q > 0]).sum()


def _unweighted(p: np.ndarray, w0: float, w1: float) -> np.ndarray:
    return p * w0 / (p * w0 + (1 - p) * w1)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


def _slope(z: np.ndarray) -> np.ndarray:
    return _sigmoid(z) * (1 - _sigmoid(z))


def _parts(z, g, alpha, beta):
    u = _sigmoid(z)
    both = (u * g).sum()
    return both, both + alpha * (u * (1 - g)).sum() + beta * ((1 - u) * g).sum()


def _pull(z, g, alpha, beta, growth=None, top=None):
    above, below = _parts(z, g, alpha, beta)
    growth = g * (1 - beta) + alpha * (1 - g) if growth is None else growth
    return -((g if top is None else top) * below - above * growth) / below**2 * _slope(z)


def _numerator_only(z, g, alpha, beta):
    return -g / _parts(z, g, alpha, beta)[1] * _slope(z)


def _alone(z, g, alpha, beta):
    return np.concatenate([_pull(z[i : i + 1], g[i : i + 1], alpha, beta) for i in range(len(z))])


_random = np.random.default_rng(62)
_BELIEFS = [
    {"q": np.array([0.5, 0.5]), "p": np.array([0.25, 0.75])},
    {"q": np.array([0.9, 0.1]), "p": np.array([0.6, 0.4])},
    {"q": np.array([0.7, 0.2, 0.1]), "p": np.array([0.1, 0.3, 0.6])},
    {"q": np.array([0.0, 0.25, 0.75]), "p": np.array([0.5, 0.25, 0.25])},
    {"q": np.array([0.0, 1.0]), "p": np.array([0.0, 1.0])},
    {"q": np.array([0.5, 0.5]), "p": np.array([0.0, 1.0])},
]
_WEIGHTED = [
    {"p": np.array([0.5, 0.2, 0.9]), "w0": 8.0, "w1": 2.0},
    {"p": np.array([0.5, 0.2, 0.9]), "w0": 3.0, "w1": 1.5},
    {"p": np.array([0.3, 0.8]), "w0": 1.0, "w1": 10.0},
    {"p": _random.random(40).round(3) * 0.98 + 0.01, "w0": 78.0, "w1": 0.5},
]
_MAPS = [
    {"z": np.array([0.0, 1.0, -1.0]), "g": np.array([1.0, 0.0, 1.0]), "alpha": 0.3, "beta": 0.7},
    {"z": np.array([0.0, 0.0]), "g": np.array([1.0, 0.0]), "alpha": 0.5, "beta": 0.5},
    {
        "z": _random.normal(size=30).round(2) * 2,
        "g": (_random.random(30) < 0.3).astype(float),
        "alpha": 1.0,
        "beta": 0.4,
    },
]
