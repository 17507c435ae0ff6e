"""Checks for the exercises of the chapter *Retrained*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text


@exercise(solved="each scene is in one fold, and the folds are as even as the scenes allow.")
def check_folds(answer: Callable) -> None:
    """Check that scans of one scene share a fold, that none is empty, and that they are even."""
    for scenes, count in _SCENES:
        inputs = {"scenes": scenes, "count": count}
        what = call_text(answer, inputs)
        folds = as_numbers(call(answer, **inputs), what)
        if folds.shape != scenes.shape:
            problem = f"{what} has the shape {folds.shape}; {scenes.shape} is expected"
            raise NotYet(f"{problem}: the number of a fold for each scan.")
        strange = ~np.isin(folds, np.arange(count))
        if strange.any():
            problem = "the folds are numbered from 1: begin with 0." if folds.max() == count else ""
            place = np.flatnonzero(strange)[0]
            found = f"{what} gives {folds[place]:g} at [{place}]; folds are whole numbers from 0 to {count - 1}."
            raise NotYet(f"{problem}\n{found}" if problem else found)
        for scene in np.unique(scenes):
            where = np.unique(folds[scenes == scene])
            if len(where) > 1:
                said = " and ".join(f"{fold:g}" for fold in where[:2])
                problem = f"scene {scene} is in folds {said}: what is learned from one is tested on the other."
                raise NotYet(f"{problem}\nThis is {what}.")
        sizes = np.bincount(folds.astype(int), minlength=count)
        if not sizes.all():
            raise NotYet(f"fold {np.argmin(sizes)} is empty: there would be nothing to test on.\nThis is {what}.")
        gap, allowed = np.ptp(sizes), np.unique(scenes, return_counts=True)[1].max()
        if gap > allowed:
            problem = f"no scene is split, but the folds are uneven: they have {', '.join(map(str, sizes))} scans."
            remedy = f"No two have to differ by more than the largest scene, {allowed}."
            raise NotYet(f"{problem}\n{remedy} This is {what}.")


@exercise(solved="what the examples say is learned, and the rest stays as it was.")
def check_end(answer: Callable) -> None:
    """Check where gradient descent on a few examples ends."""
    cases = [{"start": start, "x": x, "y": y} for start, x, y in _LINES]
    mistakes = [
        ("this is where a training from zero ends: the start is forgotten.", lambda s, x, y: _pinv(x) @ y),
        (
            "this adds the start to the solution from zero. Along the examples the start is then counted twice: "
            "fit what is left of y after the start's own predictions.",
            lambda s, x, y: s + _pinv(x) @ y,
        ),
        ("the sign of the step is wrong: it leads away from the examples.", lambda s, x, y: 2 * s - _end(s, x, y)),
        ("this is the step, not the place where it leads.", lambda s, x, y: _end(s, x, y) - s),
        ("this is one step of gradient descent, not the place where it ends.", lambda s, x, y: s + x.T @ (y - x @ s)),
        ("nothing has changed: this is the start.", lambda s, x, y: s),
        (
            "x.T @ x was to be inverted. With fewer examples than weights that cannot be done, for many weights "
            "satisfy the examples.",
            lambda s, x, y: np.linalg.solve(x.T @ x, x.T @ y),
        ),
    ]
    general = [
        (
            "this has moved along the examples only, as it should, but does not satisfy them yet: the descent goes on.",
            functools.partial(_if, answer, along=True, satisfied=False),
        ),
        (
            "this satisfies the examples, but has also moved in directions of which no example says anything.",
            functools.partial(_if, answer, along=False, satisfied=True),
        ),
    ]
    known = _explaining(answer, cases, mistakes)
    compare_on(cases, answer, reference=_end, mistakes=[*known, *general])


@exercise(solved="draw by draw, and no further than the doubt allows.")
def check_enough(answer: Callable) -> None:
    """Check the smallest number of scans that no larger one beats beyond doubt."""
    cases = [{"counts": np.array(counts), "scores": np.array(scores)} for counts, scores in _CURVES]
    mistakes = [
        (
            "the draws are compared as if they had nothing to do with each other. But each row is one draw, and "
            "its larger sets hold its smaller ones: take the differences row by row first.",
            lambda c, s: _enough(c, s, paired=False),
        ),
        (
            "two standard deviations of one draw are asked for. The mean of several draws is known better.",
            lambda c, s: _enough(c, s, draws=1),
        ),
        (
            "the standard error has the root of the number of draws below it, which are the rows of scores.",
            lambda c, s: _enough(c, s, draws=len(c)),
        ),
        (
            "the standard deviation is too small: divide by the number of draws minus 1.",
            lambda c, s: _enough(c, s, ddof=0),
        ),
        ("one standard error is not enough: ask for two.", lambda c, s: _enough(c, s, errors=1)),
        (
            "a loss counts like a gain here: its sign is gone.",
            lambda c, s: _enough(c, s, gained=np.abs),
        ),
        (
            "only the next number of scans was looked at. A later one may still be better beyond doubt.",
            lambda c, s: _enough(c, s, rivals=lambda place: range(place + 1, min(place + 2, len(c)))),
        ),
        (
            "only the number with the best mean was looked at. Another larger one, with less doubt, may be better too.",
            lambda c, s: _enough(c, s, rivals=lambda place: {s.mean(axis=0).argmax()} & set(range(place + 1, len(c)))),
        ),
        (
            "only the largest number was looked at. One between may be better beyond doubt.",
            lambda c, s: _enough(c, s, rivals=lambda place: {len(c) - 1} - {place}),
        ),
        (
            "one larger number that is better beyond doubt is reason enough to go on; it need not be all of them.",
            lambda c, s: _enough(c, s, rule=all),
        ),
        ("this has the best mean, however small its lead.", lambda c, s: c[np.argmax(s.mean(axis=0))]),
        ("this is the place in counts, not the number of scans.", lambda c, s: list(c).index(_enough(c, s))),
    ]
    compare_on(cases, answer, reference=_enough, mistakes=_explaining(answer, cases, mistakes))


def _explaining(answer: Callable, cases: list[dict], mistakes: list[tuple[str, Callable]]) -> list:
    """Return the mistakes that give what the reader's function gives in every case, not in one by chance."""
    try:
        results = [as_numbers(call(answer, **inputs), "") for inputs in cases]
    except NotYet:  # what stops the function is told by the comparison
        return mistakes
    fitting = []
    for text, wrong in mistakes:
        try:
            expected = [np.asarray(wrong(*inputs.values()), dtype=float) for inputs in cases]
        except np.linalg.LinAlgError:
            continue
        pairs = list(zip(results, expected, strict=True))
        if all(a.shape == b.shape and np.allclose(a, b) for a, b in pairs):
            fitting.append((text, wrong))
    return fitting


def _pinv(x: np.ndarray) -> np.ndarray:
    return np.linalg.pinv(x)


def _end(start: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return start + _pinv(x) @ (y - x @ start)


def _if(answer: Callable, start: np.ndarray, x: np.ndarray, y: np.ndarray, along: bool, satisfied: bool) -> np.ndarray:
    """Return the reader's own weights if they are of this kind, and stop otherwise: the explanation is not theirs."""
    w = as_numbers(call(answer, start=start, x=x, y=y), "")
    stayed = np.allclose(_pinv(x) @ (x @ (w - start)), w - start)
    if (stayed, np.allclose(x @ w, y)) != (along, satisfied):
        raise ArithmeticError("of another kind")
    return w


def _enough(
    counts: np.ndarray,
    scores: np.ndarray,
    paired: bool = True,
    draws: int | None = None,
    ddof: int = 1,
    errors: float = 2,
    gained: Callable = float,
    rivals: Callable | None = None,
    rule: Callable = any,
) -> int:
    def beats(other: int, place: int) -> bool:
        gain = scores[:, other] - scores[:, place]
        variance = gain.var(ddof=ddof)
        if not paired:
            variance = scores[:, other].var(ddof=ddof) + scores[:, place].var(ddof=ddof)
        return gained(gain.mean()) > errors * np.sqrt(variance / (draws or len(scores)))

    for place, count in enumerate(counts):
        larger = rivals(place) if rivals else range(place + 1, len(counts))
        if not rule(beats(other, place) for other in larger):
            return count
    return counts[-1]


_random = np.random.default_rng(4)
_SCENES = [
    (np.array([0, 0, 0, 1, 1, 2, 2, 2, 3]), 3),
    (np.array([0, 4, 8, 0, 4, 8, 12, 12, 16, 16]), 4),  # numbers that are all multiples of the number of folds
    (np.array([5, 5, 5, 5, 5, 5, 1, 2, 3, 4, 7, 8]), 2),  # one scene has half of all scans
    (np.repeat(np.arange(8), [1, 4] * 4), 2),  # every other scene is large
    (_random.permutation(np.repeat(np.arange(11), _random.integers(1, 7, 11))), 5),
]
_LINES = [
    (np.array([1.0, 1.0]), np.array([[1.0, 0.0]]), np.array([3.0])),
    (np.array([1.0, 0.0, 2.0]), np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]), np.array([0.5, 2.0])),
    (_random.normal(size=6), _random.normal(size=(3, 6)), _random.normal(size=3)),
]
# Each tells one of the mistakes from what is right.
_CURVES = [
    (
        [2, 4, 10, 40],
        [[0.42, 0.43, 0.42, 0.46], [0.55, 0.61, 0.59, 0.59], [0.35, 0.38, 0.43, 0.42], [0.48, 0.54, 0.48, 0.51]],
    ),
    (
        [1, 2, 5, 20],
        [[0.55, 0.55, 0.63, 0.61], [0.57, 0.54, 0.64, 0.67], [0.57, 0.58, 0.62, 0.64], [0.52, 0.51, 0.59, 0.57]],
    ),
    (
        [1, 3, 6, 12],
        [[0.54, 0.58, 0.61, 0.61], [0.58, 0.60, 0.63, 0.63], [0.55, 0.56, 0.58, 0.64], [0.63, 0.67, 0.64, 0.65]],
    ),
    (
        [1, 2, 5, 20],
        [[0.54, 0.58, 0.59, 0.60], [0.57, 0.62, 0.62, 0.59], [0.54, 0.58, 0.58, 0.61], [0.55, 0.59, 0.60, 0.63]],
    ),
    (
        [1, 2, 5, 20],
        [[0.46, 0.46, 0.48, 0.51], [0.50, 0.51, 0.50, 0.52], [0.59, 0.62, 0.63, 0.62], [0.59, 0.59, 0.61, 0.61]],
    ),
    (
        [1, 2, 5, 20],
        [
            [0.52, 0.53, 0.56, 0.52],
            [0.48, 0.47, 0.49, 0.48],
            [0.51, 0.51, 0.54, 0.51],
            [0.58, 0.55, 0.57, 0.55],
            [0.59, 0.59, 0.65, 0.59],
        ],
    ),
    ([1, 2, 5, 20], [[0.53, 0.53, 0.55, 0.54], [0.44, 0.47, 0.47, 0.49], [0.55, 0.53, 0.57, 0.55]]),
]
