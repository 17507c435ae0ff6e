"""The checks of the chapter *What other views know*."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

GOOD_ENOUGH = 0.95  # of the points that the greedy choice labels


@exercise(solved="only cameras that see the place vote, and a blocked one is not among them.")
def check_labels(answer: Callable) -> None:
    """Check ``answer(gaps, tolerance)``, the labels that views give by counting."""
    compare_on(
        _GAPS,
        answer,
        reference=_labels,
        mistakes=[
            (
                "a camera that is blocked, with a gap below minus the tolerance, counts as a vote here; it has no say.",
                lambda gaps, tolerance: _labels(gaps, tolerance, votes=np.isfinite(gaps)),
            ),
            (
                "all views count as votes here; one that measured nothing, or is blocked, has no say.",
                lambda gaps, tolerance: _labels(gaps, tolerance, votes=np.ones(gaps.shape, bool)),
            ),
            (
                "a camera that measures something nearer is blocked: it does not contradict the point.",
                lambda gaps, tolerance: _labels(gaps, tolerance, against=np.abs(gaps) > tolerance),
            ),
            (
                "a camera that measures something nearer is blocked: it does not confirm the point.",
                lambda gaps, tolerance: _labels(gaps, tolerance, for_it=gaps <= tolerance),
            ),
            (
                "a gap of exactly the tolerance confirms.",
                lambda gaps, tolerance: _labels(gaps, tolerance, for_it=np.abs(gaps) < tolerance),
            ),
            (
                "a gap of exactly the tolerance confirms; it does not contradict.",
                lambda g, t: _labels(g, t, for_it=np.abs(g) < t, against=g >= t),
            ),
            ("a single vote is enough here; it takes two.", lambda gaps, tolerance: _labels(gaps, tolerance, least=1)),
            (
                "0 is for artefacts and 1 for true geometry; here it is the other way round.",
                lambda gaps, tolerance: np.array([1, 0, 255])[np.minimum(_labels(gaps, tolerance), 2)],
            ),
            (
                "where nobody votes, or the votes do not agree, the label is 255.",
                lambda gaps, tolerance: np.where(_labels(gaps, tolerance) == 0, 0, 1),
            ),
            (
                "the proportions are left out: the votes must also agree.",
                lambda gaps, tolerance: _labels(gaps, tolerance, shares=(0.0, 1.0)),
            ),
        ],
        shapes=[
            ("return one label for each point, not for each view and point.", lambda gaps, tolerance: gaps.shape),
            ("return one label for each point, not for each view.", lambda gaps, tolerance: (len(gaps),)),
        ],
    )


@exercise(solved="the distance from the wall and the direction of the look both count.")
def check_smallest(answer: Callable) -> None:
    """Check ``answer(tolerance, theta, beta)``, from which distance on a point before a wall is contradicted."""
    compare_on(
        [
            {"tolerance": 1.0, "theta": 60, "beta": 0},
            {"tolerance": 1.0, "theta": 0, "beta": 0},
            {"tolerance": 0.5, "theta": 30, "beta": 45},
            {"tolerance": 1.0, "theta": -40, "beta": 20},
            {"tolerance": 1.0, "theta": 120, "beta": 50},
            {"tolerance": 1.0, "theta": 120, "beta": 10},
            {"tolerance": 1.0, "theta": 90, "beta": 0},
        ],
        answer,
        reference=_smallest,
        mistakes=[
            ("the angles are in degrees; NumPy's functions take radians.", _in_radians),
            (
                "the angles are in degrees; NumPy's functions take radians.",
                lambda t, theta, beta: t * np.cos(theta - beta) / np.cos(beta),
            ),
            (
                "this is how large the gap of a point is that lies off by the tolerance; the question is the reverse.",
                lambda t, theta, beta: _or_inf(theta - beta, t * _cos(beta) / _cos(theta - beta)),
            ),
            (
                "the wall is slanted: the point is d cos(beta) away from it, not d.",
                lambda t, theta, beta: _or_inf(theta - beta, t * _cos(theta - beta)),
            ),
            ("this leaves the slant of the wall out.", lambda t, theta, beta: _or_inf(theta, t * _cos(theta))),
            (
                "the gap is measured along B's ray, not along the normal of the wall.",
                lambda t, theta, beta: _or_inf(theta - beta, t / _cos(beta)),
            ),
            (
                "the normal lies on B's side, so that the angle between the two is the difference, not the sum.",
                lambda t, theta, beta: _or_inf(theta + beta, t * _cos(theta + beta) / _cos(beta)),
            ),
            (
                "a ray that does not meet the front of the wall cannot see past the point onto it: return np.inf.",
                lambda t, theta, beta: t * _cos(theta - beta) / _cos(beta),
            ),
            (
                "a ray that does not meet the front of the wall cannot see past the point onto it: return np.inf.",
                lambda t, theta, beta: t * abs(_cos(theta - beta)) / _cos(beta),
            ),
        ],
    )


@exercise(solved="neither outliers, nor a shift, nor the second view's own noise mislead it.")
def check_sigma(answer: Callable) -> None:
    """Check ``answer(gaps)``, the noise of a measurement from the differences between two views."""
    for sigma, shift, wrong, seed in [(1.0, 0.0, 0.0, 0), (0.2, 0.0, 0.1, 1), (1e-4, 3e-4, 0.05, 2), (0.5, -2, 0.1, 3)]:
        gaps = _measured_gaps(sigma, shift, wrong, seed)
        values = gaps[~np.isnan(gaps)]
        middle = np.median(values)
        compare(
            call(answer, gaps=gaps),
            sigma,
            what=call_text(answer, {"gaps": gaps}),
            mistakes=[
                ("there are NaNs among the gaps: leave them out.", lambda: np.nan),
                (
                    "a gap is the noise of two measurements: its variance is twice that of one.",
                    lambda values=values, middle=middle: np.median(np.abs(values - middle)) / 0.6745,
                ),
                (
                    "outliers make a standard deviation useless: use the median of absolute differences.",
                    lambda values=values: values.std() / np.sqrt(2),
                ),
                (
                    "outliers make a standard deviation useless, and a gap is the noise of two measurements.",
                    lambda values=values: values.std(),
                ),
                (
                    "the median of absolute differences is 0.6745 standard deviations.",
                    lambda values=values, middle=middle: np.median(np.abs(values - middle)) / np.sqrt(2),
                ),
                (
                    "a wrong pose shifts all gaps: take the differences from their median, not from zero.",
                    lambda values=values: np.median(np.abs(values)) / 0.6745 / np.sqrt(2),
                ),
            ],
            rtol=0.2,
            atol=0,
        )


@exercise(solved="the views that you take give nearly as many points two votes as a good method does, or more.")
def check_choice(answer: Callable) -> None:
    """Check ``answer(sees, k)``, k views that give many points two votes. Any good choice passes."""
    for sees, k in _visible():
        inputs = {"sees": sees, "k": k}
        what = call_text(answer, inputs)
        chosen = as_numbers(call(answer, **inputs), what)
        if chosen.dtype.kind == "b" and chosen.shape == (len(sees),):
            raise NotYet(f"{what} gives a mask; return the numbers of the views: np.flatnonzero(...).")
        if chosen.shape != (k,):
            raise NotYet(f"{what} has the shape {chosen.shape}; ({k},) is expected, the numbers of {k} views.")
        if (chosen != np.round(chosen)).any() or chosen.min() < 0 or chosen.max() >= len(sees):
            raise NotYet(f"{what} gives something that is no number of a view: they run from 0 to {len(sees) - 1}.")
        chosen = chosen.astype(int)
        if len(set(chosen.tolist())) < k:
            raise NotYet(f"{what} takes a view more than once; the {k} views must differ.")
        got, needed = _labelled(sees, chosen), GOOD_ENOUGH * _labelled(sees, _greedy(sees, k, _capped))
        if got < needed:
            difference = f"{what} labels {got} of {sees.shape[1]} points; at least {int(np.ceil(needed))} are expected."
            for explanation, mistake in _POOR_CHOICES:
                if set(mistake(sees, k)) == set(chosen.tolist()):
                    raise NotYet(f"{explanation}\n{difference}")
            raise NotYet(difference)


def _labels(
    gaps: np.ndarray,
    tolerance: float,
    against: np.ndarray | None = None,
    for_it: np.ndarray | None = None,
    votes: np.ndarray | None = None,
    least: int = 2,
    shares: tuple[float, float] = (0.7, 0.2),
) -> np.ndarray:
    against = (gaps > tolerance if against is None else against).sum(axis=0)
    for_it = (np.abs(gaps) <= tolerance if for_it is None else for_it).sum(axis=0)
    total = against + for_it if votes is None else votes.sum(axis=0)
    labels = np.full(gaps.shape[1], 255)
    labels[(for_it >= least) & (against <= shares[1] * total)] = 1
    labels[(against >= least) & (against >= shares[0] * total)] = 0
    return labels


def _random_gaps(seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    kinds = generator.choice(4, size=(9, 300), p=[0.35, 0.3, 0.2, 0.15])
    # Each point has a leaning of its own, so that all three labels occur.
    kinds = np.where(generator.random((9, 300)) < 0.5, generator.integers(0, 2, 300), kinds)
    sizes = generator.uniform(0.2, 0.9, kinds.shape)
    return 0.001 * np.select([kinds == 0, kinds == 1, kinds == 2], [sizes - 0.5, 2 + sizes, -3 - sizes], np.nan)


_NONE = np.nan
_GAPS = [
    {
        "gaps": np.array(
            [
                [5.0, 0.5, 5.0, -9.0, 2.0, 6.0],
                [6.0, -0.5, 0.0, -9.0, 2.0, _NONE],
                [-9.0, -9.0, 0.0, -9.0, _NONE, -9.0],
                [7.0, _NONE, 4.0, _NONE, _NONE, _NONE],
            ]
        ),
        "tolerance": 2.0,
    },
    {"gaps": _random_gaps(0), "tolerance": 0.001},
    {"gaps": _random_gaps(1), "tolerance": 0.001},
]


def _cos(degrees: float) -> float:
    return float(np.cos(np.radians(degrees)))


def _or_inf(degrees: float, value: float) -> float:
    return value if _cos(degrees) > 1e-9 else np.inf


def _smallest(tolerance: float, theta: float, beta: float) -> float:
    return _or_inf(theta - beta, tolerance * _cos(theta - beta) / _cos(beta))


def _in_radians(tolerance: float, theta: float, beta: float) -> float:
    towards = np.cos(theta - beta)
    return float(tolerance * towards / np.cos(beta)) if towards > 1e-9 else np.inf


def _measured_gaps(sigma: float, shift: float, wrong: float, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    gaps = shift + sigma * np.sqrt(2) * generator.normal(size=4_000)
    outliers = generator.random(4_000) < wrong
    gaps[outliers] += sigma * generator.choice([-1, 1], outliers.sum()) * generator.uniform(20, 60, outliers.sum())
    gaps[generator.random(4_000) < 0.05] = np.nan
    return gaps


def _labelled(sees: np.ndarray, chosen: np.ndarray | list[int]) -> int:
    return int((sees[chosen].sum(axis=0) >= 2).sum())


def _capped(votes: np.ndarray) -> np.ndarray:
    return np.minimum(votes, 2).sum(axis=-1)


def _greedy(sees: np.ndarray, k: int, worth: Callable[[np.ndarray], np.ndarray]) -> list[int]:
    chosen: list[int] = []
    votes = np.zeros(sees.shape[1], int)
    for _ in range(k):
        values = worth(votes + sees).astype(float)
        values[chosen] = -np.inf
        chosen.append(int(values.argmax()))
        votes = votes + sees[chosen[-1]]
    return chosen


_POOR_CHOICES = [
    (
        "a first vote is worth nothing here, so that the choice begins with chance: count it, too.",
        lambda sees, k: _greedy(sees, k, lambda votes: (votes >= 2).sum(axis=-1)),
    ),
    (
        "the views that see most may all see the same; a third vote on a point is worth nothing.",
        lambda sees, k: np.argsort(-sees.sum(axis=1), kind="stable")[:k].tolist(),
    ),
    (
        "this counts points that are seen once; it takes two votes for a label.",
        lambda sees, k: _greedy(sees, k, lambda votes: (votes >= 1).sum(axis=-1)),
    ),
    ("these are the first views, whatever they see.", lambda sees, k: list(range(k))),
]


def _visible() -> Iterator[tuple[np.ndarray, int]]:
    """Yield which views see which points, and how many views may be taken."""
    # Views 0 and 11 share a single point, 1 and 2 share none. 8 and 10 see the same thirty, 3 and 9 the same
    # twenty-five, and 4 to 7 see more than these, but all of them the same.
    sees = np.zeros((12, 100), bool)
    sees[[0, 11], :1] = sees[1, 1:3] = sees[2, 3:5] = True
    sees[[8, 10], 5:35] = sees[[3, 9], 35:60] = True
    sees[4:8, 60:] = True
    yield sees, 6
    # Cameras on a circle look at points of a round body, which has more points on one side.
    generator = np.random.default_rng(0)
    cameras = generator.permutation(np.linspace(0, 2 * np.pi, 40, endpoint=False))
    around = np.concatenate([generator.vonmises(0, 2, 600), generator.uniform(-np.pi, np.pi, 400)])
    depth_of_hole = generator.uniform(0.2, 1.3, 1_000)  # the deeper, the narrower
    apart = np.abs((cameras[:, None] - around + np.pi) % (2 * np.pi) - np.pi)
    yield apart < depth_of_hole, 7
    yield apart < depth_of_hole, 12
