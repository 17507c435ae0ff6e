import numpy as np
import pytest

from pcfilter_lib import sparse
from pcfilter_lib.errors import InputError


def blocks(seed=0, side=16):
    """Boxes at random, some of them a single voxel."""
    g = np.random.default_rng(seed)
    occupied = np.zeros((side,) * 3, bool)
    for _ in range(4):
        low, size = g.integers(0, side, 3), g.integers(1, side, 3)
        occupied[tuple(slice(a, a + b) for a, b in zip(low, size, strict=True))] = True
    return occupied


@pytest.mark.parametrize("first", [0, 1, 3])
@pytest.mark.parametrize("occupied", [blocks(), blocks(1), np.zeros((16,) * 3, bool), np.ones((16,) * 3, bool)])
def test_there_and_back(first, occupied):
    tree = sparse.SolidOctree.from_voxels(occupied, first)
    assert (tree.first, tree.depth) == (first, 4)
    np.testing.assert_array_equal(tree.to_voxels(), occupied)


def test_labels_say_what_is_in_each_cell():
    occupied = blocks()
    tree = sparse.SolidOctree.from_voxels(occupied, 1)
    for level, (cells, labels) in enumerate(zip(tree.coordinates, tree.labels, strict=True), start=tree.first):
        side = 16 >> level
        for (x, y, z), label in zip(cells * side, labels, strict=True):
            inside = occupied[x : x + side, y : y + side, z : z + side]
            assert label == (sparse.EMPTY if not inside.any() else sparse.FULL if inside.all() else sparse.MIXED)


def test_only_mixed_cells_are_split_into_eight_that_lie_in_them():
    tree = sparse.SolidOctree.from_voxels(blocks(), 1)
    tables = tree.tables()
    assert set(tables) == {f"{name}_{level}" for name in ("parents", "positions") for level in (2, 3, 4)} | {
        "neighbours_2", "neighbours_3",
    }  # fmt: skip
    for number in range(len(tree.labels) - 1):
        coarse, fine, level = tree.coordinates[number], tree.coordinates[number + 1], number + 2
        parents, positions = tables[f"parents_{level}"], tables[f"positions_{level}"]
        assert (tree.labels[number][parents] == sparse.MIXED).all()
        assert np.array_equal(np.unique(parents), np.flatnonzero(tree.labels[number] == sparse.MIXED))
        np.testing.assert_array_equal(fine // 2, coarse[parents])
        np.testing.assert_array_equal(fine % 2 @ [4, 2, 1], positions)
    np.testing.assert_array_equal(tables["neighbours_3"], sparse.kernel_map(tree.coordinates[2]))


@pytest.mark.parametrize(
    ("occupied", "first", "named"),
    [(np.ones((4, 4, 8)), 0, "occupied"), (np.ones((6,) * 3), 0, "occupied"), (np.ones((8,) * 3), 3, "first")],
)
def test_what_has_no_octree(occupied, first, named):
    with pytest.raises(InputError, match=named):
        sparse.SolidOctree.from_voxels(occupied, first)
