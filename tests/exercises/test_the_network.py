"""The checks of *The network* accept right answers and explain wrong ones."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import the_network as exercises


def residual(distances, angle):
    inverse = 1 / distances
    return (distances[1:-1] * (inverse[:-2] + inverse[2:]) / (2 * np.cos(angle)) - 1) / angle


def by_lines(distances, angle):
    """Meet the beam with the line through its two neighbours, in the plane."""
    found = []
    for left, here, right in zip(distances[:-2], distances[1:-1], distances[2:], strict=True):
        p = left * np.array([np.cos(angle), -np.sin(angle)])
        q = right * np.array([np.cos(angle), np.sin(angle)])
        expected = p[0] + (q - p)[0] * -p[1] / (q - p)[1]
        found.append((here / expected - 1) / angle)
    return found


def expected(logits, in_windows, in_scans):
    k = in_windows / (1 - in_windows) * (1 - in_scans) / in_scans
    return (1 / (1 + k * np.exp(logits))).sum()


def by_bayes(logits, in_windows, in_scans):
    artefact, true = 1 / (1 + np.exp(logits)), 1 / (1 + np.exp(-logits))
    artefact, true = artefact * in_scans / in_windows, true * (1 - in_scans) / (1 - in_windows)
    return float((artefact / (artefact + true)).sum())


def threshold(logits, labels, keep):
    true = np.sort(logits[labels == 1])
    return max(t for t in true if (true >= t).mean() >= keep - 1e-9)


def place(logits, labels, keep, more=0):
    true = np.sort(logits[labels == 1])
    return true[max(int(len(true) * (1 - keep) + 1e-9) + more, 0)]


def sorted_true(logits, labels):
    return np.sort(logits[labels == 1])


def needed(full, without):
    answers = []
    for cause in range(full.shape[1]):
        group = min(range(len(without)), key=lambda g: without[g, :, cause].mean())
        answers.append(group if full[:, cause].min() > without[group, :, cause].max() else -1)
    return answers


def of_groups(full, without, group):
    runs = without[group, :, np.arange(full.shape[1])]
    return np.where(full.min(axis=0) > runs.max(axis=1), group, -1)


def in_doubt(doubt):
    """An answer with another test for a doubt, which gets the runs of the group that is missed most, too."""

    def answer(full, without):
        group = without.mean(axis=1).argmin(axis=0)
        runs = np.take_along_axis(without, group[None, None], axis=0)[0]
        return np.where(doubt(full, runs, without), -1, group)

    return answer


def next_group(full, without):
    """Leave out the groups in doubt first, and take the best of the rest."""
    clear = without.max(axis=1) < full.min(axis=0)
    loss = np.where(clear, full.mean(axis=0) - without.mean(axis=1), -np.inf)
    return np.where(clear.any(axis=0), loss.argmax(axis=0), -1)


def shifted(shift):
    return lambda u, w, s: (1 / (1 + np.exp(u + shift(w, s)))).sum()


def odds(share):
    return share / (1 - share)


RESIDUAL, EXPECTED = exercises.check_residual, exercises.check_expected
THRESHOLD, NEEDED = exercises.check_threshold, exercises.check_needed
SOLUTIONS = [
    (RESIDUAL, residual),
    (RESIDUAL, by_lines),
    (EXPECTED, expected),
    (EXPECTED, by_bayes),
    (THRESHOLD, threshold),
    (THRESHOLD, place),
    (NEEDED, needed),
    (NEEDED, lambda full, without: of_groups(full, without, without.mean(axis=1).argmin(axis=0))),
]
MISTAKES = [
    (RESIDUAL, lambda d, a: residual(d, a) * np.cos(a) + (np.cos(a) - 1) / a, "a cosine, not a line"),
    (RESIDUAL, lambda d, a: (d[1:-1] * np.cos(a) * (1 / d[:-2] + 1 / d[2:]) / 2 - 1) / a, "on the wrong side"),
    (RESIDUAL, lambda d, a: (d[1:-1] / np.cos(2 * a) * (1 / d[:-2] + 1 / d[2:]) / 2 - 1) / a, "not two"),
    (RESIDUAL, lambda d, a: (d[1:-1] / np.cos(np.pi * a / 180) * (1 / d[:-2] + 1 / d[2:]) / 2 - 1) / a, "in radians"),
    (RESIDUAL, lambda d, a: (d[1:-1] / ((d[:-2] + d[2:]) / 2) - 1) / a, "the mean of the neighbours' distances"),
    (RESIDUAL, lambda d, a: -residual(d, a), "the sign"),
    (RESIDUAL, lambda d, a: np.abs(residual(d, a)), "the sign is lost"),
    (RESIDUAL, lambda d, a: (d[1:-1] * np.convolve(1 / d, [1 / 3] * 3, "valid") / np.cos(a) - 1) / a, "itself is in"),
    (RESIDUAL, lambda d, a: (d[1:-1] - 2 * np.cos(a) / (1 / d[:-2] + 1 / d[2:])) / a, "as a length"),
    (RESIDUAL, lambda d, a: (d[1:-1] / np.cos(a) * (1 / d[:-2] + 1 / d[2:]) - 1) / a, "for their mean"),
    (RESIDUAL, lambda d, a: residual(d, a) * a, "divide it by the angle"),
    (RESIDUAL, lambda d, a: residual(d, a) / (1 + a * residual(d, a)), "a share of the measured distance"),
    (RESIDUAL, lambda d, a: np.pad(residual(d, a), 1), "leave them out"),
    (EXPECTED, lambda u, w, s: expected(u, s, w), "the wrong sign"),
    (EXPECTED, shifted(lambda w, s: 0), "not corrected"),
    (EXPECTED, lambda u, w, s: len(u) - expected(u, w, s), "number of true points"),
    (EXPECTED, shifted(lambda w, s: np.log(w / s)), "a ratio of shares"),
    (EXPECTED, shifted(lambda w, s: odds(w) / odds(s)), "its logarithm is"),
    (EXPECTED, shifted(lambda w, s: np.log10(odds(w) / odds(s))), "to the base 10"),
    (EXPECTED, lambda u, w, s: (s / w / (1 + np.exp(u))).sum(), "the odds that are multiplied"),
    (EXPECTED, lambda u, w, s: np.sum(u < -np.log(odds(w) / odds(s))), "add up probabilities"),
    (EXPECTED, lambda u, w, s: expected(u, w, s) / len(u), "return their number"),
    (EXPECTED, lambda u, w, s: 1 / (1 + np.exp(u)), "one probability for each point"),
    (THRESHOLD, lambda u, y, k: place(u, np.ones_like(y), k), "only the true ones count"),
    (THRESHOLD, lambda u, y, k: threshold(u, y > 0, k), "as true geometry"),
    (THRESHOLD, lambda u, y, k: place(u, 1 - np.minimum(y, 2), k), "of the artefacts"),
    (THRESHOLD, lambda u, y, k: place(u, y, 1 - k), "it should keep it"),
    (THRESHOLD, lambda u, y, k: place(u, y, k, -1), "one more may be lost"),
    (THRESHOLD, lambda u, y, k: place(u, y, k, 1), "one true point too many"),
    (THRESHOLD, lambda u, y, k: np.quantile(u[y == 1], 1 - k), "np.quantile"),
    (THRESHOLD, lambda u, y, k: sorted_true(u, y)[round(sum(y == 1) * (1 - k))], "rounded up"),
    (THRESHOLD, lambda u, y, k: sorted_true(u, y)[sum(y == 1) - round(k * sum(y == 1))], "rounded up"),
    (THRESHOLD, lambda u, y, k: sorted_true(u, y)[int(sum(y == 1) * (1 - k))], "3.9999999"),
    (THRESHOLD, lambda u, y, k: sorted_true(u, y)[int(np.ceil(sum(y == 1) * (1 - k))) - 1], "one fewer"),
    (NEEDED, lambda f, w: w.mean(axis=1).argmin(axis=0), "the doubt is missing"),
    (NEEDED, lambda f, w: of_groups(f, w, w.mean(axis=1).argmax(axis=0)), "without which most is found"),
    (NEEDED, lambda f, w: needed(f[:1], w[:, :1]), "the first seed alone"),
    (NEEDED, lambda f, w: needed(f.mean(0, keepdims=True), w.mean(1, keepdims=True)), "compares the means only"),
    (NEEDED, lambda f, w: needed(f + 1e-9, w), "exactly as good"),
    (NEEDED, lambda f, w: needed(f.max(0, keepdims=True), w), "the best run with all channels"),
    (NEEDED, lambda f, w: of_groups(f, w, np.abs(w.mean(1) - f.mean(0)).argmax(0)), "up or down"),
    (NEEDED, lambda f, w: of_groups(f, w, w.min(axis=1).argmin(axis=0)), "the lowest single run"),
    (NEEDED, next_group, "not the next group"),
    (NEEDED, in_doubt(lambda f, r, w: w.max(axis=(0, 1)) >= f.min(axis=0)), "the runs of all groups"),
    (NEEDED, in_doubt(lambda f, r, w: r.min(axis=0) >= f.max(axis=0)), "the wrong ends"),
    (NEEDED, in_doubt(lambda f, r, w: (r >= f).any(axis=0)), "seed by seed"),
    (NEEDED, in_doubt(lambda f, r, w: r.mean(axis=0) >= f.min(axis=0)), "the best of them"),
    (NEEDED, lambda f, w: np.zeros(len(w)), "not one for each group"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
