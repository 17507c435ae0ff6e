"""The checks of the chapter *Shadows*."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

import numpy as np
from scipy import ndimage

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import call_text, name_of

ENOUGH, USUAL = 0.41, 0.35  # mean IoU of hulls of three views, asked for and of views at equal angles
SIZE, VOXELS, SHOWN = 48, 24, 2.05  # pixels, voxels, and what a picture shows at the distance of the solid's centre


@exercise(solved="that is how similar two boxes are.")
def check_iou(answer: Callable) -> None:
    """Check ``answer(size, shift)``, the IoU of a box of voxels and the same box at another place."""
    cases = [
        ((5, 5, 3), (1, 0, 0)),
        ((5, 5, 3), (0, -2, 1)),
        ((4, 4, 4), (0, 0, 0)),
        ((2, 3, 4), (2, 0, 0)),
        ((2, 3, 4), (5, -7, 1)),
        ((10, 1, 6), (-3, 0, 2)),
    ]
    compare_on(
        [{"size": size, "shift": shift} for size, shift in cases],
        answer,
        reference=_box_iou,
        mistakes=[
            ("voxels that both have count once in the union.", lambda a, b: _box_iou(a, b, twice=True)),
            ("boxes that are too far apart have no voxel in common.", lambda a, b: _box_iou(a, b, clip=False)),
            ("a shift may be negative; its size counts.", lambda a, b: _box_iou(a, b, absolute=False)),
            ("divide by the union, not by one of the boxes.", lambda a, b: _common(a, b) / np.prod(a)),
        ],
    )


@exercise(solved="the largest solid with these three outlines.")
def check_hull(answer: Callable) -> None:
    """Check ``answer(front, side, top)``, the hull of three silhouettes along the axes."""
    draw = np.random.default_rng(0)
    cases = []
    for shape in ((4, 3, 2), (5, 5, 5), (2, 6, 3)):
        solid = draw.random(shape) < 0.25
        cases.append({"front": solid.any(axis=1), "side": solid.any(axis=0), "top": solid.any(axis=2)})
    compare_on(
        cases,
        answer,
        reference=_hull,
        mistakes=[
            (
                "a voxel has to lie in all silhouettes, not in any of them.",
                lambda front, side, top: front[:, None] | side[None] | top[:, :, None],
            ),
            ("the side's silhouette is missing: it counts for all x.", lambda f, s, t: f[:, None] & t[:, :, None]),
            ("the top's silhouette is missing: it counts for all z.", lambda f, s, t: f[:, None] & s[None]),
            ("the front's silhouette is missing: it counts for all y.", lambda f, s, t: s[None] & t[:, :, None]),
        ],
        shapes=[
            (
                "front is (X, Z), side is (Y, Z) and top is (X, Y); return (X, Y, Z).",
                lambda front, side, top: (front.shape[1], len(side), len(front)),
            )
        ],
    )


@exercise(solved="so good is a threshold, before the truth is known.")
def check_expected(answer: Callable) -> None:
    """Check ``answer(probability, threshold)``, the expected intersection over the expected union."""
    draw = np.random.default_rng(1)
    cases = [{"probability": draw.random(30), "threshold": threshold} for threshold in (0.2, 0.4, 0.5)]
    cases += [{"probability": np.array([0.9, 0.9, 0.1]), "threshold": 0.5}]
    cases += [{"probability": np.array([0.5, 0.3]), "threshold": 0.5}, {"probability": np.ones(4), "threshold": 0.5}]
    compare_on(
        cases,
        answer,
        reference=_expected,
        mistakes=[
            ("a voxel whose probability is the threshold is occupied.", lambda p, t: _expected(p, t, strict=True)),
            (
                "what is not predicted may be occupied, too, and then belongs to the union.",
                lambda p, t: p[p >= t].sum() / max((p >= t).sum(), 1),
            ),
            (
                "in the union, a predicted voxel counts whole, whatever its probability.",
                lambda p, t: p[p >= t].sum() / p.sum(),
            ),
        ],
    )


@exercise(solved="three views that see more than equal angles do.")
def check_views(answer: Callable) -> None:
    """Check ``answer()``, three cameras for hulls of furniture. Any with a high IoU passes."""
    what = call_text(answer, {})
    views = as_numbers(call(answer), what)
    if views.shape != (3, 2):
        raise NotYet(f"{what} has the shape {views.shape}; (3, 2) is expected: azimuth and elevation of three cameras.")
    if not np.isfinite(views).all() or np.abs(views[:, 1]).max() > 85:
        raise NotYet("angles are in degrees, and elevations from -85 to 85.")
    found = _mean_iou(tuple(map(tuple, views.tolist())))
    if found < ENOUGH:
        told = f"{name_of(answer)} reaches a mean IoU of {found:.3f}; at least {ENOUGH} is expected."
        raise NotYet(f"{told}\nThree cameras at equal angles and 20 degrees of elevation reach {USUAL}.")


@functools.cache
def _pieces() -> list[tuple]:
    """Return furniture in the unit sphere, and its voxels."""
    from pcfilter_lib import data, synthesis

    pieces = []
    for number, kind in enumerate(("chair", "sofa", "table", "toilet", "monitor", "night_stand")):
        piece = synthesis.make_furniture(kind, np.random.default_rng([31, number]))
        low, high = piece.vertices.min(axis=0), piece.vertices.max(axis=0)
        piece = synthesis.Solid((piece.vertices - (low + high) / 2) / (np.linalg.norm(high - low) / 2), piece.faces)
        pieces.append((piece, data.voxelize(data.Mesh(piece.vertices, piece.faces), VOXELS, solid=True)))
    return pieces


@functools.cache
def _mean_iou(views: tuple[tuple[float, float], ...]) -> float:
    from pcfilter_lib import data, synthesis

    cameras = [synthesis.turntable(1, elevation, azimuth=azimuth, size=SIZE)[0] for azimuth, elevation in views]
    intrinsics, poses = (np.stack([getattr(each, name) for each in cameras]) for name in ("intrinsics", "pose"))
    found = []
    for piece, true in _pieces():
        reach = np.ceil(np.sqrt(3) / 2 * true.voxel_size / (SHOWN / SIZE))
        seen = synthesis.render(piece, cameras).silhouette
        seen = np.stack([ndimage.distance_transform_edt(~each) <= reach for each in seen])
        hull = data.visual_hull(seen, intrinsics, poses, true).values
        found.append((hull & true.values).sum() / (hull | true.values).sum())
    return float(np.mean(found))


def _common(size: Sequence[int], shift: Sequence[int], clip: bool = True, absolute: bool = True) -> int:
    moved = np.abs(shift) if absolute else np.asarray(shift)
    left = np.asarray(size) - moved
    return int(np.prod(np.maximum(left, 0) if clip else left))


def _box_iou(size: Sequence[int], shift: Sequence[int], twice: bool = False, **how: bool) -> float:
    both = _common(size, shift, **how)
    union = 2 * int(np.prod(size)) - (0 if twice else both)
    return both / union if union else np.inf


def _hull(front: np.ndarray, side: np.ndarray, top: np.ndarray) -> np.ndarray:
    return front[:, None] & side[None] & top[:, :, None]


def _expected(probability: np.ndarray, threshold: float, strict: bool = False) -> float:
    chosen = probability > threshold if strict else probability >= threshold
    return float(probability[chosen].sum() / (chosen.sum() + probability[~chosen].sum()))
