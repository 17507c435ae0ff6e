"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest

from pcfilter_lib.exercises import meshes_clouds_scans as exercises


def my_answer(*inputs):
    """What the reader finds."""


def mixed(a, b, c, weight_b, weight_c):
    return a + weight_b[:, None] * (b - a) + weight_c[:, None] * (c - a)


def by_square_root(a, b, c, u, v):
    return mixed(a, b, c, np.sqrt(u) * (1 - v), np.sqrt(u) * v)


def by_reflection(a, b, c, u, v):
    beyond = u + v > 1
    return mixed(a, b, c, np.where(beyond, 1 - u, u), np.where(beyond, 1 - v, v))


def by_sorting(a, b, c, u, v):
    """Two sorted uniform numbers cut the unit interval into three lengths, which are uniform weights."""
    return mixed(a, b, c, np.minimum(u, v), np.abs(u - v))


def by_normalising(a, b, c, u, v):
    weights = np.column_stack([u, v, np.random.default_rng(0).permutation(u)])
    return weights / weights.sum(axis=1, keepdims=True) @ np.array([a, b, c])


def unit_sphere(points, centre=lambda p: p.mean(axis=0), size=lambda p: np.linalg.norm(p, axis=1).max()):
    moved = points - centre(points)
    return moved / size(moved)


def backproject(depth, fx, fy, cx, cy):
    """Pixel by pixel: an independent way to the same numbers."""
    points = np.zeros((*depth.shape, 3))
    for row, column in np.ndindex(depth.shape):
        z = depth[row, column]
        points[row, column] = (column - cx) / fx * z, (row - cy) / fy * z, z
    return points


def along_rays(depth, *camera):
    rays = backproject(np.ones_like(depth), *camera)
    return rays / np.linalg.norm(rays, axis=2, keepdims=True) * depth[..., None]


def swapped(depth, fx, fy, cx, cy):
    column, row = np.indices(depth.shape)
    return np.stack([(column - cx) * depth / fx, (row - cy) * depth / fy, depth], axis=-1)


def without_depth(depth, fx, fy, cx, cy):
    row, column = np.indices(depth.shape)
    return np.stack([(column - cx) / fx, (row - cy) / fy, depth], axis=-1)


SOLUTIONS = [
    (exercises.check_sample_triangle, by_square_root),
    (exercises.check_sample_triangle, by_reflection),
    (exercises.check_sample_triangle, by_sorting),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs).astype(np.float32)),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: by_square_root(b, c, a, v, u)),
    (exercises.check_unit_sphere, unit_sphere),
    (exercises.check_unit_sphere, lambda points: unit_sphere(points).astype(np.float32)),
    (exercises.check_backproject, backproject),
]

MISTAKES = [
    (exercises.check_sample_triangle, lambda a, b, c, u, v: mixed(a, b, c, u * (1 - v), u * v), "at the corner a"),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: mixed(a, b, c, 1 - u, u * v), "Is a square root missing?"),
    (exercises.check_sample_triangle, mixed, "They lie beyond the edge b c: reflect"),
    (exercises.check_sample_triangle, by_normalising, "Weights divided by their sum are not uniform."),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs).T, "It is transposed"),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs)[:9], "has the shape (9, 3)"),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: mixed(a, b, c, u, u - 1), "lie outside the triangle."),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs) + [0, 0, 1], "outside the plane"),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs) * np.nan, "not finite"),
    (
        exercises.check_sample_triangle,
        lambda a, b, c, u, v: by_square_root(a, b, c, u, (v + 0.5) / 2),
        "is not uniform",
    ),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: by_square_root(a, b, c, u**0.9, v), "is not uniform"),
    (
        exercises.check_sample_triangle,
        lambda a, b, c, u, v: by_square_root(a, b, c, *np.random.random((2, len(u)))),
        "draw no random numbers of your own",
    ),
    (
        exercises.check_unit_sphere,
        lambda p: unit_sphere(p, centre=lambda p: (p.min(axis=0) + p.max(axis=0)) / 2),
        "the middle of the bounding box",
    ),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, size=lambda p: abs(p).max()), "the largest coordinate"),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, size=np.std), "divide by the standard deviation: divide"),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, size=lambda p: p.std(axis=0)), "deviation of each axis"),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, size=lambda p: abs(p).max(axis=0)), "each axis by itself"),
    (
        exercises.check_unit_sphere,
        lambda p: unit_sphere(p, size=lambda p: np.linalg.norm(p, axis=1, keepdims=True)),
        "each point by its own distance",
    ),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, centre=lambda p: 0), "scaled but not centred"),
    (exercises.check_unit_sphere, lambda p: p - p.mean(axis=0), "centred but not scaled"),
    (
        exercises.check_unit_sphere,
        lambda p: (p - p.mean(axis=0)) / np.linalg.norm(p, axis=1).max(),
        "you measure the distance before you centre",
    ),
    (exercises.check_unit_sphere, lambda p: unit_sphere(p, centre=np.mean), "one mean of all coordinates"),
    (exercises.check_backproject, swapped, "row and column are swapped"),
    (exercises.check_backproject, lambda *inputs: backproject(*inputs)[..., [1, 0, 2]], "x and y are swapped"),
    (exercises.check_backproject, without_depth, "the factor z is missing"),
    (exercises.check_backproject, along_rays, "the distance along the ray"),
    (exercises.check_backproject, lambda d, fx, fy, cx, cy: backproject(d, fx, fy, 0, 0), "principal point is missing"),
    (exercises.check_backproject, lambda d, fx, fy, cx, cy: backproject(d, fx, fy, cy, cx), "cx and cy are swapped"),
    (exercises.check_backproject, lambda d, fx, fy, cx, cy: backproject(d, fy, fx, cx, cy), "fx and fy are swapped"),
    (exercises.check_backproject, lambda *inputs: backproject(*inputs) * [1, -1, 1], "y points up"),
    (exercises.check_backproject, lambda *inputs: backproject(*inputs).reshape(-1, 3), "keep the grid"),
    (exercises.check_backproject, lambda *inputs: np.moveaxis(backproject(*inputs), 2, 0), "the last axis"),
]
CHECKS = [getattr(exercises, name) for name in dir(exercises) if name.startswith("check_")]


@pytest.mark.parametrize(("check", "solution"), SOLUTIONS)
def test_solutions_pass(capsys, check, solution):
    check(solution)
    assert capsys.readouterr().out.startswith("Solved: ")


@pytest.mark.parametrize(("check", "mistake", "explanation"), MISTAKES)
def test_mistakes_are_explained(capsys, check, mistake, explanation):
    check(mistake)
    printed = " ".join(capsys.readouterr().out.split())
    assert printed.startswith("Not yet: ")
    assert explanation in printed


@pytest.mark.parametrize("check", CHECKS)
def test_starter_and_error(capsys, check):
    check(my_answer)
    assert capsys.readouterr().out.startswith("Not solved yet: my_answer still returns nothing.")
    check(lambda *inputs: inputs[99])
    assert "Not yet: your answer stopped with IndexError" in capsys.readouterr().out


def test_every_even_draw_passes():
    """The threshold lets through what it should: five hundred honest samples, none refused."""
    for seed in range(500):
        u, v = np.random.default_rng(seed).random((2, 2_000))
        exercises._check_even(exercises._inside_weights(by_square_root(*exercises._TRIANGLE, u, v), "it"), "it")
