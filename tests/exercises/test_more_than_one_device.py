"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import more_than_one_device as exercises


def gradient(gradients, counts):
    there = counts > 0
    return counts[there] @ gradients[there] / counts.sum()


def gradient_by_repeating(gradients, counts):
    """Another way: one row for each example."""
    return np.repeat(gradients, counts, axis=0).mean(axis=0)


def moments(means, variances):
    mean = means.mean(axis=0)
    return mean, variances.mean(axis=0) + ((means - mean) ** 2).mean(axis=0)


def moments_by_squares(means, variances):
    squares = (variances + means**2).mean(axis=0)
    return means.mean(axis=0), squares - means.mean(axis=0) ** 2


def moments_by_examples(means, variances):
    """Another way: two examples for each replica that have just these moments."""
    examples = np.concatenate([means - np.sqrt(variances), means + np.sqrt(variances)])
    return examples.mean(axis=0), examples.var(axis=0)


def seconds(n, alone, size, speed, delay):
    return alone / n + 2 * (n - 1) * (size / n / speed + delay)


def devices(alone, size, speed, delay, limit):
    return min(range(1, limit + 1), key=lambda n: seconds(n, alone, size, speed, delay))


def devices_in_numpy(alone, size, speed, delay, limit):
    n = np.arange(1, limit + 1)
    return n[seconds(n, alone, size, speed, delay).argmin()]


def place_in_the_list(alone, size, speed, delay, limit):
    return int(np.argmin([seconds(n, alone, size, speed, delay) for n in range(1, limit + 1)]))


def last_of_equals(alone, size, speed, delay, limit):
    return min(range(limit, 0, -1), key=lambda n: seconds(n, alone, size, speed, delay))


def best_of(length):
    def answer(alone, size, speed, delay, limit):
        return min(range(1, limit + 1), key=lambda n: length(n, alone, size / speed, delay))

    return answer


SOLUTIONS = [
    (exercises.check_gradient, gradient),
    (exercises.check_gradient, gradient_by_repeating),
    (exercises.check_moments, moments),
    (exercises.check_moments, moments_by_squares),
    (exercises.check_moments, moments_by_examples),
    (exercises.check_devices, devices),
    (exercises.check_devices, devices_in_numpy),
]
MISTAKES = [
    (exercises.check_gradient, lambda gradients, counts: gradients.mean(axis=0), "every replica counts the same"),
    (exercises.check_gradient, lambda gradients, counts: gradients.sum(axis=0), "without regard to how many"),
    (exercises.check_gradient, lambda gradients, counts: counts @ gradients, "divide by the number of examples"),
    (
        exercises.check_gradient,
        lambda gradients, counts: counts @ gradients / len(counts),
        "divides by the number of replicas",
    ),
    (
        exercises.check_gradient,
        lambda gradients, counts: counts @ gradients / counts.sum(),
        "zero times NaN is NaN",
    ),
    (
        exercises.check_gradient,
        lambda gradients, counts: np.average(gradients, axis=0, weights=1 / counts),
        "few examples count more than many",
    ),
    (
        exercises.check_gradient,
        lambda gradients, counts: (counts * gradients).sum(axis=0) / counts.sum(),
        "a count belongs to a replica",
    ),
    (exercises.check_gradient, lambda gradients, counts: gradients * counts[:, None], "still one gradient for each"),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), v.mean(axis=0)), "that the means differ is spread as well"),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), m.var(axis=0)), "inside each replica there is spread"),
    (exercises.check_moments, lambda m, v: moments(m, v)[::-1], "in the other order"),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), v.sum(axis=0) + m.var(axis=0)), "adds the variances up"),
    (
        exercises.check_moments,
        lambda m, v: (m.mean(axis=0), v.mean(axis=0) + m.var(axis=0, ddof=1)),
        "divided by the number of replicas less one",
    ),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), (v + m**2).mean(axis=0)), "forgets to take the square"),
    (
        exercises.check_moments,
        lambda m, v: (m.mean(axis=0), np.sqrt(v).mean(axis=0) ** 2 + m.var(axis=0)),
        "averages standard deviations",
    ),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), v.mean(axis=0) - m.var(axis=0)), "comes on top"),
    (exercises.check_moments, lambda m, v: (m.mean(axis=0), np.sqrt(moments(m, v)[1])), "the standard deviation"),
    (
        exercises.check_moments,
        lambda m, v: (m.mean(axis=0), v.mean(axis=0) + m.mean(axis=0) ** 2),
        "adds the square of the mean",
    ),
    (exercises.check_moments, lambda m, v: (m.sum(axis=0), moments(m, v)[1]), "adds up the means"),
    (exercises.check_moments, lambda m, v: (m.mean(axis=1), v.mean(axis=1)), "over replicas: axis 0"),
    (exercises.check_moments, lambda m, v: (m.mean(), v.mean()), "for each feature is wanted"),
    (exercises.check_devices, place_in_the_list, "counts from 0"),
    (exercises.check_devices, lambda *given: given[-1], "more is always better"),
    (
        exercises.check_devices,
        lambda *given: min(seconds(n, *given[:-1]) for n in range(1, given[-1] + 1)),
        "this is the shortest time",
    ),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone / n + 2 * (n - 1) * (sending + delay)),
        "the whole gradient is sent in each round",
    ),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone / n + (n - 1) * (sending / n + delay)),
        "twice as many rounds",
    ),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone / n + 2 * (n - 1) * sending / n + (n > 1) * delay),
        "once instead of in each of the rounds",
    ),
    (exercises.check_devices, lambda *given: devices(*given[:-1], given[-1] - 1), "`limit` itself is left out"),
    (exercises.check_devices, last_of_equals, "the smallest is wanted"),
    (exercises.check_devices, lambda *given: max(2, devices(*given)), "a single device exchanges nothing"),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone / n + 2 * n * (sending / n + delay)),
        "one device alone has to exchange here",
    ),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone / n + 2 * (n - 1) * delay),
        "the sending of the pieces is forgotten",
    ),
    (
        exercises.check_devices,
        best_of(lambda n, alone, sending, delay: alone + 2 * (n - 1) * (sending / n + delay)),
        "the computing is not divided",
    ),
    (exercises.check_devices, lambda *given: [seconds(n, *given[:-1]) for n in range(1, given[-1] + 1)], "one number"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
