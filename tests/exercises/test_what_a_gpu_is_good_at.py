"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import what_a_gpu_is_good_at as exercises


def gains(positions, window, channels, flops, bandwidth):
    def least(operations, numbers):
        return max(operations / flops, 4 * numbers / bandwidth)

    pictures = 2 * positions * channels
    ordinary, depthwise = 2 * positions * window * channels**2, 2 * positions * window * channels
    slow = least(ordinary, pictures + window * channels**2)
    return ordinary / depthwise, slow / least(depthwise, pictures + window * channels)


def gains_by_attainable_rates(positions, window, channels, flops, bandwidth):
    """Another way: rates under the roof, from intensities."""
    traffic = [4 * (2 * positions * channels + window * channels * many) for many in (channels, 1)]
    operations = [2 * positions * window * channels * many for many in (channels, 1)]
    rates = [min(flops, bandwidth * f / b) for f, b in zip(operations, traffic, strict=True)]
    return np.array([channels, channels * rates[1] / rates[0]])


def gains_with_all_weights(positions, window, channels, flops, bandwidth):
    traffic = 4 * (2 * positions * channels + window * channels**2)
    times = [max(2 * positions * window * channels * o / flops, traffic / bandwidth) for o in (channels, 1)]
    return channels, times[0] / times[1]


def gains_with_a_limit_each(positions, window, channels, flops, bandwidth):
    computing = 2 * positions * window * channels**2 / flops
    return channels, computing / (4 * (2 * positions * channels + window * channels) / bandwidth)


def batch(n, m, flops, bandwidth):
    ridge = flops / bandwidth
    room = n * m - 2 * ridge * (n + m)
    return int(np.ceil(2 * ridge * n * m / room)) if room > 0 else 0


def batch_by_trying(n, m, flops, bandwidth):
    for b in range(1, 100_000):
        if 2 * b * n * m / flops >= 4 * (n * m + b * (n + m)) / bandwidth:
            return b
    return 0


def batch_without_end(n, m, flops, bandwidth):
    ridge = flops / bandwidth
    return math.ceil(2 * ridge * n * m / (n * m - 2 * ridge * (n + m)))


def batch_beyond_the_ridge(n, m, flops, bandwidth):
    ridge = flops / bandwidth
    room = n * m - 2 * ridge * (n + m)
    return math.floor(2 * ridge * n * m / room) + 1 if room > 0 else 0


def batch_unless_negative(n, m, flops, bandwidth):
    ridge = flops / bandwidth
    room = n * m - 2 * ridge * (n + m)
    return math.ceil(2 * ridge * n * m / room) if room >= 0 else 0


def launch(n1, t1, n2, t2):
    rate = (n2 - n1) / (t2 - t1)
    start = t1 - n1 / rate
    return start, rate, start * rate


def launch_by_solving(n1, t1, n2, t2):
    start, slope = np.linalg.solve([[1, n1], [1, n2]], [t1, t2])
    return [start, 1 / slope, start / slope]


def limits(operations, traffic, kernels, flops, bandwidth, launch):
    return np.argmax([operations / flops, traffic / bandwidth, kernels * launch], axis=0)


def limits_in_a_loop(operations, traffic, kernels, flops, bandwidth, launch):
    found = []
    for f, b, k in zip(operations, traffic, kernels, strict=True):
        parts = {0: f / flops, 1: b / bandwidth, 2: k * launch}
        found.append(max(parts, key=parts.get))
    return found


SOLUTIONS = [
    (exercises.check_gains, gains),
    (exercises.check_gains, gains_by_attainable_rates),
    (exercises.check_batch, batch),
    (exercises.check_batch, batch_by_trying),
    (exercises.check_launch, launch),
    (exercises.check_launch, launch_by_solving),
    (exercises.check_limits, limits),
    (exercises.check_limits, limits_in_a_loop),
]
MISTAKES = [
    (exercises.check_gains, lambda p, w, c, flops, bandwidth: (c, c), "the memory may not allow it"),
    (
        exercises.check_gains,
        lambda p, w, c, flops, bandwidth: (c, (2 * p * c + w * c * c) / (2 * p * c + w * c)),
        "the slower of both limits",
    ),
    (exercises.check_gains, lambda p, w, c, flops, bandwidth: gains(p, w, c, flops, 4 * bandwidth), "four bytes"),
    (exercises.check_gains, lambda p, w, c, flops, bandwidth: gains(p, w, c, 2 * flops, bandwidth), "multiplications"),
    (
        exercises.check_gains,
        lambda p, w, c, flops, bandwidth: (c, 1 / gains(p, w, c, flops, bandwidth)[1]),
        "turn the ratio",
    ),
    (exercises.check_gains, lambda p, w, c, flops, bandwidth: gains(p, w, c, flops, bandwidth)[1], "two numbers"),
    (exercises.check_gains, gains_with_all_weights, "one window only"),
    (exercises.check_gains, gains_with_a_limit_each, "ask for each which it does"),
    (exercises.check_gains, lambda *layer: (layer[2], gains(*layer)[1] / layer[2]), "operations a second"),
    (exercises.check_gains, lambda *layer: (layer[2], layer[2] / gains(*layer)[1]), "operations a second"),
    (exercises.check_gains, lambda *layer: 1 / np.array(gains(*layer)), "turned over"),
    (exercises.check_gains, lambda *layer: gains(*layer)[::-1], "wrong places"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: math.ceil(2 * flops / bandwidth), "only weights travelled"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: flops / bandwidth, "an intensity"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: batch(n, m, flops, bandwidth) - 1, "rounded down"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: batch(n, n, flops, bandwidth), "as many outputs"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: batch(n, m, 2 * flops, bandwidth), "multiplications"),
    (exercises.check_batch, lambda n, m, flops, bandwidth: batch(n, m, flops / 4, bandwidth), "four bytes"),
    (exercises.check_batch, batch_without_end, "no batch is large enough"),
    (exercises.check_batch, batch_beyond_the_ridge, "stands at the ridge"),
    (exercises.check_batch, batch_unless_negative, "tends to the ridge"),
    (
        exercises.check_launch,
        lambda n1, t1, n2, t2: (t1 - n1 * t2 / n2, n2 / t2, (t1 - n1 * t2 / n2) * n2 / t2),
        "still in it",
    ),
    (
        exercises.check_launch,
        lambda n1, t1, n2, t2: (t1, (n2 - n1) / (t2 - t1), t1 * (n2 - n1) / (t2 - t1)),
        "some of it is work",
    ),
    (
        exercises.check_launch,
        lambda *timings: (launch(*timings)[0], 1 / launch(*timings)[1], launch(*timings)[2]),
        "turned over",
    ),
    (exercises.check_launch, lambda *timings: (*launch(*timings)[:2], launch(*timings)[1] / 2), "half of the rate;"),
    (exercises.check_launch, lambda *timings: launch(*timings)[:2], "three numbers"),
    (
        exercises.check_launch,
        lambda *timings: (*launch(*timings)[:2], launch(*timings)[0] / launch(*timings)[1]),
        "divided by the rate",
    ),
    (
        exercises.check_limits,
        lambda f, b, k, flops, bandwidth, t0: np.argmin([f / flops, b / bandwidth, k * t0], axis=0),
        "the longest one limits",
    ),
    (
        exercises.check_limits,
        lambda f, b, k, flops, bandwidth, t0: np.argmax([f / flops, b / bandwidth, t0 + 0 * k], axis=0),
        "have one launch",
    ),
    (
        exercises.check_limits,
        lambda f, b, k, flops, bandwidth, t0: (b / bandwidth > f / flops).astype(int),
        "launches are forgotten",
    ),
    (exercises.check_limits, lambda f, b, k, *machine: np.argmax([f, b, k], axis=0), "into seconds"),
    (
        exercises.check_limits,
        lambda f, b, k, flops, bandwidth, t0: np.argmax([f / flops, b / bandwidth, k * t0]),
        "for each piece of work",
    ),
    (exercises.check_limits, lambda *inputs: limits(*inputs) + 1, "from 1"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
