"""The checks of the chapter *Faster*."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text

_OFFERS = (
    {"seconds": np.array([10.0, 30.0, 60.0]), "factors": np.array([1.2, 1.6, 1.1])},
    {"seconds": np.array([10.0, 30.0, 60.0]), "factors": np.array([1.0, 10.0, 2.0])},
    {"seconds": np.array([5.0, 100.0, 95.0]), "factors": np.array([1.0, 3.0, 4.0])},
    {"seconds": np.array([5.0, 100.0, 95.0]), "factors": np.array([50.0, 1.0, 1.04])},
)


@exercise(solved="you spend the effort where there is time to be had.")
def check_best_part(answer: Callable) -> None:
    """Check ``answer(seconds, factors)``, the place of the part whose speed-up shortens the whole the most."""
    chosen_places, best_places = [], []
    for inputs in _OFFERS:
        got = as_numbers(call(answer, **inputs), call_text(answer, inputs))
        chosen_places.append(got.tolist())
        best_places.append(int((inputs["seconds"] * (1 - 1 / inputs["factors"])).argmax()))
    if chosen_places == [place + 1 for place in best_places]:
        raise NotYet("each of your places is one too large: places are counted from 0.")
    for inputs in _OFFERS:
        seconds, factors = inputs.values()
        what = call_text(answer, inputs)
        got = as_numbers(call(answer, **inputs), what)
        if got.size != 1 or float(got.reshape(())) not in range(len(seconds)):
            raise NotYet(f"{what} gives {got}; the place of a part is expected: 0, 1 or 2.")
        chosen, saved = int(got.reshape(())), seconds * (1 - 1 / factors)
        if chosen == saved.argmax():
            continue
        report = f"{what} gives {chosen}, which saves {saved[chosen]:.3g}; another part saves {saved.max():.3g}."
        if chosen == factors.argmax():
            report = f"this is the part with the largest factor, however little time it takes.\n{report}"
        elif chosen == seconds.argmax():
            report = f"this is the part that takes longest, however little can be had there.\n{report}"
        elif chosen == (seconds / factors).argmin():
            report = f"this is the part that will be shortest afterwards; the whole is what counts.\n{report}"
        raise NotYet(report)


_PAYS = (
    {"compile_s": 7.0, "before_s": 0.5, "after_s": 0.2},
    {"compile_s": 6.0, "before_s": 0.75, "after_s": 0.5},
    {"compile_s": 10.0, "before_s": 0.3, "after_s": 0.2},
    {"compile_s": 0.5, "before_s": 1.0, "after_s": 0.4},
    {"compile_s": 4.0, "before_s": 0.2, "after_s": 0.2},
    {"compile_s": 4.0, "before_s": 0.2, "after_s": 0.3},
)


def _steps(compile_s: float, before_s: float, after_s: float) -> float:
    if after_s >= before_s:
        return math.inf
    return math.floor(compile_s / (before_s - after_s) * (1 + 1e-12)) + 1


@exercise(solved="up to the step before, compiling has cost more than it has saved.")
def check_first_step_that_pays(answer: Callable) -> None:
    """Check ``answer(compile_s, before_s, after_s)``, after how many steps compiling is strictly ahead."""
    for inputs in _PAYS:
        what = call_text(answer, inputs)
        values = tuple(inputs.values())
        gain = values[1] - values[2]
        got = as_numbers(call(answer, **inputs), what)
        if gain <= 0 and got.size == 1 and float(got.reshape(())) != math.inf:
            never = "there is nothing to be won, ever: math.inf says that"
            raise NotYet(f"{never}.\n{what} gives {float(got.reshape(())):.4g}.")
        if gain > 0 and got.size == 1 and float(got.reshape(())) == math.inf:
            raise NotYet(
                "here compiling makes a step faster, and pays some day: a step gains the time before, less the time "
                f"after.\n{what} gives inf."
            )
        quotient = values[0] / gain if gain > 0 else math.inf
        mistakes = []
        for time, which in zip(values[1:], ("before", "after"), strict=True):
            text = f"the gain of a step is the difference of the two times, not the time {which}."
            mistakes += [(text, values[0] / time), (text, math.floor(values[0] / time) + 1)]
        if math.isfinite(quotient):
            if abs(quotient - round(quotient)) > 1e-6:
                text = "this many steps need not be a whole number; ask for the first whole one that is ahead."
                mistakes.append((text, quotient))
            mistakes += [
                ("rounding up may end where both are level: strictly ahead is asked for.", math.ceil(quotient - 1e-9)),
                ("this is the last step at which compiling is not yet ahead.", math.floor(quotient * (1 + 1e-12))),
            ]
        compare(
            got, _steps(*values), what=what, rtol=1e-9, atol=1e-9,
            mistakes=[(text, lambda wrong=wrong: wrong) for text, wrong in mistakes],
        )  # fmt: skip


def _rounded(weights: np.ndarray, axes: tuple[int, ...] | None, most: int = 127) -> np.ndarray:
    size = np.abs(weights).max(axis=axes, keepdims=True) / most
    size = np.where(size == 0, 1.0, size)
    return np.clip(np.round(weights / size), -most - 1, most) * size


def _per_channel(weights: np.ndarray) -> np.ndarray:
    return _rounded(weights, tuple(range(weights.ndim - 1)))


_SILENT = "a channel of zeros has a step of 0, and 0 / 0 is not a number: give such a channel another step."


def _kernels() -> list[dict[str, np.ndarray]]:
    g = np.random.default_rng(5)
    sizes = np.array([0.01, 1.0, 20.0, 0.3])
    dead = g.normal(size=(2, 2, 3, 4)) * sizes
    dead[..., 2] = 0
    return [
        {"weights": np.array([[1.0, 100.0], [-2.0, 37.3], [0.51, -254.0]])},
        {"weights": (g.normal(size=(3, 3, 2, 4)) * sizes).round(5)},
        {"weights": dead},
    ]


@exercise(solved="every channel has its own step, no number is off by more than half of it, and zero stays zero.")
def check_eight_bits(answer: Callable) -> None:
    """Check ``answer(weights)``: each output channel rounded to whole multiples of its largest number over 127."""
    *others, silent = _kernels()
    compare_on(others, answer, reference=_per_channel, mistakes=_MISTAKES)
    what = call_text(answer, silent)
    got = as_numbers(call(answer, **silent), what)
    if got.shape == silent["weights"].shape and not np.isfinite(got[..., 2]).all():
        raise NotYet(_SILENT)
    compare_on([silent], answer, reference=_per_channel, mistakes=_MISTAKES)


def _channels(weights: np.ndarray) -> np.ndarray:
    return np.abs(weights).max(axis=tuple(range(weights.ndim - 1)), keepdims=True)


def _with(weights: np.ndarray, most: int) -> np.ndarray:
    size = np.where(_channels(weights) == 0, 1, _channels(weights)) / most
    return np.round(weights / size) * size


def _cut(weights: np.ndarray) -> np.ndarray:
    size = np.where(_channels(weights) == 0, 1, _channels(weights)) / 127
    return np.trunc(weights / size) * size


def _signed(weights: np.ndarray) -> np.ndarray:
    size = weights.max(axis=tuple(range(weights.ndim - 1)), keepdims=True) / 127
    size = np.where(size == 0, 1.0, size)
    return np.round(weights / size) * size


_MISTAKES = [
    (
        "this has one step for all channels: where one channel is large, small ones are rounded away.",
        lambda w: _rounded(w, None),
    ),
    (
        "these are the whole numbers that would be stored: multiply them by their step again.",
        lambda w: np.round(w / np.where(np.abs(_channels(w)) == 0, 1, _channels(w) / 127)),
    ),
    ("this counts 255 steps on each side of zero; eight bits hold 127.", lambda w: _with(w, 255)),
    ("this counts 128 steps on each side; the largest number would be 128, which eight bits do not hold.",
     lambda w: _with(w, 128)),
    ("this cuts decimals off; round to the nearest.", _cut),
    (
        "the step is that of each input channel, or row: the last axis counts output channels.",
        lambda w: _rounded(w, (w.ndim - 1,)),
    ),
    ("the largest number may be negative: take it without its sign.", _signed),
]  # fmt: skip
