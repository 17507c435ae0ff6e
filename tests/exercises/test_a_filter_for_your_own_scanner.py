"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_filter_for_your_own_scanner as exercises


def threshold(scores, artefact_probability, keep):
    """Add up from the top, and go on through equal scores."""
    known = [(s, 1 - p) for s, p in zip(scores, artefact_probability, strict=True) if not np.isnan(p)]
    total, kept, reached = sum(weight for _, weight in known), 0.0, None
    for score, weight in sorted(known, reverse=True):
        if reached is not None and score < reached:
            return reached
        kept += weight
        if reached is None and kept >= keep * total - 1e-9:
            reached = score
    return reached


def threshold_with(weight=None, keep=None, strictly=False):
    def answer(scores, p, asked):
        known = ~np.isnan(p)
        true = (1 - p if weight is None else weight(p)).astype(float)
        if weight is None or known.all() or np.isnan(true[~known]).all():
            scores, true = scores[known], true[known]
        limits = np.unique(scores)
        kept = np.array([true[scores > at if strictly else scores >= at].sum() for at in limits])
        enough = kept >= (asked if keep is None else keep(asked)) * true.sum() - 1e-9
        return limits[enough].max() if enough.any() else limits.min()

    return answer


def error(kept, total):
    rates = []
    for scan in range(len(kept)):
        others = np.arange(len(kept)) != scan
        rates.append(kept[others].sum() / total[others].sum())
    return np.sqrt((len(kept) - 1) * np.var(rates))


def number(g, found):
    return np.sum(np.asarray(g) / np.mean(np.asarray(g)[found]))


def stepwise(features, label, scene):
    """Add one column after the other: the one that separates best, by a linear fit, squares included."""
    taught = scene != scene[0]
    chosen = []
    for _ in range(3):
        best = (-1.0, 0)
        for column in sorted(set(range(features.shape[1])) - set(chosen)):
            x = np.abs(features[:, [*chosen, column]])
            x = np.c_[np.ones(len(x)), features[:, [*chosen, column]], x, x**2, x[:, :1] * x]
            weights = np.linalg.lstsq(x[taught], label[taught], rcond=None)[0]
            right = (((x @ weights) > 0.5) == label)[~taught].mean()
            best = max(best, (right, column))
        chosen.append(best[1])
    return chosen


def best_alone(features, label, scene):
    ranks = features.argsort(axis=0).argsort(axis=0)
    apart = np.abs(ranks[label == 1].mean(axis=0) - ranks[label == 0].mean(axis=0))
    return np.argsort(-apart)[:3]


solutions = [
    (exercises.check_threshold, threshold),
    (exercises.check_threshold, threshold_with()),
    (exercises.check_error, error),
    (exercises.check_number, number),
    (exercises.check_number, lambda g, found: g.sum() * found.sum() / g[found].sum()),
    (exercises.check_choice, stepwise),
]

mistakes = [
    (exercises.check_threshold, lambda s, p, keep: np.nan, "a probability of NaN says nothing"),
    (exercises.check_threshold, threshold_with(lambda p: p * 0 + 1), "this keeps all points alike"),
    (exercises.check_threshold, threshold_with(lambda p: 1 - np.nan_to_num(p)), "this keeps points of unknown kind"),
    (
        exercises.check_threshold,
        threshold_with(lambda p: np.where(np.isnan(p), np.nan, p < 0.5)),
        "this counts a point with p below 0.5 as true",
    ),
    (exercises.check_threshold, threshold_with(lambda p: p), "this keeps artefacts"),
    (exercises.check_threshold, threshold_with(keep=lambda keep: 1 - keep), "the proportion to keep is removed"),
    (exercises.check_threshold, threshold_with(strictly=True), "points at the threshold are kept"),
    (
        exercises.check_error,
        lambda kept, total: np.sqrt((r := kept.sum() / total.sum()) * (1 - r) / total.sum()),
        "standard error of independent points",
    ),
    (
        exercises.check_error,
        lambda kept, total: np.sqrt((len(kept) - 1) * np.var(kept / total)),
        "this takes the rate of each scan alone",
    ),
    (
        exercises.check_error,
        lambda kept, total: np.std(kept / total, ddof=1) / len(kept) ** 0.5,
        "scans have different numbers of points",
    ),
    (exercises.check_error, lambda kept, total: error(kept, total) / (len(kept) - 1) ** 0.5, "not divided by n:"),
    (
        exercises.check_error,
        lambda kept, total: error(kept, total) * len(kept) ** 0.5 / (len(kept) - 1),
        "not divided by n - 1",
    ),
    (exercises.check_error, lambda kept, total: error(kept, total) ** 2, "square root is missing"),
    (exercises.check_error, lambda kept, total: kept / total, "return one number"),
    (exercises.check_number, lambda g, found: found.sum(), "number of points that the teacher found"),
    (exercises.check_number, lambda g, found: g.sum(), "divide by c to get what is one"),
    (exercises.check_number, lambda g, found: len(g), "not over all points"),
    (exercises.check_number, lambda g, found: g.sum() / found.mean(), "not the proportion of points"),
    (exercises.check_number, lambda g, found: g[found].mean(), "this is c"),
    (exercises.check_number, lambda g, found: g.sum() * g[found].mean(), "this multiplies by c"),
    (exercises.check_number, lambda g, found: g.mean() / g[found].mean(), "not a mean"),
    (exercises.check_number, lambda g, found: g / g[found].mean(), "return one number"),
    (exercises.check_choice, best_alone, "may all say the same"),
    (exercises.check_choice, lambda x, y, scene: [0, 1, 2], "the area under the ROC curve is"),
    (exercises.check_choice, lambda x, y, scene: [0, 0, 2], "takes a column more than once"),
    (exercises.check_choice, lambda x, y, scene: [0, 1, 48], "is no column"),
    (exercises.check_choice, lambda x, y, scene: [0, 1, 1.5], "is no column"),
    (exercises.check_choice, lambda x, y, scene: [0, 1], "(3,) is expected"),
    (exercises.check_choice, lambda x, y, scene: np.arange(x.shape[1]) < 3, "gives a mask"),
]


test_solutions_pass, test_known_mistakes_are_explained, test_starter_and_error = verdict_tests(
    exercises, solutions, mistakes
)
