import numpy as np
import pytest

from pcfilter_lib.errors import InputError
from pcfilter_lib.sparse import ShallowOctrees


def one_voxel(place=(0, 0, 0), shape=(8, 8, 8)):
    volume = np.zeros(shape, bool)
    volume[place] = True
    return volume


@pytest.mark.parametrize("shape", [(8, 8, 8), (16, 8, 24)])
@pytest.mark.parametrize("share", [0, 0.003, 0.5, 1])
def test_volumes_come_back_exactly(shape, share):
    volume = np.random.default_rng(0).random(shape) < share
    trees = ShallowOctrees.from_voxels(volume)
    assert trees.to_voxels().dtype == bool and (trees.to_voxels() == volume).all()


def test_numbers_come_back_too():
    volume = np.random.default_rng(0).integers(0, 3, (16, 16, 8)).repeat(2, axis=2)
    np.testing.assert_array_equal(ShallowOctrees.from_voxels(volume).to_voxels(), volume)


def test_a_uniform_tree_has_one_leaf_and_one_voxel_splits_along_its_way():
    assert len(ShallowOctrees.from_voxels(np.ones((8, 8, 16))).values) == 2
    trees = ShallowOctrees.from_voxels(one_voxel((7, 0, 4)))
    # Child 5 of the root holds x >= 4, y < 4, z >= 4. In it, child 4 has the upper x alone.
    assert np.flatnonzero(trees.split[0, 0, 0]).tolist() == [0, 1 + 5, 8 * 6 + 1 + 4]
    assert len(trees.values) == 7 + 7 + 8 and trees.values.sum() == 1


def test_leaves_are_numbered_in_the_order_of_their_cells():
    """The formula of the paper, cell by cell: cells before, less those of them that are split."""
    volume = np.random.default_rng(1).random((8, 8, 8)) < 0.01
    trees = ShallowOctrees.from_voxels(volume)
    bits = trees.split[0, 0, 0]
    exists = np.zeros(73 + 512, bool)
    exists[0] = True
    for cell in np.flatnonzero(bits):
        exists[8 * cell + 1 : 8 * cell + 9] = True
    leaves = [cell for cell in np.flatnonzero(exists) if cell >= 73 or not bits[cell]]
    numbers = trees.find(np.argwhere(np.ones((8, 8, 8), bool)))
    assert sorted(set(numbers.tolist())) == list(range(len(leaves))) and len(leaves) == len(trees.values)


@pytest.mark.parametrize(
    "wrong", [np.zeros((8, 8)), np.zeros((8, 8, 12)), np.zeros((0, 8, 8)), np.full((8, 8, 8), np.nan)]
)
def test_what_is_no_volume_is_refused(wrong):
    with pytest.raises(InputError, match="ShallowOctrees, volume"):
        ShallowOctrees.from_voxels(wrong)


@pytest.mark.parametrize("place", [[-1, 0, 0], [0, 8, 0]])
def test_places_outside_are_refused(place):
    with pytest.raises(InputError, match="outside"):
        ShallowOctrees.from_voxels(one_voxel()).find([place])
