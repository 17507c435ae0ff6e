"""The checks of the chapter *Pictures onto a shape*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of

BLOCK, PICTURE = 8, (48, 96)  # pixels
ENOUGH = 0.9  # accuracy


@exercise(solved="in the picture, and with nothing before it.")
def check_pixel(answer: Callable) -> None:
    """Check ``answer(centre, intrinsics, to_camera, depth, behind)``, the pixel that shows a voxel, or -1."""
    intrinsics = np.array([[80.0, 0, 15.5], [0, 80.0, 11.5], [0, 0, 1]])
    to_camera = np.eye(4)
    to_camera[:3, :3] = [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]
    to_camera[:3, 3] = 0.1, -0.2, 2.0
    depth = np.full((24, 32), 2.0)
    depth[10:14, 10:20] = 1.5
    depth[0, :5] = np.nan
    ray = np.linalg.inv(to_camera)

    def at(row: float, column: float, far: float) -> np.ndarray:
        local = far * np.array([(column - 15.5) / 80, (row - 11.5) / 80, 1])
        return ray[:3, :3] @ local + ray[:3, 3]

    places = [
        at(5.3, 7.8, 2.02), at(12.2, 15.9, 1.52), at(12.2, 15.9, 1.98), at(3.0, 34.0, 2.0),
        at(0.1, 2.2, 2.0), at(9.0, 9.0, -1.0), at(-0.4, 31.4, 1.0),
    ]  # fmt: skip
    compare_on(
        [
            {"centre": place, "intrinsics": intrinsics, "to_camera": to_camera, "depth": depth, "behind": 0.1}
            for place in places
        ],
        answer,
        reference=_pixel,
        mistakes=[
            (
                "something nearer hides this voxel: compare its depth with the measured one.",
                lambda *rest: _pixel(*rest[:3], np.where(np.isnan(rest[3]), np.nan, np.inf), rest[4]),
            ),
            (
                "nothing was measured in this pixel, so nobody knows whether the voxel can be seen.",
                lambda *rest: _pixel(*rest[:3], np.nan_to_num(rest[3], nan=np.inf), rest[4]),
            ),
            (
                "pixels are numbered row by row: row times width, plus column.",
                lambda *rest: _pixel(*rest, by_column=True),
            ),
            (
                "a pixel reaches half a pixel to each side of its centre: round to the nearest.",
                lambda *rest: _pixel(*rest, rounding=np.floor),
            ),
        ],
    )


@exercise(solved="only views that see the voxel are evidence.")
def check_pool(answer: Callable) -> None:
    """Check ``answer(features, seen)``, the pooled features of each voxel."""
    draw = np.random.default_rng(0)
    features = draw.normal(-0.3, 1, (6, 4, 3))
    seen = draw.random((6, 4)) < 0.5
    seen[0], seen[1] = True, False
    seen[2], features[2] = [True, False, False, False], -np.abs(features[2]) - 0.1
    compare_on(
        [{"features": features, "seen": seen}],
        answer,
        reference=_pool,
        mistakes=[
            (
                "a zero is not 'no evidence': if all values are negative, the zero of a blind view is the maximum.",
                lambda features, seen: np.where(seen[..., None], features, 0).max(axis=1),
            ),
            ("views that do not see the voxel count, too.", lambda features, seen: features.max(axis=1)),
            (
                "where no view sees the voxel, the maximum of nothing is minus infinity; a network needs a number.",
                lambda features, seen: np.where(seen[..., None], features, -np.inf).max(axis=1),
            ),
            (
                "this is the mean over the views that see the voxel; the maximum is asked for.",
                lambda features, seen: (
                    (features * seen[..., None]).sum(axis=1) / np.maximum(seen.sum(axis=1), 1)[:, None]
                ),
            ),
        ],
    )


@exercise(solved="each view that sees a voxel has one vote.")
def check_votes(answer: Callable) -> None:
    """Check ``answer(labels, classes)``, the label of each voxel by the votes of the views."""
    draw = np.random.default_rng(1)
    labels = draw.integers(-1, 4, (40, 5))
    labels[0], labels[1], labels[2] = -1, [2, 1, 1, 2, -1], [-1, -1, -1, 3, -1]
    labels[3] = [0, 3, 0, -1, 0]
    compare_on(
        [{"labels": labels[:4], "classes": 4}, {"labels": labels, "classes": 4}],
        answer,
        reference=_votes,
        mistakes=[
            (
                "a voxel that no view sees has no votes, and `argmax` of zeros is 0: return -1 there.",
                lambda labels, classes: _counts(labels, classes).argmax(axis=1),
            ),
            (
                "-1 is no class: a view that does not see the voxel does not vote.",
                lambda labels, classes: _counts(labels + 1, classes + 1).argmax(axis=1) - 1,
            ),
            (
                "of classes with equally many votes the first one is expected.",
                lambda labels, classes: np.where(
                    (labels >= 0).any(axis=1), classes - 1 - _counts(labels, classes)[:, ::-1].argmax(axis=1), -1
                ),
            ),
            ("the largest label is not the one with the most votes.", lambda labels, classes: labels.max(axis=1)),
        ],
    )


@exercise(solved="these features know which way stripes run.")
def check_features(answer: Callable) -> None:
    """Check ``answer(picture)``, features of each block of a picture. Any that tell stripes apart pass."""
    draw = np.random.default_rng(2)
    rows, columns = PICTURE[0] // BLOCK, PICTURE[1] // BLOCK
    blocks, kinds = [], []
    for _ in range(24):
        picture, vertical = _striped(draw)
        what = call_text(answer, {"picture": picture})
        result = as_numbers(call(answer, picture=picture), what)
        if result.ndim != 3 or result.shape[:2] != (rows, columns) or not 1 <= result.shape[2] <= 4:
            problem = f"the shape of {what} is {result.shape}"
            raise NotYet(f"{problem}; ({rows}, {columns}, C) with 1 to 4 features is expected.")
        if not np.isfinite(result).all():
            raise NotYet("some features are not finite.")
        blocks.append(result.reshape(-1, result.shape[2]))
        kinds.append(vertical[::BLOCK, ::BLOCK].ravel())
    first, second = (np.concatenate(blocks[part]) for part in (slice(12), slice(12, None)))
    known, hidden = (np.concatenate(kinds[part]) for part in (slice(12), slice(12, None)))
    # A line through the features, by least squares, is all that the check learns.
    scale = np.maximum(first.std(axis=0), 1e-12)
    design, further = (np.column_stack([each / scale, np.ones(len(each))]) for each in (first, second))
    weights = np.linalg.lstsq(design, 2.0 * known - 1, rcond=None)[0]
    accuracy = np.mean((further @ weights > 0) == hidden)
    if accuracy < ENOUGH:
        found = f"a linear classifier on {name_of(answer)} is right for {accuracy:.0%} of the blocks"
        hint = "Chance is 50 %: the features do not depend on the direction of the stripes." if accuracy < 0.6 else ""
        raise NotYet(f"{found}; at least {ENOUGH:.0%} is expected. {hint}".rstrip())


def _pixel(centre, intrinsics, to_camera, depth, behind, by_column=False, rounding=None) -> int:
    x, y, z = to_camera[:3, :3] @ centre + to_camera[:3, 3]
    if z <= 0:
        return -1
    column, row, _ = intrinsics @ [x / z, y / z, 1]
    column, row = ((rounding or (lambda value: np.floor(value + 0.5)))(value) for value in (column, row))
    height, width = depth.shape
    if not (0 <= row < height and 0 <= column < width):
        return -1
    row, column = int(row), int(column)
    if not z - depth[row, column] <= behind:
        return -1
    return column * height + row if by_column else row * width + column


def _pool(features: np.ndarray, seen: np.ndarray) -> np.ndarray:
    largest = np.where(seen[..., None], features, -np.inf).max(axis=1)
    return np.where(seen.any(axis=1)[:, None], largest, 0)


def _counts(labels: np.ndarray, classes: int) -> np.ndarray:
    return (labels[..., None] == np.arange(classes)).sum(axis=1)


def _votes(labels: np.ndarray, classes: int) -> np.ndarray:
    return np.where((labels >= 0).any(axis=1), _counts(labels, classes).argmax(axis=1), -1)


def _striped(draw: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture of four panels with stripes, and which pixels have vertical ones."""
    row, column = np.indices(PICTURE)
    panel = column * 4 // PICTURE[1]
    vertical = draw.integers(2, size=4)[panel] == 1
    period, phase = draw.uniform(4, 7, 4)[panel], draw.uniform(0, 1, 4)[panel]
    wave = np.sin(2 * np.pi * (np.where(vertical, column, row) / period + phase))
    picture = draw.uniform(0.35, 0.65, 4)[panel] + 0.3 * np.sign(wave) + draw.normal(0, 0.05, PICTURE)
    return picture, vertical
