"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib import sparse
from pcfilter_lib.exercises import trees_that_grow as exercises


def eight(labels):
    half = len(labels) // 2
    return labels.reshape(half, 2, half, 2, half, 2)


def parents(labels):
    low, high = eight(labels).min(axis=(1, 3, 5)), eight(labels).max(axis=(1, 3, 5))
    return np.where(low == high, low, sparse.MIXED)


def by_voxels(labels):
    """From the children one by one."""
    half = len(labels) // 2
    found = np.empty((half,) * 3)
    for i, j, k in np.ndindex(found.shape):
        kinds = set(labels[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 2 * k : 2 * k + 2].ravel().tolist())
        found[i, j, k] = kinds.pop() if len(kinds) == 1 else 2
    return found


def only_full_and_empty(labels):
    full = (eight(labels) == 1).any(axis=(1, 3, 5))
    empty = (eight(labels) == 0).any(axis=(1, 3, 5))
    return np.where(full & empty, 2, np.where(full, 1, 0))


def vote(labels):
    return np.stack([(eight(labels) == kind).sum(axis=(1, 3, 5)) for kind in range(3)]).argmax(axis=0)


def cancelled(labels):
    return np.where(eight(labels).min(axis=(1, 3, 5)) == 2, 1, parents(labels))


def lost(missed, depth):
    """By painting them, in a grid of 128 voxels at most."""
    grid = np.zeros((2**depth,) * 3, bool)
    for level, *place in missed:
        size = 2 ** (depth - level)
        grid[tuple(slice(size * at, size * (at + 1)) for at in place)] = True
    return int(grid.sum())


def outermost(missed):
    found = []
    for level, *place in sorted(set(missed)):
        above = {(level - up, *(at >> up for at in place)) for up in range(1, level + 1)}
        if not above & set(missed):
            found.append((level, *place))
    return found


def smaller(occupied):
    filled = eight(occupied).sum(axis=(1, 3, 5))
    wrong = np.minimum(filled, 8 - filled)
    cells = sum(map(len, sparse.SolidOctree.from_voxels(occupied, 2).labels))
    order = np.argwhere(wrong > 0)
    order = order[np.argsort(wrong[tuple(order.T)], kind="stable")]
    result = occupied.copy()
    for i, j, k in order[: int(np.ceil(0.4 * cells / 8)) + 1]:
        result[2 * i : 2 * i + 2, 2 * j : 2 * j + 2, 2 * k : 2 * k + 2] = filled[i, j, k] >= 4
    return result


def halved(occupied):
    coarse = eight(occupied).mean(axis=(1, 3, 5)) >= 0.5
    return coarse.repeat(2, axis=0).repeat(2, axis=1).repeat(2, axis=2)


SOLUTIONS = [
    (exercises.check_parents, parents),
    (exercises.check_parents, by_voxels),
    (exercises.check_lost, lost),
    (exercises.check_lost, lambda missed, depth: sum(8 ** (depth - level) for level, *_ in outermost(missed))),
    (exercises.check_threshold, lambda probability, lost, work: probability > work / lost),
    (exercises.check_smaller, smaller),
    (exercises.check_smaller, lambda occupied: smaller(occupied).astype(int)),
]
MISTAKES = [
    (exercises.check_parents, lambda x: eight(x).max(axis=(1, 3, 5)), "one full child is not full"),
    (exercises.check_parents, vote, "a vote of the children"),
    (exercises.check_parents, only_full_and_empty, "neither empty nor full"),
    (exercises.check_parents, cancelled, "do not cancel"),
    (exercises.check_lost, lambda missed, depth: sum(8 ** (depth - level) for level, *_ in missed), "never computed"),
    (
        exercises.check_lost,
        lambda missed, depth: sum(2 ** (depth - level) for level, *_ in outermost(missed)),
        "along three axes",
    ),
    (exercises.check_lost, lambda missed, depth: len(outermost(missed)), "this counts the cells"),
    (
        exercises.check_lost,
        lambda missed, depth: sum(8**level for level, *_ in outermost(missed)),
        "the number of levels below",
    ),
    (exercises.check_threshold, lambda probability, lost, work: probability > 0.5, "one half is right only if"),
    (
        exercises.check_threshold,
        lambda probability, lost, work: probability * lost > (1 - probability) * work,
        "mixed ones do, too",
    ),
    (exercises.check_threshold, lambda probability, lost, work: lost > work, "weigh it with the probability"),
    (
        exercises.check_threshold,
        lambda probability, lost, work: probability * lost <= work,
        "the wrong way round",
    ),
    (exercises.check_smaller, lambda occupied: occupied, "are allowed"),
    (exercises.check_smaller, halved, "drops the finest level everywhere"),
    (exercises.check_smaller, np.zeros_like, "the mean IoU"),
    (exercises.check_smaller, lambda occupied: occupied[1:], "is expected"),
    (exercises.check_smaller, lambda occupied: occupied * 0.5, "True or False"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
