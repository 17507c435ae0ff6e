"""The checks of the chapter *Whom to believe*."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable

import numpy as np

from pcfilter_lib import federated
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

_FAR_ENOUGH = 0.9  # cosine of the update with the honest mean
_LIARS = 4


def _messages() -> list[dict]:
    cases = [
        {
            "directions": np.array([[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, -1.0]]),
            "lengths": np.array([1.0, 2.0, 1.0, 100.0]),
            "l": 3,
        }
    ]
    for seed, (senders, d, kept) in enumerate([(9, 5, 6), (20, 30, 16), (5, 3, 1)]):
        random = np.random.default_rng(seed)
        directions = np.ones(d) + random.normal(0, 1.2, (senders, d))
        lengths = random.exponential(1, senders)
        lengths[0], directions[0] = 1000, -directions[1:].sum(axis=0)
        directions /= np.linalg.norm(directions, axis=1)[:, None]
        cases.append({"directions": directions, "lengths": lengths, "l": kept})
    return cases


def _nearest(directions: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    return federated.l_nearest(lengths[:, None] * directions, count)


def _by_unnormalised_sum(directions: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    gradients = lengths[:, None] * directions
    return gradients[np.argsort(-(directions @ gradients.sum(axis=0)))[:count]].mean(axis=0)


def _furthest(directions: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    kept = np.argsort(directions @ directions.sum(axis=0))[:count]
    return (lengths[:, None] * directions)[kept].mean(axis=0)


def _chosen(directions: np.ndarray, count: int) -> np.ndarray:
    return np.argsort(-(directions @ directions.sum(axis=0)))[:count]


def _not_normalised(directions: np.ndarray, lengths: np.ndarray, count: int) -> np.ndarray:
    gradients = lengths[:, None] * directions
    return gradients[np.argsort(-(gradients @ directions.sum(axis=0)))[:count]].mean(axis=0)


@exercise(solved="directions vote, and those who are far from the sum do not count.")
def check_l_nearest(answer: Callable) -> None:
    """Check ``answer(directions, lengths, l)``, the aggregated gradient of the l nearest senders."""
    compare_on(
        _messages(),
        answer,
        reference=_nearest,
        mistakes=[
            ("these are the furthest senders: a large cosine is a small distance.", _furthest),
            (
                "S is a sum of gradients here: a sender with a length of 1,000 decides alone. Add directions.",
                _by_unnormalised_sum,
            ),
            ("this sorts by products with the lengths in them, so that long gradients seem near.", _not_normalised),
            (
                "the lengths are missing: a direction has to be multiplied by its s.",
                lambda d, s, n: d[_chosen(d, n)].mean(axis=0),
            ),
            ("this is the sum of those that are kept: divide by l.", lambda d, s, n: _nearest(d, s, n) * n),
            (
                "divide by the number that is kept, and not by the number of senders.",
                lambda d, s, n: _nearest(d, s, n) * n / len(d),
            ),
            ("this is the mean of all senders: nobody is left out.", lambda d, s, n: (s[:, None] * d).mean(axis=0)),
        ],
    )


_CROWDS = tuple(
    {"senders": senders, "ratio": ratio, "beta": beta}
    for senders, ratio, beta in [
        (20, 3.0, 0.0),
        (20, 0.0, 0.0),
        (21, 0.0, 0.5),
        (20, 5.0, 0.0),
        (20, 5.0, 0.9),
        (100, 8.0, 0.6),
    ]
)


def _most_liars(senders: int, ratio: float, beta: float) -> int:
    left = ratio * math.sqrt((1 - beta) / (1 + beta))
    cosine = 1 / math.sqrt(1 + left**2)
    return math.ceil(senders * cosine / (1 + cosine) - 1e-9) - 1


def _at_equality(senders: int, ratio: float, beta: float) -> int:
    cosine = 1 / math.sqrt(1 + ratio**2 * (1 - beta) / (1 + beta))
    return math.floor(senders * cosine / (1 + cosine) + 1e-9)


def _of_all(senders: int, ratio: float, beta: float) -> int:
    cosine = 1 / math.sqrt(1 + ratio**2 * (1 - beta) / (1 + beta))
    return math.ceil(senders * cosine - 1e-9) - 1


def _without_memory(senders: int, ratio: float, beta: float) -> int:
    return _most_liars(senders, ratio, 0)


def _no_root(senders: int, ratio: float, beta: float) -> int:
    left = ratio * (1 - beta) / (1 + beta)
    cosine = 1 / math.sqrt(1 + left**2)
    return math.ceil(senders * cosine / (1 + cosine) - 1e-9) - 1


def _no_length(senders: int, ratio: float, beta: float) -> int:
    left = ratio * math.sqrt((1 - beta) / (1 + beta))
    cosine = 1 / (1 + left)
    return math.ceil(senders * cosine / (1 + cosine) - 1e-9) - 1


@exercise(solved="noise takes votes from the honest, and memory gives them back.")
def check_most_liars(answer: Callable) -> None:
    """Check ``answer(senders, ratio, beta)``, the largest number of liars that the sum of directions withstands."""
    compare_on(
        _CROWDS,
        answer,
        reference=_most_liars,
        mistakes=[
            ("with so many liars nothing of the truth is left: (K - f) c has to be larger than f.", _at_equality),
            ("f / K is not f / (K - f): only the honest senders contribute c.", _of_all),
            ("here the senders remember: apply the factor of (10) to the noise first.", _without_memory),
            ("the noise shrinks by the square root of (1 - beta) / (1 + beta).", _no_root),
            ("noise and gradient are at a right angle: by Pythagoras the length is sqrt(1 + r^2).", _no_length),
            ("a number of liars is a whole number.", _fraction),
        ],
    )


def _fraction(senders: int, ratio: float, beta: float) -> float:
    cosine = 1 / math.sqrt(1 + ratio**2 * (1 - beta) / (1 + beta))
    return senders * cosine / (1 + cosine)


def hash_of(previous: int, data: int) -> int:
    """Return the hash of a block of exercise 3, a whole number below 2 to the 48."""
    return int(hashlib.sha256(f"{int(previous)} {int(data)}".encode()).hexdigest()[:12], 16)


def _chain(count: int, changed: int | None, *, again: bool = False) -> np.ndarray:
    pairs: list[list[int]] = []
    for place in range(count):
        pairs.append([hash_of(*pairs[-1]) if pairs else 0, 10 + place])
    if changed is not None:
        pairs[changed][1] = 99
    if again:  # the forger repairs the next link and goes no further
        pairs[changed + 1][0] = hash_of(*pairs[changed])
    return np.array(pairs)


_CHAINS = (
    ("an untouched chain of 5", _chain(5, None), -1),
    ("a chain of 5 whose block 2 was changed", _chain(5, 2), 2),
    ("a chain of 5 whose block 0 was changed", _chain(5, 0), 0),
    ("a chain of 5 whose last block was changed, for which nobody vouches", _chain(5, 4), -1),
    ("a chain of 6 whose block 2 was changed, with the link after it repaired", _chain(6, 2, again=True), 3),
    ("a chain of 1", _chain(1, None), -1),
)


@exercise(solved="each block vouches for the one before, and nobody for the last.")
def check_tampered(answer: Callable) -> None:
    """Check ``answer(chain)``, the first place that the next block does not confirm, or -1."""
    for what, chain, expected in _CHAINS:
        got = as_numbers(call(answer, chain=chain), what)
        if got.size != 1:
            raise NotYet(f"a place is one number; for {what} there are {got.size}.")
        found = int(got.reshape(()))
        if found == expected:
            continue
        report = f"for {what} you give {found}; {expected} is expected."
        if expected >= 0 and found == expected + 1:
            report = f"this is the block that notices the change; the one before it was changed.\n{report}"
        elif expected < 0 and found == len(chain) - 1:
            report = f"no block follows the last one, and so nothing contradicts it.\n{report}"
        elif found == 0 and expected < 0:
            report = f"0 is the place of the first block; for an untouched chain return -1.\n{report}"
        raise NotYet(report)


def _crowd(seed: int, senders: int = 16, d: int = 50) -> np.ndarray:
    random = np.random.default_rng(seed)
    return np.ones(d) / math.sqrt(d) + random.normal(0, 1.5 / math.sqrt(d), (senders, d))


def _reached(honest: np.ndarray, message: np.ndarray) -> float:
    everyone = np.vstack([honest, np.tile(message, (_LIARS, 1))])
    update = federated.l_nearest(everyone, len(honest), length="median")
    mean = honest.mean(axis=0)
    return float(update @ mean / np.linalg.norm(update) / np.linalg.norm(mean))


@exercise(solved="liars who agree with each other move the yardstick by which all are measured.")
def check_attack(answer: Callable) -> None:
    """Check ``answer(honest)``, a message that steers the l nearest aside without being thrown out."""
    cosines, kept = [], []
    for seed in range(3):
        honest = _crowd(seed)
        what = call_text(answer, {"honest": honest})
        message = as_numbers(call(answer, honest=honest), what).astype(float)
        if message.shape != honest.shape[1:]:
            raise NotYet(f"{what} gives the shape {message.shape}; {honest.shape[1:]} is expected.")
        if not np.isfinite(message).all():
            raise NotYet("a message with NaN or infinity in it is thrown out before anything is computed.")
        cosines.append(_reached(honest, message))
        directions = np.vstack([honest, np.tile(message, (_LIARS, 1))])
        directions = directions / np.maximum(np.linalg.norm(directions, axis=1), 1e-300)[:, None]
        order = np.argsort(-(directions @ directions.sum(axis=0)), kind="stable")[: len(honest)]
        kept.append(np.count_nonzero(order >= len(honest)))
    reached = float(np.mean(cosines))
    if reached < _FAR_ENOUGH:
        return
    report = (
        f"the update's cosine with the honest mean is {reached:.3f} on average; less than {_FAR_ENOUGH} is expected."
    )
    if not any(kept):
        report = f"the rule throws your liars out. Come nearer to the honest ones.\n{report}"
    elif reached > 0.97:
        report = f"your liars are kept, and tell the truth. Turn aside, as far as you dare.\n{report}"
    else:
        report = f"your liars are kept, and turn the update a little. How far can they go and stay in?\n{report}"
    raise NotYet(report)
