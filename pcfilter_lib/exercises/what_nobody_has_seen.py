"""The checks of the chapter *What nobody has seen*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.data import FREE, SURFACE, UNKNOWN
from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of

RIGHT_SIGNS, MEAN_ERROR = 0.9, 0.5  # the targets of exercise 4: a fraction of the voxels, and millimetres


@exercise(solved="a pixel that measured nothing leaves its whole column unknown.")
def check_knowledge(answer: Callable) -> None:
    """Check ``answer(depth, z, near)``, the ternary values below a row of pixels."""
    compare_on(
        _ROWS,
        answer,
        reference=_knowledge,
        mistakes=[
            (
                "what lies behind the surface is called surface here; nobody has looked there, so it is unknown, -1.",
                lambda depth, z, near: np.where(depth[:, None] - z <= near, SURFACE, _knowledge(depth, z, near)),
            ),
            (
                "free and unknown have changed places: in front of the surface, towards smaller z, space is free.",
                lambda depth, z, near: np.choose(_knowledge(depth, z, near) + 1, [FREE, UNKNOWN, SURFACE]),
            ),
            (
                "where nothing was measured, nothing is known: the column is unknown, not free.",
                lambda depth, z, near: np.where(np.isnan(depth)[:, None], FREE, _knowledge(depth, z, near)),
            ),
            (
                "a centre at exactly `near` from the surface is surface.",
                lambda depth, z, near: _knowledge(depth, z, near * (1 - 1e-9)),
            ),
            (
                "a centre at exactly `near` from the surface is surface.",
                lambda depth, z, near: np.where(
                    np.abs(depth[:, None] - z) == near, UNKNOWN, _knowledge(depth, z, near)
                ),
            ),
            (
                "everything that is not surface is called unknown; in front of the surface space is free.",
                lambda depth, z, near: np.where(_knowledge(depth, z, near) == SURFACE, SURFACE, UNKNOWN),
            ),
            (
                "everything that is not surface is called free; behind it nobody has looked.",
                lambda depth, z, near: np.where(_knowledge(depth, z, near) == SURFACE, SURFACE, FREE),
            ),
            (
                "no voxel is a surface here: those within `near` of the measured depth are.",
                lambda depth, z, near: np.where(depth[:, None] > z, FREE, UNKNOWN),
            ),
        ],
        shapes=[
            (
                "pixels come first, depths second: the shape is (W, Z).",
                lambda depth, z, near: (len(z), len(depth)),
            ),
        ],
    )


@exercise(solved="the mean moves towards the new scan by as much as its weight is worth.")
def check_update(answer: Callable) -> None:
    """Check ``answer(mean, weight, new, own)``, the running mean and the weights after one more scan."""
    compare_on(
        _UPDATES,
        answer,
        reference=_update,
        mistakes=[
            (
                "the old mean stands for all scans before: multiply it by its weight, not by 1.",
                lambda mean, weight, new, own: _update(mean, np.minimum(weight, 1), new, own, after=weight),
            ),
            (
                "this is halfway between old and new; the old mean counts with its weight, the new scan with its own.",
                lambda mean, weight, new, own: _halfway(mean, weight, new, own),
            ),
            (
                "the new scan counts with the weight `own`, not 1.",
                lambda mean, weight, new, own: _update(mean, weight, new, 1.0),
            ),
            (
                "the new scan is multiplied by `own`, but 1 is added to the weight.",
                lambda mean, weight, new, own: _update(mean, weight, new, own, divisor=1.0),
            ),
            (
                "where the new scan says nothing, mean and weight stay as they are. Here NaN spreads.",
                lambda mean, weight, new, own: np.stack(
                    [(np.where(weight > 0, mean, 0) * weight + own * new) / (weight + own), weight + own]
                ),
            ),
            (
                "where the new scan says nothing, mean and weight stay as they are. Here it counts as 0.",
                lambda mean, weight, new, own: np.stack(
                    [
                        (np.nan_to_num(mean) * weight + own * np.nan_to_num(new)) / (weight + own),
                        weight + own,
                    ]
                ),
            ),
            (
                "where there was no mean yet, the first number should become it. Here NaN stays: 0 times NaN is NaN.",
                lambda mean, weight, new, own: np.stack(
                    [
                        np.where(np.isnan(new), mean, (mean * weight + own * new) / (weight + own)),
                        weight + own * ~np.isnan(new),
                    ]
                ),
            ),
            (
                "the weight grows only where the scan says something.",
                lambda mean, weight, new, own: np.stack([_update(mean, weight, new, own)[0], weight + own]),
            ),
            (
                "a voxel about which nobody has said anything keeps NaN, not 0.",
                lambda mean, weight, new, own: np.nan_to_num(_update(mean, weight, new, own)),
            ),
            (
                "the sum is right, but not yet divided by the new weight.",
                lambda mean, weight, new, own: np.stack(
                    [
                        np.nan_to_num(mean) * weight + own * np.nan_to_num(new),
                        weight + own * ~np.isnan(new),
                    ]
                ),
            ),
        ],
        shapes=[
            ("return the weights as well: np.stack([means, weights]).", lambda mean, weight, new, own: mean.shape),
            ("means and weights are two rows, not two columns.", lambda mean, weight, new, own: (len(mean), 2)),
        ],
    )


@exercise(solved="the truncation fits between the noise and the wall, or there is none.")
def check_truncation(answer: Callable) -> None:
    """Check ``answer(sigma, wall, growth)``, the largest truncation that the thinnest wall allows."""
    compare_on(
        _WALLS,
        answer,
        reference=_truncation,
        mistakes=[
            (
                "the wall grows by T - t on each of its two sides, not on one.",
                lambda sigma, wall, growth: _or_nan(wall * growth, sigma),
            ),
            (
                "that is the wall without growth; a little more is allowed.",
                lambda sigma, wall, growth: _or_nan(wall, sigma),
            ),
            (
                "this is the thickness 2T - t of formula (5), with the growth in the place of T; solve it for T.",
                lambda sigma, wall, growth: _or_nan(2 * growth * wall - wall, sigma),
            ),
            (
                "for a growth of 1 the truncation may be as large as the wall, not half of it.",
                lambda sigma, wall, growth: _or_nan(wall * growth / 2, sigma),
            ),
            (
                "if the truncation is less than three times the noise, the result is NaN.",
                lambda sigma, wall, growth: wall * (1 + growth) / 2,
            ),
            (
                "if even the largest truncation is less than three times the noise, none will do: return NaN.",
                lambda sigma, wall, growth: max(wall * (1 + growth) / 2, 3 * sigma),
            ),
            (
                "compare with three times the noise, not with the noise.",
                lambda sigma, wall, growth: _or_nan(wall * (1 + growth) / 2, sigma / 3),
            ),
            (
                "this is the smallest truncation that the noise allows; the largest is asked for.",
                lambda sigma, wall, growth: _or_nan(3 * sigma, 0) if _truncation(sigma, wall, growth) > 0 else np.nan,
            ),
        ],
    )


@exercise(solved="your field forgives the artefacts.")
def check_field(answer: Callable) -> None:
    """Check ``answer(said)``, one number a voxel in spite of artefacts."""
    name = name_of(answer)
    truth, said = _spoilt()
    field = as_numbers(call(answer, said=said), f"{name}(said)")
    if field.shape != truth.shape:
        raise NotYet(f"{name}(said) has the shape {field.shape}; one number a voxel is expected, {truth.shape}.")
    silent = np.isnan(said).all(axis=0)
    if np.isfinite(field[silent]).any():
        raise NotYet("where no scan says anything, the field is NaN; here there are numbers.")
    missing = np.isnan(field[~silent]).mean()
    if missing:
        raise NotYet(
            f"{missing:.0%} of the voxels about which some scan says something are NaN. "
            "Use functions that leave NaN out, such as np.nanmean."
        )
    field, truth, said = field[~silent], truth[~silent], said[:, ~silent]
    right, error = np.mean((field > 0) == (truth > 0)), np.abs(field - truth).mean()
    report = f"The sign is right for {right:.0%} of the voxels; the numbers are off by {error:.2f} mm on average."
    for text, wrong in (
        ("this is the mean: each artefact pulls it up, the more the farther it is off.", np.nanmean),
        ("the smallest number is never an artefact, but it is the one with the most negative noise.", np.nanmin),
        ("the largest number is an artefact wherever there is one.", np.nanmax),
    ):
        if np.allclose(field, wrong(said, axis=0), atol=1e-3):
            raise NotYet(f"{text}\n{report}")
    if np.allclose(field, np.nanmedian(said, axis=0), atol=1e-3) and error > MEAN_ERROR:
        raise NotYet(f"the median is a good start, but with all artefacts on one side it is still too large.\n{report}")
    if right < RIGHT_SIGNS or error > MEAN_ERROR:
        raise NotYet(f"at least {RIGHT_SIGNS:.0%} and at most {MEAN_ERROR} mm are needed.\n{report}")


def _knowledge(depth: np.ndarray, z: np.ndarray, near: float) -> np.ndarray:
    distance = depth[:, None] - z
    return np.where(np.abs(distance) <= near, SURFACE, np.where(distance > near, FREE, UNKNOWN))


def _update(
    mean: np.ndarray,
    weight: np.ndarray,
    new: np.ndarray,
    own: float,
    *,
    divisor: float | None = None,
    after: np.ndarray | None = None,
) -> np.ndarray:
    says = ~np.isnan(new)
    total = np.where(weight > 0, mean, 0) * weight + np.where(says, own * new, 0)
    whole = weight + (own if divisor is None else divisor) * says
    with np.errstate(invalid="ignore"):
        return np.stack([total / whole, whole if after is None else after + own * says])


def _halfway(mean: np.ndarray, weight: np.ndarray, new: np.ndarray, own: float) -> np.ndarray:
    halves = np.where(np.isnan(new), mean, np.where(weight > 0, (mean + new) / 2, new))
    return np.stack([halves, weight + own * ~np.isnan(new)])


def _or_nan(truncation: float, sigma: float) -> float:
    return truncation if truncation >= 3 * sigma else np.nan


def _truncation(sigma: float, wall: float, growth: float) -> float:
    return _or_nan(wall * (1 + growth) / 2, sigma)


def _spoilt() -> tuple[np.ndarray, np.ndarray]:
    """Return true distances (N,), and what twelve scans say about them, in mm."""
    random = np.random.default_rng(51)
    truth = random.uniform(-3, 3, 4000)
    said = truth + random.normal(size=(12, 4000))
    artefact = random.random(said.shape) < 0.2
    said += np.where(artefact, random.uniform(3, 9, said.shape), 0)
    said[random.random(said.shape) < 0.3] = np.nan
    said[:, ::100] = np.nan
    return truth, said


_ROWS = [
    {"depth": np.array([2.0, np.nan, 3.5]), "z": np.array([0.5, 1.5, 2.5, 3.5, 4.5]), "near": 0.5},
    {
        "depth": np.where(np.arange(40) % 7 == 3, np.nan, np.random.default_rng(52).uniform(0, 9, 40)),
        "z": np.arange(25) / 3,
        "near": 0.4,
    },
]
_UPDATES = [
    {
        "mean": np.array([4.0, 1.0, np.nan, np.nan]),
        "weight": np.array([3.0, 2.0, 0.0, 0.0]),
        "new": np.array([-2.0, np.nan, 5.0, np.nan]),
        "own": 2.0,
    },
    {
        "mean": np.where(np.arange(60) % 5 == 0, np.nan, np.random.default_rng(53).normal(size=60)),
        "weight": np.where(np.arange(60) % 5 == 0, 0.0, 1.5 + np.arange(60) % 4),
        "new": np.where(np.arange(60) % 3 == 0, np.nan, np.random.default_rng(54).normal(size=60)),
        "own": 0.5,
    },
]
_WALLS = [
    {"sigma": 0.5, "wall": 4.0, "growth": 1.5},
    {"sigma": 0.5, "wall": 4.0, "growth": 1.0},
    {"sigma": 0.5, "wall": 1.0, "growth": 1.2},
    {"sigma": 2.0, "wall": 1.0, "growth": 3.0},
    {"sigma": 0.5, "wall": 1.0, "growth": 2.0},
]
