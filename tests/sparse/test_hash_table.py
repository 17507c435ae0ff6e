import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError
from pcfilter_lib.exercises.only_where_something_is import _looked_at, _surfaces
from pcfilter_lib.sparse import VoxelHash
from pcfilter_lib.sparse.hash_table import _keys


def rows_by_dictionary(stored, wanted):
    rows = {}
    for row, voxel in enumerate(map(tuple, stored.tolist())):
        rows.setdefault(voxel, row)
    return [rows.get(tuple(voxel), -1) for voxel in wanted.tolist()], len(rows)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.99])
def test_rows_are_those_of_a_dictionary(load):
    rng = np.random.default_rng(0)
    stored, wanted = rng.integers(-9, 9, (4000, 3)), rng.integers(-12, 12, (4000, 3))
    table = VoxelHash(stored, load=load)
    for voxels in (stored, wanted):
        rows, count = rows_by_dictionary(stored, voxels)
        assert table.find(voxels).tolist() == rows and table.count == count
    assert table.count <= load * table.slots * 1.0001 or table.slots == 2


def test_keys_that_all_collide_are_found(monkeypatch):
    """Every key wants the last slot: they go on at the beginning, one after the other."""
    monkeypatch.setattr(VoxelHash, "_first_slots", lambda self, keys: np.full(len(keys), self.slots - 1))
    voxels = np.random.default_rng(0).permutation(np.argwhere(np.ones((9, 9, 9), bool)))
    stored, others = voxels[:500], voxels[500:]
    table = VoxelHash(stored)
    assert table.find(stored).tolist() == list(range(500)) and (table.find(others) == -1).all()


def test_an_empty_table_holds_nothing():
    table = VoxelHash(np.empty((0, 3), int))
    assert table.count == 0 and table.find([[0, 0, 0]]).tolist() == [-1]
    assert VoxelHash([[1, 2, 3]]).find(np.empty((0, 3), int)).shape == (0,)


def test_the_farthest_voxels_have_keys_of_their_own():
    low, high = -(1 << 20), (1 << 20) - 1
    corners = np.array(np.meshgrid(*[[low, high]] * 3)).reshape(3, -1).T
    assert sorted(VoxelHash(corners).find(corners).tolist()) == list(range(8))
    with pytest.raises(InputError, match="-1048576 to 1048575"):
        sparse.VoxelHash([[0, 0, high + 1]])


@pytest.mark.parametrize("wrong", [[[0.5, 0, 0]], [[0, 0]], [0, 0, 0]])
def test_what_is_no_voxel_is_refused(wrong):
    with pytest.raises(InputError, match="VoxelHash, coordinates"):
        VoxelHash(wrong)


def test_the_load_is_checked():
    with pytest.raises(InputError, match="load"):
        VoxelHash([[0, 0, 0]], load=1)


def test_the_voxels_of_surfaces_are_spread_like_random_ones():
    """A single multiplication is not enough: it maps a wall across x to few slots."""
    for name, voxels in _surfaces().items():
        table = VoxelHash(voxels)
        assert _looked_at(table._first_slots(_keys(voxels)), table.slots) < 1.6, name
