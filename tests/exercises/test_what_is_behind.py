"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy import ndimage
from verdicts import verdict_tests

from pcfilter_lib import synthesis
from pcfilter_lib.exercises import what_is_behind as exercises


def loss(predicted, distance, known):
    total, count = 0.0, 0
    for p, t, k in zip(predicted.ravel(), distance.ravel(), known.ravel(), strict=True):
        if k == -1:
            total, count = total + abs(p - t), count + 1
    return total / count


def loss_where(chosen, error=lambda p, t: np.abs(p - t)):
    return lambda predicted, distance, known: error(predicted, distance)[chosen(known)].mean()


def unknown(known):
    return known == -1


def mirror(seen, plane):
    image = np.zeros_like(seen)
    for i in range(len(seen)):
        if 0 <= 2 * plane - i < len(seen):
            image[int(2 * plane - i)] = seen[i]
    return image


def mirror_by_values(seen, plane):
    source = 2 * plane - np.arange(len(seen))
    inside = (source >= 0) & (source <= len(seen) - 1)
    return np.where(inside[:, None, None], seen[np.where(inside, source, 0).astype(int)], 0)


def landing(seen, plane):
    return int(2 * plane) - np.arange(len(seen))


def constant(values, weights):
    errors = [np.sum(weights * np.abs(values - candidate)) for candidate in values]
    best = np.isclose(errors, min(errors))
    return values[best].min()


def largest_constant(values, weights):
    errors = [np.sum(weights * np.abs(values - candidate)) for candidate in values]
    return values[np.isclose(errors, min(errors))].max()


def in_given_order(values, weights):
    return values[np.searchsorted(np.cumsum(weights), weights.sum() / 2 - 1e-12)]


def sorted_alone(values, weights):
    return np.sort(values)[np.searchsorted(np.cumsum(weights), weights.sum() / 2 - 1e-12)]


def half_is_one_half(values, weights):
    order = np.argsort(values)
    return values[order][np.argmax(np.cumsum(weights[order]) >= 0.5)]


def mirrored(*axes, choose=None):
    """Add the image along each axis in turn, or along the one that `choose` prefers."""

    def answer(known):
        seen = known == 1
        for axis in [choose(known)] if choose else axes:
            seen = seen | (np.flip(seen, axis) & (known == -1))
        return seen

    return answer


def fewest_contradictions(known):
    return min((0, 1), key=lambda axis: (np.flip(known == 1, axis) & (known == 0)).sum())


def where_nothing_contradicts(known):
    occupied = known == 1
    for axis in (0, 1):
        image = np.flip(occupied, axis)
        if image[known == 0].sum() < 0.3 * image.sum():
            occupied = occupied | (image & (known == -1))
    return occupied


SOLUTIONS = [
    (exercises.check_loss, loss),
    (exercises.check_loss, loss_where(unknown)),
    (exercises.check_mirror, mirror),
    (exercises.check_mirror, mirror_by_values),
    (exercises.check_constant, constant),
    (exercises.check_completion, mirrored(0, 1)),
    (exercises.check_completion, where_nothing_contradicts),
    (exercises.check_completion, lambda known: mirrored(1, 0)(known).astype(int)),
]

MISTAKES = [
    (exercises.check_loss, loss_where(lambda known: known < 9), "all voxels count"),
    (exercises.check_loss, lambda p, t, k: np.where(k == -1, np.abs(p - t), 0).mean(), "still divided by the number"),
    (exercises.check_loss, loss_where(lambda known: known < 1), "free voxels count"),
    (exercises.check_loss, loss_where(lambda known: known >= 0), "these are the known voxels"),
    (exercises.check_loss, loss_where(lambda known: known == 0), "these are the free voxels"),
    (exercises.check_loss, loss_where(lambda known: known == 1), "the voxels of the surface"),
    (exercises.check_loss, loss_where(unknown, lambda p, t: (p - t) ** 2), "the squared error"),
    (exercises.check_loss, loss_where(unknown, lambda p, t: p - t), "errors in both directions cancel"),
    (exercises.check_loss, loss_where(unknown, lambda p, t: t - p), "errors in both directions cancel"),
    (exercises.check_loss, lambda p, t, k: np.abs(p - t)[k == -1].sum(), "this is the sum"),
    (exercises.check_loss, lambda p, t, k: np.abs(p - t) * (k == -1), "one number is expected"),
    (exercises.check_mirror, lambda seen, plane: np.flip(seen, 0), "in the middle of the grid"),
    (exercises.check_mirror, lambda seen, plane: mirror(seen, plane - 0.5), "The centre of voxel i is at i"),
    (exercises.check_mirror, lambda seen, plane: mirror(seen, plane + 0.5), "in the other direction"),
    (exercises.check_mirror, lambda seen, plane: mirror(seen, plane / 2), "here it is the plane less i"),
    (exercises.check_mirror, lambda seen, plane: seen[landing(seen, plane) % len(seen)], "comes in again"),
    (exercises.check_mirror, lambda seen, plane: seen[landing(seen, plane)], "negative indices count from the end"),
    (
        exercises.check_mirror,
        lambda seen, plane: seen[landing(seen, plane).clip(0, len(seen) - 1)],
        "has piled up at the border",
    ),
    (exercises.check_mirror, lambda seen, plane: seen | mirror(seen, plane), "The image alone"),
    (
        exercises.check_mirror,
        lambda seen, plane: mirror(seen.swapaxes(0, 1), plane).swapaxes(0, 1),
        "along another axis",
    ),
    (
        exercises.check_mirror,
        lambda seen, plane: mirror(seen.swapaxes(0, 2), plane).swapaxes(0, 2),
        "along another axis",
    ),
    (exercises.check_constant, lambda values, weights: values @ weights / weights.sum(), "this is the mean"),
    (exercises.check_constant, lambda values, weights: np.median(values), "as if all were equally likely"),
    (exercises.check_constant, lambda values, weights: values[weights.argmax()], "the most likely value"),
    (exercises.check_constant, largest_constant, "this is the largest number"),
    (
        exercises.check_constant,
        lambda values, weights: (constant(values, weights) + largest_constant(values, weights)) / 2,
        "in the middle of the numbers",
    ),
    (exercises.check_constant, in_given_order, "in no particular order"),
    (exercises.check_constant, sorted_alone, "sorted together with the values"),
    (exercises.check_constant, half_is_one_half, "do not add up to 1"),
    (
        exercises.check_constant,
        lambda values, weights: weights @ np.abs(values - constant(values, weights)) / weights.sum(),
        "the number that reaches it",
    ),
    (exercises.check_completion, lambda known: known == 1, "adds nothing"),
    (exercises.check_completion, lambda known: known != 0, "most of it is air"),
    (exercises.check_completion, mirrored(0), "one plane for all shapes"),
    (exercises.check_completion, mirrored(1), "one plane for all shapes"),
    (
        exercises.check_completion,
        lambda known: (known == 1) | (np.flip(known == 1, (0, 1)) & (known == -1)),
        "by half a turn",
    ),
    (exercises.check_completion, mirrored(choose=fewest_contradictions), "is asked for"),
    (exercises.check_completion, lambda known: np.flip(known == 1, 0) & (known == -1), "Keep what is known"),
    (exercises.check_completion, lambda known: (known == 1) | np.flip(known == 1, 0), "has seen free space"),
    (exercises.check_completion, lambda known: known, "use True and False"),
    (exercises.check_completion, lambda known: known.any(axis=0), "has the shape (16, 16)"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_mirror_of_exercise_4_is_the_librarys():
    scans, truth, mirror_error = exercises._held_out()
    kinds = np.repeat(np.arange(10), 2)
    occupied = synthesis.completion_mirror(scans, kinds)
    distances = np.array([ndimage.distance_transform_edt(~each) for each in occupied]).clip(0, 3)
    assert np.isclose(np.abs(distances - truth)[scans == -1].mean(), mirror_error, rtol=1e-5)
    assert (truth[scans == 1] == 0).all()
