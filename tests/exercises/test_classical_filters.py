"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy import ndimage
from verdicts import verdict_tests

from pcfilter_lib.exercises import classical_filters as exercises
from pcfilter_lib.filters import best_threshold


def sine(here, there, angle):
    p, q = np.array([0, here]), there * np.array([np.sin(angle), np.cos(angle)])
    return abs(p[0] * (q - p)[1] - p[1] * (q - p)[0]) / np.linalg.norm(p) / np.linalg.norm(q - p)


def apart(here, there, angle, sign=-1):
    return np.sqrt(here**2 + there**2 + sign * 2 * here * there * np.cos(angle))


def sine_by_theorem(here, there, angle):
    return there * np.sin(angle) / apart(here, there, angle)


def iou(scores, labels, threshold):
    tp = fn = fp = tn = 0
    for score, label in zip(scores, labels, strict=True):
        kept = score >= threshold
        tp, fn = tp + (label and kept), fn + (label and not kept)
        fp, tn = fp + (not label and kept), tn + (not label and not kept)
    return (tp / (tp + fn + fp) + tn / (tn + fn + fp)) / 2


def share_right(scores, labels, threshold):
    return np.mean((scores >= threshold) == (labels == 1))


def strict(scores, labels, threshold):
    return iou(scores, labels, threshold + 1e-9)


def true_only(scores, labels, threshold):
    keep = scores >= threshold
    return (keep & (labels == 1)).sum() / (keep | (labels == 1)).sum()


def choose(scores, labels, by=iou, last=False):
    candidates = sorted(set(scores.tolist()), reverse=last)
    return max(candidates, key=lambda threshold: by(scores, labels, threshold))  # the first of equals


def figures(vs, vl, ts, tl, by=iou, of=iou, last=False):
    return tuple(of(ts, tl, choose(*one, by, last)) for one in ((vs, vl), (ts, tl)))


def measured_where_chosen(vs, vl, ts, tl):
    return iou(vs, vl, choose(vs, vl)), figures(vs, vl, ts, tl)[1]


def chosen_on_all(vs, vl, ts, tl):
    threshold = choose(np.concatenate([vs, ts]), np.concatenate([vl, tl]))
    return iou(ts, tl, threshold), figures(vs, vl, ts, tl)[1]


def between_scores(vs, vl, ts, tl):
    """What a reader gets who uses the library's function."""
    return tuple(iou(ts, tl, best_threshold(*one)[0]) for one in ((vs, vl), (ts, tl)))


def on_a_grid(vs, vl, ts, tl):
    grid = np.linspace(-4, 5, 901)
    found = [max(grid, key=lambda threshold: iou(*one, threshold)) for one in ((vs, vl), (ts, tl))]
    return tuple(iou(ts, tl, threshold) for threshold in found)


def numbers_shifted(valid, smallest):
    group, _ = ndimage.label(valid, np.ones((3, 3)))
    large = [n for n, size in enumerate(np.bincount(group.ravel())[1:]) if size >= smallest]
    return np.isin(group, large)


def islands(valid, smallest):
    """Walk from pixel to pixel."""
    keep, seen = np.zeros_like(valid), np.zeros_like(valid)
    for start in zip(*np.nonzero(valid), strict=True):
        group, todo = [], [start]
        while todo:
            i, j = todo.pop()
            inside = 0 <= i < valid.shape[0] and 0 <= j < valid.shape[1]
            if inside and valid[i, j] and not seen[i, j]:
                seen[i, j] = True
                group.append((i, j))
                todo += [(i + a, j + b) for a in (-1, 0, 1) for b in (-1, 0, 1)]
        if len(group) >= smallest:
            keep[tuple(np.transpose(group))] = True
    return keep


def labelled(valid, smallest, structure=None, zero=True):
    group, _ = ndimage.label(valid, structure)
    size = np.bincount(group.ravel())
    size[0] = 0 if zero else size[0]
    return size[group] >= smallest


def largest(valid, smallest):
    group, count = ndimage.label(valid, np.ones((3, 3)))
    return group == 1 + np.argmax(np.bincount(group.ravel())[1:]) if count else valid


def window(valid, smallest):
    padded = np.pad(valid, 1).astype(int)
    height, width = valid.shape
    total = sum(padded[i : i + height, j : j + width] for i in range(3) for j in range(3))
    return valid & (total >= smallest)


def opened(valid, smallest):
    return valid & ndimage.binary_opening(valid, np.ones((3, 3)))


def threshold(t, scanner, other):
    focal = [sheet[0] / 2 / np.tan(np.pi * sheet[1] / 360) for sheet in (scanner, other)]
    in_footprints = t / (scanner[2] / focal[0])
    return in_footprints * other[2] / focal[1]


def by_width(wide):
    return lambda t, a, b: t * (b[2] * wide(b[1]) / b[0]) / (a[2] * wide(a[1]) / a[0])


SINE, FIGURES = exercises.check_sine, exercises.check_figures
ISLANDS, THRESHOLD = exercises.check_islands, exercises.check_threshold
SOLUTIONS = [
    (SINE, sine),
    (SINE, sine_by_theorem),
    (FIGURES, figures),
    (FIGURES, lambda *sets: np.array(figures(*sets))),
    (ISLANDS, islands),
    (ISLANDS, lambda valid, smallest: labelled(valid, smallest, np.ones((3, 3)))),
    (THRESHOLD, threshold),
    (THRESHOLD, by_width(lambda degrees: np.tan(np.radians(degrees) / 2))),
]
MISTAKES = [
    (SINE, lambda h, t, a: sine(t, h, a), "the sine at the neighbour"),
    (SINE, lambda h, t, a: t * np.sin(a) / apart(h, t, a, 1), "has the other sign"),
    (SINE, lambda h, t, a: t * np.sin(a) / np.hypot(h, t), "for a right one"),
    (SINE, lambda h, t, a: t * np.sin(a) / apart(h, t, a) ** 2, "the square of the third side"),
    (SINE, lambda h, t, a: sine(h, t, np.radians(a)), "in radians already"),
    (SINE, lambda h, t, a: abs(t * np.cos(a) - h) / apart(h, t, a), "this is the cosine"),
    (SINE, lambda h, t, a: t * np.sin(a) / abs(t * np.cos(a) - h), "this is the tangent"),
    (SINE, lambda h, t, a: (t * np.cos(a) - h) / apart(h, t, a), "this is the cosine"),
    (SINE, lambda h, t, a: np.arcsin(sine(h, t, a)), "the angle itself"),
    (SINE, lambda h, t, a: h * a / np.hypot(h * a, t - h), "for small angles only"),
    (FIGURES, between_scores, "lie between two scores"),
    (FIGURES, on_a_grid, "Is the threshold a score"),
    (FIGURES, lambda vs, vl, ts, tl: (choose(vs, vl), choose(ts, tl)), "these are the thresholds"),
    (FIGURES, lambda *i: figures(*i)[::-1], "in the other order"),
    (FIGURES, lambda *i: (figures(*i)[1],) * 2, "its threshold was chosen on the test points"),
    (FIGURES, lambda *i: (figures(*i)[0],) * 2, "the second number"),
    (FIGURES, measured_where_chosen, "measured on the validation points"),
    (FIGURES, chosen_on_all, "on all points together"),
    (FIGURES, lambda *i: figures(*i, share_right), "chosen by accuracy"),
    (FIGURES, lambda *i: figures(*i, share_right, share_right), "these are accuracies"),
    (FIGURES, lambda *i: figures(*i, strict, strict), ">=, not >"),
    (FIGURES, lambda *i: figures(*i, true_only, true_only), "true geometry alone"),
    (FIGURES, lambda *i: figures(*i, last=True), "this takes the largest"),
    (FIGURES, lambda *i: figures(*i)[0], "this is one number; return two"),
    (FIGURES, lambda *i: ("good", "better"), "real numbers are expected"),
    (ISLANDS, lambda v, s: v & ndimage.binary_opening(v, np.ones((s, s))), "it goes by width"),
    (ISLANDS, lambda v, s: v & ~islands(v, s), "too small; return the others"),
    (ISLANDS, numbers_shifted, "off by one"),
    (ISLANDS, labelled, "touch at a corner"),
    (ISLANDS, lambda v, s: labelled(v, s, np.ones((3, 3)), zero=False), "the number 0 is not a group"),
    (ISLANDS, lambda v, s: islands(v, s + 1), "a group of exactly"),
    (ISLANDS, largest, "only the largest group"),
    (ISLANDS, lambda v, s: ~islands(v, s), "to be removed"),
    (ISLANDS, window, "count the whole group"),
    (ISLANDS, opened, "it goes by width"),
    (ISLANDS, lambda v, s: np.bincount(ndimage.label(v, np.ones((3, 3)))[0].ravel()) >= s, "not one number for each"),
    (THRESHOLD, lambda t, a, b: threshold(t, b, a), "upside down"),
    (THRESHOLD, lambda t, a, b: threshold(t, a, [*b[:2], a[2]]), "differ in their distance"),
    (THRESHOLD, lambda t, a, b: threshold(t, a, [a[0], *b[1:]]), "number of pixels"),
    (THRESHOLD, lambda t, a, b: threshold(t, a, [b[0], a[1], b[2]]), "wider than the other"),
    (THRESHOLD, by_width(lambda degrees: np.sin(np.radians(degrees) / 2)), "tangent, not sine"),
    (THRESHOLD, lambda t, a, b: threshold(t, [1 / a[0], *a[1:]], [1 / b[0], *b[1:]]), "divide by their number"),
    (THRESHOLD, lambda t, a, b: t / (2 * a[2] * np.tan(np.radians(a[1] / 2)) / a[0]), "in footprints of the first"),
    (THRESHOLD, by_width(lambda degrees: degrees), "more than twice as wide"),
    (THRESHOLD, by_width(lambda degrees: np.tan(np.radians(degrees))), "half the view"),
    (THRESHOLD, by_width(lambda degrees: np.tan(degrees / 2)), "gives degrees"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
