"""The checks of the chapter *The four tasks*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="with this bias the layer picks the class whose mean is nearest.")
def check_bias(answer: Callable) -> None:
    """Check ``answer(means)``, the bias with which ``f @ (2 * means.T) + bias`` is largest for the nearest mean."""
    compare_on(
        _MEANS,
        answer,
        reference=lambda means: -(means**2).sum(axis=1),
        mistakes=[
            ("the sign: a mean that is far from the origin must not win for that.", lambda m: (m**2).sum(axis=1)),
            (
                "this is the length of each mean; its square stands in the squared distance.",
                lambda m: -np.linalg.norm(m, axis=1),
            ),
            (
                "this is half of it, which belongs to the kernel `means.T`; here the kernel has a factor of 2.",
                lambda m: -(m**2).sum(axis=1) / 2,
            ),
            ("this is twice as much as the squared distance has.", lambda m: -2 * (m**2).sum(axis=1)),
            (
                "without a bias the mean with the largest scalar product wins: often just the longest.",
                lambda m: np.zeros(len(m)),
            ),
            ("squared and then added up, not the other way round.", lambda m: -(m.sum(axis=1) ** 2)),
            ("this is the sum of the entries; squares are missing.", lambda m: -m.sum(axis=1)),
            ("add the squares up; this is their mean.", lambda m: -(m**2).mean(axis=1)),
        ],
        shapes=[
            ("one number for each class is expected: add up over the features.", lambda m: m.shape),
            ("one number for each class, not for each feature; a class is a row.", lambda m: (m.shape[1],)),
            ("a column would be added to every class alike; drop the second axis.", lambda m: (len(m), 1)),
            ("one number for each class is expected; this is a single number.", lambda m: ()),
        ],
    )


@exercise(solved="the same network, another mixture, another accuracy.")
def check_accuracy(answer: Callable) -> None:
    """Check ``answer(confusion, counts)``, the accuracy to expect where each class comes `counts` times."""
    compare_on(
        _CONFUSIONS,
        answer,
        reference=lambda confusion, counts: _recall(confusion) @ counts / counts.sum(),
        mistakes=[
            (
                "this is the accuracy on the test shapes; the mixture of the new ones is another.",
                lambda confusion, counts: confusion.trace() / confusion.sum(),
            ),
            (
                "this is the mean of the recalls: right if all classes were equally frequent.",
                lambda confusion, counts: _recall(confusion).mean(),
            ),
            (
                "these are columns: of what got a name, how much deserves it. That itself depends on the mixture.",
                lambda confusion, counts: confusion.diagonal() / confusion.sum(axis=0) @ counts / counts.sum(),
            ),
            (
                "first comes the recall of each class: its row of the matrix, divided by the row's sum.",
                lambda confusion, counts: confusion.diagonal() @ counts / counts.sum(),
            ),
            (
                "the counts belong to true classes, which are rows; here the columns are scaled.",
                lambda confusion, counts: (confusion * counts).trace() / (confusion * counts).sum(),
            ),
            (
                "these are the test shapes that are told right; how many will be right among the new ones?",
                lambda confusion, counts: confusion.trace() / counts.sum(),
            ),
            (
                "this is in percent; a share is expected.",
                lambda confusion, counts: 100 * _recall(confusion) @ counts / counts.sum(),
            ),
            (
                "this is how many are told right; divide by how many there are.",
                lambda confusion, counts: _recall(confusion) @ counts,
            ),
            (
                "here the recalls are weighted with the test shapes' mixture times the new one.",
                lambda confusion, counts: confusion.diagonal() @ counts / (confusion.sum(axis=1) @ counts),
            ),
            (
                "this is the share of mistakes.",
                lambda confusion, counts: 1 - _recall(confusion) @ counts / counts.sum(),
            ),
        ],
        shapes=[("one number is expected, for all classes together.", lambda confusion, counts: (len(counts),))],
    )


@exercise(solved="a class that is more frequent now is called more often, without any training.")
def check_adjusted(answer: Callable) -> None:
    """Check ``answer(logits, trained, used)``, logits for another mixture of classes than that of the training."""
    compare_on(
        _MIXTURES,
        answer,
        reference=lambda logits, trained, used: logits + np.log(used / trained),
        mistakes=[
            (
                "the wrong way round: a class that is more frequent now than in training must gain.",
                lambda logits, trained, used: logits - np.log(used / trained),
            ),
            (
                "a logit is a logarithm: where probabilities are multiplied, logarithms are added.",
                lambda logits, trained, used: logits * used / trained,
            ),
            (
                "these are products, as in (3), and so no logits any more: take their logarithm.",
                lambda logits, trained, used: np.exp(logits) * used / trained,
            ),
            (
                "the logarithm is the natural one, as in softmax and cross-entropy.",
                lambda logits, trained, used: logits + np.log10(used / trained),
            ),
            (
                "the logarithm is the natural one, as in softmax and cross-entropy.",
                lambda logits, trained, used: logits + np.log2(used / trained),
            ),
            (
                "the logarithm of the ratio is added, not multiplied.",
                lambda logits, trained, used: logits * np.log(used / trained),
            ),
            (
                "right, but normalised: what is added may depend on the class only, not on the shape.",
                lambda logits, trained, used: np.log(_softmax(logits + np.log(used / trained))),
            ),
            (
                "add the logarithm of the ratio, not the ratio.",
                lambda logits, trained, used: logits + used / trained,
            ),
            (
                "shares are not subtracted: a class that is twice as frequent is twice as probable.",
                lambda logits, trained, used: logits + used - trained,
            ),
            (
                "the new mixture is in it, but the old one is in the logits already: take it out.",
                lambda logits, trained, used: logits + np.log(used),
            ),
            (
                "the old mixture is taken out; the new one is missing.",
                lambda logits, trained, used: logits - np.log(trained),
            ),
            (
                "these are probabilities; logits are expected (and before softmax nothing has to be normalised).",
                lambda logits, trained, used: _softmax(logits + np.log(used / trained)),
            ),
            ("these are the logits as they were.", lambda logits, trained, used: logits),
        ],
        shapes=[
            ("return logits, not which class wins.", lambda logits, trained, used: (len(logits),)),
            ("a row of logits for each shape is expected.", lambda logits, trained, used: (logits.shape[1],)),
        ],
    )


def _recall(confusion: np.ndarray) -> np.ndarray:
    return confusion.diagonal() / confusion.sum(axis=1)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


_random = np.random.default_rng(36)
_MEANS = [
    {"means": np.array([[3.0, 1.0, 0.0], [0.0, 2.0, 2.0], [1.0, 0.5, 5.0], [0.0, 0.0, 1.0]])},
    {"means": np.abs(_random.normal(size=(6, 20))).round(2)},
]
_CONFUSIONS = [
    {"confusion": np.array([[8, 2], [5, 15]]), "counts": np.array([180, 20])},
    {
        "confusion": np.array([[48, 1, 1, 0], [0, 30, 13, 0], [1, 9, 40, 0], [2, 0, 0, 48]]),
        "counts": np.array([889, 200, 392, 344]),
    },
]
_MIXTURES = [
    {
        "logits": np.array([[2.0, 1.0, -1.0], [0.5, 0.4, 0.1], [-1.0, 3.0, 2.5]]),
        "trained": np.array([0.6, 0.3, 0.1]),
        "used": np.array([0.2, 0.3, 0.5]),
    },
    {
        "logits": _random.normal(size=(5, 4)).round(2),
        "trained": np.array([0.4, 0.1, 0.3, 0.2]),
        "used": np.array([0.25, 0.25, 0.25, 0.25]),
    },
]
