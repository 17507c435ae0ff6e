"""The checks of the chapter *PointNet from parts*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import compare_on, exercise


@exercise(solved="these are the points that get a gradient, each counted once.")
def check_learners(answer: Callable) -> None:
    """Check ``answer(z)``, how many points get a gradient through ReLU and the maximum over the rows of z."""
    compare_on(
        _VALUES,
        answer,
        reference=_learners,
        mistakes=[
            (
                "a feature that is negative for all points is counted here: its ReLU is closed.",
                lambda z: len(np.unique(z.argmax(axis=0))),
            ),
            (
                "these are features, not points: a point that wins several is one point.",
                lambda z: np.count_nonzero(z.max(axis=0) > 0),
            ),
            ("this is the number of features; not every one teaches a point of its own.", lambda z: z.shape[1]),
            ("this is the number of points; most do not win any feature.", lambda z: z.shape[0]),
            (
                "go down the columns: of each feature the maximum picks one point, and passes by the others.",
                lambda z: np.count_nonzero((z > 0).any(axis=1)),
            ),
            (
                "these are the values that get through ReLU; the maximum picks one for each feature.",
                lambda z: np.count_nonzero(z > 0),
            ),
            (
                "go along the columns, not along the rows: of each feature the maximum picks one point.",
                lambda z: len(np.unique(z.argmax(axis=1)[z.max(axis=1) > 0])),
            ),
        ],
        shapes=[
            ("return how many they are, not which.", lambda z: (_learners(z),)),
            ("return how many they are, not a mark for each.", lambda z: (len(z),)),
        ],
    )


@exercise(solved="the largest and the smallest value are enough for it.")
def check_late_abs(answer: Callable) -> None:
    """Check ``answer(largest, smallest, a, b)``, the largest absolute value of a z + b over all z between two ends."""
    compare_on(
        _AFFINE,
        answer,
        reference=lambda high, low, a, b: np.maximum(*_at_ends(high, low, a, b)),
        mistakes=[
            (
                "only the largest z is used here; on the other side of zero the smallest may win.",
                lambda high, low, a, b: np.abs(a * high + b),
            ),
            (
                "only the smallest z is used here; the largest may win as well.",
                lambda high, low, a, b: np.abs(a * low + b),
            ),
            (
                "this takes the end with the larger a z + b, as for ReLU; far below zero, |a z + b| is large as well.",
                lambda high, low, a, b: np.abs(np.maximum(a * high + b, a * low + b)),
            ),
            ("the absolute value is missing.", lambda high, low, a, b: np.maximum(a * high + b, a * low + b)),
            (
                "the absolute value of z is taken first here, before scale and shift.",
                lambda high, low, a, b: np.abs(a * np.maximum(np.abs(high), np.abs(low)) + b),
            ),
            (
                "the shift b stands outside the absolute value here; it belongs inside.",
                lambda high, low, a, b: np.maximum(np.abs(a * high), np.abs(a * low)) + b,
            ),
            (
                "|a| |z| + |b| is a bound that may not be reached: a z and b can have different signs.",
                lambda high, low, a, b: np.abs(a) * np.maximum(np.abs(high), np.abs(low)) + np.abs(b),
            ),
            (
                "this takes the z that is farther from zero; what counts is which a z + b is.",
                lambda high, low, a, b: np.abs(a * np.where(np.abs(high) >= np.abs(low), high, low) + b),
            ),
            (
                "this is what ReLU gives.",
                lambda high, low, a, b: np.maximum(0, np.maximum(a * high + b, a * low + b)),
            ),
            ("this is the smaller of the two ends.", lambda high, low, a, b: np.minimum(*_at_ends(high, low, a, b))),
        ],
        shapes=[
            ("one number for each feature; this is a single number.", lambda high, low, a, b: ()),
            ("these are both ends; return the larger one.", lambda high, low, a, b: (2, len(a))),
        ],
    )


@exercise(solved="this is the orthogonal matrix nearest to it.")
def check_nearest(answer: Callable) -> None:
    """Check ``answer(matrix)``, the nearest orthogonal matrix in the Frobenius norm."""
    compare_on(
        _MATRICES,
        answer,
        reference=_nearest,
        mistakes=[
            (
                "`np.linalg.svd` gives V transposed; it is transposed once more here.",
                lambda matrix: np.linalg.svd(matrix)[0] @ np.linalg.svd(matrix)[2].T,
            ),
            ("this is the transposed, which turns the other way.", lambda matrix: _nearest(matrix).T),
            ("this is U alone; V belongs to the matrix as well.", lambda matrix: np.linalg.svd(matrix)[0]),
            ("this is V (transposed) alone; U belongs to the matrix as well.", lambda matrix: np.linalg.svd(matrix)[2]),
            (
                "this is V (transposed) times U; they stand in the other order.",
                lambda matrix: np.linalg.svd(matrix)[2] @ np.linalg.svd(matrix)[0],
            ),
            (
                "the columns have length 1 here, but they are not at right angles.",
                lambda matrix: matrix / np.linalg.norm(matrix, axis=0),
            ),
            (
                "the rows have length 1 here, but they are not at right angles.",
                lambda matrix: matrix / np.linalg.norm(matrix, axis=1, keepdims=True),
            ),
            (
                "this divides by the largest singular value; the others are still below 1.",
                lambda matrix: matrix / np.linalg.norm(matrix, 2),
            ),
            (
                "this makes the determinant 1; that keeps the volume, not lengths and angles.",
                lambda matrix: matrix / np.cbrt(np.linalg.det(matrix)),
            ),
            (
                "this is orthogonal, from the QR decomposition, but another one is nearer.",
                lambda matrix: np.linalg.qr(matrix)[0],
            ),
            (
                "this is orthogonal, from the QR decomposition, but another one is nearer.",
                lambda matrix: np.linalg.qr(matrix)[0] * np.sign(np.diag(np.linalg.qr(matrix)[1])),
            ),
            (
                "this is a rotation; the orthogonal matrix nearest to a matrix that reflects is a reflection.",
                _nearest_rotation,
            ),
            (
                "the matrix is divided by one number here: its singular values stay as unequal as they were.",
                lambda matrix: matrix / np.linalg.norm(matrix),
            ),
            (
                "the matrix is divided by one number here: its singular values stay as unequal as they were.",
                lambda matrix: matrix / np.linalg.norm(matrix) * np.sqrt(len(matrix)),
            ),
            ("this is the matrix itself.", lambda matrix: matrix),
            ("the identity is orthogonal, but another matrix is nearer.", lambda matrix: np.eye(len(matrix))),
        ],
        shapes=[("these are three singular values; a matrix is expected.", lambda matrix: (len(matrix),))],
    )


def _learners(z: np.ndarray) -> int:
    return len(np.unique(z.argmax(axis=0)[z.max(axis=0) > 0]))


def _at_ends(high: np.ndarray, low: np.ndarray, a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.abs(a * high + b), np.abs(a * low + b)


def _nearest(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def _nearest_rotation(matrix: np.ndarray) -> np.ndarray:
    left, _, right = np.linalg.svd(matrix)
    left[:, -1] *= np.sign(np.linalg.det(left @ right))
    return left @ right


_random = np.random.default_rng(33)
_VALUES = [
    {
        "z": np.array(
            [
                [-3.0, -2.0, 1.0, -6.0, -7.0, -2.5],
                [3.0, -9.0, 3.0, 4.0, 2.0, 1.0],
                [-6.0, -4.0, 0.0, -3.0, -8.0, -8.0],
                [-5.0, -7.0, -11.0, 0.0, 1.0, -11.0],
            ]
        )
    },
    {"z": _random.normal(size=(50, 30)) - 2},
    {"z": _random.normal(size=(6, 40)) - 1},
    {"z": -1 - _random.random(size=(4, 5))},
]
_AFFINE = [
    {
        "largest": np.array([2.0, 2.0, 5.0, 2.0]),
        "smallest": np.array([-4.0, -1.0, 2.0, -3.0]),
        "a": np.array([1.0, 2.0, -1.0, -2.0]),
        "b": np.array([0.5, 1.0, 1.0, -3.0]),
    },
    {
        "largest": 1 + _random.normal(size=8).round(2),
        "smallest": _random.normal(size=8).round(2) - 3,
        "a": _random.normal(size=8).round(2),
        "b": 2 * _random.normal(size=8).round(2),
    },
]
_MATRICES = [
    {"matrix": np.array([[1.0, -2.0, 0.0], [2.0, 0.5, 0.5], [0.0, 1.0, 1.0]])},
    {"matrix": np.array([[0.0, -0.5, 0.0], [2.0, 0.5, 0.0], [0.0, 0.0, -1.0]])},
    {"matrix": _random.normal(size=(6, 6)).round(2)},
]
