"""The checks of the chapter *More than one device*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, compare, compare_on, exercise
from pcfilter_lib.exercises._pair import pair_of
from pcfilter_lib.exercises._wording import call_text


@exercise(solved="every example counts the same, wherever it was.")
def check_gradient(answer: Callable) -> None:
    """Check ``answer(gradients, counts)``, the gradient of the mean loss over the examples of all replicas."""
    compare_on(
        _GRADIENTS,
        answer,
        reference=_gradient,
        mistakes=[
            (
                "a replica without examples has made everything NaN: zero times NaN is NaN. Leave it out.",
                lambda gradients, counts: counts @ gradients / counts.sum(),
            ),
            (
                "here every replica counts the same, so that an example of a small share counts more.",
                lambda gradients, counts: gradients.mean(axis=0),
            ),
            (
                "this adds up gradients without regard to how many examples stand behind each.",
                lambda gradients, counts: gradients.sum(axis=0),
            ),
            (
                "here every replica that has examples counts the same; they have not equally many.",
                lambda gradients, counts: np.nanmean(gradients, axis=0),
            ),
            (
                "this is the gradient of the summed loss: divide by the number of examples.",
                lambda gradients, counts: _gradient(gradients, counts) * counts.sum(),
            ),
            (
                "this divides by the number of replicas; divide by the number of examples.",
                lambda gradients, counts: _gradient(gradients, counts) * counts.sum() / len(counts),
            ),
            (
                "here the counts multiply the columns, one for each weight; a count belongs to a replica, a row.",
                lambda gradients, counts: np.nansum(counts * gradients, axis=0) / counts.sum(),
            ),
            (
                "here few examples count more than many: multiply by the counts, do not divide.",
                lambda gradients, counts: _inverse(gradients, counts),
            ),
        ],
        shapes=[
            (
                "this is still one gradient for each replica; one for all is expected.",
                lambda gradients, counts: gradients.shape,
            ),
            ("this has one number for each replica, not for each weight.", lambda gradients, counts: counts.shape),
        ],
    )


@exercise(solved="these are the moments of all examples, and no example was sent.")
def check_moments(answer: Callable) -> None:
    """Check ``answer(means, variances)``: mean and variance of each feature over all replicas."""
    for inputs in _MOMENTS:
        means, variances = inputs.values()
        shape = means.shape[1:]
        mean, variance = pair_of(answer, inputs, {"mean": shape, "variance": shape}, _moment_shapes(means))
        right, spread = means.mean(axis=0), means.var(axis=0)
        what = call_text(answer, inputs)
        if _near(mean, variances.mean(axis=0) + spread) and _near(variance, right) and not _near(right, variance * 0):
            raise NotYet("the two are in the other order: return mean, variance")
        compare(
            mean,
            right,
            what=f"the mean of {what}",
            mistakes=[
                ("this adds up the means; the replicas have equally many examples.", lambda m=means: m.sum(axis=0)),
                ("this is the mean of the first replica alone.", lambda m=means: m[0]),
            ],
        )
        compare(
            variance,
            variances.mean(axis=0) + spread,
            what=f"the variance of {what}",
            mistakes=[
                (
                    "this is the mean of the variances: that the means differ is spread as well.",
                    lambda v=variances: v.mean(axis=0),
                ),
                (
                    "this is the variance of the means; inside each replica there is spread as well.",
                    lambda s=spread: s,
                ),
                ("this adds the variances up: their mean is wanted.", lambda v=variances, s=spread: v.sum(axis=0) + s),
                (
                    "here the variance of the means is divided by the number of replicas less one: these means are all "
                    "that there are, so divide by their number.",
                    lambda v=variances, m=means: v.mean(axis=0) + m.var(axis=0, ddof=1),
                ),
                (
                    "this averages variances plus squared means, and forgets to take the square of the mean away.",
                    lambda v=variances, m=means: (v + m**2).mean(axis=0),
                ),
                (
                    "this is the standard deviation, the root of the variance.",
                    lambda v=variances, s=spread: np.sqrt(v.mean(axis=0) + s),
                ),
                (
                    "this adds the square of the mean: what counts is how far the means lie from it, not from zero.",
                    lambda v=variances, r=right: v.mean(axis=0) + r**2,
                ),
                (
                    "this averages standard deviations: variances, their squares, can be averaged.",
                    lambda v=variances, s=spread: np.sqrt(v).mean(axis=0) ** 2 + s,
                ),
                (
                    "this takes the variance of the means away: it comes on top.",
                    lambda v=variances, s=spread: v.mean(axis=0) - s,
                ),
            ],
        )


@exercise(solved="beyond this number, each further device costs more time than it saves.")
def check_devices(answer: Callable) -> None:
    """Check ``answer(alone, size, speed, delay, limit)``, the number of devices with the shortest step."""

    def best(seconds: Callable) -> Callable:
        return lambda alone, size, speed, delay, limit: min(
            range(1, limit + 1), key=lambda n: seconds(n, alone, size, speed, delay)
        )

    compare_on(
        _DEVICES,
        answer,
        reference=best(_seconds),
        mistakes=[
            ("this is the shortest time; the number of devices is wanted.", _shortest),
            (
                "`limit` itself is left out: Python's ranges end before their last number.",
                lambda *given: best(_seconds)(*given[:-1], given[-1] - 1),
            ),
            (
                "two numbers of devices make this step equally short: the smallest is wanted.",
                lambda *given: min(range(given[-1], 0, -1), key=lambda n: _seconds(n, *given[:-1])),
            ),
            (
                "this counts from 0: the first place in the list belongs to one device.",
                lambda *given: best(_seconds)(*given) - 1,
            ),
            (
                "here more is always better. That is so if the exchange is forgotten, or its delay, or if the delay "
                "comes once instead of in each of the rounds.",
                lambda alone, size, speed, delay, limit: limit,
            ),
            (
                "the whole gradient is sent in each round here; a piece is a n-th of it.",
                best(lambda n, alone, size, speed, delay: alone / n + 2 * (n - 1) * (size / speed + delay)),
            ),
            (
                "there are twice as many rounds: one way to add, one way to hand out.",
                best(lambda n, alone, size, speed, delay: alone / n + (n - 1) * (size / n / speed + delay)),
            ),
            (
                "the computing is not divided here: each device has an n-th of the batch.",
                best(lambda n, alone, size, speed, delay: alone + 2 * (n - 1) * (size / n / speed + delay)),
            ),
            (
                "a single device exchanges nothing, and here it is not among those compared.",
                lambda *given: max(2, best(_seconds)(*given)),
            ),
            (
                "either the sending of the pieces is forgotten, or one device alone has to exchange here, too.",
                best(lambda n, alone, size, speed, delay: alone / n + 2 * (n - 1) * delay),
            ),
            (
                "here the gain is weighed by the number of devices: only the length of the step counts.",
                best(lambda n, *given: n * _seconds(n, *given)),
            ),
        ],
        shapes=[("one number is wanted, not one for each number of devices.", lambda *given: (given[-1],))],
    )


def _gradient(gradients: np.ndarray, counts: np.ndarray) -> np.ndarray:
    return counts[counts > 0] @ gradients[counts > 0] / counts.sum()


def _inverse(gradients: np.ndarray, counts: np.ndarray) -> np.ndarray:
    weights = 1 / counts[counts > 0]
    return weights @ gradients[counts > 0] / weights.sum()


def _moment_shapes(means: np.ndarray) -> dict:
    own = {means.shape: "there is still one row for each replica; one for all is wanted."}
    one = {(): "one number for each feature is wanted, not one for all.", (len(means),): "the average is over replicas:"
           " axis 0."}  # fmt: skip
    return {"mean": own | one, "variance": own | one}


def _near(one: np.ndarray, other: np.ndarray) -> bool:
    return np.allclose(one, other, rtol=1e-4, atol=1e-5)


def _seconds(n: int, alone: float, size: float, speed: float, delay: float) -> float:
    return alone / n + 2 * (n - 1) * (size / n / speed + delay)


def _shortest(alone: float, size: float, speed: float, delay: float, limit: int) -> float:
    return min(_seconds(n, alone, size, speed, delay) for n in range(1, limit + 1))


_random = np.random.default_rng(84)
_GRADIENTS = [
    {"gradients": np.array([[1.0, 0.0], [4.0, 3.0]]), "counts": np.array([2, 1])},
    {"gradients": np.array([[1.0, 2.0, 6.0], [np.nan] * 3, [5.0, -2.0, 4.0]]), "counts": np.array([3, 0, 1])},
    {"gradients": _random.normal(size=(5, 6)).round(2), "counts": np.array([8, 8, 8, 8, 3])},
]
_MOMENTS = [
    {
        "means": np.array([[0.0, 2.0], [1.0, 2.0], [2.0, 5.0]]),
        "variances": np.array([[0.0, 1.0], [0.0, 3.0], [3.0, 2.0]]),
    },
    {"means": np.array([[1.0, 5.0, 0.5], [3.0, 5.0, 2.0]]), "variances": np.array([[4.0, 1.0, 0.25], [1.0, 9.0, 1.0]])},
    {"means": _random.normal(3, 2, (4, 3)).round(2), "variances": _random.uniform(0.5, 4, (4, 3)).round(2)},
]
_DEVICES = [
    {"alone": 1.0, "size": 2e7, "speed": 1e8, "delay": 0.02, "limit": 8},
    {"alone": 0.01, "size": 4e6, "speed": 1e8, "delay": 0.001, "limit": 8},
    {"alone": 2.0, "size": 1e8, "speed": 1e9, "delay": 0.001, "limit": 64},
    {"alone": 5.0, "size": 2e6, "speed": 1e9, "delay": 0.00001, "limit": 16},
    {"alone": 0.7, "size": 1e8, "speed": 1e9, "delay": 0.01, "limit": 32},
    {"alone": 4.0, "size": 1e8, "speed": 1e8, "delay": 0.5, "limit": 4},  # one device is as fast as two
]
