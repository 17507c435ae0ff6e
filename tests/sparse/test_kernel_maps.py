import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError


def voxels(side=7, share=0.4, seed=0):
    rng = np.random.default_rng(seed)
    return rng.permutation(np.argwhere(rng.random((side,) * 3) < share)) - 3


@pytest.mark.parametrize("size", [1, 3, 5])
def test_neighbours_are_those_of_a_dictionary(size):
    coordinates = voxels()
    rows = {tuple(voxel): row for row, voxel in enumerate(coordinates.tolist())}
    steps = sparse.kernel_offsets(size)
    expected = [[rows.get(tuple(voxel + step), -1) for step in steps] for voxel in coordinates]
    table = sparse.kernel_map(coordinates, size)
    assert table.dtype == np.int32 and table.tolist() == expected


def test_the_steps_are_in_the_order_of_a_convolution():
    steps = sparse.kernel_offsets(3)
    assert steps[[0, 1, 13, 26]].tolist() == [[-1, -1, -1], [-1, -1, 0], [0, 0, 0], [1, 1, 1]]
    np.testing.assert_array_equal(steps, -steps[::-1])


def test_the_end_of_a_line_does_not_touch_the_next():
    table = sparse.kernel_map([[0, 0, 3], [0, 1, 0], [2, 0, 0], [0, 3, 3]])
    assert (table >= 0).sum() == 4, "each its own neighbour alone"


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int64])
def test_a_coarse_voxel_holds_its_children(dtype):
    coordinates = (voxels() + 3).astype(dtype)
    coarse = sparse.coarsen(coordinates)
    parents = {tuple(voxel) for voxel in (coordinates // 2).tolist()}
    assert list(map(tuple, coarse.coordinates.tolist())) == sorted(parents)
    np.testing.assert_array_equal(coarse.coordinates[coarse.parents], coordinates // 2)
    np.testing.assert_array_equal(coarse.children[coarse.parents, coarse.positions], np.arange(len(coordinates)))
    assert (coarse.children >= 0).sum() == len(coordinates)
    np.testing.assert_array_equal(coarse.positions, coordinates % 2 @ np.array([4, 2, 1]))


def test_halving_rounds_down_for_negative_voxels_too():
    coarse = sparse.coarsen([[-1, -2, -3], [0, 0, 0]])
    assert coarse.coordinates.tolist() == [[-1, -1, -2], [0, 0, 0]] and coarse.positions.tolist() == [5, 0]


def test_nothing_has_no_neighbours():
    nothing = np.empty((0, 3), int)
    assert sparse.kernel_map(nothing).shape == (0, 27)
    assert sparse.coarsen(nothing).children.shape == (0, 8)


def test_voxels_may_lie_far_apart():
    far = 1 << 19
    table = sparse.kernel_map([[-far, -far, -far], [far - 1] * 3, [far - 1, far - 1, far - 2]])
    assert (table >= 0).sum() == 5


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ([[1, 2, 3], [1, 2, 3]], r"voxel \[1, 2, 3\] occurs twice"),
        ([[1.0, 2, 3]], "float64"),
        ([[1, 2]], "shape"),
        ([[0, 0, 1 << 19]], "go from"),
    ],
)
def test_what_is_no_list_of_voxels_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        sparse.kernel_map(wrong)
    if "twice" not in said and "from" not in said:
        with pytest.raises(InputError, match=said):
            sparse.coarsen(wrong)


def test_an_even_kernel_is_refused():
    with pytest.raises(InputError, match="even"):
        sparse.kernel_map([[0, 0, 0]], 2)
