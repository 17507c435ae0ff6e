"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import the_four_tasks as exercises


def bias(means):
    return -(means**2).sum(axis=1)


def bias_from_the_distance_to_zero(means):
    return -(np.linalg.norm(means - 0, axis=1) ** 2)


def bias_from_gram(means):
    return -np.diag(means @ means.T)


def accuracy(confusion, counts):
    recall = np.diag(confusion) / confusion.sum(axis=1)
    return np.average(recall, weights=counts)


def accuracy_of_a_new_matrix(confusion, counts):
    """Make the confusion matrix that the new mixture would give, and read it as usual."""
    new = confusion / confusion.sum(axis=1, keepdims=True) * counts[:, None]
    return np.trace(new) / new.sum()


def adjusted(logits, trained, used):
    return logits + np.log(used) - np.log(trained)


def adjusted_class_by_class(logits, trained, used):
    return np.stack([logits[:, k] + np.log(used[k] / trained[k]) for k in range(len(used))], axis=1)


SOLUTIONS = [
    (exercises.check_bias, bias),
    (exercises.check_bias, bias_from_the_distance_to_zero),
    (exercises.check_bias, bias_from_gram),
    (exercises.check_accuracy, accuracy),
    (exercises.check_accuracy, accuracy_of_a_new_matrix),
    (exercises.check_adjusted, adjusted),
    (exercises.check_adjusted, adjusted_class_by_class),
]
MISTAKES = [
    (exercises.check_bias, lambda means: -bias(means), "the sign"),
    (exercises.check_bias, lambda means: -np.linalg.norm(means, axis=1), "its square stands"),
    (exercises.check_bias, lambda means: bias(means) / 2, "a factor of 2"),
    (exercises.check_bias, lambda means: 2 * bias(means), "twice as much"),
    (exercises.check_bias, lambda means: 0 * bias(means), "without a bias"),
    (exercises.check_bias, lambda means: -(means.sum(axis=1) ** 2), "not the other way round"),
    (exercises.check_bias, lambda means: -means.sum(axis=1), "squares are missing"),
    (exercises.check_bias, lambda means: -(means**2).mean(axis=1), "this is their mean"),
    (exercises.check_bias, lambda means: -(means**2), "add up over the features"),
    (exercises.check_bias, lambda means: -(means**2).sum(axis=0), "a class is a row"),
    (exercises.check_bias, lambda means: -(means**2).sum(), "a single number"),
    (exercises.check_bias, lambda means: -(means**2).sum(axis=1, keepdims=True), "drop the second axis"),
    (exercises.check_accuracy, lambda c, n: np.trace(c) / c.sum(), "on the test shapes"),
    (exercises.check_accuracy, lambda c, n: np.mean(np.diag(c) / c.sum(axis=1)), "equally frequent"),
    (exercises.check_accuracy, lambda c, n: np.diag(c) / c.sum(axis=0) @ n / n.sum(), "these are columns"),
    (exercises.check_accuracy, lambda c, n: np.diag(c) / c.sum(axis=1) @ n, "divide by how many"),
    (exercises.check_accuracy, lambda c, n: np.diag(c) @ n / (c.sum(axis=1) @ n), "the test shapes' mixture"),
    (exercises.check_accuracy, lambda c, n: (np.diag(c) * n).sum() / n.sum(), "first comes the recall"),
    (exercises.check_accuracy, lambda c, n: np.trace(c * n) / (c * n).sum(), "here the columns are scaled"),
    (exercises.check_accuracy, lambda c, n: np.trace(c) / n.sum(), "right among the new ones"),
    (exercises.check_accuracy, lambda c, n: 100 * accuracy(c, n), "in percent"),
    (exercises.check_accuracy, lambda c, n: 1 - accuracy(c, n), "share of mistakes"),
    (exercises.check_accuracy, lambda c, n: np.diag(c) / c.sum(axis=1), "for all classes together"),
    (exercises.check_adjusted, lambda z, a, b: adjusted(z, b, a), "the wrong way round"),
    (exercises.check_adjusted, lambda z, a, b: z * b / a, "logarithms are added"),
    (exercises.check_adjusted, lambda z, a, b: z + b / a, "not the ratio"),
    (exercises.check_adjusted, lambda z, a, b: np.exp(z) * b / a, "take their logarithm"),
    (exercises.check_adjusted, lambda z, a, b: z + np.log10(b / a), "the natural one"),
    (exercises.check_adjusted, lambda z, a, b: z + np.log2(b / a), "the natural one"),
    (exercises.check_adjusted, lambda z, a, b: z * np.log(b / a), "is added, not multiplied"),
    (
        exercises.check_adjusted,
        lambda z, a, b: adjusted(z, a, b) - np.log(np.exp(adjusted(z, a, b)).sum(axis=1, keepdims=True)),
        "right, but normalised",
    ),
    (exercises.check_adjusted, lambda z, a, b: z + b - a, "shares are not subtracted"),
    (exercises.check_adjusted, lambda z, a, b: z + np.log(b), "in the logits already"),
    (exercises.check_adjusted, lambda z, a, b: z - np.log(a), "the new one is missing"),
    (
        exercises.check_adjusted,
        lambda z, a, b: np.exp(adjusted(z, a, b)) / np.exp(adjusted(z, a, b)).sum(axis=1, keepdims=True),
        "these are probabilities",
    ),
    (exercises.check_adjusted, lambda z, a, b: z.copy(), "as they were"),
    (exercises.check_adjusted, lambda z, a, b: adjusted(z, a, b).argmax(axis=1), "not which class wins"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
