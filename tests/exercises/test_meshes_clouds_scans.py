"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
from verdicts import verdict_tests

from pcfilter_lib import data
from pcfilter_lib.exercises import _triangle
from pcfilter_lib.exercises import meshes_clouds_scans as exercises


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


def along_lines(t, s):
    """Return an answer with P = (1 - t) a + t (1 - s) b + t s c, for functions t and s of u and v."""

    def answer(a, b, c, u, v):
        part, side = t(u, v)[:, None], s(u, v)[:, None]
        return (1 - part) * a + part * (1 - side) * b + part * side * c

    return answer


def by_clipping(a, b, c, u, v):
    return mixed(a, b, c, u, np.minimum(v, 1 - u))


def by_swapping(a, b, c, u, v):
    beyond = u + v > 1
    return mixed(a, b, c, np.where(beyond, v, u), np.where(beyond, u, v))


def by_dividing(a, b, c, u, v):
    beyond = np.maximum(u + v, 1)
    return mixed(a, b, c, u / beyond, v / beyond)


def mean(points):
    return points.mean(axis=1, keepdims=True)


def largest(points):
    return np.linalg.norm(points, axis=2, keepdims=True).max(axis=1, keepdims=True)


def unit_sphere(points, centre=mean, size=largest):
    moved = points - centre(points)
    has_size = size(moved) > 1e-6 * np.abs(points).max(axis=(1, 2), keepdims=True)
    return np.where(has_size, moved / np.where(has_size, size(moved), 1), 0)


def unit_sphere_of_the_chapter(points):
    """The book's solution."""
    moved = points - mean(points)
    rounding = 1e-6 * np.abs(points).max(axis=(1, 2), keepdims=True)
    return np.where(largest(moved) > rounding, moved / np.maximum(largest(moved), 1e-300), 0)


def unit_sphere_in_a_loop(points):
    clouds = []
    for cloud in points:
        moved = cloud - cloud.mean(axis=0)
        radius = np.sqrt((moved**2).sum(axis=1)).max()
        clouds.append(moved / radius if radius > 1e-9 * np.abs(cloud).max() else 0 * moved)
    return clouds


def without_size(points):
    moved = points - mean(points)
    return moved / largest(moved)


def project(x, y, z, fx, fy, cx, cy):
    return fx * x / z + cx, fy * y / z + cy


def depth_map(
    points,
    fx,
    fy,
    cx,
    cy,
    shape,
    project=project,
    nearest=lambda at: int(np.rint(at)),
    seen=lambda row, column, shape: 0 <= row < shape[0] and 0 <= column < shape[1],
    skip=lambda z: z <= 0,
    better=lambda z, old: not z >= old,
    empty=np.nan,
    depth=lambda x, y, z: z,
):
    """Point by point: an independent way to the same numbers."""
    image = np.full(shape, empty)
    for x, y, z in points:
        if skip(z):
            continue
        u, v = project(x, y, z, fx, fy, cx, cy)
        row, column = nearest(v), nearest(u)
        if seen(row, column, shape) and better(z, image[row, column]):
            image[row, column] = depth(x, y, z)
    return image


def vectorised(points, fx, fy, cx, cy, shape):
    """The book's solution."""
    x, y, z = points[points[:, 2] > 0].T
    columns, rows = np.rint(fx * x / z + cx).astype(int), np.rint(fy * y / z + cy).astype(int)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    image = np.full(shape, np.inf)
    np.minimum.at(image, (rows[inside], columns[inside]), z[inside])
    return np.where(np.isfinite(image), image, np.nan)


def unguarded(points, fx, fy, cx, cy, shape):
    x, y, z = points[points[:, 2] > 0].T
    columns, rows = np.rint(fx * x / z + cx).astype(int), np.rint(fy * y / z + cy).astype(int)
    kept = (rows >= 0) & (columns >= 0)
    image = np.full(shape, np.inf)
    np.minimum.at(image, (rows[kept], columns[kept]), z[kept])
    return np.where(np.isfinite(image), image, np.nan)


def depth_map_with(**options):
    return lambda *inputs: depth_map(*inputs, **options)


def everywhere(row, column, shape):
    return True


def clipped(points, fx, fy, cx, cy, shape):
    x, y, z = points[points[:, 2] > 0].T
    columns = np.clip(np.rint(fx * x / z + cx).astype(int), 0, shape[1] - 1)
    rows = np.clip(np.rint(fy * y / z + cy).astype(int), 0, shape[0] - 1)
    image = np.full(shape, np.inf)
    np.minimum.at(image, (rows, columns), z)
    return np.where(np.isfinite(image), image, np.nan)


def sorted_out_before_rounding(points, fx, fy, cx, cy, shape):
    u, v = project(*points.T, fx, fy, cx, cy)
    inside = (u >= 0) & (u <= shape[1] - 1) & (v >= 0) & (v <= shape[0] - 1)
    return depth_map(points[inside], fx, fy, cx, cy, shape)


SOLUTIONS = [
    (exercises.check_sample_triangle, by_square_root),
    (exercises.check_sample_triangle, by_reflection),
    (exercises.check_sample_triangle, by_sorting),
    (exercises.check_sample_triangle, lambda *inputs: by_square_root(*inputs).astype(np.float32)),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: by_square_root(b, c, a, v, u)),
    (exercises.check_unit_sphere, unit_sphere),
    (exercises.check_unit_sphere, lambda points: unit_sphere(points).astype(np.float32)),
    (exercises.check_unit_sphere, unit_sphere_in_a_loop),
    (exercises.check_unit_sphere, unit_sphere_of_the_chapter),
    (exercises.check_unit_sphere, data.unit_sphere),
    (exercises.check_unit_sphere, lambda points: np.stack([data.unit_sphere(cloud) for cloud in points])),
    (exercises.check_unit_sphere, lambda points: unit_sphere(points.astype(np.float32))),
    (exercises.check_depth_map, depth_map),
    (exercises.check_depth_map, vectorised),
    (exercises.check_depth_map, lambda *inputs: vectorised(*inputs).astype(np.float32)),
    (exercises.check_depth_map, depth_map_with(nearest=lambda at: int(np.floor(at + 0.5)))),
]


def sized(size):
    return lambda points: unit_sphere(points, size=size)


def centred(centre):
    return lambda points: unit_sphere(points, centre=centre)


def with_cut_off(cut_off):
    def answer(points):
        moved = points - mean(points)
        return moved / np.where(largest(moved) <= cut_off, 1, largest(moved))

    return answer


def norm_along_points(**how):
    return lambda centred: np.linalg.norm(centred, axis=1, **how).max()


ROUNDING = "the mean of equal numbers is not always exactly that number: treat a largest distance that is tiny beside"
SMALL = "a small cloud has a size too: compare with the coordinates, not with a fixed number."
ONE_CLOUD = "you treat the batch as one cloud: mean and max run over axis 1."
OVER_XYZ = "you average over x, y and z (axis 2); the points are along axis 1."
SPHERE_MISTAKES = [
    (with_cut_off(0), ROUNDING),
    (with_cut_off(0), "(np.full((1, 50, 3), 0.1))"),
    (lambda p: np.nan_to_num(without_size(p)), ROUNDING),
    (with_cut_off(0.5), SMALL),
    (with_cut_off(0.01), SMALL),
    (lambda p: (p - p.mean(axis=0)) / np.linalg.norm(p - p.mean(axis=0), axis=1).max(), ONE_CLOUD),
    (
        lambda p: (p - p.mean(axis=0)) / np.linalg.norm(p - p.mean(axis=0), axis=2).max(),
        "the mean over the clouds, axis 0",
    ),
    (centred(lambda p: p.mean(axis=2, keepdims=True)), OVER_XYZ),
    (lambda p: unit_sphere(p, lambda p: p.mean(axis=2, keepdims=True), norm_along_points()), OVER_XYZ),
    (lambda p: unit_sphere(p, lambda p: p.mean(axis=2, keepdims=True), lambda c: largest(c).max()), OVER_XYZ),
    (lambda p: p - p.mean(axis=2), f"Perhaps {OVER_XYZ}"),
    (sized(norm_along_points()), "your norm runs over the points (axis 1)"),
    (sized(lambda c: np.linalg.norm(c, axis=1, keepdims=True)), "your norm runs over the points (axis 1)"),
    (sized(lambda c: np.linalg.norm(c, axis=1).max(axis=1)[:, None, None]), "your norm runs over the points (axis 1)"),
    (without_size, "a cloud whose points all coincide has no size, and 0 / 0 is NaN"),
    (without_size, "[[2., 4., 1.], [2., 4., 1.]]"),
    (centred(lambda p: p.mean(axis=(0, 1))), "one centroid for the whole batch"),
    (sized(lambda p: largest(p).max()), "one scale for the whole batch"),
    (
        lambda p: unit_sphere(p, lambda p: p.mean(axis=(0, 1)), lambda p: largest(p).max()),
        "one centroid and one scale for the whole batch",
    ),
    (centred(lambda p: p.mean(axis=0)), "the mean over the clouds, axis 0"),
    (centred(lambda p: p.mean(axis=(1, 2), keepdims=True)), "one mean of all coordinates"),
    (centred(np.mean), "one mean of all coordinates"),
    (
        centred(lambda p: (p.min(axis=1, keepdims=True) + p.max(axis=1, keepdims=True)) / 2),
        "middle of the bounding box",
    ),
    (sized(lambda p: abs(p).max(axis=(1, 2), keepdims=True)), "by the largest coordinate"),
    (sized(lambda p: p.std(axis=(1, 2), keepdims=True)), "by the standard deviation;"),
    (sized(lambda p: p.std(axis=1, keepdims=True)), "a standard deviation for each axis"),
    (sized(lambda p: abs(p).max(axis=1, keepdims=True)), "each axis of space by itself"),
    (sized(lambda p: np.linalg.norm(p, axis=2, keepdims=True)), "each point by its own distance"),
    (centred(lambda p: 0), "scaled, but not centred"),
    (sized(lambda p: 1.0), "centred, but not scaled"),
    (lambda p: (p - mean(p)) / largest(p), "you measure the distances before you centre"),
    (lambda p: p - p.mean(axis=1), "stopped with ValueError: operands could not be broadcast"),
    (lambda p: p - p.mean(axis=1), "Perhaps an axis is lost"),
    (lambda p: (p - mean(p)) / largest(p - mean(p))[..., 0], "Perhaps an axis is lost"),
    (lambda p: unit_sphere(p)[0], "return the whole batch"),
    (lambda p: unit_sphere(p).reshape(-1, 3), "keep the clouds apart"),
    (lambda p: unit_sphere(p) * 1.5, "is expected"),
]
DEPTH_MISTAKES = [
    (depth_map_with(project=lambda *p: project(*p)[::-1], seen=everywhere), "rows and columns are exchanged"),
    (depth_map_with(project=lambda *p: project(*p)[::-1]), "rows and columns are exchanged"),
    (lambda *inputs: depth_map(*inputs).T, "rows and columns are exchanged"),
    (depth_map_with(project=lambda x, y, z, *camera: project(x, y, 1, *camera)), "the division by z is missing"),
    (
        depth_map_with(project=lambda x, y, z, *camera: project(x, y, 1, *camera), seen=everywhere),
        "the division by z is missing",
    ),
    (depth_map_with(project=lambda x, y, z, fx, fy, cx, cy: project(x, y, z, fy, fx, cx, cy)), "fx and fy are swapped"),
    (depth_map_with(project=lambda x, y, z, fx, fy, cx, cy: project(x, y, z, fx, fy, cy, cx)), "cx and cy are swapped"),
    (depth_map_with(project=lambda x, y, z, fx, fy, cx, cy: project(x, y, z, fx, fy, 0, 0)), "the principal point"),
    (depth_map_with(project=lambda x, y, z, *camera: project(x, -y, z, *camera)), "y points up"),
    (depth_map_with(nearest=int), "you cut the decimals off"),
    (depth_map_with(nearest=int, seen=everywhere), "you cut the decimals off"),
    (depth_map_with(nearest=lambda at: int(at + 0.5)), "so that -0.8 becomes 0"),
    (depth_map_with(empty=np.inf), "hold infinity; they should be NaN"),
    (lambda *inputs: np.nan_to_num(depth_map(*inputs)), "hold zero; they should be NaN"),
    (depth_map_with(depth=lambda *p: np.linalg.norm(p)), "the distance along the ray"),
    (depth_map_with(better=lambda z, old: True), "the last one wins"),
    (depth_map_with(better=lambda z, old: np.isnan(old)), "the first one wins"),
    (depth_map_with(better=lambda z, old: not z <= old), "the farthest wins"),
    (depth_map_with(skip=lambda z: z == 0), "points behind the camera are kept"),
    (depth_map_with(skip=lambda z: z == 0, depth=lambda x, y, z: abs(z)), "points behind the camera are kept"),
    (depth_map_with(seen=everywhere), "a negative index, which NumPy counts from the end"),
    (depth_map_with(seen=lambda r, c, shape: r < shape[0] and c < shape[1]), "a negative index, which NumPy counts"),
    (unguarded, "stopped with IndexError: index 6 is out of bounds for axis 1 with size 6."),
    (unguarded, "Perhaps a point lies beyond the image: leave it out before you index."),
    (depth_map_with(seen=lambda r, c, shape: r >= 0 and c >= 0), "Perhaps a point lies beyond the image:"),
    (depth_map_with(better=lambda z, old: z < old), "no pixel is ever filled: the minimum of NaN and a number is NaN"),
    (lambda *inputs: np.ma.masked_invalid(vectorised(*inputs)), "gives a masked array: return a plain array."),
    (clipped, "moved to its edge"),
    (sorted_out_before_rounding, "round first, then leave out"),
    (lambda *inputs: depth_map(*inputs) + 1, "is expected"),
]
MISTAKES = [
    (exercises.check_sample_triangle, lambda a, b, c, u, v: mixed(a, b, c, u * (1 - v), u * v), "at the corner a"),
    (
        exercises.check_sample_triangle,
        lambda a, b, c, u, v: mixed(a, b, c, 1 - u, u * v),
        "Look at how u must be distributed: the hint says more.",
    ),
    (
        exercises.check_sample_triangle,
        along_lines(lambda u, v: u, lambda u, v: np.sqrt(v)),
        "wrong number: on v, which",
    ),
    (
        exercises.check_sample_triangle,
        along_lines(lambda u, v: u, lambda u, v: np.sqrt(v)),
        "the sixteenth of the triangle there has 4022 points, and its fair share is 1000.",
    ),
    (exercises.check_sample_triangle, along_lines(lambda u, v: 1 - v, lambda u, v: np.sqrt(u)), "and not on 1 - v"),
    (exercises.check_sample_triangle, along_lines(lambda u, v: 1 - np.sqrt(u), lambda u, v: v), "lies 1 - sqrt(u) of"),
    (
        exercises.check_sample_triangle,
        along_lines(lambda u, v: 1 - np.sqrt(1 - u), lambda u, v: v),
        "lies 1 - sqrt(1 - u) of the way from a",
    ),
    (
        exercises.check_sample_triangle,
        along_lines(lambda u, v: np.sqrt(u), lambda u, v: np.sqrt(v)),
        "the one on v is too many",
    ),
    (exercises.check_sample_triangle, by_clipping, "8028 of 16000 points lie exactly on the edge b c"),
    (exercises.check_sample_triangle, by_dividing, "lie exactly on the edge b c: points that are moved to an edge"),
    (exercises.check_sample_triangle, lambda a, b, c, u, v: np.tile((a + b + c) / 3, (len(u), 1)), "are the same"),
    (exercises.check_sample_triangle, along_lines(lambda u, v: u, lambda u, v: 0 * v), "all points lie on one line"),
    (exercises.check_sample_triangle, mixed, "They lie beyond the edge b c: fold them back"),
    (
        exercises.check_sample_triangle,
        lambda a, b, c, u, v: mixed(a, b, c, np.sqrt(u), v),
        "They lie beyond the edge b c: a square root does not belong in the parallelogram.",
    ),
    (exercises.check_sample_triangle, by_swapping, "u and v swapped have the same sum, so that a point stays beyond"),
    (
        exercises.check_sample_triangle,
        lambda a, b, c, u, v: mixed(a, b, c, u, v)[u + v <= 1],
        "You dropped the points outside; fold them back instead.",
    ),
    (exercises.check_sample_triangle, by_normalising, "Weights that are divided by their sum do that."),
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
    *((exercises.check_unit_sphere, answer, explanation) for answer, explanation in SPHERE_MISTAKES),
    *((exercises.check_depth_map, answer, explanation) for answer, explanation in DEPTH_MISTAKES),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_every_even_draw_passes():
    """The threshold lets through what it should: five hundred honest samples, none refused."""
    for seed in range(500):
        u, v = np.random.default_rng(seed).random((2, 2_000))
        _triangle.require_even(_triangle.inside_weights(by_square_root(*_triangle.TRIANGLE, u, v), u, v, "it"), "it")


def test_only_a_wrong_root_is_called_misplaced():
    u, v = np.random.default_rng(0).random((2, 500))
    for answer in (by_square_root, by_reflection, by_sorting, by_clipping, along_lines(lambda u, v: u, lambda u, v: v)):
        weights = _triangle.inside_weights(answer(*_triangle.TRIANGLE, u, v), u, v, "it")
        assert _triangle.misplaced_root(weights, u, v) is None


def test_rounding_is_not_in_question():
    """No projection lies near the border of two pixels, and no two points of a pixel have the same depth."""
    for inputs in exercises._VIEWS:
        points = inputs["points"][inputs["points"][:, 2] > 0]
        at = np.column_stack(project(*points.T, *(inputs[name] for name in ("fx", "fy", "cx", "cy"))))
        assert (np.abs(at - np.floor(at) - 0.5) > 0.099).all()


def test_the_last_view_holds_every_difficulty():
    inputs = exercises._VIEWS[-1]
    z = inputs["points"][:, 2]
    assert (z < 0).any() and (z == 0).any()
    expected = vectorised(*inputs.values())
    assert np.isnan(expected).any()
    assert not np.array_equal(expected, depth_map(*inputs.values(), better=lambda z, old: True), equal_nan=True)


def test_a_root_on_the_wrong_number_is_not_asked_for(capsys):
    exercises.check_sample_triangle(along_lines(lambda u, v: u, lambda u, v: np.sqrt(v)))
    assert "Look at how u must be distributed" not in capsys.readouterr().out


def test_the_obvious_formula_is_not_told_of_the_root(capsys):
    exercises.check_sample_triangle(along_lines(lambda u, v: u, lambda u, v: v))
    printed = capsys.readouterr().out
    assert "Look at how u must be distributed: the hint says more." in printed
    assert "root" not in printed
