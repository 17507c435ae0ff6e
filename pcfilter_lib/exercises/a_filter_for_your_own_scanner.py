"""The checks of the chapter *A filter for your own scanner*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.data import ARTEFACT, TRUE_GEOMETRY, load_turntable
from pcfilter_lib.errors import require
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

GOOD_ENOUGH = 0.98  # area under the ROC curve of three surroundings
_TAUGHT, _TESTED = (1, 2, 3), (0, 5)  # scenes on a turntable
_PER_VIEW = 180  # points of each kind


@exercise(solved="it keeps what was asked for, and points with equal scores stand or fall together.")
def check_threshold(answer: Callable) -> None:
    """Check ``answer(scores, artefact_probability, keep)``, the largest threshold that keeps enough."""
    compare_on(
        _SCORED,
        answer,
        reference=_threshold,
        mistakes=[
            ("a probability of NaN says nothing about a point: leave it out.", lambda *given: np.nan),
            (
                "this keeps all points alike; a point counts as true geometry with the weight 1 - p.",
                lambda scores, p, keep: _threshold(scores, np.where(np.isnan(p), np.nan, 0), keep),
            ),
            (
                "this keeps points of unknown kind, too; leave out those whose p is NaN.",
                lambda scores, p, keep: _threshold(scores, np.nan_to_num(p), keep),
            ),
            (
                "this counts a point with p below 0.5 as true geometry and any other as an artefact; use 1 - p.",
                lambda scores, p, keep: _threshold(scores, np.where(np.isnan(p), np.nan, p >= 0.5), keep),
            ),
            ("this keeps artefacts, not true geometry.", lambda scores, p, keep: _threshold(scores, 1 - p, keep)),
            (
                "with this threshold the proportion to keep is removed.",
                lambda scores, p, keep: _threshold(scores, p, 1 - keep),
            ),
            (
                "points at the threshold are kept, so that a larger one is possible: count score >= threshold.",
                lambda scores, p, keep: _threshold(scores, p, keep, strictly=True),
            ),
        ],
    )


@exercise(solved="leaving out whole scans shows how much they differ.")
def check_error(answer: Callable) -> None:
    """Check ``answer(kept, total)``, the standard error of a rate by the jackknife over scans."""
    compare_on(
        _COUNTS,
        answer,
        reference=_error,
        mistakes=[
            (
                "this is the standard error of independent points; points of one scan are not independent.",
                lambda kept, total: np.sqrt(_rate(kept, total) * (1 - _rate(kept, total)) / total.sum()),
            ),
            (
                "this takes the rate of each scan alone; leave out one scan, and take the rate of the rest.",
                lambda kept, total: _jackknife(kept / total),
            ),
            (
                "this is the spread of the scans' rates over sqrt(n); scans have different numbers of points.",
                lambda kept, total: (kept / total).std(ddof=1) / np.sqrt(len(kept)),
            ),
            (
                "the sum over scans is multiplied by (n - 1) / n, not divided by n: each rest is nearly everything.",
                lambda kept, total: _rests(kept, total).std(),
            ),
            (
                "the sum over scans is multiplied by (n - 1) / n, not divided by n - 1.",
                lambda kept, total: _rests(kept, total).std(ddof=1),
            ),
            ("the square root is missing.", lambda kept, total: _error(kept, total) ** 2),
        ],
        shapes=[("return one number, not one for each scan.", lambda kept, total: (len(kept),))],
    )


@exercise(solved="from what was found, and how surely, follows what was not.")
def check_number(answer: Callable) -> None:
    """Check ``answer(g, found)``, how many artefacts there are if the teacher finds each with equal probability."""
    compare_on(
        _FOUND,
        answer,
        reference=_number,
        mistakes=[
            ("this is the number of points that the teacher found.", lambda g, found: found.sum()),
            ("g predicts what is called an artefact; divide by c to get what is one.", lambda g, found: g.sum()),
            ("c is the mean of g over the found artefacts, not over all points.", lambda g, found: g.sum() / g.mean()),
            (
                "c is the mean of g over the found artefacts, not the proportion of points that were found.",
                lambda g, found: g.sum() / found.mean(),
            ),
            ("this is c, the proportion that the teacher finds.", lambda g, found: g[found].mean()),
            ("this multiplies by c; divide.", lambda g, found: g.sum() * g[found].mean()),
            ("the question is for a number of artefacts, not a mean.", lambda g, found: g.mean() / g[found].mean()),
        ],
        shapes=[("return one number: the sum over all points.", lambda g, found: g.shape)],
    )


@exercise(solved="with these three surroundings alone the trees do well in scenes that they have not seen.")
def check_choice(answer: Callable) -> None:
    """Check ``answer(features, label, scene)``, three of the 48 surroundings. Any good choice passes."""
    features, label, scene = _points(_TAUGHT)
    inputs = {"features": features, "label": label, "scene": scene}
    what = call_text(answer, inputs)
    chosen = as_numbers(call(answer, **inputs), what)
    if chosen.dtype.kind == "b" and chosen.shape == (features.shape[1],):
        raise NotYet(f"{what} gives a mask; return the numbers of the columns: np.flatnonzero(...).")
    if chosen.shape != (3,):
        raise NotYet(f"{what} has the shape {chosen.shape}; (3,) is expected, the numbers of three columns.")
    if (chosen != np.round(chosen)).any() or chosen.min() < 0 or chosen.max() >= features.shape[1]:
        raise NotYet(f"{what} gives something that is no column: they run from 0 to {features.shape[1] - 1}.")
    chosen = chosen.astype(int)
    if len(set(chosen.tolist())) < 3:
        raise NotYet(f"{what} takes a column more than once; the three must differ.")
    area = _area(chosen)
    if area < GOOD_ENOUGH:
        reached = f"with the columns of {what} the area under the ROC curve is {area:.2f} in other scenes; at least"
        hint = ""
        if set(chosen.tolist()) == set(_best_alone(features, label).tolist()):
            hint = "the three that are best alone may all say the same: ask what each adds to the others.\n"
        raise NotYet(f"{hint}{reached} {GOOD_ENOUGH} is expected.")


def _threshold(scores: np.ndarray, p: np.ndarray, keep: float, strictly: bool = False) -> float:
    known = ~np.isnan(p)
    scores, true = scores[known], 1 - p[known]
    limits = np.unique(scores)
    kept = np.array([true[scores > limit if strictly else scores >= limit].sum() for limit in limits])
    enough = kept >= keep * true.sum() - 1e-9
    return float(limits[enough].max()) if enough.any() else float(limits.min())


def _scored(seed: int, keep: float) -> dict[str, object]:
    generator = np.random.default_rng(seed)
    p = generator.beta(0.3, 1.2, 400)
    scores = np.round(generator.normal(3 - 5 * p, 1.5), 1)  # rounded, so that some are equal
    p[generator.random(400) < 0.1] = np.nan
    return {"scores": scores, "artefact_probability": p, "keep": keep}


_SCORED = [
    {
        "scores": np.array([8.0, 2.0, 13.0, 7.0, 1.0, 10.0, 13.0, 14.0, 6.0, 15.0]),
        "artefact_probability": np.array([0.2, 0.7, 0.1, 0.7, 0.7, 0.1, 0.2, 0.1, np.nan, 0.1]),
        "keep": 0.8,
    },
    _scored(0, 0.9),
    _scored(1, 0.99),
]


def _rate(kept: np.ndarray, total: np.ndarray) -> float:
    return float(kept.sum() / total.sum())


def _rests(kept: np.ndarray, total: np.ndarray) -> np.ndarray:
    return (kept.sum() - kept) / (total.sum() - total)


def _jackknife(rates: np.ndarray) -> float:
    return float(np.sqrt((len(rates) - 1) / len(rates) * ((rates - rates.mean()) ** 2).sum()))


def _error(kept: np.ndarray, total: np.ndarray) -> float:
    return _jackknife(_rests(kept, total))


_COUNTS = [
    {"kept": np.array([90, 195, 480]), "total": np.array([100, 200, 500])},
    {"kept": np.array([9_700, 990, 45, 20_000, 3_100]), "total": np.array([9_900, 1_000, 50, 20_100, 3_900])},
]


def _number(g: np.ndarray, found: np.ndarray) -> float:
    return float(g.sum() / g[found].mean())


def _teacher(seed: int, c: float) -> dict[str, np.ndarray]:
    """Return predictions and findings in a world that is as the exercise supposes."""
    generator = np.random.default_rng(seed)
    p = np.where(generator.random(2_000) < 0.1, generator.beta(9, 1, 2_000), generator.beta(1, 30, 2_000))
    artefact = generator.random(2_000) < p
    return {"g": c * p, "found": artefact & (generator.random(2_000) < c)}


_FOUND = [
    {"g": np.array([0.2, 0.2, 0.1, 0.0, 0.1, 0.0]), "found": np.array([True] + 5 * [False])},
    _teacher(0, 0.3),
    _teacher(1, 0.7),
]


@functools.cache
def _points(scenes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return as many artefacts as true points of each view, in an order of columns that gives nothing away."""
    from pcfilter_lib.filters import SURROUNDINGS, scan_surroundings

    generator = np.random.default_rng(0)
    order = generator.permutation(len(SURROUNDINGS))
    features, label, scene = [], [], []
    for number in scenes:
        for scan in load_turntable(number)[::3]:
            here = scan.label[scan.valid]
            some = [generator.choice(np.flatnonzero(here == kind), _PER_VIEW) for kind in (ARTEFACT, TRUE_GEOMETRY)]
            some = np.concatenate(some)
            features.append(scan_surroundings(scan)[some][:, order])
            label.append(here[some])
            scene.append(np.full(len(some), number))
    return np.concatenate(features), np.concatenate(label), np.concatenate(scene)


def _area(columns: np.ndarray) -> float:
    """Return the area under the ROC curve in other scenes, of trees that see some columns only."""
    ensemble, metrics = require("sklearn.ensemble", "learn"), require("sklearn.metrics", "learn")
    (features, label, _), (others, truth, _) = _points(_TAUGHT), _points(_TESTED)
    trees = ensemble.HistGradientBoostingClassifier(max_iter=50, max_leaf_nodes=8, early_stopping=False)
    trees.fit(features[:, columns], label)
    return float(metrics.roc_auc_score(truth, trees.decision_function(others[:, columns])))


def _best_alone(features: np.ndarray, label: np.ndarray) -> np.ndarray:
    metrics = require("sklearn.metrics", "learn")
    areas = np.array([metrics.roc_auc_score(label, column) for column in features.T])
    return np.argsort(-np.abs(areas - 0.5), kind="stable")[:3]
