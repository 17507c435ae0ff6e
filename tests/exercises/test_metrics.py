"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import metrics as exercises


def class_by_class(label, predicted, classes, of=np.mean, first=0, **changes):
    """The mean over classes of intersection / denominator, with one thing changed at a time."""
    counts = label != changes.get("ignore", 255)
    figures = []
    for c in range(first, classes):
        is_c, said_c = (label == c) & counts, (predicted == c) & counts
        if changes.get("occurs", np.logical_or)(is_c, said_c).any() or "absent" in changes:
            both, either = (is_c & said_c).sum(), changes.get("below", np.logical_or)(is_c, said_c).sum()
            figures.append(both / either if either else changes.get("absent", 0.0))
    return of(figures)


def by_matrix(label, predicted, classes):
    """All counts at once, from a table of pairs."""
    counts = label < classes
    cells = np.bincount(label[counts] * classes + predicted[counts], minlength=classes**2)
    matrix = cells.reshape(classes, classes)
    union = matrix.sum(axis=0) + matrix.sum(axis=1) - matrix.diagonal()
    return (matrix.diagonal()[union > 0] / union[union > 0]).mean()


def with_numpy_nan(label, predicted, classes):
    label, predicted = label[label != 255], predicted[label != 255]
    each = [np.sum((label == c) & (predicted == c)) / np.sum((label == c) | (predicted == c)) for c in range(classes)]
    return np.mean(each)


def added_up(label, predicted, classes):
    label, predicted = label[label != 255], predicted[label != 255]
    right, wrong = np.sum(label == predicted), np.sum(label != predicted)
    return right / (right + 2 * wrong)


def weighted(label, predicted, classes):
    counts = label != 255
    label, predicted = label[counts], predicted[counts]
    total = 0.0
    for c in np.unique(label):
        union = np.sum((label == c) | (predicted == c))
        total += np.mean(label == c) * np.sum((label == c) & (predicted == c)) / union
    return total


def only_in_both(is_c, said_c):
    return np.array(is_c.any() and said_c.any())


def million_points(recall, lost, share):
    artefacts, true = 1e6 * share, 1e6 * (1 - share)
    return artefacts * recall / (artefacts * recall + true * lost)


def by_odds(recall, lost, share):
    odds = share / (1 - share) * recall / lost
    return odds / (1 + odds)


SOLUTIONS = [
    (exercises.check_mean_iou, class_by_class),
    (exercises.check_mean_iou, by_matrix),
    (exercises.check_iou, lambda f1: f1 / (2 - f1)),
    (exercises.check_iou, lambda f1: 1 / (2 / np.maximum(f1, 1e-12) - 1)),
    (exercises.check_precision, million_points),
    (exercises.check_precision, by_odds),
]
MISTAKES = [
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, ignore=-1), "places with the label 255 count here"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, absent=0.0), "occurs nowhere counts as 0; leave"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, absent=1.0), "occurs nowhere counts as 1; leave"),
    (exercises.check_mean_iou, with_numpy_nan, "occurs nowhere gives 0/0"),
    (
        exercises.check_mean_iou,
        lambda *i: class_by_class(*i, ignore=-1, absent=0.0),
        "places with the label 255 count, and a class that occurs nowhere",
    ),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, occurs=lambda a, b: a), "is predicted and not there"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, occurs=lambda a, b: b), "is there and never predicted"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, occurs=only_in_both), "only classes in both arrays"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, first=1), "class 0 is left out"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, below=lambda a, b: a), "a mean of recalls"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, below=lambda a, b: b), "a mean of precisions"),
    (
        exercises.check_mean_iou,
        lambda *i: class_by_class(*i, below=lambda a, b: a, occurs=lambda a, b: a),
        "mean recall of the classes that are there",
    ),
    (
        exercises.check_mean_iou,
        lambda *i: class_by_class(*i, below=lambda a, b: b, occurs=lambda a, b: b),
        "mean precision of the classes that are predicted",
    ),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, below=lambda a, b: 1 * a + b), "in the union twice"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, below=lambda a, b: (1 * a + b) / 2), "mean of Dice or F1"),
    (exercises.check_mean_iou, lambda a, b, c: np.mean(a[a < 255] == b[a < 255]), "this is accuracy"),
    (exercises.check_mean_iou, added_up, "divide class by class"),
    (exercises.check_mean_iou, weighted, "all classes count alike"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, of=np.sum), "the sum over the classes"),
    (exercises.check_mean_iou, lambda *i: 100 * by_matrix(*i), "this is a percentage"),
    (exercises.check_mean_iou, lambda *i: class_by_class(*i, of=np.array, absent=0.0), "return one number"),
    (exercises.check_mean_iou, lambda *i: 0.9 * by_matrix(*i), "is expected"),
    (exercises.check_iou, lambda f1: 2 * f1 / (1 + f1), "this is the way back"),
    (exercises.check_iou, lambda f1: f1 / 2, "is near only where the overlap is tiny"),
    (exercises.check_iou, lambda f1: f1 * f1, "F1 squared comes near"),
    (exercises.check_iou, lambda f1: f1 / (2 + f1), "the sign is wrong"),
    (exercises.check_iou, lambda f1: f1 / (1 + f1), "never gets beyond one half"),
    (exercises.check_iou, lambda f1: 2 * f1 / (2 - f1), "this exceeds 1"),
    (exercises.check_iou, lambda f1: f1 / (1 - f1), "it divides by the errors alone"),
    (exercises.check_precision, lambda r, f, q: r * q / (r * q + f * q), "`share` has no influence"),
    (exercises.check_iou, lambda f1: (2 - 2 * f1) / (2 - f1), "what the two sets do not share"),
    (exercises.check_iou, lambda f1: f1, "this gives F1 back"),
    (exercises.check_iou, lambda f1: 100 * f1 / (2 - f1), "this is a percentage"),
    (exercises.check_iou, lambda f1: f1 / (2 - f1) + 0.1, "gives 0.766667; 0.666667 is expected"),
    (exercises.check_precision, lambda r, f, q: r * q / (r * q + f), "how many of all points are true?"),
    (exercises.check_precision, lambda r, f, q: r / (r + f), "`share` has no influence"),
    (exercises.check_precision, lambda r, f, q: r * (1 - q) / (r * (1 - q) + f * q), "the wrong way round"),
    (exercises.check_precision, lambda r, f, q: r * q / (r * q + (1 - f) * (1 - q)), "it is the share that is removed"),
    (exercises.check_precision, lambda r, f, q: 1 - by_odds(r, f, q), "the share of true points among"),
    (
        exercises.check_precision,
        lambda r, f, q: (1 - f) * (1 - q) / ((1 - f) * (1 - q) + (1 - r) * q),
        "the precision of what is kept",
    ),
    (
        exercises.check_precision,
        lambda r, f, q: (1 - r) * q / ((1 - f) * (1 - q) + (1 - r) * q),
        "the share of artefacts among what is kept",
    ),
    (exercises.check_precision, lambda r, f, q: r * q + f * (1 - q), "the share of all points that is removed"),
    (exercises.check_precision, lambda r, f, q: r * q, "that are artefacts and removed"),
    (exercises.check_precision, lambda r, f, q: r * q / (f * (1 - q)), "for each true point removed"),
    (exercises.check_precision, lambda r, f, q: r * q + (1 - f) * (1 - q), "this is the accuracy there"),
    (exercises.check_precision, lambda r, f, q: r, "divide by different things"),
    (exercises.check_precision, lambda r, f, q: 100 * by_odds(r, f, q), "this is a percentage"),
    (exercises.check_precision, lambda r, f, q: by_odds(r, f, q) / 2, "is expected"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
