"""The checks of the chapter *How a scanner fails*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="you know how far a second light can turn the phase, and when it can turn it anywhere.")
def check_worst_error(answer: Callable) -> None:
    """Check ``answer(ratio, period)``, the largest error of the column with a second arrow `ratio` times as long."""
    compare_on(
        [{"ratio": ratio, "period": period} for ratio, period in _RATIOS],
        answer,
        reference=_worst_error,
        mistakes=[
            (
                "this is the error if the second arrow stands at a right angle to the first. Can the sum deviate more?",
                lambda r, p: _in_columns(np.arctan(r), r, p),
            ),
            (
                "this holds for short second arrows only, where an angle and its sine are alike.",
                lambda r, p: _in_columns(r, r, p),
            ),
            ("this is the angle in radians; a whole turn is one period of columns.", _angle),
            ("this is the angle in degrees; a whole turn is one period of columns.", lambda *i: np.degrees(_angle(*i))),
            ("this is a share of a turn; a whole turn is one period of columns.", lambda *i: _angle(*i) / 2 / np.pi),
            ("a whole turn is 2 pi, not pi.", lambda r, p: _in_columns(2 * np.arcsin(min(r, 1)), r, p)),
            (
                "a longer second arrow has no arcsine: then the sum can point anywhere.",
                lambda ratio, period: _in_columns(np.arcsin(ratio), 0, period),
            ),
            (
                "if the second arrow is the longer one, the sum can even point backwards.",
                lambda ratio, period: _in_columns(np.arcsin(min(ratio, 1)), 0, period),
            ),
            (
                "half a turn is the farthest that a phase can be off, not a whole one.",
                lambda ratio, period: _worst_error(ratio, period) * (2 if ratio > 1 else 1),
            ),
        ],
    )


@exercise(solved="the ghost stands where the two lines meet.")
def check_ghost(answer: Callable) -> None:
    """Check ``answer(x, z, mirror, baseline)``, x and z of the ghost of a lit point that the camera sees mirrored."""
    no_image = "the mirror image is at neither -x nor m - x: it lies as far beyond the line x = m as x before it."
    compare_on(
        [dict(zip(("x", "z", "mirror", "baseline"), place, strict=True)) for place in _PLACES],
        answer,
        reference=_ghost,
        mistakes=[
            (
                "this is the chapter's kind of ghost: the mirror lights the point, and the camera sees it directly. "
                "Here it is the other way round.",
                lambda x, z, mirror, baseline: _meet((x, z), (2 * mirror - x, z), baseline),
            ),
            (
                "this is the mirror image. It lies on the camera's line; the ghost lies on the projector's as well.",
                lambda x, z, mirror, baseline: (2 * mirror - x, z),
            ),
            ("this is the real point: a scanner that knew of the mirror would find it.", lambda x, z, *_: (x, z)),
            ("x and z are in the other order.", lambda *place: _ghost(*place)[::-1]),
            (no_image, lambda x, z, mirror, baseline: _meet((-x, z), (x, z), baseline)),
            (no_image, lambda x, z, mirror, baseline: _meet((mirror - x, z), (x, z), baseline)),
            (
                "this has the projector on the left of the camera; it stands at (b, 0).",
                lambda x, z, mirror, baseline: _meet((2 * mirror - x, z), (x, z), -baseline),
            ),
            (
                "the projector's line leads from (b, 0) to the point: its direction is the point less this start.",
                lambda x, z, mirror, baseline: _meet((2 * mirror - x, z), (x + baseline, z), baseline),
            ),
            (
                "the projector lights the point directly, from where it stands; only the camera looks into the mirror.",
                lambda x, z, mirror, baseline: _meet((2 * mirror - x, z), (x, z), 2 * mirror - baseline),
            ),
            (
                "this stops where the ray meets the mirror. The scanner does not know that there is one.",
                lambda x, z, mirror, baseline: (mirror, z * mirror / (2 * mirror - x)),
            ),
        ],
        shapes=[("this is one number; return x and z.", lambda *place: ())],
    )


@exercise(solved="each artefact is ascribed to what has to be taken away.")
def check_causes(answer: Callable) -> None:
    """Check ``answer(depths, truth, tolerance)``, the cause of each point by what has to be taken away for it to go."""
    no_point = "where nothing is measured there is no artefact; here a NaN counts as one."
    kinds = (
        (f"{no_point} Ask whether a point is wrong, not whether it is right: NaN is neither.", {"missing": True}),
        ("where nothing is measured with all light there is no artefact: 0.", {"missing": _FIRST}),
        ("an artefact is gone, too, if nothing is measured any more; here it is still wrong.", {"missing": ~_FIRST}),
        ("a point can be too near as well as too far: take the absolute value.", {"size": lambda error: error}),
        ("the questions are in another order: glossy light comes first.", {"order": (0, 2, 1, 3)}),
        (
            "points that are right with all light are no artefacts, whatever the other runs say: they get 0.",
            {"order": (1, 2, 3)},
        ),
        ("the last question to hold counts here; the first one does.", {"order": (0, 3, 2, 1)}),
    )
    compare_on(
        _RUNS,
        answer,
        reference=_causes,
        mistakes=[
            *((text, lambda *i, kind=kind: _causes(*i, **kind)) for text, kind in kinds),
            ("this has one tolerance for all points; each has its own.", lambda *i: _causes(*i[:2], i[2][0])),
            (
                "an artefact that merely moves when a light is taken away is still one: compare with the truth.",
                lambda *i: np.select([~_wrong(*i)[0], *~(np.abs(i[0][1:] - i[0][0]) <= i[2])], range(4), default=4),
            ),
            *(
                (
                    "what is still wrong with both taken away gets 4.",
                    lambda *i, other=other: np.where(_causes(*i) == 4, other, _causes(*i)),
                )
                for other in range(4)
            ),
        ],
        shapes=[("one number for each point is wanted, not for each run.", lambda depths, *_: depths.shape)],
    )


@exercise(solved="your labels go by the distance from the plane, and leave out what is too close to call.")
def check_labels(answer: Callable) -> None:
    """Check ``answer(depth, true_depth, rays, normals, tolerance)``, labels by the distance from a plane."""
    distances = (
        ("this is the error of the depth; the distance from the plane is wanted.", lambda v, n: np.abs(v[:, 2])),
        (
            "this is the error along the ray; the distance from the plane is wanted.",
            lambda v, n: np.linalg.norm(v, axis=1),
        ),
        (
            "this divides by the dot product of ray and normal: the flatter the view, the larger it gets, and the "
            "distance gets smaller.",
            lambda v, n: np.abs(v[:, 2] ** 2 / (v * n).sum(axis=1)),
        ),
        (
            "a point on the far side of the plane has a negative dot product: take the absolute value.",
            lambda v, n: (v * n).sum(axis=1),
        ),
        ("only the normal's z is used: the offset also has x and y.", lambda v, n: np.abs(v[:, 2] * n[:, 2])),
    )
    compare_on(
        _PLANES,
        answer,
        reference=_labels,
        mistakes=[
            *((text, lambda *i, distance=distance: _labels(*i, distance=distance)) for text, distance in distances),
            (
                "the ray is longer than 1, and a depth counts along z: do not divide the ray by its length.",
                lambda depth, true, rays, *i: _labels(depth, true, rays / np.linalg.norm(rays, axis=1)[:, None], *i),
            ),
            ("borderline points get 255.", lambda *i: _labels(*i, 1, 1)),
            ("the band begins below the tolerance, at two thirds of it.", lambda *i: _labels(*i, low=1)),
            ("the band ends beyond the tolerance, at one and a half times it.", lambda *i: _labels(*i, 2 / 3, 1)),
            (
                "the band goes from two thirds of the tolerance to one and a half times it, not from a half.",
                lambda *i: _labels(*i, low=0.5),
            ),
            ("this has one tolerance for all pixels; each has its own.", lambda *i: _labels(*i[:4], i[4] * 0 + 0.001)),
            *(
                ("where nothing is measured the label is 255.", lambda *i, label=label: _labels(*i, missing=label))
                for label in (0, 1)
            ),
            (
                "0 and 1 are swapped: 1 is true geometry.",
                lambda *i: np.where(_labels(*i) == 255, 255, 1 - _labels(*i)),
            ),
        ],
        shapes=[("one label for each pixel is wanted.", lambda depth, true_depth, rays, *_: rays.shape)],
    )


def _angle(ratio: float, period: float) -> float:
    return np.arcsin(ratio) if ratio <= 1 else np.pi


def _worst_error(ratio: float, period: float) -> float:
    return period / (2 * np.pi) * _angle(ratio, period)


def _in_columns(angle: float, ratio: float, period: float) -> float:
    return period / (2 * np.pi) * angle if ratio <= 1 else period / 2


def _meet(seen: tuple, lit: tuple, baseline: float) -> np.ndarray:
    """Where the camera's line through `seen` meets the projector's through `lit`; both have the same z."""
    return np.array(seen) * baseline / (baseline + seen[0] - lit[0])


def _ghost(x: float, z: float, mirror: float, baseline: float) -> np.ndarray:
    return _meet((2 * mirror - x, z), (x, z), baseline)


def _wrong(
    depths: np.ndarray,
    truth: np.ndarray,
    tolerance: np.ndarray,
    missing: bool | np.ndarray = False,  # whether NaN counts as wrong, for all runs or each
    size: Callable = np.abs,
) -> np.ndarray:
    return (size(depths - truth) > tolerance) | (missing & np.isnan(depths))


def _causes(
    depths: np.ndarray, truth: np.ndarray, tolerance: np.ndarray, order: tuple[int, ...] = (0, 1, 2, 3), **kind
) -> np.ndarray:
    gone = ~_wrong(depths, truth, tolerance, **kind)
    return np.select(list(gone[list(order)]), order, default=4)


def _labels(
    depth: np.ndarray,
    true_depth: np.ndarray,
    rays: np.ndarray,
    normals: np.ndarray,
    tolerance: np.ndarray,
    low: float = 2 / 3,
    band: float = 1.5,
    distance: Callable = lambda offset, normal: np.abs((offset * normal).sum(axis=1)),
    missing: int = 255,
) -> np.ndarray:
    off = distance((depth - true_depth)[:, None] * rays, normals)
    label = np.where(off > tolerance, 0, 1)
    label[(off > tolerance * low) & (off < tolerance * band)] = 255
    label[np.isnan(depth)] = missing
    return label


def _planes(count: int) -> dict[str, np.ndarray]:
    """Pixels that look at planes of all slopes; distances stay clear of the borders of the labels."""
    rng = np.random.default_rng(5)
    rays = np.column_stack([rng.uniform(-0.4, 0.4, (count, 2)), np.ones(count)])
    normals = rng.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    tolerance = rng.uniform(0.001, 0.003, count)
    ratio = rng.choice([0.2, 0.55, 0.75, 0.9, 1.2, 1.4, 2, 5], count) * rng.choice([-1, 1], count)
    true_depth = rng.uniform(0.5, 0.8, count)
    depth = true_depth + ratio * tolerance / (rays * normals).sum(axis=1)
    depth[::9] = np.nan
    return {"depth": depth, "true_depth": true_depth, "rays": rays, "normals": normals, "tolerance": tolerance}


_RATIOS = [(0.6, 16), (0.1, 32), (0.9, 16), (0.0, 16), (2.0, 16), (1.2, 24)]
_PLACES = [(-60, 600, -70, 150), (-30, 600, -70, 150), (40, 500, 60, 150), (0.02, 0.55, -0.03, 0.2)]
_NONE = np.nan
_FIRST = np.array([[True], [False], [False], [False]])  # of the four runs
_RUNS = [
    {
        # With all light, without the glossy one, without the diffuse bounce, without both.
        "depths": np.array(
            [
                [0.6, 0.61, 0.61, 0.59, 0.61, 0.61],
                [0.6, 0.60, 0.61, 0.59, 0.61, 0.60],
                [0.6, 0.61, 0.60, 0.58, 0.61, 0.60],
                [0.6, 0.60, 0.60, 0.60, 0.61, 0.60],
            ]
        ),
        "truth": np.full(6, 0.6),
        "tolerance": np.full(6, 0.001),
    },
    {
        "depths": np.array(
            [
                [_NONE, 0.70, 0.70, 0.7, 0.70, 0.59, 0.7, 0.601],
                [0.60, _NONE, 0.69, 0.5, 0.72, 0.61, 0.7, 0.900],
                [0.60, 0.70, _NONE, 0.7, 0.65, 0.58, 0.5, 0.500],
                [0.60, 0.60, 0.68, _NONE, 0.71, 0.57, 0.7, _NONE],
            ]
        ),
        "truth": np.array([0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.7, 0.6]),
        "tolerance": np.array([0.001, 0.001, 0.002, 0.001, 0.02, 0.001, 0.001, 0.002]),
    },
]
_PLANES = [
    {
        "depth": np.array([0.604, 0.606, 0.606, 0.601, 0.604, 0.607, 0.603]),
        "true_depth": np.full(7, 0.6),
        "rays": np.array([[0.75, 0, 1], *[[0, 0, 1]] * 4, [0.75, 0, 1], [0, 0, 1]]),
        "normals": np.array([(0.6, 0, -0.8), *[(0.96, 0, -0.28), (0, 0, -1)] * 2, *[(0.6, 0, -0.8)] * 2]),
        "tolerance": np.full(7, 0.003),
    },
    _planes(60),
]
