"""The checks of the chapter *Dropping things*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._folding import MISTAKES, folded
from pcfilter_lib.exercises._pair import pair_of
from pcfilter_lib.exercises._wording import call_text, number


@exercise(solved="the right values go, the others keep the mean, and at the rate 1 all are zero.")
def check_dropout(answer: Callable) -> None:
    """Check ``answer(h, rate, coins)``, dropout of `h` in training, with uniform numbers as coins."""
    compare_on(
        _COINS,
        answer,
        reference=_dropout,
        mistakes=[
            (
                "what is kept is not made larger: its mean is now too small, by the factor 1 - rate.",
                lambda h, rate, coins: h * (coins >= rate),
            ),
            (
                "what is kept is divided by the rate; what share of the values is kept?",
                lambda h, rate, coins: np.where(coins >= rate, h / rate, 0),
            ),
            (
                "what is kept is multiplied by 1 - rate: that makes it smaller, and it has to grow.",
                lambda h, rate, coins: np.where(coins >= rate, h * (1 - rate), 0),
            ),
            (
                "you keep what should be dropped: a coin falls below the rate with probability rate.",
                lambda h, rate, coins: np.where(coins < rate, h / (1 - rate), 0),
            ),
            (
                "you keep what should be dropped: a coin falls below the rate with probability rate.",
                lambda h, rate, coins: np.where(coins < rate, h / rate, 0),
            ),
            (
                "you drop where the coin is above 1 - rate: as often, but other values than the check drops. Drop "
                "where it is below the rate.",
                lambda h, rate, coins: np.where(coins <= 1 - rate, h / (1 - rate), 0),
            ),
            (
                "at the rate 1 you divide by zero: everything is dropped, and the result is zero.",
                lambda h, rate, coins: h * (coins >= rate) / np.float64(1 - rate),
            ),
            (
                "a coin of exactly the rate is kept: drop where coins < rate, keep where coins >= rate.",
                lambda h, rate, coins: np.where(coins > rate, h / (1 - rate), 0) if rate < 1 else np.zeros_like(h),
            ),
            (
                "the values are made larger, and none is dropped.",
                lambda h, rate, coins: h / np.float64(1 - rate),
            ),
            (
                "everything is scaled by the share that these coins happen to keep; dropout divides by 1 - rate, "
                "whatever the coins say.",
                lambda h, rate, coins: h * (coins >= rate) / np.mean(coins >= rate),
            ),
        ],
    )


@exercise(solved="every block is where it begins, overlaps included.")
def check_kept(answer: Callable) -> None:
    """Check ``answer(begins, block_size)``, the values (F, F) that no block covers."""
    compare_on(
        _BEGINS,
        answer,
        reference=_kept,
        mistakes=[
            (
                "this is where values are dropped; return where they are kept.",
                lambda begins, b: ~_kept(begins, b),
            ),
            (
                "only the corners are dropped: a block of b by b hangs from each of them.",
                lambda begins, b: ~np.pad(begins, (0, b - 1)),
            ),
            (
                "the blocks are a row and a column too small: range(b) ends before b, and so do slices.",
                functools.partial(_kept, places=lambda b: np.ndindex(b - 1, b - 1)),
            ),
            (
                "the blocks hang the wrong way: `begins` holds their upper left corners.",
                _from_other_corner,
            ),
            (
                "where blocks overlap, the later one undoes the earlier: join them with |=, do not overwrite.",
                functools.partial(_kept, join=lambda met, begins: begins),
            ),
            (
                "where blocks overlap, an even number of them cancels out: join them with |, not with ^.",
                functools.partial(_kept, join=np.logical_xor),
            ),
            (
                "only the diagonal of each block is dropped: rows and columns need a loop each.",
                functools.partial(_kept, places=lambda b: [(i, i) for i in range(b)]),
            ),
            (
                "the blocks are centred on `begins`: it holds their upper left corners.",
                lambda begins, b: np.roll(_kept(begins, b), (-(b // 2), -(b // 2)), (0, 1)),
            ),
            ("the map is transposed: its rows are your columns.", lambda begins, b: _kept(begins, b).T),
            (
                "the map need not be square: `begins` has rows and columns of its own.",
                lambda begins, b: _square(begins, b),
            ),
        ],
        shapes=[
            (
                "you returned something of the size of `begins`; the last blocks reach b - 1 rows further.",
                lambda begins, b: begins.shape,
            ),
            (
                "the map is one too large: b - 1 rows come after the last corner, not b.",
                lambda begins, b: tuple(np.add(begins.shape, b)),
            ),
        ],
    )


@exercise(solved="the share that you ask for is the share that is dropped.")
def check_gamma(answer: Callable) -> None:
    """Check ``answer(share, block_size)``. The report does not print the right number: it would give it away."""
    given, calls = [], []
    for inputs in _SHARES:
        calls.append(call_text(answer, inputs))
        gamma = as_numbers(call(answer, **inputs), calls[-1])
        if gamma.size != 1:
            raise NotYet(f"{calls[-1]} gives {gamma.size} numbers; one is expected, a probability.")
        given.append(float(gamma.reshape(())))
    share, b = (np.array([case[key] for case in _SHARES], float) for key in ("share", "block_size"))
    given = np.array(given)
    with np.errstate(all="ignore"):
        wrong = np.flatnonzero(~np.isclose(given, 1 - (1 - share) ** (1 / b**2), rtol=1e-4))
        if not len(wrong):
            return
        mistakes = [
            ("this is the first factor of equation (3): it does not know that blocks overlap.", [share / b**2]),
            ("this is the share itself: b * b blocks may each drop the value.", [share + 0 * b]),
            (
                "the value is dropped if *any* block that covers it begins, not if all of them do.",
                [share ** (1 / b**2)],
            ),
            (
                "this is the probability that a block does not begin; you are one step away.",
                [(1 - share) ** (1 / b**2)],
            ),
            (
                "this drops with probability 1 - share: `share` is what goes, not what stays.",
                [1 - share ** (1 / b**2)],
            ),
            (
                "this is the limit for a small gamma, where blocks hardly overlap; the exact gamma is smaller.",
                [-np.log(1 - share) / b**2],
            ),
            ("a value is covered by b * b blocks, not by b.", [1 - (1 - share) ** (1 / b)]),
            (
                "this is what share is dropped if gamma is the share: turn the question round.",
                [1 - (1 - share) ** (b**2)],
            ),
            (
                "this counts the blocks that cover a value as (b - 1) * (b - 1).",
                [1 - (1 - share) ** (1 / (b - 1) ** 2)],
            ),
        ]
        known = [text for text, formulas in mistakes if any(np.allclose(given, formula) for formula in formulas)]
        first = wrong[0]
        value = given[first]
        if not 0 <= value <= 1:
            raise NotYet("\n".join([*known[:1], f"{calls[first]} gives {number(value)}, which is no probability."]))
        really = 1 - (1 - value) ** (b[first] ** 2)
    report = f"{calls[first]} gives {number(value)}: the value would be dropped with probability {number(really)}."
    raise NotYet("\n".join([*known[:1], report]))


@exercise(solved="one convolution does the work of both layers.")
def check_folded(answer: Callable) -> None:
    """Check ``answer(kernel, bias, gamma, beta, mean, variance, epsilon)``, a pair of a kernel and a bias."""
    for inputs in _FOLDED:
        shapes = {"kernel": inputs["kernel"].shape, "bias": inputs["bias"].shape}
        pair, values = pair_of(answer, inputs, shapes), tuple(inputs.values())
        for index, part in enumerate(shapes):
            compare(
                pair[index],
                folded(*values)[index],
                what=f"the {part} of {call_text(answer, inputs)}",
                mistakes=[
                    (text, lambda wrong=wrong, index=index, values=values: wrong(*values)[index])
                    for text, wrong in MISTAKES
                ],
            )


def _dropout(h: np.ndarray, rate: float, coins: np.ndarray) -> np.ndarray:
    return np.zeros_like(h) if rate == 1 else np.where(coins >= rate, h / (1 - rate), 0)


def _kept(begins: np.ndarray, b: int, *, join: Callable = np.logical_or, places: Callable | None = None) -> np.ndarray:
    """Hang a block from each corner; another `join` of overlaps, or other `places` in a block, make mistakes."""
    rows, columns = begins.shape
    dropped = np.zeros((rows + b - 1, columns + b - 1), bool)
    for i, j in places(b) if places else np.ndindex(b, b):
        met = dropped[i : i + rows, j : j + columns]
        met[:] = join(met, begins)
    return ~dropped


def _square(begins: np.ndarray, b: int) -> np.ndarray:
    size = len(begins) + b - 1
    kept = np.ones((size, size), bool)
    for i in range(b):
        for j in range(b):
            kept[i : i + len(begins), j : j + len(begins)] &= ~begins
    return kept


def _from_other_corner(begins: np.ndarray, b: int) -> np.ndarray:
    """Take the corners as the lower right ones: blocks hang over the map's edge and are cut off."""
    rows, columns = begins.shape
    kept = np.ones((rows + b - 1, columns + b - 1), bool)
    for i, j in np.argwhere(begins):
        kept[max(i - b + 1, 0) : i + 1, max(j - b + 1, 0) : j + 1] = False
    return kept


_random = np.random.default_rng(31)
_COINS = [
    {"h": np.array([1.0, 2, 3, 4]), "rate": 0.25, "coins": np.array([0.1, 0.9, 0.2, 0.5])},
    {"h": _random.integers(-9, 10, size=(3, 5)) / 2, "rate": 0.6, "coins": _random.random((3, 5))},
    {"h": np.array([3.0, -1]), "rate": 0, "coins": np.array([0.0, 0.7])},
    {"h": np.array([3.0, -1]), "rate": 1, "coins": np.array([0.3, 0.7])},
]
_BEGINS = [
    {"begins": np.array([[True, False, False], [False, False, False], [False, True, False]]), "block_size": 3},
    {"begins": _random.random((6, 4)) < 0.25, "block_size": 3},
    {"begins": _random.random((3, 3)) < 0.4, "block_size": 1},
]
_SHARES = [{"share": 0.3, "block_size": 3}, {"share": 0.5, "block_size": 7}, {"share": 0.1, "block_size": 1}]
_FOLDED = [
    {
        "kernel": np.array([[[[2.0, 3.0]]]]),
        "bias": np.array([1.0, 2.0]),
        "gamma": np.array([5.0, 1.0]),
        "beta": np.array([7.0, 4.0]),
        "mean": np.array([3.0, 1.0]),
        "variance": np.array([4.0, 9.0]),
        "epsilon": 0.5,
    },
    {
        "kernel": _random.normal(size=(3, 3, 2, 4)),
        **{name: _random.normal(size=4) for name in ("bias", "gamma", "beta", "mean")},
        "variance": _random.random(4) + 0.1,
        "epsilon": 0.001,
    },
]
