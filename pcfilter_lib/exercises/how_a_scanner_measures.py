"""The checks of the chapter *How a structured-light scanner measures*.

Images come first image first, ``images[k]``; phases are radians in [0, 2 pi).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise

_TURN = 2 * np.pi


@exercise(solved="three images give the phase, whatever the surface and the ambient light.")
def check_three_step_phase(answer: Callable) -> None:
    """Check ``answer(images)``, the phase from three images that are shifted by thirds of a period."""
    factors = (
        "sine and cosine have different factors here: write each image as a sum of cos(phase) and sin(phase), and "
        "see what is left of them in your two combinations."
    )
    compare_on(
        _THREES,
        answer,
        reference=_three_steps,
        mistakes=[
            *_forms_of_an_angle(_three_steps, _three_steps_parts),
            ("the sign of the sine is wrong: this phase runs backwards.", lambda images: -_three_steps(images) % _TURN),
            *[(factors, partial(_three_steps, factor=k)) for k in (1 / np.sqrt(3), 2 / np.sqrt(3), 2 / 3, 1 / 3, 2)],
            (
                "the mean is still in the cosine: I0 alone is A + B cos(phase).",
                lambda images: _angle((images[2] - images[1]) / np.sqrt(3), images[0]),
            ),
            (
                "this takes the images for shifts of 0, 90 and 180 degrees; they are shifted by 0, 120 and 240.",
                lambda images: _angle((images[0] + images[2]) / 2 - images[1], (images[0] - images[2]) / 2),
            ),
        ],
        shapes=[("this is one number for all pixels; return one for each.", lambda images: ())],
    )


@exercise(solved="the daylight that comes and goes has left no trace in the phase.")
def check_steady_phase(answer: Callable) -> None:
    """Check ``answer(images)``, the phase from five images while the ambient light changes evenly."""
    compare_on(
        _FIVES,
        answer,
        reference=_steady,
        mistakes=[
            *_forms_of_an_angle(_steady, _steady_parts),
            ("this is equation (7) on the first four images, with the change of the light still in it.", _four_steps),
            (
                "this is equation (7) on the last four images: they are shifted by 90 to 360 degrees, and the light "
                "changes there as well.",
                lambda images: _four_steps(images[1:]),
            ),
            (
                "image 4 in place of image 0 does not help: the change of the light is in the others as well.",
                lambda images: _angle(images[3] - images[1], images[4] - images[2]),
            ),
            (
                "the same was taken off each image, but the light goes on changing from one image to the next.",
                lambda images: _angle(*_steady_parts(images, shares=(1, 1, 1))),
            ),
            (
                "one change was taken for all pixels; each pixel has its own.",
                lambda images: _four_steps(images, per_image=np.mean(images[4] - images[0]) / 4),
            ),
            (
                "the mean of the first and the last image mends the cosine; the sine still changes with the light.",
                lambda images: _angle(images[3] - images[1], (images[0] + images[4]) / 2 - images[2]),
            ),
            (
                "the change is added where it must be taken off.",
                lambda images: _four_steps(images, per_image=-(images[4] - images[0]) / 4),
            ),
            (
                "I4 - I0 is the change over four steps, not over one.",
                lambda images: _four_steps(images, per_image=images[4] - images[0]),
            ),
            (
                "from the first image to the last there are four steps, not five.",
                lambda images: _four_steps(images, per_image=(images[4] - images[0]) / 5),
            ),
        ],
        shapes=[],
    )


@exercise(solved="every stray pixel is back in its own wave, with the fraction that was measured.")
def check_repair(answer: Callable) -> None:
    """Check ``answer(column, period)``, the row with single pixels moved back by whole periods."""
    ends = "the first or the last pixel was moved: both are right, and have nothing on one side to be compared with."
    spoiled = "a stray pixel spoils the mean of its neighbours, so that right ones beside it were moved too."
    fraction = (
        "the stray pixels take over what their neighbours measured: move them by whole periods instead, which keeps "
        "the fraction that was measured there."
    )
    compare_on(
        _ROWS,
        answer,
        reference=_repair,
        mistakes=[
            (fraction, lambda column, period: np.where(_turns(column, period) != 0, _median(column), column)),
            (fraction, lambda column, period: np.where(_turns(column, period) != 0, _mean(column), column)),
            (
                "every pixel was replaced by a median: that smooths the right ones too. Move only stray pixels, "
                "and by whole periods.",
                lambda column, period: _median(column),
            ),
            (spoiled, lambda column, period: _towards(_mean(column), column, period)),
            (spoiled, lambda column, period: _towards(np.mean(_around(column), axis=0), column, period)),
            (ends, lambda column, period: _towards(np.median(_around(column, "wrap"), axis=0), column, period)),
            (ends, lambda column, period: _towards(np.median(_around(column, "constant"), axis=0), column, period)),
            (
                "right pixels beside a stray one were moved too: the pixel before may itself be the stray one.",
                lambda column, period: _towards(_around(column)[0], column, period),
            ),
            (
                "some pixels came down a period too far: take the nearest number of periods, not the next one below.",
                lambda column, period: column + period * np.floor((_median(column) - column) / period),
            ),
            (
                "pixels were moved by one period at most; some are off by two.",
                lambda column, period: column + period * np.sign(_turns(column, period)),
            ),
            (
                "only pixels that were too high came down; others are too low.",
                lambda column, period: column + period * np.minimum(_turns(column, period), 0),
            ),
            (
                "only pixels that were too low went up; others are too high.",
                lambda column, period: column + period * np.maximum(_turns(column, period), 0),
            ),
            ("the pixels were moved the wrong way.", lambda column, period: column - period * _turns(column, period)),
            (
                "this is what has to be added to each pixel; add it.",
                lambda column, period: period * _turns(column, period),
            ),
            (
                "the columns were folded into one period; that throws away which wave it was.",
                lambda column, period: column % period,
            ),
        ],
        shapes=[
            ("the first and the last pixel are missing; they stay.", lambda column, period: (len(column) - 2,)),
            ("stray pixels were left out; put them right instead.", _without_strays),
        ],
    )


@exercise(solved="geometry, light and noise are all three in it.")
def check_growth(answer: Callable) -> None:
    """Check ``answer(ratio)``, the factors by which depth noise grows with the distance, for three sensors."""
    compare_on(
        [{"ratio": 2.0}, {"ratio": 3.0}, {"ratio": 0.5}],
        answer,
        reference=_powers(2, 4, 3),
        mistakes=[
            (
                "this is how the noise of the column grows. By (13), a column is worth more depth farther away.",
                _powers(0, 2, 1),
            ),
            (
                "this is the geometry of (13) alone. With the same exposure less light comes back, too.",
                _powers(2, 2, 2),
            ),
            ("here the light falls again on its way back; but a surface is not darker from afar.", _powers(2, 6, 4)),
            ("here the light falls with the distance; it falls with the square of the distance.", _powers(2, 3, 2.5)),
            (
                "with (c) only the noise falls with the root of the light; the modulation falls with the light.",
                _powers(2, 4, 1),
            ),
            ("with (c) the noise shrinks, too, as less light comes back.", _powers(2, 4, 4)),
            ("with (c) the noise shrinks with the root of the light, not with the light.", _powers(2, 4, 2)),
            ("with (a) the image is as bright as before: modulation and noise stay as they are.", _powers(4, 4, 3)),
            ("these are factors of the variance; take the standard deviation.", _powers(4, 8, 6)),
            ("the order is (a), (b), (c).", _powers(2, 3, 4)),
            ("these shrink; with the distance the depth gets noisier.", _powers(-2, -4, -3)),
            ("these are the powers; return the factors.", lambda ratio: np.array([2.0, 4.0, 3.0])),
        ],
        shapes=[("return three numbers, for (a), (b) and (c).", lambda ratio: ())],
    )


def _forms_of_an_angle(right: Callable, parts: Callable) -> list[tuple[str, Callable]]:
    """Return the mistakes that can be made with any phase: its range, its unit, the order of atan2's arguments."""
    order = "np.arctan2 takes the sine first, then the cosine."
    opposite = "np.arctan cannot tell an angle from the opposite one: use np.arctan2."
    return [
        ("half of the phases are negative: bring them into [0, 2 pi).", lambda images: np.arctan2(*parts(images))),
        ("these are degrees; return radians.", lambda images: np.degrees(right(images))),
        ("these are turns; return radians.", lambda images: right(images) / _TURN),
        (order, lambda images: np.arctan2(*parts(images)[::-1]) % _TURN),
        (order, lambda images: np.arctan2(*parts(images)[::-1])),
        (opposite, lambda images: np.arctan(np.divide(*parts(images))) % _TURN),
        (opposite, lambda images: np.arctan(np.divide(*parts(images)))),
    ]


def _angle(sine: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    return np.arctan2(sine, cosine) % _TURN


def _three_steps_parts(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.sqrt(3) * (images[2] - images[1]), 2 * images[0] - images[1] - images[2]


def _three_steps(images: np.ndarray, factor: float = 1) -> np.ndarray:
    sine, cosine = _three_steps_parts(images)
    return _angle(factor * sine, cosine)


def _steady_parts(images: np.ndarray, shares: tuple = (1, 2, 3)) -> tuple[np.ndarray, np.ndarray]:
    """Return sine and cosine after `shares` of the change from one image to the next are taken off images 1 to 3."""
    change = (images[4] - images[0]) / 4
    one, two, three = (images[k + 1] - share * change for k, share in enumerate(shares))
    return three - one, images[0] - two


def _steady(images: np.ndarray) -> np.ndarray:
    return _angle(*_steady_parts(images))


def _four_steps(images: np.ndarray, per_image: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the phase by equation (7) after k times `per_image` was taken off image k."""
    steady = [image - k * per_image for k, image in enumerate(images)]
    return _angle(steady[3] - steady[1], steady[0] - steady[2])


def _around(column: np.ndarray, mode: str = "edge") -> np.ndarray:
    """Return the pixel before, the pixel and the pixel after, in three rows; the ends are their own neighbours."""
    padded = np.pad(column, 1, mode=mode)
    return np.stack([padded[:-2], column, padded[2:]])


def _median(column: np.ndarray) -> np.ndarray:
    return np.median(_around(column), axis=0)


def _mean(column: np.ndarray) -> np.ndarray:
    before, here, after = _around(column)
    mean = (before + after) / 2
    mean[[0, -1]] = here[[0, -1]]
    return mean


def _turns(column: np.ndarray, period: float) -> np.ndarray:
    """Return by how many periods each pixel has to be moved."""
    return np.round((_median(column) - column) / period)


def _towards(goal: np.ndarray, column: np.ndarray, period: float) -> np.ndarray:
    """Return each pixel moved by whole periods as close to its goal as possible."""
    return column + period * np.round((goal - column) / period)


def _repair(column: np.ndarray, period: float) -> np.ndarray:
    return _towards(_median(column), column, period)


def _without_strays(column: np.ndarray, period: float) -> tuple[int]:
    return (int(np.sum(_turns(column, period) == 0)),)


def _powers(*exponents: float) -> Callable:
    """Return the function that raises a ratio to each of these powers."""
    return lambda ratio: np.array([float(ratio) ** exponent for exponent in exponents])


def _waves(shifts: int, of: int, pixels: int, seed: int, change: float = 0.0) -> np.ndarray:
    """Return images of random pixels, shifted by ``1 / of`` of a period each, while the light changes."""
    generator = np.random.default_rng(seed)
    phase = generator.uniform(0, _TURN, pixels)
    amplitude, mean = generator.uniform(0.05, 0.4, pixels), generator.uniform(0.4, 0.6, pixels)
    step = np.arange(shifts)[:, None]
    return mean + amplitude * np.cos(phase + _TURN * step / of) + change * amplitude * step


_THREES = [
    {"images": np.array([[0.5], [0.2], [0.8]])},
    {"images": _waves(3, 3, 30, seed=1)},
    {"images": _waves(3, 3, 12, seed=2).reshape(3, 3, 4)},
]
_FIVES = [
    {"images": np.array([[0.5], [0.4], [0.7], [1.0], [0.9]])},
    {"images": _waves(5, 4, 30, seed=3, change=0.2)},
    {"images": _waves(5, 4, 12, seed=4, change=-0.3).reshape(5, 3, 4)},
]
_ROWS = [
    {"column": np.array([20.0, 21.5, 39.25, 24.5, 26.0, 27.5, 29.0]), "period": 16},
    {"column": np.array([90.5, 88.0, 85.75, 52.0, 83.0, 81.5, 111.0, 78.0, 76.25]), "period": 16},
    {"column": np.array([50.0, 49.0, 72.5, 47.0, 46.25, 45.0, 44.5]), "period": 12},
    {"column": np.array([60.0, 42.5, 57.25, 55.75, 54.0, 36.5, 51.0]), "period": 16},  # strays beside both ends
]
