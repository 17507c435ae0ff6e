"""The right answers pass; each known mistake is met with its own explanation."""

import math

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib.data import VoxelGrid, voxelize
from pcfilter_lib.exercises import a_network_of_cubes as exercises


def cost(side, channels, filters, kernel, stride, dims):
    weights = filters * (channels * kernel**dims + 1)
    outputs = len(range(0, side - kernel + 1, stride)) ** dims
    return weights, (weights - filters) * outputs


def cost_with(bias=1, outputs=None, size=None):
    def answer(side, channels, filters, kernel, stride, dims):
        each = (size or kernel) ** dims * channels * filters
        count = outputs(side, kernel, stride) if outputs else len(range(0, side - kernel + 1, stride))
        return each + bias * filters, each * count**dims

    return answer


def multiplied_bias(side, channels, filters, kernel, stride, dims):
    weights, _ = cost(side, channels, filters, kernel, stride, dims)
    return weights, weights * len(range(0, side - kernel + 1, stride)) ** dims


def always_in_space(side, channels, filters, kernel, stride, dims):
    each = kernel**3 * channels * filters
    return each + filters, each * len(range(0, side - kernel + 1, stride)) ** dims


def quarter(batch):
    return np.moveaxis(batch, 1, 2)[:, ::-1]


def finest(points, covered, skin, side):
    best = side
    while 1 - math.exp(-points / (skin * (best / side) ** 2)) < covered:
        best -= 1
    while 1 - math.exp(-points / (skin * ((best + 1) / side) ** 2)) >= covered:
        best += 1
    return best


def room(points, covered, skin):
    return -points / math.log(1 - covered) / skin


def profile(clouds, bins=8, power=0.5):
    radius, height = np.hypot(clouds[..., 0], clouds[..., 1]), clouds[..., 2]
    pairs = zip(radius, height, strict=True)
    return np.array([np.histogram2d(r, z, bins=bins, range=[[0, 1], [-1, 1]])[0].ravel() ** power for r, z in pairs])


def spectrum(clouds):
    """Cylinder coordinates; how often a ring repeats does not depend on where it begins."""
    x, y, z = np.moveaxis(clouds, -1, 0)
    polar = np.stack([np.hypot(x, y), z, np.arctan2(y, x)], axis=-1)
    ranges = [[0, 1], [-1, 1], [-np.pi, np.pi]]
    counts = np.array([np.histogramdd(cloud, bins=(4, 10, 16), range=ranges)[0] ** 0.5 for cloud in polar])
    return np.abs(np.fft.rfft(counts, axis=-1))[..., :5].reshape(len(clouds), -1)


def occupied(clouds, side=8):
    grid = VoxelGrid(np.zeros((side,) * 3, bool), (-1, -1, -1), 2 / side)
    return np.array([voxelize(cloud, grid=grid).values for cloud in clouds], float)


def orbit(clouds):
    bits = occupied(clouds)
    return sum(np.rot90(bits, number, axes=(1, 2)) for number in range(4)).reshape(len(clouds), -1)


SOLUTIONS = [
    (exercises.check_cost, cost),
    (exercises.check_cost, cost_with()),
    (exercises.check_quarter, quarter),
    (exercises.check_quarter, lambda batch: np.rot90(batch, axes=(1, 2))),
    (exercises.check_side, finest),
    (exercises.check_features, profile),
    (exercises.check_features, lambda clouds: profile(clouds, bins=10)),
    (exercises.check_features, spectrum),
]

MISTAKES = [
    (exercises.check_cost, cost_with(bias=0), "each filter has a bias"),
    (exercises.check_cost, multiplied_bias, "added, not multiplied"),
    (exercises.check_cost, cost_with(outputs=lambda side, kernel, stride: side), "at all voxels of the input"),
    (
        exercises.check_cost,
        cost_with(outputs=lambda side, kernel, stride: (side - 1) // stride + 1),
        "does not fit at every position",
    ),
    (exercises.check_cost, always_in_space, "3-D here whatever dims says"),
    (exercises.check_cost, lambda side, channels, *layer: cost(side, 1, *layer), "reads all channels"),
    (exercises.check_cost, lambda *layer: cost(*layer)[::-1], "changed places"),
    (
        exercises.check_cost,
        cost_with(outputs=lambda side, kernel, stride: side - kernel + 1),
        "only every second position",
    ),
    (exercises.check_cost, lambda *layer: cost(*layer)[0], "two numbers are expected"),
    (exercises.check_quarter, lambda batch: np.rot90(batch, 3, axes=(1, 2)), "clockwise"),
    (exercises.check_quarter, lambda batch: np.rot90(batch), "the batch and x"),
    (exercises.check_quarter, lambda batch: np.rot90(batch, axes=(2, 3)), "about x"),
    (exercises.check_quarter, lambda batch: np.rot90(batch, axes=(1, 3)), "about y"),
    (exercises.check_quarter, lambda batch: np.moveaxis(batch, 1, 2), "is a reflection"),
    (exercises.check_quarter, lambda batch: batch[:, ::-1, ::-1], "by 180 degrees"),
    (exercises.check_quarter, lambda batch: batch.copy(), "nothing is rotated"),
    (exercises.check_quarter, lambda batch: np.flip(batch, axis=1), "only reverses x"),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * math.sqrt(points / (covered * skin))),
        "a voxel of its own",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * math.sqrt(points / skin)),
        "one voxel of the skin per point",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * math.sqrt(-points / math.log(covered) / skin)),
        "the logarithm of covered itself",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * math.cbrt(room(points, covered, skin))),
        "not like the cube",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * room(points, covered, skin)),
        "like the side itself",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: finest(points, covered, skin, side) + 1,
        "must not be finer",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: round(side * math.sqrt(room(points, covered, skin))),
        "must not be finer",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: side * math.sqrt(room(points, covered, skin)),
        "round down",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(side * math.sqrt(-points / math.log10(1 - covered) / skin)),
        "natural logarithm",
    ),
    (
        exercises.check_side,
        lambda points, covered, skin, side: int(skin * room(points, covered, skin)),
        "the side of the grid is asked for",
    ),
    (exercises.check_features, lambda clouds: occupied(clouds).reshape(len(clouds), -1), "features change when"),
    (exercises.check_features, orbit, "quarter turns make no difference"),
    (
        exercises.check_features,
        lambda clouds: np.array([np.histogram(cloud[:, 2], bins=20, range=(-1, 1))[0] for cloud in clouds]),
        "What do your features forget",
    ),
    (exercises.check_features, lambda clouds: np.ones((len(clouds), 4)), "the same features for all"),
    (exercises.check_features, lambda clouds: profile(clouds).sum(axis=1), "one row of features"),
    (exercises.check_features, lambda clouds: profile(clouds) * np.nan, "NaN or infinite"),
]

test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)


def test_a_rotated_cloud_has_the_rotated_grid():
    cloud = np.random.default_rng(0).uniform(-0.7, 0.7, (50, 3)).astype(np.float32)
    before, after = occupied(cloud[None]), occupied(exercises._rotated(cloud[None], 90))
    assert np.array_equal(after, exercises._quarter(before))


def test_covered_voxels_are_those_of_random_points():
    random = np.random.default_rng(0)
    skin = 445
    found = [len(np.unique(random.integers(skin, size=1024))) / skin for _ in range(200)]
    assert np.mean(found) == pytest.approx(1 - math.exp(-1024 / skin), abs=0.005)
