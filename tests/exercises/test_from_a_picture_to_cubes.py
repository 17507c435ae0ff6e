"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import from_a_picture_to_cubes as exercises


def place(feature, cell, size, maps, side, channels_first):
    numbers = np.arange(maps * size * size)
    if channels_first:
        value = numbers.reshape(-1, side, side, side)[(feature, *cell)]
        return tuple(int(each[0]) for each in np.nonzero(numbers.reshape(maps, size, size) == value))
    value = numbers.reshape(side, side, side, -1)[(*cell, feature)]
    row, column, channel = (int(each[0]) for each in np.nonzero(numbers.reshape(size, size, maps) == value))
    return channel, row, column


def cells(output, layers):
    """Push each cell through, and see what reaches the output."""
    found = []
    for cell in (0, 1):
        here = np.eye(2)[cell]
        for _ in range(layers):
            new = np.zeros(2 * len(here) + 2)
            for i, value in enumerate(here):
                new[2 * i : 2 * i + 4] += value
            here = new[1:-1]
        found += [cell] * bool(here[output])
    return found


def parameters(channels, kernel):
    return sum(kernel**3 * channels[n] * channels[n + 1] + 2 * channels[n + 1] for n in range(len(channels) - 1))


GOOD = [("point", 1024), ("double", 128), ("double", 64), ("double", 16), ("double", 8), ("point", 1)]


def decoder(*layers):
    return lambda: list(layers)


SOLUTIONS = [
    (exercises.check_parameters, parameters),
    (exercises.check_place, place),
    (exercises.check_cells, cells),
    (exercises.check_decoder, decoder(*GOOD)),
    (
        exercises.check_decoder,
        decoder(("point", 1024), ("double", 128), ("double", 32), ("point", 16), ("double", 8), ("double", 1)),
    ),
]


def without_cube(channels, kernel):
    pairs = zip(channels[:-1], channels[1:], strict=True)
    return parameters(channels, kernel) - sum((kernel**3 - kernel**2) * a * b for a, b in pairs)


MISTAKES = [
    (exercises.check_parameters, without_cube, "kernel^3"),
    (exercises.check_parameters, lambda c, k: parameters(c, k) - 2 * sum(c[1:]), "two numbers"),
    (exercises.check_parameters, lambda c, k: parameters(c, k) + 2 * sum(c[1:]), "not trained"),
    (exercises.check_parameters, lambda c, k: parameters(c, k) + sum(c[1:]), "no bias"),
    (exercises.check_place, lambda *a: place(*a[:-1], not a[-1]), "other order"),
    (exercises.check_place, lambda *a: tuple(place(*a)[n] for n in (0, 2, 1)), "exchanged"),
    (exercises.check_place, lambda *a: tuple(place(*a)[n] for n in (1, 2, 0)), "in this order"),
    (exercises.check_place, lambda f, c, *a: place(f, c[::-1], *a), "counts most"),
    (exercises.check_cells, lambda o, n: [0, 1], "not every cell"),
    (exercises.check_cells, lambda o, n: [o >> n], "two inputs"),
    (exercises.check_cells, lambda o, n: cells(o, n)[::-1], "rising order"),
    (exercises.check_decoder, lambda: 5, "list of pairs"),
    (exercises.check_decoder, decoder(("treble", 5)), "are allowed"),
    (exercises.check_decoder, decoder(("point", 0)), "whole number"),
    (exercises.check_decoder, decoder(*[("double", 512)] * 5), "the solid has"),
    (exercises.check_decoder, decoder(("point", 512), *GOOD[1:]), "at least 8,192"),
    (exercises.check_decoder, decoder(*GOOD[:-1]), "are expected"),
    (exercises.check_decoder, decoder(("double", 512), *GOOD[2:]), "weights; at most"),
    (exercises.check_decoder, decoder(*GOOD[:4], ("double", 128), ("point", 1)), "multiplications; at most"),
]
test_solutions, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
