"""The right answers pass; each known mistake is met with its own explanation."""

import numpy as np
import pytest
from verdicts import verdict_tests

from pcfilter_lib import sparse
from pcfilter_lib.exercises import trees_of_cubes as exercises


def by_text(codes, depth):
    words = [f"{code:0{3 * depth}b}" for code in codes.tolist()]
    return [[int(word[axis::3], 2) for axis in range(3)] for word in words]


def cells(codes, depth):
    return np.array(by_text(codes, depth))


def cell(split, path):
    number = 0
    for child in path:
        if number >= 73 or not split[number]:
            break
        number = 8 * number + 1 + child
    return number


def place(split, path):
    """By a list of all leaves."""
    existing = [0] + [8 * j + k for j in np.flatnonzero(split) for k in range(1, 9)]
    leaves = [number for number in existing if number >= 73 or not split[number]]
    return leaves.index(cell(split, path))


def wall(depth, tilted):
    n = 2**depth
    return n * n if not tilted else (3 * n * n + 3 * n + 2) // 2 - 3


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_the_number_of_cells_of_a_tilted_wall(depth):
    i, j, k = np.indices((2**depth,) * 3)
    total = i + j + k
    assert ((total <= 2**depth) & (total + 3 > 2**depth)).sum() == wall(depth, True)


def test_the_place_is_where_the_library_finds_it():
    volume = np.random.default_rng(0).random((8, 8, 8)) < 0.05
    tree = sparse.ShallowOctrees.from_voxels(volume)
    for voxel in np.random.default_rng(1).integers(0, 8, (20, 3)):
        code = int(sparse.morton_encode(voxel[None])[0])
        path = [code >> 6, (code >> 3) & 7, code & 7]
        assert place(tree.split[0, 0, 0], path) == tree.find(voxel[None])[0]


def principal(points, h, shifts=(0.01, 0.26, 0.51, 0.76)):
    rotation = np.linalg.eigh(np.cov(points.T))[1].T
    rotation[2] = np.cross(rotation[0], rotation[1])
    turned = points @ rotation.T
    low, found = turned.min(axis=0), []
    for shift in shifts:
        inside = np.floor((turned - low + shift * h) / h).astype(int)
        found.append((len(np.unique(inside, axis=0)), shift))
    return rotation, low - min(found)[1] * h, 7


def box(points, h):
    return np.eye(3), points.min(axis=0), 7


def changed(number, what):
    def answer(points, h):
        result = list(principal(points, h))
        result[number] = what(result[number])
        return tuple(result)

    return answer


SOLUTIONS = [
    (exercises.check_cells, by_text),
    (exercises.check_cells, lambda codes, depth: sparse.morton_decode(codes)),
    (exercises.check_place, place),
    (exercises.check_wall, wall),
    (exercises.check_placement, principal),
    (exercises.check_placement, lambda points, h: [*principal(points, h)[:2], np.int64(9)]),
]
MISTAKES = [
    (exercises.check_cells, lambda c, d: cells(c, d)[:, ::-1], "x and z are exchanged"),
    (exercises.check_cells, lambda c, d: [[int(f"{v:0{d}b}"[::-1], 2) for v in row] for row in by_text(c, d)], "end"),
    (exercises.check_cells, lambda c, d: np.stack([c >> 2 * d, (c >> d) % 2**d, c % 2**d], 1), "side by side"),
    (exercises.check_cells, lambda c, d: cells(c, d).T, "not one column"),
    (exercises.check_place, lambda s, p: place(s, p) + int(s[: cell(s, p)].sum()), "take them off"),
    (exercises.check_place, lambda s, p: cell(s, p) - int(s[: cell(s, p)].sum()), "only some families exist"),
    (exercises.check_place, cell, "the number of the cell"),
    (exercises.check_place, lambda s, p: place(np.ones(73, bool), p), "stop there"),
    (exercises.check_place, lambda s, p: place(s, p) - (cell(s, p) > 0), "add 1"),
    (exercises.check_place, lambda s, p: place(s, p) - ((cell(s, p) - 1) % 8 if cell(s, p) else 0), "siblings"),
    (exercises.check_wall, lambda d, t: 8**d, "counts all cells"),
    (exercises.check_wall, lambda d, t: 2**d * (2**d + 1) // 2 if t else 4**d, "three sums of indices"),
    (exercises.check_wall, lambda d, t: wall(d, t) + 3 * t, "are outside"),
    (exercises.check_wall, lambda d, t: wall(d, t) + t * (2**d - 2) * (2**d - 1) // 2, "touched no more"),
    (exercises.check_wall, lambda d, t: 4**d, "with the sum 2^d as well"),
    (exercises.check_placement, box, "still lies like the bounding box"),
    (exercises.check_placement, lambda p, h: principal(p, h)[:2], "three things"),
    (exercises.check_placement, changed(0, lambda r: r[:2]), "the shapes are"),
    (exercises.check_placement, changed(0, lambda r: 2 * r), "is no rotation"),
    (exercises.check_placement, changed(0, lambda r: -r), "is a reflection"),
    (exercises.check_placement, changed(1, lambda o: o + 1), "outside of the cube"),
    (exercises.check_placement, changed(2, lambda d: 13), "from 1 to 12"),
]
test_solutions_pass, test_mistakes_are_explained, test_starter_and_error = verdict_tests(exercises, SOLUTIONS, MISTAKES)
