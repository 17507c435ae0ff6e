"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import whom_to_believe as exercises


def nearest(directions, lengths, count):
    total = directions.sum(axis=0)
    distances = 1 - directions @ total / np.linalg.norm(total)
    kept = np.argsort(distances)[:count]
    return (lengths[kept, None] * directions[kept]).mean(axis=0)


def counted(senders, ratio, beta):
    """Try every number of liars."""
    noise = ratio * math.sqrt((1 - beta) / (1 + beta))
    cosine = 1 / math.sqrt(1 + noise**2)
    return max(f for f in range(senders) if f == 0 or (senders - f) * cosine - f > 1e-9)


def tampered(chain):
    for place, (pair, after) in enumerate(zip(chain, chain[1:], strict=False)):
        if exercises.hash_of(*pair) != after[0]:
            return place
    return -1


def from_inside(honest):
    """Follow the honest sender that is furthest from the mean, further than it went."""
    mean = honest.mean(axis=0)
    truth = mean / np.linalg.norm(mean)
    aside = honest[0] - (honest[0] @ truth) * truth
    aside /= np.linalg.norm(aside)
    angles = np.linspace(0, np.pi / 2, 60)
    messages = [np.cos(angle) * truth + np.sin(angle) * aside for angle in angles]
    return min(messages, key=lambda message: exercises._reached(honest, message))


def fraction(senders, ratio, beta):
    cosine = 1 / math.sqrt(1 + ratio**2 * (1 - beta) / (1 + beta))
    return senders * cosine / (1 + cosine)


def wrong_noise(shrink, length):
    def most(senders, ratio, beta):
        cosine = 1 / length(ratio * shrink((1 - beta) / (1 + beta)))
        return math.ceil(senders * cosine / (1 + cosine) - 1e-9) - 1

    return most


def pythagoras(noise):
    return math.sqrt(1 + noise**2)


SOLUTIONS = [
    (exercises.check_l_nearest, nearest),
    (exercises.check_most_liars, counted),
    (exercises.check_tampered, tampered),
    (exercises.check_attack, from_inside),
]

MISTAKES = [
    (exercises.check_l_nearest, lambda d, s, n: (s[:, None] * d)[np.argsort(d @ d.sum(0))[:n]].mean(0), "furthest"),
    (exercises.check_l_nearest, lambda d, s, n: (s[:, None] * d)[np.argsort(-(d @ (s @ d)))[:n]].mean(0),
     "decides alone"),
    (exercises.check_l_nearest, lambda d, s, n: (s[:, None] * d)[np.argsort(-s * (d @ d.sum(0)))[:n]].mean(0),
     "seem near"),
    (exercises.check_l_nearest, lambda d, s, n: d[np.argsort(-(d @ d.sum(0)))[:n]].mean(0), "lengths are missing"),
    (exercises.check_l_nearest, lambda d, s, n: nearest(d, s, n) * n, "divide by l"),
    (exercises.check_l_nearest, lambda d, s, n: nearest(d, s, n) * n / len(d), "number of senders"),
    (exercises.check_l_nearest, lambda d, s, n: (s[:, None] * d).mean(0), "nobody is left out"),
    (exercises.check_most_liars, lambda K, r, b: math.floor(fraction(K, r, b) + 1e-9), "larger than f"),
    (exercises.check_most_liars, lambda K, r, b: math.ceil(K / math.sqrt(1 + r**2 * (1 - b) / (1 + b)) - 1e-9) - 1,
     "f / (K - f)"),
    (exercises.check_most_liars, lambda K, r, b: counted(K, r, 0), "remember"),
    (exercises.check_most_liars, wrong_noise(lambda x: x, pythagoras), "square root"),
    (exercises.check_most_liars, wrong_noise(math.sqrt, lambda noise: 1 + noise), "Pythagoras"),
    (exercises.check_most_liars, fraction, "whole number"),
    (exercises.check_tampered, lambda chain: tampered(chain) + 1, "0 is the place of the first block"),
    (exercises.check_tampered, lambda chain: tampered(chain) + (tampered(chain) >= 0), "notices the change"),
    (exercises.check_tampered, lambda chain: -1, "is expected"),
    (exercises.check_tampered, lambda chain: max(tampered(chain), -1) if tampered(chain) >= 0
     else len(chain) - 1, "nothing contradicts it"),
    (exercises.check_tampered, lambda chain: [1, 2], "one number"),
    (exercises.check_attack, lambda honest: -honest.mean(axis=0), "throws your liars out"),
    (exercises.check_attack, lambda honest: honest.mean(axis=0), "tell the truth"),
    (exercises.check_attack, lambda honest: honest[0], "a little"),
    (exercises.check_attack, lambda honest: honest, "the shape"),
    (exercises.check_attack, lambda honest: np.full(50, np.nan), "NaN"),
]  # fmt: skip

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
