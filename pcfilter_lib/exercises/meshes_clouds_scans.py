"""The checks of the chapter *Meshes, clouds and scans*."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._triangle import QUESTION, TRIANGLE, inside_weights, misplaced_root, require_even
from pcfilter_lib.exercises._unit_sphere import require_unit_spheres
from pcfilter_lib.exercises._wording import name_of


@exercise(solved="your points lie in the triangle, and each part of it gets its fair share.")
def check_sample_triangle(answer: Callable) -> None:
    """Check ``answer(a, b, c, u, v)``: points (N, 3) of a triangle from uniform numbers u and v (N,) in [0, 1).

    Any uniform mapping passes: the points are counted in 16 congruent triangles, not compared with a formula.
    """
    a, b, c = TRIANGLE
    u, v = np.random.default_rng(4).random((2, 16_000))
    inputs = {"a": a, "b": b, "c": c, "u": u, "v": v}
    what = f"{name_of(answer)}(a, b, c, u, v)"
    points = as_numbers(call(answer, **inputs), what)
    expected = (len(u), 3)
    if points.shape != expected:
        hint = " It is transposed: each row is one point." if points.shape == expected[::-1] else ""
        if points.shape == (np.count_nonzero(u + v <= 1), 3):
            hint = " You dropped the points outside; fold them back instead."
        raise NotYet(f"{what} has the shape {points.shape}; {expected} is expected.{hint}")
    if not np.isfinite(points).all():
        raise NotYet(f"{what} gives points that are not finite.")
    if not np.allclose(points, as_numbers(call(answer, **inputs), what)):
        raise NotYet("the same u and v gave other points the second time: draw no random numbers of your own.")
    if np.allclose(points, points[0], atol=1e-6):
        raise NotYet("all points are the same: let u and v say where in the triangle each one lies.")
    weights = inside_weights(points, u, v, what)
    try:
        require_even(weights, what)
    except NotYet as reason:
        explanation = misplaced_root(weights, u, v)
        raise NotYet(f"{explanation}\n{str(reason).removesuffix(QUESTION)}" if explanation else str(reason)) from None


@exercise(
    solved="each cloud has its centroid at the origin and reaches to distance 1, and a cloud without size is zeros."
)
def check_unit_sphere(answer: Callable) -> None:
    """Check ``answer(points)``: a batch (B, N, 3), each cloud centred with radius 1, or zeros if it has no size."""
    require_unit_spheres(answer)


@exercise(solved="each pixel sees its nearest point, and NaN where there is none.")
def check_depth_map(answer: Callable) -> None:
    """Check ``answer(points, fx, fy, cx, cy, shape)``: the depth map (H, W) of points (N, 3) before a pinhole camera.

    The cases are ordered so that each brings one difficulty more: the projection alone, points that hide others, points
    behind the camera, points beyond the left and upper edge, then beyond the others, then all.
    """
    unseen = "a point lies beyond the image: leave it out before you index."
    negative = (
        "a point beyond the left or upper edge has a negative index, which NumPy counts from the end: leave it out."
    )
    behind = "points behind the camera are kept; it sees only those with z > 0."

    def like(**changes: object) -> Callable:
        return lambda *inputs: _depth_map(*inputs, **changes)

    compare_on(
        _VIEWS,
        answer,
        reference=_depth_map,
        mistakes=[
            (
                "no pixel is ever filled: the minimum of NaN and a number is NaN, and no number is less than NaN; "
                "start from infinity.",
                like(keep=lambda z: np.zeros(len(z), dtype=bool)),
            ),
            (negative, like(beyond="left out if too large")),
            (unseen, like(beyond="indexed")),  # before the others that NumPy refuses for the same index
            *(
                (text, like(**option, beyond=beyond))
                for text, option in [*_PROJECTIONS, *_ROUNDINGS]
                for beyond in ("left out", "indexed")
            ),
            ("pixels that no point reaches hold zero; they should be NaN.", like(empty=0)),
            ("pixels that no point reaches hold infinity; they should be NaN.", like(empty=np.inf)),
            (
                "you store the distance along the ray; a depth map holds z.",
                like(value=lambda points: np.linalg.norm(points, axis=1)),
            ),
            ("where several points fall into a pixel, the last one wins; it should be the nearest.", like(wins="last")),
            (
                "where several points fall into a pixel, the first one wins; it should be the nearest.",
                like(wins="first"),
            ),
            ("where several points fall into a pixel, the farthest wins; it should be the nearest.", like(wins="far")),
            (behind, like(keep=lambda z: z != 0)),
            (behind, like(keep=lambda z: z != 0, value=lambda points: np.abs(points[:, 2]))),
            (
                "a point that falls less than half a pixel outside rounds to a pixel: round first, then leave out.",
                like(beyond="left out before rounding"),
            ),
            ("points beyond the image are moved to its edge: leave them out.", like(beyond="clipped")),
        ],
        shapes=[(_PROJECTIONS[0][0], lambda points, fx, fy, cx, cy, shape: shape[::-1])],
    )


def _project(x: Any, y: Any, z: Any, fx: float, fy: float, cx: float, cy: float) -> tuple[Any, Any]:
    return fx * x / z + cx, fy * y / z + cy


_PROJECTIONS = [
    (text, {"project": project})
    for text, project in [
        (
            "rows and columns are exchanged: u, from x, is the column, and v, from y, is the row.",
            lambda x, y, z, fx, fy, cx, cy: _project(y, x, z, fy, fx, cy, cx),
        ),
        (
            "the division by z is missing: what is twice as far away appears half as large.",
            lambda x, y, z, *camera: _project(x, y, 1, *camera),
        ),
        (
            "fx and fy are swapped: fx belongs to the column.",
            lambda x, y, z, fx, fy, cx, cy: _project(x, y, z, fy, fx, cx, cy),
        ),
        (
            "cx and cy are swapped: cx belongs to the column.",
            lambda x, y, z, fx, fy, cx, cy: _project(x, y, z, fx, fy, cy, cx),
        ),
        (
            "the principal point is missing: add cx to the column and cy to the row.",
            lambda x, y, z, fx, fy, cx, cy: _project(x, y, z, fx, fy, 0, 0),
        ),
        (
            "y points up; in this book's camera frame it points down, as the rows do.",
            lambda x, y, z, *camera: _project(x, -y, z, *camera),
        ),
    ]
]
_ROUNDINGS = [
    ("you cut the decimals off; round to the nearest pixel.", {"to_pixel": np.trunc}),
    ("you round down; round to the nearest pixel.", {"to_pixel": np.floor}),
    (
        "int() cuts u + 0.5 towards zero, so that -0.8 becomes 0; use np.rint.",
        {"to_pixel": lambda at: np.trunc(at + 0.5)},
    ),
]


def _depth_map(
    points: np.ndarray,
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    shape: tuple[int, int],
    *,
    project: Callable = _project,
    to_pixel: Callable = np.rint,
    value: Callable = lambda points: points[:, 2],
    keep: Callable = lambda z: z > 0,
    wins: str = "near",
    beyond: str = "left out",
    empty: float = np.nan,
) -> np.ndarray:
    """Return the depth map; options other than the default make mistakes."""
    points = points[keep(points[:, 2])]
    places = np.column_stack(project(*points.T, fx, fy, cx, cy)[::-1])
    pixels, values, z = to_pixel(places).astype(int), value(points), points[:, 2]
    order = {"near": np.argsort(-z), "far": np.argsort(z), "last": range(len(z)), "first": reversed(range(len(z)))}
    image = np.full(shape, empty)
    for n in order[wins]:
        place, pixel = places[n], pixels[n]
        if beyond == "left out before rounding":
            seen = (place >= 0).all() and (place <= np.subtract(shape, 1)).all()
        else:
            above, below = (pixel >= 0).all(), (pixel < shape).all()
            seen = {"left out": above and below, "left out if too large": below}.get(beyond, True)
        if seen:
            image[tuple(np.clip(pixel, 0, np.subtract(shape, 1)) if beyond == "clipped" else pixel)] = values[n]
    return image


def _view(*columns_rows_depths: tuple[float, float, float], digits: int = 2) -> dict[str, Any]:
    """Return the inputs in which points fall at the columns, rows and depths given."""
    u, v, z = np.transpose(columns_rows_depths)
    points = np.column_stack([(u - _CAMERA["cx"]) * z / _CAMERA["fx"], (v - _CAMERA["cy"]) * z / _CAMERA["fy"], z])
    return {"points": np.round(points, digits) + 0.0, **_CAMERA}  # no -0


_random = np.random.default_rng(21)
_CAMERA = {"fx": 2.0, "fy": 5.0, "cx": 2.5, "cy": 1.5, "shape": (4, 6)}
# No point falls within 0.1 of the border between two pixels, where ways to round differ.
_VIEWS = [
    _view((0.2, 0.9, 1), (1.8, 2.2, 2), (3.1, 0.3, 4), (2.9, 1.9, 3)),
    _view((4.2, 1.1, 2), (5.1, 2.8, 3), (3.9, 0.9, 1), (4.8, 3.1, 1), (4.1, 1.2, 3), (5.2, 3.2, 2)),
    _view((1.2, 2.1, 2), (4.1, 1.2, -2), (0.3, 0.2, 1)),
    _view((-1.2, 2.1, 2), (2.2, -2.1, 1), (-0.3, 1.2, 3), (-0.8, 0.2, 2), (3.9, 1.8, 4)),
    _view((6.2, 1.1, 2), (5.3, 2.8, 1), (0.8, 3.3, 2)),
    _view(
        *np.column_stack(
            [
                _random.integers(-3, 9, 80) + _random.uniform(-0.4, 0.4, 80),
                _random.integers(-3, 7, 80) + _random.uniform(-0.4, 0.4, 80),
                _random.choice([-1.5, 0.0, 0.5, 0.8, 1.1, 1.6, 2.3], 80) + 0.0,
            ]
        ),
        digits=9,
    ),
]
