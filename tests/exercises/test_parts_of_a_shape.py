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


def painted(cubes, labels, new_cubes, empty=None):
    """What the paint that the points have chosen says of the new ones."""
    size = max(cubes.max(), new_cubes.max()) + 1
    found = np.zeros((size, labels.max() + 1), int)
    np.add.at(found, (cubes, labels), 1)
    rest = found.sum(axis=0).argmax() if empty is None else empty
    return np.where(found.any(axis=1), found.argmax(axis=1), rest)[new_cubes]


def painted_share(cubes, labels, new_cubes, new_labels):
    return np.mean(painted(cubes, labels, new_cubes) == new_labels)


def painted_share_by_counting(cubes, labels, new_cubes, new_labels):
    """A counter for each cube; of parts that are equally frequent the smaller number."""
    rooms, everywhere = {}, Counter(labels)
    for cube, label in zip(cubes, labels, strict=True):
        rooms.setdefault(cube, Counter())[label] += 1
    named = (rooms.get(cube, everywhere) for cube in new_cubes)
    first = [min(room, key=lambda part, room=room: (-room[part], part)) for room in named]
    return sum(a == b for a, b in zip(first, new_labels, strict=True)) / len(new_labels)


def once_each(cubes, labels, new_cubes, new_labels):
    found = np.zeros((max(cubes.max(), new_cubes.max()) + 1, labels.max() + 1), int)
    found[cubes, labels] += 1
    rest = np.bincount(labels).argmax()
    return np.mean(np.where(found.any(axis=1), found.argmax(axis=1), rest)[new_cubes] == new_labels)


def stay(cloud, strays):
    """Add one stray after the other, and take none out again."""
    answers = []
    for stray in strays:
        answers.append(bool((stray <= np.maximum(cloud.max(axis=0), 0)).all()))
        cloud = np.vstack([cloud, stray])
    return answers


def dice(t, p, k):
    return np.mean([2 * ((t == c) & (p == c)).sum() / ((t == c).sum() + (p == c).sum()) for c in k if c in t or c in p])


def pooled(t, p, k):
    return sum(((t == c) & (p == c)).sum() for c in k) / sum(((t == c) | (p == c)).sum() for c in k)


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
    (exercises.check_painted_share, painted_share),
    (exercises.check_painted_share, painted_share_by_counting),
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
    (exercises.check_shape_iou, pooled, "pooled"),
    (exercises.check_shape_iou, dice, "Dice, not IoU"),
    (exercises.check_shape_iou, lambda t, p, k: shape_iou(t, p, range(len(k))), "the numbers in parts"),
    (
        exercises.check_shape_iou,
        lambda t, p, k: shape_iou(t, p, k) * sum(c in t or c in p for c in k),
        "divide by how many occur",
    ),
    (exercises.check_painted_share, lambda c, t, n, u: painted_share(c, t, c, t), "the points that chose it"),
    (exercises.check_painted_share, lambda c, t, n, u: painted_share(n, u, n, u), "the new points choose"),
    (
        exercises.check_painted_share,
        lambda c, t, n, u: painted_share(np.append(c, n), np.append(t, u), n, u),
        "all points together",
    ),
    (exercises.check_painted_share, lambda c, t, n, u: np.mean(painted(c, t, n, 0) == u), "painted with part 0"),
    (exercises.check_painted_share, lambda c, t, n, u: np.mean(painted(c, t, n, -1) == u), "count as wrong"),
    (
        exercises.check_painted_share,
        lambda c, t, n, u: painted_share(c, t, n[np.isin(n, c)], u[np.isin(n, c)]),
        "left out here",
    ),
    (exercises.check_painted_share, lambda c, t, n, u: np.mean(np.bincount(t).argmax() == u), "one colour"),
    (exercises.check_painted_share, once_each, "counted once here"),
    (exercises.check_painted_share, lambda c, t, n, u: painted_share(c, t, n, u) * len(n), "divide by how many"),
    (exercises.check_painted_share, lambda c, t, n, u: painted(c, t, n) == u, "not an answer for each point"),
    (exercises.check_unnoticed, stay, "stays in the cloud"),
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
