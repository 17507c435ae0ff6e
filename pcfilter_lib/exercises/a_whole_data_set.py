"""The checks of the chapter *A whole data set*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of


@exercise(solved="each way of looking sees what the other cannot.")
def check_shares(answer: Callable) -> None:
    """Check ``answer(mesh, true, tolerance, areas)``, precision by area and completeness."""
    for inputs in _CLOUDS:
        values = inputs.values()
        result = call(answer, **inputs)
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            raise NotYet(f"{name_of(answer)} should end with: return precision, completeness")
        result = [as_numbers(each, f"{name_of(answer)}'s {name}") for each, name in zip(result, _NAMES, strict=True)]
        for number, name in zip(result, _NAMES, strict=True):
            if number.shape != ():
                raise NotYet(f"{name} has the shape {number.shape}; one number is expected, the share of all points.")
        compare(
            np.array(result),
            np.array(_shares(*values)),
            what=call_text(answer, inputs),
            mistakes=[
                (text, lambda wrong=wrong, values=tuple(values): np.array(wrong(*values)))
                for text, wrong in _WRONG_SHARES
            ],
        )


@exercise(solved="each normal is on the side of the camera, by its own line of sight.")
def check_oriented(answer: Callable) -> None:
    """Check ``answer(points, normals, pose)``, the normals on the side of the camera."""
    compare_on(
        _SEEN,
        answer,
        reference=_oriented,
        mistakes=[
            ("these point away from the camera: the signs are the other way round.", lambda *i: -_oriented(*i)),
            ("these are the normals as they came.", lambda points, normals, pose: normals),
            ("all of them were turned; leave those that are right.", lambda points, normals, pose: -normals),
            *(
                (
                    "the pose's last column is not where the camera stands: put q = 0 into equation (1).",
                    lambda points, normals, pose, sign=sign: _turned(sign * pose[:3, 3] - points, normals),
                )
                for sign in (1, -1)
            ),
            *(
                (
                    "the rotation takes points to the camera; the way back takes its transpose.",
                    lambda points, normals, pose, sign=sign: _turned(
                        sign * pose[:3, :3] @ pose[:3, 3] - points, normals
                    ),
                )
                for sign in (-1, 1)
            ),
            (
                "the camera's place has the wrong sign: put q = 0 into equation (1).",
                lambda points, normals, pose: _turned(pose[:3, :3].T @ pose[:3, 3] - points, normals),
            ),
            (
                "they are turned towards the origin of the part; the camera is elsewhere.",
                lambda points, normals, pose: _turned(-points, normals),
            ),
            (
                "one direction, the camera's axis, serves for all points: take the line of sight of each.",
                lambda points, normals, pose: _turned(np.broadcast_to(-pose[2, :3], points.shape), normals),
            ),
            (
                "these are in the frame of the camera; return them in the frame of the part.",
                lambda points, normals, pose: _oriented(points, normals, pose) @ pose[:3, :3].T,
            ),
        ],
        shapes=[("this is one number per point; return its normal.", lambda points, normals, pose: (len(points),))],
    )


@exercise(solved="each surface counts once, and behind the last one it is outside again.")
def check_inside(answer: Callable) -> None:
    """Check ``answer(x, places, normals)``, the indicator function at positions on a line."""
    compare_on(
        _LINES,
        answer,
        reference=_inside,
        mistakes=[
            ("a surface that two views saw counts twice here; all its measurements together count once.", _sum),
            (
                "the sign is wrong: normals point outwards, spikes inwards; add those on the left of a position.",
                lambda *i: -_inside(*i),
            ),
            *(
                ("all weights are equal; each surface has its own number of views.", equal)
                for equal in (
                    lambda x, places, normals: _sum(x, places, normals) * len(np.unique(places)) / len(places),
                    lambda x, places, normals: _sum(x, places, normals) / _times(places).max(),
                )
            ),
            ("this only asks whether the sum is above 0, which it can be outside, too.", lambda *i: _sum(*i) > 0),
            (
                "the measurements are in no order: those of one surface need not be neighbours in the arrays.",
                lambda x, places, normals: _sum(
                    x, *(each[np.diff(places, prepend=-1.0) != 0] for each in (places, normals))
                ),
            ),
        ],
        shapes=[("this is one value per measurement; return one per position.", lambda *i: (len(i[1]),))],
    )


@exercise(solved="the trim is chosen on the piece that is known, and judged on the part that is not.")
def check_honest_f1(answer: Callable) -> None:
    """Check ``answer(known_precision, known_completeness, new_precision, new_completeness)``, a number."""
    compare_on(
        _TRIMS,
        answer,
        reference=_honest,
        mistakes=[
            (_PEEKED, lambda kp, kc, p, c: _f1(p, c).max()),
            (_PEEKED, lambda kp, kc, p, c: _f1(p, c)[(_f1(kp, kc) + _f1(p, c)).argmax()]),
            ("the known piece and the new part have changed places.", lambda *i: _honest(*i[2:], *i[:2])),
            ("this is the F1 of the known piece; report the new part's.", lambda *i: _f1(*i[:2]).max()),
            (
                "the trim was chosen by precision alone: that always wants to trim more.",
                lambda kp, kc, p, c: _f1(p, c)[kp.argmax()],
            ),
            (
                "the trim was chosen by completeness alone: that never wants to trim.",
                lambda kp, kc, p, c: _f1(p, c)[kc.argmax()],
            ),
            (_ARITHMETIC, lambda kp, kc, p, c: (p + c)[(kp + kc).argmax()] / 2),
            (_ARITHMETIC, lambda kp, kc, p, c: (p + c)[_f1(kp, kc).argmax()] / 2),
            (
                "the trim was chosen by the arithmetic mean; F1 is the harmonic one.",
                lambda kp, kc, p, c: _f1(p, c)[(kp + kc).argmax()],
            ),
            ("this is which trim was chosen; return its F1 on the new part.", lambda *i: _f1(*i[:2]).argmax()),
            ("the harmonic mean has a factor 2: of p and p it is p.", lambda *i: _honest(*i) / 2),
        ],
        shapes=[("this has one number per trim; one trim is chosen, and has one F1.", lambda *i: (len(i[0]),))],
    )


def _shares(
    mesh: np.ndarray, true: np.ndarray, tolerance: float, areas: np.ndarray, within=np.less_equal, power: int = 1
) -> tuple[float, float]:
    apart = np.linalg.norm(mesh[:, None] - true[None], axis=2) ** power
    right, found = (within(apart.min(axis=axis), tolerance) for axis in (1, 0))
    return np.average(right, weights=areas), np.mean(found)


_NAMES = ("precision", "completeness")
_WRONG_SHARES = [
    ("the two are in the other order: precision asks the points of the mesh.", lambda *i: _shares(*i)[::-1]),
    (
        "both ask the points of the mesh: completeness goes from the truth to the mesh.",
        lambda *i: (_shares(*i)[0], _shares(*i)[0]),
    ),
    (
        "both ask the points of the truth: precision goes from the mesh to the truth.",
        lambda *i: (_shares(*i)[1], _shares(*i)[1]),
    ),
    (
        "each point of the mesh counts as one here; it stands for its area.",
        lambda mesh, true, tolerance, areas: _shares(mesh, true, tolerance, np.ones(len(areas))),
    ),
    (
        "the areas are added up, but a share needs their sum below it.",
        lambda *i: (_shares(*i)[0] * i[3].sum(), _shares(*i)[1]),
    ),
    (
        "the areas are averaged, but a share needs their sum below it.",
        lambda *i: (_shares(*i)[0] * i[3].mean(), _shares(*i)[1]),
    ),
    ("these are per cent; a share lies between 0 and 1.", lambda *i: np.multiply(100, _shares(*i))),
    ("these are the shares beyond the tolerance; take those within it.", lambda *i: np.subtract(1, _shares(*i))),
    ("a point exactly at the tolerance is within it.", lambda *i: _shares(*i, within=np.less)),
    ("squared distances are compared with the tolerance: take the root.", lambda *i: _shares(*i, power=2)),
]


def _camera(pose: np.ndarray) -> np.ndarray:
    return -pose[:3, :3].T @ pose[:3, 3]


def _turned(towards: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return np.where(((towards * normals).sum(axis=1) < 0)[:, None], -normals, normals)


def _oriented(points: np.ndarray, normals: np.ndarray, pose: np.ndarray) -> np.ndarray:
    return _turned(_camera(pose) - points, normals)


def _times(places: np.ndarray) -> np.ndarray:
    return (places[:, None] == places).sum(axis=1).astype(float)


def _sum(x: np.ndarray, places: np.ndarray, spikes: np.ndarray) -> np.ndarray:
    return -((x[:, None] > places) * spikes).sum(axis=1) + 0.0


def _inside(x: np.ndarray, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return _sum(x, places, normals / _times(places))


def _f1(precision: np.ndarray, completeness: np.ndarray) -> np.ndarray:
    return 2 * precision * completeness / (precision + completeness)


def _honest(kp: np.ndarray, kc: np.ndarray, p: np.ndarray, c: np.ndarray) -> float:
    return _f1(p, c)[_f1(kp, kc).argmax()]


_PEEKED = "the trim was chosen on the new part, whose truth nobody has when it is scanned."
_ARITHMETIC = "F1 is the harmonic mean; this is the arithmetic one."


def _seen_from(seed: int, count: int) -> dict[str, np.ndarray]:
    """Return points before a camera with normals of random signs, none of them at a right angle to its sight."""
    generator = np.random.default_rng(seed)
    axes = np.linalg.qr(generator.normal(size=(3, 3)))[0]
    pose = np.eye(4)
    pose[:3, :3] = axes * np.linalg.det(axes)
    pose[:3, 3] = generator.normal(size=3)
    points, normals = generator.normal(size=(2, count, 3)).round(1)
    sight = _camera(pose) - points
    clear = np.abs((sight * normals).sum(axis=1)) > 0.2
    return {"points": points[clear], "normals": normals[clear], "pose": pose}


_random = np.random.default_rng(65)
_CLOUDS = [
    {
        "mesh": np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0], [2, 2, 0]]),
        "true": np.array([[0.0, 0, 0.5], [1, 0, 0], [2, 0, 0], [3, 0, 0], [6, 0, 0]]),
        "tolerance": 0.5,
        "areas": np.array([2.0, 2, 3, 3]),
    },
    {
        "mesh": _random.normal(size=(40, 3)),
        "true": _random.normal(size=(60, 3)) * 1.2,
        "tolerance": 0.6,
        "areas": _random.random(40),
    },
    {
        "mesh": _random.normal(size=(30, 3)) * 4,
        "true": _random.normal(size=(20, 3)) * 3,
        "tolerance": 2.0,
        "areas": _random.random(30),
    },
]
_pose = np.eye(4)
_pose[:3] = [[0.0, 1, 0, 1], [0, 0, -1, 2], [-1, 0, 0, 4]]  # the camera stands at (4, -1, 2)
_SEEN = [
    {
        "points": np.array(
            [[0.5, -2.5, -0.5], [-3.5, -2.5, -0.5], [0.5, 0.5, 3.5], [2.5, -0.5, 3.5], [-1.5, -0.5, -2.5]]
        ),
        "normals": np.array([[0.0, -1, 0], [0, 0, 1], [0, 0, -1], [1, 0, 0], [-1, 0, 0]]),
        "pose": _pose,
    },
    _seen_from(1, 200),
    _seen_from(2, 300),
]
_LINES = [
    {"x": np.array([0.0, 3, 9]), "places": np.array([2.0, 2, 8]), "normals": np.array([-1.0, -1, 1])},
    {"x": np.arange(9) + 0.5, "places": np.array([2.0, 7]), "normals": np.array([-1.0, 1])},
    {
        "x": np.arange(20) + 0.5,
        "places": np.array([16.0, 3, 3, 6, 11, 11, 11, 16, 3]),
        "normals": np.array([1.0, -1, -1, 1, -1, -1, -1, 1, -1]),
    },
]
_TRIMS = [
    {
        "known_precision": np.array([0.46, 0.59, 0.7, 0.73, 0.98]),
        "known_completeness": np.array([0.97, 0.96, 0.83, 0.58, 0.49]),
        "new_precision": np.array([0.4, 0.59, 0.62, 0.71, 0.77]),
        "new_completeness": np.array([0.85, 0.65, 0.63, 0.6, 0.44]),
    },
    {
        "known_precision": np.array([0.5, 0.72, 0.75]),
        "known_completeness": np.array([1.0, 0.76, 0.7]),
        "new_precision": np.array([0.7, 0.9, 0.95]),
        "new_completeness": np.array([0.9, 0.8, 0.6]),
    },
    {  # only F1 itself chooses the third trim of the known piece
        "known_precision": np.array([0.5, 0.57, 0.62, 0.64, 0.98]),
        "known_completeness": np.array([0.91, 0.89, 0.8, 0.66, 0.5]),
        "new_precision": np.array([0.56, 0.58, 0.6, 0.74, 0.93]),
        "new_completeness": np.array([0.82, 0.7, 0.65, 0.62, 0.6]),
    },
]
