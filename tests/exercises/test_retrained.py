"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy import stats
from verdicts import verdict_tests

from pcfilter_lib.exercises import retrained as exercises


def largest_first(scenes, count):
    folds, sizes = np.zeros(len(scenes), int), np.zeros(count)
    numbers, members = np.unique(scenes, return_counts=True)
    for scene in numbers[np.argsort(-members)]:
        folds[scenes == scene] = sizes.argmin()
        sizes[sizes.argmin()] += (scenes == scene).sum()
    return folds


def in_order(scenes, count):
    """Each scene, as it comes, goes where the fewest scans are."""
    sizes, chosen = [0] * count, {}
    for scene in scenes.tolist():
        if scene not in chosen:
            chosen[scene] = sizes.index(min(sizes))
            sizes[chosen[scene]] += int((scenes == scene).sum())
    return [chosen[scene] for scene in scenes.tolist()]


def round_robin(scenes, count):
    """Scene after scene by their rank, however large: wrong where every other scene is large."""
    return np.unique(scenes, return_inverse=True)[1] % count


def descend(start, x, y):
    w = start.astype(float)
    for _ in range(20_000):
        w = w + 0.05 * x.T @ (y - x @ w)
    return w


def closed(start, x, y):
    return start + np.linalg.lstsq(x, y - x @ start, rcond=None)[0]


def enough(counts, scores, errors=2):
    for place in range(len(counts)):
        gains = scores[:, place + 1 :] - scores[:, [place]]
        if not (gains.mean(axis=0) > errors * stats.sem(gains, axis=0)).any():
            return counts[place]


def by_doubt(doubt, ahead=None):
    def answer(counts, scores):
        for place in range(len(counts)):
            others = range(place + 1, min(len(counts), place + 1 + (ahead or len(counts))))
            gain = [(scores[:, i] - scores[:, place]).mean() > doubt(scores[:, i], scores[:, place]) for i in others]
            if not any(gain):
                return counts[place]

    return answer


def against(*rivals):
    """Look at some columns only: -1 is the last one, "best" the one with the best mean."""

    def answer(counts, scores):
        last = len(counts) - 1
        columns = {scores.mean(axis=0).argmax() if rival == "best" else last for rival in rivals}
        for place in range(len(counts)):
            gains = [scores[:, other] - scores[:, place] for other in columns if other > place]
            if not any(gain.mean() > 2 * stats.sem(gain) for gain in gains):
                return counts[place]

    return answer


def beaten_by_all(counts, scores):
    for place in range(len(counts) - 1):
        gains = scores[:, place + 1 :] - scores[:, [place]]
        if not (gains.mean(axis=0) > 2 * stats.sem(gains, axis=0)).all():
            return counts[place]
    return counts[-1]


def unsigned(counts, scores):
    for place in range(len(counts)):
        gains = scores[:, place + 1 :] - scores[:, [place]]
        if not (abs(gains.mean(axis=0)) > 2 * stats.sem(gains, axis=0)).any():
            return counts[place]


def across(x):
    """Return a vector that no example sees."""
    return np.linalg.svd(x)[2][-1]


def row_after_row(start, x, y):
    """Satisfy each example in turn, once: the next one spoils the last."""
    w = start.copy()
    for row, value in zip(x, y, strict=True):
        w = w + row * (value - row @ w) / (row @ row)
    return w


unpaired = by_doubt(lambda a, b: 2 * np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / len(a)))
of_one_draw = by_doubt(lambda a, b: 2 * (a - b).std(ddof=1))
population = by_doubt(lambda a, b: 2 * (a - b).std() / np.sqrt(len(a)))
by_columns = by_doubt(lambda a, b: 2 * (a - b).std(ddof=1) / np.sqrt(4))
only_next = by_doubt(lambda a, b: 2 * stats.sem(a - b), ahead=1)

FOLDS, END, ENOUGH = exercises.check_folds, exercises.check_end, exercises.check_enough
SOLUTIONS = [
    (FOLDS, largest_first),
    (FOLDS, in_order),
    (END, descend),
    (END, closed),
    (ENOUGH, enough),
    (ENOUGH, by_doubt(lambda a, b: 2 * (a - b).std(ddof=1) / len(a) ** 0.5)),
]
MISTAKES = [
    (FOLDS, lambda s, c: np.arange(len(s)) % c, "is tested on the other"),
    (FOLDS, lambda s, c: np.arange(len(s)) * c // len(s), "is tested on the other"),
    (FOLDS, lambda s, c: np.random.default_rng(0).integers(0, c, len(s)), "is tested on the other"),
    (FOLDS, lambda s, c: s % c, "is empty"),
    (FOLDS, lambda s, c: np.minimum(np.unique(s, return_inverse=True)[1], c - 1), "the folds are uneven"),
    (FOLDS, round_robin, "they have 4, 16 scans"),
    (FOLDS, lambda s, c: largest_first(s, c) + 1, "begin with 0"),
    (FOLDS, lambda s, c: np.zeros(len(s)), "is empty"),
    (FOLDS, lambda s, c: s, "whole numbers from 0 to 2"),
    (FOLDS, lambda s, c: largest_first(np.unique(s), c), "the number of a fold for each scan"),
    (END, lambda s, x, y: np.linalg.pinv(x) @ y, "the start is forgotten"),
    (END, lambda s, x, y: s + np.linalg.pinv(x) @ y, "counted twice"),
    (END, lambda s, x, y: s - np.linalg.pinv(x) @ (y - x @ s), "leads away"),
    (END, lambda s, x, y: np.linalg.pinv(x) @ (y - x @ s), "this is the step"),
    (END, lambda s, x, y: s + x.T @ (y - x @ s), "one step of gradient descent"),
    (END, lambda s, x, y: s + x.T @ (y - x @ s) / np.linalg.norm(x, 2) ** 2, "the descent goes on"),
    (END, row_after_row, "the descent goes on"),
    (END, lambda s, x, y: np.linalg.pinv(x) @ y + across(x), "also moved"),
    (END, lambda s, x, y: np.linalg.solve(x.T @ x, x.T @ y), "x.T @ x was to be inverted"),
    (END, lambda s, x, y: np.full(len(s), 7.0), "is expected"),
    (END, lambda s, x, y: s, "nothing has changed"),
    (ENOUGH, unpaired, "row by row first"),
    (ENOUGH, of_one_draw, "two standard deviations of one draw"),
    (ENOUGH, population, "the number of draws minus 1"),
    (ENOUGH, lambda c, s: enough(c, s, errors=1), "ask for two"),
    (ENOUGH, by_columns, "the rows of scores"),
    (ENOUGH, unsigned, "its sign is gone"),
    (ENOUGH, against("best"), "only the number with the best mean"),
    (ENOUGH, against(-1), "only the largest number"),
    (ENOUGH, beaten_by_all, "it need not be all of them"),
    (ENOUGH, lambda c, s: enough(c, np.sort(s, axis=0)), "2 is expected"),
    (ENOUGH, only_next, "only the next number"),
    (ENOUGH, lambda c, s: c[s.mean(axis=0).argmax()], "the best mean"),
    (ENOUGH, lambda c, s: list(c).index(enough(c, s)), "the place in counts"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
