"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import what_a_gradient_tells as exercises


def advanced(epsilon, rounds, delta):
    walk = math.sqrt(2 * rounds * math.log(1 / delta)) * epsilon if delta else math.inf
    return walk + rounds * epsilon * (math.exp(epsilon) - 1)


def bells(public, count):
    from scipy.stats import norm

    return norm(public.mean(), public.std()).ppf((np.arange(count) + 0.5) / count)


def even(public, count):
    return np.linspace(public.min(), public.max(), count, endpoint=False)


SOLUTIONS = [
    (exercises.check_picture, lambda dW, db: dW[:, np.abs(db).argmax()] / db[np.abs(db).argmax()]),
    (exercises.check_picture, lambda dW, db: dW @ db / (db @ db)),
    (exercises.check_label_counts, lambda db, n: np.round(n * (1 / len(db) - db))),
    (exercises.check_label_counts, lambda db, n: [round(n / len(db) - n * each) for each in db]),
    (exercises.check_epsilon, lambda e, T, d: min(T * e, advanced(e, T, d))),
    (exercises.check_thresholds, lambda public, count: np.quantile(public, np.arange(count) / count)),
    (exercises.check_thresholds, bells),
]

MISTAKES = [
    (exercises.check_picture, lambda dW, db: dW.sum(axis=1) / db.sum(), "may well be 0"),
    (exercises.check_picture, lambda dW, db: dW[:, 0] / db[0], "0 for the first output"),
    (exercises.check_picture, lambda dW, db: dW[:, -1] / db[-1], "0 for the last output"),
    (exercises.check_picture, lambda dW, db: (dW / db).mean(axis=1), "0 / 0"),
    (exercises.check_picture, lambda dW, db: dW / db, "all columns are there"),
    (exercises.check_picture, lambda dW, db: dW[:, np.abs(db).argmax()], "divide"),
    (exercises.check_picture, lambda dW, db: dW[:, db.argmax()] / db.max(), "compare absolute values"),
    (exercises.check_label_counts, lambda db, n: 1 / len(db) - db, "multiply by the size"),
    (exercises.check_label_counts, lambda db, n: n * db, "makes its entry smaller"),
    (exercises.check_label_counts, lambda db, n: -n * db, "1/c of all examples"),
    (exercises.check_label_counts, lambda db, n: n * (db - 1 / len(db)), "less the proportion"),
    (exercises.check_epsilon, lambda e, T, d: T * e, "basic composition alone"),
    (exercises.check_epsilon, lambda e, T, d: advanced(e, T, d), "advanced composition alone"),
    (exercises.check_epsilon, lambda e, T, d: min(T * e, math.sqrt(2 * T * math.log(1 / d)) * e
                                                  + T * e * (math.exp(e) - 1)), "no value"),
    (exercises.check_epsilon, lambda e, T, d: math.sqrt(2 * T * math.log(d)) * e + T * e * math.expm1(e), "negative"),
    (exercises.check_epsilon, lambda e, T, d: min(T * e, math.sqrt(2 * T * math.log(1 / d)) * e if d else 1e9),
     "second term of (9)"),
    (exercises.check_epsilon, lambda e, T, d: math.sqrt(T) * e, "square root of T alone"),
    (exercises.check_thresholds, even, "evenly spaced"),
    (exercises.check_thresholds, lambda public, count: np.quantile(public, np.linspace(0.3, 1, count)),
     "reach no unit"),
    (exercises.check_thresholds, lambda public, count: np.sort(public)[:: len(public) // 10], "the shape"),
    (exercises.check_thresholds, lambda public, count: public[:count], "have to grow"),
    (exercises.check_thresholds, lambda public, count: np.full(count, np.nan), "not finite"),
    (exercises.check_thresholds, lambda public, count: np.quantile(public, np.linspace(0, 0.5, count)), "are expected"),
]  # fmt: skip

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
