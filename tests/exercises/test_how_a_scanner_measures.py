"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import how_a_scanner_measures as exercises

TURN = 2 * np.pi


def three_steps(images):
    sine = np.sqrt(3) * (images[2] - images[1])
    return np.arctan2(sine, 2 * images[0] - images[1] - images[2]) % TURN


def least_squares(images, shifts, drift=False):
    """Fit mean, cosine and sine (and a change per image) to each pixel; works for any shifts."""
    angles = TURN * np.asarray(shifts)
    columns = [np.ones(len(angles)), np.cos(angles), -np.sin(angles)] + [np.arange(len(angles))] * drift
    fitted = np.linalg.lstsq(np.stack(columns, axis=1), images.reshape(len(images), -1), rcond=None)[0]
    return (np.arctan2(fitted[2], fitted[1]) % TURN).reshape(images.shape[1:])


def steady(images):
    change = (images[4] - images[0]) / 4
    still = [image - k * change for k, image in enumerate(images)]
    return np.arctan2(still[3] - still[1], still[0] - still[2]) % TURN


def four(images, change=0.0):
    still = [image - k * change for k, image in enumerate(images)]
    return np.arctan2(still[3] - still[1], still[0] - still[2]) % TURN


def same_for_all_images(images):
    change = (images[4] - images[0]) / 4
    return four(np.stack([images[0], *(images[1:4] - change)]))


def strays(column, period):
    """The number of periods to move each pixel by, found pixel by pixel."""
    result = np.zeros(len(column))
    for i in range(1, len(column) - 1):
        before, after = column[i - 1], column[i + 1]
        if abs(before - after) < period / 2:
            result[i] = np.round(((before + after) / 2 - column[i]) / period)
    return result


def repair(column, period):
    return column + period * strays(column, period)


def replaced(column, period, by):
    result = column.copy()
    for i in np.flatnonzero(strays(column, period)):
        result[i] = by([column[i - 1], column[i + 1]], column[i])
    return result


def by_mean(column, period):
    result = column.copy()
    mean = (column[:-2] + column[2:]) / 2
    result[1:-1] += period * np.round((mean - column[1:-1]) / period)
    return result


def by_pixel_before(column, period):
    result = column.copy()
    result[1:] += period * np.round((column[:-1] - column[1:]) / period)
    return result


def smoothed(column, period):
    result = column.copy()
    result[1:-1] = np.median([column[:-2], column[1:-1], column[2:]], axis=0)
    return result


def of_three(column, beyond=None):
    """The median with the neighbours; beyond the ends lies a number, or the other end."""
    before, after = np.roll(column, 1), np.roll(column, -1)
    if beyond is not None:
        before[0] = after[-1] = beyond
    return np.median([before, column, after], axis=0)


def floored(column, period):
    result = column.copy()
    result[1:-1] += period * np.floor((of_three(column) - column)[1:-1] / period)
    return result


SOLUTIONS = [
    (exercises.check_three_step_phase, three_steps),
    (exercises.check_three_step_phase, lambda images: least_squares(images, [0, 1 / 3, 2 / 3])),
    (exercises.check_steady_phase, steady),
    (exercises.check_steady_phase, lambda images: least_squares(images, np.arange(5) / 4, drift=True)),
    (exercises.check_repair, repair),
    (exercises.check_repair, lambda column, period: np.unwrap(column, period=period)),
    (exercises.check_growth, lambda ratio: [ratio**2, ratio**4, ratio**3]),
    (exercises.check_growth, lambda ratio: (ratio**2, ratio**2 * ratio**2, ratio**2 * ratio**2 / ratio)),
]
NEGATIVE = "half of the phases are negative"
FIRST = "np.arctan2 takes the sine first"
OPPOSITE = "np.arctan cannot tell an angle from the opposite one"
FRACTION = "keeps the fraction that was measured there"
MISTAKES = [
    (exercises.check_three_step_phase, lambda i: (three_steps(i) + np.pi) % TURN - np.pi, NEGATIVE),
    (exercises.check_three_step_phase, lambda i: three_steps(i) * 180 / np.pi, "these are degrees"),
    (exercises.check_three_step_phase, lambda i: three_steps(i) / TURN, "these are turns"),
    (exercises.check_three_step_phase, lambda i: (np.pi / 2 - three_steps(i)) % TURN, FIRST),
    (exercises.check_three_step_phase, lambda i: np.arctan(np.tan(three_steps(i))), OPPOSITE),
    (exercises.check_three_step_phase, lambda i: three_steps(i[[0, 2, 1]]), "this phase runs backwards"),
    (
        exercises.check_three_step_phase,
        lambda i: np.arctan2(i[2] - i[1], 2 * i[0] - i[1] - i[2]) % TURN,
        "sine and cosine have different factors",
    ),
    (
        exercises.check_three_step_phase,
        lambda i: np.arctan2((i[2] - i[1]) / np.sqrt(3), i[0] - (i[1] + i[2]) / 2) % TURN,
        "sine and cosine have different factors",
    ),
    (
        exercises.check_three_step_phase,
        lambda i: np.arctan2((i[2] - i[1]) / np.sqrt(3), i[0]) % TURN,
        "the mean is still in the cosine",
    ),
    (
        exercises.check_three_step_phase,
        lambda i: np.arctan2(i[0] + i[2] - 2 * i[1], i[0] - i[2]) % TURN,
        "for shifts of 0, 90 and 180 degrees",
    ),
    (exercises.check_three_step_phase, lambda i: three_steps(i).mean(), "one number for all pixels"),
    (exercises.check_three_step_phase, lambda i: three_steps(i) + 0.1, "1.6708 at [0]; 1.5708 is expected"),
    (exercises.check_steady_phase, lambda i: (steady(i) + np.pi) % TURN - np.pi, NEGATIVE),
    (exercises.check_steady_phase, four, "on the first four images"),
    (exercises.check_steady_phase, lambda i: four(i[1:]), "on the last four images"),
    (
        exercises.check_steady_phase,
        lambda i: np.arctan2(i[3] - i[1], (i[0] + i[4]) / 2 - i[2]) % TURN,
        "mends the cosine",
    ),
    (exercises.check_steady_phase, lambda i: four(i[[4, 1, 2, 3]]), "image 4 in place of image 0"),
    (exercises.check_steady_phase, same_for_all_images, "the same was taken off each image"),
    (exercises.check_steady_phase, lambda i: four(i, (i[4] - i[0]).mean() / 4), "one change was taken for all pixels"),
    (exercises.check_steady_phase, lambda i: four(i, (i[0] - i[4]) / 4), "the change is added"),
    (exercises.check_steady_phase, lambda i: four(i, i[4] - i[0]), "the change over four steps, not over one"),
    (exercises.check_steady_phase, lambda i: four(i, (i[4] - i[0]) / 5), "there are four steps, not five"),
    (exercises.check_steady_phase, lambda i: steady(i) * 2, "at [0]"),
    (exercises.check_repair, lambda *i: replaced(*i, lambda around, here: np.median([*around, here])), FRACTION),
    (exercises.check_repair, lambda *i: replaced(*i, lambda around, here: np.mean(around)), FRACTION),
    (exercises.check_repair, smoothed, "that smooths the right ones too"),
    (exercises.check_repair, by_mean, "a stray pixel spoils the mean"),
    (exercises.check_repair, by_pixel_before, "may itself be the stray one"),
    (exercises.check_repair, lambda c, p: c + p * np.round((of_three(c) - c) / p), "the first or the last pixel"),
    (exercises.check_repair, lambda c, p: c + p * np.round((of_three(c, 0) - c) / p), "the first or the last pixel"),
    (exercises.check_repair, floored, "the nearest number of periods"),
    (exercises.check_repair, lambda c, p: c + p * np.sign(strays(c, p)), "by one period at most"),
    (exercises.check_repair, lambda c, p: c + p * np.minimum(strays(c, p), 0), "only pixels that were too high"),
    (exercises.check_repair, lambda c, p: c + p * np.maximum(strays(c, p), 0), "only pixels that were too low"),
    (exercises.check_repair, lambda c, p: c - p * strays(c, p), "moved the wrong way"),
    (exercises.check_repair, lambda c, p: p * strays(c, p), "what has to be added"),
    (exercises.check_repair, lambda c, p: c % p, "folded into one period"),
    (exercises.check_repair, lambda c, p: repair(c, p)[1:-1], "the first and the last pixel are missing"),
    (exercises.check_repair, lambda c, p: c[strays(c, p) == 0], "stray pixels were left out"),
    (exercises.check_repair, lambda c, p: c, "at [2]"),
    (exercises.check_growth, lambda r: [1, r**2, r], "this is how the noise of the column grows"),
    (exercises.check_growth, lambda r: [r**2] * 3, "this is the geometry of (13) alone"),
    (exercises.check_growth, lambda r: [r**2, r**6, r**4], "falls again on its way back"),
    (exercises.check_growth, lambda r: [r**2, r**3, r**2.5], "here the light falls with the distance"),
    (exercises.check_growth, lambda r: [r**2, r**4, r], "the modulation falls with the light"),
    (exercises.check_growth, lambda r: [r**2, r**4, r**4], "with (c) the noise shrinks, too"),
    (exercises.check_growth, lambda r: [r**2, r**4, r**2], "with the root of the light, not with the light"),
    (exercises.check_growth, lambda r: [r**4, r**4, r**3], "with (a) the image is as bright as before"),
    (exercises.check_growth, lambda r: [r**4, r**8, r**6], "these are factors of the variance"),
    (exercises.check_growth, lambda r: [r**2, r**3, r**4], "the order is (a), (b), (c)"),
    (exercises.check_growth, lambda r: [r**-2, r**-4, r**-3], "the depth gets noisier"),
    (exercises.check_growth, lambda r: [2, 4, 3], "these are the powers"),
    (exercises.check_growth, lambda r: r**2, "return three numbers"),
    (exercises.check_growth, lambda r: [r, r, r], "at [0]"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
