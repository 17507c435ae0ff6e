"""The right answers pass; each known mistake is met with its own explanation."""

import itertools

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import whole_rooms as exercises


def reads(shape, window):
    """Slide, and count."""
    counts = np.zeros(shape)
    for x in range(shape[0] - window + 1):
        for y in range(shape[1] - window + 1):
            counts[x : x + window, y : y + window] += 1
    return counts


def reads_by_formula(shape, window):
    def along(size):
        i = np.arange(size)
        return np.minimum(i, size - window) - np.maximum(i - window + 1, 0) + 1

    return np.outer(along(shape[0]), along(shape[1]))


def reads_with_border(shape, window):
    reach = window // 2
    counts = np.zeros(shape)
    for x, y in np.ndindex(*shape):
        counts[max(x - reach, 0) : x + reach + 1, max(y - reach, 0) : y + reach + 1] += 1
    return counts


def reads_without_last(shape, window):
    counts = np.zeros(shape)
    for x in range(shape[0] - window):
        for y in range(shape[1] - window):
            counts[x : x + window, y : y + window] += 1
    return counts


def reads_added(shape, window):
    one = [reads((size, 1), window) if window == 1 else reads_by_formula((size, window), window) for size in shape]
    return one[0][:, 0][:, None] + one[1][:, 0]


def middles(shape, window):
    reach = window // 2
    counts = np.zeros(shape)
    counts[reach : shape[0] - reach, reach : shape[1] - reach] = 1
    return counts


def dilations(layers):
    spread, result = 1, []
    for stride, dilation in layers:
        result.append(dilation * spread)
        spread *= stride
    return result


def dilations_if(change):
    """The strides before each layer, turned into dilations by `change(own stride, own dilation, strides before)`."""

    def answer(layers):
        return [change(s, d, [t for t, _ in layers[:n]]) for n, (s, d) in enumerate(layers)]

    return answer


def widths(dilations):
    """The width of each layer's map, backwards from one voxel."""
    width, result = 1, []
    for dilation in reversed(dilations):
        result.append(width)
        width += 2 * dilation
    return result[::-1]


def ratio(dilations, side, power=3, of=widths):
    work = sum(width**power for width in of(dilations))
    return side**power * work / sum((side - 1 + width) ** power for width in of(dilations))


def ratio_without_margin(dilations, side):
    return sum(width**3 for width in widths(dilations)) / len(dilations)


def mean_of_ratios(dilations, side):
    each = [(side * width / (side - 1 + width)) ** 3 for width in widths(dilations)]
    return sum(each) / len(each)


def inputs_of(dilations):
    return [width + 2 * dilation for width, dilation in zip(widths(dilations), dilations, strict=True)]


def tiled(network, plan, tile, reach):
    """Shorter tiles at the ends."""
    step, (height, width) = tile - 2 * reach, (size - 2 * reach for size in plan.shape)
    result = np.empty((height, width))
    for x, y in itertools.product(range(0, height, step), range(0, width, step)):
        answer = network(plan[x : x + tile, y : y + tile])
        result[x : x + len(answer), y : y + answer.shape[1]] = answer
    return result


def tiled_from_the_end(network, plan, tile, reach):
    """Tiles of one size, the last of them moved back."""
    tile_x, tile_y = (min(tile, size) for size in plan.shape)

    def starts(size, length):
        return [min(start, size - length) for start in range(0, size - 2 * reach, length - 2 * reach)]

    result = np.empty([size - 2 * reach for size in plan.shape])
    for x in starts(plan.shape[0], tile_x):
        for y in starts(plan.shape[1], tile_y):
            answer = network(plan[x : x + tile_x, y : y + tile_y])
            result[x : x + answer.shape[0], y : y + answer.shape[1]] = answer
    return result


def seams(network, plan, tile, reach):
    """Every tile is surrounded by zeros."""
    step = tile - 2 * reach
    inner = plan[reach : len(plan) - reach, reach : plan.shape[1] - reach]
    result = np.empty(inner.shape)
    for x, y in itertools.product(range(0, inner.shape[0], step), range(0, inner.shape[1], step)):
        piece = np.pad(inner[x : x + step, y : y + step], reach)
        result[x : x + step, y : y + step] = network(piece)
    return result


def no_rest(network, plan, tile, reach):
    step, result = tile - 2 * reach, np.zeros([size - 2 * reach for size in plan.shape])
    for x in range(0, len(result) - step + 1, step):
        for y in range(0, result.shape[1] - step + 1, step):
            result[x : x + step, y : y + step] = network(plan[x : x + tile, y : y + tile])
    return result


def window_by_window(network, plan, tile, reach):
    result, side = np.empty([size - 2 * reach for size in plan.shape]), 2 * reach + 1
    for x, y in np.ndindex(*result.shape):
        result[x, y] = network(plan[x : x + side, y : y + side])[0, 0]
    return result


def moved(network, plan, tile, reach):
    right = tiled(network, plan, tile, reach)
    result = np.zeros(right.shape)
    result[reach:, reach:] = right[:-reach, :-reach]
    return result


def all_at_once(network, plan, tile, reach):
    return network(plan)


SOLUTIONS = [
    (exercises.check_reads, reads),
    (exercises.check_reads, reads_by_formula),
    (exercises.check_dilations, dilations),
    (exercises.check_dilations, dilations_if(lambda s, d, before: d * int(np.prod(before)))),
    (exercises.check_ratio, ratio),
    (exercises.check_tiles, tiled),
    (exercises.check_tiles, tiled_from_the_end),
]

MISTAKES = [
    (exercises.check_reads, lambda shape, window: np.full(shape, window**2), "as if it were in the middle"),
    (exercises.check_reads, reads_with_border, "stick out of the room"),
    (exercises.check_reads, reads_without_last, "the last window is missing"),
    (exercises.check_reads, reads_added, "are added here"),
    (exercises.check_reads, middles, "it asks for those that read it"),
    (
        exercises.check_reads,
        lambda shape, window: np.ones([size - window + 1 for size in shape]),
        "a number for each window",
    ),
    (exercises.check_dilations, dilations_if(lambda s, d, before: d * s * int(np.prod(before))), "own stride"),
    (exercises.check_dilations, dilations_if(lambda s, d, before: d * (sum(before) or 1)), "strides multiply"),
    (exercises.check_dilations, dilations_if(lambda s, d, before: int(np.prod(before))), "own dilations are lost"),
    (exercises.check_dilations, dilations_if(lambda s, d, before: d * [1, *before][-1]), "just before"),
    (exercises.check_dilations, dilations_if(lambda s, d, before: d + int(np.prod(before))), "not added"),
    (exercises.check_dilations, lambda layers: dilations(layers[::-1])[::-1], "the strides after a layer"),
    (exercises.check_ratio, lambda dilations, side: ratio(dilations, side, 2), "the ratio for columns"),
    (exercises.check_ratio, lambda dilations, side: (1 + 2 * sum(dilations)) ** 3, "is read"),
    (exercises.check_ratio, ratio_without_margin, "has a margin, too"),
    (exercises.check_ratio, lambda dilations, side: ratio(dilations, side, of=inputs_of), "of the layers' inputs"),
    (exercises.check_ratio, lambda dilations, side: ratio(dilations[::-1], side), "from the wrong end"),
    (exercises.check_ratio, mean_of_ratios, "the average of the layers' ratios"),
    (exercises.check_tiles, seams, "these are seams"),
    (exercises.check_tiles, no_rest, "do not reach the end of the plan"),
    (exercises.check_tiles, window_by_window, "the network is called 160 times; 6 tiles are enough"),
    (exercises.check_tiles, moved, "Everything is moved by 2 voxels"),
    (exercises.check_tiles, all_at_once, "a tile is 10 x 10 at most"),
    (exercises.check_tiles, lambda network, plan, tile, reach: plan, "its margin is not predicted"),
    (exercises.check_tiles, lambda network, plan, tile, reach: plan[:3], "is expected"),
    (exercises.check_tiles, lambda network, plan, tile, reach: network(plan[:2, :2]), "sees 5 along each axis"),
    (exercises.check_tiles, "network", "a function is expected here"),
]

test_solutions, test_mistakes, test_starter = verdict_tests(exercises, SOLUTIONS, MISTAKES)
