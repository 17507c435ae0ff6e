"""The right answers pass; each known mistake is met with its own explanation."""

from collections import Counter

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import parts_of_a_shape as exercises


def shape_iou(label, predicted, parts, absent=None):
    each = []
    for part in parts:
        true, called = label == part, predicted == part
        if (true | called).any():
            each.append((true & called).sum() / (true | called).sum())
        elif absent is not None:
            each.append(absent)
    return np.mean(each)


def shape_iou_by_counts(label, predicted, parts):
    """From the diagonal and the sums of a confusion matrix."""
    size = max(label.max(), predicted.max(), parts.max()) + 1
    matrix = np.zeros((size, size))
    np.add.at(matrix, (label, predicted), 1)
    union = (matrix.sum(axis=0) + matrix.sum(axis=1) - np.diag(matrix))[parts]
    return np.mean(np.diag(matrix)[parts][union > 0] / union[union > 0])


def best_share(cubes, labels):
    found = np.zeros((cubes.max() + 1, labels.max() + 1), int)
    np.add.at(found, (cubes, labels), 1)
    return found.max(axis=1).sum() / len(labels)


def best_share_by_counting(cubes, labels):
    """A counter for each cube, and its most common label."""
    rooms = {}
    for cube, label in zip(cubes, labels, strict=True):
        rooms.setdefault(cube, Counter())[label] += 1
    return sum(room.most_common(1)[0][1] for room in rooms.values()) / len(labels)


def once_each(cubes, labels):
    found = np.zeros((cubes.max() + 1, labels.max() + 1), int)
    found[cubes, labels] = 1
    return found.max(axis=1).sum() / len(labels)


def mean_of_cubes(cubes, labels):
    return np.mean([np.bincount(labels[cubes == c]).max() / np.sum(cubes == c) for c in set(cubes)])


def unnoticed(cloud, strays):
    return (strays <= np.maximum(0, cloud.max(axis=0))).all(axis=1)


def unnoticed_by_trying(cloud, strays):
    """Add each stray, and see whether the maximum moves."""
    before = np.maximum(cloud, 0).max(axis=0)
    after = [np.maximum(np.vstack([cloud, stray]), 0).max(axis=0) for stray in strays]
    return [np.array_equal(each, before) for each in after]


SOLUTIONS = [
    (exercises.check_shape_iou, shape_iou),
    (exercises.check_shape_iou, shape_iou_by_counts),
    (exercises.check_best_share, best_share),
    (exercises.check_best_share, best_share_by_counting),
    (exercises.check_unnoticed, unnoticed),
    (exercises.check_unnoticed, unnoticed_by_trying),
]
MISTAKES = [
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, k, 1.0), "counts as 1 here"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, k, 0.0), "counts as 0 here"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, k, np.nan), "there is 0/0"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, np.intersect1d(k, t)), "named but is not there"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, np.intersect1d(k, p)), "never named"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, np.union1d(t, p)), "not in parts"),
    (exercises.check_shape_iou, lambda t, p, k: (t == p).mean(), "share of points that are right"),
    (
        exercises.check_shape_iou,
        lambda t, p, k: np.mean([(p[t == c] == c).mean() for c in k if c in t]),
        "recall, not IoU",
    ),
    (exercises.check_shape_iou, lambda t, p, k: (t == p).sum() / (len(t) + (t != p).sum()), "pooled"),
    (exercises.check_shape_iou, lambda t, p, k: [shape_iou(t, p, [c], 0.0) for c in k], "not one number for each"),
    (exercises.check_best_share, mean_of_cubes, "a cube with many points has to weigh more"),
    (
        exercises.check_best_share,
        lambda c, t: mean_of_cubes(c, t) * len(set(c)) / (c.max() + 1),
        "empty ones too",
    ),
    (
        exercises.check_best_share,
        lambda c, t: sum(np.bincount(c[t == k]).max() for k in set(t)) / len(t),
        "largest count of each part",
    ),
    (exercises.check_best_share, lambda c, t: np.bincount(t).max() / len(t), "one colour for the whole room"),
    (exercises.check_best_share, lambda c, t: best_share(c, t) * len(t), "divide by how many there are"),
    (exercises.check_best_share, once_each, "counted once here"),
    (exercises.check_best_share, lambda c, t: np.bincount(c) / len(t), "one share for the whole room"),
    (exercises.check_unnoticed, lambda c, s: (s <= c.max(axis=0)).all(axis=1), "ReLU is missing"),
    (exercises.check_unnoticed, lambda c, s: ~unnoticed(c, s), "that are noticed"),
    (exercises.check_unnoticed, lambda c, s: (s <= np.maximum(c.max(axis=0), 0)).any(axis=1), "all of them have to"),
    (exercises.check_unnoticed, lambda c, s: (s < np.maximum(c.max(axis=0), 0)).all(axis=1), "only equals"),
    (exercises.check_unnoticed, lambda c, s: [bool(unnoticed(c, s).all())] * len(s), "all together"),
    (exercises.check_unnoticed, lambda c, s: (s <= c.max()).all(axis=1), "the largest of all"),
    (
        exercises.check_unnoticed,
        lambda c, s: [any((np.maximum(x, 0) <= np.maximum(y, 0)).all() for y in c) for x in s],
        "it may be another one",
    ),
    (exercises.check_unnoticed, lambda c, s: s <= np.maximum(c.max(axis=0), 0), "not for each feature of it"),
    (exercises.check_unnoticed, lambda c, s: (s <= np.maximum(c.max(axis=0), 0)).all(axis=0), "these are the features"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
