"""The checks of the chapter *Sets, not grids*."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pcfilter_lib.exercises._core import NotYet, as_numbers, call, compare_on, exercise
from pcfilter_lib.exercises._wording import name_of, number


@exercise(solved="each face takes as many voxels as its area and its direction say.")
def check_voxels(answer: Callable) -> None:
    """Check ``answer(areas, normals, side)``, the expected number of voxels that a surface takes."""
    compare_on(
        _FACES,
        answer,
        reference=_voxels,
        mistakes=[
            (
                "each face counts as if it lay along the grid; a slanted one takes more.",
                lambda areas, normals, side: areas.sum() * side**2,
            ),
            (
                "each face counts as if its normal were a diagonal of the cube, where the slab is thickest.",
                lambda areas, normals, side: np.sqrt(3) * areas.sum() * side**2,
            ),
            (
                "1.5 is the factor of a surface that has all directions alike; each face here has its own direction.",
                lambda areas, normals, side: 1.5 * areas.sum() * side**2,
            ),
            (
                "normals may point backwards: a negative entry makes the slab no thinner.",
                lambda areas, normals, side: np.sum(areas * normals.sum(axis=1)) * side**2,
            ),
            (
                "the entries of all faces cancel here before their absolute value is taken; take it face by face.",
                lambda areas, normals, side: np.abs(areas @ normals).sum() * side**2,
            ),
            (
                "this slab has half of its thickness: centres lie on both sides of the surface.",
                lambda areas, normals, side: _voxels(areas, normals, side) / 2,
            ),
            (
                "this is the columns of voxels that each face is seen in from its best side; where it is slanted, "
                "it takes several voxels of a column.",
                lambda areas, normals, side: np.sum(areas * np.abs(normals).max(axis=1)) * side**2,
            ),
            (
                "a surface takes side**2 voxels for each unit of area, times a factor, not side**3.",
                lambda areas, normals, side: _voxels(areas, normals, side) * side,
            ),
            (
                "this is the share of the grid; the number of voxels is wanted.",
                lambda areas, normals, side: _voxels(areas, normals, side) / side**3,
            ),
            (
                "the area is missing: a face of twice the area takes twice the voxels.",
                lambda areas, normals, side: np.abs(normals).sum() * side**2,
            ),
        ],
        shapes=[("this is a number for each face; add them up.", lambda areas, normals, side: areas.shape)],
    )


@exercise(solved="it is another set, and neither sum nor mean nor maximum tells.")
def check_twin(answer: Callable) -> None:
    """Check ``answer(points)``: another set of as many points, with the same sum and maximum of each coordinate."""
    for seed, count in ((1, 8), (2, 50), (3, 200)):
        points = np.random.default_rng(seed).normal(size=(count, 3))
        _examine_twin(answer, points)


@exercise(solved="both numbers are back, and only their order was lost.")
def check_two(answer: Callable) -> None:
    """Check ``answer(p1, p2)``, the two numbers with this sum and this sum of squares, in ascending order."""
    compare_on(
        _SUMS,
        answer,
        reference=_two,
        mistakes=[
            ("the smaller number comes first.", lambda p1, p2: _two(p1, p2)[::-1]),
            (
                "this takes p2 for the square of the distance from the mean; take the square of the mean away first.",
                lambda p1, p2: p1 / 2 + np.sqrt(p2 / 2) * np.array([-1, 1]),
            ),
            (
                "below the root is a negative number: twice p2 is never less than p1 squared; subtract the other way.",
                _root_of_negative,
            ),
            (
                "half of the distance is wanted on each side of the mean; this is the whole distance.",
                lambda p1, p2: p1 / 2 + np.sqrt(2 * p2 - p1**2) * np.array([-1, 1]),
            ),
            (
                "there are two squares in p2: divide it by 2 before the square of the mean is taken away.",
                lambda p1, p2: p1 / 2 + np.sqrt(p2 - p1**2 / 4) * np.array([-1, 1]),
            ),
            (
                "the numbers lie around their mean, which is half of their sum.",
                lambda p1, p2: p1 + np.sqrt(p2 / 2 - p1**2 / 4) * np.array([-1, 1]),
            ),
            (
                "the variance is here in place of its square root.",
                lambda p1, p2: p1 / 2 + (p2 / 2 - p1**2 / 4) * np.array([-1, 1]),
            ),
            ("these are mean and standard deviation; the two numbers are wanted.", _mean_and_deviation),
        ],
        shapes=[("return two numbers.", lambda p1, p2: ())],
    )


@exercise(solved="the large matrix does what the shared layer does.")
def check_matrix(answer: Callable) -> None:
    """Check ``answer(kernel, count)``, the matrix by which a flattened cloud is multiplied in a shared dense layer."""
    compare_on(
        _KERNELS,
        answer,
        reference=_matrix,
        mistakes=[
            (
                "each entry of the kernel became a block here; that is right for all x first, then all y, then all z.",
                lambda kernel, count: np.kron(kernel, np.eye(count)),
            ),
            (
                "each point reaches the features of all points here; it may reach its own only.",
                lambda kernel, count: np.tile(kernel, (count, count)),
            ),
            (
                "this is transposed: rows are inputs, columns are features.",
                lambda kernel, count: _matrix(kernel, count).T,
            ),
            (
                "only the first point has weights here; all points have the same ones.",
                lambda kernel, count: np.kron(np.diag(np.arange(count) == 0), kernel),
            ),
            (
                "the points come out in the reverse order here: the blocks belong on the diagonal from the upper left.",
                lambda kernel, count: np.kron(np.eye(count)[::-1], kernel),
            ),
        ],
        shapes=[
            (
                "each point has features of its own: next to each other, not added up.",
                lambda kernel, count: (count * kernel.shape[0], kernel.shape[1]),
            ),
            (
                "all points get the numbers of one point here; there are `count` times as many inputs.",
                lambda kernel, count: (kernel.shape[0], count * kernel.shape[1]),
            ),
            ("this is the kernel itself; it is for one point.", lambda kernel, count: kernel.shape),
            (
                "the blocks are stacked here; place them in one matrix.",
                lambda kernel, count: (count, *kernel.shape),
            ),
        ],
    )


def _examine_twin(answer: Callable, points: np.ndarray) -> None:
    count, name = len(points), name_of(answer)
    what = f"{name}(points) for {count} random points"
    twin = as_numbers(call(answer, points=points), what).astype(float)
    if twin.shape != points.shape:
        raise NotYet(f"{what} has the shape {twin.shape}; as many points are wanted, {points.shape}.")
    if not np.isfinite(twin).all():
        raise NotYet(f"{what} holds NaN or infinity.")
    if np.allclose(twin[np.lexsort(twin.T)], points[np.lexsort(points.T)], atol=1e-6):
        again = "in another order; that is the same set" if not np.allclose(twin, points) else "as they are"
        raise NotYet(f"{what} gives the same points {again}.")
    for pool, column_wise in (("mean", np.mean), ("maximum", np.max)):
        was, now = column_wise(points, axis=0), column_wise(twin, axis=0)
        wrong = ~np.isclose(was, now, atol=1e-5)
        if wrong.any():
            at = int(wrong.argmax())
            more = _why(pool, points, twin)
            raise NotYet(
                f"{more}the {pool} of coordinate {at} is {number(now[at])} for your cloud of {count} points; "
                f"{number(was[at])} is expected."
            )
    apart = np.linalg.norm(twin[:, None] - points, axis=2).min(axis=1)
    new = np.count_nonzero(apart > 1e-4)
    if new <= count / 2:
        raise NotYet(f"only {new} of {count} points are new; change more than half of them.")


def _why(pool: str, points: np.ndarray, twin: np.ndarray) -> str:
    """Name the mistake behind a pool that differs, where it is known."""
    middle = points.mean(axis=0)
    around, turned = points - middle, twin - middle
    if pool == "mean" and np.allclose(twin, -points, atol=1e-5):
        return "mirrored at the origin, the cloud has its mean on the other side: "
    if pool == "maximum" and np.allclose(turned, -around, atol=1e-5):
        return "mirrored at its mean, the cloud keeps the mean, but its smallest values become the largest: "
    scales = np.linalg.norm(turned) / np.linalg.norm(around)
    if pool == "maximum" and np.allclose(turned, scales * around, atol=1e-5):
        return "all points are scaled here, those with the maxima too: "
    moved = ~np.isclose(twin, points).all(axis=1)
    inside = np.linalg.norm(turned[moved]) / np.linalg.norm(around[moved])
    if pool == "mean" and not moved.all() and np.allclose(turned[moved], inside * around[moved], atol=1e-5):
        return "the points that move have a mean of their own, which is not that of the whole cloud: "
    return ""


def _voxels(areas: np.ndarray, normals: np.ndarray, side: int) -> float:
    return float(np.sum(areas * np.abs(normals).sum(axis=1)) * side**2)


def _two(p1: float, p2: float) -> np.ndarray:
    return p1 / 2 + np.sqrt(p2 / 2 - p1**2 / 4) * np.array([-1, 1])


def _root_of_negative(p1: float, p2: float) -> np.ndarray:
    return np.full(2, np.nan)


def _mean_and_deviation(p1: float, p2: float) -> np.ndarray:
    return np.array([p1 / 2, np.sqrt(p2 / 2 - p1**2 / 4)])


def _matrix(kernel: np.ndarray, count: int) -> np.ndarray:
    return np.kron(np.eye(count), kernel)


def _random_faces(count: int, seed: int) -> dict:
    random = np.random.default_rng(seed)
    normals = random.normal(size=(count, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    return {"areas": random.uniform(0.01, 0.1, size=count), "normals": normals, "side": 32}


_FACES = [
    {
        "areas": np.array([0.5, 0.25, 0.1]),
        "normals": np.array([[0.0, -0.6, 0.8], [1.0, 0.0, 0.0], [0.0, 0.6, 0.8]]),
        "side": 10,
    },
    _random_faces(40, seed=22),
]
_SUMS = [{"p1": 4, "p2": 58}, {"p1": 1.0, "p2": 2.5}, {"p1": -3.0, "p2": 17.0}]
_random = np.random.default_rng(23)
_KERNELS = [
    {"kernel": np.array([[1.0, -2.0], [3.0, 0.5], [4.0, 6.0]]), "count": 2},
    {"kernel": _random.integers(-9, 10, size=(3, 4)) / 2, "count": 5},
]
