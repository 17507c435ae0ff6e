"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from scipy.ndimage import shift
from scipy.special import log_softmax, logsumexp
from verdicts import verdict_tests

from pcfilter_lib.exercises import a_first_classifier as exercises


def losses(logits, labels):
    return -log_softmax(logits, axis=1)[np.arange(len(labels)), labels]


def softmax(logits, axis=1):
    return np.exp(logits) / np.exp(logits).sum(axis=axis, keepdims=True)


def right_ones(values, labels):
    return values[np.arange(len(labels)), labels]


def naive(logits, labels):
    return -np.log(right_ones(softmax(logits), labels)).mean()


def clipped(logits, labels):
    moved = logits - logits.max(axis=1, keepdims=True)
    return -np.log(np.clip(right_ones(softmax(moved), labels), 1e-7, 1)).mean()


def without_logarithm_of_one(logits, labels):
    """The sum over classes of target times logarithm, with zeros that meet minus infinity."""
    moved = logits - logits.max(axis=1, keepdims=True)
    return -(np.eye(logits.shape[1])[labels] * np.log(softmax(moved))).sum(axis=1).mean()


def forgot_to_move(logits, labels):
    moved = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(moved).sum(axis=1)) - right_ones(logits, labels)).mean()


def moved_by(what, logits, labels):
    moved = logits - what
    return (np.log(np.exp(moved).sum(axis=1)) - right_ones(moved, labels)).mean()


def moved_right_one_missing(logits, labels):
    moved = logits - logits.max(axis=1, keepdims=True)
    return (np.log(np.exp(moved).sum(axis=1)) + logits.max(axis=1)).mean()


def split(labels, share, seed, *, generator=None, choose=None, count=round):
    random = np.random.default_rng(seed) if generator is None else generator
    held_out = []
    for c in np.unique(labels):
        places = np.flatnonzero(labels == c)
        number = count(share * len(places))
        held_out += list((choose or (lambda p, n: random.choice(p, n, replace=False)))(places, number))
    held_out = np.array(held_out, dtype=int)
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def by_shuffling_first(labels, share, seed):
    """Shuffle everything, then take the first ones of each class: lists of plain numbers."""
    order = np.random.default_rng(seed).permutation(len(labels))
    taken = {c: 0 for c in set(labels)}
    rest, held_out = [], []
    for i in order:
        c = labels[i]
        wanted = round(share * np.count_nonzero(labels == c))
        (held_out if taken[c] < wanted else rest).append(int(i))
        taken[c] += 1
    return rest, held_out


def plain(labels, share, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    number = round(share * len(labels))
    return order[number:], order[:number]


def seeded_in_the_loop(labels, share, seed):
    return split(labels, share, seed, choose=lambda p, n: np.random.default_rng(seed).choice(p, n, replace=False))


def overlapping(labels, share, seed):
    return np.arange(len(labels)), split(labels, share, seed)[1]


def put_back(labels, share, seed):
    random = np.random.default_rng(seed)
    return split(labels, share, seed, choose=lambda p, n: random.choice(p[:1], n))


def places_in_class(labels, share, seed):
    random, rest, held_out = np.random.default_rng(seed), [], []
    for c in np.unique(labels):
        order = random.permutation(np.count_nonzero(labels == c))
        number = round(share * len(order))
        held_out, rest = held_out + list(order[:number]), rest + list(order[number:])
    return rest, held_out


def up_to_nine(labels, share, seed):
    held_out = split(labels, share, seed)[1]
    held_out = held_out[labels[held_out] < 10]
    return np.setdiff1d(np.arange(len(labels)), held_out), held_out


def forgetful(labels, share, seed):
    rest, held_out = split(labels, share, seed)
    return rest[1:], held_out


def masks(labels, share, seed):
    held_out = np.isin(np.arange(len(labels)), split(labels, share, seed)[1])
    return ~held_out, held_out


_anywhere = np.random.default_rng(0)


def moved(images, down, right, *, mode="constant"):
    return shift(images, (0, down, right), order=0, mode=mode)


def by_ranges(images, down, right):
    """Where it goes and where it comes from, both cut at the edges."""
    _, H, W = images.shape
    result = np.zeros_like(images)
    if abs(down) < H and abs(right) < W:
        to_rows, to_columns = slice(max(down, 0), H + min(down, 0)), slice(max(right, 0), W + min(right, 0))
        rows, columns = slice(max(-down, 0), H + min(-down, 0)), slice(max(-right, 0), W + min(-right, 0))
        result[:, to_rows, to_columns] = images[:, rows, columns]
    return result


def positive_only(images, down, right):
    _, H, W = images.shape
    result = np.zeros_like(images)
    result[:, down:, right:] = images[:, : H - down, : W - right]
    return result


def slices_to_minus(images, down, right):
    result = np.zeros_like(images)
    result[:, down:, right:] = images[:, :-down, :-right]
    return result


def within_the_picture(images, down, right):
    H, W = images.shape[1:]
    to_rows, to_columns = slice(max(down, 0), H + min(down, 0)), slice(max(right, 0), W + min(right, 0))
    rows, columns = slice(max(-down, 0), H - max(down, 0)), slice(max(-right, 0), W - max(right, 0))
    result = np.zeros_like(images)
    result[:, to_rows, to_columns] = images[:, rows, columns]
    return result


def grown(images, down, right):
    return np.pad(images, ((0, 0), (max(down, 0), max(-down, 0)), (max(right, 0), max(-right, 0))))


SOLUTIONS = [
    (exercises.check_loss, lambda u, t: losses(u, t).mean()),
    (exercises.check_loss, lambda u, t: np.mean(logsumexp(u, axis=1) - right_ones(u, t))),
    (exercises.check_loss, lambda u, t: np.float32(losses(u, t).mean())),
    (exercises.check_split, split),
    (exercises.check_split, by_shuffling_first),
    (exercises.check_shift, moved),
    (exercises.check_shift, by_ranges),
]
MISTAKES = [
    (exercises.check_loss, naive, "infinity is divided by infinity"),
    (exercises.check_loss, without_logarithm_of_one, "or multiplied by 0"),
    (exercises.check_loss, lambda u, t: -np.log(right_ones(softmax(u - u.max(axis=1)[:, None]), t)).mean(), "infinite"),
    (exercises.check_loss, clipped, "a loss is clipped"),
    (exercises.check_loss, losses, "their mean is expected"),
    (exercises.check_loss, lambda u, t: losses(u, t).sum(), "this is the sum over the examples"),
    (exercises.check_loss, lambda u, t: -losses(u, t).mean(), "the sign is missing"),
    (exercises.check_loss, lambda u, t: losses(u, t).mean() / np.log(2), "to the base 2"),
    (exercises.check_loss, lambda u, t: losses(u, t).mean() / np.log(10), "to the base 10"),
    (exercises.check_loss, lambda u, t: losses(u, t).sum() / u.size, "the mean over classes, too"),
    (
        exercises.check_loss,
        lambda u, t: -right_ones(log_softmax(u, axis=0), t).mean(),
        "softmax runs over the examples",
    ),
    (exercises.check_loss, lambda u, t: -right_ones(u, t).mean(), "the logarithm of the sum is missing"),
    (
        exercises.check_loss,
        lambda u, t: (u.max(axis=1) - right_ones(u, t)).mean(),
        "the logarithm of the sum is missing",
    ),
    (exercises.check_loss, moved_right_one_missing, "the logit of the right class is missing"),
    (exercises.check_loss, forgot_to_move, "must come off the right class's logit, too"),
    (exercises.check_loss, lambda u, t: right_ones(softmax(u), t).mean(), "its logarithm is missing"),
    (exercises.check_loss, lambda u, t: moved_by(u.max(axis=0), u, t), "take it along the classes"),
    (exercises.check_loss, lambda u, t: moved_by(u.mean(axis=1)[:, None], u, t), "a power that is too large"),
    (exercises.check_loss, lambda u, t: np.mean(logsumexp(u, axis=1) - u[:, t].mean(axis=1)), "logits[:, labels]"),
    (exercises.check_loss, lambda u, t: -np.log(np.exp(-losses(u, t)).mean()), "the logarithm of the mean"),
    (exercises.check_loss, lambda u, t: u, "has the shape (2, 2); one number is expected"),
    (exercises.check_split, plain, "the right number in all, but not of each class"),
    (exercises.check_split, lambda y, s, seed: split(y, s, seed, choose=lambda p, n: p[:n]), "the first of each class"),
    (
        exercises.check_split,
        lambda y, s, seed: split(y, s, seed, choose=lambda p, n: p[len(p) - n :]),
        "the last of each class",
    ),
    (exercises.check_split, lambda y, s, seed: split(y, s, seed)[::-1], "the two are exchanged"),
    (exercises.check_split, seeded_in_the_loop, "make the generator once, before the loop"),
    (exercises.check_split, lambda y, s, seed: split(y, s, 7), "another seed gave the same split"),
    (exercises.check_split, lambda y, s, seed: split(y, s, 7, generator=_anywhere), "belongs into the function"),
    (exercises.check_split, overlapping, "indices are in both"),
    (exercises.check_split, put_back, "draw without putting back"),
    (exercises.check_split, forgetful, "indices are in neither"),
    (exercises.check_split, masks, "np.flatnonzero turns one into the other"),
    (exercises.check_split, lambda y, s, seed: split(y, s, seed, count=int), "the number is cut off"),
    (exercises.check_split, lambda y, s, seed: [y[part] for part in split(y, s, seed)], "these are the labels"),
    (exercises.check_split, places_in_class, "these are places within each class"),
    (exercises.check_split, up_to_nine, "of class 12"),
    (exercises.check_split, lambda y, s, seed: split(y, 1 - s, seed, count=lambda n: int(n / 2)), "of class"),
    (exercises.check_split, lambda y, s, seed: split(y, s, seed)[1], "should end with: return rest, held_out"),
    (
        exercises.check_split,
        lambda y, s, seed: tuple(part + 1 for part in split(y, s, seed)),
        "indices 0 to 5 are expected",
    ),
    (exercises.check_shift, lambda x, d, r: np.roll(x, (d, r), (1, 2)), "comes in on the other: put zeros there"),
    (exercises.check_shift, lambda x, d, r: moved(x, -d, -r), "it moves the other way"),
    (exercises.check_shift, lambda x, d, r: moved(x, d, -r), "it moves the other way"),
    (exercises.check_shift, lambda x, d, r: moved(x, r, d), "down and right are exchanged"),
    (exercises.check_shift, lambda x, d, r: moved(x, d, 0), "right is not used"),
    (exercises.check_shift, lambda x, d, r: x.copy(), "down is not used"),
    (exercises.check_shift, lambda x, d, r: moved(x, d, r, mode="nearest"), "the pixels at the edge are repeated"),
    (exercises.check_shift, positive_only, "could not broadcast"),
    (exercises.check_shift, slices_to_minus, "ends at -0 is empty"),
    (exercises.check_shift, within_the_picture, "larger than the picture was forgotten"),
    (exercises.check_shift, grown, "the pictures grow"),
    (exercises.check_shift, lambda x, d, r: x[:, abs(d) :, abs(r) :], "the pictures shrink"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_the_references_agree_with_scipy():
    for inputs in exercises._LOGITS:
        np.testing.assert_allclose(exercises._losses(*inputs.values()), losses(*inputs.values()), atol=1e-12)
    for inputs in exercises._SHIFTS:
        np.testing.assert_array_equal(exercises._shifted(*inputs.values()), moved(*inputs.values()))
