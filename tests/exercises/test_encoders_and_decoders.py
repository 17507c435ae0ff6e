"""The right answers pass; each known mistake is met with its own explanation."""

from itertools import product

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib.exercises import encoders_and_decoders as exercises


def guess(value, place):
    if value == 0:
        return np.zeros(4)
    return np.array([0.0] * place + [1.0] + [0.5] * (3 - place))


def guess_by_counting(value, place):
    """Average all windows with this maximum, first at this place."""
    windows = [w for w in product((0, 1), repeat=4) if max(w) == value and w.index(value) == place]
    return np.mean(windows, axis=0)


def unet_output(size, depth):
    for _ in range(depth):
        size = size - 4
        if size % 2:
            return 0
        size = size // 2
    size = size - 4
    for _ in range(depth):
        size = 2 * size - 4
    return max(size, 0)


def unet_output_by_recursion(size, depth):
    if depth == 0:
        return max(size - 4, 0)
    if size % 2 or size < 5:
        return 0
    below = unet_output_by_recursion((size - 4) // 2, depth - 1)
    return max(2 * below - 4, 0) if below else 0


def unet(size, depth, down=4, bottom=4, up=4):
    for _ in range(depth):
        size -= down
        if size % 2:
            return 0
        size //= 2
    size -= bottom
    for _ in range(depth):
        size = 2 * size - up
    return max(size, 0)


def rounded(size, depth):
    for _ in range(depth):
        size = (size - 4) // 2
    size -= 4
    for _ in range(depth):
        size = 2 * size - 4
    return max(size, 0)


def below_nothing(size, depth):
    for _ in range(depth):
        size -= 4
        if size % 2:
            return 0
        size //= 2
    size -= 4
    for _ in range(depth):
        size = 2 * size - 4
    return size


def bottom(size, depth):
    for _ in range(depth):
        size = (size - 4) // 2
    return size - 4


def joint(kernel):
    return np.vstack([kernel, np.eye(kernel.shape[1])])


def joint_by_trying(kernel):
    """Send one channel after the other through projecting and adding."""
    size, scores = kernel.shape
    rows = []
    for channel in np.eye(size + scores):
        rows.append(channel[:size] @ kernel + channel[size:])
    return rows


SOLUTIONS = [
    (exercises.check_guess, guess),
    (exercises.check_guess, guess_by_counting),
    (exercises.check_unet_output, unet_output),
    (exercises.check_unet_output, unet_output_by_recursion),
    (exercises.check_joint_kernel, joint),
    (exercises.check_joint_kernel, joint_by_trying),
]
MISTAKES = [
    (exercises.check_guess, lambda v, p: v * np.eye(4)[p], "this is the unpooled window"),
    (exercises.check_guess, lambda v, p: v * np.maximum(np.eye(4)[p], 0.5), "would have come first"),
    (exercises.check_guess, lambda v, p: guess(v, 3 - p)[::-1], "before and after are mixed up"),
    (exercises.check_guess, lambda v, p: guess(1, p), "with a maximum of 0 no pixel is 1"),
    (exercises.check_guess, lambda v, p: np.ceil(guess(v, p)), "this says that all pixels after"),
    (exercises.check_guess, lambda v, p: np.full(4, v * 8 / 15), "this uses the maximum alone"),
    (exercises.check_guess, lambda v, p: np.full(4, 0.5), "whatever was told"),
    (exercises.check_guess, lambda v, p: v, "one number for each of the four pixels"),
    (exercises.check_guess, lambda v, p: 2 * guess(v, p), "gives 2 at [1]; 1 is expected"),
    (exercises.check_unet_output, lambda s, d: unet(s, d, bottom=0), "at the bottom are missing"),
    (exercises.check_unet_output, lambda s, d: unet(s, d, up=0), "only one half loses pixels here"),
    (exercises.check_unet_output, lambda s, d: unet(s, d, down=0), "only one half loses pixels here"),
    (exercises.check_unet_output, lambda s, d: unet(s, d, 2, 2, 2), "two convolutions on each level"),
    (exercises.check_unet_output, rounded, "an odd size is rounded here"),
    (exercises.check_unet_output, lambda s, d: 0 if s % 2**d else unet(s, d), "but each map that is pooled"),
    (exercises.check_unet_output, lambda s, d: s - 12 * 2**d + 8, "would have to be pooled here"),
    (exercises.check_unet_output, below_nothing, "when nothing is left"),
    (exercises.check_unet_output, bottom, "this is the size at the bottom"),
    (exercises.check_unet_output, lambda s, d: s, "this is the size with padding"),
    (exercises.check_unet_output, lambda s, d: unet(s, d) + 1, "gives 61; 60 is expected"),
    (exercises.check_joint_kernel, lambda k: np.vstack([np.eye(k.shape[1]), k]), "belong on top"),
    (exercises.check_joint_kernel, lambda k: np.vstack([k, k]), "d goes through `kernel` here"),
    (exercises.check_joint_kernel, lambda k: np.vstack([k, k[: k.shape[1]]]), "gives 2 at [3, 0]; 1 is expected"),
    (exercises.check_joint_kernel, lambda k: np.vstack([k, 0 * k]), "d has as many as there are scores"),
    (
        exercises.check_joint_kernel,
        lambda k: np.vstack([k, np.ones((k.shape[1], k.shape[1]))]),
        "belongs to score i alone",
    ),
    (exercises.check_joint_kernel, lambda k: np.vstack([k, 0 * np.eye(k.shape[1])]), "its weights are 0"),
    (exercises.check_joint_kernel, lambda k: joint(k).T, "this is transposed"),
    (exercises.check_joint_kernel, lambda k: joint(k)[None, None], "leave out the two axes of its window"),
    (exercises.check_joint_kernel, lambda k: k, "these are the weights for e alone"),
    (exercises.check_joint_kernel, lambda k: np.hstack([k, k]), "not side by side"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
