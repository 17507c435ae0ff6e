"""The checks of the chapter *A first classifier*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of, number


@exercise(solved="the mean cross-entropy, for small logits and for very large ones.")
def check_loss(answer: Callable) -> None:
    """Check ``answer(logits, labels)``, the mean cross-entropy of logits (N, C) and labels (N,)."""
    for inputs in _LOGITS:
        logits, labels = inputs.values()
        what = call_text(answer, inputs)
        got = as_numbers(call(answer, **inputs), what)
        expected = _losses(logits, labels).mean()
        if got.shape == labels.shape and len(labels) > 1:
            raise NotYet(f"{what} gives one loss for each example; their mean is expected.")
        if got.size != 1:
            raise NotYet(f"{what} has the shape {got.shape}; one number is expected.")
        got = got.reshape(())
        if not np.isfinite(got):
            cause = (
                "infinity is divided by infinity, or multiplied by 0: which step makes an infinity?"
                if np.isnan(got)
                else "the result is infinite: which step takes the logarithm of 0, or a power that is too large?"
            )
            raise NotYet(f"{cause}\n{what} gives {number(float(got))}; {number(expected)} is expected.")
        compare(got, expected, what=what, mistakes=[(text, _bound(wrong, inputs)) for text, wrong in _OTHER_LOSSES])


@exercise(solved="every class gives its share, at random, and nothing is in both.")
def check_split(answer: Callable) -> None:
    """Check ``answer(labels, share, seed)``, the indices that stay and those that are held out, class by class."""
    chosen = []
    for inputs in _LABELS:
        labels, share, _ = inputs.values()
        what = call_text(answer, inputs)
        rest, held_out = _indices(answer, inputs, what)
        _no_labels(rest, held_out, labels)
        _whole(rest, held_out, len(labels), what)
        _shares(labels, share, rest, held_out, what)
        again = _indices(answer, inputs, what)
        if not (np.array_equal(again[0], rest) and np.array_equal(again[1], held_out)):
            raise NotYet("the same seed gave another split: np.random.default_rng(seed) belongs into the function.")
        chosen.append(held_out)
    labels, share, seed = _LABELS[-1].values()
    what = call_text(answer, _LABELS[-1])
    other = _indices(answer, {"labels": labels, "share": share, "seed": seed + 1}, what)[1]
    if set(other) == set(chosen[-1]):
        _not_random(labels, chosen[-1])
        raise NotYet("another seed gave the same split: which random generator do you use?")
    places = [set(np.flatnonzero(np.isin(np.flatnonzero(labels == c), chosen[-1]))) for c in np.unique(labels)]
    if all(each == places[0] for each in places):
        raise NotYet("the same places in each class were chosen: make the generator once, before the loop.")


@exercise(solved="nothing comes back in on the other side.")
def check_shift(answer: Callable) -> None:
    """Check ``answer(images, down, right)``, the images (N, H, W) moved, with zeros where nothing is known."""
    compare_on(
        _SHIFTS,
        answer,
        reference=_shifted,
        mistakes=[
            (
                "what leaves on one side comes in on the other: put zeros there.",
                lambda x, d, r: np.roll(x, (d, r), (1, 2)),
            ),
            ("it moves the other way: positive is down and to the right.", lambda x, d, r: _shifted(x, -d, -r)),
            ("down and right are exchanged: rows are the axis before the last.", lambda x, d, r: _shifted(x, r, d)),
            ("down is not used.", lambda x, d, r: _shifted(x, 0, r)),
            ("right is not used.", lambda x, d, r: _shifted(x, d, 0)),
            (
                "the pixels at the edge are repeated: zeros are expected.",
                lambda x, d, r: _shifted(np.pad(x, ((0, 0), (9, 9), (9, 9)), mode="edge"), d, r)[:, 9:-9, 9:-9],
            ),
            (
                "the pictures themselves are shifted, the first axis: it counts them.",
                lambda x, d, r: np.roll(x, d, axis=0),
            ),
            (
                "a slice that ends at -0 or begins below 0 is empty, or counts from the end.",
                lambda x, d, r: _by_slices(x, d, r),
            ),
            ("a slice that ends at -0 is empty.", _up_to_minus),
            ("a shift that is larger than the picture was forgotten: cut it off at H and W.", _by_ranges),
        ],
        shapes=[
            (
                "the pictures grow: what leaves is lost.",
                lambda x, d, r: (len(x), x.shape[1] + abs(d), x.shape[2] + abs(r)),
            ),
            (
                "the pictures shrink: zeros come in.",
                lambda x, d, r: (len(x), max(x.shape[1] - abs(d), 0), max(x.shape[2] - abs(r), 0)),
            ),
        ],
    )


def _bound(wrong: Callable, inputs: dict) -> Callable:
    return lambda: wrong(*inputs.values())


def _losses(logits: np.ndarray, labels: np.ndarray, axis: int = 1) -> np.ndarray:
    moved = logits - logits.max(axis=axis, keepdims=True)
    logarithms = np.log(np.exp(moved).sum(axis=axis, keepdims=True)) - moved
    return logarithms[np.arange(len(labels)), labels]


def _clipped(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return np.minimum(_losses(logits, labels), -np.log(1e-7))


_OTHER_LOSSES = [
    ("this is the sum over the examples; the mean is expected.", lambda u, t: _losses(u, t).sum()),
    ("the sign is missing: the logarithm of a probability is negative.", lambda u, t: -_losses(u, t).mean()),
    (
        "this is the logarithm to the base 2; the natural one is expected.",
        lambda u, t: _losses(u, t).mean() / np.log(2),
    ),
    (
        "this is the logarithm to the base 10; the natural one is expected.",
        lambda u, t: _losses(u, t).mean() / np.log(10),
    ),
    (
        "this is the mean over classes, too: the sum over classes has one term.",
        lambda u, t: _losses(u, t).mean() / u.shape[1],
    ),
    (
        "softmax runs over the examples; each example is one distribution, axis 1.",
        lambda u, t: _losses(u, t, axis=0).mean(),
    ),
    (
        "each example has a largest logit of its own: take it along the classes, axis 1.",
        lambda u, t: (np.log(np.exp(u - u.max(axis=0)).sum(axis=1)) - (u - u.max(axis=0))[np.arange(len(t)), t]).mean(),
    ),
    (
        "each example needs the logit of its own label: logits[:, labels] takes every label for every example.",
        lambda u, t: _losses(u, t).mean() + u[np.arange(len(t)), t].mean() - u[:, t].mean(),
    ),
    ("the logarithm of the sum is missing.", lambda u, t: -u[np.arange(len(t)), t].mean()),
    (
        "the logarithm of the sum is missing: what was subtracted from the logits is no substitute.",
        lambda u, t: (u.max(axis=1) - u[np.arange(len(t)), t]).mean(),
    ),
    (
        "the logit of the right class is missing.",
        lambda u, t: (np.log(np.exp(u - u.max(axis=1, keepdims=True)).sum(axis=1)) + u.max(axis=1)).mean(),
    ),
    (
        "what you subtracted from the logits must come off the right class's logit, too.",
        lambda u, t: (np.log(np.exp(u - u.max(axis=1, keepdims=True)).sum(axis=1)) - u[np.arange(len(t)), t]).mean(),
    ),
    ("the probability itself is returned; its logarithm is missing.", lambda u, t: np.exp(-_losses(u, t)).mean()),
    ("a loss is clipped: a very wrong example costs more.", lambda u, t: _clipped(u, t).mean()),
    (
        "the logarithm comes before the mean: this is the logarithm of the mean.",
        lambda u, t: -np.log(np.exp(-_losses(u, t)).mean()),
    ),
]


def _indices(answer: Callable, inputs: dict, what: str) -> list[np.ndarray]:
    result = call(answer, **inputs)
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotYet(f"{name_of(answer)} should end with: return rest, held_out")
    found = []
    for each, name in zip(result, ("rest", "held_out"), strict=True):
        array = as_numbers(each if np.size(each) else np.zeros(0, int), f"{name} of {what}")
        if array.ndim != 1:
            raise NotYet(f"{name} has the shape {array.shape}; a row of indices is expected.")
        if array.dtype.kind == "b":
            raise NotYet(f"{name} holds True and False; indices are expected: np.flatnonzero turns one into the other.")
        found.append(array)
    return found


def _no_labels(rest: np.ndarray, held_out: np.ndarray, labels: np.ndarray) -> None:
    """Recognise the labels themselves, and the places within each class."""
    both = np.sort(np.concatenate([rest, held_out]))
    if np.array_equal(both, np.sort(labels)):
        raise NotYet("these are the labels of the examples; their indices are expected.")
    within = np.concatenate([np.arange(np.count_nonzero(labels == c)) for c in np.unique(labels)])
    if np.array_equal(both, np.sort(within)):
        raise NotYet("these are places within each class: np.flatnonzero(labels == c) says where they are in labels.")


def _whole(rest: np.ndarray, held_out: np.ndarray, count: int, what: str) -> None:
    """Both together must be each index once."""
    both = np.concatenate([rest, held_out])
    if set(both) - set(range(count)):
        raise NotYet(
            f"{what} gives {number(max(set(both) - set(range(count))))}: indices 0 to {count - 1} are expected."
        )
    for part, name in ((rest, "rest"), (held_out, "held_out")):
        if len(set(part)) < len(part):
            raise NotYet(f"an index is in {name} more than once: draw without putting back.")
    if common := set(rest) & set(held_out):
        raise NotYet(f"{len(common)} of {count} indices are in both: what is trained on cannot test.")
    if missing := set(range(count)) - set(both):
        raise NotYet(f"{len(missing)} of {count} indices are in neither of the two.")


def _shares(labels: np.ndarray, share: float, rest: np.ndarray, held_out: np.ndarray, what: str) -> None:
    wanted = {c: round(share * np.count_nonzero(labels == c)) for c in np.unique(labels)}
    found = {c: np.count_nonzero(labels[held_out] == c) for c in wanted}
    if found == wanted:
        return
    if {c: np.count_nonzero(labels[rest] == c) for c in wanted} == wanted:
        raise NotYet("the two are exchanged: return rest, held_out.")
    c = next(c for c in wanted if found[c] != wanted[c])
    report = f"{what} holds out {found[c]} of class {c}; {wanted[c]} of {np.count_nonzero(labels == c)} are expected."
    if len(held_out) == round(share * len(labels)):
        raise NotYet(f"this is the right number in all, but not of each class.\n{report}")
    if all(found[c] == int(share * np.count_nonzero(labels == c)) for c in wanted):
        raise NotYet(f"the number is cut off: round it.\n{report}")
    raise NotYet(report)


def _not_random(labels: np.ndarray, held_out: np.ndarray) -> None:
    """Recognise the first or the last of each class."""
    places = {c: np.flatnonzero(labels == c) for c in np.unique(labels)}
    chosen = {c: set(held_out[labels[held_out] == c]) for c in places}
    for text, part in (("first", lambda p, n: p[:n]), ("last", lambda p, n: p[len(p) - n :])):
        if all(set(part(places[c], len(chosen[c]))) == chosen[c] for c in places):
            raise NotYet(f"the {text} of each class are held out: choose at random.")


def _shifted(images: np.ndarray, down: int, right: int) -> np.ndarray:
    _, H, W = images.shape
    result = np.zeros_like(images)
    for i, j in np.ndindex(H, W):
        if 0 <= i - down < H and 0 <= j - right < W:
            result[:, i, j] = images[:, i - down, j - right]
    return result


def _by_slices(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Right for positive shifts only."""
    _, H, W = images.shape
    result = np.zeros_like(images)
    result[:, down:, right:] = images[:, : H - down, : W - right]
    return result


def _up_to_minus(images: np.ndarray, down: int, right: int) -> np.ndarray:
    result = np.zeros_like(images)
    result[:, down:, right:] = images[:, :-down, :-right]
    return result


def _by_ranges(images: np.ndarray, down: int, right: int) -> np.ndarray:
    """Right for shifts that are smaller than the picture."""
    _, H, W = images.shape
    result = np.zeros_like(images)
    result[:, max(down, 0) : H + min(down, 0), max(right, 0) : W + min(right, 0)] = images[
        :, max(-down, 0) : H - max(down, 0), max(-right, 0) : W - max(right, 0)
    ]
    return result


_random = np.random.default_rng(5)
_LOGITS = [
    {"logits": np.array([[0.0, 0.0], [0.0, 2.0]]), "labels": np.array([0, 1])},
    {"logits": _random.integers(-9, 10, size=(3, 5)) / 2, "labels": np.array([4, 0, 2])},
    {"logits": np.array([[1000.0, 0.0, 995.0], [1.0, 2.0, 3.0]]), "labels": np.array([2, 0])},
    {"logits": np.array([[-1000.0, -1001.0, -1002.0], [0.0, 0.0, 0.0]]), "labels": np.array([0, 1])},
    {"logits": np.array([[0.0, 1000.0], [3.0, 3.0]]), "labels": np.array([0, 1])},
    {"logits": np.array([[1000.0, -1000.0, -1000.0]]), "labels": np.array([1])},  # the mean is far below the largest
]
_LABELS = [
    {"labels": np.array([0, 0, 0, 0, 1, 1]), "share": 0.5, "seed": 0},
    {"labels": np.array([1, 0, 0, 2, 0, 1, 0, 2, 1, 0, 1, 0]), "share": 0.3, "seed": 1},
    {"labels": np.array([12, 0, 12, 0, 12, 12]), "share": 0.5, "seed": 3},  # classes need not be 0 to 9
    {"labels": np.repeat([0, 1, 2, 3], [40, 40, 40, 40]), "share": 0.25, "seed": 2},
]
_pictures = np.arange(1.0, 7).reshape(1, 2, 3)
_more = _random.integers(1, 10, size=(3, 4, 5)) / 2
_SHIFTS = [
    {"images": _pictures, "down": 1, "right": 0},
    {"images": _pictures, "down": 0, "right": 2},
    {"images": _more, "down": 1, "right": -2},
    {"images": _more, "down": -3, "right": 1},
    {"images": _more, "down": 0, "right": 0},
    {"images": _more, "down": -6, "right": 7},
]
