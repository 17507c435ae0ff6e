"""The checks of the chapter *A real scan*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="each figure has its own chance level, and only one of the three is the same on all scans.")
def check_chance(answer: Callable) -> None:
    """Check ``answer(a, s)``: average precision, balanced accuracy and mean IoU of random removal."""
    compare_on(
        [{"a": 0.25, "s": 0.2}, {"a": 0.142, "s": 0.0}, {"a": 0.01, "s": 0.9}, {"a": 0.2, "s": 1.0}],
        answer,
        reference=_chance,
        mistakes=[
            (
                "the average precision is that of true geometry; take artefacts as the positive class.",
                lambda a, s: _changed(a, s, 0, 1 - a),
            ),
            (
                "the average precision does not hang on how many points are removed: it has no threshold.",
                lambda a, s: _changed(a, s, 0, s),
            ),
            (
                "the second number is the accuracy; balanced accuracy averages over the two classes.",
                lambda a, s: _changed(a, s, 1, a * s + (1 - a) * (1 - s)),
            ),
            ("the third number is the IoU of the artefacts alone.", lambda a, s: _changed(a, s, 2, _ious(a, s)[0])),
            ("the third number is the IoU of true geometry alone.", lambda a, s: _changed(a, s, 2, _ious(a, s)[1])),
            ("s is taken for the share that is kept; it is the share that is removed.", lambda a, s: _chance(a, 1 - s)),
            (
                "these are the right numbers in another order: average precision comes first, mean IoU last.",
                lambda a, s: _chance(a, s)[[1, 0, 2]],
            ),
            (
                "the IoUs are weighted by the share of their class; the mean IoU counts both alike.",
                lambda a, s: _changed(a, s, 2, float(np.average(_ious(a, s), weights=[a, 1 - a]))),
            ),
            (
                "a union is no sum: what is in both sets counts once.",
                lambda a, s: _changed(a, s, 2, (a * s / (a + s) + (1 - a) * (1 - s) / (2 - a - s)) / 2),
            ),
            ("the IoUs are added up; take their mean.", lambda a, s: _changed(a, s, 2, sum(_ious(a, s)))),
        ],
        shapes=[("return three numbers as one array: np.array([...]).", lambda a, s: ())],
    )


@exercise(solved="it sees a gap in either direction, and is one half where there is none.")
def check_gap(answer: Callable) -> None:
    """Check ``answer(u, v)``, the area under the ROC curve that is at least one half."""
    compare_on(
        _GAPS,
        answer,
        reference=_gap,
        mistakes=[
            ("this can be below one half: turn it where u lies lower than v.", _area),
            ("equal values count half a pair, not none.", lambda u, v: _folded(_pairs(*_clean(u, v), tie=0))),
            (
                "equal values count half a pair, not none.",
                lambda u, v: max(_pairs(*_clean(*w), tie=0) for w in ((u, v), (v, u))),
            ),
            ("equal values count half a pair, not a whole one.", lambda u, v: _folded(_pairs(*_clean(u, v), tie=1))),
            (
                "pairs with NaN are counted as lost: leave such points out before you compare.",
                lambda u, v: _folded(_pairs(u, v)),
            ),
            ("NaN is taken for 0 here, as a value like others: leave such points out.", _zeros),
            ("this is how far A is from one half; return A itself, turned.", lambda u, v: _gap(u, v) - 0.5),
            ("this is the number of pairs; divide by how many there are.", _counted),
            *[("with no value left on one side nothing can be told apart.", _empty(to)) for to in (np.nan, 0.0, 1.0)],
        ],
    )


@exercise(solved="the secret is followed from hand to hand, and forgotten where a thing is made anew without it.")
def check_leaks(answer: Callable) -> None:
    """Check ``answer(made, used, secret)``, which steps made something that knows the secret."""
    compare_on(
        _HISTORIES,
        answer,
        reference=_leaks,
        mistakes=[
            (
                "only direct use is seen; what was made from a thing that knows the secret knows it, too.",
                lambda made, used, secret: used[:, secret] > 0,
            ),
            (
                "a thing that is made anew, from things that do not know, replaces the old one: it must be forgotten.",
                lambda *inputs: _followed(*inputs, forget=False),
            ),
            (
                "a thing that is made anew still counts by what the old one knew; it counts by what the step used.",
                lambda *inputs: _followed(*inputs, old=True),
            ),
            (
                "everything after the first leak is called a leak; a step counts by what it used.",
                lambda made, used, secret: np.maximum.accumulate(used[:, secret]),
            ),
            (
                "what happens later cannot change what was made before: go through the steps once, in their order.",
                lambda *inputs: ((inputs[1] > 0) @ _ever(*inputs)).astype(int),
            ),
            (
                "what happens later cannot change what was made before: go through the steps once, in their order.",
                lambda *inputs: _ever(*inputs)[inputs[0]].astype(int),
            ),
            ("this is the other way round: 1 is for what knows.", lambda *inputs: 1 - _leaks(*inputs)),
            ("all of the things used must know here; one of them is enough.", lambda *i: _followed(*i, enough=np.all)),
            ("this says which things know in the end; return what each step made, at its time.", _in_the_end),
        ],
        shapes=[
            ("return one value for each step, not for each that leaks.", lambda *i: (int(_leaks(*i).sum()),)),
            ("return one value for each step, not for each thing.", lambda made, used, secret: used[0].shape),
            ("return one value for each step.", lambda *i: ()),
        ],
    )


@exercise(solved="noise and fixed errors are told apart, and the noise that is left in the mean is taken off.")
def check_errors(answer: Callable) -> None:
    """Check ``answer(heights)``, the noise and the fixed error of repeated scans of a plate."""
    compare_on(
        _HEIGHTS,
        answer,
        reference=_errors,
        mistakes=[
            (
                "the mean of R scans still has noise, which is counted as fixed error here: take it off.",
                lambda heights: _roots(_noise(heights), _mean_square(heights)),
            ),
            (
                "too much is taken off: the mean of R scans has less noise than a single one.",
                lambda heights: _roots(_noise(heights), _mean_square(heights) - _noise(heights)),
            ),
            (
                "with R below, the variance comes out too small: the mean was taken from the same R values.",
                lambda heights: _roots(v := _noise(heights, 0), _mean_square(heights) - v / len(heights)),
            ),
            (
                "the spread from point to point is taken for noise; noise is what changes from scan to scan.",
                lambda heights: _roots(v := _noise(heights.T), _mean_square(heights) - v / len(heights)),
            ),
            (
                "rows and columns are exchanged: the repetitions are the first axis, the points the second.",
                lambda heights: _errors(heights.T),
            ),
            (
                "the noise of the mean of R scans is taken for that of a mean over the points.",
                lambda heights: _roots(_noise(heights), _mean_square(heights) - _noise(heights) / heights.shape[1]),
            ),
            ("these are variances: take the roots.", lambda heights: _errors(heights) ** 2),
            ("noise and fixed errors have changed places.", lambda heights: _errors(heights)[::-1]),
            (
                "the standard deviations of the points are averaged; average their squares, and take the root then.",
                lambda heights: np.array([heights.std(axis=0, ddof=1).mean(), _errors(heights)[1]]),
            ),
            ("where less than nothing is left, return zero.", lambda h: _roots(_noise(h), abs(_fixed(h)))),
            (
                "where less than nothing is left, return zero.",
                lambda heights: np.array([_errors(heights)[0], np.nan if _fixed(heights) < 0 else _errors(heights)[1]]),
            ),
            (
                "the fixed errors have a mean of their own, which counts: take the mean square, not the variance.",
                lambda heights: _roots(_noise(heights), heights.mean(axis=0).var() - _noise(heights) / len(heights)),
            ),
        ],
        shapes=[("return two numbers as one array.", lambda heights: ())],
    )


def _ious(a: float, s: float) -> tuple[float, float]:
    return a * s / (a + s - a * s), (1 - a) * (1 - s) / (1 - a * s)


def _chance(a: float, s: float) -> np.ndarray:
    return np.array([a, 0.5, sum(_ious(a, s)) / 2])


def _changed(a: float, s: float, place: int, value: float) -> np.ndarray:
    """Return the right numbers with one of them replaced."""
    result = _chance(a, s)
    result[place] = value
    return result


def _clean(u: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return u[~np.isnan(u)], v[~np.isnan(v)]


def _pairs(u: np.ndarray, v: np.ndarray, tie: float = 0.5) -> float:
    if not u.size or not v.size:
        return 0.5
    return float(((u[:, None] > v) + tie * (u[:, None] == v)).mean())


def _area(u: np.ndarray, v: np.ndarray) -> float:
    return _pairs(*_clean(u, v))


def _folded(area: float) -> float:
    return max(area, 1 - area)


def _gap(u: np.ndarray, v: np.ndarray) -> float:
    return _folded(_area(u, v))


def _zeros(u: np.ndarray, v: np.ndarray) -> float:
    return _folded(_pairs(np.nan_to_num(u), np.nan_to_num(v)))


def _counted(u: np.ndarray, v: np.ndarray) -> float:
    return _gap(u, v) * np.prod([each.size for each in _clean(u, v)])


def _empty(value: float) -> Callable:
    """Return the right function, but for what it returns where nothing can be compared."""
    return lambda u, v: _gap(u, v) if all(each.size for each in _clean(u, v)) else value


def _followed(
    made: np.ndarray, used: np.ndarray, secret: int, forget: bool = True, old: bool = False, enough: Callable = np.any
) -> np.ndarray:
    knowing, leaks = np.arange(used.shape[1]) == secret, []
    for thing, needs in zip(made, used > 0, strict=True):
        leaks.append(bool(enough(knowing[needs]) or (old and knowing[thing])))
        knowing[thing] = leaks[-1] or (knowing[thing] and not forget)
    return np.array(leaks).astype(int)


def _leaks(made: np.ndarray, used: np.ndarray, secret: int) -> np.ndarray:
    return _followed(made, used, secret)


def _in_the_end(made: np.ndarray, used: np.ndarray, secret: int) -> np.ndarray:
    last = dict(zip(made, _leaks(made, used, secret), strict=True))
    return np.array([last[thing] for thing in made])


def _ever(made: np.ndarray, used: np.ndarray, secret: int) -> np.ndarray:
    """Return which things know at any time, if the order of the steps does not count."""
    knowing = np.arange(used.shape[1]) == secret
    for _ in made:
        knowing[made[(used > 0) @ knowing]] = True
    return knowing


def _noise(heights: np.ndarray, ddof: int = 1) -> float:
    return float(heights.var(axis=0, ddof=ddof).mean())


def _mean_square(heights: np.ndarray) -> float:
    return float((heights.mean(axis=0) ** 2).mean())


def _fixed(heights: np.ndarray) -> float:
    return _mean_square(heights) - _noise(heights) / len(heights)


def _roots(noise: float, fixed: float) -> np.ndarray:
    return np.sqrt(np.maximum([noise, fixed], 0))


def _errors(heights: np.ndarray) -> np.ndarray:
    return _roots(_noise(heights), _fixed(heights))


def _table(rows: str) -> np.ndarray:
    return np.array([[int(digit) for digit in row] for row in rows.split()])


_random = np.random.default_rng(44)
_GAPS = [
    {"u": np.array([-1.0, 2, 4, np.nan]), "v": np.array([2.0, -1, 3, 4])},
    {"u": np.array([7.0, 4, 4]), "v": np.array([4.0, np.nan, 1])},
    {"u": _random.normal(size=40).round(1), "v": np.append(_random.normal(0.5, 2, 60).round(1), np.nan)},
    {"u": np.array([np.nan, np.nan]), "v": np.array([1.0, 2])},
]
_HISTORIES = [
    {"made": np.array([1, 2, 3]), "used": np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0]]), "secret": 0},
    {
        # 0 labels, 1 papers, 2 figure, 3 recipe, 4 scans, 5 weights; the recipe is made anew from the papers alone
        "made": np.array([4, 2, 4, 3, 4, 3, 5, 4, 5, 5]),
        "used": _table("000100 100001 000100 011000 000100 010000 000010 000100 000110 001101"),
        "secret": 0,
    },
]
_HEIGHTS = [
    {"heights": np.array([[0.1, 0.5, -0.3], [0.3, 0.1, -0.5]])},
    {"heights": _random.normal(0.2, 0.3, 50) + _random.normal(0, 0.5, (4, 50))},
    {"heights": np.array([[0.2, -0.2, 0.1], [-0.1, 0.3, -0.1], [0.0, -0.1, 0.1]])},
]
