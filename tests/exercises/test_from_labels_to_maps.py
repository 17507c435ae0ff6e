"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import from_labels_to_maps as exercises


def stitched(maps, place=lambda i, a, s, h: s * i + a):
    s, _, h, w = maps.shape
    result = np.zeros((s * h, s * w))
    for a, b, i, j in np.ndindex(maps.shape):
        result[place(i, a, s, h), place(j, b, s, w)] = maps[a, b, i, j]
    return result


def stitched_by_slices(maps):
    s = len(maps)
    result = np.zeros((s * maps.shape[2], s * maps.shape[3]))
    for a, b in np.ndindex(s, s):
        result[a::s, b::s] = maps[a, b]
    return result


def repeated(one, s):
    return np.kron(one, np.ones((s, s)))


def tent_by_measuring(factor):
    """Interpolate one score of 1 among zeros at the new pixels, and leave the zeros out."""
    new = np.arange(9 * factor)
    values = np.interp(new, factor * (np.arange(9) + 0.5) - 0.5, np.arange(9) == 4)
    return values[values > 0]


def triangle(taps, reach, middle=None):
    middle = (taps - 1) / 2 if middle is None else middle
    return np.array([1 - abs(a - middle) / reach for a in range(taps)])


def even_formula(factor):
    return triangle(2 * factor, factor)


def taps(factor):
    return len(tent_by_measuring(factor))


def best(label, size, right=lambda block: max(np.sum(block == c) for c in range(10))):
    rows, columns = range(0, label.shape[0], size), range(0, label.shape[1], size)
    return sum(right(label[i : i + size, j : j + size]) for i in rows for j in columns) / label.size


def hits(choose):
    return lambda label, size: best(label, size, lambda block: np.sum(block == choose(block)))


def best_by_shares(label, size):
    one_hot = np.eye(10)[label].reshape(label.shape[0] // size, size, label.shape[1] // size, size, 10)
    return one_hot.mean(axis=(1, 3)).max(axis=-1).mean()


def per_block(label, size):
    return np.ones((label.shape[0] // size, label.shape[1] // size))


SOLUTIONS = [
    (exercises.check_stitch, stitched),
    (exercises.check_stitch, stitched_by_slices),
    (exercises.check_tent, tent_by_measuring),
    (
        exercises.check_tent,
        lambda factor: (
            np.convolve(np.ones(factor), np.ones(factor)) / factor if factor % 2 else triangle(2 * factor, factor)
        ),
    ),
    (exercises.check_best_share, best),
    (exercises.check_best_share, best_by_shares),
]
BACKWARDS = "the shifts run backwards"
ENDS = "fall to zero too early or too late"
MISTAKES = [
    (exercises.check_stitch, lambda maps: stitched(maps.swapaxes(0, 1)), "are mixed up"),
    (exercises.check_stitch, lambda maps: stitched(maps, lambda i, a, s, h: h * a + i), "side by side like tiles"),
    (exercises.check_stitch, lambda maps: maps.reshape(len(maps) * maps.shape[2], -1), "none has moved"),
    (exercises.check_stitch, lambda maps: repeated(maps.mean(axis=(0, 1)), len(maps)), "the means of the maps"),
    (exercises.check_stitch, lambda maps: repeated(maps[0, 0], len(maps)), "only the unshifted map"),
    (exercises.check_stitch, lambda maps: stitched(maps, lambda i, a, s, h: s * i + s - 1 - a), BACKWARDS),
    (exercises.check_stitch, lambda maps: stitched(maps, lambda i, a, s, h: s * i + -a % s), BACKWARDS),
    (exercises.check_stitch, lambda maps: maps.mean(axis=(0, 1)), "one answer for each pixel"),
    (exercises.check_stitch, lambda maps: maps.reshape(-1, *maps.shape[2:]), "stand one after another"),
    (exercises.check_stitch, lambda maps: maps.transpose(2, 0, 3, 1), "join them two by two"),
    (exercises.check_stitch, lambda maps: stitched(maps) + 1, "gives 2 at [0, 0]; 1 is expected"),
    (exercises.check_tent, even_formula, "there is one weight too many"),
    (exercises.check_tent, lambda f: tent_by_measuring(f) / f, "Each *phase* must add up to 1"),
    (exercises.check_tent, lambda f: tent_by_measuring(f) / tent_by_measuring(f).max(), "is made 1"),
    (exercises.check_tent, lambda f: np.bartlett(taps(f)), ENDS),
    (exercises.check_tent, lambda f: triangle(taps(f), (taps(f) + 1) / 2), ENDS),
    (exercises.check_tent, lambda f: triangle(2 * f, f, f), "off by half a pixel"),
    (exercises.check_tent, lambda f: np.full(2 * f, 0.5), "this draws stairs"),
    (exercises.check_tent, lambda f: triangle(2 * f - 1, f), "as many are near it on both sides"),
    (exercises.check_tent, lambda f: triangle(2 * f + 1, f), "there is one weight too many"),
    (exercises.check_tent, lambda f: np.ones(f), "not only half way"),
    (exercises.check_tent, lambda f: np.outer(tent_by_measuring(f), tent_by_measuring(f)), "not the outer product"),
    (
        exercises.check_tent,
        lambda f: tent_by_measuring(f) if f % 2 == 0 else np.pad(tent_by_measuring(f), 1),
        "the outermost weights are zero",
    ),
    (exercises.check_best_share, lambda *i: best(*i) * i[0].size, "this is the number of pixels"),
    (exercises.check_best_share, lambda *i: 1 - best(*i), "the share that is wrong"),
    (
        exercises.check_best_share,
        lambda *i: best(*i, lambda block: block.size * (np.ptp(block) == 0)),
        "blocks that show one class only",
    ),
    (exercises.check_best_share, hits(lambda block: block[0, 0]), "the label of its first pixel"),
    (exercises.check_best_share, hits(lambda block: block[len(block) // 2, len(block) // 2]), "in its middle"),
    (exercises.check_best_share, lambda *i: 100 * best(*i), "in per cent"),
    (exercises.check_best_share, hits(lambda block: np.round(block.mean())), "this averages the labels"),
    (exercises.check_best_share, hits(np.median), "this takes the median"),
    (exercises.check_best_share, hits(np.max), "takes the largest label"),
    (exercises.check_best_share, lambda label, size: best(label, label.size), "gives the whole image one label"),
    (exercises.check_best_share, lambda label, size: best(label.reshape(1, -1), size * size), "are not the blocks"),
    (exercises.check_best_share, per_block, "a number for each block"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
