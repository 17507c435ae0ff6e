"""A batch normalisation folded into the convolution before it, and what goes wrong in it."""

from __future__ import annotations

import numpy as np


def folded(kernel, bias, gamma, beta, mean, variance, epsilon):
    factor = gamma / np.sqrt(variance + epsilon)
    return kernel * factor, (bias - mean) * factor + beta


def _factor(gamma, variance, epsilon):
    return gamma / np.sqrt(variance + epsilon)


MISTAKES = [
    (
        "epsilon is missing: it is added to the variance, under the root.",
        lambda k, b, g, beta, m, v, e: folded(k, b, g, beta, m, v, 0.0),
    ),
    (
        "epsilon is added to the standard deviation; in equation (4) it is added to the variance.",
        lambda k, b, g, beta, m, v, e: folded(k, b, g, beta, m, (np.sqrt(v) + e) ** 2, 0.0),
    ),
    (
        "you divide by the variance; equation (4) has its root.",
        lambda k, b, g, beta, m, v, e: folded(k, b, g, beta, m, (v + e) ** 2, 0.0),
    ),
    (
        "gamma is missing.",
        lambda k, b, g, beta, m, v, e: folded(k, b, np.ones_like(g), beta, m, v, e),
    ),
    (
        "the kernel is as it was: each of its outputs has to be scaled.",
        lambda k, b, g, beta, m, v, e: (k, folded(k, b, g, beta, m, v, e)[1]),
    ),
    (
        "the old bias is missing: it is added before the mean is subtracted.",
        lambda k, b, g, beta, m, v, e: folded(k, np.zeros_like(b), g, beta, m, v, e),
    ),
    (
        "the old bias is not scaled: it goes through the batch normalisation, too.",
        lambda k, b, g, beta, m, v, e: (k * _factor(g, v, e), b + beta - m * _factor(g, v, e)),
    ),
    (
        "the mean is not scaled: it is subtracted before the division.",
        lambda k, b, g, beta, m, v, e: (k * _factor(g, v, e), b * _factor(g, v, e) + beta - m),
    ),
    (
        "the mean is added; it is subtracted.",
        lambda k, b, g, beta, m, v, e: folded(k, b, g, beta, -m, v, e),
    ),
    (
        "beta is scaled, too; it is added at the very end.",
        lambda k, b, g, beta, m, v, e: (k * _factor(g, v, e), (b - m + beta) * _factor(g, v, e)),
    ),
    (
        "beta is missing.",
        lambda k, b, g, beta, m, v, e: folded(k, b, g, np.zeros_like(beta), m, v, e),
    ),
]
