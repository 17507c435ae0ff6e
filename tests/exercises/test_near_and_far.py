"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import near_and_far as exercises


def centres(points, order, count):
    return np.array([points[row] for row in list(order)[:count]])


def centres_by_take(points, order, count):
    return np.take(points, order, axis=0)[:count]


def ball(points, centre, radius, count):
    """Walk through the cloud, point by point."""
    rows = [row for row, point in enumerate(points) if ((point - centre) ** 2).sum() < radius**2]
    rows = rows or [int(((points - centre) ** 2).sum(axis=1).argmin())]
    return (rows + rows[:1] * count)[:count]


def ball_by_sorting(points, centre, radius, count):
    """Sort rows such that those outside come last, as the library's layer does."""
    distances = np.linalg.norm(points - centre, axis=1)
    inside = distances < radius
    rows = np.argsort(np.where(inside, np.arange(len(points)), len(points) + distances))[:count]
    rows = np.pad(rows, (0, count - len(rows)))
    return np.where(inside[rows], rows, rows[0])


def nearest(points, centre, radius, count):
    return np.linalg.norm(points - centre, axis=1).argsort()[:count]


def inside(points, centre, radius):
    return np.flatnonzero(np.linalg.norm(points - centre, axis=1) < radius)


def ball_from(rows, count, repeated=0):
    return np.concatenate([rows, np.repeat(rows[repeated], count)])[:count]


def sorted_ball(points, centre, radius, count):
    within = nearest(points, centre, radius, len(points))[: len(inside(points, centre, radius))]
    return ball_from(within, count) if len(within) else nearest(points, centre, radius, 1).repeat(count)


def padded_by_last(points, centre, radius, count):
    rows = inside(points, centre, radius)
    return ball_from(rows, count, -1) if len(rows) else nearest(points, centre, radius, 1).repeat(count)


def cycled(points, centre, radius, count):
    rows = inside(points, centre, radius)
    return np.resize(rows, count) if len(rows) else nearest(points, centre, radius, 1).repeat(count)


def filled(row):
    def answer(points, centre, radius, count):
        return np.concatenate([inside(points, centre, radius), np.full(count, row)])[:count]

    return answer


def unpadded(points, centre, radius, count):
    return inside(points, centre, radius)


def zero_where_empty(points, centre, radius, count):
    rows = inside(points, centre, radius)
    return ball_from(rows, count) if len(rows) else [0] * count


def weights(squared):
    limited = np.clip(squared, 1e-10, None)
    return np.array([(1 / row) / (1 / row).sum() for row in limited])


def weights_by_adding(squared):
    inverse = 1 / (squared + 1e-10)
    return inverse / inverse.sum(axis=1)[:, None]


def rows_of_one(values):
    return values / values.sum(axis=1, keepdims=True)


def inverse(squared):
    return 1 / np.maximum(squared, 1e-10)


def distances(points):
    return np.linalg.norm(points[:, None] - points, axis=-1)


def radius(points):
    return np.median(np.sort(distances(points), axis=1)[:, 15])


def radius_by_mean(points):
    return np.sort(distances(points), axis=1)[:, 15].mean()


def radius_by_counting(points):
    """Take the distance that 16 of N pairs in each row do not exceed."""
    return np.quantile(distances(points), 16 / len(points))


def radius_by_density(points):
    """Reason from the mean distance to the nearest, which is half the root of the area for each point."""
    to_nearest = np.sort(distances(points), axis=1)[:, 1].mean()
    return np.sqrt(15 / np.pi) * 2 * to_nearest


def radius_of_volume(points):
    return 1.3 * np.linalg.norm(points - points.mean(axis=0), axis=1).max() * len(points) ** (-1 / 3)


SOLUTIONS = [
    (exercises.check_centres, centres),
    (exercises.check_centres, centres_by_take),
    (exercises.check_ball, ball),
    (exercises.check_ball, ball_by_sorting),
    (exercises.check_weights, weights),
    (exercises.check_weights, weights_by_adding),
    (exercises.check_radius, radius),
    (exercises.check_radius, radius_by_mean),
    (exercises.check_radius, radius_by_counting),
    (exercises.check_radius, radius_by_density),
]
MISTAKES = [
    (exercises.check_centres, lambda p, o, c: p[:c], "as it was measured"),
    (exercises.check_centres, lambda p, o, c: p[o[-c:]], "the last points of the order"),
    (exercises.check_centres, lambda p, o, c: p[np.sort(o[:c])], "has lost the order"),
    (exercises.check_centres, lambda p, o, c: p[np.argsort(o)[:c]], "read as ranks"),
    (exercises.check_centres, lambda p, o, c: p[o[1 : c + 1]], "the first point of the order is missing"),
    (exercises.check_centres, lambda p, o, c: p[o < c], "read as ranks"),
    (exercises.check_centres, lambda p, o, c: p[o[:c]][::-1], "in reverse order"),
    (exercises.check_centres, lambda p, o, c: o[:c], "look up their coordinates"),
    (exercises.check_centres, lambda p, o, c: p[o], "keep the first `count`"),
    (exercises.check_ball, nearest, "also those outside the ball"),
    (exercises.check_ball, sorted_ball, "sorted by distance"),
    (exercises.check_ball, padded_by_last, "the last point of the ball is repeated"),
    (exercises.check_ball, cycled, "repeated in turn"),
    (exercises.check_ball, filled(0), "row 0 of the cloud"),
    (exercises.check_ball, filled(-1), "-1 fills up"),
    (exercises.check_ball, lambda p, c, r, n: ball(p, c, r + 1e-9, n), "exactly the radius"),
    (exercises.check_ball, lambda p, c, r, n: ball(p, c, r**0.5, n), "square the radius"),
    (exercises.check_ball, zero_where_empty, "where the ball is empty"),
    (exercises.check_ball, lambda p, c, r, n: ball_from(inside(p, c, r), n), "Perhaps the ball is empty here"),
    (exercises.check_ball, unpadded, "return `count` rows"),
    (exercises.check_ball, lambda p, c, r, n: p[ball(p, c, r, n)], "these are coordinates"),
    (exercises.check_weights, lambda s: rows_of_one(1 / s), "infinity divided by infinity"),
    (exercises.check_weights, lambda s: np.nan_to_num(rows_of_one(1 / s)), "it must count alone"),
    (exercises.check_weights, lambda s: rows_of_one(np.sqrt(inverse(s))), "inverse to its square"),
    (exercises.check_weights, lambda s: rows_of_one(inverse(s) ** 2), "squared again"),
    (exercises.check_weights, rows_of_one, "grow with the distance"),
    (exercises.check_weights, inverse, "divide each by its sum"),
    (exercises.check_weights, lambda s: inverse(s) / inverse(s).sum(axis=1), "use keepdims=True"),
    (exercises.check_weights, lambda s: inverse(s) / inverse(s).sum(axis=0), "the columns add up"),
    (exercises.check_weights, lambda s: inverse(s) / inverse(s).sum(), "all weights together"),
    (exercises.check_weights, lambda s: rows_of_one(1 / (s + 1)), "flattens the weights"),
    (exercises.check_radius, lambda p: 0.2, "One radius suits one density"),
    (exercises.check_radius, lambda p: 4 / len(p) ** 0.5, "a cloud needs a radius scaled by 2.0"),
    (exercises.check_radius, radius_of_volume, "with the square of the radius, not with its cube"),
    (exercises.check_radius, lambda p: 2 * radius(p), "are accepted"),
    (exercises.check_radius, lambda p: np.sort(distances(p), axis=1)[:, 15], "one radius for the whole cloud"),
    (exercises.check_radius, lambda p: -radius(p), "positive and finite"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
