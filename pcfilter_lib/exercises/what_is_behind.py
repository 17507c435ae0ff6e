"""The checks of the chapter *What is behind*."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of

SIDE = 16  # of the scans of exercise 4
BAR = 0.9  # of the mirror's error, which exercise 4 allows
_PLACE = {"resolution": SIDE, "origin": (-1, -1, -1), "side": 2}


@exercise(solved="a mean over what nobody has seen, and over nothing else.")
def check_loss(answer: Callable) -> None:
    """Check ``answer(predicted, distance, known)``, the loss on unknown voxels."""
    compare_on(
        _LOSSES,
        answer,
        reference=lambda p, t, k: np.abs(p - t)[k == -1].mean(),
        mistakes=[
            (
                "all voxels count here; only unknown ones should.",
                lambda p, t, k: np.abs(p - t).mean(),
            ),
            (
                "the known voxels are set to 0, but the mean is still divided by the number of all voxels. Divide by "
                "the number of unknown ones.",
                lambda p, t, k: (np.abs(p - t) * (k == -1)).mean(),
            ),
            (
                "free voxels count here, too. They are known: a ray has passed through them.",
                lambda p, t, k: np.abs(p - t)[k != 1].mean(),
            ),
            (
                "these are the known voxels; the unknown ones count.",
                lambda p, t, k: np.abs(p - t)[k != -1].mean(),
            ),
            (
                "these are the free voxels, marked 0. Unknown ones are marked -1.",
                lambda p, t, k: np.abs(p - t)[k == 0].mean(),
            ),
            (
                "these are the voxels of the surface, marked 1. Unknown ones are marked -1.",
                lambda p, t, k: np.abs(p - t)[k == 1].mean(),
            ),
            (
                "this is the squared error; (3) has the absolute one.",
                lambda p, t, k: ((p - t) ** 2)[k == -1].mean(),
            ),
            (
                "without the absolute value, errors in both directions cancel.",
                lambda p, t, k: (p - t)[k == -1].mean(),
            ),
            (
                "without the absolute value, errors in both directions cancel.",
                lambda p, t, k: (t - p)[k == -1].mean(),
            ),
            (
                "this is the sum; divide it by the number of unknown voxels.",
                lambda p, t, k: np.abs(p - t)[k == -1].sum(),
            ),
        ],
        shapes=[("one number is expected, the mean of all unknown voxels.", lambda p, t, k: p.shape)],
    )


@exercise(solved="voxel i lands at twice the plane, less i.")
def check_mirror(answer: Callable) -> None:
    """Check ``answer(seen, plane)``, the image in a plane across the x-axis."""
    compare_on(
        _SEEN,
        answer,
        reference=_reflected,
        mistakes=[
            (
                "this reflects in the middle of the grid, wherever the plane is.",
                lambda seen, plane: seen[::-1],
            ),
            (
                "the image is off by one voxel. The centre of voxel i is at i, not at i + 1/2: in the plane at 2.5, "
                "2 and 3 change places.",
                lambda seen, plane: _reflected(seen, plane - 0.5),
            ),
            (
                "the image is off by one voxel, in the other direction: in the plane at 2.5, 2 and 3 change places.",
                lambda seen, plane: _reflected(seen, plane + 0.5),
            ),
            (
                "voxel i lands at twice the plane less i; here it is the plane less i.",
                lambda seen, plane: _reflected(seen, plane / 2),
            ),
            (
                "what leaves the grid on one side comes in again on the other. It should be lost.",
                lambda seen, plane: seen[(int(2 * plane) - np.arange(len(seen))) % len(seen)],
            ),
            (
                "negative indices count from the end, and an index of the size of the grid or more does not exist. "
                "Leave out what lands outside.",
                lambda seen, plane: seen[int(2 * plane) - np.arange(len(seen))],
            ),
            (
                "what lands outside has piled up at the border of the grid. It should be lost.",
                lambda seen, plane: seen[np.clip(int(2 * plane) - np.arange(len(seen)), 0, len(seen) - 1)],
            ),
            (
                "this is the completed scan. The image alone is asked for.",
                lambda seen, plane: np.maximum(seen, _reflected(seen, plane)),
            ),
            (
                "this reflects along another axis; the plane meets the x-axis, which is the first one.",
                lambda seen, plane: np.moveaxis(_reflected(np.moveaxis(seen, 1, 0), plane), 0, 1),
            ),
            (
                "this reflects along another axis; the plane meets the x-axis, which is the first one.",
                lambda seen, plane: np.moveaxis(_reflected(np.moveaxis(seen, 2, 0), plane), 0, 2),
            ),
        ],
    )


@exercise(solved="the weighted median.")
def check_constant(answer: Callable) -> None:
    """Check ``answer(values, weights)``, the smallest minimiser of the expected absolute error."""
    compare_on(
        _WORLDS,
        answer,
        reference=_median,
        mistakes=[
            (
                "this is the mean, which minimises the squared error.",
                lambda values, weights: np.average(values, weights=weights),
            ),
            (
                "this is the median of the values as if all were equally likely. Use the weights.",
                lambda values, weights: np.median(values),
            ),
            (
                "this is the most likely value. It is right more often than any other, but where it is wrong it may be "
                "far off.",
                lambda values, weights: values[np.argmax(weights)],
            ),
            (
                "this is the largest number that minimises the error; the smallest is asked for.",
                lambda values, weights: -_median(-values, weights),
            ),
            (
                "this lies in the middle of the numbers that minimise the error; the smallest is asked for.",
                lambda values, weights: (_median(values, weights) - _median(-values, weights)) / 2,
            ),
            (
                "the weights have to be sorted together with the values.",
                lambda values, weights: np.sort(values)[np.argmax(np.cumsum(weights) >= weights.sum() / 2)],
            ),
            (
                "the values are in no particular order: sort them, and the weights with them.",
                lambda values, weights: values[np.argmax(np.cumsum(weights) >= weights.sum() / 2)],
            ),
            (
                "the weights do not add up to 1: compare with half of their sum.",
                lambda values, weights: _median(values, weights, half=0.5),
            ),
            (
                "this is the smallest error that can be reached; the number that reaches it is asked for.",
                lambda values, weights: np.average(np.abs(values - _median(values, weights)), weights=weights),
            ),
        ],
    )


@exercise(solved="better than a mirror that is told the class.")
def check_completion(answer: Callable) -> None:
    """Check ``answer(known)``, the occupied voxels of a shape of which one scan is known."""
    name = name_of(answer)
    scans, truth, mirror = _held_out()
    found = np.empty(scans.shape, bool)
    for number, known in enumerate(scans):
        occupied = as_numbers(call(answer, known=known), f"{name}(known)")
        if occupied.shape != known.shape:
            raise NotYet(f"{name}(known) has the shape {occupied.shape}; {known.shape} is expected.")
        if not np.isin(occupied, (0, 1)).all():
            raise NotYet(f"{name}(known) holds {occupied.min():g} to {occupied.max():g}: use True and False.")
        found[number] = occupied
    lost, wrong = (scans == 1) & ~found, (scans == 0) & found
    if lost.any():
        raise NotYet(f"{lost.sum()} voxels that were seen are missing in your answer. Keep what is known.")
    if wrong.any():
        raise NotYet(
            f"{wrong.sum()} of your voxels are where the scan has seen free space. "
            "There the scan is right: add an image only where known is -1."
        )
    error, bar = _error(found, scans, truth), BAR * mirror
    if error <= bar:
        return
    scores = f"L1 is {error:.2f} voxels, the mirror's {mirror:.2f}; at most {bar:.2f} is asked for."
    for explanation, plausible in (
        ("this keeps what is known, and adds nothing.", scans == 1),
        ("this fills all unknown space, and most of it is air.", scans != 0),
        ("this uses one plane for all shapes, and for many of them it is the wrong one.", _one_plane(scans, 0)),
        ("this uses one plane for all shapes, and for many of them it is the wrong one.", _one_plane(scans, 1)),
        ("this rotates the scan by half a turn: a mirror in both planes at once, but in neither alone.", _turn(scans)),
    ):
        if np.array_equal(found, plausible):
            raise NotYet(f"{explanation}\n{scores}")
    raise NotYet(scores)


def _reflected(seen: np.ndarray, plane: float) -> np.ndarray:
    landing = int(round(2 * plane)) - np.arange(len(seen))
    inside = (landing >= 0) & (landing < len(seen))
    image = np.zeros_like(seen)
    image[landing[inside]] = seen[inside]
    return image


def _median(values: np.ndarray, weights: np.ndarray, half: float | None = None) -> float:
    order = np.argsort(values)
    reached = np.cumsum(weights[order]) >= (weights.sum() / 2 if half is None else half)
    return values[order][reached.argmax()]


@functools.lru_cache(maxsize=1)
def _held_out() -> tuple[np.ndarray, np.ndarray, float]:
    """Return scans of two shapes of each class, their distances, and the error of the mirror."""
    from pcfilter_lib import data, synthesis

    grid = data.VoxelGrid(np.zeros((SIDE,) * 3, bool), (-1, -1, -1), 2 / SIDE)
    scans, whole, kinds = [], [], []
    for kind, name in enumerate(synthesis.FURNITURE):
        for number in range(2):
            draw = np.random.default_rng([20, kind, number])
            solid = synthesis.make_furniture(name, draw)
            points = data.sample_surface(data.Mesh(solid.vertices, solid.faces), 5_000, seed=int(draw.integers(2**31)))
            points = data.unit_sphere(points)
            azimuth, elevation = draw.uniform([0, 5], [360, 45])
            scans.append(synthesis.partial_scan(points, azimuth, elevation, **_PLACE).knowledge)
            whole.append(data.voxelize(points, grid=grid).values)
            kinds.append(kind)
    scans, truth = np.array(scans), synthesis.completion_target(np.array(whole))
    scans.flags.writeable = False
    return scans, truth, _error(synthesis.completion_mirror(scans, np.array(kinds)), scans, truth)


def _error(occupied: np.ndarray, scans: np.ndarray, truth: np.ndarray) -> float:
    from pcfilter_lib import synthesis

    return float(np.abs(synthesis.completion_target(occupied) - truth)[scans == -1].mean())


def _one_plane(scans: np.ndarray, axis: int) -> np.ndarray:
    return (scans == 1) | (np.flip(scans == 1, axis + 1) & (scans == -1))


def _turn(scans: np.ndarray) -> np.ndarray:
    return (scans == 1) | (np.flip(scans == 1, (1, 2)) & (scans == -1))


_LOSSES = [
    {
        "predicted": np.array([[0.5, 2.0, 1.0], [3.0, 0.0, 2.5]]),
        "distance": np.array([[0.0, 3.0, 2.0], [1.0, 0.0, 3.0]]),
        "known": np.array([[1, 0, -1], [-1, 1, -1]]),
    },
    {
        "predicted": np.random.default_rng(71).uniform(0, 3, (4, 3, 5)),
        "distance": np.random.default_rng(72).uniform(0, 3, (4, 3, 5)),
        "known": np.random.default_rng(73).integers(-1, 2, (4, 3, 5)),
    },
]
_SEEN = [
    {"seen": np.array([1, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 1, 1, 1]).reshape(7, 2, 1), "plane": 4.0},
    {"seen": np.random.default_rng(74).integers(0, 2, (7, 5, 4)), "plane": 2.5},
    {"seen": np.random.default_rng(75).integers(0, 2, (8, 3, 4)), "plane": 5.0},
]
_WORLDS = [
    {"values": np.array([1.5, 0.0, 3.0]), "weights": np.array([1.0, 1.0, 3.0])},
    {"values": np.array([2.0, 0.0, 3.0, 1.0]), "weights": np.array([3.0, 2.5, 2.0, 2.0])},
    {"values": np.array([2.0, 0.0, 3.0, 1.0, 0.5]), "weights": np.array([1.25, 1.0, 1.75, 1.0, 1.0])},
    {"values": np.array([2.5, 1.5, 0.5, 3.0, 1.0]), "weights": np.array([0.1, 0.15, 0.3, 0.25, 0.2])},
]
