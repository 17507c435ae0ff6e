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
            (
                "the pose's last column is not where the camera stands: put q = 0 into equation (1).",
                lambda points, normals, pose: _turned(pose[:3, 3] - points, normals),
            ),
            (
                "the rotation takes points to the camera; the way back takes its transpose.",
                lambda points, normals, pose: _turned(-pose[:3, :3] @ pose[:3, 3] - points, normals),
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
            (
                "a surface that two views saw counts twice here: let each measurement count for a part of it.",
                lambda x, places, normals: _sum(x, places, normals, np.ones(len(places))),
            ),
            (
                "the sign is wrong: normals point outwards, spikes inwards; add those on the left of a position.",
                lambda x, places, normals: -_inside(x, places, normals),
            ),
            (
                "all weights are equal; each surface has its own number of views.",
                lambda x, places, normals: _sum(
                    x, places, normals, np.full(len(places), len(np.unique(places)) / len(places))
                ),
            ),
            (
                "all weights are equal; each surface has its own number of views.",
                lambda x, places, normals: _sum(x, places, normals, np.full(len(places), 1 / _times(places).max())),
            ),
            (
                "this only asks whether the sum is not 0; behind a surface seen twice it never is. Weigh the spikes.",
                lambda x, places, normals: _sum(x, places, normals, np.ones(len(places))) > 0,
            ),
        ],
        shapes=[
            (
                "this is one value per measurement; return one per position.",
                lambda x, places, normals: (len(places),),
            )
        ],
    )


@exercise(solved="the trim is chosen on the piece that is known, and judged on the part that is not.")
def check_honest_f1(answer: Callable) -> None:
    """Check ``answer(known_precision, known_completeness, new_precision, new_completeness)``, a number."""
    compare_on(
        _TRIMS,
        answer,
        reference=lambda kp, kc, np_, nc: _f1(np_, nc)[_f1(kp, kc).argmax()],
        mistakes=[
            (
                "the trim was chosen on the new part, whose truth nobody has when it is scanned.",
                lambda kp, kc, np_, nc: _f1(np_, nc).max(),
            ),
            (
                "this is the F1 of the known piece; report that of the new part at the same trim.",
                lambda kp, kc, np_, nc: _f1(kp, kc).max(),
            ),
            (
                "the trim was chosen by precision alone: that always wants to trim more.",
                lambda kp, kc, np_, nc: _f1(np_, nc)[kp.argmax()],
            ),
            (
                "the trim was chosen by completeness alone: that never wants to trim.",
                lambda kp, kc, np_, nc: _f1(np_, nc)[kc.argmax()],
            ),
            (
                "F1 is the harmonic mean; this is the arithmetic one.",
                lambda kp, kc, np_, nc: ((np_ + nc) / 2)[(kp + kc).argmax()],
            ),
            (
                "the trim was chosen by the arithmetic mean; F1 is the harmonic one.",
                lambda kp, kc, np_, nc: _f1(np_, nc)[(kp + kc).argmax()],
            ),
            (
                "this is which trim was chosen; return the F1 that it gives on the new part.",
                lambda kp, kc, np_, nc: _f1(kp, kc).argmax(),
            ),
            (
                "the harmonic mean has a factor 2: of p and p it is p.",
                lambda kp, kc, np_, nc: _f1(np_, nc)[_f1(kp, kc).argmax()] / 2,
            ),
        ],
        shapes=[("this has one number per trim; one trim is chosen, and has one F1.", lambda *i: (len(i[0]),))],
    )


def _apart(mesh: np.ndarray, true: np.ndarray) -> np.ndarray:
    return np.linalg.norm(mesh[:, None] - true[None], axis=2)


def _shares(mesh: np.ndarray, true: np.ndarray, tolerance: float, areas: np.ndarray) -> tuple[float, float]:
    apart = _apart(mesh, true)
    return np.average(apart.min(axis=1) <= tolerance, weights=areas), np.mean(apart.min(axis=0) <= tolerance)


def _squared(mesh: np.ndarray, true: np.ndarray, tolerance: float, areas: np.ndarray) -> tuple[float, float]:
    apart = _apart(mesh, true) ** 2
    return np.average(apart.min(axis=1) <= tolerance, weights=areas), np.mean(apart.min(axis=0) <= tolerance)


def _strict(mesh: np.ndarray, true: np.ndarray, tolerance: float, areas: np.ndarray) -> tuple[float, float]:
    apart = _apart(mesh, true)
    return np.average(apart.min(axis=1) < tolerance, weights=areas), np.mean(apart.min(axis=0) < tolerance)


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
    ("these are the shares beyond the tolerance; take those within it.", lambda *i: np.subtract(1, _shares(*i))),
    ("a point exactly at the tolerance is within it.", _strict),
    ("squared distances are compared with the tolerance: take the root.", _squared),
]


def _camera(pose: np.ndarray) -> np.ndarray:
    return -pose[:3, :3].T @ pose[:3, 3]


def _turned(towards: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return np.where(((towards * normals).sum(axis=1) < 0)[:, None], -normals, normals)


def _oriented(points: np.ndarray, normals: np.ndarray, pose: np.ndarray) -> np.ndarray:
    return _turned(_camera(pose) - points, normals)


def _times(places: np.ndarray) -> np.ndarray:
    return (places[:, None] == places).sum(axis=1).astype(float)


def _weights(places: np.ndarray) -> np.ndarray:
    return 1 / _times(places)


def _sum(x: np.ndarray, places: np.ndarray, normals: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return -((x[:, None] > places) * normals * weights).sum(axis=1) + 0.0


def _inside(x: np.ndarray, places: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return _sum(x, places, normals, _weights(places))


def _f1(precision: np.ndarray, completeness: np.ndarray) -> np.ndarray:
    return 2 * precision * completeness / (precision + completeness)


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
        "points": np.array([[2.0, 1, -1], [2, -2, 1], [4, 3, -1], [-3, -2, 3]]),
        "normals": np.array([[0.0, 0, 1], [-1, 0, 0], [0, 1, 0], [0, 0, 1]]),
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
]
